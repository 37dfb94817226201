/* store_memory.c: posts in memory, shared by all workers; gone when the process ends.
 *
 * Every operation is done when submit returns. Posts live in lanes (lane.h), one a worker, so the
 * hot create takes one lock nobody else wants, copies the texts once and makes no syscall; a malloc
 * comes once per 128 KiB. Keys live in stripes beside them (keys.h).
 *
 * A list is a merge: each lane names its newest id below the cursor, the greatest wins, is copied
 * under its lane's lock, and that lane names its next. No lock is held longer than one post takes,
 * or 1024 entries of a filtered search. A post deleted in between is left out, a newer one is not
 * let in; what was stored before the call began is there. An author filter reads the entries of the
 * newest posts first until it has enough: a rare author among many posts costs a walk over all.
 *
 * `memory:?max_mib=N` bounds posts and keys (then creates get STORE_FULL), `keys=N` the keys
 * remembered (1,048,576), `key_seconds=N` for how long. */
#include "../store.h"
#include "../location.h"
#include "keys.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

struct memory_store {
    struct store base;
    struct slab_budget budget;
    uint64_t seed;
    unsigned lane_count; /* lanes in use: min(workers, POST_ID_LANES) */
    _Alignas(64) struct post_ids ids;
    struct lane lanes[POST_ID_LANES];
    struct keys keys[KEYS_STRIPES];
};

static void create(struct memory_store *m, struct store_op *op)
{
    unsigned number = op->worker % m->lane_count;
    gim_time now = gim_now();

    if (op->idem.key.ptr) {
        uint64_t hash = keys_hash(op->idem.key, m->seed);

        op->result = keys_create(&m->keys[hash >> 61], hash, m->lanes, number, &m->ids, op, now);
        return;
    }
    uint32_t ref = lane_create(&m->lanes[number], number, &m->ids, &op->post, now, false);

    op->result = ref ? STORE_OK : STORE_FULL;
}

static struct lane *lane_of(struct memory_store *m, int64_t id)
{
    return &m->lanes[(uint64_t)id % POST_ID_LANES];
}

static void read_one(struct memory_store *m, struct store_op *op)
{
    op->result = lane_read(lane_of(m, op->post.id), op->post.id, op->arena, &op->post);
}

static void update(struct memory_store *m, struct store_op *op)
{
    op->result = lane_update(lane_of(m, op->post.id), op, gim_now());
}

static void delete_one(struct memory_store *m, struct store_op *op)
{
    op->result = lane_delete(lane_of(m, op->post.id), op);
}

/* The lane whose head is the greatest; heads[] all 0: -1. */
static int newest_lane(const struct memory_store *m, const int64_t *heads)
{
    int newest = -1;
    int64_t greatest = 0;

    for (unsigned i = 0; i < m->lane_count; i++) {
        if (heads[i] > greatest) {
            greatest = heads[i];
            newest = (int)i;
        }
    }
    return newest;
}

static bool list_takes(const struct store_op *op, const struct store_post *p)
{
    return !op->list.author.ptr || (p->author.ptr && gim_str_eq(p->author, op->list.author));
}

static void list(struct memory_store *m, struct store_op *op)
{
    int64_t heads[POST_ID_LANES] = {0};
    uint32_t tag = lane_author_tag(op->list.author);
    int lane;

    op->list.n = 0;
    op->list.more = false;
    op->list.items = GIM_NEW_N(op->arena, struct store_post, op->list.limit + 1u);
    op->result = STORE_OK;
    for (unsigned i = 0; i < m->lane_count; i++)
        heads[i] = lane_below(&m->lanes[i], op->list.before, tag);
    /* One item more than asked for tells whether there are more (another author of the same tag
     * does not count). */
    while ((lane = newest_lane(m, heads)) >= 0) {
        struct store_post *p = &op->list.items[op->list.n];
        bool got = lane_read(&m->lanes[lane], heads[lane], op->arena, p) == STORE_OK;

        heads[lane] = lane_below(&m->lanes[lane], heads[lane], tag);
        if (!got || !list_takes(op, p))
            continue;
        if (op->list.n == op->list.limit) {
            op->list.more = true;
            return;
        }
        op->list.n++;
    }
}

static void (*const actions[])(struct memory_store *, struct store_op *) = {
    [STORE_CREATE] = create,     [STORE_READ] = read_one, [STORE_UPDATE] = update,
    [STORE_DELETE] = delete_one, [STORE_LIST] = list,
};

static enum store_submit memory_submit(struct store *s, struct store_op *op)
{
    actions[op->action]((struct memory_store *)s, op);
    return STORE_DONE;
}

static const char *memory_ready(struct store *s)
{
    (void)s;
    return NULL;
}

static const char *memory_describe(struct store *s)
{
    (void)s;
    return "memory:, not durable (gone when the process ends)";
}

static void memory_close(struct store *s)
{
    struct memory_store *m = (struct memory_store *)s;

    for (unsigned i = 0; i < POST_ID_LANES; i++)
        lane_release(&m->lanes[i]);
    for (unsigned i = 0; i < KEYS_STRIPES; i++)
        keys_release(&m->keys[i]);
    free(m);
}

static struct store *memory_open(const char *location, unsigned workers,
                                 const struct store_host *host, char *err, size_t err_len)
{
    char path[256];
    int64_t mib = 0, keys = 1 << 20, seconds = STORE_KEY_SECONDS;
    const struct store_param params[] = {
        {"max_mib", &mib, 1, 1 << 20},
        {"keys", &keys, KEYS_STRIPES, 1 << 26},
        {"key_seconds", &seconds, 1, STORE_KEY_SECONDS},
    };

    (void)host;
    if (store_location_read(location, path, sizeof path, params, 3, err, err_len) != 0) {
        errno = EINVAL;
        return NULL;
    }
    struct memory_store *m = aligned_alloc(64, sizeof *m);

    if (path[0] || !m) {
        snprintf(err, err_len, "%s",
                 m ? "memory: takes no file: write memory: alone" : "no memory");
        errno = m ? EINVAL : ENOMEM;
        free(m); /* keeps errno */
        return NULL;
    }
    memset(m, 0, sizeof *m);
    m->base.ops = &store_memory;
    m->budget.limit = (size_t)mib << 20;
    m->lane_count = workers < 1 ? 1 : workers < POST_ID_LANES ? workers : POST_ID_LANES;
    if (getrandom(&m->seed, sizeof m->seed, GRND_NONBLOCK) < 0)
        m->seed = (uint64_t)gim_now().us;
    for (unsigned i = 0; i < POST_ID_LANES; i++)
        lane_init(&m->lanes[i], &m->budget);
    for (unsigned i = 0; i < KEYS_STRIPES; i++)
        keys_init(&m->keys[i], &m->budget, (uint32_t)(keys / KEYS_STRIPES), seconds);
    return &m->base;
}

const struct store_ops store_memory = {
    .scheme = "memory:",
    .open = memory_open,
    .submit = memory_submit,
    .ready = memory_ready,
    .describe = memory_describe,
    .close = memory_close,
};
