/* text.c: hey's report, line for line, with figures that are right.
 *
 * Scripts read this text: its lines, tabs, blanks and empty lines are hey's (commit after 0.1.4, whose
 * DNS+dialup line was wrong), and only what hey gets wrong differs: a percentile that the successes
 * are too few for is said to be unknown instead of printed as `0%`, and what is not known at all is
 * NaN. What we have to say besides follows behind (beyond.c). */
#include "report.h"
#include "figures.h"
#include <math.h>
#include <stdlib.h>

#define MARKS 11
#define BAR 40
#define BAR_RUNE "\xe2\x96\xa0" /* U+25A0 */
#define SECOND 1e9

/* hey writes numbers with %4.4f. What is not known is Go's NaN in that width. */
static void put_number(struct gim_buf *b, double v)
{
    if (isnan(v))
        gim_buf_lit(b, " NaN");
    else
        gim_buf_printf(b, "%4.4f", v);
}

static void put_line(struct gim_buf *b, const char *name, double seconds)
{
    gim_buf_printf(b, "  %s:\t", name);
    put_number(b, seconds);
    gim_buf_lit(b, " secs\n");
}

static double known(const struct load_result *r, double ns)
{
    return r->latency.total ? ns / SECOND : (double)NAN;
}

static void put_summary(struct gim_buf *b, const struct load_result *r)
{
    const struct gim_histogram *h = &r->latency;

    gim_buf_lit(b, "\nSummary:\n");
    put_line(b, "Total", figure_seconds(r));
    put_line(b, "Slowest", known(r, (double)h->max));
    put_line(b, "Fastest", known(r, (double)h->min));
    put_line(b, "Average", known(r, gim_histogram_mean(h)));
    gim_buf_printf(b, "  Requests/sec:\t%4.4f\n  \n", figure_rate(r));
    if (r->size_total && h->total) {
        gim_buf_printf(b, "  Total data:\t%llu bytes\n", (unsigned long long)r->size_total);
        gim_buf_printf(b, "  Size/request:\t%llu bytes\n",
                       (unsigned long long)(r->size_total / h->total));
    }
}

/* Marks from the fastest to the slowest; each counts what lies above the mark before it. */
static void put_histogram(struct gim_buf *b, const struct gim_histogram *h)
{
    double step = (double)(h->max - h->min) / (MARKS - 1);
    uint64_t counts[MARKS] = {0};
    uint64_t before = 0;
    uint64_t most = 0;

    gim_buf_lit(b, "\nResponse time histogram:\n");
    for (int i = 0; i < MARKS && h->total; i++) {
        int64_t mark = i == MARKS - 1 ? h->max : h->min + (int64_t)(step * i);
        uint64_t below = gim_histogram_below(h, mark);

        counts[i] = below - before;
        before = below;
        most = counts[i] > most ? counts[i] : most;
    }
    for (int i = 0; i < MARKS && h->total; i++) {
        gim_buf_printf(b, "  %4.3f [%llu]\t|", ((double)h->min + step * i) / SECOND,
                       (unsigned long long)counts[i]);
        for (uint64_t n = (counts[i] * BAR + most / 2) / most; n; n--)
            gim_buf_lit(b, BAR_RUNE);
        gim_buf_char(b, '\n');
    }
    gim_buf_lit(b, "\n\n");
}

static void put_percentiles(struct gim_buf *b, const struct gim_histogram *h)
{
    gim_buf_lit(b, "Latency distribution:\n");
    for (int i = 0; i < FIGURE_HEY_LEVELS && h->total; i++) {
        const struct figure_level *l = &figure_hey_levels[i];

        if (h->total >= l->least)
            gim_buf_printf(b, "  %s%% in %4.4f secs\n", l->name,
                           (double)gim_histogram_percentile(h, l->p) / SECOND);
        else
            gim_buf_printf(b, "  %s%% not known: needs %llu or more successes\n", l->name,
                           (unsigned long long)l->least);
    }
    gim_buf_char(b, '\n');
}

static void put_details(struct gim_buf *b, const struct load_result *r)
{
    static const char *const names[PHASES] = {
        [PHASE_DIAL] = "DNS+dialup", [PHASE_DNS] = "DNS-lookup", [PHASE_WRITE] = "req write",
        [PHASE_WAIT] = "resp wait",  [PHASE_READ] = "resp read",
    };

    gim_buf_lit(b, "Details (average, fastest, slowest):\n");
    for (int i = 0; i < PHASES; i++) {
        const struct load_phase *phase = &r->phases[i];

        gim_buf_printf(b, "  %s:\t", names[i]);
        put_number(b, known(r, phase->sum / (double)r->latency.total));
        gim_buf_lit(b, " secs, ");
        put_number(b, known(r, (double)phase->min));
        gim_buf_lit(b, " secs, ");
        put_number(b, known(r, (double)phase->max));
        gim_buf_lit(b, " secs\n");
    }
}

static void put_statuses(struct gim_buf *b, const struct load_result *r)
{
    gim_buf_lit(b, "\nStatus code distribution:\n");
    for (int i = 0; i < 1000; i++) {
        if (r->statuses[i])
            gim_buf_printf(b, "  [%d]\t%llu responses\n", i, (unsigned long long)r->statuses[i]);
    }
    gim_buf_char(b, '\n');
}

struct error_line {
    const char *text;
    uint64_t count;
};

static int by_text(const void *a, const void *b)
{
    const struct error_line *x = a;
    const struct error_line *y = b;

    return strcmp(x->text, y->text);
}

/* A line a kind, by its first example, in the order of the texts. */
static void put_errors(struct gim_buf *b, const struct load_result *r)
{
    struct error_line lines[LOAD_ERRORS];
    size_t n = 0;

    for (int i = 0; i < LOAD_ERRORS; i++) {
        if (r->errors[i])
            lines[n++] = (struct error_line){
                r->first[i][0] ? r->first[i] : load_error_name((enum load_error)i), r->errors[i]};
    }
    qsort(lines, n, sizeof lines[0], by_text);
    gim_buf_str(b, n ? GIM_S("Error distribution:\n") : GIM_S("\n"));
    for (size_t i = 0; i < n; i++)
        gim_buf_printf(b, "  [%llu]\t%s\n", (unsigned long long)lines[i].count, lines[i].text);
    gim_buf_char(b, '\n');
}

void report_text(struct gim_buf *b, const struct load_plan *p, const struct load_result *r)
{
    put_summary(b, r);
    put_histogram(b, &r->latency);
    put_percentiles(b, &r->latency);
    put_details(b, r);
    put_statuses(b, r);
    put_errors(b, r);
    if (!p->plain)
        report_beyond(b, p, r);
}
