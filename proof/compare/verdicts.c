/* verdicts.c: the statistics of a whole comparison.
 *
 * Every service is compared with the reference of its group, metric by metric. The comparisons of
 * one metric within one group are a family: the more there are, the likelier one of them is chance,
 * so Holm adjusts their p-values together. A copy of a service (A/A) is in the family, too, and
 * must come out as no difference; it is never "best", for it would only be best by luck. */
#include "verdicts.h"
#include <math.h>

static bool same_group(const struct compare_results *r, size_t a, size_t b)
{
    return gim_str_eq(r->services[a].group, r->services[b].group);
}

static struct verdict *at(const struct verdicts *v, size_t service, size_t metric)
{
    return &v->all[service * v->results->n_metrics + metric];
}

/* Repeatable, and another for each comparison. */
static uint64_t seed_of(const struct compare_results *r, size_t service, size_t metric)
{
    uint64_t state = r->seed + service * r->n_metrics + metric;

    return stats_random(&state);
}

/* A service without a reference to stand beside has its figures only. */
static void compare(const struct verdicts *v, size_t service, size_t metric)
{
    const struct compare_results *r = v->results;
    const double *x = results_at(r, service, metric);
    int reference = results_reference(r, service);
    struct verdict *d = at(v, service, metric);

    stats_summarise(&d->summary, x, r->rounds);
    stats_ratio(&d->ratio, x, reference < 0 ? x : results_at(r, (size_t)reference, metric),
                reference < 0 ? 0 : r->rounds, seed_of(r, service, metric));
    d->adjusted_p = reference == (int)service ? NAN : d->ratio.p;
}

/* Holm over the group of which `first` is the first. `p` has room for all services. */
static void adjust(const struct verdicts *v, size_t first, size_t metric, double *p)
{
    size_t n = v->results->n_services;

    for (size_t i = 0; i < n; i++)
        p[i] = same_group(v->results, first, i) ? at(v, i, metric)->adjusted_p : NAN;
    stats_holm(p, (int)n);
    for (size_t i = 0; i < n; i++) {
        if (same_group(v->results, first, i))
            at(v, i, metric)->adjusted_p = p[i];
    }
}

static void decide(const struct verdicts *v, size_t service, size_t metric)
{
    struct verdict *d = at(v, service, metric);

    if (d->summary.n && results_reference(v->results, service) == (int)service)
        d->word = STATS_REFERENCE;
    else
        d->word = stats_decide(&d->ratio, d->adjusted_p, v->results->practical, &d->more_rounds);
}

/* Who takes part in "best": originals with figures. */
static bool competes(const struct verdicts *v, size_t service, size_t metric)
{
    return at(v, service, metric)->summary.n && !v->results->services[service].control_of.len;
}

/* No competitor of the group has a better median, and there is one. */
static bool is_best(const struct verdicts *v, size_t service, size_t metric)
{
    double median = at(v, service, metric)->summary.median;
    int others = 0;

    if (!competes(v, service, metric))
        return false;
    for (size_t i = 0; i < v->results->n_services; i++) {
        double other = at(v, i, metric)->summary.median;

        if (i == service || !same_group(v->results, i, service) || !competes(v, i, metric))
            continue;
        if (v->results->metrics[metric].higher_is_better ? other > median : other < median)
            return false;
        others++;
    }
    return others > 0;
}

static bool begins_group(const struct compare_results *r, size_t i)
{
    for (size_t k = 0; k < i; k++) {
        if (same_group(r, k, i))
            return false;
    }
    return true;
}

static void judge_metric(const struct verdicts *v, size_t metric, double *p)
{
    size_t n = v->results->n_services;

    for (size_t i = 0; i < n; i++)
        compare(v, i, metric);
    for (size_t i = 0; i < n; i++) {
        if (begins_group(v->results, i))
            adjust(v, i, metric, p);
    }
    for (size_t i = 0; i < n; i++) {
        decide(v, i, metric);
        at(v, i, metric)->best = is_best(v, i, metric);
    }
}

/* Half the width of the interval of a copy over its original, as a share: 0.03. */
static double half_width(const struct compare_results *r, size_t copy, size_t original,
                         size_t metric)
{
    struct stats_ratio ratio;

    stats_ratio(&ratio, results_at(r, copy, metric), results_at(r, original, metric), r->rounds,
                seed_of(r, copy, metric));
    return sqrt(ratio.high / ratio.low) - 1;
}

