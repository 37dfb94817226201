/* results_read.c: results.json, read back: what results_json.c writes, and nothing assumed of it.
 *
 * The file may have been cut, edited or made by another program, so every member is looked at: its
 * type, its range, and that the parts agree (figures of metrics that are listed, as many as there
 * are rounds, histograms that add up). The first fault is told, with the member's place, and ends
 * it: all that comes after reads nothing, which keeps the code free of error paths. Members that
 * are not known are left alone. */
#include "results_fields.h"
#include "../stats/stats.h"
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define FILE_MAX ((size_t)256 << 20)
#define SERVICES_MAX 64
#define METRICS_MAX 400
#define LOADS_MAX 40
#define LIST_MAX 100000 /* of the rest */

struct reader {
    struct compare_results *r;
    const char *file;
    char *err;
    size_t err_len;
    bool failed;
    char where[240]; /* "services[2].checks[0]." */
    size_t where_len;
};

/* ---- places and faults ------------------------------------------------------------------------ */

/* Goes into a member; what it returns leads out again. */
GIM_PRINTF(2, 3)
static size_t enter(struct reader *d, const char *fmt, ...)
{
    size_t before = d->where_len, room = sizeof d->where - before;
    va_list args;
    int len;

    va_start(args, fmt);
    len = vsnprintf(d->where + before, room, fmt, args);
    va_end(args);
    d->where_len += len < 0 ? 0 : (size_t)len < room ? (size_t)len : room - 1;
    return before;
}

static void leave(struct reader *d, size_t before)
{
    d->where_len = before;
    d->where[before] = '\0';
}

static const char *type_name(gim_json v)
{
    static const char *const names[] = {
        [GIM_JSON_NONE] = "nothing",       [GIM_JSON_NULL] = "null",
        [GIM_JSON_BOOL] = "true or false", [GIM_JSON_NUMBER] = "a number",
        [GIM_JSON_STRING] = "a text",      [GIM_JSON_ARRAY] = "a list",
        [GIM_JSON_OBJECT] = "an object",
    };

    return names[gim_json_type(v)];
}

/* "results.json: services[2].name: expected a text, got nothing". Scalars are shown as they are. */
static void fault(struct reader *d, const char *name, const char *expected, gim_json got)
{
    bool scalar = gim_json_type(got) == GIM_JSON_NUMBER || gim_json_type(got) == GIM_JSON_STRING ||
                  gim_json_type(got) == GIM_JSON_BOOL;
    size_t where = strlen(d->where);

    if (d->failed)
        return;
    d->failed = true;
    if (!*name && where && d->where[where - 1] == '.')
        where--;
    snprintf(d->err, d->err_len, "%s: %.*s%s: expected %s, got %.*s", d->file, (int)where, d->where,
             name, expected, scalar && got.text.len < 60 ? (int)got.text.len : 60,
             scalar ? got.text.ptr : type_name(got));
}

/* ---- plain members ----------------------------------------------------------------------------- */

static bool take_long(gim_json v, int64_t most, int64_t *out)
{
    int64_t n;

    if (!gim_json_int(v, &n) || n < 0 || n > most)
        return false;
    *out = n;
    return true;
}

static bool take_text(struct reader *d, gim_json v, gim_str *out)
{
    gim_str text;

    if (gim_json_type(v) == GIM_JSON_NULL) {
        *out = (gim_str){0};
        return true;
    }
    if (!gim_json_str(v, &d->r->memory, &text))
        return false;
    *out = gim_dup(&d->r->memory, text);
    return true;
}

static bool take_seed(gim_json v, uint64_t *out)
{
    gim_str digits = v.text;
    uint64_t seed = 0;

    if (gim_json_type(v) != GIM_JSON_STRING || digits.len < 3)
        return false;
    for (size_t i = 1; i + 1 < digits.len; i++) {
        uint64_t digit = (uint64_t)(unsigned char)digits.ptr[i] - '0';

        if (digit > 9 || __builtin_mul_overflow(seed, 10, &seed) ||
            __builtin_add_overflow(seed, digit, &seed))
            return false;
    }
    *out = seed;
    return true;
}

