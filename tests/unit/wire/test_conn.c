/* test_conn.c: a connection over a memory stream, with a service of a few fixed paths:
 *   /echo answers with the body, /big with 70,000 bytes, /mid with 60,000, /slow suspends, /early
 *   answers from the head alone. */
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

#include "fixture.h"

/* ---- the service ----------------------------------------------------------------------------- */

static struct gim_exchange *slow; /* the suspended one */
static int cancelled, released, done, aborted;

static char big[70000];

static gim_str path_of(const struct gim_exchange *x)
{
    return gim_head_str(&x->head, x->head.path);
}

static void set(struct gim_exchange *x, int status, gim_str body)
{
    x->reply.status = status;
    x->reply.media_type = GIM_S("text/plain");
    x->reply.body = body;
}

static enum gim_body_plan on_head(struct gim_exchange *x)
{
    gim_str path = path_of(x);

    x->max_body = 1000;
    if (gim_str_eq(path, GIM_S("/early"))) {
        set(x, 404, GIM_S("no"));
        return GIM_BODY_REFUSE;
    }
    if (gim_str_eq(path, GIM_S("/slow"))) {
        x->keep = true;
        gim_exchange_keep(x);
    }
    return GIM_BODY_TAKE;
}

static bool on_request(struct gim_exchange *x)
{
    if (gim_str_eq(path_of(x), GIM_S("/slow"))) {
        gim_exchange_ref(x);
        slow = x;
        return false;
    }
    if (gim_str_eq(path_of(x), GIM_S("/big")))
        set(x, 200, (gim_str){big, sizeof big});
    else if (gim_str_eq(path_of(x), GIM_S("/mid")))
        set(x, 200, (gim_str){big, 60000});
    else
        set(x, 200, x->body);
    return true;
}

static void on_refused(struct gim_exchange *x, int status, const char *detail)
{
    set(x, status, gim_str_of(detail));
}

static void on_reply(struct gim_exchange *x)
{
    (void)x;
}

static void on_done(struct gim_exchange *x, size_t sent, bool was_aborted)
{
    (void)x;
    (void)sent;
    done++;
    aborted += was_aborted;
}

static void on_cancel(struct gim_exchange *x)
{
    (void)x;
    cancelled++;
}

static void on_release(struct gim_exchange *x)
{
    (void)x;
    released++;
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

static int open_fixture(void **state)
{
    static const struct gim_limits limits = {
        .max_head = 4096,
        .max_target = 1024,
        .max_body = 1000,
        .max_buffered = 100000,
        .header_timeout = 300,
        .body_timeout = 300,
        .idle_timeout = 300,
        .write_timeout = 300,
        .handler_timeout = 300,
        .body_min_rate = 1000000,
    };

    *state = fixture_new(&service, &limits);
    slow = NULL;
    cancelled = released = done = aborted = 0;
    return 0;
}

static int close_fixture(void **state)
{
    fixture_free(*state);
    return 0;
}

static void run_for(struct fixture *f, int ms)
{
    for (int t = 0; t < ms; t += 16)
        assert_int_equal(gim_loop_turn(f->loop, 16), 0);
}

static void finish_slow(struct fixture *f, const char *body)
{
    struct gim_exchange *x = slow;

    (void)f;
    slow = NULL;
    if (x->conn) {
        set(x, 200, gim_str_of(body));
        gim_exchange_finish(x);
    }
    gim_exchange_unref(x);
}

#define HOST "Host: a\r\n"
#define TEXT "Content-Type: text/plain\r\n"
#define OK_HI "HTTP/1.1 200 OK\r\n" TEXT "Content-Length: 2\r\n\r\nhi"
#define OK_NONE "HTTP/1.1 200 OK\r\n" TEXT "Content-Length: 0\r\n\r\n"

/* ---- tests ----------------------------------------------------------------------------------- */

static const struct {
    const char *input, *output;
    bool closed; /* the server ends the connection */
} rows[] = {
    {"GET /echo HTTP/1.1\r\n" HOST "\r\n", OK_NONE, false},
    {"POST /echo HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\nhi", OK_HI, false},
    {"POST /echo HTTP/1.1\r\n" HOST
     "Transfer-Encoding: chunked\r\n\r\n1\r\nh\r\n1;x=y\r\ni\r\n0\r\n\r\n",
     OK_HI, false},
    {"POST /echo HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\nhiGET /echo HTTP/1.1\r\n" HOST "\r\n",
     OK_HI OK_NONE, false},
    {"POST /early HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\nhiPOST /echo HTTP/1.1\r\n" HOST
     "Content-Length: 2\r\n\r\nhi",
     "HTTP/1.1 404 Not Found\r\n" TEXT "Content-Length: 2\r\n\r\nno" OK_HI, false},
    {"HEAD /echo HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\nhi",
     "HTTP/1.1 200 OK\r\n" TEXT "Content-Length: 2\r\n\r\n", false},
    {"GET /echo HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n",
     "HTTP/1.1 200 OK\r\n" TEXT "Content-Length: 0\r\nConnection: close\r\n\r\n", true},
    {"GET /echo HTTP/1.0\r\n\r\n",
     "HTTP/1.1 200 OK\r\n" TEXT "Content-Length: 0\r\nConnection: close\r\n\r\n", true},
    {"GET /echo HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
     "HTTP/1.1 200 OK\r\n" TEXT "Content-Length: 0\r\nConnection: keep-alive\r\n\r\n", false},
};

static void rows_whole_and_byte_by_byte(void **state)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (int bytewise = 0; bytewise < 2; bytewise++) {
            struct fixture *f;

            open_fixture(state);
            f = *state;
            if (bytewise)
                feed_bytes(f, rows[i].input);
            else
                feed(f, rows[i].input);
            assert_string_equal(take(f), rows[i].output);
            assert_int_equal(f->m.closed || f->m.shut, rows[i].closed);
            close_fixture(state);
        }
    }
}

