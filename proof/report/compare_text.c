/* compare_text.c: a comparison for the terminal.
 *
 * What was run comes first, then the contract, since figures of services that do different work mean
 * nothing; then a table a phase a group: under each main metric a row a service. The warnings are
 * part of the result and stand below it, not on stderr, where they would be lost with a pipe. Every
 * line fits 80 columns. */
#include "../../gimlet/base/wrap.h"
#include "compare.h"
#include "table.h"
#include "told.h"
#include <math.h>
#include <stdio.h>

#define HEAD "\x1b[1m"
#define PLAIN "\x1b[0m"

static void put_heading(struct gim_buf *b, gim_str text, bool color)
{
    struct gim_buf line = {0};

    table_put_plain(&line, text);
    gim_buf_str(b, color ? GIM_S("\n" HEAD) : GIM_S("\n"));
    gim_put_wrapped(b, 0, gim_buf_view(&line));
    if (color) {
        b->len--; /* before the line's end */
        gim_buf_lit(b, PLAIN "\n");
    }
    gim_buf_free(&line);
}

/* `text` from the cursor's column on, hanging. A word that is wider than a line (a body that somebody
 * answered with) is cut into pieces that fit. */
static void put_paragraph(struct gim_buf *b, size_t left, const struct gim_buf *text)
{
    struct gim_buf plain = {0}, cut = {0};
    size_t word = 0;

    table_put_plain(&plain, gim_buf_view(text));
    for (size_t i = 0; i < plain.len; i++) {
        bool begins = ((unsigned char)plain.ptr[i] & 0xc0) != 0x80; /* a character */

        word = plain.ptr[i] == ' ' ? 0 : word + begins;
        if (begins && word > TABLE_WIDTH - left) {
            gim_buf_char(&cut, ' ');
            word = 1;
        }
        gim_buf_char(&cut, plain.ptr[i]);
    }
    gim_put_wrapped(b, left, gim_buf_view(&cut));
    gim_buf_free(&plain);
    gim_buf_free(&cut);
}

/* "  name    " of `width` in all; a longer one takes its own line. */
static void put_name(struct gim_buf *b, gim_str name, size_t width)
{
    size_t n = table_width(name) + 2;

    gim_buf_lit(b, "  ");
    table_put_plain(b, name);
    if (n + 2 > width) {
        gim_buf_char(b, '\n');
        n = 0;
    }
    gim_put_spaces(b, width - n);
}

/* ---- what was run ---------------------------------------------------------------------------- */

static void put_run(struct gim_buf *b, const struct compare_results *r)
{
    struct gim_buf line = {0};

    told_put_time(&line, r->started_us);
    gim_buf_lit(&line, ", ");
    told_put_took(&line, r->ended_us - r->started_us);
    if (r->program.len)
        gim_buf_printf(&line, "; %.*s", GIM_FMT(r->program));
    if (r->commit.len)
        gim_buf_printf(&line, ", commit %.*s", GIM_FMT(r->commit));
    gim_buf_printf(&line, "; %d round%s, seed %llu; differences below %.3g %% are of no account",
                   r->rounds, r->rounds == 1 ? "" : "s", (unsigned long long)r->seed,
                   r->practical * 100);
    put_paragraph(b, 0, &line);
    gim_buf_free(&line);
    if (r->quick)
        gim_buf_lit(b, "QUICK: short phases, for a first look; not for publication.\n");
    if (r->interrupted)
        gim_buf_printf(b, "INTERRUPTED: the figures are of the %d of %d rounds that had ended.\n",
                       r->rounds, r->rounds_planned);
}

static size_t longest_pair(const struct compare_results *r)
{
    size_t longest = 0;

    for (size_t i = 0; i < r->n_host; i++)
        longest = r->host[i].name.len > longest ? r->host[i].name.len : longest;
    return longest;
}

static void put_host(struct gim_buf *b, const struct compare_results *r)
{
    size_t left = longest_pair(r) + 4;

    for (size_t i = 0; i < r->n_host; i++) {
        struct gim_buf value = {0};

        gim_buf_str(&value, r->host[i].value);
        put_name(b, r->host[i].name, left < 24 ? left : 24);
        put_paragraph(b, left < 24 ? left : 24, &value);
        gim_buf_free(&value);
    }
}

/* ---- the contract ---------------------------------------------------------------------------- */

static size_t name_column(const struct compare_results *r)
{
    size_t longest = 0;

    for (size_t i = 0; i < r->n_services; i++) {
        size_t n = table_width(r->services[i].name);

        longest = n > longest ? n : longest;
    }
    return longest + 4 < 28 ? longest + 4 : 28;
}

