/* html_phases.c: each phase in tables: the main metrics side by side, percentiles of the merged
 * histograms, and, folded, every figure with all that the verdict was made of. */
#include "html_compare.h"
#include <math.h>
#include <stdio.h>

static const char none[] = "\xe2\x80\x93"; /* a dash */

/* ---- cells ----------------------------------------------------------------------------------- */

static void put_figure(struct gim_buf *b, double value, enum results_unit unit)
{
    struct gim_buf text = {0};

    if (isnan(value))
        gim_buf_str(&text, gim_str_of(none));
    else
        verdict_figure(&text, value, unit);
    if (text.len > 3 && memcmp(text.ptr + text.len - 3, " us", 3) == 0) {
        text.len -= 2; /* a page knows more letters than a terminal */
        gim_buf_lit(&text, "\xc2\xb5s");
    }
    html_text(b, gim_buf_view(&text));
    gim_buf_free(&text);
}

static void put_interval(struct gim_buf *b, double low, double high, enum results_unit unit)
{
    if (isnan(low) || isnan(high)) {
        gim_buf_str(b, gim_str_of(none));
        return;
    }
    put_figure(b, low, unit);
    gim_buf_lit(b, " to ");
    put_figure(b, high, unit);
}

static void put_ratio(struct gim_buf *b, double ratio, double low, double high)
{
    told_put_ratio(b, ratio);
    gim_buf_lit(b, "\xc3\x97");
    if (isnan(low) || isnan(high))
        return;
    gim_buf_lit(b, " (");
    told_put_ratio(b, low);
    gim_buf_lit(b, " to ");
    told_put_ratio(b, high);
    gim_buf_lit(b, ")");
}

static void put_word(struct gim_buf *b, const struct verdict *d, const struct results_metric *m)
{
    static const char *const classes[] = {" worse", "", " better"};
    struct gim_buf text = {0};

    if (d->word == STATS_NONE)
        return;
    verdict_words(&text, d, m);
    gim_buf_printf(b, "<span class=\"word%s\">", classes[told_leaning(d, m) + 1]);
    html_text(b, gim_buf_view(&text));
    gim_buf_lit(b, "</span>");
    gim_buf_free(&text);
}

void html_verdict(struct gim_buf *b, const struct verdicts *v, size_t service, size_t metric)
{
    const struct verdict *d = verdict_of(v, service, metric);
    const struct results_metric *m = &v->results->metrics[metric];

    if (!d->summary.n) {
        html_cell(b, gim_str_of(none));
        return;
    }
    gim_buf_str(b, d->best ? GIM_S("<td class=\"best\">") : GIM_S("<td>"));
    gim_buf_lit(b, "<span class=\"figure\">");
    put_figure(b, d->summary.median, m->unit);
    gim_buf_lit(b, "</span>");
    if (d->word != STATS_REFERENCE && isfinite(d->ratio.ratio)) {
        gim_buf_lit(b, "<span class=\"range\">");
        put_ratio(b, d->ratio.ratio, d->ratio.low, d->ratio.high);
        gim_buf_lit(b, "</span>");
    }
    put_word(b, d, m);
    gim_buf_lit(b, "</td>");
}

/* ---- the main metrics ------------------------------------------------------------------------ */

static bool is_told(const struct verdicts *v, size_t first, size_t metric, enum results_phase phase)
{
    const struct results_metric *m = &v->results->metrics[metric];

    return m->main && m->phase == phase && told_has_metric(v, first, metric);
}

static void put_row(struct gim_buf *b, const struct verdicts *v, size_t first, size_t service,
                    enum results_phase phase)
{
    html_row(b, v->results->services[service].name);
    for (size_t m = 0; m < v->results->n_metrics; m++) {
        if (is_told(v, first, m, phase))
            html_verdict(b, v, service, m);
    }
    html_row_end(b);
}

static void put_main(struct gim_buf *b, const struct verdicts *v, size_t first,
                     enum results_phase phase)
{
    const struct compare_results *r = v->results;
    struct gim_buf caption = {0};

