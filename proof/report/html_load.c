/* html_load.c: one load run as a page: `proof load --html`. The figures of the text report, the
 * percentile curve (of the three times in an open loop), and how the latencies lie. */
#include "compare.h"
#include "figures.h"
#include "html.h"
#include "report.h"
#include <math.h>
#include <stdio.h>

#define BINS 60 /* of the histogram, on a log axis */

struct series {
    const char *name;
    const struct gim_histogram *times;
};

struct times {
    struct series list[3];
    int n;
};

static struct times times_of(const struct load_plan *p, const struct load_result *r)
{
    if (p->rate > 0)
        return (struct times){
            {{"response", &r->latency}, {"service", &r->service}, {"lateness", &r->late}}, 3};
    return (struct times){{{"latency", &r->latency}}, 1};
}

/* ---- tables ---------------------------------------------------------------------------------- */

static void put_pair(struct gim_buf *b, const char *name, struct gim_buf *text)
{
    html_pair(b, name, gim_buf_view(text));
    text->len = 0;
}

static void put_count(struct gim_buf *b, const char *name, uint64_t n)
{
    struct gim_buf text = {0};

    gim_buf_printf(&text, "%llu", (unsigned long long)n);
    put_pair(b, name, &text);
    gim_buf_free(&text);
}

static void put_summary(struct gim_buf *b, const struct load_plan *p, const struct load_result *r)
{
    static const char *const columns[] = {"Figure", "<Value", NULL};
    struct gim_buf text = {0};

    html_table(b, "summary-table", GIM_S("What was measured"), columns);
    gim_buf_printf(&text, "%.4g", figure_rate(r));
    put_pair(b, "Requests a second", &text);
    gim_buf_printf(&text, "%.4f s", figure_seconds(r));
    put_pair(b, "Time", &text);
    put_count(b, "Sent", r->sent);
    put_count(b, "Answered", r->answered);
    put_count(b, "Failed", r->failed);
    if (p->rate > 0)
        put_count(b, "Due, but unsent", r->unsent);
    put_count(b, "Body bytes", r->size_total);
    put_count(b, "Connections opened", r->connects);
    if (r->dial.total) {
        figure_put_time(&text, gim_histogram_mean(&r->dial));
        put_pair(b, "To open one, mean", &text);
    }
    gim_buf_printf(&text, "%.0f %% of %d CPU%s", figure_cpu_share(p, r) * 100, r->cpus,
                   r->cpus == 1 ? "" : "s");
    put_pair(b, "The generator used", &text);
    html_table_end(b);
    gim_buf_free(&text);
}

static void put_time(struct gim_buf *b, double ns)
{
    struct gim_buf text = {0};

    figure_put_time(&text, ns);
    html_cell(b, gim_buf_view(&text));
    gim_buf_free(&text);
}

static void put_level(struct gim_buf *b, const struct times *t, const struct figure_level *l)
{
    struct gim_buf name = {0};
    uint64_t total = t->list[0].times->total;

    gim_buf_printf(&name, "%s %%", l->name);
    html_row(b, gim_buf_view(&name));
    for (int i = 0; i < t->n; i++) {
        if (total < l->least)
            html_cell(b, GIM_S("not known"));
        else
            put_time(b, (double)gim_histogram_percentile(t->list[i].times, l->p));
    }
    name.len = 0;
    if (total < gim_histogram_needed(l->p))
        gim_buf_printf(&name, "few samples: %llu for 95 %% confidence",
                       (unsigned long long)gim_histogram_needed(l->p));
    html_cell_text(b, gim_buf_view(&name));
    html_row_end(b);
    gim_buf_free(&name);
}

static double slowest(const struct gim_histogram *h)
{
    return (double)h->max;
}

static void put_moment(struct gim_buf *b, const struct times *t, const char *name,
                       double (*of)(const struct gim_histogram *h))
{
    html_row(b, gim_str_of(name));
    for (int i = 0; i < t->n; i++)
        put_time(b, of(t->list[i].times));
    html_cell(b, GIM_S(""));
    html_row_end(b);
}

static void put_percentiles(struct gim_buf *b, const struct times *t)
{
    const char *columns[6] = {"Percentile"};

    for (int i = 0; i < t->n; i++)
        columns[i + 1] = t->list[i].name;
    columns[t->n + 1] = "<Note";
    html_table(b, "percentiles", GIM_S("Percentiles of the times, connecting apart"), columns);
    for (int i = 0; i < FIGURE_LEVELS; i++)
        put_level(b, t, &figure_levels[i]);
    put_moment(b, t, "max", slowest);
    put_moment(b, t, "mean", gim_histogram_mean);
    put_moment(b, t, "stdev", gim_histogram_stdev);
    html_table_end(b);
}

static void put_statuses(struct gim_buf *b, const struct load_result *r)
{
    static const char *const columns[] = {"Status", "<Answers", NULL};
    char name[8];

    html_table(b, NULL, GIM_S("Statuses"), columns);
    for (int i = 0; i < 1000; i++) {
        snprintf(name, sizeof name, "%d", i);
        if (r->statuses[i])
            put_count(b, name, r->statuses[i]);
    }
    html_table_end(b);
}

static void put_errors(struct gim_buf *b, const struct load_result *r)
{
    static const char *const columns[] = {"Error", "Requests", "<The first", NULL};

    if (!r->failed) {
        gim_buf_lit(b, "<p>There were no errors.</p>\n");
        return;
    }
    html_table(b, NULL, GIM_S("Errors"), columns);
    for (int i = 0; i < LOAD_ERRORS; i++) {
        if (!r->errors[i])
            continue;
        html_row(b, gim_str_of(load_error_name((enum load_error)i)));
        gim_buf_printf(b, "<td>%llu</td>", (unsigned long long)r->errors[i]);
        html_cell_text(b, gim_str_of(r->first[i]));
        html_row_end(b);
    }
    html_table_end(b);
}

