/* metrics.c: the figures, one row each. Ids are stable: `proof diff --fail-if` and readers of the JSON
 * name them. */
#include "metrics.h"
#include <math.h>

#define METRICS_MAX (20 + 4 * (2 * METRICS_LEVELS + 2) + METRICS_LEVELS)

struct row {
    const char *id, *title;
    enum results_phase phase;
    enum results_unit unit;
    bool higher, main;
};

static int add(struct compare_results *r, const struct row *row, const char *suffix,
               const char *more)
{
    struct results_metric *m = &r->metrics[r->n_metrics];

    *m = (struct results_metric){.id = results_text(r, "%s%s", row->id, suffix),
                                 .title = results_text(r, "%s%s", row->title, more),
                                 .phase = row->phase,
                                 .unit = row->unit,
                                 .higher_is_better = row->higher,
                                 .main = row->main};
    return (int)r->n_metrics++;
}

static int one(struct compare_results *r, const char *id, const char *title,
               enum results_phase phase, enum results_unit unit, bool main)
{
    return add(r, &(struct row){id, title, phase, unit, unit == RESULTS_PER_SECOND, main}, "", "");
}

static int add_load(struct compare_results *r, const char *id, const char *title,
                    enum results_phase phase, int64_t connections)
{
    r->loads[r->n_loads] = (struct results_load){.id = results_text(r, "%s", id),
                                                 .title = results_text(r, "%s", title),
                                                 .phase = phase,
                                                 .connections = connections};
    return (int)r->n_loads++;
}

/* The four figures of a load; an open loop's rate is given, so it is none of them. */
static struct metrics_load level(struct compare_results *r, enum results_phase phase,
                                 const char *id, const char *title, int64_t connections)
{
    static const struct row rps = {"rps", "Requests per second", 0, RESULTS_PER_SECOND, true, true};
    static const struct row p50 = {"p50", "Median latency", 0, RESULTS_NS, false, false};
    static const struct row p99 = {"p99", "99th percentile", 0, RESULTS_NS, false, true};
    static const struct row cpu = {
        "cpu_per_request", "CPU per request", 0, RESULTS_NS, false, true};
    const struct row *rows[] = {&rps, &p50, &p99, &cpu};
    gim_str suffix = results_text(r, ".%s", id), more = results_text(r, ", %s", title);
    int at[4];

    for (int i = 0; i < 4; i++) {
        struct row row = *rows[i];

        row.phase = phase;
        at[i] = i == 0 && phase == RESULTS_OPEN ? -1 : add(r, &row, suffix.ptr, more.ptr);
    }
    return (struct metrics_load){at[0], at[1], at[2], at[3],
                                 add_load(r, id, title, phase, connections)};
}

static void add_levels(struct metrics *m, struct compare_results *r,
                       const struct compare_protocol *p)
{
    for (unsigned i = 0; i < p->closed_count && i < METRICS_LEVELS; i++) {
        gim_str id = results_text(r, "c%d", p->closed[i]);
        gim_str title =
            results_text(r, "%d connection%s", p->closed[i], p->closed[i] == 1 ? "" : "s");

        m->closed[i] = level(r, RESULTS_CLOSED, id.ptr, title.ptr, p->closed[i]);
    }
    m->rss_after =
        one(r, "rss.after", "Memory after the load", RESULTS_CLOSED, RESULTS_BYTES, false);
    m->peak = one(r, "rss.peak", "Peak memory", RESULTS_CLOSED, RESULTS_BYTES, true);
    m->per_post =
        one(r, "rss.per_post", "Memory per stored post", RESULTS_CLOSED, RESULTS_BYTES, true);
    for (unsigned i = 0; i < p->open_count && i < METRICS_LEVELS; i++) {
        gim_str id = results_text(r, "open%d", p->open[i]);
        gim_str title = results_text(r, "at %d %% of the slowest's rate", p->open[i]);

        m->open[i] = level(r, RESULTS_OPEN, id.ptr, title.ptr, p->open_connections);
    }
}

void metrics_set_up(struct metrics *m, struct compare_results *r, const struct compare_plan *p,
                    bool hey)
{
    const struct compare_protocol *q = &p->protocol;
    size_t n;

    r->metrics = GIM_NEW_N(&r->memory, struct results_metric, METRICS_MAX);
    r->loads = GIM_NEW_N(&r->memory, struct results_load, 2 * METRICS_LEVELS + 2);
    m->ready_connect =
        one(r, "ready.connect", "exec to first connect", RESULTS_READY, RESULTS_NS, false);
    m->ready_answer =
        one(r, "ready.answer", "exec to first good answer", RESULTS_READY, RESULTS_NS, true);
    m->rss_start = one(r, "rss.start", "Memory at start (RSS)", RESULTS_START, RESULTS_BYTES, true);
    m->pss_start = one(r, "pss.start", "Memory at start (PSS)", RESULTS_START, RESULTS_BYTES, true);
    m->binary = one(r, "binary", "Size of the program", RESULTS_START, RESULTS_BYTES, false);
    m->first_call = one(r, "first", "First call", RESULTS_FIRST, RESULTS_NS, true);
    m->later_kept =
        one(r, "later.kept", "Later calls, kept connection", RESULTS_LATER, RESULTS_NS, true);
    m->later_new =
        one(r, "later.new", "Later calls, new connections", RESULTS_LATER, RESULTS_NS, true);
    m->small_rps = one(r, "small.rps", "Published load, requests per second", RESULTS_SMALL,
                       RESULTS_PER_SECOND, true);
    m->small_p50 =
        one(r, "small.p50", "Published load, median latency", RESULTS_SMALL, RESULTS_NS, false);
    m->hey_rps =
        hey ? one(r, "hey.rps", "The same by hey itself", RESULTS_SMALL, RESULTS_PER_SECOND, true)
            : -1;
    m->small.load = add_load(r, "small", "published load", RESULTS_SMALL, q->small_connections);
    add_levels(m, r, q);
    if (p->read.path)
        m->mixed = level(r, RESULTS_MIXED, "mixed", "mixed traffic", q->mixed_connections);
    for (unsigned i = 0; i < q->idle_count && i < METRICS_LEVELS; i++) {
        gim_str id = results_text(r, "idle.%d", q->idle[i]);
        gim_str title = results_text(r, "Memory per idle connection, of %d", q->idle[i]);

        m->idle[i] = one(r, id.ptr, title.ptr, RESULTS_IDLE, RESULTS_BYTES, true);
    }
    n = r->n_services * r->n_metrics * (size_t)r->rounds_planned;
    r->values = GIM_NEW_N(&r->memory, double, n);
    for (size_t i = 0; i < n; i++)
        r->values[i] = NAN;
}
