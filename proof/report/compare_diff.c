/* compare_diff.c: two runs of one plan, metric by metric.
 *
 * The rounds of two runs did not share a moment, so they are no pairs: the interval is Welch's t on the
 * logs, wider than that of services compared within one run. The words are decided by the same rule
 * as there, without Holm: a diff is a look at everything, a limit names what matters and is judged by
 * the ratio (or the new median) alone. A limit whose figure is missing fails: what is not measured
 * must not pass. */
#include "../../gimlet/base/wrap.h"
#include "compare.h"
#include "table.h"
#include "told.h"
#include <math.h>
#include <stdio.h>

/* ---- two services, one metric ---------------------------------------------------------------- */

struct sample { /* of logs */
    int n;
    double mean, variance; /* of the mean */
};

static struct sample sample_of(const double *x, int rounds)
{
    struct sample s = {0};
    double squares = 0;

    for (int i = 0; i < rounds; i++) {
        if (isfinite(x[i]) && x[i] > 0) {
            s.mean += log(x[i]);
            s.n++;
        }
    }
    s.mean /= s.n ? s.n : 1;
    for (int i = 0; i < rounds; i++) {
        if (isfinite(x[i]) && x[i] > 0)
            squares += (log(x[i]) - s.mean) * (log(x[i]) - s.mean);
    }
    s.variance = s.n > 1 ? squares / (s.n - 1) / s.n : 0;
    return s;
}

/* Welch and Satterthwaite's degrees of freedom, rounded down. */
static int freedom(const struct sample *a, const struct sample *b)
{
    double all = a->variance + b->variance;
    double below = a->variance * a->variance / (a->n - 1) + b->variance * b->variance / (b->n - 1);
    double df = below > 0 ? all * all / below : a->n + b->n - 2;

    return df < 1 ? 1 : (int)df;
}

static void welch(struct stats_ratio *r, const struct sample *a, const struct sample *b)
{
    double d = a->mean - b->mean;
    double error, t95, t90;
    int df;

    *r = (struct stats_ratio){.n = a->n < b->n ? a->n : b->n,
                              .ratio = NAN,
                              .low = NAN,
                              .high = NAN,
                              .low90 = NAN,
                              .high90 = NAN,
                              .boot = NAN,
                              .boot_low = NAN,
                              .boot_high = NAN,
                              .sd = NAN,
                              .p = NAN};
    if (!a->n || !b->n)
        return;
    r->ratio = exp(d);
    if (r->n < 2)
        return;
    df = freedom(a, b);
    error = sqrt(a->variance + b->variance);
    t95 = stats_t_quantile(0.95, df) * error;
    t90 = stats_t_quantile(0.90, df) * error;
    r->low = exp(d - t95);
    r->high = exp(d + t95);
    r->low90 = exp(d - t90);
    r->high90 = exp(d + t90);
    r->sd = error * sqrt((double)r->n); /* as if of pairs, for the rounds it would take */
    r->p = error > 0 ? stats_t_p(fabs(d) / error, df) : d == 0;
}

struct pair {
    int old_service, old_metric;
    size_t service, metric;
    struct verdict verdict; /* summary: of the new run */
    double old_median;
};

/* False when one of the runs has no such figure. */
static bool make_pair(struct pair *p, const struct compare_results *old,
                      const struct compare_results *now, size_t service, size_t metric)
{
    struct stats_summary before;
    struct sample a, b;

    *p = (struct pair){.service = service, .metric = metric};
    p->old_service = results_service(old, now->services[service].name);
    p->old_metric = results_metric(old, now->metrics[metric].id);
    if (p->old_service < 0 || p->old_metric < 0)
        return false;
    stats_summarise(&p->verdict.summary, results_at(now, service, metric), now->rounds);
    stats_summarise(&before, results_at(old, (size_t)p->old_service, (size_t)p->old_metric),
                    old->rounds);
    p->old_median = before.median;
    a = sample_of(results_at(now, service, metric), now->rounds);
    b = sample_of(results_at(old, (size_t)p->old_service, (size_t)p->old_metric), old->rounds);
    if (!a.n || !b.n)
        return false;
    welch(&p->verdict.ratio, &a, &b);
    p->verdict.adjusted_p = p->verdict.ratio.p;
    p->verdict.word = stats_decide(&p->verdict.ratio, p->verdict.adjusted_p, now->practical,
                                   &p->verdict.more_rounds);
    return true;
}

/* ---- the table ------------------------------------------------------------------------------- */

