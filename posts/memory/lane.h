/* lane.h: one lane of the memory store: posts in the order of their ids, under one lock.
 *
 * A worker creates in its own lane (worker % POST_ID_LANES), so creators of different workers meet
 * only in the id counter; an id names its lane in its lowest bits, so any worker finds any post.
 * An id is taken under the lane's lock: a lane is sorted by itself, and nothing below an id that
 * a reader has seen in it comes later. All calls lock by themselves. */
#ifndef POSTS_MEMORY_LANE_H
#define POSTS_MEMORY_LANE_H

#include "slab.h"
#include "../ids.h"
#include "../store.h"

#include <pthread.h>

struct lane_page;
struct lane_fence {
    int64_t first; /* the page's first id: the search stays in this array until it knows the page */
    struct lane_page *page;
};

struct lane {
    _Alignas(64) pthread_mutex_t lock;
    struct slab slab;
    struct lane_fence *pages; /* by id */
    uint32_t n, capacity;
};

/** What an author filter compares first. Never 0 for a given author; absent gives 0. */
uint32_t lane_author_tag(gim_str author);

void lane_init(struct lane *l, struct slab_budget *budget);
void lane_release(struct lane *l);

/** Stores `p`'s texts as version 1 and fills in its id and times. With `kept` the first version's
 *  record outlives changes, until lane_unkeep. Its reference, or 0 when there is no memory. */
uint32_t lane_create(struct lane *l, unsigned number, struct post_ids *ids, struct store_post *p,
                     gim_time now, bool kept);
/** A copy of the kept record, as it was first stored. */
void lane_kept(struct lane *l, uint32_t ref, int64_t id, struct gim_arena *a, struct store_post *p);
void lane_unkeep(struct lane *l, uint32_t ref);

enum store_result lane_read(struct lane *l, int64_t id, struct gim_arena *a, struct store_post *p);
enum store_result lane_update(struct lane *l, struct store_op *op, gim_time now);
enum store_result lane_delete(struct lane *l, struct store_op *op);

/** The greatest id below `before` (0: of all), of the author when `tag` is not 0 (another author of
 *  the same tag may slip through: compare); 0 when there is none. */
int64_t lane_below(struct lane *l, int64_t before, uint32_t tag);

#endif
