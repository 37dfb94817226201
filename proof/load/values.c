/* values.c: numbers, durations and rates from their texts.
 *
 * The syntax is that of Go's strconv and time.ParseDuration, because hey's users write it: a duration
 * is a sequence of numbers each with its unit, "1m30s", "1.5h"; a bare number is none, except 0.
 * Nothing is rounded or cut: what is not wholly understood is refused. */
#include "values.h"
#include <math.h>
#include <stdlib.h>

#define LONGEST_FLOAT 63

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

int value_int(gim_str s, int64_t *out)
{
    if (s.len > 1 && s.ptr[0] == '+' && is_digit(s.ptr[1])) {
        s.ptr++;
        s.len--;
    }
    return gim_str_to_int(s, out);
}

/* strtod takes more than we want: white space, hexadecimal, "inf", "nan". */
static bool looks_decimal(gim_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (!is_digit(s.ptr[i]) && !memchr("+-.eE", s.ptr[i], 5))
            return false;
    }
    return s.len > 0 && s.len <= LONGEST_FLOAT;
}

int value_float(gim_str s, double *out)
{
    char text[LONGEST_FLOAT + 1] = "";
    char *end;
    double v;

    if (!looks_decimal(s))
        return -1;
    memcpy(text, s.ptr, s.len);
    v = strtod(text, &end);
    if (*end || end == text || !isfinite(v))
        return -1;
    *out = v;
    return 0;
}

int value_bool(gim_str s, bool *out)
{
    static const char *const words[] = {"0",     "1",    "f",     "t",    "F",     "T",
                                        "false", "true", "FALSE", "TRUE", "False", "True"};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (gim_str_eq(s, gim_str_of(words[i]))) {
            *out = i & 1;
            return 0;
        }
    }
    return -1;
}

/* ---- durations ------------------------------------------------------------------------------ */

static const struct {
    const char *name;
    int64_t ns;
} units[] = {
    {"ns", 1},       {"us", 1000},      {"\xc2\xb5s", 1000}, {"\xce\xbcs", 1000},
    {"ms", 1000000}, {"s", 1000000000}, {"m", 60000000000},  {"h", 3600000000000},
};

static gim_str take(gim_str *s, size_t n)
{
    gim_str head = {s->ptr, n};

    s->ptr += n;
    s->len -= n;
    return head;
}

static size_t digits_of(gim_str s)
{
    size_t n = 0;

    while (n < s.len && is_digit(s.ptr[n]))
        n++;
    return n;
}

/* The unit ends where the next number begins. */
static int64_t take_unit(gim_str *s)
{
    size_t n = 0;
    gim_str name;

    while (n < s->len && !is_digit(s->ptr[n]) && s->ptr[n] != '.')
        n++;
    name = take(s, n);
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (gim_str_eq(name, gim_str_of(units[i].name)))
            return units[i].ns;
    }
    return 0;
}

/* ".75" of a unit. Digits below a nanosecond do not count. */
static int64_t fraction_of(gim_str digits, int64_t unit)
{
    int64_t ns = 0;

    for (size_t i = 0; i < digits.len && unit > 0; i++) {
        ns += unit * (digits.ptr[i] - '0') / 10;
        unit /= 10;
    }
    return ns;
}

static int add(int64_t *ns, int64_t more)
{
    if (more > INT64_MAX - *ns)
        return -1;
    *ns += more;
    return 0;
}

/* "1m", "1.5h", ".5s": a number and its unit, added to *ns. */
static int add_part(gim_str *s, int64_t *ns)
{
    gim_str whole = take(s, digits_of(*s));
    gim_str fraction = {0};
    int64_t n = 0;
    int64_t unit;

    if (s->len && s->ptr[0] == '.') {
        take(s, 1);
        fraction = take(s, digits_of(*s));
    }
    if (!whole.len && !fraction.len)
        return -1;
    unit = take_unit(s);
    if (!unit || (whole.len && gim_str_to_int(whole, &n)) || n > INT64_MAX / unit)
        return -1;
    return add(ns, n * unit) || add(ns, fraction_of(fraction, unit)) ? -1 : 0;
}

int value_duration(gim_str s, int64_t *ns)
{
    bool negative = s.len && s.ptr[0] == '-';
    int64_t sum = 0;

    if (s.len && (negative || s.ptr[0] == '+'))
        take(&s, 1);
    if (!s.len)
        return -1;
    if (!gim_str_eq(s, GIM_S("0"))) {
        while (s.len) {
            if (add_part(&s, &sum))
                return -1;
        }
    }
    *ns = negative ? -sum : sum;
    return 0;
}

int value_rate(gim_str s, double *per_second)
{
    gim_str number = gim_str_cut(&s, '/');
    double seconds = !s.ptr                      ? 1
                     : gim_str_eq(s, GIM_S("s")) ? 1
                     : gim_str_eq(s, GIM_S("m")) ? 60
                     : gim_str_eq(s, GIM_S("h")) ? 3600
                                                 : 0;
    double v;

    if (seconds == 0 || value_float(number, &v))
        return -1;
    *per_second = v / seconds;
    return 0;
}
