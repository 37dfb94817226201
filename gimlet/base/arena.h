/* arena.h: the inside of gim_arena: chunks from the heap, freed together.
 *
 * An arena starts on memory its owner may give it (the first chunk, kept across resets), grows by
 * heap chunks of doubling size, and gives all but the first back at reset. Under ASan unused bytes
 * are poisoned. Zero is valid: an arena without a first chunk. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <gimlet/arena.h>

struct gim_chunk {
    struct gim_chunk *next;
    size_t size; /* bytes after this header */
};

struct gim_arena {
    char *at, *end;           /* free bytes of the newest chunk */
    struct gim_chunk *chunks; /* newest first; heap chunks only */
    char *first;              /* the owner's first memory, or NULL */
    size_t first_size;
    size_t total; /* bytes in heap chunks */
};

/** Starts on `first` (may be NULL, 0), which the arena uses but does not own. */
void gim_arena_init(struct gim_arena *a, void *first, size_t first_size);
/** Frees the heap chunks and starts over on the first memory. */
void gim_arena_reset(struct gim_arena *a);

/* The heap, for the few that own heap objects outside an arena. Abort when out of memory. The count
 * of calls (per process, relaxed) is what the "0 allocations on the hot route" test reads. */
void *gim_heap_alloc(size_t size); /* zeroed */
void *gim_heap_grow(void *p, size_t size);
void gim_heap_free(void *p);
uint64_t gim_heap_calls(void);

#endif