static bool take_word(gim_json v, const char *const *words, int *out)
{
    if (gim_json_type(v) != GIM_JSON_STRING)
        return false;
    for (int i = 0; words[i]; i++) {
        gim_str quoted = {v.text.ptr + 1, v.text.len - 2};

        if (gim_str_eq(quoted, gim_str_of(words[i]))) {
            *out = i;
            return true;
        }
    }
    return false;
}

/* Also null, which is how JSON has NaN. */
static bool take_double(gim_json v, double *out)
{
    if (gim_json_type(v) != GIM_JSON_NULL)
        return gim_json_double(v, out);
    *out = NAN;
    return true;
}

static bool take_field(struct reader *d, const struct results_field *f, gim_json v, void *at)
{
    int64_t n = 0;

    switch (f->kind) {
    case RESULTS_TEXT:
        return take_text(d, v, at);
    case RESULTS_INT:
        if (!take_long(v, INT32_MAX, &n))
            return false;
        *(int *)at = (int)n;
        return true;
    case RESULTS_LONG:
        return take_long(v, INT64_MAX, at);
    case RESULTS_ULONG:
        if (!take_long(v, INT64_MAX, &n))
            return false;
        *(uint64_t *)at = (uint64_t)n;
        return true;
    case RESULTS_SEED:
        return take_seed(v, at);
    case RESULTS_REAL:
        return take_double(v, at);
    case RESULTS_TRUTH:
        return gim_json_bool(v, at);
    case RESULTS_WORD:
        return take_word(v, f->words, at);
    }
    return false;
}

/* "one of ran, skipped, failed" */
static void word_fault(struct reader *d, const struct results_field *f, gim_json v)
{
    char expected[160];
    size_t len = (size_t)snprintf(expected, sizeof expected, "one of");

    for (int i = 0; f->words[i] && len < sizeof expected; i++)
        len += (size_t)snprintf(expected + len, sizeof expected - len, "%s %s", i ? "," : "",
                                f->words[i]);
    fault(d, f->name, expected, v);
}

static void take_fields(struct reader *d, const struct results_field *f, gim_json v, void *object)
{
    static const char *const expected[] = {
        [RESULTS_TEXT] = "a text",
        [RESULTS_INT] = "a whole number from 0 on",
        [RESULTS_LONG] = "a whole number from 0 on",
        [RESULTS_ULONG] = "a whole number from 0 on",
        [RESULTS_SEED] = "digits as a text",
        [RESULTS_REAL] = "a number",
        [RESULTS_TRUTH] = "true or false",
    };

    for (; f->name && !d->failed; f++) {
        gim_json member = gim_json_get(v, gim_str_of(f->name));

        if (take_field(d, f, member, (char *)object + f->offset))
            continue;
        if (f->kind == RESULTS_WORD)
            word_fault(d, f, member);
        else
            fault(d, f->name, expected[f->kind], member);
    }
}

/* ---- lists ------------------------------------------------------------------------------------- */

/* The list of that name with 0 to `most` elements; what is none reads as empty. */
static gim_json take_list(struct reader *d, gim_json v, const char *name, size_t most, size_t *n)
{
    gim_json list = gim_json_get(v, gim_str_of(name));
    char expected[60];

    *n = 0;
    if (d->failed)
        return (gim_json){0};
    if (gim_json_type(list) == GIM_JSON_ARRAY && (*n = gim_json_len(list)) <= most)
        return list;
    *n = 0;
    snprintf(expected, sizeof expected, "a list of at most %zu", most);
    fault(d, name, expected, list);
    return (gim_json){0};
}

