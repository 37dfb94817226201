/* results_json.c: a comparison, whole, for programs; docs/reference/compare-json.md is its schema.
 *
 * All figures of all rounds and all histograms are there, so that any report can be made again from
 * the file alone (results_read.c). What the statistics say stands beside each metric's figures for
 * those who read the file with jq; the reader works it out again. */
#include "../../gimlet/json/writer.h"
#include "../report/figures.h"
#include "../report/json_put.h"
#include "results_fields.h"
#include "verdicts.h"
#include <math.h>

static void put_field(struct gim_buf *b, const struct results_field *f, const void *object)
{
    const void *at = (const char *)object + f->offset;

    json_put_name(b, f->name);
    switch (f->kind) {
    case RESULTS_TEXT:
        json_put_str(b, *(const gim_str *)at);
        break;
    case RESULTS_INT:
        gim_buf_int(b, *(const int *)at);
        break;
    case RESULTS_LONG:
        gim_buf_int(b, *(const int64_t *)at);
        break;
    case RESULTS_ULONG:
        json_put_uint(b, *(const uint64_t *)at);
        break;
    case RESULTS_SEED:
        gim_buf_printf(b, "\"%llu\"", (unsigned long long)*(const uint64_t *)at);
        break;
    case RESULTS_REAL:
        gim_json_put_double(b, *(const double *)at);
        break;
    case RESULTS_TRUTH:
        json_put_bool(b, *(const bool *)at);
        break;
    case RESULTS_WORD:
        json_put_str(b, gim_str_of(f->words[*(const int *)at]));
        break;
    }
}

static void put_fields(struct gim_buf *b, const struct results_field *fields, const void *object)
{
    for (; fields->name; fields++)
        put_field(b, fields, object);
}

/* A list of structs that have plain members only. */
static void put_list(struct gim_buf *b, const char *name, const struct results_field *fields,
                     const void *items, size_t n, size_t size)
{
    json_put_name(b, name);
    gim_buf_char(b, '[');
    for (size_t i = 0; i < n; i++) {
        json_put_comma(b);
        gim_buf_char(b, '{');
        put_fields(b, fields, (const char *)items + i * size);
        gim_buf_char(b, '}');
    }
    gim_buf_char(b, ']');
}

/* ---- histograms: as in proof load's JSON, and the sums that restore them exactly -------------- */

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
        gim_buf_char(b, '}');
    }
    gim_buf_char(b, ']');
}

static void put_latency(struct gim_buf *b, const struct compare_results *r,
                        const struct results_service *s)
{
    json_put_name(b, "latency");
    gim_buf_char(b, '{');
    for (size_t i = 0; s->latency && i < r->n_loads; i++) {
        const struct gim_histogram *h = s->latency[i];

        if (!h || !h->total)
            continue;
        json_put_key(b, r->loads[i].id);
        gim_buf_char(b, '{');
        put_fields(b, results_histogram_fields, h);
        json_put_double(b, "mean_ns", gim_histogram_mean(h));
        json_put_double(b, "stdev_ns", gim_histogram_stdev(h));
        put_percentiles(b, h);
        json_put_cells(b, "cells", h);
        gim_buf_char(b, '}');
    }
    gim_buf_char(b, '}');
}

/* ---- figures --------------------------------------------------------------------------------- */

static void put_values(struct gim_buf *b, const double *x, int rounds)
{
    json_put_name(b, "values");
    gim_buf_char(b, '[');
    for (int i = 0; i < rounds; i++) {
        json_put_comma(b);
        gim_json_put_double(b, x[i]);
    }
    gim_buf_char(b, ']');
}

static void put_outliers(struct gim_buf *b, const struct stats_summary *s, int rounds)
{
    json_put_name(b, "outliers");
    gim_buf_char(b, '[');
    for (int i = 0; i < rounds && i < STATS_ROUNDS_MAX; i++) {
        if (!s->outlier[i])
            continue;
        json_put_comma(b);
        gim_buf_int(b, i + 1);
    }
    gim_buf_char(b, ']');
}

static void put_summary(struct gim_buf *b, const struct stats_summary *s, int rounds)
{
    json_put_double(b, "median", s->median);
    json_put_double(b, "low", s->low);
    json_put_double(b, "high", s->high);
    json_put_double(b, "level", s->level);
    json_put_double(b, "mean", s->mean);
    json_put_double(b, "min", s->min);
    json_put_double(b, "max", s->max);
    json_put_double(b, "cv", s->cv);
    put_outliers(b, s, rounds);
    json_put_double(b, "trend_percent", s->trend ? s->trend_percent : 0);
}

