/* limit.c: reading --fail-if: FIGURE, '>' or '<', VALUE. Each figure has its own kind of value, so a
 * forgotten unit ("p99>5") is found here and not after the run. */
#include "limit.h"
#include "values.h"
#include <stdio.h>

enum unit {
    UNIT_TIME,
    UNIT_COUNT,
    UNIT_SHARE,
    UNIT_RATE
};

static const struct {
    const char *name;
    enum plan_figure what;
    enum unit unit;
} figures[] = {
    {"mean", LIMIT_MEAN, UNIT_TIME},      {"max", LIMIT_MAX, UNIT_TIME},
    {"errors", LIMIT_ERRORS, UNIT_COUNT}, {"error_rate", LIMIT_ERROR_RATE, UNIT_SHARE},
    {"rate", LIMIT_RATE, UNIT_RATE},
};

static const char *const expected[] = {
    [UNIT_TIME] = "a time with its unit, such as 5ms",
    [UNIT_COUNT] = "a whole number, such as 0",
    [UNIT_SHARE] = "a share from 0 to 100%, such as 1%",
    [UNIT_RATE] = "a number of requests a second, such as 1000",
};

static int read_share(gim_str s, double *out)
{
    bool percent = s.len && s.ptr[s.len - 1] == '%';

    s.len -= percent;
    if (value_float(s, out))
        return -1;
    *out /= percent ? 100 : 1;
    return *out >= 0 && *out <= 1 ? 0 : -1;
}

static int read_value(enum unit unit, gim_str s, double *out)
{
    int64_t whole;
    int bad;

    switch (unit) {
    case UNIT_SHARE:
        return read_share(s, out);
    case UNIT_RATE:
        return value_rate(s, out) || *out < 0 ? -1 : 0;
    case UNIT_TIME:
        bad = value_duration(s, &whole);
        break;
    default:
        bad = value_int(s, &whole);
        break;
    }
    if (bad || whole < 0)
        return -1;
    *out = (double)whole;
    return 0;
}

/* "p99.9" or a name of the table. */
static int read_figure(gim_str name, struct plan_limit *l, enum unit *unit)
{
    gim_str number = {name.ptr + 1, name.len - 1};

    for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++) {
        if (!gim_str_eq(name, gim_str_of(figures[i].name)))
            continue;
        l->what = figures[i].what;
        *unit = figures[i].unit;
        return 0;
    }
    l->what = LIMIT_PERCENTILE;
    *unit = UNIT_TIME;
    if (name.len < 2 || name.ptr[0] != 'p' || value_float(number, &l->percentile))
        return -1;
    return l->percentile > 0 && l->percentile < 100 ? 0 : -1;
}

int limit_parse(const char *text, struct plan_limit *out, char *why, size_t why_len)
{
    gim_str value = gim_str_of(text);
    size_t at = strcspn(text, "<>");
    struct plan_limit l = {.above = text[at] == '>'};
    enum unit unit = UNIT_TIME;
    gim_str name;

    if (strlen(text) >= sizeof l.text) {
        snprintf(why, why_len, "a limit has less than %zu characters", sizeof l.text);
        return -1;
    }
    if (!text[at]) {
        snprintf(why, why_len, "expected FIGURE>VALUE or FIGURE<VALUE, such as 'p99>5ms'");
        return -1;
    }
    snprintf(l.text, sizeof l.text, "%s", text);
    name = gim_str_trim(gim_str_cut(&value, text[at]));
    value = gim_str_trim(value);
    if (read_figure(name, &l, &unit)) {
        snprintf(why, why_len,
                 "'%.*s' is none of p50 to p99.99, mean, max, errors, error_rate, rate",
                 GIM_FMT(name));
        return -1;
    }
    if (read_value(unit, value, &l.value)) {
        snprintf(why, why_len, "expected %s after '%c'", expected[unit], text[at]);
        return -1;
    }
    *out = l;
    return 0;
}
