/* numbers.h: what the parts of the statistics share. */
#ifndef STATS_NUMBERS_H
#define STATS_NUMBERS_H

#include "stats.h"

/** Never more than there is room for. */
static inline int stats_rounds(int rounds)
{
    return rounds < STATS_ROUNDS_MAX ? rounds : STATS_ROUNDS_MAX;
}
/** Rising. */
void stats_sort(double *x, int n);
/** Of sorted numbers, 0 <= share <= 1, between two by their distance; NaN of none. */
double stats_quantile(const double *sorted, int n, double share);
double stats_mean(const double *x, int n);
/** Of the sample (n - 1); NaN below two. 0 when all are equal. */
double stats_sd(const double *x, int n, double mean);

#endif
