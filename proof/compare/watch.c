/* watch.c: a comparison takes minutes to an hour, so who waits must see that it goes on, and for how
 * long. On a terminal one line is drawn over itself and events scroll away above it; in a log there
 * is a line for each event and each round. stdout stays clean for the report. */
#include "watch.h"
#include "../report/table.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define COLUMNS 80
#define AWAY "\r\x1b[K"

static void put_left(struct gim_buf *b, int64_t ns)
{
    int64_t seconds = (ns + 999999999) / 1000000000;

    if (ns < 0)
        return;
    if (seconds < 100)
        gim_buf_printf(b, "  %lld s left", (long long)seconds);
    else
        gim_buf_printf(b, "  %lld min left", (long long)(seconds + 59) / 60);
}

void watch_line(struct gim_buf *b, const struct watch_step *s, int columns)
{
    struct gim_buf line = {0};
    double done = s->done < 0 ? 0 : s->done > 1 ? 1 : s->done;
    size_t end = 0, n = 0;

    gim_buf_printf(&line, "%3.0f%%", done * 100);
    if (s->round > 0)
        gim_buf_printf(&line, "  round %d/%d", s->round, s->rounds);
    put_left(&line, s->left_ns);
    gim_buf_printf(&line, "  %s: %s", s->service, s->phase);
    while (end < line.len) { /* whole characters only */
        n += ((unsigned char)line.ptr[end] & 0xc0) != 0x80;
        if (n > (size_t)columns)
            break;
        end++;
    }
    table_put_plain(b, (gim_str){line.ptr, end});
    gim_buf_free(&line);
}

static int terminal_columns(void)
{
    struct winsize size;

    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : COLUMNS;
}

static void say(const struct gim_buf *b)
{
    fwrite(b->ptr, 1, b->len, stderr);
    fflush(stderr);
}

static void on_event(void *owner, const char *what)
{
    struct watch *w = owner;
    struct gim_buf b = {0};

    if (w->drawn)
        gim_buf_lit(&b, AWAY);
    w->drawn = false;
    table_put_plain(&b, gim_str_of(what));
    gim_buf_char(&b, '\n');
    say(&b);
    gim_buf_free(&b);
}

static void draw(struct watch *w, const struct watch_step *s)
{
    struct gim_buf b = {0};

    gim_buf_lit(&b, AWAY);
    watch_line(&b, s, terminal_columns() - 1);
    say(&b);
    gim_buf_free(&b);
    w->drawn = true;
}

static void on_step(void *owner, int round, int rounds, const char *service, const char *phase,
                    double done, int64_t left_ns)
{
    struct watch *w = owner;
    struct watch_step s = {round, rounds, service, phase, done, left_ns};
    struct gim_buf b = {0};

    if (w->terminal) {
        draw(w, &s);
        return;
    }
    if (round == w->round || round < 1)
        return;
    w->round = round;
    gim_buf_printf(&b, "round %d of %d", round, rounds);
    put_left(&b, left_ns);
    gim_buf_char(&b, '\n');
    say(&b);
    gim_buf_free(&b);
}

void watch_open(struct watch *w, bool quiet)
{
    const char *term = getenv("TERM");

    *w = (struct watch){.terminal = isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0};
    w->calls.owner = w;
    if (quiet)
        return;
    w->calls.on_event = on_event;
    w->calls.on_step = on_step;
}

void watch_close(struct watch *w)
{
    if (w->drawn)
        fputs(AWAY, stderr);
    w->drawn = false;
    fflush(stderr);
}
