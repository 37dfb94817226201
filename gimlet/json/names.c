/* names.c: the stack of names and the hash table over it.
 *
 * Objects close in the opposite order of opening, so the newest name of a bucket is always the
 * first to go: dropping a name is one store, and nothing is ever searched to be removed. The hash
 * is keyed with the kernel's random bytes of this process, so that a client cannot choose names
 * that meet in one bucket. The same table finds equal elements of arrays (rules.c). */
#include "names.h"
#include <sys/auxv.h>

#define FIRST_CAP 16

__extension__ typedef unsigned __int128 wide;

struct gim_name {
    gim_str text;
    uint64_t hash;
    uint32_t next; /* index + 1 of the name before it in its bucket */
    uint32_t mark;
};

static uint64_t fold(uint64_t a, uint64_t b)
{
    wide product = (wide)a * b;

    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t hash_of(uint64_t seed, uint32_t mark, gim_str s)
{
    uint64_t h = fold(seed ^ mark, s.len ^ UINT64_C(0x9E3779B97F4A7C15));
    uint64_t word;
    size_t i;

    for (i = 0; i + 8 <= s.len; i += 8) {
        memcpy(&word, s.ptr + i, 8);
        h = fold(h ^ word, seed ^ UINT64_C(0xA0761D6478BD642F));
    }
    if (i < s.len) {
        word = 0;
        memcpy(&word, s.ptr + i, s.len - i);
        h = fold(h ^ word, seed ^ UINT64_C(0xE7037ED1A0B428DB));
    }
    return h;
}

static uint64_t random_seed(void)
{
    uint64_t seed = UINT64_C(0x8EBC6AF09C88C6E3);
    const void *random = (const void *)getauxval(AT_RANDOM); /* 16 bytes */

    if (random)
        memcpy(&seed, random, sizeof seed);
    return seed | 1;
}

static void link_name(struct gim_names *t, uint32_t i)
{
    uint32_t *bucket = &t->buckets[t->stack[i].hash & (t->cap - 1)];

    t->stack[i].next = *bucket;
    *bucket = i + 1;
}

static void grow(struct gim_names *t)
{
    uint32_t cap = t->cap ? t->cap * 2 : FIRST_CAP;
    struct gim_name *stack = gim_alloc_raw(t->arena, cap * sizeof *stack, 8);

    if (!t->cap)
        t->seed = random_seed();
    if (t->n)
        memcpy(stack, t->stack, t->n * sizeof *stack);
    t->stack = stack;
    t->buckets = GIM_NEW_N(t->arena, uint32_t, cap);
    t->cap = cap;
    for (uint32_t i = 0; i < t->n; i++)
        link_name(t, i);
}

static uint32_t find(const struct gim_names *t, uint64_t hash, uint32_t mark, gim_str name)
{
    uint32_t i = t->buckets[hash & (t->cap - 1)];

    for (; i; i = t->stack[i - 1].next) {
        const struct gim_name *have = &t->stack[i - 1];

        if (have->hash == hash && have->mark == mark && gim_str_eq(have->text, name))
            return i - 1 - mark;
    }
    return GIM_NAMES_NONE;
}

bool gim_names_add(struct gim_names *t, uint32_t mark, gim_str name)
{
    uint64_t hash;

    if (t->n == t->cap)
        grow(t);
    hash = hash_of(t->seed, mark, name);
    if (find(t, hash, mark, name) != GIM_NAMES_NONE)
        return false;
    t->stack[t->n] = (struct gim_name){.text = name, .hash = hash, .mark = mark};
    link_name(t, t->n++);
    return true;
}

uint32_t gim_names_find(const struct gim_names *t, uint32_t mark, gim_str name)
{
    return t->cap ? find(t, hash_of(t->seed, mark, name), mark, name) : GIM_NAMES_NONE;
}

void gim_names_drop_slow(struct gim_names *t, uint32_t mark)
{
    while (t->n > mark) {
        const struct gim_name *last = &t->stack[--t->n];

        t->buckets[last->hash & (t->cap - 1)] = last->next;
    }
}