    if (!told_has_phase(v, first, phase))
        return;
    html_table_begin(b, NULL,
                     html_caption(&caption, r, first, gim_str_of(results_phases[phase].title)));
    html_column(b, GIM_S("Service"));
    for (size_t m = 0; m < r->n_metrics; m++) {
        if (is_told(v, first, m, phase))
            html_column(b, r->metrics[m].title);
    }
    html_columns_end(b);
    for (size_t s = first; s < r->n_services; s++) {
        if (html_same_group(r, s, first) && r->services[s].state != RESULTS_SKIPPED)
            put_row(b, v, first, s, phase);
    }
    html_table_end(b);
    gim_buf_free(&caption);
}

/* ---- percentiles ----------------------------------------------------------------------------- */

static const struct {
    double p;
    const char *title;
} levels[] = {{50, "50\xc2\xa0%"},      {75, "75\xc2\xa0%"}, {90, "90\xc2\xa0%"},
              {95, "95\xc2\xa0%"},      {99, "99\xc2\xa0%"}, {99.9, "99.9\xc2\xa0%"},
              {99.99, "99.99\xc2\xa0%"}};
#define LEVELS (sizeof levels / sizeof levels[0])

static const struct gim_histogram *latency_of(const struct compare_results *r, size_t service,
                                              size_t load)
{
    const struct results_service *s = &r->services[service];

    return s->latency && s->latency[load] && s->latency[load]->total ? s->latency[load] : NULL;
}

static void put_latency(struct gim_buf *b, gim_str name, const struct gim_histogram *h)
{
    html_row(b, name);
    for (size_t i = 0; i < LEVELS; i++) {
        bool known = h->total >= gim_histogram_needed(levels[i].p);

        gim_buf_lit(b, "<td>");
        put_figure(b, known ? (double)gim_histogram_percentile(h, levels[i].p) : NAN, RESULTS_NS);
        gim_buf_lit(b, "</td>");
    }
    gim_buf_lit(b, "<td>");
    put_figure(b, (double)h->max, RESULTS_NS);
    gim_buf_printf(b, "</td><td>%llu</td>", (unsigned long long)h->total);
    html_row_end(b);
}

static void put_load(struct gim_buf *b, const struct compare_results *r, size_t first, size_t load)
{
    struct gim_buf caption = {0}, text = {0};
    bool open = false;

    gim_buf_printf(&text, "latencies of all rounds together, %.*s", GIM_FMT(r->loads[load].title));
    for (size_t s = first; s < r->n_services; s++) {
        const struct gim_histogram *h =
            html_same_group(r, s, first) ? latency_of(r, s, load) : NULL;

        if (!h)
            continue;
        if (!open) {
            html_table_begin(b, NULL, html_caption(&caption, r, first, gim_buf_view(&text)));
            html_column(b, GIM_S("Service"));
            for (size_t i = 0; i < LEVELS; i++)
                html_column(b, gim_str_of(levels[i].title));
            html_column(b, GIM_S("Slowest"));
            html_column(b, GIM_S("Answers"));
            html_columns_end(b);
        }
        open = true;
        put_latency(b, r->services[s].name, h);
    }
    if (open)
        html_table_end(b);
    gim_buf_free(&caption);
    gim_buf_free(&text);
}

static void put_loads(struct gim_buf *b, const struct compare_results *r, size_t first,
                      enum results_phase phase)
{
    for (size_t l = 0; l < r->n_loads; l++) {
        if (r->loads[l].phase == phase)
            put_load(b, r, first, l);
    }
}

/* ---- every figure ---------------------------------------------------------------------------- */

static void put_test(struct gim_buf *b, const struct verdict *d)
{
    bool paired = d->word != STATS_REFERENCE && isfinite(d->ratio.ratio);

    gim_buf_lit(b, "<td>");
    if (paired)
        put_ratio(b, d->ratio.ratio, d->ratio.low, d->ratio.high);
    gim_buf_lit(b, "</td><td>");
    if (paired && isfinite(d->ratio.boot))
        put_ratio(b, d->ratio.boot, d->ratio.boot_low, d->ratio.boot_high);
    gim_buf_lit(b, "</td><td>");
    if (paired && d->adjusted_p < 0.0001)
        gim_buf_lit(b, "&lt; 0.0001");
    else if (paired && isfinite(d->adjusted_p))
        html_format(b, "%.4f", d->adjusted_p);
    gim_buf_lit(b, "</td>");
}

