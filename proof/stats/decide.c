/* decide.c: from an interval to a word.
 *
 * A difference is called when it is beyond chance and beyond delta, below which nobody would care;
 * sameness is called when the 90 % interval lies within delta (two one-sided tests of 5 %). All
 * between is undecided, and then the reader is told how many rounds would do. */
#include "stats.h"
#include <math.h>

#define ALPHA 0.05
#define ROUNDS_SAID_MAX 1000000

/* The smallest p that was not adjusted yet; adjusted ones carry a minus sign. */
static int next_smallest(const double *p, int k)
{
    int found = -1;

    for (int i = 0; i < k; i++) {
        if (!isnan(p[i]) && !signbit(p[i]) && (found < 0 || p[i] < p[found]))
            found = i;
    }
    return found;
}

void stats_holm(double *p, int k)
{
    double last = 0;
    int left = 0, i;

    for (i = 0; i < k; i++)
        left += !isnan(p[i]);
    while ((i = next_smallest(p, k)) >= 0) {
        last = fmin(1, fmax(last, left-- * p[i]));
        p[i] = copysign(last, -1);
    }
    for (i = 0; i < k; i++)
        p[i] = fabs(p[i]);
}

/* The interval must be narrow enough to lie on one side of delta, where its middle lies already. */
static int rounds_needed(const struct stats_ratio *r, double delta)
{
    double distance = fabs(fabs(log(r->ratio)) - log1p(delta));
    double half = stats_t_quantile(1 - ALPHA, r->n - 1) * r->sd;
    double rounds = distance > 0 ? half * half / (distance * distance) : ROUNDS_SAID_MAX;

    rounds = fmin(ceil(rounds), ROUNDS_SAID_MAX);
    return rounds > r->n ? (int)rounds : r->n + 1;
}

enum stats_word stats_decide(const struct stats_ratio *r, double adjusted_p, double delta,
                             int *more_rounds)
{
    *more_rounds = 0;
    if (r->n < 1)
        return STATS_NONE;
    if (r->n < 2) {
        *more_rounds = STATS_ROUNDS_MIN;
        return STATS_UNDECIDED;
    }
    if (adjusted_p < ALPHA && r->high < 1 / (1 + delta))
        return STATS_LESS;
    if (adjusted_p < ALPHA && r->low > 1 + delta)
        return STATS_MORE;
    if (r->low90 >= 1 / (1 + delta) && r->high90 <= 1 + delta)
        return STATS_SAME;
    *more_rounds = rounds_needed(r, delta);
    return STATS_UNDECIDED;
}
