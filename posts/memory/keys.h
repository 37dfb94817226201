/* keys.h: the memory store's Idempotency-Keys, one stripe.
 *
 * A key remembers the request's fingerprint and keeps the first version's record alive, so a replay
 * gives the post as it was first replied, whatever became of it. Keys are forgotten after
 * `seconds`; and, because memory is finite, the oldest first when a stripe holds `max` of them. The
 * stripe's lock is held over the create itself: a second request with the key waits for the first
 * and then finds its outcome. Lock order: a stripe, then a lane. */
#ifndef POSTS_MEMORY_KEYS_H
#define POSTS_MEMORY_KEYS_H

#include "lane.h"

#define KEYS_STRIPES 8

struct keys {
    _Alignas(64) pthread_mutex_t lock;
    struct slab slab;
    uint32_t *buckets;
    uint32_t oldest, newest; /* in order of age */
    uint32_t n, max;
    int64_t seconds;
};

uint64_t keys_hash(gim_str key, uint64_t seed);

void keys_init(struct keys *k, struct slab_budget *budget, uint32_t max, int64_t seconds);
void keys_release(struct keys *k);

/** CREATE with a key: creates in `lanes[number]` unless the key is known. */
enum store_result keys_create(struct keys *k, uint64_t hash, struct lane *lanes, unsigned number,
                              struct post_ids *ids, struct store_op *op, gim_time now);

#endif
