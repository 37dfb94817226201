/* metrics.c: what each worker counts of its requests.
 *
 * Per route a list of series, one a method and status that was seen; the usual one was seen first, so
 * it is found at once. Only the worker writes, with plain stores that are atomic so that a scrape on
 * another thread may read: no lock, no shared cache line. A series is taken from the heap when its
 * kind is first seen, and there are at most 64 of a route, so a client cannot make us grow. The gauges
 * are copied at the end of each turn: in between they do not change for anybody else. */
#include "metrics.h"
#include "../base/clock.h"

static uint64_t load(_Atomic uint64_t *n)
{
    return atomic_load_explicit(n, memory_order_relaxed);
}

/* One thread writes. */
static void add(_Atomic uint64_t *n, uint64_t more)
{
    atomic_store_explicit(n, load(n) + more, memory_order_relaxed);
}

static struct gim_series *series_new(_Atomic(struct gim_series *) *at, uint32_t key)
{
    struct gim_series *s = gim_heap_alloc(sizeof *s);

    s->key = key;
    atomic_store_explicit(at, s, memory_order_release);
    return s;
}

static struct gim_series *series_of(_Atomic(struct gim_series *) *at, uint32_t key)
{
    struct gim_series *s;

    for (unsigned n = 0; (s = atomic_load_explicit(at, memory_order_relaxed)); n++) {
        if (s->key == key)
            return s;
        if (n + 2 >= GIM_SERIES_MAX)
            key = GIM_SERIES_OTHER;
        at = &s->next;
    }
    return series_new(at, key);
}

static void done(struct gim_worker *w, const struct gim_ctx *c, int status)
{
    struct gim_metrics_worker *m = w->observed;
    const struct gim_bound_route *route = c->match.route;
    size_t i = route ? (size_t)(route - m->all->routes) : m->all->n_routes;
    uint64_t ns;
    struct gim_series *s;

    if (!c->begun || !c->start_ns)
        return;
    ns = gim_clock_ns() - c->start_ns;
    s = series_of(&m->by_route[i], GIM_SERIES_KEY(c->x.head.method_id, status));
    add(&s->cells[gim_bounds_find(gim_second_bounds, GIM_DURATION_BOUNDS, (int64_t)ns)], 1);
    add(&s->sum, ns);
}

/* ---- workers --------------------------------------------------------------------------------- */

void gim_metrics_publish(struct gim_metrics_worker *m)
{
    const struct gim_wire *wire = &m->worker->wire;

    atomic_store_explicit(&m->in_flight, wire->in_flight, memory_order_relaxed);
    atomic_store_explicit(&m->connections, wire->n_conns, memory_order_relaxed);
}

static void on_turn_end(struct gim_turn_end *t)
{
    gim_metrics_publish(GIM_CONTAINER(t, struct gim_metrics_worker, turn_end));
}

static void enter(struct gim_worker *w)
{
    struct gim_metrics_state *all = w->app->observed;
    size_t lists = all->n_routes + 1;
    struct gim_metrics_worker *m = gim_heap_alloc(sizeof *m + lists * sizeof m->by_route[0]);

    m->all = all;
    m->worker = w;
    m->turn_end.run = on_turn_end;
    w->observed = m;
    gim_loop_at_turn_end(w->wire.loop, &m->turn_end);
    atomic_store_explicit(&all->workers[w->wire.worker], m, memory_order_release);
    if (all->listener && w->wire.worker == 0)
        gim_metrics_listener_start(all->listener, w->wire.loop);
}

static void series_free(struct gim_series *s)
{
    while (s) {
        struct gim_series *next = atomic_load_explicit(&s->next, memory_order_relaxed);

        gim_heap_free(s);
        s = next;
    }
}

static void leave(struct gim_worker *w)
{
    struct gim_metrics_worker *m = w->observed;
    struct gim_metrics_state *all = m->all;

    if (all->listener && w->wire.worker == 0)
        gim_metrics_listener_stop(all->listener);
    atomic_store_explicit(&all->workers[w->wire.worker], NULL, memory_order_relaxed);
    gim_list_remove(&m->turn_end.node);
    for (size_t i = 0; i <= all->n_routes; i++)
        series_free(atomic_load_explicit(&m->by_route[i], memory_order_relaxed));
    gim_heap_free(m);
    w->observed = NULL;
}

/* ---- the application ------------------------------------------------------------------------- */

/* Two rows may serve one path: what they count is one figure. */
static size_t *find_same(const struct gim_bound_route *routes, size_t n)
{
    size_t *same = gim_heap_alloc((n + 1) * sizeof *same);

    same[n] = n;
    for (size_t i = 0; i < n; i++) {
        same[i] = 0;
        while (!gim_str_eq(routes[same[i]].pattern, routes[i].pattern))
            same[i]++;
    }
    return same;
}

static int open_metrics(struct gim_app *app, struct gim_buf *why)
{
    size_t size = sizeof(struct gim_metrics_state) + app->workers * sizeof(void *);
    struct gim_metrics_state *m;

    if (gim_metrics_check(app->spec.metrics->figures, why))
        return -1;
    m = gim_heap_alloc(size);
    m->app = app;
    m->routes = gim_router_routes(app->router, &m->n_routes);
    m->same = find_same(m->routes, m->n_routes);
    app->observed = m;
    return 0;
}

static int start(struct gim_app *app, char *err, size_t err_len)
{
    return gim_metrics_listen(app->observed, err, err_len);
}

static void close_metrics(struct gim_app *app)
{
    struct gim_metrics_state *m = app->observed;

    if (m->listener)
        gim_metrics_listener_free(m->listener);
    gim_heap_free(m->same);
    gim_heap_free(m);
    app->observed = NULL;
}

static const struct gim_option options[] = {
    {"metrics_listen", GIM_OPTION_STR, GIM_OPTION_AT(struct gim_settings, metrics_listen), "off",
     .group = "Metrics", .help = "HOST:PORT for /metrics, and only there"},
    {0},
};

const struct gim_observer gim_metrics_observer = {
    .options = options,
    .open = open_metrics,
    .start = start,
    .close = close_metrics,
    .enter = enter,
    .leave = leave,
    .done = done,
};

const struct gim_metrics gim_metrics = {.observer = &gim_metrics_observer};