static double noise_floor(const struct compare_results *r)
{
    double widest = NAN;

    for (size_t i = 0; i < r->n_services; i++) {
        int original =
            r->services[i].control_of.len ? results_service(r, r->services[i].control_of) : -1;

        for (size_t m = 0; m < r->n_metrics && original >= 0; m++) {
            if (r->metrics[m].main)
                widest = fmax(widest, half_width(r, i, (size_t)original, m));
        }
    }
    return widest;
}

void verdicts_make(struct verdicts *v, const struct compare_results *r)
{
    double *p;

    *v = (struct verdicts){.results = r};
    v->all = GIM_NEW_N(&v->memory, struct verdict, r->n_services * r->n_metrics);
    p = GIM_NEW_N(&v->memory, double, r->n_services);
    for (size_t m = 0; m < r->n_metrics; m++)
        judge_metric(v, m, p);
    v->noise_floor = noise_floor(r);
}

void verdicts_free(struct verdicts *v)
{
    gim_arena_reset(&v->memory);
    *v = (struct verdicts){.results = NULL};
}

/* ---- in words -------------------------------------------------------------------------------- */

static bool is_speed(const struct results_metric *m)
{
    if (m->unit == RESULTS_PER_SECOND)
        return true;
    return m->unit == RESULTS_NS && !gim_str_starts(m->id, GIM_S("cpu"));
}

static void put_undecided(struct gim_buf *b, int rounds)
{
    gim_buf_lit(b, "undecided");
    if (rounds > STATS_ROUNDS_MAX)
        gim_buf_printf(b, ", over %d rounds", STATS_ROUNDS_MAX);
    else if (rounds > 0)
        gim_buf_printf(b, ", about %d rounds", rounds);
}

void verdict_words(struct gim_buf *b, const struct verdict *v, const struct results_metric *m)
{
    static const char *const words[] = {
        [STATS_NONE] = "no figures",
        [STATS_REFERENCE] = "reference",
        [STATS_LESS] = "less",
        [STATS_MORE] = "more",
        [STATS_SAME] = "no practical difference",
    };

    if (v->word == STATS_UNDECIDED)
        put_undecided(b, v->more_rounds);
    else if ((v->word == STATS_LESS || v->word == STATS_MORE) && is_speed(m))
        gim_buf_str(b, (v->word == STATS_MORE) == m->higher_is_better ? GIM_S("faster")
                                                                      : GIM_S("slower"));
    else
        gim_buf_str(b, gim_str_of(words[v->word]));
}

/* To three significant digits: 999.9 must be 1000 before its unit is chosen. */
static double round_3(double v)
{
    double step;

    if (v == 0)
        return 0;
    step = pow(10, floor(log10(fabs(v))) - 2);
    return step < 1 ? round(v / step) / round(1 / step) : round(v / step) * step;
}

static void put_scaled(struct gim_buf *b, double v, const char *const *units)
{
    while (fabs(v) >= 1000 && units[1]) {
        v /= 1000;
        units++;
    }
    gim_buf_printf(b, "%.*f %s", v == 0 || fabs(v) >= 100 ? 0 : fabs(v) >= 10 ? 1 : 2, v, *units);
}

/* 56200 as 56,200; 12.3 as it is. */
static void put_grouped(struct gim_buf *b, double v)
{
    char digits[32];
    int len;

    if (fabs(v) < 1000 || fabs(v) >= 1e15) {
        gim_buf_printf(b, "%.4g", v);
        return;
    }
    len = (int)gim_int_write(digits, (int64_t)fabs(v));
    gim_buf_str(b, v < 0 ? GIM_S("-") : GIM_S(""));
    for (int i = 0; i < len; i++) {
        if (i && (len - i) % 3 == 0)
            gim_buf_char(b, ',');
        gim_buf_char(b, digits[i]);
    }
}

void verdict_figure(struct gim_buf *b, double value, enum results_unit unit)
{
    static const char *const times[] = {"ns", "us", "ms", "s", NULL};
    static const char *const sizes[] = {"B", "kB", "MB", "GB", "TB", NULL};

    if (!isfinite(value)) {
        gim_buf_char(b, '-');
        return;
    }
    value = round_3(value);
    if (unit == RESULTS_NS)
        put_scaled(b, value, times);
    else if (unit == RESULTS_BYTES)
        put_scaled(b, value, sizes);
    else
        put_grouped(b, value);
    if (unit == RESULTS_PER_SECOND)
        gim_buf_lit(b, "/s");
}
