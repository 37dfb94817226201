/* rate_table.h: token buckets by key, in memory that never grows, shared by all threads. */
#ifndef KIT_RATE_TABLE_H
#define KIT_RATE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gim_rate_buckets;

/** A bucket of `burst` tokens that gets one every `step_us`, full at first. */
struct gim_rate {
    uint64_t step_us; /* not 0 */
    uint64_t burst;   /* not 0 */
};

struct gim_rate_verdict {
    bool taken;       /* a token was there */
    uint64_t left;    /* tokens that are there now */
    uint64_t wait_us; /* until there is one; 0 when `taken` */
    uint64_t full_us; /* until the bucket is full again */
};

/** Room for at least `keys` of them, 16 bytes each; NULL when there is no memory for it. */
struct gim_rate_buckets *gim_rate_buckets_new(size_t keys);
void gim_rate_buckets_free(struct gim_rate_buckets *t);

/** A key's hash under the table's own random key; `kind` keeps keys of different sorts apart. */
uint64_t gim_rate_hash(const struct gim_rate_buckets *t, unsigned kind, const void *key,
                       size_t len);

/** Takes a token of the key's bucket at `now_us`, on any steady clock. Any thread. */
struct gim_rate_verdict gim_rate_take(struct gim_rate_buckets *t, const struct gim_rate *rate,
                                      uint64_t hash, uint64_t now_us);

#endif
