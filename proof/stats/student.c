/* student.c: Student's t, by the regularised incomplete beta function:
 *
 *     P(|T| >= t) = I(x; df/2, 1/2),  x = df / (df + t^2)
 *
 * I is a continued fraction (DLMF 8.17.22), worked out by Lentz's method, which converges quickly
 * below the mean of the distribution; above it, I(x; a, b) = 1 - I(1 - x; b, a) does. The quantile
 * is found by halving: it is asked a few hundred times a report, so it may be slow but never lost. */
#include "stats.h"
#include <math.h>

#define TERMS 500
#define TINY 1e-300
#define HALVINGS 200
#define T_MAX 1e12

static double not_zero(double v)
{
    return fabs(v) < TINY ? TINY : v;
}

static double fraction(double x, double a, double b)
{
    double c = 1, d = 1 / not_zero(1 - (a + b) * x / (a + 1)), f = d;

    for (int m = 1; m < TERMS; m++) {
        double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        double step;

        d = 1 / not_zero(1 + even * d);
        c = not_zero(1 + even / c);
        f *= d * c;
        d = 1 / not_zero(1 + odd * d);
        c = not_zero(1 + odd / c);
        step = d * c;
        f *= step;
        if (fabs(step - 1) < 1e-15)
            break;
    }
    return f;
}

/* I(x; a, b); `y` is 1 - x, given apart because near 1 the difference is all that counts. */
static double incomplete_beta(double x, double y, double a, double b)
{
    double front;

    if (x <= 0)
        return 0;
    if (y <= 0)
        return 1;
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log(y));
    if (x < (a + 1) / (a + b + 2))
        return front * fraction(x, a, b) / a;
    return 1 - front * fraction(y, b, a) / b;
}

double stats_t_p(double t, int df)
{
    double squared = t * t, whole = df + squared;

    if (df < 1 || isnan(t))
        return NAN;
    if (isinf(squared))
        return 0;
    return incomplete_beta(df / whole, squared / whole, df / 2.0, 0.5);
}

double stats_t_quantile(double level, int df)
{
    double low = 0, high = 1, p = 1 - level;

    if (df < 1 || !(level > 0 && level < 1))
        return NAN;
    while (high < T_MAX && stats_t_p(high, df) > p)
        high *= 2;
    for (int i = 0; i < HALVINGS && high - low > 1e-14 * high; i++) {
        double middle = (low + high) / 2;

        if (stats_t_p(middle, df) > p)
            low = middle;
        else
            high = middle;
    }
    return (low + high) / 2;
}
