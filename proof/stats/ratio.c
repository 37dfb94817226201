/* ratio.c: two services in pairs of rounds.
 *
 * What disturbs a round disturbs both, so the logarithm of their ratio, round by round, is free of
 * it: with 8 % of shared drift and 3 % of noise, ten rounds give an interval 6 % wide where
 * unpaired figures give 17 %. Student's t on those logarithms decides. The bootstrap beside it
 * assumes no normal distribution; where the two disagree, the rounds are too few or too odd.
 *
 * A resample is drawn as counts over the sorted logarithms, so its median is found by counting up
 * to the middle, not by sorting. */
#include "numbers.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LEVEL 0.95
#define LEVEL_TOST 0.90

/* The k-th smallest (from 0) of a resample. */
static int at_rank(const int *counts, int k)
{
    int i = 0;

    while (k >= counts[i])
        k -= counts[i++];
    return i;
}

static double resampled_median(const double *sorted, int n, uint64_t *random)
{
    int counts[STATS_ROUNDS_MAX];

    memset(counts, 0, (size_t)n * sizeof *counts);
    for (int i = 0; i < n; i++)
        counts[(stats_random(random) >> 32) * (uint64_t)n >> 32]++;
    return (sorted[at_rank(counts, (n - 1) / 2)] + sorted[at_rank(counts, n / 2)]) / 2;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void bootstrap(struct stats_ratio *r, double *d, uint64_t seed)
{
    double medians[STATS_RESAMPLES];

    stats_sort(d, r->n);
    r->boot = exp(stats_quantile(d, r->n, 0.5));
    if (r->n < 2)
        return;
    for (int i = 0; i < STATS_RESAMPLES; i++)
        medians[i] = resampled_median(d, r->n, &seed);
    qsort(medians, STATS_RESAMPLES, sizeof *medians, by_value);
    r->boot_low = exp(stats_quantile(medians, STATS_RESAMPLES, (1 - LEVEL) / 2));
    r->boot_high = exp(stats_quantile(medians, STATS_RESAMPLES, (1 + LEVEL) / 2));
}

static int pair_up(double *d, const double *a, const double *b, int rounds)
{
    int n = 0;

    for (int i = 0; i < rounds; i++) {
        double both = a[i] > 0 && b[i] > 0 ? log(a[i] / b[i]) : NAN;

        if (isfinite(both))
            d[n++] = both;
    }
    return n;
}

void stats_ratio_interval(const struct stats_ratio *r, double level, double *low, double *high)
{
    double half = stats_t_quantile(level, r->n - 1) * r->sd / sqrt(r->n);

    *low = r->ratio * exp(-half);
    *high = r->ratio * exp(half);
}

/* Figures without any spread leave nothing to chance. */
static double p_of(const struct stats_ratio *r, double mean)
{
    if (r->n < 2)
        return NAN;
    if (r->sd == 0)
        return mean == 0 ? 1 : 0;
    return stats_t_p(mean / (r->sd / sqrt(r->n)), r->n - 1);
}

void stats_ratio(struct stats_ratio *r, const double *a, const double *b, int rounds, uint64_t seed)
{
    double d[STATS_ROUNDS_MAX], mean;

    *r = (struct stats_ratio){.boot_low = NAN, .boot_high = NAN};
    r->n = pair_up(d, a, b, stats_rounds(rounds));
    mean = stats_mean(d, r->n);
    r->sd = stats_sd(d, r->n, mean);
    r->ratio = exp(mean);
    r->p = p_of(r, mean);
    stats_ratio_interval(r, LEVEL, &r->low, &r->high);
    stats_ratio_interval(r, LEVEL_TOST, &r->low90, &r->high90);
    bootstrap(r, d, seed);
}