static void put_whole(struct gim_buf *b, const struct verdicts *v, size_t service, size_t metric)
{
    const struct verdict *d = verdict_of(v, service, metric);
    const struct results_metric *m = &v->results->metrics[metric];
    const struct stats_summary *s = &d->summary;

    if (!s->n)
        return;
    html_row(b, m->title);
    html_cell_text(b, v->results->services[service].name);
    gim_buf_printf(b, "<td>%d</td><td>", s->n);
    put_figure(b, s->median, m->unit);
    gim_buf_lit(b, "</td><td>");
    put_interval(b, s->low, s->high, m->unit);
    gim_buf_lit(b, "</td><td>");
    put_interval(b, s->min, s->max, m->unit);
    gim_buf_lit(b, "</td><td>");
    if (isfinite(s->cv))
        html_format(b, "%.1f %%", s->cv * 100);
    gim_buf_printf(b, "</td><td>%d</td>", s->outliers);
    put_test(b, d);
    gim_buf_lit(b, "<td>");
    put_word(b, d, m);
    gim_buf_lit(b, "</td>");
    html_row_end(b);
}

static void put_all(struct gim_buf *b, const struct verdicts *v, size_t first,
                    enum results_phase phase)
{
    static const char *const columns[] = {
        "Metric",        "<Service",  "Rounds",   "Median",        "95 % interval",
        "Least to most", "Variation", "Outliers", "Ratio, paired", "Ratio, bootstrap",
        "p, by Holm",    "Verdict",   NULL};
    const struct compare_results *r = v->results;
    struct gim_buf caption = {0};

    gim_buf_lit(b, "<details>\n<summary>");
    html_text(b, html_caption(&caption, r, first, GIM_S("every figure of this phase")));
    gim_buf_lit(b, "</summary>\n");
    html_table(b, NULL, gim_buf_view(&caption), columns);
    for (size_t m = 0; m < r->n_metrics; m++) {
        for (size_t s = first; s < r->n_services && r->metrics[m].phase == phase; s++) {
            if (html_same_group(r, s, first))
                put_whole(b, v, s, m);
        }
    }
    html_table_end(b);
    gim_buf_lit(b, "</details>\n");
    gim_buf_free(&caption);
}

static bool has_phase(const struct verdicts *v, size_t first, enum results_phase phase)
{
    for (size_t m = 0; m < v->results->n_metrics; m++) {
        if (v->results->metrics[m].phase == phase && told_has_metric(v, first, m))
            return true;
    }
    return false;
}

static void put_phase(struct gim_buf *b, const struct verdicts *v, enum results_phase phase)
{
    const struct compare_results *r = v->results;

    gim_buf_printf(b, "<h3 id=\"phase-%s\">", results_phases[phase].id);
    html_text(b, gim_str_of(results_phases[phase].title));
    gim_buf_lit(b, "</h3>\n<p>");
    html_text(b, gim_str_of(results_phases[phase].about));
    gim_buf_lit(b, "</p>\n");
    for (size_t i = 0; i < r->n_services; i++) {
        if (!told_begins_group(r, i) || !has_phase(v, i, phase))
            continue;
        put_main(b, v, i, phase);
        put_loads(b, r, i, phase);
        put_all(b, v, i, phase);
    }
}

static bool anybody(const struct verdicts *v, enum results_phase phase)
{
    for (size_t i = 0; i < v->results->n_services; i++) {
        if (has_phase(v, i, phase))
            return true;
    }
    return false;
}

void html_put_phases(struct gim_buf *b, const struct verdicts *v)
{
    html_section(b, "phases", "Every phase");
    gim_buf_lit(b, "<p>Medians of the rounds; below them the ratio to the reference with its 95 % "
                   "interval, and the verdict. The best median is bold.</p>\n");
    for (int i = 0; i < RESULTS_PHASES; i++) {
        if (anybody(v, (enum results_phase)i))
            put_phase(b, v, (enum results_phase)i);
    }
    html_section_end(b);
}
