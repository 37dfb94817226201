/* test_stream.c: streamed replies as a handler makes them, and the test client that reads them: whole,
 * and step by step. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "gimlet/base/arena.h"
#include <gimlet.h>

static gim_handle handle;
static int pulls, cancelled, deferred;
static bool stubborn;
static atomic_bool ready;

/* ---- the application ------------------------------------------------------------------------- */

static enum gim_pull count(struct gim_ctx *c, struct gim_out *out, void *arg)
{
    int *n = arg;

    (void)c;
    while (gim_out_room(out) && *n < 10000)
        gim_out_printf(out, "%d\n", (*n)++);
    return *n < 10000 ? GIM_PULL_MORE : GIM_PULL_END;
}

static int counting(struct gim_ctx *c)
{
    return gim_stream(c, 200, GIM_S("text/plain"), GIM_LENGTH_UNKNOWN, count,
                      GIM_NEW(gim_arena(c), int));
}

static enum gim_pull two(struct gim_ctx *c, struct gim_out *out, void *arg)
{
    (void)c;
    (void)arg;
    gim_out_bytes(out, GIM_S("hi"));
    return GIM_PULL_END;
}

static int known(struct gim_ctx *c)
{
    return gim_stream(c, 201, GIM_S("text/plain"), 2, two, NULL);
}

static enum gim_pull spaces(struct gim_ctx *c, struct gim_out *out, void *arg)
{
    (void)c;
    (void)arg;
    for (int n = 250; n < 260; n++)
        gim_out_printf(out, "%*d", n, 7);
    return GIM_PULL_END;
}

static int wide(struct gim_ctx *c)
{
    return gim_stream(c, 200, GIM_S("text/plain"), 2545, spaces, NULL);
}

static int wrong_type(struct gim_ctx *c)
{
    return gim_stream(c, 500, GIM_S("a/b\r\nX: y"), 2, two, NULL);
}

static void on_cancel(void *arg)
{
    (void)arg;
    cancelled++;
    gim_resume(handle, NULL);
}

static void on_release(void *arg)
{
    (void)arg;
    deferred++;
}

/* Waits between its two words; a spurious question is answered by waiting on. */
static enum gim_pull word(struct gim_ctx *c, struct gim_out *out, void *arg)
{
    bool *begun = arg;

    pulls++;
    if (!stubborn && (gim_stopping(c) || gim_client_ended(c))) {
        gim_resume(handle, NULL);
        return GIM_PULL_END;
    }
    if (*begun && atomic_load(&ready)) {
        gim_out_bytes(out, GIM_S("two"));
        return GIM_PULL_END;
    }
    if (!*begun)
        gim_out_bytes(out, GIM_S("one "));
    *begun = true;
    handle = gim_suspend(c);
    return GIM_PULL_WAIT;
}

static int stream_words(struct gim_ctx *c)
{
    gim_on_cancel(c, on_cancel, NULL);
    gim_defer(c, on_release, NULL);
    return gim_stream(c, 200, GIM_S("text/plain"), GIM_LENGTH_UNKNOWN, word,
                      GIM_NEW(gim_arena(c), bool));
}

/* Resumes before it waits, and twice. */
static enum gim_pull eager(struct gim_ctx *c, struct gim_out *out, void *arg)
{
    (void)arg;
    gim_out_bytes(out, GIM_S("x"));
    gim_resume(gim_suspend(c), NULL);
    gim_resume(gim_suspend(c), NULL);
    return ++pulls < 5 ? GIM_PULL_WAIT : GIM_PULL_END;
}

static int stream_eagerly(struct gim_ctx *c)
{
    return gim_stream(c, 200, GIM_S("text/plain"), 5, eager, NULL);
}

static int stream_later(struct gim_ctx *c)
{
    handle = gim_suspend(c);
    return GIM_SUSPENDED;
}

static int reply_later(struct gim_ctx *c)
{
    return gim_text(c, 200, GIM_S("late"));
}

static const struct gim_route routes[] = {
    GIM_GET("/count", counting, .streams = true),
    GIM_GET("/known", known, .streams = true),
    GIM_GET("/pool", known, .streams = true, .blocking = true),
    GIM_GET("/undeclared", known),
    GIM_GET("/suspends", known, .suspends = true),
    GIM_GET("/wide", wide, .streams = true),
    GIM_GET("/type", wrong_type, .streams = true),
    GIM_GET("/words", stream_words, .streams = true),
    GIM_GET("/eager", stream_eagerly, .streams = true),
    GIM_GET("/later", stream_later, .streams = true),
    {0},
};

static struct gim_app *app;

