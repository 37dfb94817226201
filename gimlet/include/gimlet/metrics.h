/**
 * gimlet/metrics.h: figures for Prometheus: what the framework counts by itself, and the
 * application's own.
 *
 *     static struct gim_counter sold;
 *     static struct gim_buckets waits = {.scale = &gim_scale_seconds};
 *
 *     static const struct gim_metric figures[] = {
 *         GIM_COUNTER("shop_sold_total", &sold, "Things sold."),
 *         GIM_HISTOGRAM("shop_wait_seconds", &waits, "Time until the till was free."),
 *         {0},
 *     };
 *     static const struct gim_metrics metrics = GIM_METRICS(.figures = figures);
 *
 *     static const struct gim_route routes[] = {GIM_GET("/metrics", gim_metrics_reply), {0}};
 *
 *     int main(int argc, char **argv)
 *     {
 *         return gim_main(argc, argv, .name = "shop", .routes = routes, .metrics = &metrics);
 *     }
 *
 * With `.metrics` there is `--metrics-listen HOST:PORT`: then /metrics is served there alone, and the
 * route answers 404. Without `.metrics` nothing is counted and nothing of this is linked.
 *
 * The framework's own, all per worker and added up when somebody asks:
 *
 *     http_server_request_duration_seconds{method,route,status}   histogram, gim_scale_seconds
 *     http_server_active_requests                                 suspended, blocking or streaming
 *     http_server_connections, http_server_connections_accepted_total
 *     http_server_rejected_total{reason}                          what no handler saw, or not in time
 *     process_cpu_seconds_total, process_resident_memory_bytes, process_virtual_memory_bytes,
 *     process_open_fds, process_max_fds, process_threads, process_start_time_seconds
 *     gimlet_build_info{name,version,gimlet,compiler}, gimlet_workers
 *     gimlet_workers_stuck, gimlet_worker_stalls_total            with a watchdog: loops that do not turn
 *
 * `route` is the pattern, never the path; requests that no route serves have "unmatched". `status` is
 * the code, "aborted" when the client went before its answer. A duration runs from the turn of the
 * loop in which the head was whole, so it has the wait behind others; to the answer's hand-over to the
 * kernel, which for a streamed reply is its end. What did not become a request has no duration; it is
 * in http_server_rejected_total.
 */
#ifndef GIMLET_METRICS_H
#define GIMLET_METRICS_H

#include <gimlet/app.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- what is counted ------------------------------------------------------------------------ */

#define GIM_METRIC_SHARDS 4 /* threads write to different cache lines, mostly */
#define GIM_BUCKETS_MAX 28

/** Only goes up. Zero is valid. */
struct gim_counter {
    uint64_t cells[GIM_METRIC_SHARDS][8];
};

/** Goes up and down. Zero is valid. */
struct gim_gauge {
    int64_t value;
};

/** Upper bounds of a histogram's buckets, ascending, in the unit that gim_buckets_add is given;
 *  `per` of these are one base unit: nanoseconds have 1000000000. */
struct gim_scale {
    const int64_t *bounds;
    unsigned n; /* GIM_BUCKETS_MAX at most */
    int64_t per;
};

/** Nanoseconds: 10 us, 25 us, 50 us, 100 us ... 2.5 s, 5 s, 10 s. */
extern const struct gim_scale gim_scale_seconds;
/** A number of things: 1, 2, 4 ... 4096. */
extern const struct gim_scale gim_scale_count;
/** Bytes: 256, 1 KiB, 4 KiB ... 64 MiB. */
extern const struct gim_scale gim_scale_bytes;

/** Values sorted into buckets: a histogram. Zero but for the scale is valid. */
struct gim_buckets {
    const struct gim_scale *scale;
    uint64_t cells[GIM_METRIC_SHARDS][32]; /* private: counts, then the sum */
};

/** Any thread; no lock, a handful of instructions. */
void gim_counter_add(struct gim_counter *c, uint64_t n);
void gim_gauge_set(struct gim_gauge *g, int64_t value);
void gim_gauge_add(struct gim_gauge *g, int64_t n);
/** One value, in the scale's unit; below 0 counts as 0. */
void gim_buckets_add(struct gim_buckets *b, int64_t value);
/** A clock for durations: nanoseconds since some moment; never goes back. Any thread. */
int64_t gim_metrics_clock(void);

/* ---- what is told --------------------------------------------------------------------------- */

/** One figure. Build rows with the macros; a row with NULL name ends a table. */
struct gim_metric {
    const char *name; /* "shop_wait_seconds": base units; counters end in _total */
    const char *help; /* one sentence */
    /* one of these */
    const struct gim_counter *counter;
    const struct gim_gauge *gauge;
    const struct gim_buckets *buckets;
    double (*read)(void *state); /* a gauge that is asked for, given the app's .state; any worker's
                                    thread */
    const char
        *labels; /* "kind=\"book\",size=\"big\""; rows that differ in it alone stand together */
    const char *file; /* where the row stands; set by the macros */
    int line;
};

#define GIM_METRIC_(cell_, name_, from, text, ...)                                                 \
    {                                                                                              \
        .name = name_, .cell_ = from, .help = text, __VA_ARGS__                                    \
    }
/** GIM_COUNTER("shop_sold_total", &sold, "Things sold.", options...), and so on. */
#define GIM_COUNTER(...) GIM_METRIC_(counter, __VA_ARGS__, GIM_HERE_)
#define GIM_GAUGE(...) GIM_METRIC_(gauge, __VA_ARGS__, GIM_HERE_)
#define GIM_GAUGE_READ(...) GIM_METRIC_(read, __VA_ARGS__, GIM_HERE_)
#define GIM_HISTOGRAM(...) GIM_METRIC_(buckets, __VA_ARGS__, GIM_HERE_)

struct gim_observer;
extern const struct gim_observer gim_metrics_observer;

/** What .metrics of the application points at; build it with GIM_METRICS. The start is refused when a
 *  row is wrong. */
struct gim_metrics {
    const struct gim_metric *figures; /* the application's own, ends with {0}; NULL: none */
    const struct gim_observer *observer;
};
#define GIM_METRICS(...)                                                                           \
    {                                                                                              \
        __VA_ARGS__, .observer = &gim_metrics_observer                                             \
    }
/** The framework's figures alone: `.metrics = &gim_metrics`. */
extern const struct gim_metrics gim_metrics;

/** The handler of GET /metrics. Text as of Prometheus 0.0.4; OpenMetrics 1.0 when Accept prefers it.
 *  404 with --metrics-listen, or when the application has no .metrics. */
int gim_metrics_reply(struct gim_ctx *c);

#ifdef __cplusplus
}
#endif
#endif
