/* rate_table.c: a token bucket is one number.
 *
 * Instead of a count and the time it was counted, a bucket keeps the instant at which it will be full
 * (GCRA, ITU-T I.371: the theoretical arrival time). A token taken moves that instant one step on;
 * none is left when it lies a whole bucket ahead. So a full bucket is one whose instant has passed,
 * and it says nothing: forgetting it loses nothing.
 *
 * That makes a table of fixed size honest. A key's hash chooses a set of eight slots; a new key takes
 * the slot whose bucket is fullest, which is nearly always one that is full. Only when eight keys of
 * one set are all in debt at once is a debt forgotten, the smallest of the eight.
 *
 * A set is two cache lines and is locked by one of 64 locks, so workers that serve different clients
 * seldom meet. The hash is keyed (siphash.h): nobody can aim at another's set. */
#include "rate_table.h"
#include "../base/arena.h"
#include "../base/siphash.h"
#include <errno.h>
#include <pthread.h>
#include <sys/random.h>

#define WAYS 8
#define LOCKS 64
#define SETS_MAX ((size_t)1 << 24)

struct slot {
    uint64_t key;  /* 0: free */
    uint64_t full; /* the instant at which the bucket is full */
};

struct set {
    struct slot slots[WAYS];
};

struct lock {
    pthread_mutex_t mutex;
    char apart[128 - sizeof(pthread_mutex_t)]; /* no two in one pair of cache lines */
};

struct gim_rate_buckets {
    uint64_t secret[2];
    size_t mask;
    struct lock locks[LOCKS];
    struct set sets[];
};

struct gim_rate_buckets *gim_rate_buckets_new(size_t keys)
{
    struct gim_rate_buckets *t;
    size_t n = 1;

    while (n * WAYS < keys && n < SETS_MAX)
        n *= 2;
    t = gim_heap_try(sizeof *t + n * sizeof(struct set));
    if (!t)
        return NULL;
    t->mask = n - 1;
    t->secret[0] = (uint64_t)(uintptr_t)t;
    while (getrandom(t->secret, sizeof t->secret, 0) < 0 && errno == EINTR)
        ;
    for (size_t i = 0; i < LOCKS; i++)
        pthread_mutex_init(&t->locks[i].mutex, NULL);
    return t;
}

void gim_rate_buckets_free(struct gim_rate_buckets *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < LOCKS; i++)
        pthread_mutex_destroy(&t->locks[i].mutex);
    gim_heap_free(t);
}

uint64_t gim_rate_hash(const struct gim_rate_buckets *t, unsigned kind, const void *key, size_t len)
{
    uint64_t secret[2] = {t->secret[0], t->secret[1] ^ kind};

    return gim_siphash(secret, key, len);
}

/* The key's slot, or the one of the set that is fullest, emptied for it. */
static struct slot *slot_of(struct set *set, uint64_t key)
{
    struct slot *best = &set->slots[0];

    for (size_t i = 0; i < WAYS; i++) {
        struct slot *s = &set->slots[i];

        if (s->key == key)
            return s;
        if (s->full < best->full)
            best = s;
    }
    *best = (struct slot){.key = key};
    return best;
}

static struct gim_rate_verdict take(struct slot *s, const struct gim_rate *rate, uint64_t now)
{
    uint64_t whole = rate->step_us * rate->burst;
    uint64_t full = s->full > now ? s->full : now;
    struct gim_rate_verdict v = {.taken = full + rate->step_us <= now + whole};

    if (v.taken)
        s->full = full += rate->step_us;
    else
        v.wait_us = full + rate->step_us - now - whole;
    v.full_us = full - now;
    v.left = v.full_us < whole ? (whole - v.full_us) / rate->step_us : 0;
    return v;
}

struct gim_rate_verdict gim_rate_take(struct gim_rate_buckets *t, const struct gim_rate *rate,
                                      uint64_t hash, uint64_t now_us)
{
    size_t i = hash & t->mask;
    pthread_mutex_t *mutex = &t->locks[i % LOCKS].mutex;
    struct gim_rate_verdict v;

    pthread_mutex_lock(mutex);
    v = take(slot_of(&t->sets[i], hash ? hash : 1), rate, now_us);
    pthread_mutex_unlock(mutex);
    return v;
}
