/* beyond.c: what hey's report has no line for: percentiles to the microsecond and up to 99.99, the
 * open loop's three times, connections apart, notes.
 *
 * In an open loop a request has three: the response time counts from when it was due, as its user
 * would; the service time from when it was sent; the lateness is what lies between, and not small
 * when all connections were busy or the generator had too little CPU. */
#include "figures.h"
#include "report.h"

#define COLUMN 11

static void put_padded(struct gim_buf *b, size_t start, size_t width)
{
    size_t columns = 0;

    for (size_t i = start; i < b->len; i++)
        columns += ((unsigned char)b->ptr[i] & 0xc0) != 0x80; /* of UTF-8, first bytes */
    for (; columns < width; columns++)
        gim_buf_char(b, ' ');
}

static void put_cell(struct gim_buf *b, double ns)
{
    size_t start = b->len;

    figure_put_time(b, ns);
    put_padded(b, start, COLUMN);
}

static void cut_spaces(struct gim_buf *b)
{
    while (b->len && b->ptr[b->len - 1] == ' ')
        b->len--;
}

static void put_name(struct gim_buf *b, const char *name)
{
    size_t start = b->len;

    gim_buf_printf(b, "  %s", name);
    put_padded(b, start, COLUMN);
}

struct columns {
    const struct gim_histogram *list[3];
    int n;
};

static void put_level(struct gim_buf *b, const struct columns *c, const struct figure_level *l)
{
    uint64_t total = c->list[0]->total;
    uint64_t needed = gim_histogram_needed(l->p);
    char name[16];

    snprintf(name, sizeof name, "%s%%", l->name);
    put_name(b, name);
    if (total < l->least) {
        gim_buf_printf(b, "not known: needs %llu or more successes", (unsigned long long)l->least);
    } else {
        for (int i = 0; i < c->n; i++)
            put_cell(b, (double)gim_histogram_percentile(c->list[i], l->p));
        if (total < needed)
            gim_buf_printf(b, "(few samples: %llu for 95 %% confidence)",
                           (unsigned long long)needed);
    }
    cut_spaces(b);
    gim_buf_char(b, '\n');
}

static void put_moments(struct gim_buf *b, const struct columns *c, const char *name,
                        double (*of)(const struct gim_histogram *h))
{
    put_name(b, name);
    for (int i = 0; i < c->n; i++)
        put_cell(b, of(c->list[i]));
    cut_spaces(b);
    gim_buf_char(b, '\n');
}

static double slowest(const struct gim_histogram *h)
{
    return (double)h->max;
}

static void put_table(struct gim_buf *b, const struct columns *c)
{
    for (int i = 0; i < FIGURE_LEVELS; i++)
        put_level(b, c, &figure_levels[i]);
    put_moments(b, c, "max", slowest);
    put_moments(b, c, "mean", gim_histogram_mean);
    put_moments(b, c, "stdev", gim_histogram_stdev);
    gim_buf_char(b, '\n');
}

static void put_times(struct gim_buf *b, const struct load_plan *p, const struct load_result *r)
{
    const struct columns closed = {{&r->latency}, 1};
    const struct columns open = {{&r->latency, &r->service, &r->late}, 3};

    if (p->rate > 0) {
        gim_buf_printf(b, "Open loop: %.8g requests/sec planned, %llu sent, %llu left unsent\n",
                       p->rate, (unsigned long long)r->sent, (unsigned long long)r->unsent);
        if (r->latency.total)
            gim_buf_printf(b, "%*s%-*s%-*s%s\n", COLUMN, "", COLUMN, "response", COLUMN, "service",
                           "lateness");
    } else if (r->latency.total) {
        gim_buf_lit(b, "Latency, connecting apart:\n");
    }
    if (r->latency.total)
        put_table(b, p->rate > 0 ? &open : &closed);
    else if (p->rate > 0)
        gim_buf_char(b, '\n');
}

static void put_connections(struct gim_buf *b, const struct load_result *r)
{
    const struct gim_histogram *h = &r->dial;

    if (!h->total)
        return;
    gim_buf_printf(b, "Connections: %llu opened; to open one took ", (unsigned long long)h->total);
    figure_put_time(b, gim_histogram_mean(h));
    gim_buf_lit(b, " (fastest ");
    figure_put_time(b, (double)h->min);
    gim_buf_lit(b, ", slowest ");
    figure_put_time(b, (double)h->max);
    gim_buf_lit(b, ")\n");
    if (r->redirects)
        gim_buf_printf(b, "Redirects: %llu followed; an answer counts at the end of its way\n",
                       (unsigned long long)r->redirects);
    gim_buf_char(b, '\n');
}

static void put_notes(struct gim_buf *b, const struct load_plan *p, const struct load_result *r)
{
    struct gim_buf notes = {0};
    gim_str rest;

    report_notes(&notes, p, r);
    rest = gim_buf_view(&notes);
    if (rest.len)
        gim_buf_lit(b, "Notes:\n");
    while (rest.len) {
        gim_str line = gim_str_cut(&rest, '\n');

        gim_buf_printf(b, "  %.*s\n", GIM_FMT(line));
    }
    if (notes.len)
        gim_buf_char(b, '\n');
    gim_buf_free(&notes);
}

void report_beyond(struct gim_buf *b, const struct load_plan *p, const struct load_result *r)
{
    put_times(b, p, r);
    put_connections(b, r);
    put_notes(b, p, r);
}