/* ---- what was sent --------------------------------------------------------------------------- */

static void put_ns(struct gim_buf *b, const char *name, int64_t ns)
{
    struct gim_buf text = {0};

    figure_put_time(&text, (double)ns);
    if (ns)
        put_pair(b, name, &text);
    gim_buf_free(&text);
}

static void put_plan(struct gim_buf *b, const struct load_plan *p)
{
    static const char *const columns[] = {"Setting", "<Value", NULL};
    struct gim_buf text = {0};

    html_table(b, NULL, GIM_S("What was sent"), columns);
    html_pair(b, "URL", gim_str_of(p->url));
    html_pair(b, "Method", gim_str_of(p->method));
    put_count(b, "Bytes of the body", p->body.len);
    if (p->requests != INT64_MAX)
        put_count(b, "Requests", (uint64_t)p->requests);
    put_count(b, "Connections", (uint64_t)p->concurrency);
    if (p->rate > 0) {
        gim_buf_printf(&text, "%.8g a second, open loop", p->rate);
        put_pair(b, "Rate", &text);
    }
    put_ns(b, "Duration", p->duration_ns);
    put_ns(b, "Ramp", p->ramp_ns);
    put_ns(b, "Warm-up", p->warmup_ns);
    put_ns(b, "Limit of a request", p->timeout_ns);
    html_pair(b, "Connections are kept", p->no_keepalive ? GIM_S("no") : GIM_S("yes"));
    html_pair(b, "Program", GIM_S("proof load " GIM_VERSION));
    html_table_end(b);
    gim_buf_free(&text);
}

static void put_notes(struct gim_buf *b, const struct load_plan *p, const struct load_result *r)
{
    struct gim_buf notes = {0};
    gim_str rest;

    report_notes(&notes, p, r);
    rest = gim_buf_view(&notes);
    if (rest.len) {
        gim_buf_lit(b, "<div class=\"notes\" role=\"note\">\n<p><strong>To know before using the "
                       "figures</strong></p>\n<ul>\n");
        while (rest.len) {
            gim_buf_lit(b, "<li>");
            html_text(b, gim_str_cut(&rest, '\n'));
            gim_buf_lit(b, "</li>\n");
        }
        gim_buf_lit(b, "</ul>\n</div>\n");
    }
    gim_buf_free(&notes);
}

/* ---- charts ---------------------------------------------------------------------------------- */

/* [[from, to, count], ...]: bins of equal width on a log axis from the fastest to the slowest. */
static void put_bins(struct gim_buf *b, const struct gim_histogram *h)
{
    double low = h->min > 0 ? (double)h->min : 1;
    double high = h->max > h->min ? (double)h->max : low * 1.01;
    double step = log(high / low) / BINS;
    uint64_t before = 0;

    gim_buf_char(b, '[');
    for (int i = 0; i < BINS; i++) {
        double to = i == BINS - 1 ? high : low * exp(step * (i + 1));
        uint64_t below = i == BINS - 1 ? h->total : gim_histogram_below(h, (int64_t)to);

        gim_buf_printf(b, "%s[%.6g,%.6g,%llu]", i ? "," : "", low * exp(step * i), to,
                       (unsigned long long)(below - before));
        before = below;
    }
    gim_buf_char(b, ']');
}

static void put_data(struct gim_buf *b, const struct load_result *r, const struct times *t)
{
    gim_buf_lit(b, "{\"kind\":\"load\",\"series\":[");
    for (int i = 0; i < t->n; i++) {
        gim_buf_printf(b, "%s{\"name\":\"%s\",\"points\":", i ? "," : "", t->list[i].name);
        html_json_percentiles(b, t->list[i].times);
        gim_buf_char(b, '}');
    }
    gim_buf_lit(b, "],\"bins\":");
    put_bins(b, &r->latency);
    gim_buf_char(b, '}');
}

static void put_charts(struct gim_buf *b, const struct load_result *r)
{
    static const struct html_chart charts[] = {
        {"percentiles",
         0,
         {"Percentiles", 11},
         "A point up and to the right is a slower time that fewer requests have. Both axes are "
         "logarithmic.",
         "percentiles"},
        {"histogram",
         0,
         {"Histogram", 9},
         "How many answers took how long. The axis of times is logarithmic.",
         "percentiles"},
    };

    if (!r->latency.total)
        return;
    html_chart_note(b);
    for (size_t i = 0; html_has_charts() && i < sizeof charts / sizeof charts[0]; i++) {
        html_chart(b, &charts[i]);
        html_chart_end(b, &charts[i]);
    }
}

void load_html(struct gim_buf *b, const struct load_plan *p, const struct load_result *r)
{
    struct times t = times_of(p, r);
    struct gim_buf text = {0};

    gim_buf_printf(&text, "%s %s", p->method, p->url);
    html_begin(b, gim_buf_view(&text));
    put_notes(b, p, r);
    html_section(b, "figures", "Figures");
    put_summary(b, p, r);
    if (r->latency.total)
        put_percentiles(b, &t);
    html_section_end(b);
    html_section(b, "charts", "Charts");
    put_charts(b, r);
    html_section_end(b);
    html_section(b, "answers", "Answers");
    put_statuses(b, r);
    put_errors(b, r);
    html_section_end(b);
    html_section(b, "plan", "What was sent");
    put_plan(b, p);
    html_section_end(b);
    text.len = 0;
    put_data(&text, r, &t);
    html_end(b, gim_buf_view(&text));
    gim_buf_free(&text);
}
