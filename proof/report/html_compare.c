/* html_compare.c: a comparison as one page: the published figures, charts, then the other parts.
 *
 * The tables are whole without the script; the charts show again what they hold. A chart with several
 * metrics has a list to choose from, so that a page of sixty metrics has a handful of charts. */
#include "html_compare.h"
#include "compare.h"
#include <stdio.h>

static const char *const published[TOLD_PUBLISHED] = {
    "Memory at start", "First call", "Later calls", "Load test, requests per second"};

gim_str html_caption(struct gim_buf *b, const struct compare_results *r, size_t first, gim_str text)
{
    gim_str group = r->services[first].group;

    b->len = 0;
    if (group.len)
        gim_buf_printf(b, "%.*s: ", GIM_FMT(group));
    gim_buf_str(b, text);
    return gim_buf_view(b);
}

/* ---- the beginning --------------------------------------------------------------------------- */

static gim_str host_of(const struct compare_results *r, gim_str name)
{
    for (size_t i = 0; i < r->n_host; i++) {
        if (gim_str_eq(r->host[i].name, name))
            return r->host[i].value;
    }
    return GIM_S("");
}

static void put_lead(struct gim_buf *b, const struct compare_results *r)
{
    gim_str cpu = host_of(r, GIM_S("cpu"));

    gim_buf_lit(b, "<p>");
    told_put_time(b, r->started_us);
    gim_buf_printf(b, ", %d round%s, ", r->rounds, r->rounds == 1 ? "" : "s");
    told_put_took(b, r->ended_us - r->started_us);
    if (cpu.len) {
        gim_buf_lit(b, ", on ");
        html_text(b, cpu);
    }
    gim_buf_lit(b, ". Made by ");
    html_text(b, r->program);
    gim_buf_lit(b, ".</p>\n");
}

static void put_caution(struct gim_buf *b, const struct compare_results *r)
{
    if (!r->quick && !r->interrupted && !r->n_warnings)
        return;
    gim_buf_lit(b, "<div class=\"notes\" role=\"note\">\n<ul>\n");
    if (r->quick)
        gim_buf_lit(b, "<li>A quick run: short phases and few rounds. It shows large differences "
                       "only.</li>\n");
    if (r->interrupted)
        gim_buf_printf(b, "<li>The run was interrupted: %d of %d rounds were finished.</li>\n",
                       r->rounds, r->rounds_planned);
    if (r->n_warnings)
        gim_buf_printf(
            b, "<li><a href=\"#warnings\">%zu warning%s</a> belong%s to the figures.</li>\n",
            r->n_warnings, r->n_warnings == 1 ? "" : "s", r->n_warnings == 1 ? "s" : "");
    gim_buf_lit(b, "</ul>\n</div>\n");
}

static void put_contents(struct gim_buf *b)
{
    static const char *const parts[][2] = {
        {"published", "Published figures"},
        {"charts", "Charts"},
        {"phases", "Every phase"},
        {"contract", "Contract"},
        {"left-out", "Failed or skipped"},
        {"method", "Method"},
        {"host", "Environment"},
        {"services", "Versions and commands"},
        {"warnings", "Warnings"},
        {"losses", "Where the reference is not first"},
    };

    gim_buf_lit(b, "<nav aria-label=\"Contents\">\n<ul>\n");
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        gim_buf_printf(b, "<li><a href=\"#%s\">%s</a></li>\n", parts[i][0], parts[i][1]);
    gim_buf_lit(b, "</ul>\n</nav>\n");
}

/* ---- the published figures ------------------------------------------------------------------- */

/* Places in r->metrics; -1: not measured in this group. */
static bool pick_published(const struct verdicts *v, size_t first, int *at)
{
    bool any = false;

    for (unsigned i = 0; i < TOLD_PUBLISHED; i++) {
        at[i] = told_published(v, first, i);
        any |= at[i] >= 0;
    }
    return any;
}

static void put_published_group(struct gim_buf *b, const struct verdicts *v, size_t first)
{
    const struct compare_results *r = v->results;
    struct gim_buf caption = {0};
    int at[TOLD_PUBLISHED];

    if (!pick_published(v, first, at))
        return;
    html_table_begin(
        b, NULL,
        html_caption(&caption, r, first, GIM_S("medians of the rounds, against the reference")));
    html_column(b, GIM_S("Service"));
    for (size_t i = 0; i < TOLD_PUBLISHED; i++) {
        if (at[i] >= 0)
            html_column(b, gim_str_of(published[i]));
    }
    html_columns_end(b);
    for (size_t s = first; s < r->n_services; s++) {
        if (!html_same_group(r, s, first) || r->services[s].state == RESULTS_SKIPPED)
            continue;
        html_row(b, r->services[s].name);
        for (size_t i = 0; i < TOLD_PUBLISHED; i++) {
            if (at[i] >= 0)
                html_verdict(b, v, s, (size_t)at[i]);
        }
        html_row_end(b);
    }
    html_table_end(b);
    gim_buf_free(&caption);
}

static void put_published(struct gim_buf *b, const struct verdicts *v)
{
    html_section(b, "published", "The published comparison's figures");
    for (size_t i = 0; i < v->results->n_services; i++) {
        if (told_begins_group(v->results, i))
            put_published_group(b, v, i);
    }
    html_section_end(b);
}

/* ---- charts ---------------------------------------------------------------------------------- */

static bool is_rate(const struct results_metric *m)
{
    return m->unit == RESULTS_PER_SECOND;
}

