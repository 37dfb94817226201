/* number.c: doubles, correctly rounded in and shortest out.
 *
 * In: up to 19 digits with a small power of ten need one exact multiplication or division, since
 * both sides are doubles without error (Clinger's fast path). The rest goes to strtod, in the C
 * locale whatever the program set, on a copy of at most 800 digits: more than the 767 that can
 * matter, plus one sticky digit for all that was cut, so a megabyte of digits costs no more.
 *
 * Out: integers and short decimals, which most values are, are found by trying whether v * 10^k is
 * an integer that divides back to v. The rest tries 15, 16 and 17 significant digits. */
#include "number.h"
#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define MAX_DIGITS 800
#define EXACT_MAX (UINT64_C(1) << 53)
#define MAX_DECIMALS 9

static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* A decimal: the significant digits (no leading zeros) times a power of ten. */
struct decimal {
    char digits[MAX_DIGITS + 32]; /* room for a sticky digit and the exponent */
    size_t n;
    uint64_t value; /* of the digits, when n <= 19 */
    int64_t exponent;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static void push_digit(struct decimal *d, char c)
{
    if (d->n == 0 && c == '0')
        return;
    if (d->n < MAX_DIGITS) {
        d->digits[d->n++] = c;
        d->value = d->value * 10 + (uint64_t)(c - '0');
        return;
    }
    d->exponent++;
    if (c != '0') /* what is cut is not nothing: a tie is no tie */
        d->digits[MAX_DIGITS] = '1';
}

/* The explicit exponent, saturated far beyond what any text can balance. */
static int64_t read_exponent(const char *p, const char *end)
{
    const int64_t limit = INT64_C(1) << 40;
    bool negative = p < end && *p == '-';
    int64_t v = 0;

    if (p < end && !is_digit(*p))
        p++;
    for (; p < end; p++) {
        if (v < limit)
            v = v * 10 + (*p - '0');
    }
    return negative ? -v : v;
}

static void read_decimal(gim_str text, struct decimal *d)
{
    const char *p = text.ptr, *end = p + text.len;

    d->n = 0;
    d->value = 0;
    d->exponent = 0;
    d->digits[MAX_DIGITS] = '\0';
    p += *p == '-';
    for (; p < end && is_digit(*p); p++)
        push_digit(d, *p);
    if (p < end && *p == '.') {
        for (p++; p < end && is_digit(*p); p++) {
            d->exponent--;
            push_digit(d, *p);
        }
    }
    if (p < end)
        d->exponent += read_exponent(p + 1, end);
}

static bool fast_double(const struct decimal *d, double *out)
{
    if (d->n > 19 || d->value > EXACT_MAX || d->exponent < -22 || d->exponent > 22)
        return false;
    *out = d->exponent < 0 ? (double)d->value / powers[-d->exponent]
                           : (double)d->value * powers[d->exponent];
    return true;
}

/* newlocale of "C" gives glibc's and musl's static object: no allocation, nothing to free. */
static locale_t c_locale(void)
{
    return newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

static double slow_double(struct decimal *d)
{
    int64_t exponent = d->exponent;

    if (d->n == MAX_DIGITS && d->digits[MAX_DIGITS]) {
        d->n++;
        exponent--;
    }
    if (exponent > 9999 || exponent < -9999) /* keeps the text short; 801 digits cannot undo it */
        exponent = exponent > 0 ? 9999 : -9999;
    snprintf(d->digits + d->n, sizeof d->digits - d->n, "e%d", (int)exponent);
    return strtod_l(d->digits, NULL, c_locale());
}

bool gim_number_double(const struct gim_number *n, double *out)
{
    struct decimal d;
    double v;

    if (n->integral && n->n <= 15) {
        v = (double)n->digits;
    } else {
        read_decimal(n->text, &d);
        if (d.n == 0)
            v = 0;
        else if (!fast_double(&d, &v))
            v = slow_double(&d);
    }
    if (isinf(v))
        return false;
    *out = n->negative ? -v : v;
    return true;
}

bool gim_number_read(gim_str text, struct gim_number *out)
{
    struct gim_scan s;

    gim_scan_init(&s, text);
    return gim_scan_at_number(&s) && gim_scan_number(&s, out) && s.at == s.end;
}

/* 12.5 is 125 / 10: the digits of an integer with a point put in. */
static size_t write_decimal(char *out, uint64_t m, unsigned decimals)
{
    char digits[20];
    size_t n = gim_int_write(digits, (int64_t)m), whole;
    char *p = out;

    if (n <= decimals) {
        *p++ = '0';
        *p++ = '.';
        memset(p, '0', decimals - n);
        memcpy(p + decimals - n, digits, n);
        return 2 + decimals;
    }
    whole = n - decimals;
    memcpy(p, digits, whole);
    if (!decimals)
        return n;
    p[whole] = '.';
    memcpy(p + whole + 1, digits + whole, decimals);
    return n + 1;
}

/* Integers and short decimals below 2^53 / 10^k; 0 when `v` is none. */
static size_t write_short(char *out, double v)
{
    for (unsigned k = 0; k <= MAX_DECIMALS; k++) {
        double scaled = v * powers[k];
        uint64_t m;

        if (scaled > 1e15)
            return 0;
        m = (uint64_t)(scaled + 0.5);
        if ((double)m / powers[k] == v)
            return write_decimal(out, m, k);
    }
    return 0;
}

static size_t write_long(char *out, double v)
{
    locale_t before = uselocale(c_locale());
    int n = 0;

    for (int digits = v < DBL_MIN ? 1 : 15; digits <= 17; digits++) { /* subnormals have few */
        n = snprintf(out, GIM_NUMBER_MAX, "%.*g", digits, v);
        if (strtod(out, NULL) == v)
            break;
    }
    uselocale(before);
    return (size_t)n;
}

size_t gim_number_write(char *out, double v)
{
    char *p = out;
    size_t n;

    if (signbit(v)) {
        *p++ = '-';
        v = -v;
    }
    n = write_short(p, v);
    if (!n)
        n = write_long(p, v);
    return (size_t)(p - out) + n;
}
