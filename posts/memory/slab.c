/* slab.c: the allocator under the memory store. The idea is in slab.h.
 *
 * A reference is chunk number << 13 | grain. A free record keeps the reference of the next one of
 * its class in its first bytes. */
#include "slab.h"

#include <stdlib.h>
#include <string.h>

enum {
    CHUNK_GRAINS = SLAB_CHUNK / SLAB_GRAIN,
    FINE_CLASSES = 64, /* 1 to 64 grains: one class each */
    MAX_GRAINS = 2048, /* above: a malloc of its own */
    MAX_CHUNKS = 1 << (32 - SLAB_SHIFT),
};

void *slab_heap_alloc(struct slab_budget *b, size_t size)
{
    size_t before = atomic_fetch_add_explicit(&b->used, size, memory_order_relaxed);
    void *mem = b->limit && before + size > b->limit ? NULL : malloc(size);

    if (!mem)
        atomic_fetch_sub_explicit(&b->used, size, memory_order_relaxed);
    return mem;
}

void slab_heap_free(struct slab_budget *b, void *mem, size_t size)
{
    if (mem)
        atomic_fetch_sub_explicit(&b->used, size, memory_order_relaxed);
    free(mem);
}

static uint32_t grains_of(size_t size)
{
    return size ? (uint32_t)((size + SLAB_GRAIN - 1) / SLAB_GRAIN) : 1;
}

static uint32_t log2_of(uint32_t v)
{
    return 31u - (uint32_t)__builtin_clz(v);
}

/* The class whose records have at least `grains`. Above 64 grains: four classes a doubling. */
static uint32_t class_of(uint32_t grains)
{
    if (grains <= FINE_CLASSES)
        return grains - 1;
    uint32_t doubling = log2_of(grains - 1); /* 6 for 65 to 128 */
    uint32_t quarter = (grains - 1) >> (doubling - 2) & 3;

    return FINE_CLASSES + (doubling - 6) * 4 + quarter;
}

static uint32_t class_grains(uint32_t class)
{
    if (class < FINE_CLASSES)
        return class + 1;
    uint32_t doubling = (class - FINE_CLASSES) / 4 + 6;
    uint32_t quarter = (class - FINE_CLASSES) % 4;

    return (1u << doubling) + ((quarter + 1) << (doubling - 2));
}

/* Room for one more chunk number; 0 when there is none. */
static uint32_t take_number(struct slab *s)
{
    if (s->vacant) {
        uint32_t number = s->vacant;

        s->vacant = (uint32_t)s->chunks[number].vacant;
        return number;
    }
    if (s->n == s->capacity) {
        uint32_t capacity = s->capacity ? s->capacity * 2 : 64;
        union slab_chunk *chunks = realloc(s->chunks, capacity * sizeof *chunks);

        if (!chunks)
            return 0;
        if (!s->n)
            chunks[s->n++].mem = NULL;
        s->chunks = chunks;
        s->capacity = capacity;
    }
    return s->n < MAX_CHUNKS ? s->n++ : 0;
}

static void give_number(struct slab *s, uint32_t number)
{
    s->chunks[number].vacant = s->vacant;
    s->vacant = number;
}

/* A chunk of `size` bytes: its number, or 0. */
static uint32_t add_chunk(struct slab *s, size_t size)
{
    uint32_t number = take_number(s);

    if (!number)
        return 0;
    char *mem = slab_heap_alloc(s->budget, size);

    if (!mem) {
        give_number(s, number);
        return 0;
    }
    s->chunks[number].mem = mem;
    return number;
}

static void push_free(struct slab *s, uint32_t class, uint32_t ref)
{
    memcpy(slab_at(s, ref), &s->free_refs[class], sizeof ref);
    s->free_refs[class] = ref;
}

/* What is left of the newest chunk goes to the classes it fills, largest first. */
static void retire_bump(struct slab *s)
{
    while (s->bump_grains) {
        uint32_t most = s->bump_grains < MAX_GRAINS ? s->bump_grains : MAX_GRAINS;
        uint32_t class = class_of(most);

        if (class_grains(class) > most)
            class --;
        push_free(s, class, s->bump);
        s->bump += class_grains(class);
        s->bump_grains -= class_grains(class);
    }
}

static uint32_t bump_alloc(struct slab *s, uint32_t grains)
{
    if (s->bump_grains < grains) {
        uint32_t number = add_chunk(s, SLAB_CHUNK);

        if (!number)
            return 0;
        retire_bump(s);
        s->bump = number << SLAB_SHIFT;
        s->bump_grains = CHUNK_GRAINS;
    }
    uint32_t ref = s->bump;

    s->bump += grains;
    s->bump_grains -= grains;
    return ref;
}

uint32_t slab_alloc(struct slab *s, size_t size)
{
    if (size > (size_t)MAX_GRAINS * SLAB_GRAIN)
        return add_chunk(s, size) << SLAB_SHIFT;
    uint32_t class = class_of(grains_of(size));
    uint32_t ref = s->free_refs[class];

    if (!ref)
        return bump_alloc(s, class_grains(class));
    memcpy(&s->free_refs[class], slab_at(s, ref), sizeof ref);
    return ref;
}

void slab_free(struct slab *s, uint32_t ref, size_t size)
{
    if (size > (size_t)MAX_GRAINS * SLAB_GRAIN) {
        slab_heap_free(s->budget, slab_at(s, ref), size);
        give_number(s, ref >> SLAB_SHIFT);
        return;
    }
    push_free(s, class_of(grains_of(size)), ref);
}

int slab_same_class(size_t size, size_t other)
{
    size_t most = (size_t)MAX_GRAINS * SLAB_GRAIN;

    return size <= most && other <= most && class_of(grains_of(size)) == class_of(grains_of(other));
}

void slab_release(struct slab *s)
{
    for (uint32_t number = s->vacant; number;) {
        uint32_t next = (uint32_t)s->chunks[number].vacant;

        s->chunks[number].mem = NULL;
        number = next;
    }
    for (uint32_t i = 1; i < s->n; i++)
        free(s->chunks[i].mem);
    free(s->chunks);
    *s = (struct slab){.budget = s->budget};
}
