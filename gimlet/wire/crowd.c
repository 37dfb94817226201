/* crowd.c: connections by address: a table of counts that is as large as there are addresses.
 *
 * It is asked when a connection comes and when it goes, never by a request. An entry is a keyed hash
 * of the address and a count, 16 bytes; nobody can choose addresses that fall together (siphash.h),
 * so two that share all 64 bits may be taken for one. Open addressing with linear probing; taking an
 * entry out moves those behind it up, so there are no graves, and a table that has become too large
 * is made smaller: when all have gone nothing is left.
 *
 * Sixteen tables with a lock each, so that workers who accept at once seldom meet.
 *
 * Not counted: whoever is on this machine (127.0.0.1 and ::1, where proxies call from) and the
 * trusted proxies, since all the world's clients come from these. */
#include "crowd.h"
#include "../base/arena.h"
#include "../base/siphash.h"
#include "../http/forwarded.h"
#include <errno.h>
#include <pthread.h>
#include <sys/random.h>

#define SHARDS 16
#define SMALLEST 16 /* entries of a table that is not empty */
#define OVER 8      /* connections over the limit that are told so */

struct entry {
    uint64_t key; /* 0: free */
    uint64_t count;
};

struct shard {
    _Alignas(64) pthread_mutex_t lock;
    struct entry *entries;
    uint32_t size, used; /* size: a power of two, or 0 */
};

struct gim_crowd {
    uint64_t secret[2];
    uint64_t max;
    const struct gim_trusted *exempt;
    struct shard shards[SHARDS];
};

struct gim_crowd *gim_crowd_new(int64_t max, const struct gim_trusted *exempt)
{
    struct gim_crowd *c = gim_heap_alloc(sizeof *c);

    c->max = (uint64_t)max;
    c->exempt = exempt;
    c->secret[0] = (uint64_t)(uintptr_t)c;
    while (getrandom(c->secret, sizeof c->secret, 0) < 0 && errno == EINTR)
        ;
    for (size_t i = 0; i < SHARDS; i++)
        pthread_mutex_init(&c->shards[i].lock, NULL);
    return c;
}

void gim_crowd_free(struct gim_crowd *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < SHARDS; i++) {
        pthread_mutex_destroy(&c->shards[i].lock);
        gim_heap_free(c->shards[i].entries);
    }
    gim_heap_free(c);
}

/* The low bits of a key choose its shard, those above its place. */
static struct shard *shard_of(struct gim_crowd *c, uint64_t key)
{
    return &c->shards[key % SHARDS];
}

static uint32_t place_of(const struct shard *s, uint64_t key)
{
    return (uint32_t)(key / SHARDS) & (s->size - 1);
}

/* The key's entry, or the free one where it would stand. */
static struct entry *find(const struct shard *s, uint64_t key)
{
    uint32_t i = place_of(s, key);

    while (s->entries[i].key && s->entries[i].key != key)
        i = (i + 1) & (s->size - 1);
    return &s->entries[i];
}

/* As it was when there is no memory: a table is nothing to ask the reserve for, whose size is chosen by
 * who comes. */
static void resize(struct shard *s, uint32_t size)
{
    struct entry *old = s->entries, *entries = size ? gim_heap_try(size * sizeof *old) : NULL;
    uint32_t n = s->size;

    if (size && !entries)
        return;
    s->size = size;
    s->entries = entries;
    for (uint32_t i = 0; i < n; i++) {
        if (old[i].key)
            *find(s, old[i].key) = old[i];
    }
    gim_heap_free(old);
}

/* Takes an entry out. One behind it moves into the gap unless it would then stand before its place. */
static void take_out(struct shard *s, struct entry *gone)
{
    uint32_t mask = s->size - 1, gap = (uint32_t)(gone - s->entries);

    for (uint32_t i = (gap + 1) & mask; s->entries[i].key; i = (i + 1) & mask) {
        uint32_t place = place_of(s, s->entries[i].key);

        if (((i - place) & mask) < ((i - gap) & mask))
            continue;
        s->entries[gap] = s->entries[i];
        gap = i;
    }
    s->entries[gap] = (struct entry){0};
    s->used--;
}

static bool is_exempt(const struct gim_crowd *c, const struct gim_address *a)
{
    static const uint8_t here4[16] = {[10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1};
    static const uint8_t here6[16] = {[15] = 1};

    if (!memcmp(a->bytes, here4, 16) || !memcmp(a->bytes, here6, 16))
        return true;
    for (unsigned i = 0; c->exempt && i < c->exempt->n; i++) {
        if (gim_address_in(a, &c->exempt->networks[i]))
            return true;
    }
    return false;
}

/* The count with one more; 0: there is no place for it, since one entry must stay free for `find`. */
static uint64_t count_in(struct shard *s, uint64_t key)
{
    struct entry *e;

    if (s->used >= s->size / 2)
        resize(s, s->size ? s->size * 2 : SMALLEST);
    if (s->used + 1 >= s->size)
        return 0;
    e = find(s, key);
    s->used += !e->key;
    e->key = key;
    return ++e->count;
}

enum gim_crowded gim_crowd_enter(struct gim_crowd *c, const uint8_t peer[16], uint64_t *key)
{
    struct gim_address a;
    struct shard *s;
    uint64_t count;

    memcpy(a.bytes, peer, sizeof a.bytes);
    *key = 0;
    if (is_exempt(c, &a))
        return GIM_CROWD_ROOM;
    *key = gim_siphash(c->secret, peer, gim_address_is_v4(&a) ? 16 : 8);
    *key += !*key;
    s = shard_of(c, *key);
    pthread_mutex_lock(&s->lock);
    count = count_in(s, *key);
    pthread_mutex_unlock(&s->lock);
    if (!count) {
        *key = 0;
        return GIM_CROWD_CUT;
    }
    return count <= c->max          ? GIM_CROWD_ROOM
           : count <= c->max + OVER ? GIM_CROWD_FULL
                                    : GIM_CROWD_CUT;
}

void gim_crowd_leave(struct gim_crowd *c, uint64_t key)
{
    struct shard *s = shard_of(c, key);
    struct entry *e;

    pthread_mutex_lock(&s->lock);
    e = find(s, key);
    if (!--e->count) {
        take_out(s, e);
        if (!s->used)
            resize(s, 0);
        else if (s->size > SMALLEST && s->used <= s->size / 8)
            resize(s, s->size / 2);
    }
    pthread_mutex_unlock(&s->lock);
}
