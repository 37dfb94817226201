/* arena.c: chunks that grow by doubling, freed together.
 *
 * The owner's first memory serves most requests whole, so that the hot route never reaches the
 * heap. When the heap gives no chunk of the size that doubling asks for, one of just the object's
 * will do; what is done when there is none either is heap.c's. Under ASan, bytes not handed out are
 * poisoned, so an overrun of one object into the next is seen although both lie in one chunk. */
#include "arena.h"
#include <stdarg.h>
#include <stdio.h>

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_ASAN 1
#endif
#endif

#ifdef ARENA_ASAN
#include <sanitizer/asan_interface.h>
#define REDZONE 16
#else
#define ASAN_POISON_MEMORY_REGION(p, n) ((void)0)
#define ASAN_UNPOISON_MEMORY_REGION(p, n) ((void)0)
#define REDZONE 0
#endif

#define CHUNK_MIN ((size_t)8192)
#define CHUNK_MAX ((size_t)1 << 20)
#define ALIGN_MAX ((size_t)16)

static void start_over(struct gim_arena *a)
{
    a->at = a->first;
    a->end = a->first ? a->first + a->first_size : NULL;
    if (a->first)
        ASAN_POISON_MEMORY_REGION(a->first, a->first_size);
}

void gim_arena_init(struct gim_arena *a, void *first, size_t first_size)
{
    *a = (struct gim_arena){.first = first, .first_size = first_size};
    start_over(a);
}

void gim_arena_reset(struct gim_arena *a)
{
    while (a->chunks) {
        struct gim_chunk *c = a->chunks;

        a->chunks = c->next;
        ASAN_UNPOISON_MEMORY_REGION(c + 1, c->size);
        gim_heap_free(c);
    }
    a->total = 0;
    a->empty = NULL;
    if (a->first)
        ASAN_UNPOISON_MEMORY_REGION(a->first, a->first_size);
    start_over(a);
}

/* A new chunk for an object of `object` bytes. A big one gets a chunk of its own size; what was left
 * of the previous chunk is given up. False: there is no memory, and the caller can do without (`soft`). */
__attribute__((noinline, cold)) static bool grow(struct gim_arena *a, size_t object, bool soft)
{
    size_t size = a->total < CHUNK_MIN ? CHUNK_MIN : a->total < CHUNK_MAX ? a->total : CHUNK_MAX;
    size_t need = object + ALIGN_MAX + REDZONE;
    struct gim_chunk *c = NULL;

    if (object <= SIZE_MAX / 2) {
        size = size < need ? need : size;
        c = gim_heap_try_raw(sizeof *c + size);
        if (!c && size > need)
            c = gim_heap_try_raw(sizeof *c + (size = need));
    }
    if (!c && soft)
        return false;
    if (!c && a->empty) {
        jmp_buf *to = a->empty;

        a->empty = NULL; /* what is said of it there is made of the reserve */
        longjmp(*to, 1);
    }
    if (!c)
        c = gim_heap_reserve(sizeof *c + need);
    c->next = a->chunks;
    c->size = size;
    a->chunks = c;
    a->total += size;
    a->at = (char *)(c + 1);
    a->end = a->at + size;
    ASAN_POISON_MEMORY_REGION(a->at, size);
    return true;
}

static bool has_room(const struct gim_arena *a, size_t size, size_t pad)
{
    return size <= SIZE_MAX / 2 && (size_t)(a->end - a->at) >= pad + size + REDZONE;
}

/* `size` bytes of a chunk that has them. */
static void *take(struct gim_arena *a, size_t size, size_t align)
{
    char *p = a->at + (-(uintptr_t)a->at & (align - 1));

    a->at = p + size + REDZONE;
    ASAN_UNPOISON_MEMORY_REGION(p, size);
    return p;
}

/* Called last, so that the usual allocation saves no registers for it. */
__attribute__((noinline, cold)) static void *take_grown(struct gim_arena *a, size_t size,
                                                        size_t align)
{
    (void)grow(a, size, false);
    return take(a, size, align);
}

void *gim_alloc_raw(struct gim_arena *a, size_t size, size_t align)
{
    return has_room(a, size, -(uintptr_t)a->at & (align - 1)) ? take(a, size, align)
                                                              : take_grown(a, size, align);
}

void *gim_alloc_try(struct gim_arena *a, size_t size, size_t align)
{
    if (!has_room(a, size, -(uintptr_t)a->at & (align - 1)) && !grow(a, size, true))
        return NULL;
    return take(a, size, align);
}

void *gim_alloc(struct gim_arena *a, size_t size)
{
    return memset(gim_alloc_raw(a, size, ALIGN_MAX), 0, size);
}

void *gim_alloc_n(struct gim_arena *a, size_t n, size_t size)
{
    if (size && n > SIZE_MAX / size)
        n = SIZE_MAX / size; /* more than there is: the end */
    return gim_alloc(a, n * size);
}

gim_str gim_dup(struct gim_arena *a, gim_str s)
{
    char *p;

    if (!s.ptr)
        return s;
    p = gim_alloc_raw(a, s.len + 1, 1);
    memcpy(p, s.ptr, s.len);
    p[s.len] = '\0';
    return (gim_str){p, s.len};
}

gim_str gim_printf(struct gim_arena *a, const char *fmt, ...)
{
    char small[256];
    va_list ap;
    int n;
    char *p;

    va_start(ap, fmt);
    n = vsnprintf(small, sizeof small, fmt, ap);
    va_end(ap);
    if (n < 0)
        return GIM_S("");
    p = gim_alloc_raw(a, (size_t)n + 1, 1);
    if ((size_t)n < sizeof small) {
        memcpy(p, small, (size_t)n + 1);
    } else {
        va_start(ap, fmt);
        vsnprintf(p, (size_t)n + 1, fmt, ap);
        va_end(ap);
    }
    return (gim_str){p, (size_t)n};
}
