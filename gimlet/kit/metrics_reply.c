/* metrics_reply.c: the scrape: what all workers have counted, added up and written.
 *
 * It runs on one loop and reads what others write meanwhile: each number is whole, and a histogram's
 * count is the sum of the buckets that were read, so no line contradicts another. */
#include "metrics.h"
#include "../base/process.h"
#include "../http/negotiate.h"
#include "../rest/watch.h"
#include "metrics_text.h"

#define TEXT "text/plain; version=0.0.4; charset=utf-8"
#define OPEN_METRICS "application/openmetrics-text; version=1.0.0; charset=utf-8"
#define NO_LABELS ((gim_str){0})

#if defined(__clang__)
#define COMPILER "clang " __clang_version__
#else
#define COMPILER "gcc " __VERSION__
#endif

/* ---- the process ----------------------------------------------------------------------------- */

static void put_gauge(struct gim_exposition *e, const char *name, const char *help, int64_t value)
{
    if (value < 0) /* not known here */
        return;
    gim_exposition_family(e, name, "gauge", help);
    gim_exposition_int(e, name, NO_LABELS, value);
}

static void put_process(struct gim_exposition *e)
{
    struct gim_process p;

    gim_process_read(&p);
    gim_exposition_family(e, "process_cpu_seconds_total", "counter",
                          "User and system CPU time of all threads, in seconds.");
    gim_exposition_double(e, "process_cpu_seconds_total", NO_LABELS, p.cpu_seconds);
    gim_exposition_family(e, "process_start_time_seconds", "gauge",
                          "When the process began, in seconds since the epoch.");
    gim_exposition_double(e, "process_start_time_seconds", NO_LABELS, p.start_time);
    put_gauge(e, "process_resident_memory_bytes", "Memory that is there.", p.resident);
    put_gauge(e, "process_virtual_memory_bytes", "Address space.", p.address);
    put_gauge(e, "process_open_fds", "Open file descriptors.", p.fds);
    put_gauge(e, "process_max_fds", "File descriptors that may be open.", p.max_fds);
    put_gauge(e, "process_threads", "Threads.", p.threads);
}

static void put_build(struct gim_exposition *e, const struct gim_app *app)
{
    struct gim_buf labels = {0};

    gim_label_add(&labels, "name", gim_str_of(app->spec.name));
    gim_label_add(&labels, "version", gim_str_of(app->spec.version));
    gim_label_add(&labels, "gimlet", GIM_S(GIM_VERSION));
    gim_label_add(&labels, "compiler", GIM_S(COMPILER));
    gim_exposition_family(e, "gimlet_build_info", "gauge", "What is running; always 1.");
    gim_exposition_int(e, "gimlet_build_info", gim_buf_view(&labels), 1);
    gim_buf_free(&labels);
    put_gauge(e, "gimlet_workers", "Event loops.", app->workers);
    put_gauge(e, "gimlet_workers_stuck", "Event loops that do not turn, as the watchdog sees it.",
              (int64_t)gim_watch_stuck(app));
    gim_exposition_family(e, "gimlet_worker_stalls_total", "counter",
                          "How often an event loop was found not to turn.");
    gim_exposition_int(e, "gimlet_worker_stalls_total", NO_LABELS, (int64_t)gim_watch_total(app));
}

/* ---- connections ----------------------------------------------------------------------------- */

static struct gim_metrics_worker *worker(struct gim_metrics_state *m, unsigned i)
{
    return atomic_load_explicit(&m->workers[i], memory_order_acquire);
}

static uint64_t load(_Atomic uint64_t *n)
{
    return atomic_load_explicit(n, memory_order_relaxed);
}

static void put_wire(struct gim_exposition *e, struct gim_metrics_state *m)
{
    int64_t in_flight = 0, connections = 0, accepted = 0;
    static const char *const opened = "http_server_connections_accepted_total";

    for (unsigned i = 0; i < m->app->workers; i++) {
        struct gim_metrics_worker *w = worker(m, i);

        if (!w)
            continue;
        in_flight += atomic_load_explicit(&w->in_flight, memory_order_relaxed);
        connections += atomic_load_explicit(&w->connections, memory_order_relaxed);
        accepted += (int64_t)load(&w->worker->wire.counts.accepted);
    }
    put_gauge(e, "http_server_active_requests",
              "Requests that are suspended, on the pool, or whose reply is streamed.", in_flight);
    put_gauge(e, "http_server_connections", "Open connections.", connections);
    gim_exposition_family(e, opened, "counter", "Connections accepted.");
    gim_exposition_int(e, opened, NO_LABELS, accepted);
}

static void put_rejected(struct gim_exposition *e, struct gim_metrics_state *m)
{
    static const char *const name = "http_server_rejected_total";
    struct gim_buf labels = {0};

    gim_exposition_family(e, name, "counter",
                          "Requests and connections that no handler saw, or that it was late for.");
    for (unsigned why = 0; why < GIM_REFUSALS; why++) {
        uint64_t sum = 0;

        for (unsigned i = 0; i < m->app->workers; i++) {
            struct gim_metrics_worker *w = worker(m, i);

            sum += w ? load(&w->worker->wire.counts.refused[why]) : 0;
        }
        labels.len = 0;
        gim_label_add(&labels, "reason", gim_str_of(gim_refused_names[why]));
        gim_exposition_int(e, name, gim_buf_view(&labels), (int64_t)sum);
    }
    gim_buf_free(&labels);
}

/* ---- durations ------------------------------------------------------------------------------- */

/* One series of all workers. */
struct merged {
    struct merged *next;
    uint32_t key;
    uint64_t cells[GIM_DURATION_BOUNDS + 1], sum;
};

