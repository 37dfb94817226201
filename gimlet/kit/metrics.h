/* metrics.h: the inside of the metrics: what a worker counts, and who adds it up.
 *
 *   metrics.c         the observer: a histogram per route, method and status, a worker
 *   metrics_cells.c   the application's own counters
 *   metrics_check.c   rows of the application, before anything is served
 *   metrics_reply.c   the scrape: adds up and writes
 *   metrics_text.c    the two formats
 *   metrics_listen.c  a listener for scrapes alone */
#ifndef KIT_METRICS_H
#define KIT_METRICS_H

#include "../rest/ctx.h"
#include "../rest/observer.h"

#define GIM_DURATION_BOUNDS 19 /* of gim_scale_seconds */
#define GIM_BUCKETS_SUM 31     /* the cell behind the counts */

/* Requests of one route, method and status. Written by its worker alone, read by any: relaxed atomic
 * stores and loads, no read-modify-write. Never freed while a loop runs. */
struct gim_series {
    _Atomic(struct gim_series *) next;
    uint32_t key; /* method << 16 | status */
    _Atomic uint64_t cells[GIM_DURATION_BOUNDS + 1];
    _Atomic uint64_t sum; /* ns */
};

#define GIM_SERIES_KEY(method, status) ((uint32_t)(method) << 16 | (uint32_t)(status))
#define GIM_SERIES_OTHER UINT32_MAX /* the route has too many kinds of them */
#define GIM_SERIES_MAX 64           /* of a route */

struct gim_metrics_worker {
    struct gim_metrics_state *all;
    struct gim_worker *worker;
    struct gim_turn_end turn_end;
    _Atomic uint32_t in_flight, connections; /* at the end of the last turn */
    _Atomic(struct gim_series *) by_route[]; /* n_routes, and one for those without a route */
};

struct gim_metrics_listener;

struct gim_metrics_state {
    struct gim_app *app;
    const struct gim_bound_route *routes;
    size_t n_routes;
    size_t *same;                          /* the first route with the same pattern */
    struct gim_metrics_listener *listener; /* NULL: /metrics is a route of the application */
    _Atomic(struct gim_metrics_worker *) workers[]; /* app->workers */
};

extern const int64_t gim_second_bounds[GIM_DURATION_BOUNDS]; /* of gim_scale_seconds */

/** Index of the bucket of a value: `n` for what is above the last bound. Small values are found at
 *  once, and most are small. */
static inline unsigned gim_bounds_find(const int64_t *bounds, unsigned n, int64_t value)
{
    unsigned i = 0;

    while (i < n && value > bounds[i])
        i++;
    return i;
}

uint64_t gim_counter_read(const struct gim_counter *c);
int64_t gim_gauge_read(const struct gim_gauge *g);
void gim_buckets_read(const struct gim_buckets *b, uint64_t cells[GIM_BUCKETS_SUM + 1]);

/** Makes a worker's gauges those of now; its own thread. */
void gim_metrics_publish(struct gim_metrics_worker *m);
/** Number of defects of the rows, each a line in `why`. */
unsigned gim_metrics_check(const struct gim_metric *figures, struct gim_buf *why);
/** Replies with all figures; `c` may be of another application. */
int gim_metrics_write(struct gim_ctx *c, struct gim_metrics_state *m);

/** Opens what --metrics-listen says. 0, or an exit code with a sentence in `err`. Main thread. */
int gim_metrics_listen(struct gim_metrics_state *m, char *err, size_t err_len);
/** Serves on a worker's loop, and no more. */
void gim_metrics_listener_start(struct gim_metrics_listener *l, struct gim_loop *loop);
void gim_metrics_listener_stop(struct gim_metrics_listener *l);
void gim_metrics_listener_free(struct gim_metrics_listener *l);

#endif
