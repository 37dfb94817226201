/* scripted.h: a connection over a memory stream with a service for tests of streams and upgrades. The
 * pull plays a script of steps: text to add, a part of a file, what to say.
 *   /s streams it, /early does so from the head alone, /up upgrades, /echo answers with the body,
 *   /end hangs up the upgraded connection of somebody else. */
#ifndef SCRIPTED_H
#define SCRIPTED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gimlet/base/arena.h"
#include "fixture.h"

/* ---- the service ----------------------------------------------------------------------------- */

struct step {
    const char *text;
    enum gim_pull then;
    int64_t file; /* bytes of the test's file */
};

static struct {
    const struct step *script;
    int64_t length;
    int status;
    int at, pulls;
    bool endless, stop_when_draining;
    struct gim_exchange *x; /* the last that was streamed or upgraded */
    int cancelled, released, done, aborted;
    int64_t sent;
    char heard[4096]; /* by the upgrade's owner */
    int drains, ends, drained;
    char answer; /* what on_data does: 'e'cho, 'h'ang up, 'r'eset, 0 nothing */
} is;

static int file = -1;

static enum gim_pull pull(struct gim_exchange *x, struct gim_out *out)
{
    const struct step *s;

    is.pulls++;
    is.x = x;
    if (is.endless) {
        gim_buf_lit(out->buf, "0123456789abcdef");
        return GIM_PULL_MORE;
    }
    if (is.stop_when_draining && (x->wire->draining || x->conn->ended))
        return GIM_PULL_END;
    s = &is.script[is.at];
    gim_buf_str(out->buf, gim_str_of(s->text));
    if (s->file) {
        out->fd = file;
        out->at = 2;
        out->len = s->file;
    }
    if (s[1].text)
        is.at++;
    return s->then;
}

static void upgraded_data(struct gim_exchange *x, gim_str data)
{
    strncat(is.heard, data.ptr, data.len);
    if (is.answer == 'e')
        gim_exchange_send(x, data);
    else if (is.answer)
        gim_exchange_hang_up(x, is.answer == 'r');
}

static void upgraded_drained(struct gim_exchange *x)
{
    (void)x;
    is.drained++;
}

static void upgraded_end(struct gim_exchange *x)
{
    is.ends++;
    gim_exchange_hang_up(x, false);
}

static void upgraded_drain(struct gim_exchange *x)
{
    is.drains++;
    gim_exchange_send(x, GIM_S("bye"));
    gim_exchange_hang_up(x, false);
}

static const struct gim_upgrade upgrade = {
    .on_data = upgraded_data,
    .on_drained = upgraded_drained,
    .on_end = upgraded_end,
    .on_drain = upgraded_drain,
};

static gim_str path_of(const struct gim_exchange *x)
{
    return gim_head_str(&x->head, x->head.path);
}

static void set(struct gim_exchange *x, int status, gim_str body)
{
    x->reply.status = status;
    x->reply.body = body;
}

static void stream(struct gim_exchange *x)
{
    set(x, is.status, (gim_str){0});
    x->reply.pull = pull;
    x->reply.length = is.length;
}

static enum gim_body_plan on_head(struct gim_exchange *x)
{
    x->max_body = 1000;
    x->keep = true;
    gim_exchange_keep(x);
    if (!gim_str_eq(path_of(x), GIM_S("/early")))
        return GIM_BODY_TAKE;
    stream(x);
    return GIM_BODY_REFUSE;
}

static bool on_request(struct gim_exchange *x)
{
    gim_str path = path_of(x);

    if (gim_str_eq(path, GIM_S("/s"))) {
        stream(x);
    } else if (gim_str_eq(path, GIM_S("/up"))) {
        set(x, 101, (gim_str){0});
        x->reply.upgrade = &upgrade;
        is.x = x;
    } else if (gim_str_eq(path, GIM_S("/end"))) {
        gim_exchange_hang_up(is.x, false);
        set(x, 204, (gim_str){0});
    } else {
        set(x, 200, x->body);
    }
    return true;
}

static void on_refused(struct gim_exchange *x, int status, const char *detail)
{
    x->reply.pull = NULL;
    set(x, status, gim_str_of(detail));
}

static void on_reply(struct gim_exchange *x)
{
    (void)x;
}

static void on_done(struct gim_exchange *x, size_t sent, bool aborted)
{
    (void)x;
    is.done++;
    is.aborted += aborted;
    is.sent = (int64_t)sent;
}

static void on_cancel(struct gim_exchange *x)
{
    (void)x;
    is.cancelled++;
}

static void on_release(struct gim_exchange *x)
{
    (void)x;
    is.released++;
}

static const struct gim_service service = {
    .exchange_size = sizeof(struct gim_exchange),
    .on_head = on_head,
    .on_request = on_request,
    .on_refused = on_refused,
    .on_reply = on_reply,
    .on_done = on_done,
    .on_cancel = on_cancel,
    .on_release = on_release,
};

/* ---- the fixture ----------------------------------------------------------------------------- */

static inline int open_fixture(void **state)
{
    static const struct gim_limits limits = {
        .max_head = 4096,
        .max_target = 1024,
        .max_body = 1000,
        .header_timeout = 60000,
        .idle_timeout = 60000,
        .write_timeout = 60000,
        .handler_timeout = 60000,
    };

    *state = fixture_new(&service, &limits);
    memset(&is, 0, sizeof is);
    is.length = -1;
    is.status = 200;
    return 0;
}

static inline int close_fixture(void **state)
{
    struct fixture *f = *state;

    gim_wire_hang_up(&f->wire);
    assert_int_equal(gim_loop_turn(f->loop, 0), 0);
    assert_int_equal(f->wire.in_flight, 0);
    assert_int_equal(f->shared.buffered, 0);
    fixture_free(f);
    return 0;
}

static inline void play(const struct step *script)
{
    is.script = script;
    is.at = 0;
}

static inline void turn(struct fixture *f)
{
    assert_int_equal(gim_loop_turn(f->loop, 0), 0);
}

static inline void turns(struct fixture *f, int n)
{
    while (n--)
        turn(f);
}

/* The connection's deadline has passed. */
static inline void deadline(struct fixture *f)
{
    assert_true(f->c->timer.due > 0);
    f->c->timer.on_due(&f->c->timer);
}

#define GET_S "GET /s HTTP/1.1\r\nHost: a\r\n\r\n"
#define GET_UP "GET /up HTTP/1.1\r\nHost: a\r\n\r\n"
#define GET_ECHO "GET /echo HTTP/1.1\r\nHost: a\r\n\r\n"
#define OK "HTTP/1.1 200 OK\r\n"
#define CHUNKED OK "Transfer-Encoding: chunked\r\n\r\n"
#define OK_NONE OK "Content-Length: 0\r\n\r\n"
#define SWITCHED "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\r\n"

static const struct step waiting[] = {{"a", GIM_PULL_WAIT, 0},
                                      {"", GIM_PULL_WAIT, 0},
                                      {"b", GIM_PULL_MORE, 0},
                                      {"c", GIM_PULL_END, 0},
                                      {0}};

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, open_fixture, close_fixture)

#endif