static void starts_with(const char *text, const char *prefix)
{
    if (strncmp(text, prefix, strlen(prefix)) != 0)
        assert_string_equal(text, prefix);
}

static void body_over_the_limit_is_413_before_it_is_read(void **state)
{
    struct fixture *f = *state;

    feed(f, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 1000000000000\r\n\r\nx");
    starts_with(take(f), "HTTP/1.1 413 ");
    assert_true(f->m.shut);
    assert_false(f->m.closed); /* lingers, so that the answer is not lost to a reset */
    feed(f, "GET /echo HTTP/1.1\r\n" HOST "\r\n");
    assert_string_equal(take(f), "");
    gim_memory_end(&f->m);
    assert_true(f->m.closed);
}

static void chunked_body_crossing_the_limit_is_413(void **state)
{
    struct fixture *f = *state;
    char chunk[700];

    memset(chunk, 'x', sizeof chunk);
    memcpy(chunk, "258\r\n", 5);
    memcpy(chunk + 605, "\r\n", 3);
    feed(f, "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n");
    feed(f, chunk);
    assert_string_equal(take(f), "");
    feed(f, chunk);
    starts_with(take(f), "HTTP/1.1 413 ");
    assert_int_equal(f->shared.buffered, 0);
}

static void buffered_bodies_have_one_budget(void **state)
{
    struct fixture *f = *state;

    f->limits.max_buffered = (int64_t)sizeof(struct gim_exchange) + GIM_EXCHANGE_FIRST + 100;
    feed(f, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 600\r\n\r\nx");
    starts_with(take(f), "HTTP/1.1 503 ");
    assert_int_equal(f->shared.buffered, 0);
}

static void large_answer_is_503_while_the_budget_is_overdrawn(void **state)
{
    struct fixture *f = *state;

    f->shared.buffered = f->limits.max_buffered + 1;
    feed(f, "GET /big HTTP/1.1\r\n" HOST "\r\n");
    starts_with(take(f), "HTTP/1.1 503 ");
    feed(f, "GET /echo HTTP/1.1\r\n" HOST "\r\n");
    assert_string_equal(take(f), OK_NONE);
    f->shared.buffered = 0;
    feed(f, "GET /big HTTP/1.1\r\n" HOST "\r\n");
    assert_memory_equal(f->m.out, "HTTP/1.1 200 ", 13);
}

static void continue_is_sent_only_when_the_body_is_wanted(void **state)
{
    struct fixture *f = *state;

    feed(f, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 2\r\nExpect: 100-continue\r\n\r\n");
    assert_string_equal(take(f), "HTTP/1.1 100 Continue\r\n\r\n");
    feed(f, "hi");
    assert_string_equal(take(f), OK_HI);
    feed(f, "POST /early HTTP/1.1\r\n" HOST "Content-Length: 2\r\nExpect: 100-continue\r\n\r\n");
    starts_with(take(f), "HTTP/1.1 404 ");
    assert_true(f->m.shut);
}

static void suspended_request_is_answered_later_and_holds_those_behind(void **state)
{
    struct fixture *f = *state;

    feed(f, "POST /slow HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\nhiGET /echo HTTP/1.1\r\n" HOST
            "\r\n");
    assert_string_equal(take(f), "");
    assert_memory_equal(slow->body.ptr, "hi", 2);
    assert_string_equal(gim_dup(&slow->arena, path_of(slow)).ptr, "/slow");
    finish_slow(f, "hi");
    assert_string_equal(take(f), OK_HI OK_NONE);
}

static void reading_stops_at_a_bounded_backlog(void **state)
{
    struct fixture *f = *state;

    feed(f, "GET /slow HTTP/1.1\r\n" HOST "\r\n");
    for (int i = 0; i < 1000 && !f->m.stopped; i++)
        feed(f, "GET /echo HTTP/1.1\r\n" HOST "\r\n");
    assert_true(f->m.stopped);
    assert_true(f->c->carry_len < 2 * 4096);
    finish_slow(f, "hi");
    assert_false(f->m.stopped);
    starts_with(take(f), OK_HI OK_NONE OK_NONE);
    assert_null(f->c->carry);
}

static void client_that_goes_while_suspended_cancels(void **state)
{
    struct fixture *f = *state;

    feed(f, "GET /slow HTTP/1.1\r\n" HOST "\r\n");
    gim_conn_user.on_error(&f->m.stream, 104);
    assert_int_equal(cancelled, 1);
    assert_int_equal(aborted, 1);
    assert_int_equal(released, 0); /* the handle still holds it */
    finish_slow(f, "hi");
    assert_int_equal(released, 1);
}

static void fin_alone_is_not_client_gone(void **state)
{
    struct fixture *f = *state;

    feed(f, "GET /slow HTTP/1.1\r\n" HOST "\r\n");
    gim_memory_end(&f->m);
    assert_int_equal(cancelled, 0);
    finish_slow(f, "hi");
    starts_with(take(f), "HTTP/1.1 200 OK");
    assert_true(f->m.closed);
}

static void half_a_request_is_never_run(void **state)
{
    struct fixture *f = *state;

    feed(f, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhi");
    gim_memory_end(&f->m);
    assert_true(f->m.closed);
    assert_string_equal(take(f), "");
}

/* Reads all that comes until the server ends the connection, and returns the last of it. */
static const char *read_to_end(struct fixture *f, int fd)
{
    static char text[200000];
    size_t n = 0;

    for (int turns = 0; turns < 200; turns++) {
        ssize_t got = recv(fd, text + n, sizeof text - 1 - n, MSG_DONTWAIT);

        if (got == 0)
            break;
        n += got > 0 ? (size_t)got : 0;
        assert_int_equal(gim_loop_turn(f->loop, 5), 0);
    }
    text[n] = 0;
    return text + n;
}

/* The body of the second request and the third come while the first answer is not taken: a FIN
 * behind them ends nothing that is whole. */
static void fin_behind_requests_that_wait_drops_none_of_them(void **state)
{
    struct fixture *f = *state;
    const char *first = "GET /mid HTTP/1.1\r\n" HOST "\r\nPOST /echo HTTP/1.1\r\n" HOST
                        "Content-Length: 2\r\n\r\nh";
    const char *second = "iGET /early HTTP/1.1\r\n" HOST "\r\n";
    struct gim_stream *stream = gim_heap_alloc(sizeof *stream);
    int pair[2], small = 1;

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
    setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
    f->limits.write_timeout = 10000;
    assert_int_equal(gim_socket_open(stream, f->loop, pair[0], &gim_conn_user), 0);
    gim_conn_open(&f->wire, stream);
    assert_int_equal(write(pair[1], first, strlen(first)), strlen(first));
    run_for(f, 50);
    assert_true(gim_stream_pending(stream) > 0);
    assert_int_equal(write(pair[1], second, strlen(second)), strlen(second));
    shutdown(pair[1], SHUT_WR);
    run_for(f, 50);
    const char *end = read_to_end(f, pair[1]);
    assert_int_equal(done, 3);
    assert_int_equal(aborted, 0);
    assert_string_equal(end - 4, "\r\nno");
    close(pair[1]);
    gim_heap_free(stream);
}

static void handler_deadline_answers_503_and_drops_the_late_result(void **state)
{
    struct fixture *f = *state;

    feed(f, "GET /slow HTTP/1.1\r\n" HOST "\r\nGET /echo HTTP/1.1\r\n" HOST "\r\n");
    run_for(f, 600);
    assert_int_equal(cancelled, 1);
    starts_with(take(f), "HTTP/1.1 503 Service Unavailable\r\n" TEXT);
    assert_false(f->m.closed);
    assert_int_equal(f->wire.in_flight, 1); /* its memory is still held */
    finish_slow(f, "hi");
    assert_string_equal(take(f), "");
    assert_int_equal(f->wire.in_flight, 0);
}

static void slow_head_gets_408_and_silence_gets_nothing(void **state)
{
    struct fixture *f = *state;

    feed(f, "GET /echo");
    run_for(f, 600);
    starts_with(take(f), "HTTP/1.1 408 ");
    close_fixture(state);
    open_fixture(state);
    f = *state;
    run_for(f, 600);
    assert_string_equal(take(f), "");
    assert_true(f->m.closed);
}

static void head_deadline_is_absolute(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < 20 && !f->m.out_len; i++) {
        feed(f, i ? "x" : "G");
        run_for(f, 32);
    }
    starts_with(take(f), "HTTP/1.1 408 ");
}

static void slow_body_gets_408(void **state)
{
    struct fixture *f = *state;

    feed(f, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 500\r\n\r\n");
    for (int i = 0; i < 20 && !f->m.out_len; i++) {
        feed(f, "x");
        run_for(f, 32);
    }
    starts_with(take(f), "HTTP/1.1 408 ");
}

static void idle_connection_is_closed_and_holds_no_buffer(void **state)
{
    struct fixture *f = *state;

    feed(f, "GET /echo HTTP/1.1\r\n" HOST "\r\n");
    assert_null(f->c->carry);
    assert_null(f->c->x);
    take(f);
    run_for(f, 600);
    assert_true(f->m.closed);
    assert_string_equal(take(f), "");
}

static void empty_line_behind_a_body_does_not_begin_a_request(void **state)
{
    struct fixture *f = *state;

    feed(f, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\nhi\r\n");
    assert_string_equal(take(f), OK_HI);
    run_for(f, 600);
    assert_string_equal(take(f), "");
    assert_true(f->m.closed);
}

static void nothing_is_parsed_after_a_refusal(void **state)
{
    struct fixture *f = *state;

    feed(f, "BAD\r\n\r\nGET /echo HTTP/1.1\r\n" HOST "\r\n");
    starts_with(take(f), "HTTP/1.1 400 ");
    assert_int_equal(done, 1);
}

/* Two answers to one request would be taken for the answer to the next one. */
static void broken_framing_behind_an_answer_is_not_answered_again(void **state)
{
    struct fixture *f = *state;

    feed(f, "POST /early HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n");
    starts_with(take(f), "HTTP/1.1 404 ");
    feed(f, "broken\r\n");
    assert_string_equal(take(f), "");
    assert_true(f->m.shut);
    assert_int_equal(done, 1);
}

/* A buffer has a hard cap of its own, which max_body may lie above. */
static void body_over_the_cap_of_its_buffer_is_413_and_not_cut(void **state)
{
    struct fixture *f = *state;
    struct gim_exchange *x = gim_wire_exchange(&f->wire);

    x->collected.max = 4;
    gim_exchange_unref(x);
    feed(f, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 6\r\n\r\nabc");
    feed(f, "def");
    starts_with(take(f), "HTTP/1.1 413 ");
    assert_int_equal(f->shared.buffered, 0);
}

static void hot_route_allocates_nothing(void **state)
{
    struct fixture *f = *state;
    const char *request = "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\nhi";
    gim_str text = gim_str_of(request);
    uint64_t before;

    for (int i = 0; i < 100; i++) {
        gim_memory_feed(&f->m, text);
        f->m.out_len = 0;
    }
    before = gim_heap_calls();
    for (int i = 0; i < 1000; i++) {
        gim_memory_feed(&f->m, text);
        f->m.out_len = 0;
    }
    assert_int_equal(gim_heap_calls() - before, 0);
}

static void connection_stays_small(void **state)
{
    (void)state;
    assert_true(sizeof(struct gim_conn) + sizeof(struct gim_stream) <= 300 - 16);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, open_fixture, close_fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_whole_and_byte_by_byte),
        TEST(body_over_the_limit_is_413_before_it_is_read),
        TEST(chunked_body_crossing_the_limit_is_413),
        TEST(buffered_bodies_have_one_budget),
        TEST(large_answer_is_503_while_the_budget_is_overdrawn),
        TEST(continue_is_sent_only_when_the_body_is_wanted),
        TEST(suspended_request_is_answered_later_and_holds_those_behind),
        TEST(reading_stops_at_a_bounded_backlog),
        TEST(client_that_goes_while_suspended_cancels),
        TEST(fin_alone_is_not_client_gone),
        TEST(half_a_request_is_never_run),
        TEST(handler_deadline_answers_503_and_drops_the_late_result),
        TEST(slow_head_gets_408_and_silence_gets_nothing),
        TEST(head_deadline_is_absolute),
        TEST(slow_body_gets_408),
        TEST(idle_connection_is_closed_and_holds_no_buffer),
        TEST(empty_line_behind_a_body_does_not_begin_a_request),
        TEST(nothing_is_parsed_after_a_refusal),
        TEST(fin_behind_requests_that_wait_drops_none_of_them),
        TEST(broken_framing_behind_an_answer_is_not_answered_again),
        TEST(body_over_the_cap_of_its_buffer_is_413_and_not_cut),
        TEST(hot_route_allocates_nothing),
        cmocka_unit_test(connection_stays_small),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
