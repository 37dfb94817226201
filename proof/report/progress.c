/* progress.c: the progress line: how far, how fast, how slow the answers, how many errors.
 *
 * It is drawn over itself on stderr, so stdout stays clean for the report, and taken away at the end.
 * On a
 * narrow terminal the bar shrinks and goes, then the latencies, then the errors. */
#include "progress.h"
#include "figures.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define COLUMNS 80
#define BAR_MIN 5
#define BAR_MAX 30
#define FULL "\xe2\x96\xa0" /* U+25A0, as in the report's histogram */
#define EMPTY "\xc2\xb7"    /* U+00B7 */

struct progress {
    struct progress_snapshot last;
    double rate;
    bool colour;
};

static double part_done(const struct progress_snapshot *s)
{
    double part = s->total             ? (double)(s->answered + s->failed) / (double)s->total
                  : s->duration_ns > 0 ? (double)s->elapsed_ns / (double)s->duration_ns
                                       : 0;

    return part < 1 ? part : 1;
}

static size_t columns_of(gim_str s)
{
    size_t n = 0;

    for (size_t i = 0; i < s.len; i++)
        n += ((unsigned char)s.ptr[i] & 0xc0) != 0x80;
    return n;
}

static void put_figures(struct gim_buf *b, const struct progress_snapshot *s, double rate)
{
    gim_buf_printf(b, "%3.0f%%  %llu", part_done(s) * 100,
                   (unsigned long long)(s->answered + s->failed));
    if (s->total)
        gim_buf_printf(b, "/%llu", (unsigned long long)s->total);
    gim_buf_printf(b, "  %.0f/s", rate);
}

static void put_latencies(struct gim_buf *b, const struct progress_snapshot *s)
{
    if (!s->answered)
        return;
    gim_buf_lit(b, "  p50 ");
    figure_put_time(b, (double)s->p50);
    gim_buf_lit(b, "  p99 ");
    figure_put_time(b, (double)s->p99);
}

static void put_errors(struct gim_buf *b, uint64_t n, bool colour)
{
    gim_buf_lit(b, "  ");
    gim_buf_printf(b, "%s%llu error%s%s", colour && n ? "\x1b[31m" : "", (unsigned long long)n,
                   n == 1 ? "" : "s", colour && n ? "\x1b[0m" : "");
}

static void put_bar(struct gim_buf *b, double part, int width, bool colour)
{
    int full = (int)(part * width + 0.5);

    gim_buf_str(b, colour ? GIM_S("\x1b[32m") : GIM_S(""));
    for (int i = 0; i < width; i++)
        gim_buf_str(b, i < full ? GIM_S(FULL) : GIM_S(EMPTY));
    gim_buf_str(b, colour ? GIM_S("\x1b[0m ") : GIM_S(" "));
}

static int width_of(const struct gim_buf *b)
{
    return (int)columns_of(gim_buf_view(b));
}

void progress_line(struct gim_buf *b, const struct progress_snapshot *s, double rate, int columns,
                   bool colour)
{
    struct gim_buf figures = {0};
    struct gim_buf latencies = {0};
    struct gim_buf errors = {0};
    int room;

    put_figures(&figures, s, rate);
    put_latencies(&latencies, s);
    put_errors(&errors, s->failed, false);
    room = columns - width_of(&figures);
    if (width_of(&errors) > room)
        errors.len = 0;
    room -= width_of(&errors);
    if (width_of(&latencies) > room)
        latencies.len = 0;
    room -= width_of(&latencies) + 1;
    if (room >= BAR_MIN)
        put_bar(b, part_done(s), room < BAR_MAX ? room : BAR_MAX, colour);
    gim_buf_str(b, gim_buf_view(&figures));
    gim_buf_str(b, gim_buf_view(&latencies));
    if (errors.len)
        put_errors(b, s->failed, colour);
    gim_buf_free(&figures);
    gim_buf_free(&latencies);
    gim_buf_free(&errors);
}

static int terminal_columns(void)
{
    struct winsize w;

    return ioctl(STDERR_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 0 && w.ws_col < COLUMNS
               ? w.ws_col
               : COLUMNS;
}

struct progress *progress_start(const struct load_plan *p)
{
    const char *term = getenv("TERM");
    const char *no_colour = getenv("NO_COLOR");
    struct progress *made;

    if (p->quiet || !isatty(STDERR_FILENO) || !term || strcmp(term, "dumb") == 0)
        return NULL;
    made = gim_heap_alloc(sizeof *made);
    made->colour = !no_colour || !*no_colour;
    return made;
}

bool progress_active(const struct progress *p)
{
    return p != NULL;
}

void progress_update(struct progress *p, const struct progress_snapshot *s)
{
    struct gim_buf b = {0};
    double moments;

    if (!p)
        return;
    moments = (double)(s->elapsed_ns - p->last.elapsed_ns) / 1e9;
    if (moments > 0)
        p->rate = (double)(s->answered + s->failed - p->last.answered - p->last.failed) / moments;
    p->last = *s;
    gim_buf_char(&b, '\r');
    /* one column less: in the last one some terminals wrap */
    progress_line(&b, s, p->rate, terminal_columns() - 1, p->colour);
    gim_buf_lit(&b, "\x1b[K");
    fwrite(b.ptr, 1, b.len, stderr);
    fflush(stderr);
    gim_buf_free(&b);
}

void progress_end(struct progress *p)
{
    if (!p)
        return;
    fputs("\r\x1b[K", stderr);
    fflush(stderr);
    gim_heap_free(p);
}
