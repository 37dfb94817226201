/* fixture.h: a connection over a memory stream, for tests that bring their own service: opened, fed,
 * read, closed. */
#ifndef FIXTURE_H
#define FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "gimlet/wire/conn.h"

struct fixture {
    struct gim_loop *loop;
    struct gim_wire wire;
    struct gim_wire_shared shared;
    struct gim_limits limits;
    struct gim_memory m;
    struct gim_conn *c;
};

static inline struct fixture *fixture_new(const struct gim_service *service,
                                          const struct gim_limits *limits)
{
    struct fixture *f = calloc(1, sizeof *f);

    f->limits = *limits;
    f->loop = gim_loop_new();
    gim_wire_init(&f->wire, f->loop, service, &f->limits, &f->shared);
    gim_memory_open(&f->m, f->loop, &gim_conn_user);
    f->c = gim_conn_open(&f->wire, &f->m.stream);
    return f;
}

static inline void fixture_free(struct fixture *f)
{
    gim_wire_release(&f->wire);
    gim_memory_free(&f->m);
    gim_loop_free(f->loop);
    free(f);
}

/* Feeds from a copy that is overwritten afterwards, as the loop's buffer is. */
static inline void feed_to(struct gim_memory *m, const char *text)
{
    size_t n = strlen(text);
    char *copy = malloc(n + 1);

    memcpy(copy, text, n + 1);
    gim_memory_feed(m, (gim_str){copy, n});
    memset(copy, 0xdb, n);
    free(copy);
}

static inline void feed(struct fixture *f, const char *text)
{
    feed_to(&f->m, text);
}

static inline void feed_bytes(struct fixture *f, const char *text)
{
    for (; *text && !f->m.closed; text++) {
        char one[2] = {*text, 0};

        feed(f, one);
    }
}

static inline const char *take_from(struct gim_memory *m)
{
    static char text[70000];
    size_t n = m->out_len;
    char *date;

    assert_true(n < sizeof text);
    if (n)
        memcpy(text, m->out, n);
    text[n] = 0;
    m->out_len = 0;
    while ((date = strstr(text, "Date: ")) != NULL) {
        char *end = strstr(date, "\r\n") + 2;

        memmove(date, end, strlen(end) + 1);
    }
    return text;
}

/* What was written, with every Date line cut; the output starts anew. */
static inline const char *take(struct fixture *f)
{
    return take_from(&f->m);
}

#endif
