/* test_websocket_life.c: a connection's life: messages, closing from both sides, silence, slow
 * clients, the server's stop. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include "websockets.h"
#include <sys/socket.h>
#include <unistd.h>

#define TEXT 0x81
#define BINARY 0x82
#define CLOSE 0x88
#define PING 0x89
#define PONG 0x8A

/* ---- an application that writes down what happens -------------------------------------------- */

static struct {
    char text[2048];
    size_t len;
    bool open;
    struct gim_websocket *ws;
} told;

static void tell(const char *what, int code, gim_str bytes)
{
    told.len += (size_t)snprintf(told.text + told.len, sizeof told.text - told.len, "%s", what);
    if (code)
        told.len +=
            (size_t)snprintf(told.text + told.len, sizeof told.text - told.len, " %d", code);
    told.len +=
        (size_t)snprintf(told.text + told.len, sizeof told.text - told.len, " %.*s\n",
                         (int)(bytes.len < 40 ? bytes.len : 40), bytes.ptr ? bytes.ptr : "");
}

static void forget(void)
{
    told.len = 0;
    told.text[0] = '\0';
    told.open = false;
    told.ws = NULL;
}

static void on_open(struct gim_websocket *ws)
{
    told.open = true;
    told.ws = ws;
    tell("open", 0, gim_websocket_protocol(ws));
}

static void on_close(struct gim_websocket *ws, int code, gim_str reason)
{
    told.open = false;
    tell("close", code, reason);
    assert_int_equal(gim_websocket_send(ws, GIM_WEBSOCKET_TEXT, GIM_S("too late")), -1);
}

/* Echoes, and does as it is told. */
static void on_message(struct gim_websocket *ws, enum gim_websocket_kind kind, gim_str bytes)
{
    tell(kind == GIM_WEBSOCKET_TEXT ? "text" : "binary", 0, bytes);
    if (gim_str_eq(bytes, GIM_S("close"))) {
        gim_websocket_close(ws, 4321, GIM_S("as you say"));
        assert_int_equal(gim_websocket_send(ws, kind, bytes), -1);
    } else if (gim_str_eq(bytes, GIM_S("twice"))) {
        gim_str copy = gim_dup(gim_websocket_arena(ws), bytes);

        assert_int_equal(gim_websocket_send(ws, kind, copy), 0);
        assert_int_equal(gim_websocket_send(ws, kind, copy), 0);
        assert_true(gim_websocket_unsent(ws) > 0); /* they leave together, at the end */
    } else if (gim_str_eq(bytes, GIM_S("bad text"))) {
        assert_int_equal(gim_websocket_send(ws, GIM_WEBSOCKET_TEXT, GIM_S("\xC3")), -1);
    } else if (gim_str_eq(bytes, GIM_S("flood"))) {
        while (gim_websocket_send(ws, GIM_WEBSOCKET_BINARY, (gim_str){told.text, 2000}) == 0)
            ;
        tell("full", 0, (gim_str){0});
    } else {
        assert_int_equal(gim_websocket_send(ws, kind, bytes), 0);
    }
}

static const char *const protocols[] = {"v2.chat", "v1.chat", NULL};

static const struct gim_websocket_events echo = {.on_open = on_open,
                                                 .on_message = on_message,
                                                 .on_close = on_close,
                                                 .protocols = protocols,
                                                 .max_message = 1000,
                                                 .max_unsent = 10000,
                                                 .close = 64,
                                                 .ping = 64,
                                                 .pong = 64};
static const struct gim_websocket_events patient = {.on_open = on_open,
                                                    .on_message = on_message,
                                                    .on_close = on_close,
                                                    .max_unsent = 10000,
                                                    .drop = true,
                                                    .ping = -1,
                                                    .close = -1};
static const struct gim_websocket_events any = {.origins = "*"}; /* and takes no messages */

static int talk(struct gim_ctx *c)
{
    return gim_websocket(c, &echo, &told);
}

static int talk_long(struct gim_ctx *c)
{
    return gim_websocket(c, &patient, NULL);
}