static void put_state(struct gim_buf *line, const struct results_service *s)
{
    if (s->state != RESULTS_RAN)
        told_put_why(line, s);
    else if (s->control_of.len)
        gim_buf_printf(line, "a copy of %.*s: how far the same differs from the same",
                       GIM_FMT(s->control_of));
    else if (s->n_checks) {
        gim_buf_printf(line, "passed %zu check%s; answers with ", s->n_checks,
                       s->n_checks == 1 ? "" : "s");
        told_put_bytes(line, s->head_bytes, s->body_bytes);
    } else
        gim_buf_lit(line, "no checks in the plan");
}

static void put_failed_checks(struct gim_buf *b, const struct results_service *s, size_t left)
{
    for (size_t i = 0; i < s->n_checks; i++) {
        struct gim_buf line = {0};

        if (s->checks[i].passed)
            continue;
        gim_buf_printf(&line, "%.*s: %.*s", GIM_FMT(s->checks[i].name), GIM_FMT(s->checks[i].what));
        gim_put_spaces(b, left);
        put_paragraph(b, left + 2, &line);
        gim_buf_free(&line);
    }
}

static void put_contract(struct gim_buf *b, const struct compare_results *r, bool color)
{
    size_t left = name_column(r);

    put_heading(b, GIM_S("Contract"), color);
    for (size_t i = 0; i < r->n_services; i++) {
        struct gim_buf line = {0};

        put_state(&line, &r->services[i]);
        put_name(b, r->services[i].name, left);
        put_paragraph(b, left, &line);
        put_failed_checks(b, &r->services[i], left);
        gim_buf_free(&line);
    }
}

/* ---- the phases ------------------------------------------------------------------------------ */

static const struct table_column columns[] = {
    {"", false}, {"median", true}, {"ratio", true}, {"95 % interval", false}, {"verdict", false},
};

static void put_ratio(struct table *t, const struct stats_ratio *ratio)
{
    struct gim_buf *cell = table_cell(t, TABLE_PLAIN);

    told_put_ratio(cell, ratio->ratio);
    cell = table_cell(t, TABLE_PLAIN);
    if (!isfinite(ratio->low))
        return;
    told_put_ratio(cell, ratio->low);
    gim_buf_lit(cell, " to ");
    told_put_ratio(cell, ratio->high);
}

static void put_row(struct table *t, const struct results_service *s,
                    const struct results_metric *m, const struct verdict *d)
{
    static const enum table_mark leanings[] = {TABLE_BAD, TABLE_PLAIN, TABLE_GOOD};
    struct gim_buf *cell = table_cell(t, TABLE_PLAIN);

    gim_buf_lit(cell, "  ");
    table_put_plain(cell, s->name);
    cell = table_cell(t, d->best ? TABLE_BEST : TABLE_PLAIN);
    gim_buf_str(cell, d->best ? GIM_S("* ") : GIM_S(""));
    verdict_figure(cell, d->summary.median, m->unit);
    if (d->word == STATS_REFERENCE || d->word == STATS_NONE) {
        table_cell(t, TABLE_PLAIN);
        table_cell(t, TABLE_PLAIN);
    } else {
        put_ratio(t, &d->ratio);
    }
    verdict_words(table_cell(t, leanings[told_leaning(d, m) + 1]), d, m);
    table_row(t);
}

static void put_metric(struct table *t, const struct verdicts *v, size_t first, size_t metric)
{
    const struct compare_results *r = v->results;

    table_put_plain(table_cell(t, TABLE_PLAIN), r->metrics[metric].title);
    table_row(t);
    for (size_t i = first; i < r->n_services; i++) {
        const struct verdict *d = verdict_of(v, i, metric);

        if (d->summary.n && gim_str_eq(r->services[i].group, r->services[first].group))
            put_row(t, &r->services[i], &r->metrics[metric], d);
    }
}

static void put_missing(struct gim_buf *b, const struct compare_results *r, size_t first)
{
    for (size_t i = first; i < r->n_services; i++) {
        const struct results_service *s = &r->services[i];

        if (s->state == RESULTS_RAN || !gim_str_eq(s->group, r->services[first].group))
            continue;
        gim_buf_lit(b, "  ");
        table_put_plain(b, s->name);
        gim_buf_str(b, s->state == RESULTS_SKIPPED ? GIM_S(": skipped, see above\n")
                                                   : GIM_S(": failed, see above\n"));
    }
}

static void put_table(struct gim_buf *b, const struct verdicts *v, size_t first,
                      enum results_phase phase, bool color)
{
    const struct compare_results *r = v->results;
    struct table t = {.columns = columns, .n = sizeof columns / sizeof columns[0]};

    for (size_t m = 0; m < r->n_metrics; m++) {
        if (r->metrics[m].main && r->metrics[m].phase == phase && told_has_metric(v, first, m))
            put_metric(&t, v, first, m);
    }
    if (r->services[first].group.len) {
        gim_buf_char(b, '[');
        table_put_plain(b, r->services[first].group);
        gim_buf_lit(b, "]\n");
    }
    table_put_text(b, &t, color);
    put_missing(b, r, first);
    table_free(&t);
}

