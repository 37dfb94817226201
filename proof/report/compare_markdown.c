/* compare_markdown.c: a comparison for a README.
 *
 * First the four figures that the published comparison had (memory at start, first call, later calls,
 * the small load test), a table a group; then each phase with its main metrics; then what a reader
 * needs to believe it: when, where, with what, and where the reference loses. A cell has the median,
 * the ratio over the reference with its interval, and the verdict in words; the best is bold. */
#include "compare.h"
#include "table.h"
#include "told.h"
#include <math.h>

#define BREAK "<br>"
#define PER_TABLE 6 /* metrics side by side; more make another table */

static const char *const published[TOLD_PUBLISHED] = {"Memory at start", "First call",
                                                      "Later calls", "Small load test"};

static bool in_group(const struct compare_results *r, size_t i, size_t first)
{
    return gim_str_eq(r->services[i].group, r->services[first].group);
}

/* ---- cells ----------------------------------------------------------------------------------- */

static void put_verdict(struct gim_buf *cell, const struct verdict *d,
                        const struct results_metric *m)
{
    if (d->word == STATS_NONE)
        return;
    gim_buf_lit(cell, BREAK);
    if (d->word != STATS_REFERENCE && isfinite(d->ratio.ratio)) {
        told_put_ratio(cell, d->ratio.ratio);
        gim_buf_lit(cell, "\xc3\x97 (");
        told_put_ratio(cell, d->ratio.low);
        gim_buf_lit(cell, " to ");
        told_put_ratio(cell, d->ratio.high);
        gim_buf_lit(cell, ")" BREAK);
    }
    verdict_words(cell, d, m);
}

static void put_cell(struct table *t, const struct verdicts *v, size_t service, size_t metric)
{
    const struct verdict *d = verdict_of(v, service, metric);
    const struct results_metric *m = &v->results->metrics[metric];
    struct gim_buf *cell;

    if (!d->summary.n) {
        table_cell(t, TABLE_PLAIN);
        return;
    }
    cell = table_cell(t, TABLE_PLAIN);
    gim_buf_str(cell, d->best ? GIM_S("**") : GIM_S(""));
    verdict_figure(cell, d->summary.median, m->unit);
    gim_buf_str(cell, d->best ? GIM_S("**") : GIM_S(""));
    put_verdict(cell, d, m);
}

/* Why there are no figures, in the first cell of its row. */
static void put_why(struct table *t, const struct results_service *s)
{
    struct gim_buf why = {0};

    told_put_why(&why, s);
    table_put_escaped(table_cell(t, TABLE_PLAIN), gim_buf_view(&why));
    gim_buf_free(&why);
}

static bool has_any(const struct verdicts *v, size_t service, const size_t *metrics, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        if (verdict_of(v, service, metrics[i])->summary.n)
            return true;
    }
    return false;
}

static void put_row(struct table *t, const struct verdicts *v, size_t service,
                    const size_t *metrics, unsigned n)
{
    const struct results_service *s = &v->results->services[service];

    table_put_escaped(table_cell(t, TABLE_PLAIN), s->name);
    if (s->state != RESULTS_RAN && !has_any(v, service, metrics, n)) {
        put_why(t, s);
    } else {
        for (unsigned i = 0; i < n; i++)
            put_cell(t, v, service, metrics[i]);
    }
    table_row(t);
}

/* ---- tables ---------------------------------------------------------------------------------- */

struct pick { /* the metrics of one table */
    size_t metrics[PER_TABLE];
    gim_str titles[PER_TABLE];
    unsigned n;
};

static void put_table(struct gim_buf *b, const struct verdicts *v, size_t first,
                      const struct pick *p)
{
    const struct compare_results *r = v->results;
    struct table_column columns[PER_TABLE + 1] = {{"Service", false}};
    struct gim_buf titles = {0}; /* NUL-terminated, one after another */
    struct table t = {.columns = columns, .n = p->n + 1};
    size_t starts[PER_TABLE];

    for (unsigned i = 0; i < p->n; i++) {
        starts[i] = titles.len;
        table_put_escaped(&titles, p->titles[i]);
        gim_buf_char(&titles, '\0');
    }
    for (unsigned i = 0; i < p->n; i++)
        columns[i + 1] = (struct table_column){titles.ptr + starts[i], true};
    for (size_t i = first; i < r->n_services; i++) {
        if (in_group(r, i, first))
            put_row(&t, v, i, p->metrics, p->n);
    }
    gim_buf_char(b, '\n');
    table_put_markdown(b, &t);
    gim_buf_free(&titles);
    table_free(&t);
}

static void put_group(struct gim_buf *b, const struct compare_results *r, size_t first)
{
    if (!r->services[first].group.len)
        return;
    gim_buf_lit(b, "\n**");
    table_put_escaped(b, r->services[first].group);
    gim_buf_lit(b, "**\n");
}

static void put_published(struct gim_buf *b, const struct verdicts *v, size_t first)
{
    const struct compare_results *r = v->results;
    struct pick p = {.n = 0};

    for (unsigned i = 0; i < TOLD_PUBLISHED; i++) {
        int m = told_published(v, first, i);

        if (m < 0)
            continue;
        p.titles[p.n] = gim_str_of(published[i]);
        p.metrics[p.n++] = (size_t)m;
    }
    if (!p.n)
        return;
    put_group(b, r, first);
    put_table(b, v, first, &p);
}

