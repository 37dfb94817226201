/* metrics_text.c: the two text formats that scrapers read.
 *
 * They differ little: OpenMetrics names a family of counters without its _total, escapes quotes in
 * help and ends with "# EOF". Numbers are written as it wants them, le="1.0", in both: Prometheus up
 * to version 2 takes "1" and "1.0" for two series, and a scraper may change its mind on the format. */
#include "metrics_text.h"
#include "../json/writer.h"
#include <math.h>
#include <stdio.h>

#define TOTAL "_total"

/* ---- rules ----------------------------------------------------------------------------------- */

static bool is_name_char(char c, bool first, bool colon)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (colon && c == ':') ||
           (!first && c >= '0' && c <= '9');
}

static bool name_ok(gim_str s, bool colon)
{
    for (size_t i = 0; i < s.len; i++) {
        if (!is_name_char(s.ptr[i], i == 0, colon))
            return false;
    }
    return s.len > 0;
}

bool gim_metric_name_ok(gim_str name)
{
    return name_ok(name, true);
}

/* Bytes of a quoted value at the start of `s`, quotes included; 0: it is none. */
static size_t value_len(gim_str s)
{
    if (!s.len || s.ptr[0] != '"')
        return 0;
    for (size_t i = 1; i < s.len; i++) {
        char c = s.ptr[i];

        if (c == '"')
            return i + 1;
        if (c == '\n')
            return 0;
        if (c == '\\' && (++i == s.len || !memchr("\\\"n", s.ptr[i], 3)))
            return 0;
    }
    return 0;
}

bool gim_metric_labels_ok(gim_str labels)
{
    while (labels.len) {
        gim_str name = gim_str_cut(&labels, '=');
        size_t n = value_len(labels);

        if (!name_ok(name, false) || !n)
            return false;
        labels = (gim_str){labels.ptr + n, labels.len - n};
        if (!labels.len)
            return true;
        if (labels.ptr[0] != ',' || labels.len == 1)
            return false;
        labels = (gim_str){labels.ptr + 1, labels.len - 1};
    }
    return true;
}

/* ---- pieces ---------------------------------------------------------------------------------- */

static void put_escaped(struct gim_buf *b, gim_str s, bool quotes)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];

        if (c == '\n')
            gim_buf_lit(b, "\\n");
        else if (c == '\\' || (quotes && c == '"'))
            gim_buf_add(b, (char[]){'\\', c}, 2);
        else
            gim_buf_char(b, c);
    }
}

void gim_label_add(struct gim_buf *b, const char *name, gim_str value)
{
    if (b->len)
        gim_buf_char(b, ',');
    gim_buf_str(b, gim_str_of(name));
    gim_buf_lit(b, "=\"");
    put_escaped(b, value, true);
    gim_buf_char(b, '"');
}

static void put_double(struct gim_buf *b, double v)
{
    if (isnan(v))
        gim_buf_lit(b, "NaN");
    else if (isinf(v))
        gim_buf_str(b, v > 0 ? GIM_S("+Inf") : GIM_S("-Inf"));
    else
        gim_json_put_double(b, v);
}

/* A bound as OpenMetrics writes it: 1e-05, 0.0025, 1.0, 4096.0. */
static void put_bound(struct gim_buf *b, double v)
{
    char text[32];
    int n = snprintf(text, sizeof text, "%.9g", v);

    gim_buf_add(b, text, (size_t)n);
    if (!strpbrk(text, ".e"))
        gim_buf_lit(b, ".0");
}

/* The name of a family: a counter's is without _total where it must be. */
static gim_str family_of(const struct gim_exposition *e, const char *name)
{
    gim_str s = gim_str_of(name);
    size_t cut = sizeof TOTAL - 1;

    if (e->open_metrics && s.len > cut && memcmp(s.ptr + s.len - cut, TOTAL, cut) == 0)
        s.len -= cut;
    return s;
}

static void put_start(struct gim_exposition *e, const char *name, const char *suffix,
                      gim_str labels)
{
    gim_buf_str(e->out, gim_str_of(name));
    gim_buf_str(e->out, gim_str_of(suffix));
    if (labels.len) {
        gim_buf_char(e->out, '{');
        gim_buf_str(e->out, labels);
        gim_buf_char(e->out, '}');
    }
    gim_buf_char(e->out, ' ');
}

static void put_uint(struct gim_buf *b, uint64_t v)
{
    gim_buf_printf(b, "%llu\n", (unsigned long long)v);
}

/* ---- lines ----------------------------------------------------------------------------------- */

void gim_exposition_family(struct gim_exposition *e, const char *name, const char *type,
                           const char *help)
{
    gim_str family = family_of(e, name);

    gim_buf_lit(e->out, "# HELP ");
    gim_buf_str(e->out, family);
    gim_buf_char(e->out, ' ');
    put_escaped(e->out, gim_str_of(help), e->open_metrics);
    gim_buf_lit(e->out, "\n# TYPE ");
    gim_buf_str(e->out, family);
    gim_buf_printf(e->out, " %s\n", type);
}

void gim_exposition_int(struct gim_exposition *e, const char *name, gim_str labels, int64_t value)
{
    put_start(e, name, "", labels);
    gim_buf_int(e->out, value);
    gim_buf_char(e->out, '\n');
}

void gim_exposition_double(struct gim_exposition *e, const char *name, gim_str labels, double value)
{
    put_start(e, name, "", labels);
    put_double(e->out, value);
    gim_buf_char(e->out, '\n');
}

static void put_bucket(struct gim_exposition *e, const char *name, gim_str labels,
                       const struct gim_scale *scale, unsigned i, uint64_t below)
{
    gim_buf_str(e->out, gim_str_of(name));
    gim_buf_lit(e->out, "_bucket{");
    gim_buf_str(e->out, labels);
    gim_buf_str(e->out, labels.len ? GIM_S(",le=\"") : GIM_S("le=\""));
    if (i < scale->n)
        put_bound(e->out, (double)scale->bounds[i] / (double)scale->per);
    else
        gim_buf_lit(e->out, "+Inf");
    gim_buf_lit(e->out, "\"} ");
    put_uint(e->out, below);
}

void gim_exposition_histogram(struct gim_exposition *e, const char *name, gim_str labels,
                              const struct gim_scale *scale, const uint64_t *counts, uint64_t sum)
{
    uint64_t below = 0;

    for (unsigned i = 0; i <= scale->n; i++) {
        below += counts[i];
        put_bucket(e, name, labels, scale, i, below);
    }
    put_start(e, name, "_sum", labels);
    put_double(e->out, (double)sum / (double)scale->per);
    gim_buf_char(e->out, '\n');
    put_start(e, name, "_count", labels);
    put_uint(e->out, below);
}

void gim_exposition_end(struct gim_exposition *e)
{
    if (e->open_metrics)
        gim_buf_lit(e->out, "# EOF\n");
}