static int open_app(void **state)
{
    static char err[2048];

    (void)state;
    pulls = cancelled = deferred = 0;
    stubborn = false;
    atomic_store(&ready, false);
    app = gim_app_new(&(struct gim_app_spec){.name = "t", .routes = routes}, err, sizeof err);
    if (!app)
        print_error("%s\n", err);
    return app ? 0 : -1;
}

static int close_app(void **state)
{
    (void)state;
    gim_app_free(app);
    return 0;
}

/* ---- tests ----------------------------------------------------------------------------------- */

static const struct {
    const char *method, *target;
    int status;
    const char *body; /* begins so */
} rows[] = {
    {"GET", "/known", 201, "hi"},
    {"HEAD", "/known", 201, ""},
    {"GET", "/pool", 201, "hi"},
    {"GET", "/undeclared", 500, "{\"type\":\"about:blank\""},
    {"GET", "/suspends", 500, "{\"type\":\"about:blank\""},
    {"GET", "/type", 500, "{\"type\":\"about:blank\""},
    {"GET", "/wide", 200, "     "},
    {"GET", "/eager", 200, "xxxxx"},
    {"HEAD", "/count", 200, ""},
    {"GET", "/count", 200, "0\n1\n2\n"},
};

static void rows_hold(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gim_test_reply r = gim_test_call(app, rows[i].method, rows[i].target, NULL, NULL);

        assert_int_equal(r.status, rows[i].status);
        assert_true(gim_str_starts(r.body, gim_str_of(rows[i].body)));
        assert_true(r.body.len > 0 || !rows[i].body[0]);
        assert_false(r.closed);
        gim_test_free(&r);
    }
}

static void long_stream_arrives_whole_and_decoded(void **state)
{
    struct gim_test_reply r = gim_test_call(app, "GET", "/count", NULL, NULL);
    gim_str body = r.body;
    int64_t n;

    (void)state;
    assert_true(gim_str_eq(gim_test_header(&r, "Transfer-Encoding"), GIM_S("chunked")));
    assert_null(gim_test_header(&r, "Content-Length").ptr);
    for (int i = 0; i < 10000; i++) {
        assert_int_equal(gim_str_to_int(gim_str_cut(&body, '\n'), &n), 0);
        assert_int_equal(n, i);
    }
    assert_int_equal(body.len, 0);
    gim_test_free(&r);
    r = gim_test_bytes(app, GIM_S("GET /count HTTP/1.0\r\n\r\n"), 0);
    assert_true(r.closed);
    assert_int_equal(r.body.len, 48890);
    gim_test_free(&r);
}

static void *resumer(void *arg)
{
    gim_handle h = handle;

    usleep(5000);
    atomic_store(&ready, true);
    gim_resume(h, NULL);
    gim_resume(h, NULL); /* the second one does nothing */
    return arg;
}

#define GET_WORDS "GET /words HTTP/1.1\r\nHost: a\r\n\r\n"

static struct gim_test_conn *begin_words(void)
{
    struct gim_test_conn *t = gim_test_open(app);

    gim_test_send(t, GIM_S(GET_WORDS));
    assert_int_equal(gim_test_read_to(t, "\r\n\r\n", 30000).ptr[9], '2');
    assert_true(gim_str_eq(gim_test_read(t, 0), GIM_S("00000004\r\none \r\n")));
    assert_int_equal(pulls, 1);
    return t;
}

static void source_that_waits_is_resumed_from_another_thread(void **state)
{
    struct gim_test_conn *t = begin_words();
    pthread_t thread;

    (void)state;
    pthread_create(&thread, NULL, resumer, NULL);
    assert_true(
        gim_str_eq(gim_test_read_to(t, "0\r\n\r\n", 30000), GIM_S("00000003\r\ntwo\r\n0\r\n\r\n")));
    pthread_join(thread, NULL);
    assert_int_equal(deferred, 1);
    assert_false(gim_test_ended(t));
    gim_test_close(t);
    assert_int_equal(cancelled, 0);
}

static void client_that_goes_cancels_and_lets_go(void **state)
{
    struct gim_test_conn *t = begin_words();

    (void)state;
    gim_test_close(t);
    gim_test_wait(app, 0);
    assert_int_equal(cancelled, 1);
    assert_int_equal(deferred, 1);
    assert_int_equal(pulls, 1);
}

static void client_that_ends_is_told_to_the_source(void **state)
{
    struct gim_test_conn *t = begin_words();

    (void)state;
    gim_test_end(t);
    assert_true(gim_str_eq(gim_test_read(t, 30000), GIM_S("0\r\n\r\n")));
    assert_true(gim_test_ended(t));
    gim_test_wait(app, 0);
    assert_int_equal(deferred, 1);
    gim_test_close(t);
}