/* Structs of plain members: n * size bytes in the arena. */
static void *take_structs(struct reader *d, gim_json v, const char *name, size_t most,
                          const struct results_field *fields, size_t size, size_t *n)
{
    gim_json list = take_list(d, v, name, most, n);
    char *items = gim_alloc_n(&d->r->memory, *n + 1, size);
    struct gim_json_iter it = {0};

    for (size_t i = 0; gim_json_next(list, &it); i++) {
        size_t before = enter(d, "%s[%zu].", name, i);

        take_fields(d, fields, it.value, items + i * size);
        leave(d, before);
    }
    return items;
}

/* Exactly n numbers, or nulls. */
static void take_values(struct reader *d, gim_json v, double *out, int n)
{
    gim_json list = gim_json_get(v, GIM_S("values"));
    struct gim_json_iter it = {0};
    char expected[80];
    bool good = gim_json_type(list) == GIM_JSON_ARRAY && gim_json_len(list) == (size_t)n;

    for (int i = 0; good && gim_json_next(list, &it); i++)
        good = take_double(it.value, &out[i]);
    if (good)
        return;
    snprintf(expected, sizeof expected, "a list of %d numbers or nulls, as rounds_planned says", n);
    fault(d, "values", expected, list);
}

static void take_figures(struct reader *d, gim_json service, size_t i)
{
    gim_json figures = gim_json_get(service, GIM_S("figures"));
    struct gim_json_iter it = {0};

    if (gim_json_type(figures) != GIM_JSON_OBJECT)
        fault(d, "figures", "an object", figures);
    while (!d->failed && gim_json_next(figures, &it)) {
        size_t before = enter(d, "figures.%.*s.", (int)it.name.text.len - 2, it.name.text.ptr + 1);
        gim_str id;
        int metric = gim_json_str(it.name, &d->r->memory, &id) ? results_metric(d->r, id) : -1;

        if (metric < 0)
            fault(d, "", "the id of one of `metrics`", it.name);
        else
            take_values(d, it.value, results_at(d->r, i, (size_t)metric), d->r->rounds_planned);
        leave(d, before);
    }
}

/* ---- histograms -------------------------------------------------------------------------------- */

static bool take_cell(struct gim_histogram *h, gim_json cell, uint64_t *total, int64_t *last)
{
    struct gim_json_iter it = {0};
    int64_t n[3] = {0};

    if (gim_json_type(cell) != GIM_JSON_ARRAY || gim_json_len(cell) != 3)
        return false;
    for (int i = 0; gim_json_next(cell, &it); i++) {
        if (!take_long(it.value, INT64_MAX, &n[i]))
            return false;
    }
    if (n[0] <= *last || n[2] < 1 || gim_histogram_put(h, n[0], n[1], (uint64_t)n[2]))
        return false;
    *last = n[1];
    *total += (uint64_t)n[2];
    return *total <= INT64_MAX;
}

/* Whether what is told beside the cells can be of them: a histogram is walked from its smallest to
 * its largest, which must lie in the first cell and the last. */
static bool adds_up(const struct gim_histogram *h, uint64_t total)
{
    int64_t low, high, first_low = -1, first_high = -1;
    uint64_t count;
    uint32_t at = 0;

    while (gim_histogram_next(h, &at, &low, &high, &count)) {
        if (first_low < 0) {
            first_low = low;
            first_high = high;
        }
    }
    return total > 0 && h->total == total && h->over <= total && h->min >= first_low &&
           h->min <= first_high && h->max >= low && h->max <= high && h->min <= h->max &&
           h->sum >= 0 && h->sum_squares >= 0;
}

