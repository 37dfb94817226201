/* summary.c: one service, one metric: where the middle lies and how sure that is.
 *
 * The interval of the median assumes nothing about how figures are spread: the true median lies
 * between the k-th smallest and the k-th largest unless fewer than k of n figures fell on one side
 * of it, which is a matter of tossing n coins. So a level is reached by steps, and the one reached
 * is told: six rounds give 96.9 %, five could give 93.8 % only. */
#include "numbers.h"
#include <math.h>

#define LEVEL 0.95
#define MAD_LIMIT 14.826 /* hyperfine's: ten standard deviations, where figures are normal */
#define OUTER_FENCE 3    /* Tukey's, in distances of the quartiles */
#define OUTLIER_LEAST                                                                              \
    0.01 /* of the median; nearer ones are marked by no rule: sizes come in pages */
#define TREND_P 0.01
#define TREND_LEAST 0.02 /* over all rounds; a smaller one is real perhaps, but of no account */

/* Of the figures there are; `x` is sorted. */
static void median_interval(struct stats_summary *s, const double *x)
{
    double coin = exp2(-s->n), below = coin; /* P(at most k of n fell below the median) */
    int k = 0;

    s->low = s->high = s->level = NAN;
    if (1 - 2 * below < LEVEL)
        return;
    for (; k < s->n / 2; k++) {
        coin *= (double)(s->n - k) / (k + 1);
        if (1 - 2 * (below + coin) < LEVEL)
            break;
        below += coin;
    }
    s->low = x[k];
    s->high = x[s->n - 1 - k];
    s->level = 1 - 2 * below;
}

/* Median of the distances from the median. */
static double median_distance(const double *sorted, int n, double median)
{
    double distance[STATS_ROUNDS_MAX];

    for (int i = 0; i < n; i++)
        distance[i] = fabs(sorted[i] - median);
    stats_sort(distance, n);
    return stats_quantile(distance, n, 0.5);
}

static void mark_outliers(struct stats_summary *s, const double *x, int rounds,
                          const double *sorted)
{
    double first = stats_quantile(sorted, s->n, 0.25), third = stats_quantile(sorted, s->n, 0.75);
    double fence = OUTER_FENCE * (third - first);
    double beyond = MAD_LIMIT * median_distance(sorted, s->n, s->median);

    for (int i = 0; i < rounds; i++) {
        double distance = fabs(x[i] - s->median);

        if (isnan(x[i]) || distance <= OUTLIER_LEAST * fabs(s->median))
            continue;
        s->outlier[i] = x[i] < first - fence || x[i] > third + fence || distance > beyond;
        s->outliers += s->outlier[i];
    }
}

/* The least squares of ln x over the rounds. Positive figures only. */
static void find_trend(struct stats_summary *s, const double *x, int rounds)
{
    double at[STATS_ROUNDS_MAX], y[STATS_ROUNDS_MAX], at_mean, y_mean;
    double xx = 0, xy = 0, rest = 0, slope, error;
    int n = 0;

    for (int i = 0; i < rounds; i++) {
        if (!(x[i] > 0) || isinf(x[i]))
            continue;
        at[n] = i;
        y[n++] = log(x[i]);
    }
    if (n < STATS_ROUNDS_MIN)
        return;
    at_mean = stats_mean(at, n);
    y_mean = stats_mean(y, n);
    for (int i = 0; i < n; i++) {
        xx += (at[i] - at_mean) * (at[i] - at_mean);
        xy += (at[i] - at_mean) * (y[i] - y_mean);
    }
    slope = xy / xx;
    for (int i = 0; i < n; i++) {
        error = y[i] - y_mean - slope * (at[i] - at_mean);
        rest += error * error;
    }
    error = sqrt(rest / (n - 2) / xx);
    s->trend_percent = 100 * expm1(slope);
    s->trend = fabs(slope) * (at[n - 1] - at[0]) >= TREND_LEAST &&
               (error == 0 || stats_t_p(slope / error, n - 2) < TREND_P);
}

void stats_summarise(struct stats_summary *s, const double *x, int rounds)
{
    double sorted[STATS_ROUNDS_MAX];

    *s = (struct stats_summary){.n = 0};
    rounds = stats_rounds(rounds);
    for (int i = 0; i < rounds; i++) {
        if (!isnan(x[i]))
            sorted[s->n++] = x[i];
    }
    stats_sort(sorted, s->n);
    s->median = stats_quantile(sorted, s->n, 0.5);
    s->mean = stats_mean(sorted, s->n);
    s->min = s->n ? sorted[0] : NAN;
    s->max = s->n ? sorted[s->n - 1] : NAN;
    s->cv = stats_sd(sorted, s->n, s->mean) / fabs(s->mean);
    median_interval(s, sorted);
    if (!s->n)
        return;
    mark_outliers(s, x, rounds, sorted);
    find_trend(s, x, rounds);
}
