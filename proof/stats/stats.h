/* stats.h: from figures of rounds to a verdict.
 *
 * The unit of replication is the round (a fresh process), never the request. Two services that ran in
 * the same round are compared in pairs: d = ln(a / b) of each round, so that what disturbed both
 * cancels. The interval is Student's t on d (it decides); a bootstrap of the median of d stands
 * beside it. Pure functions of numbers; NaN marks a round without a figure and is left out (with its
 * pair). Nothing here allocates. */
#ifndef STATS_STATS_H
#define STATS_STATS_H

#include <stdbool.h>
#include <stdint.h>

#define STATS_ROUNDS_MAX 200
#define STATS_ROUNDS_MIN 6    /* below it no 95 % interval of a median exists */
#define STATS_PRACTICAL 0.02  /* default delta: smaller differences are of no practical account */
#define STATS_RESAMPLES 10000 /* of the bootstrap */

/** Quantile of Student's t, two-sided: P(|T| <= result) = level (0 < level < 1), df >= 1. */
double stats_t_quantile(double level, int df);
/** Two-sided p-value of |T| >= t. */
double stats_t_p(double t, int df);

/** One service, one metric. */
struct stats_summary {
    int n;               /* rounds with a figure */
    double median, mean; /* NaN when n is 0 */
    double low,
        high; /* distribution-free 95 % interval of the median by order statistics; NaN below 6 */
    double level;        /* what that interval really covers, as 0.979 */
    double min, max, cv; /* cv: standard deviation over mean */
    /* By round: beyond Tukey's outer fences or MAD z > 14.8, and by 1 % of the median at least;
     * marked, never dropped. */
    bool outlier[STATS_ROUNDS_MAX];
    int outliers;
    /* The figures rise or fall over the rounds: slope of ln x, p < 0.01, by 2 % in all at least. */
    bool trend;
    double trend_percent; /* a round */
};
void stats_summarise(struct stats_summary *s, const double *x, int rounds);

/** a against b, in pairs. ratio > 1: a's figure is larger. */
struct stats_ratio {
    int n;                            /* pairs */
    double ratio, low, high;          /* exp of mean d and its 95 % t interval; NaN when n < 2 */
    double low90, high90;             /* 90 %: for "no practical difference" (TOST) */
    double boot, boot_low, boot_high; /* exp of median d and its bootstrap 95 % interval */
    double sd;                        /* of d */
    double p;                         /* that the ratio is 1 */
};
/** `seed` makes the bootstrap repeatable. */
void stats_ratio(struct stats_ratio *r, const double *a, const double *b, int rounds,
                 uint64_t seed);
/** The same with the interval at another level (after Holm): low and high only. */
void stats_ratio_interval(const struct stats_ratio *r, double level, double *low, double *high);

/** Holm's adjusted p-values of k comparisons, in place of p (order kept). NaN stay. */
void stats_holm(double *p, int k);

enum stats_word {
    STATS_NONE, /* no figures */
    STATS_REFERENCE,
    STATS_LESS, /* a's figure is smaller, beyond delta and beyond chance */
    STATS_MORE,
    STATS_SAME, /* no practical difference: the 90 % interval lies within delta */
    STATS_UNDECIDED
};
/** In words. `adjusted_p` is Holm's (p itself for one comparison). LESS and MORE need the whole 95 %
 *  interval beyond 1 by delta and adjusted_p < 0.05. `*more_rounds` (UNDECIDED): how many rounds in
 *  all it would take to tell; 0 otherwise. */
enum stats_word stats_decide(const struct stats_ratio *r, double adjusted_p, double delta,
                             int *more_rounds);

/** splitmix64, for seeded simulation and shuffles. */
uint64_t stats_random(uint64_t *state);
double stats_uniform(uint64_t *state); /* [0, 1) */
double stats_normal(uint64_t *state);

#endif