static void stopping_is_told_to_the_source(void **state)
{
    struct gim_test_conn *t = begin_words();

    (void)state;
    gim_test_stop(app);
    assert_true(gim_str_eq(gim_test_read(t, 30000), GIM_S("0\r\n\r\n")));
    assert_true(gim_test_ended(t));
    gim_test_wait(app, 0);
    assert_int_equal(deferred, 1);
    gim_test_close(t);
}

/* A question that comes before the resume is answered with the same handle. */
static void handle_that_is_out_is_given_again(void **state)
{
    struct gim_test_conn *t = begin_words();
    gim_handle first = handle;

    (void)state;
    stubborn = true;
    gim_test_stop(app);
    assert_int_equal(pulls, 2);
    assert_ptr_equal(first.slot, handle.slot);
    assert_int_equal(first.generation, handle.generation);
    atomic_store(&ready, true);
    gim_resume(handle, NULL);
    gim_resume(first, NULL);
    assert_true(
        gim_str_eq(gim_test_read_to(t, "0\r\n\r\n", 30000), GIM_S("00000003\r\ntwo\r\n0\r\n\r\n")));
    gim_test_close(t);
}

static void stale_handle_and_a_reply_that_comes_too_late_only_wake(void **state)
{
    struct gim_test_conn *t = begin_words();
    gim_handle first = handle;

    (void)state;
    gim_resume(first, NULL);
    gim_test_wait(app, 0);
    gim_test_wait(app, 0);
    assert_int_equal(pulls, 2);
    assert_int_not_equal(first.generation, handle.generation);
    gim_test_send(t, GIM_S(GET_WORDS)); /* what comes behind changes nothing */
    assert_int_equal(pulls, 2);
    atomic_store(&ready, true);
    gim_resume(handle, reply_later); /* a reply cannot begin twice: taken as NULL */
    gim_resume(first, NULL);
    assert_true(
        gim_str_eq(gim_test_read_to(t, "0\r\n\r\n", 30000), GIM_S("00000003\r\ntwo\r\n0\r\n\r\n")));
    atomic_store(&ready, false);
    gim_test_close(t);
    gim_resume(handle, NULL);
    gim_test_wait(app, 0);
}

static void suspended_handler_may_stream(void **state)
{
    struct gim_test_conn *t = gim_test_open(app);

    (void)state;
    gim_test_send(t, GIM_S("GET /later HTTP/1.1\r\nHost: a\r\n\r\n"));
    assert_int_equal(gim_test_read(t, 0).len, 0);
    gim_resume(handle, counting);
    assert_int_equal(gim_test_read_to(t, "\r\n\r\n", 30000).ptr[9], '2');
    assert_true(gim_test_read_to(t, "\r\n0\r\n\r\n", 30000).len > 48890);
    gim_test_close(t);
}

static void resume_without_a_function_is_500_where_no_stream_runs(void **state)
{
    struct gim_test_conn *t = gim_test_open(app);

    (void)state;
    gim_test_send(t, GIM_S("GET /later HTTP/1.1\r\nHost: a\r\n\r\n"));
    gim_resume(handle, NULL);
    assert_true(gim_str_starts(gim_test_read(t, 30000), GIM_S("HTTP/1.1 500 ")));
    gim_test_close(t);
}

static void client_that_takes_little_is_not_filled(void **state)
{
    struct gim_test_conn *t = gim_test_open(app);
    size_t n = 0, got;

    (void)state;
    gim_test_take(t, 10000);
    gim_test_send(t, GIM_S("GET /count HTTP/1.1\r\nHost: a\r\n\r\n"));
    assert_int_equal(gim_test_read(t, 0).len, 10000);
    assert_int_equal(gim_test_read(t, 0).len, 0);
    do {
        gim_test_take(t, 10000);
        got = gim_test_read(t, 0).len;
        n += got;
    } while (got);
    assert_true(n > 48890 - 10000 && n < 50000);
    gim_test_close(t);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, open_app, close_app)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rows_hold),
        TEST(long_stream_arrives_whole_and_decoded),
        TEST(source_that_waits_is_resumed_from_another_thread),
        TEST(client_that_goes_cancels_and_lets_go),
        TEST(client_that_ends_is_told_to_the_source),
        TEST(stopping_is_told_to_the_source),
        TEST(handle_that_is_out_is_given_again),
        TEST(stale_handle_and_a_reply_that_comes_too_late_only_wake),
        TEST(suspended_handler_may_stream),
        TEST(resume_without_a_function_is_500_where_no_stream_runs),
        TEST(client_that_takes_little_is_not_filled),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
