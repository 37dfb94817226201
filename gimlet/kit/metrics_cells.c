/* metrics_cells.c: the application's counters, gauges and histograms.
 *
 * Any thread may add. A thread is given one of a few shards at its first addition and then stays with
 * it, so threads seldom write to one cache line; the additions are atomic, so it is no more than slow
 * when they do. The only mutable globals are the number that the next thread gets, and its own. */
#include "metrics.h"
#include "../base/clock.h"

#define MICRO INT64_C(1000)
#define MILLI (1000 * MICRO)
#define SECOND (1000 * MILLI)

const int64_t gim_second_bounds[GIM_DURATION_BOUNDS] = {
    10 * MICRO,   25 * MICRO, 50 * MICRO,   100 * MICRO, 250 * MICRO, 500 * MICRO, MILLI,
    2500 * MICRO, 5 * MILLI,  10 * MILLI,   25 * MILLI,  50 * MILLI,  100 * MILLI, 250 * MILLI,
    500 * MILLI,  SECOND,     2500 * MILLI, 5 * SECOND,  10 * SECOND,
};
static const int64_t count_bounds[] = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096};
static const int64_t byte_bounds[] = {256,     1 << 10, 4 << 10, 16 << 10, 64 << 10,
                                      1 << 18, 1 << 20, 4 << 20, 16 << 20, 64 << 20};

#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))

const struct gim_scale gim_scale_seconds = {gim_second_bounds, GIM_DURATION_BOUNDS, SECOND};
const struct gim_scale gim_scale_count = {count_bounds, COUNT_OF(count_bounds), 1};
const struct gim_scale gim_scale_bytes = {byte_bounds, COUNT_OF(byte_bounds), 1};

static unsigned next_shard;
static _Thread_local unsigned my_shard; /* 1 + its number; 0: none yet */

static unsigned shard(void)
{
    if (!my_shard)
        my_shard = 1 + __atomic_fetch_add(&next_shard, 1, __ATOMIC_RELAXED) % GIM_METRIC_SHARDS;
    return my_shard - 1;
}

void gim_counter_add(struct gim_counter *c, uint64_t n)
{
    __atomic_fetch_add(&c->cells[shard()][0], n, __ATOMIC_RELAXED);
}

void gim_gauge_set(struct gim_gauge *g, int64_t value)
{
    __atomic_store_n(&g->value, value, __ATOMIC_RELAXED);
}

void gim_gauge_add(struct gim_gauge *g, int64_t n)
{
    __atomic_fetch_add(&g->value, n, __ATOMIC_RELAXED);
}

void gim_buckets_add(struct gim_buckets *b, int64_t value)
{
    uint64_t *cells = b->cells[shard()];
    int64_t v = value < 0 ? 0 : value;

    __atomic_fetch_add(&cells[gim_bounds_find(b->scale->bounds, b->scale->n, v)], 1,
                       __ATOMIC_RELAXED);
    __atomic_fetch_add(&cells[GIM_BUCKETS_SUM], (uint64_t)v, __ATOMIC_RELAXED);
}

int64_t gim_metrics_clock(void)
{
    return (int64_t)gim_clock_ns();
}

/* ---- read ------------------------------------------------------------------------------------ */

uint64_t gim_counter_read(const struct gim_counter *c)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < GIM_METRIC_SHARDS; i++)
        sum += __atomic_load_n(&c->cells[i][0], __ATOMIC_RELAXED);
    return sum;
}

int64_t gim_gauge_read(const struct gim_gauge *g)
{
    return __atomic_load_n(&g->value, __ATOMIC_RELAXED);
}

void gim_buckets_read(const struct gim_buckets *b, uint64_t cells[GIM_BUCKETS_SUM + 1])
{
    for (unsigned k = 0; k <= GIM_BUCKETS_SUM; k++) {
        cells[k] = 0;
        for (unsigned i = 0; i < GIM_METRIC_SHARDS; i++)
            cells[k] += __atomic_load_n(&b->cells[i][k], __ATOMIC_RELAXED);
    }
}
