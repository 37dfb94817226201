/* numbers.c: see numbers.h. Numbers come in tens, two hundred at most: the sort that is right at a
 * glance is fast enough. */
#include "numbers.h"
#include <math.h>

void stats_sort(double *x, int n)
{
    for (int i = 1; i < n; i++) {
        double v = x[i];
        int k = i;

        for (; k > 0 && x[k - 1] > v; k--)
            x[k] = x[k - 1];
        x[k] = v;
    }
}

double stats_quantile(const double *sorted, int n, double share)
{
    double at = share * (n - 1), part;
    int i = (int)at;

    if (n < 1)
        return NAN;
    part = at - i;
    return part > 0 && i + 1 < n ? sorted[i] + part * (sorted[i + 1] - sorted[i]) : sorted[i];
}

double stats_mean(const double *x, int n)
{
    double sum = 0, rest = 0;

    if (n < 1)
        return NAN;
    for (int i = 0; i < n; i++)
        sum += x[i];
    sum /= n;
    for (int i = 0; i < n; i++) /* what rounding took: equal numbers have exactly their mean */
        rest += x[i] - sum;
    return sum + rest / n;
}

double stats_sd(const double *x, int n, double mean)
{
    double squares = 0;

    if (n < 2)
        return NAN;
    for (int i = 0; i < n; i++)
        squares += (x[i] - mean) * (x[i] - mean);
    return sqrt(squares / (n - 1));
}
