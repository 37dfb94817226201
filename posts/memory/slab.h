/* slab.h: records of any size in few mallocs: 128 KiB chunks, handed out in grains of 16 bytes.
 *
 * A record is named by a 32-bit reference (chunk and grain), half a pointer, because every post
 * costs one. Freed records are kept by size class and given again to the same class; up to 1 KiB a
 * class is one grain wide, above it a quarter of a doubling, so posts that come and go find their
 * places again. What one class gave up another does not get: memory is bounded by the sum of each
 * class's peak. A record above 32 KiB is a malloc of its own and goes back to the heap.
 *
 * Not thread-safe: the owner's lock covers it; only the budget is shared. */
#ifndef POSTS_MEMORY_SLAB_H
#define POSTS_MEMORY_SLAB_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define SLAB_GRAIN 16u
#define SLAB_CHUNK (8188u * SLAB_GRAIN) /* just below where malloc would go to mmap */
#define SLAB_SHIFT 13                   /* a reference: chunk << 13 | grain */
#define SLAB_CLASSES 84

/** Bytes that all slabs of one store took from the heap. */
struct slab_budget {
    _Atomic size_t used;
    size_t limit; /* 0: none */
};

union slab_chunk {
    char *mem;
    uintptr_t vacant; /* of a chunk number that is free again: the next such number */
};

/** Zero, but for the budget, is valid: empty. */
struct slab {
    struct slab_budget *budget;
    union slab_chunk *chunks; /* number 0 is never used, so that a reference is never 0 */
    uint32_t n, capacity;
    uint32_t vacant;                  /* first free chunk number, 0: none */
    uint32_t bump, bump_grains;       /* the untouched rest of the newest chunk */
    uint32_t free_refs[SLAB_CLASSES]; /* per class, the first free record */
};

/** A record of `size` bytes, not zeroed; 0 when there is no memory. */
uint32_t slab_alloc(struct slab *s, size_t size);
/** `size` as it was asked for. */
void slab_free(struct slab *s, uint32_t ref, size_t size);
/** Whether a record of `size` can become one of `other` where it is. */
int slab_same_class(size_t size, size_t other);
void slab_release(struct slab *s);

/** The heap, counted against the budget; for the index pages beside the slabs. NULL: no memory. */
void *slab_heap_alloc(struct slab_budget *b, size_t size);
void slab_heap_free(struct slab_budget *b, void *mem, size_t size);

static inline void *slab_at(const struct slab *s, uint32_t ref)
{
    return s->chunks[ref >> SLAB_SHIFT].mem + (size_t)(ref & ((1u << SLAB_SHIFT) - 1)) * SLAB_GRAIN;
}

#endif
