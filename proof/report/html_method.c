/* html_method.c: what a reader needs to believe the figures, or not to: the contract, what was left out,
 * how it was measured, on what, by which commands, with what doubts, and where the reference loses. */
#include "html_compare.h"
#include <math.h>
#include <stdio.h>

static void put_list(struct gim_buf *b, gim_str title, gim_str text)
{
    gim_buf_lit(b, "<li><strong>");
    html_text(b, title);
    gim_buf_lit(b, "</strong>: ");
    html_text(b, text);
    gim_buf_lit(b, "</li>\n");
}

/* ---- the contract ---------------------------------------------------------------------------- */

static size_t failed_checks(const struct results_service *s)
{
    size_t n = 0;

    for (size_t i = 0; i < s->n_checks; i++)
        n += !s->checks[i].passed;
    return n;
}

static void put_checks(struct gim_buf *b, const struct results_service *s)
{
    struct gim_buf text = {0};
    size_t failed = failed_checks(s);

    html_row(b, s->name);
    gim_buf_printf(b, "<td>%zu of %zu</td>", s->n_checks - failed, s->n_checks);
    if (s->head_bytes || s->body_bytes)
        told_put_bytes(&text, s->head_bytes, s->body_bytes);
    html_cell(b, gim_buf_view(&text));
    text.len = 0;
    for (size_t i = 0; i < s->n_checks; i++) {
        if (!s->checks[i].passed)
            gim_buf_printf(&text, "%s%.*s: %.*s", text.len ? "; " : "", GIM_FMT(s->checks[i].name),
                           GIM_FMT(s->checks[i].what));
    }
    html_cell_text(b, gim_buf_view(&text));
    html_row_end(b);
    gim_buf_free(&text);
}

void html_put_contract(struct gim_buf *b, const struct compare_results *r)
{
    static const char *const columns[] = {"Service", "Checks passed", "Answer: head + body",
                                          "<What failed", NULL};

    html_section(b, "contract", "Contract");
    gim_buf_lit(b, "<p>Before anything was timed, every service had to pass the same checks: equal "
                   "requests must get equal answers.</p>\n");
    html_table(b, NULL, GIM_S("Checks of the contract"), columns);
    for (size_t i = 0; i < r->n_services; i++) {
        if (r->services[i].n_checks)
            put_checks(b, &r->services[i]);
    }
    html_table_end(b);
    html_section_end(b);
}

/* `why` may begin with the word that stands before it here. */
static void put_why(struct gim_buf *b, const struct results_service *s)
{
    gim_str word = s->state == RESULTS_SKIPPED ? GIM_S("skipped: ") : GIM_S("failed: ");
    gim_str why = s->why;

    if (gim_str_starts(why, word))
        why = (gim_str){why.ptr + word.len, why.len - word.len};
    gim_buf_lit(b, "<li><strong>");
    html_text(b, s->name);
    gim_buf_printf(b, "</strong>, %.*s", GIM_FMT(word));
    html_text(b, why);
    gim_buf_lit(b, "</li>\n");
}

void html_put_left_out(struct gim_buf *b, const struct compare_results *r)
{
    size_t n = 0;

    html_section(b, "left-out", "Failed or skipped");
    for (size_t i = 0; i < r->n_services; i++) {
        if (r->services[i].state == RESULTS_RAN)
            continue;
        gim_buf_str(b, n++ ? GIM_S("") : GIM_S("<ul>\n"));
        put_why(b, &r->services[i]);
    }
    gim_buf_str(b, n ? GIM_S("</ul>\n") : GIM_S("<p>Nothing: every service ran.</p>\n"));
    html_section_end(b);
}

/* ---- how ------------------------------------------------------------------------------------- */

static void put_order(struct gim_buf *b, const struct compare_results *r)
{
    static const char *const columns[] = {"Round", "<Services in the order in which they ran",
                                          NULL};

    if (!r->order || r->rounds <= 0)
        return;
    gim_buf_lit(b, "<details>\n<summary>Order of the rounds</summary>\n");
    html_table(b, NULL, GIM_S("Order of the rounds"), columns);
    for (int round = 0; round < r->rounds; round++) {
        struct gim_buf text = {0};

        for (size_t place = 0; place < r->n_services; place++) {
            int s = r->order[(size_t)round * r->n_services + place];

            if (s >= 0 && (size_t)s < r->n_services)
                gim_buf_printf(&text, "%s%.*s", text.len ? ", " : "", GIM_FMT(r->services[s].name));
        }
        gim_buf_printf(b, "<tr><th scope=\"row\">%d</th>", round + 1);
        html_cell_text(b, gim_buf_view(&text));
        html_row_end(b);
        gim_buf_free(&text);
    }
    html_table_end(b);
    gim_buf_lit(b, "</details>\n");
}