static void put_ratio(struct gim_buf *b, const struct verdict *d, const struct results_metric *m)
{
    bool compared = d->word != STATS_REFERENCE && d->ratio.n > 0;
    struct gim_buf words = {0};

    json_put_double(b, "ratio", compared ? d->ratio.ratio : NAN);
    json_put_double(b, "ratio_low", compared ? d->ratio.low : NAN);
    json_put_double(b, "ratio_high", compared ? d->ratio.high : NAN);
    json_put_double(b, "bootstrap", compared ? d->ratio.boot : NAN);
    json_put_double(b, "bootstrap_low", compared ? d->ratio.boot_low : NAN);
    json_put_double(b, "bootstrap_high", compared ? d->ratio.boot_high : NAN);
    json_put_double(b, "p", compared ? d->adjusted_p : NAN);
    verdict_words(&words, d, m);
    json_put_name(b, "verdict");
    json_put_str(b, gim_buf_view(&words));
    gim_buf_free(&words);
    json_put_name(b, "best");
    json_put_bool(b, d->best);
}

static bool has_figures(const struct compare_results *r, size_t service, size_t metric)
{
    for (int i = 0; i < r->rounds_planned; i++) {
        if (isfinite(results_at(r, service, metric)[i]))
            return true;
    }
    return false;
}

static void put_figures(struct gim_buf *b, const struct verdicts *v, size_t service)
{
    const struct compare_results *r = v->results;

    json_put_name(b, "figures");
    gim_buf_char(b, '{');
    for (size_t m = 0; m < r->n_metrics; m++) {
        const struct verdict *d = verdict_of(v, service, m);

        if (!has_figures(r, service, m))
            continue;
        json_put_key(b, r->metrics[m].id);
        gim_buf_char(b, '{');
        put_values(b, results_at(r, service, m), r->rounds_planned);
        put_summary(b, &d->summary, r->rounds);
        put_ratio(b, d, &r->metrics[m]);
        gim_buf_char(b, '}');
    }
    gim_buf_char(b, '}');
}

static void put_services(struct gim_buf *b, const struct verdicts *v)
{
    const struct compare_results *r = v->results;

    json_put_name(b, "services");
    gim_buf_char(b, '[');
    for (size_t i = 0; i < r->n_services; i++) {
        const struct results_service *s = &r->services[i];

        json_put_comma(b);
        gim_buf_char(b, '{');
        put_fields(b, results_service_fields, s);
        put_list(b, "checks", results_check_fields, s->checks, s->n_checks, sizeof *s->checks);
        put_figures(b, v, i);
        put_latency(b, r, s);
        gim_buf_char(b, '}');
    }
    gim_buf_char(b, ']');
}

/* Of the rounds that were finished: who ran when, by number in the list of services, from 0. */
static void put_order(struct gim_buf *b, const struct compare_results *r)
{
    json_put_name(b, "order");
    gim_buf_char(b, '[');
    for (int round = 0; r->order && round < r->rounds; round++) {
        json_put_comma(b);
        gim_buf_char(b, '[');
        for (size_t i = 0; i < r->n_services; i++) {
            json_put_comma(b);
            gim_buf_int(b, r->order[(size_t)round * r->n_services + i]);
        }
        gim_buf_char(b, ']');
    }
    gim_buf_char(b, ']');
}

void results_put_json(struct gim_buf *b, const struct compare_results *r)
{
    struct verdicts v;

    verdicts_make(&v, r);
    gim_buf_printf(b, "{\"format\":%d", RESULTS_FORMAT);
    put_fields(b, results_top_fields, r);
    json_put_double(b, "noise_floor", v.noise_floor);
    put_list(b, "host", results_pair_fields, r->host, r->n_host, sizeof *r->host);
    put_list(b, "metrics", results_metric_fields, r->metrics, r->n_metrics, sizeof *r->metrics);
    put_list(b, "loads", results_load_fields, r->loads, r->n_loads, sizeof *r->loads);
    put_order(b, r);
    put_list(b, "warnings", results_warning_fields, r->warnings, r->n_warnings,
             sizeof *r->warnings);
    put_services(b, &v);
    gim_buf_lit(b, "}\n");
    verdicts_free(&v);
}