static const struct table_column columns[] = {
    {"", false},    {"old", true}, {"new", true}, {"ratio", true}, {"95 % interval", false},
    {"now", false},
};

/* Shorter than in a comparison: ids are wide, and a diff is a look. */
static void put_words(struct gim_buf *cell, const struct pair *p, const struct results_metric *m)
{
    if (!isfinite(p->verdict.ratio.low))
        return;
    if (p->verdict.word == STATS_SAME)
        gim_buf_lit(cell, "same");
    else if (p->verdict.word == STATS_UNDECIDED)
        gim_buf_lit(cell, "undecided");
    else
        verdict_words(cell, &p->verdict, m);
}

static void put_row(struct table *t, const struct compare_results *now, const struct pair *p)
{
    static const enum table_mark leanings[] = {TABLE_BAD, TABLE_PLAIN, TABLE_GOOD};
    const struct results_metric *m = &now->metrics[p->metric];
    struct gim_buf *cell = table_cell(t, TABLE_PLAIN);

    table_put_plain(cell, m->id);
    verdict_figure(table_cell(t, TABLE_PLAIN), p->old_median, m->unit);
    verdict_figure(table_cell(t, TABLE_PLAIN), p->verdict.summary.median, m->unit);
    told_put_ratio(table_cell(t, TABLE_PLAIN), p->verdict.ratio.ratio);
    cell = table_cell(t, TABLE_PLAIN);
    if (isfinite(p->verdict.ratio.low)) {
        told_put_ratio(cell, p->verdict.ratio.low);
        gim_buf_char(cell, '-');
        told_put_ratio(cell, p->verdict.ratio.high);
    }
    cell = table_cell(t, leanings[told_leaning(&p->verdict, m) + 1]);
    put_words(cell, p, m);
    table_row(t);
}

static void put_service(struct table *t, const struct compare_results *old,
                        const struct compare_results *now, size_t service)
{
    bool named = false;
    struct pair p;

    for (size_t m = 0; m < now->n_metrics; m++) {
        if (!now->metrics[m].main || !make_pair(&p, old, now, service, m))
            continue;
        if (!named) {
            table_put_plain(table_cell(t, TABLE_BEST), now->services[service].name);
            table_row(t);
        }
        named = true;
        put_row(t, now, &p);
    }
}

/* ---- what is not the same -------------------------------------------------------------------- */

static void put_note(struct gim_buf *b, const struct gim_buf *note)
{
    struct gim_buf plain = {0};

    table_put_plain(&plain, gim_buf_view(note));
    gim_buf_lit(b, "- ");
    gim_put_wrapped(b, 2, gim_buf_view(&plain));
    gim_buf_free(&plain);
}

static void note_only(struct gim_buf *b, const struct compare_results *a,
                      const struct compare_results *other, const char *where)
{
    for (size_t i = 0; i < a->n_services; i++) {
        struct gim_buf note = {0};

        if (results_service(other, a->services[i].name) >= 0)
            continue;
        gim_buf_printf(&note, "%.*s is in the %s run only", GIM_FMT(a->services[i].name), where);
        put_note(b, &note);
        gim_buf_free(&note);
    }
}

static void note_host(struct gim_buf *b, const struct compare_results *old,
                      const struct compare_results *now)
{
    for (size_t i = 0; i < now->n_host; i++) {
        for (size_t k = 0; k < old->n_host; k++) {
            struct gim_buf note = {0};

            if (!gim_str_eq(now->host[i].name, old->host[k].name) ||
                gim_str_eq(now->host[i].value, old->host[k].value))
                continue;
            gim_buf_printf(&note, "%.*s was %.*s, is %.*s", GIM_FMT(now->host[i].name),
                           GIM_FMT(old->host[k].value), GIM_FMT(now->host[i].value));
            put_note(b, &note);
            gim_buf_free(&note);
        }
    }
}

static void put_notes(struct gim_buf *b, const struct compare_results *old,
                      const struct compare_results *now)
{
    struct gim_buf notes = {0};

    if (!gim_str_eq(old->title, now->title))
        gim_buf_lit(&notes, "- the titles differ: are these two runs of one plan?\n");
    if (old->quick != now->quick)
        gim_buf_lit(&notes, "- one of the runs was quick (shorter phases), the other was not\n");
    if (old->interrupted || now->interrupted)
        gim_buf_lit(&notes, "- a run was interrupted: it has fewer rounds\n");
    note_only(&notes, old, now, "old");
    note_only(&notes, now, old, "new");
    note_host(&notes, old, now);
    if (notes.len)
        gim_buf_lit(b, "\nNot the same in both runs:\n");
    gim_buf_str(b, gim_buf_view(&notes));
    gim_buf_free(&notes);
}