static void take_histogram(struct reader *d, gim_json v, struct gim_histogram *h)
{
    struct gim_json_iter it = {0};
    gim_json cells;
    uint64_t total = 0;
    int64_t last = -1;
    size_t n;

    take_fields(d, results_histogram_fields, v, h);
    cells = take_list(d, v, "cells", GIM_HISTOGRAM_CELLS, &n);
    for (size_t i = 0; !d->failed && gim_json_next(cells, &it); i++) {
        size_t before = enter(d, "cells[%zu]", i);

        if (!take_cell(h, it.value, &total, &last))
            fault(d, "", "[lowest, highest, count] of a cell, rising", it.value);
        leave(d, before);
    }
    if (!d->failed && !adds_up(h, total))
        fault(d, "cells", "as many values as `count`, from `min_ns` to `max_ns`", cells);
}

static int load_of(const struct compare_results *r, gim_str id)
{
    for (size_t i = 0; i < r->n_loads; i++) {
        if (gim_str_eq(r->loads[i].id, id))
            return (int)i;
    }
    return -1;
}

static void take_latency(struct reader *d, gim_json service, struct results_service *s)
{
    gim_json latency = gim_json_get(service, GIM_S("latency"));
    struct gim_json_iter it = {0};

    s->latency = GIM_NEW_N(&d->r->memory, struct gim_histogram *, d->r->n_loads + 1);
    if (gim_json_type(latency) != GIM_JSON_OBJECT)
        fault(d, "latency", "an object", latency);
    while (!d->failed && gim_json_next(latency, &it)) {
        size_t before = enter(d, "latency.%.*s.", (int)it.name.text.len - 2, it.name.text.ptr + 1);
        gim_str id;
        int load = gim_json_str(it.name, &d->r->memory, &id) ? load_of(d->r, id) : -1;

        if (load < 0) {
            fault(d, "", "the id of one of `loads`", it.name);
        } else {
            s->latency[load] = GIM_NEW(&d->r->memory, struct gim_histogram);
            take_histogram(d, it.value, s->latency[load]);
        }
        leave(d, before);
    }
}

/* ---- the whole --------------------------------------------------------------------------------- */

static void take_services(struct reader *d, gim_json root)
{
    struct compare_results *r = d->r;
    gim_json list = take_list(d, root, "services", SERVICES_MAX, &r->n_services);
    size_t n = r->n_services * r->n_metrics * (size_t)r->rounds_planned;
    struct gim_json_iter it = {0};

    r->services = GIM_NEW_N(&r->memory, struct results_service, r->n_services + 1);
    r->values = GIM_NEW_N(&r->memory, double, n + 1);
    for (size_t i = 0; i < n; i++)
        r->values[i] = NAN;
    for (size_t i = 0; !d->failed && gim_json_next(list, &it); i++) {
        struct results_service *s = &r->services[i];
        size_t before = enter(d, "services[%zu].", i);

        take_fields(d, results_service_fields, it.value, s);
        s->checks = take_structs(d, it.value, "checks", LIST_MAX, results_check_fields,
                                 sizeof *s->checks, &s->n_checks);
        take_figures(d, it.value, i);
        take_latency(d, it.value, s);
        leave(d, before);
    }
}

/* Each row has every service once. */
static bool take_order_row(const struct reader *d, gim_json row, int *out)
{
    struct gim_json_iter it = {0};
    bool seen[SERVICES_MAX] = {false};
    int64_t service;

    if (gim_json_type(row) != GIM_JSON_ARRAY || gim_json_len(row) != d->r->n_services)
        return false;
    for (size_t i = 0; gim_json_next(row, &it); i++) {
        if (!take_long(it.value, (int64_t)d->r->n_services - 1, &service) || seen[service])
            return false;
        seen[service] = true;
        out[i] = (int)service;
    }
    return true;
}

