/* keys.c: a stripe of Idempotency-Keys: hash chains to find, a queue by age to forget.
 *
 * The bucket array has one size (keys are bounded, so chains are) and is made at the first key.
 * Forgetting is paid by those who come: each create forgets up to two keys that are due, so the
 * queue never needs a timer and no request pays for a thousand others. */
#include "keys.h"

#include <stdlib.h>

enum {
    BUCKETS = 8192,
    FORGET_STEP = 2,
};

__extension__ typedef unsigned __int128 product_of_words;

struct key {
    uint64_t hash;
    uint64_t fingerprint[2];
    int64_t id;
    int64_t created_us;
    uint32_t record; /* in the id's lane */
    uint32_t chain;
    uint32_t younger;
    uint32_t len;
    char text[];
};

static struct key *key_at(const struct keys *k, uint32_t ref)
{
    return slab_at(&k->slab, ref);
}

static size_t key_size(size_t len)
{
    return sizeof(struct key) + len;
}

static uint32_t *bucket_of(const struct keys *k, uint64_t hash)
{
    return &k->buckets[hash % BUCKETS];
}

static struct key *find(const struct keys *k, uint64_t hash, gim_str text)
{
    for (uint32_t ref = *bucket_of(k, hash); ref; ref = key_at(k, ref)->chain) {
        struct key *key = key_at(k, ref);

        if (key->hash == hash && gim_str_eq((gim_str){key->text, key->len}, text))
            return key;
    }
    return NULL;
}

static void forget_oldest(struct keys *k, struct lane *lanes)
{
    uint32_t ref = k->oldest;
    struct key *key = key_at(k, ref);
    uint32_t *link = bucket_of(k, key->hash);

    while (*link != ref)
        link = &key_at(k, *link)->chain;
    *link = key->chain;
    k->oldest = key->younger;
    if (!k->oldest)
        k->newest = 0;
    k->n--;
    lane_unkeep(&lanes[key->id % POST_ID_LANES], key->record);
    slab_free(&k->slab, ref, key_size(key->len));
}

static bool is_due(const struct keys *k, const struct key *key, gim_time now)
{
    return now.us - key->created_us >= k->seconds * 1000000;
}

static void forget_due(struct keys *k, struct lane *lanes, gim_time now)
{
    for (int i = 0; i < FORGET_STEP && k->oldest; i++) {
        if (k->n < k->max && !is_due(k, key_at(k, k->oldest), now))
            return;
        forget_oldest(k, lanes);
    }
}

/* `ref` becomes the youngest key. */
static void add(struct keys *k, uint32_t ref)
{
    struct key *key = key_at(k, ref);
    uint32_t *bucket = bucket_of(k, key->hash);

    key->chain = *bucket;
    *bucket = ref;
    key->younger = 0;
    if (k->newest)
        key_at(k, k->newest)->younger = ref;
    else
        k->oldest = ref;
    k->newest = ref;
    k->n++;
}

static uint32_t new_key(struct keys *k, uint64_t hash, const struct store_op *op)
{
    gim_str text = op->idem.key;
    uint32_t ref = text.len < UINT32_MAX ? slab_alloc(&k->slab, key_size(text.len)) : 0;

    if (!ref)
        return 0;
    struct key *key = key_at(k, ref);

    *key = (struct key){.hash = hash, .len = (uint32_t)text.len};
    memcpy(key->fingerprint, op->idem.fingerprint, sizeof key->fingerprint);
    memcpy(key->text, text.ptr, text.len);
    return ref;
}

/* The outcome of a request whose key is known. */
static enum store_result known(const struct key *key, struct lane *lanes, struct store_op *op)
{
    if (memcmp(key->fingerprint, op->idem.fingerprint, sizeof key->fingerprint) != 0)
        return STORE_KEY_MISUSED;
    lane_kept(&lanes[key->id % POST_ID_LANES], key->record, key->id, op->arena, &op->post);
    return STORE_REPLAY;
}

static enum store_result create_kept(struct keys *k, uint64_t hash, struct lane *lanes,
                                     unsigned number, struct post_ids *ids, struct store_op *op,
                                     gim_time now)
{
    uint32_t ref = new_key(k, hash, op);

    if (!ref)
        return STORE_FULL;
    struct key *key = key_at(k, ref);

    key->record = lane_create(&lanes[number], number, ids, &op->post, now, true);
    if (!key->record) {
        slab_free(&k->slab, ref, key_size(key->len));
        return STORE_FULL;
    }
    key->id = op->post.id;
    key->created_us = now.us;
    add(k, ref);
    return STORE_OK;
}

static enum store_result create_locked(struct keys *k, uint64_t hash, struct lane *lanes,
                                       unsigned number, struct post_ids *ids, struct store_op *op,
                                       gim_time now)
{
    if (!k->buckets)
        k->buckets = calloc(BUCKETS, sizeof *k->buckets);
    if (!k->buckets)
        return STORE_FULL;
    /* One that is due but not the oldest cannot be: keys age in order. So after the due ones of a
     * long silence are gone step by step, the one looked for may be due itself: go on to it. */
    struct key *key = find(k, hash, op->idem.key);

    while (key && is_due(k, key, now)) {
        forget_oldest(k, lanes);
        key = find(k, hash, op->idem.key);
    }
    if (key)
        return known(key, lanes, op);
    forget_due(k, lanes, now);
    return create_kept(k, hash, lanes, number, ids, op, now);
}

/* ---- public ---------------------------------------------------------------------------------- */

/* Eight bytes a step through a 128-bit product, then the bits of the last step spread (murmur3's
 * end): the top bits choose the stripe, the low ones the chain. The seed is secret, so that no
 * client can choose keys that all fall into one chain. */
uint64_t keys_hash(gim_str key, uint64_t seed)
{
    uint64_t factor = seed | 1;
    uint64_t h = seed ^ key.len * 0x9e3779b97f4a7c15u;

    for (size_t i = 0; i < key.len; i += 8) {
        uint64_t word = 0;

        memcpy(&word, key.ptr + i, key.len - i < 8 ? key.len - i : 8);
        product_of_words product = (product_of_words)(h ^ word) * factor;

        h = (uint64_t)product ^ (uint64_t)(product >> 64);
    }
    h = (h ^ h >> 33) * 0xff51afd7ed558ccdu;
    h = (h ^ h >> 33) * 0xc4ceb9fe1a85ec53u;
    return h ^ h >> 33;
}

void keys_init(struct keys *k, struct slab_budget *budget, uint32_t max, int64_t seconds)
{
    *k = (struct keys){.slab = {.budget = budget}, .max = max, .seconds = seconds};
    pthread_mutex_init(&k->lock, NULL);
}

void keys_release(struct keys *k)
{
    slab_release(&k->slab);
    free(k->buckets);
    pthread_mutex_destroy(&k->lock);
}

enum store_result keys_create(struct keys *k, uint64_t hash, struct lane *lanes, unsigned number,
                              struct post_ids *ids, struct store_op *op, gim_time now)
{
    pthread_mutex_lock(&k->lock);
    enum store_result result = create_locked(k, hash, lanes, number, ids, op, now);

    pthread_mutex_unlock(&k->lock);
    return result;
}
