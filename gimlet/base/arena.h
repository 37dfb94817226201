/* arena.h: the inside of gim_arena: chunks from the heap, freed together.
 *
 * An arena starts on memory its owner may give it (the first chunk, kept across resets), grows by
 * heap chunks of doubling size, and gives all but the first back at reset. Under ASan unused bytes
 * are poisoned. Zero is valid: an arena without a first chunk. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <gimlet/arena.h>
#include <setjmp.h>

struct gim_chunk {
    struct gim_chunk *next;
    size_t size; /* bytes after this header */
};

struct gim_arena {
    char *at, *end;           /* free bytes of the newest chunk */
    struct gim_chunk *chunks; /* newest first; heap chunks only */
    char *first;              /* the owner's first memory, or NULL */
    size_t first_size;
    size_t total;   /* bytes in heap chunks */
    jmp_buf *empty; /* where to go on when there is no memory for a large object; see below */
};

/* Work that holds nothing but memory of an arena (binding a body) can be left at any place. Around it:
 *
 *     jmp_buf empty;
 *     a->empty = &empty;
 *     if (_setjmp(empty) == 0)
 *         the work
 *     else
 *         there was no memory for it
 *     a->empty = NULL;
 *
 * Without it, what the heap has no memory for is taken of the reserve. */

/** Starts on `first` (may be NULL, 0), which the arena uses but does not own. */
void gim_arena_init(struct gim_arena *a, void *first, size_t first_size);
/** Frees the heap chunks and starts over on the first memory. */
void gim_arena_reset(struct gim_arena *a);

/** As gim_alloc_raw for what is as large as a client made it: NULL when there is no memory. */
GIM_MUST_CHECK void *gim_alloc_try(struct gim_arena *a, size_t size, size_t align);

/* The heap, for the few that own heap objects outside an arena; see heap.c. These never fail: when the
 * heap is empty they take of a small reserve, and when that is empty, too, the process ends. */
void *gim_heap_alloc(size_t size); /* zeroed */
void *gim_heap_grow(void *p, size_t size);
void gim_heap_free(void *p);

/* For what can be refused, and for sizes that a client determines: NULL when the heap is empty, and what
 * `p` points at stays as it is. */
GIM_MUST_CHECK void *gim_heap_try(size_t size); /* zeroed */
GIM_MUST_CHECK void *gim_heap_try_raw(size_t size);
GIM_MUST_CHECK void *gim_heap_try_grow(void *p, size_t size);
/** Of the reserve at once, not zeroed; never NULL. */
void *gim_heap_reserve(size_t size);
/** Is much of the reserve lent? Then nothing new should be begun. */
bool gim_heap_is_low(void);
/** Is `p` of the reserve? Then it should not be kept for another time. */
bool gim_heap_is_lent(const void *p);

/** Calls of malloc and its like so far (per process, relaxed): what the "0 allocations on the hot
 *  route" test reads. */
uint64_t gim_heap_calls(void);

#endif