static void take_order(struct reader *d, gim_json root)
{
    struct compare_results *r = d->r;
    size_t n;
    gim_json list = take_list(d, root, "order", STATS_ROUNDS_MAX, &n);
    struct gim_json_iter it = {0};

    r->order = GIM_NEW_N(&r->memory, int, r->n_services *(size_t)r->rounds_planned + 1);
    if (!d->failed && n != (size_t)r->rounds)
        fault(d, "order", "a row for each of `rounds`", list);
    for (size_t i = 0; !d->failed && gim_json_next(list, &it); i++) {
        size_t before = enter(d, "order[%zu]", i);

        if (!take_order_row(d, it.value, r->order + i * r->n_services))
            fault(d, "", "the number of each service once, from 0", it.value);
        leave(d, before);
    }
}

static void take_rounds(struct reader *d, gim_json root)
{
    struct compare_results *r = d->r;

    if (d->failed)
        return;
    if (r->rounds_planned > STATS_ROUNDS_MAX)
        fault(d, "rounds_planned", "at most 200", gim_json_get(root, GIM_S("rounds_planned")));
    else if (r->rounds > r->rounds_planned)
        fault(d, "rounds", "at most `rounds_planned`", gim_json_get(root, GIM_S("rounds")));
    else if (!(r->practical >= 0 && r->practical < 10))
        fault(d, "practical", "a share from 0 to 10", gim_json_get(root, GIM_S("practical")));
}

static void take_all(struct reader *d, gim_json root)
{
    struct compare_results *r = d->r;
    gim_json format = gim_json_get(root, GIM_S("format"));
    int64_t n = 0;

    if (!gim_json_int(format, &n) || n != RESULTS_FORMAT)
        fault(d, "format", "1 (the JSON of a comparison)", format);
    take_fields(d, results_top_fields, root, r);
    take_rounds(d, root);
    r->host =
        take_structs(d, root, "host", LIST_MAX, results_pair_fields, sizeof *r->host, &r->n_host);
    r->metrics = take_structs(d, root, "metrics", METRICS_MAX, results_metric_fields,
                              sizeof *r->metrics, &r->n_metrics);
    r->loads = take_structs(d, root, "loads", LOADS_MAX, results_load_fields, sizeof *r->loads,
                            &r->n_loads);
    r->warnings = take_structs(d, root, "warnings", LIST_MAX, results_warning_fields,
                               sizeof *r->warnings, &r->n_warnings);
    r->cap_warnings = r->n_warnings;
    if (!d->failed)
        take_services(d, root);
    if (!d->failed)
        take_order(d, root);
}

static int read_file(struct gim_buf *b, const char *file)
{
    int fd = open(file, O_RDONLY | O_CLOEXEC), error;
    ssize_t n = 0;
    char *to;

    if (fd < 0)
        return errno;
    b->max = FILE_MAX;
    while ((to = gim_buf_reserve(b, 65536)) && (n = read(fd, to, 65536)) > 0)
        b->len += (size_t)n;
    error = !to ? EFBIG : n < 0 ? errno : 0;
    close(fd);
    return error;
}

static int read_text(struct reader *d, gim_str text)
{
    struct gim_arena scratch = {0};
    struct gim_json_error wrong;
    int bad = gim_json_check(text, &scratch, &wrong);

    if (bad)
        snprintf(d->err, d->err_len, "%s:%u:%u: %s (byte %zu)", d->file, wrong.line, wrong.column,
                 wrong.reason, wrong.offset);
    else
        take_all(d, gim_json_root(text));
    gim_arena_reset(&scratch);
    return bad || d->failed ? -1 : 0;
}

int results_read(struct compare_results *r, const char *file, char *err, size_t err_len)
{
    struct reader d = {.r = r, .file = file, .err = err, .err_len = err_len};
    struct gim_buf text = {0};
    int failed = read_file(&text, file);

    *r = (struct compare_results){.title = {0}};
    if (failed)
        snprintf(err, err_len, "%s: %s", file, strerror(failed));
    else
        failed = read_text(&d, text.len ? gim_buf_view(&text) : GIM_S(""));
    gim_buf_free(&text);
    if (!failed)
        return 0;
    results_free(r);
    return -1;
}