static struct merged *merged_of(struct merged **at, uint32_t key, struct gim_arena *a)
{
    while (*at && (*at)->key != key)
        at = &(*at)->next;
    if (!*at) {
        *at = GIM_NEW(a, struct merged);
        (*at)->key = key;
    }
    return *at;
}

/* Adds what a worker has counted of a route. */
static void merge(struct merged **into, _Atomic(struct gim_series *) *at, struct gim_arena *a)
{
    struct gim_series *s;

    for (; (s = atomic_load_explicit(at, memory_order_acquire)); at = &s->next) {
        struct merged *to = merged_of(into, s->key, a);

        for (unsigned k = 0; k <= GIM_DURATION_BOUNDS; k++)
            to->cells[k] += load(&s->cells[k]);
        to->sum += load(&s->sum);
    }
}

static gim_str method_name(uint32_t key)
{
    gim_str name = key == GIM_SERIES_OTHER ? NO_LABELS : gim_method_name(key >> 16);

    return name.ptr ? name : GIM_S("_OTHER");
}

static gim_str status_name(uint32_t key, char room[20])
{
    unsigned status = key & 0xffff;

    if (key == GIM_SERIES_OTHER)
        return GIM_S("_OTHER");
    if (!status)
        return GIM_S("aborted");
    return (gim_str){room, gim_int_write(room, status)};
}

static void put_series(struct gim_exposition *e, const struct merged *s, gim_str route)
{
    struct gim_buf labels = {0};
    char room[20];

    gim_label_add(&labels, "method", method_name(s->key));
    gim_label_add(&labels, "route", route);
    gim_label_add(&labels, "status", status_name(s->key, room));
    gim_exposition_histogram(e, "http_server_request_duration_seconds", gim_buf_view(&labels),
                             &gim_scale_seconds, s->cells, s->sum);
    gim_buf_free(&labels);
}

/* The routes of the pattern of route `first`, of all workers. */
static struct merged *merge_route(struct gim_metrics_state *m, size_t first, struct gim_arena *a)
{
    struct merged *list = NULL;

    for (unsigned i = 0; i < m->app->workers; i++) {
        struct gim_metrics_worker *w = worker(m, i);

        for (size_t r = first; w && r <= m->n_routes; r++) {
            if (m->same[r] == first)
                merge(&list, &w->by_route[r], a);
        }
    }
    return list;
}

static void put_durations(struct gim_exposition *e, struct gim_metrics_state *m,
                          struct gim_arena *a)
{
    gim_exposition_family(e, "http_server_request_duration_seconds", "histogram",
                          "Time from a whole request head to the answer's hand-over, in seconds.");
    for (size_t r = 0; r <= m->n_routes; r++) {
        gim_str route = r < m->n_routes ? m->routes[r].pattern : GIM_S("unmatched");

        if (m->same[r] != r)
            continue;
        for (struct merged *s = merge_route(m, r, a); s; s = s->next)
            put_series(e, s, route);
    }
}

/* ---- the application's own ------------------------------------------------------------------- */

static void put_figure(struct gim_exposition *e, const struct gim_metric *f, void *state)
{
    gim_str labels = gim_str_of(f->labels);
    uint64_t cells[GIM_BUCKETS_SUM + 1];

    if (f->counter) {
        gim_exposition_int(e, f->name, labels, (int64_t)gim_counter_read(f->counter));
    } else if (f->gauge) {
        gim_exposition_int(e, f->name, labels, gim_gauge_read(f->gauge));
    } else if (f->buckets) {
        gim_buckets_read(f->buckets, cells);
        gim_exposition_histogram(e, f->name, labels, f->buckets->scale, cells,
                                 cells[GIM_BUCKETS_SUM]);
    } else {
        gim_exposition_double(e, f->name, labels, f->read(state));
    }
}

static void put_figures(struct gim_exposition *e, const struct gim_app *app)
{
    const struct gim_metric *figures = app->spec.metrics->figures;

    for (const struct gim_metric *f = figures; f && f->name; f++) {
        const char *type = f->counter ? "counter" : f->buckets ? "histogram" : "gauge";

        if (f == figures || strcmp(f[-1].name, f->name) != 0)
            gim_exposition_family(e, f->name, type, f->help);
        put_figure(e, f, app->spec.state);
    }
}

/* ---- the reply ------------------------------------------------------------------------------- */

int gim_metrics_write(struct gim_ctx *c, struct gim_metrics_state *m)
{
    const gim_str types[] = {GIM_S(TEXT), GIM_S(OPEN_METRICS)};
    struct gim_preferences wanted;
    struct gim_buf out = {0};
    struct gim_exposition e = {.out = &out};
    gim_str text;

    gim_preferences_of(&wanted, &c->x.head, GIM_S("Accept"));
    e.open_metrics = gim_preferences_best(&wanted, gim_quality_type, types, 2) == 1;
    put_build(&e, m->app);
    put_process(&e);
    put_wire(&e, m);
    put_rejected(&e, m);
    put_durations(&e, m, gim_arena(c));
    put_figures(&e, m->app);
    gim_exposition_end(&e);
    text = gim_dup(gim_arena(c), gim_buf_view(&out));
    gim_buf_free(&out);
    (void)gim_set_header(c, GIM_S("Cache-Control"), GIM_S("no-store"));
    return gim_bytes(c, 200, types[e.open_metrics], text);
}

int gim_metrics_reply(struct gim_ctx *c)
{
    struct gim_worker *w = gim_ctx_worker(c);
    struct gim_metrics_state *m = w->app->observed;

    if (!m || m->listener || w->observer != &gim_metrics_observer)
        return gim_problem(c, 404, NULL, "nothing is served at this path");
    gim_metrics_publish(w->observed);
    return gim_metrics_write(c, m);
}