static bool anybody_has_phase(const struct verdicts *v, enum results_phase phase)
{
    for (size_t i = 0; i < v->results->n_services; i++) {
        if (told_has_phase(v, i, phase))
            return true;
    }
    return false;
}

static void put_phase(struct gim_buf *b, const struct verdicts *v, enum results_phase phase,
                      bool color)
{
    if (!anybody_has_phase(v, phase))
        return;
    put_heading(b, gim_str_of(results_phases[phase].title), color);
    gim_put_wrapped(b, 0, gim_str_of(results_phases[phase].about));
    for (size_t i = 0; i < v->results->n_services; i++) {
        if (told_begins_group(v->results, i) && told_has_phase(v, i, phase))
            put_table(b, v, i, phase, color);
    }
}

/* ---- what else must be known ----------------------------------------------------------------- */

static void put_rounds(struct gim_buf *line, const struct stats_summary *s, int rounds)
{
    const char *before = s->outliers == 1 ? " round " : " rounds ";

    for (int i = 0; i < rounds && i < STATS_ROUNDS_MAX; i++) {
        if (!s->outlier[i])
            continue;
        gim_buf_printf(line, "%s%d", before, i + 1);
        before = ", ";
    }
}

/* A line a service: "outliers (kept), gin: first in round 4; rss.peak in rounds 2, 3". */
static void put_marked(struct gim_buf *b, const struct verdicts *v, size_t service)
{
    const struct compare_results *r = v->results;
    struct gim_buf line = {0};
    const char *before = ": ";

    gim_buf_printf(&line, "outliers (kept), %.*s", GIM_FMT(r->services[service].name));
    for (size_t m = 0; m < r->n_metrics; m++) {
        const struct stats_summary *s = &verdict_of(v, service, m)->summary;

        if (!r->metrics[m].main || !s->outliers)
            continue;
        gim_buf_printf(&line, "%s%.*s in", before, GIM_FMT(r->metrics[m].id));
        put_rounds(&line, s, r->rounds);
        before = "; ";
    }
    if (before[0] == ';') {
        gim_buf_lit(b, "- ");
        put_paragraph(b, 2, &line);
    }
    gim_buf_free(&line);
}

static void put_warning(struct gim_buf *b, const struct results_warning *w)
{
    struct gim_buf line = {0};

    gim_buf_str(&line, w->code);
    if (w->service.len)
        gim_buf_printf(&line, ", %.*s", GIM_FMT(w->service));
    if (w->metric.len)
        gim_buf_printf(&line, ", %.*s", GIM_FMT(w->metric));
    if (w->round)
        gim_buf_printf(&line, ", round %d", w->round);
    gim_buf_printf(&line, ": %.*s", GIM_FMT(w->text));
    gim_buf_lit(b, "- ");
    put_paragraph(b, 2, &line);
    gim_buf_free(&line);
}

static void put_warnings(struct gim_buf *b, const struct verdicts *v, bool color)
{
    const struct compare_results *r = v->results;
    struct gim_buf list = {0};

    for (size_t i = 0; i < r->n_warnings; i++)
        put_warning(&list, &r->warnings[i]);
    for (size_t s = 0; s < r->n_services; s++)
        put_marked(&list, v, s);
    if (list.len)
        put_heading(b, GIM_S("Warnings"), color);
    gim_buf_str(b, gim_buf_view(&list));
    gim_buf_free(&list);
}

static void put_legend(struct gim_buf *b, const struct verdicts *v)
{
    struct gim_buf line = {0};

    gim_buf_lit(&line,
                "* best of its group by the median, which is no claim of significance. Ratios are "
                "over the reference of the group, from rounds in pairs, with their 95 % interval.");
    if (isfinite(v->noise_floor))
        gim_buf_printf(&line, " Noise floor (A/A): %.2g %%.", v->noise_floor * 100);
    gim_buf_char(b, '\n');
    put_paragraph(b, 0, &line);
    gim_buf_free(&line);
}

static void put_losses(struct gim_buf *b, const struct verdicts *v, size_t i)
{
    struct gim_buf line = {0};

    told_put_losses(&line, v, i);
    gim_buf_char(b, '\n');
    put_paragraph(b, 0, &line);
    gim_buf_free(&line);
}

void compare_text(struct gim_buf *b, const struct verdicts *v, bool color)
{
    const struct compare_results *r = v->results;
    bool measured = false;

    put_heading(b, r->title.len ? r->title : GIM_S("Comparison"), color);
    put_run(b, r);
    put_host(b, r);
    put_contract(b, r, color);
    for (int phase = 0; phase < RESULTS_PHASES; phase++) {
        put_phase(b, v, (enum results_phase)phase, color);
        measured |= anybody_has_phase(v, (enum results_phase)phase);
    }
    for (size_t i = 0; measured && i < r->n_services; i++) {
        if (results_reference(r, i) == (int)i)
            put_losses(b, v, i);
    }
    put_warnings(b, v, color);
    if (measured)
        put_legend(b, v);
}