static void put_phase_of_group(struct gim_buf *b, const struct verdicts *v, size_t first,
                               enum results_phase phase)
{
    const struct compare_results *r = v->results;
    struct pick p = {.n = 0};

    put_group(b, r, first);
    for (size_t m = 0; m < r->n_metrics; m++) {
        const struct results_metric *metric = &r->metrics[m];

        if (!metric->main || metric->phase != phase || !told_has_metric(v, first, m))
            continue;
        p.titles[p.n] = metric->title;
        p.metrics[p.n++] = m;
        if (p.n < PER_TABLE)
            continue;
        put_table(b, v, first, &p);
        p.n = 0;
    }
    if (p.n)
        put_table(b, v, first, &p);
}

static void put_phase(struct gim_buf *b, const struct verdicts *v, enum results_phase phase)
{
    bool told = false;

    for (size_t i = 0; i < v->results->n_services; i++) {
        if (!told_begins_group(v->results, i) || !told_has_phase(v, i, phase))
            continue;
        if (!told)
            gim_buf_printf(b, "\n### %s\n\n%s\n", results_phases[phase].title,
                           results_phases[phase].about);
        told = true;
        put_phase_of_group(b, v, i, phase);
    }
}

/* ---- around them ----------------------------------------------------------------------------- */

static void put_item(struct gim_buf *b, const char *name, gim_str value)
{
    if (!value.len)
        return;
    gim_buf_printf(b, "- %s: ", name);
    table_put_escaped(b, value);
    gim_buf_char(b, '\n');
}

static void put_versions(struct gim_buf *b, const struct compare_results *r)
{
    for (size_t i = 0; i < r->n_services; i++) {
        const struct results_service *s = &r->services[i];

        if (!s->version.len)
            continue;
        gim_buf_lit(b, "- ");
        table_put_escaped(b, s->name);
        gim_buf_lit(b, ": ");
        table_put_escaped(b, s->version);
        gim_buf_char(b, '\n');
    }
}

static void put_run(struct gim_buf *b, const struct compare_results *r)
{
    gim_buf_lit(b, "\n### How it was measured\n\n- date: ");
    told_put_time(b, r->started_us);
    gim_buf_lit(b, ", ");
    told_put_took(b, r->ended_us - r->started_us);
    gim_buf_printf(b, "\n- rounds: %d, seed %llu%s%s\n", r->rounds, (unsigned long long)r->seed,
                   r->quick ? "; **quick**: short phases, for a first look only" : "",
                   r->interrupted ? "; **interrupted**" : "");
    put_item(b, "program", r->program);
    put_item(b, "commit", r->commit);
    put_item(b, "command", r->command);
    for (size_t i = 0; i < r->n_host; i++) {
        gim_buf_lit(b, "- ");
        table_put_escaped(b, r->host[i].name);
        gim_buf_lit(b, ": ");
        table_put_escaped(b, r->host[i].value);
        gim_buf_char(b, '\n');
    }
    put_versions(b, r);
}

static void put_reading(struct gim_buf *b, const struct verdicts *v)
{
    gim_buf_printf(b,
                   "\nEach cell: median over the rounds, ratio to the reference with its 95 %% "
                   "interval (rounds in pairs), verdict; differences below %.3g %% are of no "
                   "practical account. The best median of a group is bold.",
                   v->results->practical * 100);
    if (isfinite(v->noise_floor))
        gim_buf_printf(b, " Noise floor (one service against its copy): %.2g %%.",
                       v->noise_floor * 100);
    gim_buf_char(b, '\n');
}

static void put_losses(struct gim_buf *b, const struct verdicts *v)
{
    for (size_t i = 0; i < v->results->n_services; i++) {
        struct gim_buf line = {0};

        if (results_reference(v->results, i) != (int)i)
            continue;
        told_put_losses(&line, v, i);
        gim_buf_char(b, '\n');
        table_put_escaped(b, gim_buf_view(&line));
        gim_buf_char(b, '\n');
        gim_buf_free(&line);
    }
}

static void put_warnings(struct gim_buf *b, const struct compare_results *r)
{
    if (r->n_warnings)
        gim_buf_lit(b, "\n### Warnings\n\n");
    for (size_t i = 0; i < r->n_warnings; i++) {
        const struct results_warning *w = &r->warnings[i];

        gim_buf_lit(b, "- ");
        table_put_escaped(b, w->code);
        gim_buf_str(b, w->service.len ? GIM_S(", ") : GIM_S(""));
        table_put_escaped(b, w->service);
        gim_buf_str(b, w->metric.len ? GIM_S(", ") : GIM_S(""));
        table_put_escaped(b, w->metric);
        if (w->round)
            gim_buf_printf(b, ", round %d", w->round);
        gim_buf_lit(b, ": ");
        table_put_escaped(b, w->text);
        gim_buf_char(b, '\n');
    }
}

void compare_markdown(struct gim_buf *b, const struct verdicts *v)
{
    const struct compare_results *r = v->results;

    gim_buf_lit(b, "## ");
    table_put_escaped(b, r->title.len ? r->title : GIM_S("Comparison"));
    gim_buf_char(b, '\n');
    for (size_t i = 0; i < r->n_services; i++) {
        if (told_begins_group(r, i))
            put_published(b, v, i);
    }
    put_reading(b, v);
    for (int phase = 0; phase < RESULTS_PHASES; phase++)
        put_phase(b, v, (enum results_phase)phase);
    put_run(b, r);
    put_losses(b, v);
    put_warnings(b, r);
}
