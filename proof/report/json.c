/* json.c: the whole result, for programs. docs/reference/load-json.md is its schema; "format" grows
 * when a member changes its meaning, not when one is added.
 *
 * Times are whole nanoseconds (names end in _ns) or seconds as doubles (_s). A histogram gives its
 * non-empty cells as [lowest, highest, count], so that several results can be added up and any
 * percentile worked out from them. */
#include "../../gimlet/json/writer.h"
#include "figures.h"
#include "json_put.h"
#include "report.h"

static void put_int(struct gim_buf *b, const char *name, int64_t v)
{
    json_put_name(b, name);
    gim_buf_int(b, v);
}

static void put_count(struct gim_buf *b, const char *name, uint64_t v)
{
    json_put_name(b, name);
    json_put_uint(b, v);
}

static void put_bool(struct gim_buf *b, const char *name, bool v)
{
    json_put_name(b, name);
    json_put_bool(b, v);
}

static void put_text(struct gim_buf *b, const char *name, const char *text)
{
    json_put_name(b, name);
    json_put_str(b, gim_str_of(text));
}

static void open_object(struct gim_buf *b, const char *name)
{
    json_put_name(b, name);
    gim_buf_char(b, '{');
}

static void close_object(struct gim_buf *b)
{
    gim_buf_char(b, '}');
}

/* ---- histograms ------------------------------------------------------------------------------ */

static void put_percentiles(struct gim_buf *b, const struct gim_histogram *h)
{
    json_put_name(b, "percentiles");
    gim_buf_char(b, '[');
    for (int i = 0; i < FIGURE_LEVELS; i++) {
        const struct figure_level *l = &figure_levels[i];

        gim_buf_printf(b, "%s{\"p\":%s,\"ns\":", i ? "," : "", l->name);
        if (h->total >= l->least)
            gim_buf_int(b, gim_histogram_percentile(h, l->p));
        else
            gim_buf_lit(b, "null");
        put_count(b, "least", l->least);
        put_count(b, "confident", gim_histogram_needed(l->p));
        close_object(b);
    }
    gim_buf_char(b, ']');
}

static void put_histogram(struct gim_buf *b, const char *name, const struct gim_histogram *h)
{
    json_put_name(b, name);
    if (!h->total) {
        gim_buf_lit(b, "null");
        return;
    }
    gim_buf_char(b, '{');
    put_count(b, "count", h->total);
    put_count(b, "clipped", h->over);
    put_int(b, "min_ns", h->min);
    put_int(b, "max_ns", h->max);
    json_put_double(b, "mean_ns", gim_histogram_mean(h));
    json_put_double(b, "stdev_ns", gim_histogram_stdev(h));
    put_percentiles(b, h);
    json_put_cells(b, "cells", h);
    close_object(b);
}

/* ---- the parts ------------------------------------------------------------------------------- */

static void put_plan(struct gim_buf *b, const struct load_plan *p)
{
    open_object(b, "plan");
    put_text(b, "url", p->url);
    put_text(b, "method", p->method);
    json_put_name(b, "requests");
    if (p->requests == INT64_MAX)
        gim_buf_lit(b, "null");
    else
        gim_buf_int(b, p->requests);
    put_int(b, "connections", p->concurrency);
    put_int(b, "duration_ns", p->duration_ns);
    put_int(b, "warmup_ns", p->warmup_ns);
    put_int(b, "timeout_ns", p->timeout_ns);
    json_put_double(b, "rate", p->rate);
    put_int(b, "ramp_ns", p->ramp_ns);
    json_put_double(b, "qps_per_connection", p->qps);
    put_count(b, "body_bytes", p->body.len);
    put_bool(b, "keepalive", !p->no_keepalive);
    close_object(b);
}

static void put_requests(struct gim_buf *b, const struct load_result *r)
{
    open_object(b, "requests");
    put_count(b, "sent", r->sent);
    put_count(b, "answered", r->answered);
    put_count(b, "failed", r->failed);
    put_count(b, "unsent", r->unsent);
    put_count(b, "unfinished", r->unfinished);
    put_count(b, "redirects", r->redirects);
    put_count(b, "connections_opened", r->connects);
    put_count(b, "body_bytes", r->size_total);
    close_object(b);
}

static void put_phases(struct gim_buf *b, const struct load_result *r)
{
    static const char *const names[PHASES] = {
        [PHASE_DIAL] = "dial", [PHASE_DNS] = "dns",   [PHASE_WRITE] = "write",
        [PHASE_WAIT] = "wait", [PHASE_READ] = "read",
    };

    open_object(b, "phases");
    for (int i = 0; i < PHASES; i++) {
        open_object(b, names[i]);
        json_put_double(b, "mean_ns",
                        r->latency.total ? r->phases[i].sum / (double)r->latency.total : 0);
        put_int(b, "min_ns", r->phases[i].min);
        put_int(b, "max_ns", r->phases[i].max);
        close_object(b);
    }
    close_object(b);
}

static void put_statuses(struct gim_buf *b, const struct load_result *r)
{
    char name[8];

    open_object(b, "statuses");
    for (int i = 0; i < 1000; i++) {
        snprintf(name, sizeof name, "%d", i);
        if (r->statuses[i])
            put_count(b, name, r->statuses[i]);
    }
    close_object(b);
}

static void put_errors(struct gim_buf *b, const struct load_result *r)
{
    json_put_name(b, "errors");
    gim_buf_char(b, '[');
    for (int i = 0; i < LOAD_ERRORS; i++) {
        if (!r->errors[i])
            continue;
        json_put_comma(b);
        gim_buf_char(b, '{');
        put_text(b, "kind", load_error_name((enum load_error)i));
        put_count(b, "count", r->errors[i]);
        put_text(b, "first", r->first[i]);
        close_object(b);
    }
    gim_buf_char(b, ']');
}

static void put_generator(struct gim_buf *b, const struct load_plan *p, const struct load_result *r)
{
    open_object(b, "generator");
    put_int(b, "cpu_ns", r->cpu_ns);
    put_int(b, "cpus", r->cpus);
    json_put_double(b, "cpu_share", figure_cpu_share(p, r));
    close_object(b);
}

static void put_notes(struct gim_buf *b, const struct load_plan *p, const struct load_result *r)
{
    struct gim_buf notes = {0};
    gim_str rest;

    report_notes(&notes, p, r);
    rest = gim_buf_view(&notes);
    json_put_name(b, "notes");
    gim_buf_char(b, '[');
    while (rest.len) {
        json_put_comma(b);
        json_put_str(b, gim_str_cut(&rest, '\n'));
    }
    gim_buf_char(b, ']');
    gim_buf_free(&notes);
}

void report_json(struct gim_buf *b, const struct load_plan *p, const struct load_result *r)
{
    gim_buf_lit(b, "{\"format\":1,\"program\":\"proof load " GIM_VERSION "\"");
    put_plan(b, p);
    put_bool(b, "interrupted", r->interrupted);
    json_put_double(b, "total_s", figure_seconds(r));
    json_put_double(b, "requests_per_s", figure_rate(r));
    put_requests(b, r);
    put_statuses(b, r);
    put_errors(b, r);
    put_histogram(b, "latency", &r->latency);
    put_histogram(b, "service", &r->service);
    put_histogram(b, "lateness", &r->late);
    put_histogram(b, "connect", &r->dial);
    put_phases(b, r);
    put_generator(b, p, r);
    put_notes(b, p, r);
    gim_buf_lit(b, "}\n");
}