/* ---- the limits ------------------------------------------------------------------------------ */

/* "p99" stands for "p99.c64" and all others below it. */
static bool is_meant(gim_str pattern, gim_str id)
{
    return gim_str_starts(id, pattern) && (id.len == pattern.len || id.ptr[pattern.len] == '.');
}

static bool unit_fits(const struct compare_limit *l, const struct results_metric *m)
{
    return (l->unit != LIMIT_TIME || m->unit == RESULTS_NS) &&
           (l->unit != LIMIT_BYTES || m->unit == RESULTS_BYTES);
}

static void put_value(struct gim_buf *b, const struct compare_limit *l, double value,
                      const struct results_metric *m)
{
    if (l->relative) {
        told_put_ratio(b, value);
        gim_buf_char(b, 'x');
    } else {
        verdict_figure(b, value, m->unit);
    }
}

/* One metric of a limit: 1 when it failed. */
static int check_metric(struct gim_buf *b, const struct compare_limit *l,
                        const struct compare_results *old, const struct compare_results *now,
                        size_t service, size_t metric)
{
    const struct results_metric *m = &now->metrics[metric];
    struct stats_summary summary;
    double value;
    bool failed;
    struct pair p;

    stats_summarise(&summary, results_at(now, service, metric), now->rounds);
    if (l->relative && make_pair(&p, old, now, service, metric))
        value = p.verdict.ratio.ratio;
    else
        value = l->relative ? NAN : summary.median;
    failed = !isfinite(value) || (l->above ? value > l->value : value < l->value);
    gim_buf_printf(b, "%s %s: %.*s ", failed ? "FAILED" : "passed", l->text, GIM_FMT(m->id));
    if (isfinite(value)) {
        gim_buf_lit(b, "is ");
        put_value(b, l, value, m);
    } else {
        gim_buf_lit(b, "was not measured");
    }
    gim_buf_char(b, '\n');
    return failed;
}

/* 1 when it failed, 0 when not; -1 when it means nothing that is there. */
static int check_limit(struct gim_buf *b, const struct compare_limit *l,
                       const struct compare_results *old, const struct compare_results *now)
{
    int service = results_service(now, l->service);
    int failed = 0, found = 0;

    for (size_t m = 0; service >= 0 && m < now->n_metrics; m++) {
        if (!is_meant(l->metric, now->metrics[m].id))
            continue;
        if (!unit_fits(l, &now->metrics[m])) {
            gim_buf_printf(b, "%s: the value has another unit than %.*s\n", l->text,
                           GIM_FMT(now->metrics[m].id));
            return -1;
        }
        found++;
        failed |= check_metric(b, l, old, now, (size_t)service, m);
    }
    if (!found)
        gim_buf_printf(b, "%s: the new run has no %s '%.*s'\n", l->text,
                       service < 0 ? "service" : "metric",
                       GIM_FMT(service < 0 ? l->service : l->metric));
    return found ? failed : -1;
}

static void put_run(struct gim_buf *b, const char *name, const struct compare_results *r)
{
    gim_buf_printf(b, "%s: ", name);
    told_put_time(b, r->started_us);
    gim_buf_printf(b, ", %d rounds", r->rounds);
    if (r->commit.len)
        gim_buf_printf(b, ", commit %.*s", GIM_FMT(r->commit));
    gim_buf_char(b, '\n');
}

int compare_diff(struct gim_buf *b, const struct compare_results *old,
                 const struct compare_results *now, const struct compare_limit *limits,
                 size_t n_limits, bool color)
{
    struct table t = {.columns = columns, .n = sizeof columns / sizeof columns[0]};
    int failed = 0;

    put_run(b, "old", old);
    put_run(b, "new", now);
    gim_buf_char(b, '\n');
    for (size_t s = 0; s < now->n_services; s++)
        put_service(&t, old, now, s);
    if (t.n_cells)
        table_put_text(b, &t, color);
    else
        gim_buf_lit(b, "The two runs have no figure in common.\n");
    table_free(&t);
    put_notes(b, old, now);
    if (n_limits)
        gim_buf_char(b, '\n');
    for (size_t i = 0; i < n_limits; i++) {
        int bad = check_limit(b, &limits[i], old, now);

        if (bad < 0)
            return -1;
        failed += bad;
    }
    return failed;
}
