/* told.c: see told.h. Services are compared within their group, so everything here is asked of "the
 * group of service i"; groups stand in the order in which the plan names them. */
#include "told.h"
#include <gimlet/time.h>
#include <math.h>

static bool same_group(const struct compare_results *r, size_t a, size_t b)
{
    return gim_str_eq(r->services[a].group, r->services[b].group);
}

bool told_begins_group(const struct compare_results *r, size_t i)
{
    for (size_t k = 0; k < i; k++) {
        if (same_group(r, k, i))
            return false;
    }
    return true;
}

bool told_has_metric(const struct verdicts *v, size_t i, size_t metric)
{
    for (size_t k = 0; k < v->results->n_services; k++) {
        if (same_group(v->results, k, i) && verdict_of(v, k, metric)->summary.n > 0)
            return true;
    }
    return false;
}

bool told_has_phase(const struct verdicts *v, size_t i, enum results_phase phase)
{
    for (size_t m = 0; m < v->results->n_metrics; m++) {
        const struct results_metric *metric = &v->results->metrics[m];

        if (metric->main && metric->phase == phase && told_has_metric(v, i, m))
            return true;
    }
    return false;
}

/* Of a phase the first main metric with that unit. */
static bool is_published(const struct results_metric *m, unsigned which)
{
    static const struct {
        enum results_phase phase;
        enum results_unit unit;
    } rows[TOLD_PUBLISHED] = {
        {RESULTS_START, RESULTS_BYTES},
        {RESULTS_FIRST, RESULTS_NS},
        {RESULTS_LATER, RESULTS_NS},
        {RESULTS_SMALL, RESULTS_PER_SECOND},
    };

    return m->main && m->phase == rows[which].phase && m->unit == rows[which].unit;
}

int told_published(const struct verdicts *v, size_t i, unsigned which)
{
    for (size_t m = 0; m < v->results->n_metrics; m++) {
        if (is_published(&v->results->metrics[m], which) && told_has_metric(v, i, m))
            return (int)m;
    }
    return -1;
}

static bool is_better(const struct results_metric *m, double a, double b)
{
    return m->higher_is_better ? a > b : a < b;
}

int told_rival(const struct verdicts *v, size_t i, size_t metric)
{
    const struct compare_results *r = v->results;
    const struct verdict *best = verdict_of(v, i, metric);
    int found = -1;

    if (!best->summary.n)
        return -1;
    for (size_t k = 0; k < r->n_services; k++) {
        const struct verdict *d = verdict_of(v, k, metric);

        if (!same_group(r, k, i) || !d->summary.n || r->services[k].control_of.len ||
            !is_better(&r->metrics[metric], d->summary.median, best->summary.median))
            continue;
        best = d;
        found = (int)k;
    }
    return found;
}

static void put_loss(struct gim_buf *b, const struct verdicts *v, size_t i, size_t metric,
                     int rival)
{
    const struct compare_results *r = v->results;
    const struct results_metric *m = &r->metrics[metric];
    const struct verdict *d = verdict_of(v, (size_t)rival, metric);

    gim_buf_printf(b, "%.*s: ", GIM_FMT(m->title));
    verdict_figure(b, verdict_of(v, i, metric)->summary.median, m->unit);
    gim_buf_printf(b, " against %.*s's ", GIM_FMT(r->services[rival].name));
    verdict_figure(b, d->summary.median, m->unit);
    gim_buf_lit(b, " (");
    verdict_words(b, d, m);
    gim_buf_char(b, ')');
}

static bool is_alone(const struct verdicts *v, size_t i)
{
    const struct compare_results *r = v->results;

    for (size_t k = 0; k < r->n_services; k++) {
        if (k == i || !same_group(r, k, i) || r->services[k].control_of.len)
            continue;
        for (size_t m = 0; m < r->n_metrics; m++) {
            if (verdict_of(v, k, m)->summary.n)
                return false;
        }
    }
    return true;
}

void told_put_losses(struct gim_buf *b, const struct verdicts *v, size_t i)
{
    const struct compare_results *r = v->results;
    int n = 0;

    gim_buf_printf(b, "Where %.*s loses: ", GIM_FMT(r->services[i].name));
    for (size_t m = 0; m < r->n_metrics; m++) {
        int rival = r->metrics[m].main ? told_rival(v, i, m) : -1;

        if (rival < 0)
            continue;
        gim_buf_str(b, n++ ? GIM_S("; ") : GIM_S(""));
        put_loss(b, v, i, m, rival);
    }
    if (is_alone(v, i))
        gim_buf_lit(b, "that is not known, nothing else of its group was measured.");
    else
        gim_buf_str(b, n ? GIM_S(".")
                         : GIM_S("nowhere, it is the best of its group by the median of every main "
                                 "metric."));
}

void told_put_ratio(struct gim_buf *b, double ratio)
{
    static const double above[] = {99.95, 9.995, 0.9995, 0.09995};
    int digits = 0;

    if (!isfinite(ratio))
        return;
    while (digits < 4 && ratio < above[digits])
        digits++;
    gim_buf_printf(b, "%.*f", digits, ratio);
}

void told_put_time(struct gim_buf *b, int64_t us)
{
    char text[GIM_TIME_MAX];

    gim_buf_add(b, text, gim_time_write(text, (gim_time){us - us % 1000000}));
}

void told_put_took(struct gim_buf *b, int64_t us)
{
    int64_t seconds = us / 1000000;

    if (seconds < 120)
        gim_buf_printf(b, "%lld s", (long long)seconds);
    else
        gim_buf_printf(b, "%lld min", (long long)(seconds + 30) / 60);
}

void told_put_bytes(struct gim_buf *b, int64_t head, int64_t body)
{
    gim_buf_printf(b, "%lld + %lld bytes", (long long)head, (long long)body);
}

void told_put_why(struct gim_buf *b, const struct results_service *s)
{
    gim_str before = s->state == RESULTS_SKIPPED ? GIM_S("skipped: ") : GIM_S("failed: ");
    gim_str why = s->why;

    if (gim_str_starts(why, before)) {
        why.ptr += before.len;
        why.len -= before.len;
    }
    gim_buf_str(b, before);
    gim_buf_str(b, why);
}

int told_leaning(const struct verdict *d, const struct results_metric *m)
{
    if (d->word != STATS_LESS && d->word != STATS_MORE)
        return 0;
    return (d->word == STATS_MORE) == m->higher_is_better ? 1 : -1;
}
