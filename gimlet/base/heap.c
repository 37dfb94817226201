/* heap.c: the one door to the heap, and what stands behind it when it is empty.
 *
 * Who can refuse asks with gim_heap_try: a connection, a body, a large reply; their clients are told 503
 * or cut off. What is left are small things in the middle of work that cannot be half done. They are
 * given of a reserve that is part of the program (untouched pages of it cost nothing), and while much of
 * it is lent, gim_heap_is_low says so and nothing new is begun. Only when the reserve is empty, too, the
 * process ends: then its supervisor starts a fresh one, which is better than a process in which any line
 * may fail (docs/decisions/0023-when-memory-is-gone.md).
 *
 * The reserve is lent in whole units, first fit, with a byte a unit that says so: it is slow and short,
 * and a piece that is kept for long does no harm. What is asked of malloc is counted: the test of "0
 * allocations on the hot route" reads the counter instead of believing. */
#include "arena.h"
#include <malloc.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#define UNIT ((size_t)512)
#define UNITS ((size_t)2048)
#define LOW (UNITS / 8) /* units lent from which on nothing new is begun */

struct lent { /* in front of each piece of the reserve */
    _Alignas(16) size_t size;
};

static _Atomic uint64_t heap_calls;
static _Alignas(16) char reserve[UNITS * UNIT];
static bool taken[UNITS];      /* under `lock`, as all below */
static _Atomic size_t n_taken; /* but this may be looked at */
static atomic_flag lock = ATOMIC_FLAG_INIT;

static void lock_reserve(void)
{
    while (atomic_flag_test_and_set_explicit(&lock, memory_order_acquire))
        ; /* a few instructions */
}

static void unlock_reserve(void)
{
    atomic_flag_clear_explicit(&lock, memory_order_release);
}

static void count(void)
{
    atomic_fetch_add_explicit(&heap_calls, 1, memory_order_relaxed);
}

static _Noreturn void out_of_memory(size_t size)
{
    fprintf(stderr, "gimlet: out of memory (%zu bytes)\n", size);
    abort();
}

static size_t units_of(size_t size)
{
    return (sizeof(struct lent) + size + UNIT - 1) / UNIT;
}

/* The first of `n` units that are free and lie together; UNITS when there are none. */
static size_t find_units(size_t n)
{
    size_t run = 0;

    for (size_t i = 0; i < UNITS; i++) {
        run = taken[i] ? 0 : run + 1;
        if (run == n)
            return i + 1 - n;
    }
    return UNITS;
}

static void mark_units(size_t first, size_t n, bool as)
{
    memset(taken + first, as, n);
    if (as)
        atomic_fetch_add_explicit(&n_taken, n, memory_order_relaxed);
    else
        atomic_fetch_sub_explicit(&n_taken, n, memory_order_relaxed);
}

void *gim_heap_reserve(size_t size)
{
    size_t n = size <= UNITS * UNIT ? units_of(size) : UNITS + 1, first;
    struct lent *l;

    lock_reserve();
    first = find_units(n);
    if (first < UNITS)
        mark_units(first, n, true);
    unlock_reserve();
    if (first == UNITS)
        out_of_memory(size);
    l = (struct lent *)(void *)(reserve + first * UNIT);
    l->size = size;
    return l + 1;
}

static void give_back(void *p)
{
    const struct lent *l = (const struct lent *)p - 1;

    lock_reserve();
    mark_units((size_t)((const char *)l - reserve) / UNIT, units_of(l->size), false);
    unlock_reserve();
}

bool gim_heap_is_lent(const void *p)
{
    return (uintptr_t)p - (uintptr_t)reserve < UNITS * UNIT;
}

bool gim_heap_is_low(void)
{
    return atomic_load_explicit(&n_taken, memory_order_relaxed) >= LOW;
}

void *gim_heap_try(size_t size)
{
    count();
    return calloc(1, size ? size : 1);
}

void *gim_heap_try_raw(size_t size)
{
    count();
    return malloc(size ? size : 1);
}

void *gim_heap_try_grow(void *p, size_t size)
{
    void *to;

    count();
    if (!gim_heap_is_lent(p))
        return realloc(p, size);
    to = malloc(size);
    if (to) {
        const struct lent *l = (const struct lent *)p - 1;

        memcpy(to, p, l->size < size ? l->size : size);
        give_back(p);
    }
    return to;
}

void *gim_heap_alloc(size_t size)
{
    void *p = gim_heap_try(size);

    return p ? p : memset(gim_heap_reserve(size), 0, size);
}

void *gim_heap_grow(void *p, size_t size)
{
    void *grown = gim_heap_try_grow(p, size);

    if (!grown) {
        size_t have = !p                    ? 0
                      : gim_heap_is_lent(p) ? ((const struct lent *)p - 1)->size
                                            : malloc_usable_size(p);

        grown = gim_heap_reserve(size);
        if (p)
            memcpy(grown, p, have < size ? have : size);
        gim_heap_free(p);
    }
    return grown;
}

void gim_heap_free(void *p)
{
    if (gim_heap_is_lent(p))
        give_back(p);
    else
        free(p);
}

uint64_t gim_heap_calls(void)
{
    return atomic_load_explicit(&heap_calls, memory_order_relaxed);
}