static int from_any(struct gim_ctx *c)
{
    return gim_websocket(c, &any, NULL);
}

/* The connection is taken over by a handler that went on later. */
static int talk_later(struct gim_ctx *c)
{
    gim_resume(gim_suspend(c), talk);
    return GIM_SUSPENDED;
}

static int say_hello(struct gim_ctx *c)
{
    return gim_text(c, 200, GIM_S("hello"));
}

static const struct gim_route routes[] = {
    GIM_WEBSOCKET("/echo", talk),    GIM_WEBSOCKET("/patient", talk_long),
    GIM_WEBSOCKET("/any", from_any), GIM_WEBSOCKET("/later", talk_later),
    GIM_GET("/hello", say_hello),    {0},
};
static const struct gim_app_spec spec = {.routes = routes};

static struct gim_app *app;
static struct bench b;

static int set_up(void **state)
{
    (void)state;
    forget();
    app = make_app(&spec, 1);
    bench_open(&b, app, 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    bench_close(&b);
    gim_app_free(app);
    return 0;
}

static void assert_told(const char *text)
{
    assert_string_equal(told.text, text);
    forget();
}

static void assert_frame(struct client *c, int first, gim_str payload)
{
    gim_str got = {0};

    assert_int_equal(client_next(c, &got), first);
    assert_int_equal(got.len, payload.len);
    assert_memory_equal(got.ptr, payload.ptr, got.len);
}

static void assert_close(struct client *c, unsigned code)
{
    gim_str got = {0};

    assert_int_equal(client_next(c, &got), CLOSE);
    assert_true(got.len >= 2);
    assert_int_equal((unsigned char)got.ptr[0] << 8 | (unsigned char)got.ptr[1], code);
}

static void assert_silent(struct client *c)
{
    gim_str got;

    assert_int_equal(client_next(c, &got), -1);
}

/* ---- messages -------------------------------------------------------------------------------- */

static void messages_go_both_ways(void **state)
{
    struct client c;

    (void)state;
    client_open(&c, &b, "/echo");
    assert_told("open \n");
    client_send(&c, TEXT, GIM_S("h\xC3\xA9llo"));
    assert_frame(&c, TEXT, GIM_S("h\xC3\xA9llo"));
    client_send(&c, BINARY, GIM_S("\xFF\x01"));
    assert_frame(&c, BINARY, GIM_S("\xFF\x01"));
    client_send(&c, TEXT, GIM_S(""));
    assert_frame(&c, TEXT, GIM_S(""));
    client_send(&c, PING, GIM_S("are you there"));
    assert_frame(&c, PONG, GIM_S("are you there"));
    client_send(&c, PONG, GIM_S("unasked"));
    client_send(&c, TEXT, GIM_S("twice"));
    assert_frame(&c, TEXT, GIM_S("twice"));
    assert_frame(&c, TEXT, GIM_S("twice"));
    client_send(&c, TEXT, GIM_S("bad text"));
    assert_silent(&c);
    assert_told("text h\xC3\xA9llo\nbinary \xFF\x01\ntext \ntext twice\ntext bad text\n");
    client_close(&c);
    assert_told("close 1006 \n");
}

static void a_whole_conversation_in_one_piece_or_in_many_is_the_same(void **state)
{
    struct gim_buf in = {0};

    (void)state;
    gim_buf_lit(&in, "GET /echo HTTP/1.1\r\n" HANDSHAKE "\r\n");
    add_masked(&in, TEXT, GIM_S("one"));
    add_masked(&in, 0x01, GIM_S("tw"));
    add_masked(&in, PING, GIM_S("?"));
    add_masked(&in, 0x80, GIM_S("o"));
    add_masked(&in, CLOSE,
               GIM_S("\x03\xE8"
                     "bye"));
    for (size_t piece = 1; piece <= in.len; piece = piece < 8 ? piece + 1 : piece * 3) {
        struct client c;

        client_connect(&c, &b);
        for (size_t at = 0; at < in.len && !c.m.closed; at += piece)
            client_say(&c, (gim_str){in.ptr + at, in.len - at < piece ? in.len - at : piece});
        assert_int_equal(client_status(&c), 101);
        assert_frame(&c, TEXT, GIM_S("one"));
        assert_frame(&c, PONG, GIM_S("?"));
        assert_frame(&c, TEXT, GIM_S("two"));
        assert_frame(&c, CLOSE, GIM_S("\x03\xE8"));
        assert_true(c.m.shut);
        assert_told("open \ntext one\ntext two\nclose 1000 bye\n");
        client_close(&c);
        (void)gim_loop_turn(b.loop, 0);
        assert_told("");
    }
    gim_buf_free(&in);
}

static void a_handler_that_suspended_may_take_it_over(void **state)
{
    struct client c;

    (void)state;
    client_connect(&c, &b);
    client_ask(&c, "/later");
    client_send(&c, TEXT, GIM_S("early"));
    assert_int_equal(client_status(&c), 0);
    (void)gim_loop_turn(b.loop, 0);
    assert_int_equal(client_status(&c), 101);
    assert_frame(&c, TEXT, GIM_S("early"));
    client_send(&c, TEXT, GIM_S("then"));
    assert_frame(&c, TEXT, GIM_S("then"));
    assert_told("open \ntext early\ntext then\n");
    client_close(&c);
}

static void requests_before_it_are_answered_first(void **state)
{
    struct gim_buf in = {0};
    struct client c;

    (void)state;
    client_connect(&c, &b);
    gim_buf_lit(&in, "GET /hello HTTP/1.1\r\nHost: test\r\n\r\n");
    gim_buf_lit(&in, "GET /echo HTTP/1.1\r\n" HANDSHAKE "\r\n");
    add_masked(&in, TEXT, GIM_S("at once"));
    client_say(&c, gim_buf_view(&in));
    gim_buf_free(&in);
    assert_int_equal(client_status(&c), 200);
    assert_memory_equal(c.m.out + c.at, "hello", 5);
    c.at += 5;
    assert_int_equal(client_status(&c), 101);
    assert_frame(&c, TEXT, GIM_S("at once"));
    client_send(&c, TEXT, GIM_S("GET /hello HTTP/1.1\r\nHost: test\r\n\r\n"));
    assert_frame(&c, TEXT, GIM_S("GET /hello HTTP/1.1\r\nHost: test\r\n\r\n"));
    client_close(&c);
}

static void what_one_says_is_not_heard_from_another(void **state)
{
    struct client one, other;

    (void)state;
    client_open(&one, &b, "/echo");
    client_open(&other, &b, "/echo");
    for (int i = 0; i < 3; i++) {
        client_send(&one, TEXT, GIM_S("from one"));
        client_send(&other, 0x01, GIM_S("from "));
        client_send(&one, BINARY, GIM_S("from one again"));
        client_send(&other, 0x80, GIM_S("the other"));
        assert_frame(&one, TEXT, GIM_S("from one"));
        assert_frame(&one, BINARY, GIM_S("from one again"));
        assert_frame(&other, TEXT, GIM_S("from the other"));
    }
    client_send(&one, 0x01, GIM_S("never finished"));
    client_close(&one);
    client_send(&other, TEXT, GIM_S("still the other"));
    assert_frame(&other, TEXT, GIM_S("still the other"));
    client_close(&other);
}

static void what_is_wrong_ends_the_connection_with_its_code(void **state)
{
    static const struct {
        int first;
        gim_str payload;
        unsigned code;
    } wrongs[] = {
        {0xC1, {"a", 1}, 1002}, {0x83, {"a", 1}, 1002},    {0x80, {"a", 1}, 1002},
        {0x09, {"a", 1}, 1002}, {TEXT, {"\xFF", 1}, 1007}, {CLOSE, {"\x03\xED", 2}, 1002},
    };
    char big[1001] = {0};

    (void)state;
    for (size_t i = 0; i <= sizeof wrongs / sizeof wrongs[0]; i++) {
        bool last = i == sizeof wrongs / sizeof wrongs[0];
        struct client c;

        client_open(&c, &b, "/echo");
        forget();
        if (last)
            client_send(&c, BINARY, (gim_str){big, sizeof big});
        else
            client_send(&c, wrongs[i].first, wrongs[i].payload);
        client_send(&c, TEXT, GIM_S("not heard"));
        assert_close(&c, last ? 1009 : wrongs[i].code);
        assert_silent(&c);
        assert_true(c.m.shut);
        assert_memory_equal(told.text,
                            last                     ? "close 1009 "
                            : wrongs[i].code == 1007 ? "close 1007 "
                                                     : "close 1002 ",
                            11);
        assert_null(strstr(told.text, "not heard"));
        client_close(&c);
        forget();
    }
}

static void a_table_without_on_message_takes_none(void **state)
{
    struct client c;

    (void)state;
    client_open(&c, &b, "/any");
    client_send(&c, TEXT, GIM_S("a"));
    assert_close(&c, 1003);
    client_close(&c);
}

/* ---- closing --------------------------------------------------------------------------------- */

static void a_client_that_closes_is_answered_in_kind(void **state)
{
    static const struct {
        gim_str payload, answer;
        const char *told;
    } closes[] = {
        {{"", 0}, {"\x03\xED", 0}, "close 1005 \n"},
        {{"\x03\xE9"
          "leaving",
          9},
         {"\x03\xE9", 2},
         "close 1001 leaving\n"},
        {{"\x0F\xA0", 2}, {"\x0F\xA0", 2}, "close 4000 \n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof closes / sizeof closes[0]; i++) {
        struct client c;

        client_open(&c, &b, "/echo");
        forget();
        client_send(&c, CLOSE, closes[i].payload);
        assert_frame(&c, CLOSE, closes[i].answer);
        assert_true(c.m.shut);
        assert_told(closes[i].told);
        client_close(&c);
        assert_told("");
    }
}

static void our_close_waits_for_the_clients(void **state)
{
    struct client c;

    (void)state;
    client_open(&c, &b, "/patient");
    client_send(&c, TEXT, GIM_S("close"));
    assert_frame(&c, CLOSE,
                 GIM_S("\x10\xE1"
                       "as you say"));
    client_send(&c, TEXT, GIM_S("not heard"));
    client_send(&c, PING, GIM_S("not answered"));
    assert_silent(&c);
    assert_false(c.m.shut);
    assert_told("open \ntext close\n");
    client_send(&c, CLOSE, GIM_S("\x10\xE1"));
    assert_silent(&c);
    assert_true(c.m.shut);
    assert_told("close 4321 as you say\n");
    client_close(&c);
}

static void a_client_that_does_not_answer_our_close_is_cut_off(void **state)
{
    struct client c;

    (void)state;
    client_open(&c, &b, "/echo");
    client_send(&c, TEXT, GIM_S("close"));
    assert_frame(&c, CLOSE,
                 GIM_S("\x10\xE1"
                       "as you say"));
    assert_true(turn_until(&b, &c.m.closed, true));
    assert_true(c.m.reset);
    assert_told("open \ntext close\nclose 4321 as you say\n");
    client_close(&c);
}

static void a_code_that_may_not_be_sent_is_not(void **state)
{
    static const int codes[] = {0, -1, 999, 1005, 1006, 1015, 5000, 70000};

    (void)state;
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        struct client c;

        client_open(&c, &b, "/patient");
        gim_websocket_close(told.ws, codes[i], GIM_S("x"));
        gim_websocket_close(told.ws, 1000, GIM_S("again"));
        assert_frame(&c, CLOSE, GIM_S("\x03\xF3"));
        assert_silent(&c);
        client_close(&c);
    }
}

static void a_connection_that_breaks_is_lost_once(void **state)
{
    struct client c;

    (void)state;
    client_open(&c, &b, "/echo");
    gim_memory_end(&c.m);
    assert_true(c.m.closed);
    assert_told("open \nclose 1006 \n");
    client_close(&c);
    client_open(&c, &b, "/echo");
    client_send(&c, 0x01, GIM_S("half a mess"));
    client_close(&c);
    assert_told("open \nclose 1006 \n");
}

static void a_server_that_stops_says_so(void **state)
{
    struct client c;

    (void)state;
    client_open(&c, &b, "/patient");
    forget();
    b.worker.wire.draining = true;
    gim_conn_drain(c.conn);
    (void)gim_loop_turn(b.loop, 0);
    assert_close(&c, 1001);
    gim_conn_drain(c.conn);
    (void)gim_loop_turn(b.loop, 0);
    assert_silent(&c);
    assert_told("");
    client_send(&c, CLOSE, GIM_S("\x03\xE9"));
    assert_true(c.m.shut);
    assert_told("close 1001 the server is stopping\n");
    client_close(&c);
}

/* ---- silence --------------------------------------------------------------------------------- */

static void a_silent_client_is_pinged_and_then_cut_off(void **state)
{
    struct client c;

    (void)state;
    client_open(&c, &b, "/echo");
    assert_true(turn_until(&b, &c.m.closed, true));
    assert_true(c.m.reset);
    assert_frame(&c, PING, GIM_S(""));
    assert_silent(&c);
    assert_told("open \nclose 1006 no answer to a ping\n");
    client_close(&c);
}

static void a_client_that_answers_pings_stays(void **state)
{
    struct client c;
    gim_str none;

    (void)state;
    client_open(&c, &b, "/echo");
    for (int i = 0; i < 3; i++) {
        for (int turns = 0; client_next(&c, &none) != PING; turns++) {
            assert_true(turns < 1000 && !c.m.closed);
            (void)gim_loop_turn(b.loop, 10);
        }
        client_send(&c, PONG, GIM_S(""));
    }
    assert_told("open \n");
    client_close(&c);
}

/* ---- slow clients ---------------------------------------------------------------------------- */

/* A client on a socket, who reads only when told: memory takes everything at once. */
static int dial(const char *path)
{
    int fds[2];
    char head[1024];
    struct gim_buf ask = {0};

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
    gim_conn_accept(&b.worker.wire, fds[0]);
    gim_buf_printf(&ask, "GET %s HTTP/1.1\r\n" HANDSHAKE "\r\n", path);
    assert_int_equal(write(fds[1], ask.ptr, ask.len), ask.len);
    gim_buf_free(&ask);
    assert_true(turn_until(&b, &told.open, true));
    assert_true(read(fds[1], head, sizeof head) > 100);
    return fds[1];
}

static void say_flood(int fd)
{
    struct gim_buf out = {0};

    add_masked(&out, TEXT, GIM_S("flood"));
    assert_int_equal(write(fd, out.ptr, out.len), out.len);
    gim_buf_free(&out);
    for (int i = 0; i < 1000 && !strstr(told.text, "full"); i++)
        (void)gim_loop_turn(b.loop, 10);
    assert_non_null(strstr(told.text, "full"));
}

/* Reads all there is while the loop turns; the last frame's first byte. */
static int read_frames(int fd, size_t *n, gim_str *last)
{
    static struct gim_buf in;
    size_t at = 0;
    int first, got = -1;

    in.len = 0;
    *n = 0;
    for (int idle = 0; idle < 20;) {
        char *to = gim_buf_reserve(&in, 65536);
        ssize_t len = read(fd, to, 65536);

        if (len > 0)
            in.len += (size_t)len;
        else
            idle++;
        (void)gim_loop_turn(b.loop, 1);
    }
    while ((first = next_frame(in.ptr, in.len, &at, last)) >= 0) {
        got = first;
        (*n)++;
    }
    assert_int_equal(at, in.len);
    return got;
}

static void a_client_that_takes_nothing_is_told_to_go(void **state)
{
    int fd = dial("/echo");
    gim_str last;
    size_t n;

    (void)state;
    say_flood(fd);
    assert_true(told.open);
    assert_int_equal(read_frames(fd, &n, &last), CLOSE);
    assert_true(n > 5);
    assert_memory_equal(last.ptr, "\x03\xF5", 2);
    assert_true(turn_until(&b, &told.open, false));
    assert_non_null(strstr(told.text, "close 1013 too many messages wait"));
    close(fd);
}

static void or_its_messages_are_dropped(void **state)
{
    int fd = dial("/patient");
    struct gim_buf out = {0};
    gim_str last;
    size_t n;

    (void)state;
    say_flood(fd);
    assert_int_equal(read_frames(fd, &n, &last), BINARY);
    assert_true(n > 5);
    add_masked(&out, TEXT, GIM_S("still here"));
    assert_int_equal(write(fd, out.ptr, out.len), out.len);
    gim_buf_free(&out);
    assert_int_equal(read_frames(fd, &n, &last), TEXT);
    assert_int_equal(n, 1);
    assert_true(told.open);
    close(fd);
    assert_true(turn_until(&b, &told.open, false));
}

/* ---- memory ---------------------------------------------------------------------------------- */

static void an_idle_connection_holds_no_buffer_and_a_message_costs_no_allocation(void **state)
{
    struct client c;
    uint64_t before;

    (void)state;
    client_open(&c, &b, "/any");
    client_close(&c);
    client_open(&c, &b, "/patient");
    client_send(&c, TEXT, GIM_S("warm"));
    c.m.out_len = c.at = 0;
    before = gim_heap_calls();
    for (int i = 0; i < 10; i++) {
        static char frame[6 + 4] = {(char)0x82, (char)0x84, 0, 0, 0, 0, 'a', 'b', 'c', 'd'};

        gim_memory_feed(&c.m, (gim_str){frame, sizeof frame});
    }
    assert_int_equal(gim_heap_calls(), before);
    assert_frame(&c, BINARY, GIM_S("abcd"));
    client_close(&c);
}

static void unfinished_messages_share_the_budget_of_the_process(void **state)
{
    static const char part[900] = "a part";
    struct client c[3], last;

    (void)state;
    b.worker.limits.max_buffered = 4000;
    for (int i = 0; i < 3; i++) {
        client_open(&c[i], &b, "/echo");
        client_send(&c[i], 0x02, (gim_str){part, sizeof part});
        assert_silent(&c[i]);
    }
    client_open(&last, &b, "/echo");
    client_send(&last, 0x02, (gim_str){part, sizeof part});
    assert_close(&last, 1013);
    client_close(&last);
    client_send(&c[0], 0x80, GIM_S("!")); /* this one is finished: there is room again */
    client_open(&last, &b, "/echo");
    client_send(&last, 0x02, (gim_str){part, sizeof part});
    assert_silent(&last);
    client_close(&last);
    for (int i = 0; i < 3; i++)
        client_close(&c[i]);
    (void)gim_loop_turn(b.loop, 0);
    assert_int_equal(atomic_load(&app->shared.buffered), 0);
}

/* Pings are answered, bytes come: all that is wrong is that the message does not end. */
static void a_message_that_never_ends_does_not_hold_the_budget(void **state)
{
    static const char *const paths[] = {"/echo", "/patient"};

    (void)state;
    b.worker.limits.body_timeout = 64;
    b.worker.limits.body_min_rate = 0;
    for (size_t i = 0; i < 2; i++) {
        struct client c;

        client_open(&c, &b, paths[i]);
        client_send(&c, 0x02, GIM_S("for ever"));
        forget();
        for (int turns = 0; turns < 1000 && !c.m.shut; turns++) {
            (void)gim_loop_turn(b.loop, 10);
            if (i == 0 && !c.m.shut)
                client_send(&c, PONG, GIM_S(""));
        }
        assert_true(c.m.shut);
        assert_told("close 1008 a message did not arrive whole in time\n");
        assert_int_equal(atomic_load(&app->shared.buffered), 0);
        client_close(&c);
    }
}

static void a_message_whose_bytes_come_fast_enough_may_take_longer(void **state)
{
    struct client c;

    (void)state;
    b.worker.limits.body_timeout = 64;
    b.worker.limits.body_min_rate = 1;
    client_open(&c, &b, "/patient");
    client_send(&c, 0x02, GIM_S("a whole minute of bytes, at one a second, and longer than that."));
    for (int i = 0; i < 20; i++)
        (void)gim_loop_turn(b.loop, 10);
    client_send(&c, 0x80, GIM_S("!"));
    assert_false(c.m.shut);
    client_close(&c);
}

/* A thousand clients that take nothing, at max_unsent each: that is what the budget is against. */
static void what_clients_do_not_take_shares_the_budget_too(void **state)
{
    static const char big[200] = "news";
    gim_str news = {big, sizeof big};
    struct gim_websocket *slow, *quick;
    struct client one, other;

    (void)state;
    b.worker.limits.max_buffered = 100;
    client_open(&one, &b, "/echo");
    slow = told.ws;
    one.m.bounded = true;
    client_open(&other, &b, "/echo");
    quick = told.ws;
    assert_int_equal(gim_websocket_send(slow, GIM_WEBSOCKET_BINARY, news), 0);
    assert_int_equal(gim_websocket_send(slow, GIM_WEBSOCKET_BINARY, news), -1);
    assert_int_equal(gim_websocket_send(quick, GIM_WEBSOCKET_BINARY, news), 0);
    assert_frame(&other, BINARY, news);
    client_close(&one);
    client_close(&other);
}

/* The client has ended its half while the handler was elsewhere: nothing else will be heard of it. */
static void a_client_that_ended_before_it_began_is_lost(void **state)
{
    struct client c;

    (void)state;
    client_connect(&c, &b);
    client_ask(&c, "/later");
    client_send(&c, TEXT, GIM_S("close"));
    gim_memory_end(&c.m);
    gim_loop_finish(b.loop);
    assert_true(c.m.closed);
    assert_told("open \ntext close\nclose 4321 as you say\n");
    client_close(&c);
}

static void a_worker_that_goes_takes_its_connections_along(void **state)
{
    struct gim_websocket_group *g = gim_websocket_group_new();
    struct client c;

    (void)state;
    client_open(&c, &b, "/echo");
    gim_websocket_join(told.ws, g);
    (void)gim_websocket_ref_of(told.ws);
    gim_worker_release(&b.worker);
    assert_told("open \nclose 1006 \n");
    assert_int_equal(gim_websocket_group_size(g), 0);
    gim_loop_free(b.loop);
    gim_memory_free(&c.m);
    gim_websocket_group_free(g);
    app->loops[0] = NULL;
    bench_open(&b, app, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(messages_go_both_ways),
        TEST(a_whole_conversation_in_one_piece_or_in_many_is_the_same),
        TEST(a_handler_that_suspended_may_take_it_over),
        TEST(requests_before_it_are_answered_first),
        TEST(what_one_says_is_not_heard_from_another),
        TEST(what_is_wrong_ends_the_connection_with_its_code),
        TEST(a_table_without_on_message_takes_none),
        TEST(a_client_that_closes_is_answered_in_kind),
        TEST(our_close_waits_for_the_clients),
        TEST(a_client_that_does_not_answer_our_close_is_cut_off),
        TEST(a_code_that_may_not_be_sent_is_not),
        TEST(a_connection_that_breaks_is_lost_once),
        TEST(a_server_that_stops_says_so),
        TEST(a_silent_client_is_pinged_and_then_cut_off),
        TEST(a_client_that_answers_pings_stays),
        TEST(a_client_that_takes_nothing_is_told_to_go),
        TEST(or_its_messages_are_dropped),
        TEST(unfinished_messages_share_the_budget_of_the_process),
        TEST(a_message_that_never_ends_does_not_hold_the_budget),
        TEST(a_message_whose_bytes_come_fast_enough_may_take_longer),
        TEST(what_clients_do_not_take_shares_the_budget_too),
        TEST(a_client_that_ended_before_it_began_is_lost),
        TEST(a_worker_that_goes_takes_its_connections_along),
        TEST(an_idle_connection_holds_no_buffer_and_a_message_costs_no_allocation),
    };

    return cmocka_run_group_tests_name("websocket_life", tests, NULL, NULL);
}