static void put_noise(struct gim_buf *b, const struct verdicts *v)
{
    gim_buf_lit(b, "<li>");
    if (isfinite(v->noise_floor))
        html_format(
            b,
            "Noise floor: a service was measured against a copy of itself (A/A); the widest "
            "interval of the main metrics reached %.1f %% to either side.",
            v->noise_floor * 100);
    else
        gim_buf_lit(b, "There was no A/A control, so the noise floor is not known.");
    gim_buf_lit(b, "</li>\n");
}

void html_put_method(struct gim_buf *b, const struct verdicts *v)
{
    const struct compare_results *r = v->results;

    html_section(b, "method", "Method");
    gim_buf_printf(
        b,
        "<ul>\n<li>%d of %d rounds; in each, every service runs once, in a fresh process with "
        "fresh data; the order changes from round to round (seed %llu).</li>\n",
        r->rounds, r->rounds_planned, (unsigned long long)r->seed);
    gim_buf_lit(
        b,
        "<li>The round is the unit: a figure of a service is the median of its rounds; its "
        "interval is "
        "by order statistics and needs 6 rounds.</li>\n"
        "<li>A ratio compares a service with the reference of its group, round by round, on "
        "logarithms; "
        "its 95 % interval is Student's t, which decides; a bootstrap of the median stands beside "
        "it.</li>\n");
    gim_buf_printf(
        b,
        "<li>A verdict of a difference needs the whole interval to lie beyond 1 by %.3g %%, and a "
        "p below 0.05 after Holm's correction for all comparisons of the metric; no practical "
        "difference needs the 90 %% interval to lie within it.</li>\n",
        r->practical * 100);
    put_noise(b, v);
    gim_buf_lit(
        b, "<li>Percentiles come from merged histograms, never from averages of percentiles; one "
           "is given only when there are enough answers to bound it with 95 % confidence.</li>\n"
           "<li>Outliers are marked, never dropped.</li>\n</ul>\n");
    put_order(b, r);
    html_section_end(b);
}

/* Names of the host's facts are ids: load_average. */
static void put_known(struct gim_buf *b, gim_str name, gim_str value)
{
    struct gim_buf text = {0};

    if (!value.len)
        return;
    gim_buf_str(&text, name);
    for (size_t i = 0; i < text.len; i++)
        text.ptr[i] = text.ptr[i] == '_' ? ' ' : text.ptr[i];
    html_row(b, gim_buf_view(&text));
    html_cell_text(b, value);
    html_row_end(b);
    gim_buf_free(&text);
}

void html_put_host(struct gim_buf *b, const struct compare_results *r)
{
    static const char *const columns[] = {"What", "<Value", NULL};
    struct gim_buf text = {0};

    html_section(b, "host", "Environment");
    html_table(b, NULL, GIM_S("Where and when it was measured"), columns);
    told_put_time(&text, r->started_us);
    gim_buf_lit(&text, " to ");
    told_put_time(&text, r->ended_us);
    html_pair(b, "Time", gim_buf_view(&text));
    put_known(b, GIM_S("Program"), r->program);
    put_known(b, GIM_S("Commit"), r->commit);
    put_known(b, GIM_S("Plan"), r->plan_file);
    put_known(b, GIM_S("Command"), r->command);
    for (size_t i = 0; i < r->n_host; i++)
        put_known(b, r->host[i].name, r->host[i].value);
    html_table_end(b);
    html_section_end(b);
    gim_buf_free(&text);
}

/* ---- the services ---------------------------------------------------------------------------- */

static void put_fact(struct gim_buf *b, const char *what, gim_str text)
{
    if (!text.len)
        return;
    gim_buf_printf(b, "<dt>%s</dt><dd><code>", what);
    html_text(b, text);
    gim_buf_lit(b, "</code></dd>\n");
}