static bool is_cpu(const struct results_metric *m)
{
    return gim_str_starts(m->id, GIM_S("cpu"));
}

static bool is_memory(const struct results_metric *m)
{
    return m->unit == RESULTS_BYTES;
}

static bool is_any(const struct results_metric *m)
{
    (void)m;
    return true;
}

static const struct chart {
    const char *kind, *title, *about;
    bool (*has)(const struct results_metric *m); /* NULL: the loads */
    const char *wanted; /* the metric or load shown at first, when it is there */
} charts[] = {
    {"bars", "Throughput",
     "More is better. Bars are medians of the rounds, whiskers their 95 % interval.", is_rate,
     "rps.c64"},
    {"bars", "CPU per request",
     "Less is better. Bars are medians of the rounds, whiskers their 95 % interval.", is_cpu,
     "cpu_per_request.c64"},
    {"latency", "Latency percentiles",
     "Lower is better. All rounds' histograms merged; both axes are logarithmic.", NULL, "c64"},
    {"bars", "Memory",
     "Less is better. Bars are medians of the rounds, whiskers their 95 % interval.", is_memory,
     "rss.start"},
    {"rounds", "Every round",
     "A point is a round; in a service's strip they run from the first, on top, to the last. Rings "
     "are "
     "outliers: marked, never dropped.",
     is_any, "rps.c64"},
};

/* What a chart can show: metrics, or the loads whose latencies there are. */
static bool has_load(const struct compare_results *r, size_t first, size_t load)
{
    for (size_t s = first; s < r->n_services; s++) {
        const struct results_service *service = &r->services[s];

        if (html_same_group(r, s, first) && service->latency && service->latency[load] &&
            service->latency[load]->total)
            return true;
    }
    return false;
}

static bool can_show(const struct verdicts *v, size_t first, const struct chart *c, size_t i)
{
    return c->has ? c->has(&v->results->metrics[i]) && told_has_metric(v, first, i)
                  : has_load(v->results, first, i);
}

static size_t choices(const struct compare_results *r, const struct chart *c)
{
    return c->has ? r->n_metrics : r->n_loads;
}

/* How well `id` is what is wanted: "rps.c64", else another "rps.c", else anything. */
static int likeness(gim_str id, gim_str wanted)
{
    gim_str stem = wanted;

    while (stem.len && stem.ptr[stem.len - 1] >= '0' && stem.ptr[stem.len - 1] <= '9')
        stem.len--;
    return gim_str_eq(id, wanted) ? 3 : gim_str_starts(id, stem) ? 2 : 1;
}

/* The first of those most like the wanted one; -1: there is nothing to show. */
static int chosen(const struct verdicts *v, size_t first, const struct chart *c)
{
    const struct compare_results *r = v->results;
    int found = -1, best = 0;

    for (size_t i = 0; i < choices(r, c); i++) {
        int like = likeness(c->has ? r->metrics[i].id : r->loads[i].id, gim_str_of(c->wanted));

        if (like <= best || !can_show(v, first, c, i))
            continue;
        best = like;
        found = (int)i;
    }
    return found;
}

static void put_chart(struct gim_buf *b, const struct verdicts *v, size_t first, int group,
                      const struct chart *c)
{
    const struct compare_results *r = v->results;
    int at = chosen(v, first, c);
    struct gim_buf title = {0}, table = {0};
    struct html_chart chart = {c->kind, group, {0}, c->about, NULL};

    if (at < 0)
        return;
    gim_buf_printf(&table, "phase-%s",
                   results_phases[c->has ? r->metrics[at].phase : r->loads[at].phase].id);
    gim_buf_char(&table, '\0');
    chart.table = table.ptr;
    chart.title = html_caption(&title, r, first, gim_str_of(c->title));
    html_chart(b, &chart);
    html_choices(b, c->has ? "Metric" : "Load");
    for (size_t i = 0; i < choices(r, c); i++) {
        if (can_show(v, first, c, i))
            html_choice(b, i, c->has ? r->metrics[i].title : r->loads[i].title, (int)i == at);
    }
    html_choices_end(b);
    html_chart_end(b, &chart);
    gim_buf_free(&title);
    gim_buf_free(&table);
}

static void put_charts(struct gim_buf *b, const struct verdicts *v)
{
    int group = 0;

    html_section(b, "charts", "Charts");
    html_chart_note(b);
    for (size_t i = 0; html_has_charts() && i < v->results->n_services; i++) {
        if (!told_begins_group(v->results, i))
            continue;
        gim_buf_lit(b, "<div class=\"charts\">\n");
        for (size_t c = 0; c < sizeof charts / sizeof charts[0]; c++)
            put_chart(b, v, i, group, &charts[c]);
        gim_buf_lit(b, "</div>\n");
        group++;
    }
    html_section_end(b);
}

void compare_html(struct gim_buf *b, const struct verdicts *v)
{
    const struct compare_results *r = v->results;
    struct gim_buf data = {0};

    html_begin(b, r->title.len ? r->title : GIM_S("Comparison"));
    put_lead(b, r);
    put_caution(b, r);
    put_contents(b);
    put_published(b, v);
    put_charts(b, v);
    html_put_phases(b, v);
    html_put_contract(b, r);
    html_put_left_out(b, r);
    html_put_method(b, v);
    html_put_host(b, r);
    html_put_services(b, r);
    html_put_warnings(b, r);
    html_put_losses(b, v);
    html_put_data(&data, v);
    html_end(b, gim_buf_view(&data));
    gim_buf_free(&data);
}
