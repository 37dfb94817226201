/* buf.c: the growing side of buf.h: doubling up to the cap, then `full`. A large one is `full` when there
 * is no memory, too; a small one takes of the reserve (base/heap.c), since few look at those. */
#include "buf.h"
#include "arena.h"
#include <stdarg.h>
#include <stdio.h>

#define FIRST_CAP ((size_t)256)
#define SMALL ((size_t)65536)

/* False: there is no memory. */
static bool grow(struct gim_buf *b, size_t cap, size_t need)
{
    char *ptr = gim_heap_try_grow(b->ptr, cap);

    if (!ptr && need < cap)
        ptr = gim_heap_try_grow(b->ptr, cap = need);
    if (!ptr && need <= SMALL)
        ptr = gim_heap_grow(b->ptr, cap);
    if (!ptr)
        return false;
    b->ptr = ptr;
    b->cap = cap;
    return true;
}

char *gim_buf_reserve_slow(struct gim_buf *b, size_t n)
{
    size_t max = b->max ? b->max : GIM_BUF_MAX;
    size_t cap = b->cap ? b->cap : FIRST_CAP;

    if (n <= b->cap - b->len && b->ptr)
        return b->ptr + b->len;
    if (b->full || n > max || b->len > max - n) {
        b->full = true;
        return NULL;
    }
    while (cap - b->len < n)
        cap *= 2;
    if (cap > max)
        cap = max;
    if (!grow(b, cap, b->len + n)) {
        b->full = true;
        return NULL;
    }
    return b->ptr + b->len;
}

void gim_buf_int(struct gim_buf *b, int64_t v)
{
    char *to = gim_buf_reserve(b, 20);

    if (to)
        b->len += gim_int_write(to, v);
}

void gim_buf_printf(struct gim_buf *b, const char *fmt, ...)
{
    va_list ap;
    int n;
    char *to;

    va_start(ap, fmt);
    n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (n < 0)
        return;
    to = gim_buf_reserve(b, (size_t)n + 1); /* vsnprintf writes a NUL that is not kept */
    if (!to)
        return;
    va_start(ap, fmt);
    vsnprintf(to, (size_t)n + 1, fmt, ap);
    va_end(ap);
    b->len += (size_t)n;
}

void gim_buf_free(struct gim_buf *b)
{
    gim_heap_free(b->ptr);
    *b = (struct gim_buf){.max = b->max};
}
