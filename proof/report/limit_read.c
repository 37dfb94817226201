/* limit_read.c: `proof diff --fail-if`: SERVICE.METRIC, '>' or '<', VALUE. The unit of the value is kept
 * beside it, so that a limit in the wrong unit is found when the metric is known. */
#include "../load/values.h"
#include "compare.h"
#include <stdio.h>

static const struct {
    const char *name;
    enum compare_limit_unit unit;
    double factor;
} units[] = {
    {"x", LIMIT_RELATIVE, 1}, {"", LIMIT_PLAIN, 1},       {"/s", LIMIT_PLAIN, 1},
    {"ns", LIMIT_TIME, 1},    {"us", LIMIT_TIME, 1e3},    {"\xc2\xb5s", LIMIT_TIME, 1e3},
    {"ms", LIMIT_TIME, 1e6},  {"s", LIMIT_TIME, 1e9},     {"B", LIMIT_BYTES, 1},
    {"kB", LIMIT_BYTES, 1e3}, {"KB", LIMIT_BYTES, 1e3},   {"MB", LIMIT_BYTES, 1e6},
    {"GB", LIMIT_BYTES, 1e9}, {"KiB", LIMIT_BYTES, 1024}, {"MiB", LIMIT_BYTES, 1048576},
};

/* "1.05x": a number, then a row of the table. */
static int read_value(gim_str s, struct compare_limit *l)
{
    gim_str number = s, unit;

    while (number.len && !strchr("0123456789.", number.ptr[number.len - 1]))
        number.len--;
    unit = gim_str_trim((gim_str){s.ptr + number.len, s.len - number.len});
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (!gim_str_eq(unit, gim_str_of(units[i].name)))
            continue;
        l->unit = units[i].unit;
        l->relative = l->unit == LIMIT_RELATIVE;
        if (value_float(gim_str_trim(number), &l->value) || l->value < 0)
            return -1;
        l->value *= units[i].factor;
        return 0;
    }
    return -1;
}

static int wrong(char *err, size_t err_len, const char *text, const char *what)
{
    snprintf(
        err, err_len,
        "'%.80s': %s; a limit is SERVICE.METRIC > VALUE (or <), such as "
        "'posts.cpu_per_request.c64 > 1.05x', 'posts.p99.open50 > 5ms' or 'posts.rss.start > 2MB'",
        text, what);
    return -1;
}

int compare_limit_read(struct compare_limit *l, const char *text, char *err, size_t err_len)
{
    gim_str value = gim_str_of(text), name;
    size_t at = strcspn(text, "<>");

    *l = (struct compare_limit){.above = text[at] == '>'};
    if (strlen(text) >= sizeof l->text)
        return wrong(err, err_len, text, "it is longer than 95 characters");
    if (!text[at])
        return wrong(err, err_len, text, "there is no > or <");
    snprintf(l->text, sizeof l->text, "%s", text);
    name = gim_str_trim(gim_str_cut(&value, text[at]));
    l->metric = name;
    l->service = gim_str_cut(&l->metric, '.');
    if (!l->service.len || !l->metric.len)
        return wrong(err, err_len, text, "there is no SERVICE.METRIC before the sign");
    if (read_value(gim_str_trim(value), l))
        return wrong(err, err_len, text, "the value cannot be read");
    return 0;
}
