/* names.h: which names the open objects have had, so that a second one is seen.
 *
 * One stack of names serves all open objects: an object remembers where its own begin (its mark)
 * and drops them when it closes. A hash table over the stack keeps each look-up constant. */
#ifndef JSON_NAMES_H
#define JSON_NAMES_H

#include <gimlet/arena.h>

struct gim_name;

struct gim_names {
    struct gim_arena *arena;
    struct gim_name *stack;
    uint32_t *buckets; /* as many as cap; index + 1 of the newest name, 0: none */
    uint32_t n, cap;
    uint64_t seed;
};

#define GIM_NAMES_NONE UINT32_MAX

static inline void gim_names_init(struct gim_names *t, struct gim_arena *a)
{
    t->arena = a;
    t->n = t->cap = 0;
}

/** Adds a name to the object whose names begin at `mark`; false when it has it already. The bytes
 *  of `name` must stay. */
bool gim_names_add(struct gim_names *t, uint32_t mark, gim_str name);
/** Position of the name counted from `mark`, or GIM_NAMES_NONE. */
uint32_t gim_names_find(const struct gim_names *t, uint32_t mark, gim_str name);
/** Forgets the names from `mark` on. */
void gim_names_drop_slow(struct gim_names *t, uint32_t mark);
static inline void gim_names_drop(struct gim_names *t, uint32_t mark)
{
    if (t->n > mark)
        gim_names_drop_slow(t, mark);
}

#endif