static void put_role(struct gim_buf *b, const struct results_service *s)
{
    if (s->control_of.len) {
        gim_buf_lit(b, "<dt>Role</dt><dd>the A/A control: a second copy of ");
        html_text(b, s->control_of);
        gim_buf_lit(b, "</dd>\n");
    }
    if (s->reference)
        gim_buf_lit(b, "<dt>Role</dt><dd>the reference of its group</dd>\n");
}

static void put_service(struct gim_buf *b, const struct results_service *s)
{
    gim_buf_lit(b, "<h3>");
    html_text(b, s->name);
    gim_buf_lit(b, "</h3>\n<p>");
    html_text(b, s->about);
    gim_buf_lit(b, "</p>\n<dl>\n");
    put_role(b, s);
    put_fact(b, "Version", s->version);
    put_fact(b, "Build", s->build);
    put_fact(b, "Run", s->run);
    put_fact(b, "Environment", s->env);
    if (s->requests)
        gim_buf_printf(b,
                       "<dt>In all rounds</dt><dd>%llu requests; %lld bytes on stdout and "
                       "stderr</dd>\n",
                       (unsigned long long)s->requests, (long long)s->log_bytes);
    gim_buf_lit(b, "</dl>\n");
}

void html_put_services(struct gim_buf *b, const struct compare_results *r)
{
    html_section(b, "services", "Versions and commands");
    for (size_t i = 0; i < r->n_services; i++)
        put_service(b, &r->services[i]);
    html_section_end(b);
}

/* ---- doubts ---------------------------------------------------------------------------------- */

static void put_warning(struct gim_buf *b, const struct results_warning *w)
{
    struct gim_buf title = {0};

    gim_buf_str(&title, w->code);
    if (w->service.len)
        gim_buf_printf(&title, ", %.*s", GIM_FMT(w->service));
    if (w->metric.len)
        gim_buf_printf(&title, ", %.*s", GIM_FMT(w->metric));
    if (w->round)
        gim_buf_printf(&title, ", round %d", w->round);
    put_list(b, gim_buf_view(&title), w->text);
    gim_buf_free(&title);
}

void html_put_warnings(struct gim_buf *b, const struct compare_results *r)
{
    html_section(b, "warnings", "Warnings");
    if (!r->n_warnings)
        gim_buf_lit(b, "<p>There are none.</p>\n");
    else
        gim_buf_lit(b, "<ul>\n");
    for (size_t i = 0; i < r->n_warnings; i++)
        put_warning(b, &r->warnings[i]);
    if (r->n_warnings)
        gim_buf_lit(b, "</ul>\n");
    html_section_end(b);
}

static void put_loss(struct gim_buf *b, const struct verdicts *v, size_t reference, size_t metric,
                     size_t rival)
{
    const struct results_metric *m = &v->results->metrics[metric];

    html_row(b, m->title);
    html_verdict(b, v, reference, metric);
    html_cell_text(b, v->results->services[rival].name);
    html_verdict(b, v, rival, metric);
    html_row_end(b);
}

static void put_losses_of(struct gim_buf *b, const struct verdicts *v, size_t reference)
{
    static const char *const columns[] = {"Metric", "The reference", "<First", "Its figure", NULL};
    const struct compare_results *r = v->results;
    struct gim_buf caption = {0};
    size_t n = 0;

    html_caption(&caption, r, reference, r->services[reference].name);
    for (size_t m = 0; m < r->n_metrics; m++) {
        int rival = told_rival(v, reference, m);

        if (rival < 0)
            continue;
        if (!n++)
            html_table(b, NULL, gim_buf_view(&caption), columns);
        put_loss(b, v, reference, m, (size_t)rival);
    }
    if (n) {
        html_table_end(b);
    } else {
        gim_buf_lit(b, "<p>");
        html_text(b, gim_buf_view(&caption));
        gim_buf_lit(b, " is first on every metric.</p>\n");
    }
    gim_buf_free(&caption);
}

void html_put_losses(struct gim_buf *b, const struct verdicts *v)
{
    const struct compare_results *r = v->results;

    html_section(b, "losses", "Where the reference is not first");
    gim_buf_lit(b,
                "<p>Every metric of which another service has the better median; the verdict says "
                "whether the difference is one.</p>\n");
    for (size_t i = 0; i < r->n_services; i++) {
        int reference = told_begins_group(r, i) ? results_reference(r, i) : -1;

        if (reference >= 0)
            put_losses_of(b, v, (size_t)reference);
    }
    html_section_end(b);
}
