/* test_client.c: one connection of a client over a stream in memory: answers cut at every byte, ends of
 * every kind, and callbacks that close or go on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

#include "gimlet/base/arena.h"
#include "gimlet/wire/client.h"

static struct gim_loop *loop;
static struct gim_memory memory;
static struct gim_client client;
static char said[512]; /* what the owner heard, a letter each */
static const char *stop_at;

static bool hear(const char *what, gim_str more)
{
    size_t n = strlen(said);

    snprintf(said + n, sizeof said - n, "%s%.*s", what, GIM_FMT(more));
    if (!stop_at || strcmp(stop_at, what) != 0)
        return true;
    gim_client_close(&client);
    return false;
}

static void on_open(struct gim_client *c)
{
    (void)c;
    hear("o", (gim_str){0});
}

static void on_bytes(struct gim_client *c)
{
    (void)c;
    hear("b", (gim_str){0});
}

static bool on_head(struct gim_client *c)
{
    assert_true(gim_str_starts(c->response.head, GIM_S("HTTP/1.1 ")));
    return hear("h", (gim_str){0});
}

static char body[64];

static bool on_body(struct gim_client *c, gim_str data)
{
    size_t n = strlen(body);

    (void)c;
    snprintf(body + n, sizeof body - n, "%.*s", GIM_FMT(data));
    return hear("", (gim_str){0});
}

static void on_answer(struct gim_client *c)
{
    assert_int_equal(c->state, GIM_CLIENT_IDLE);
    hear(gim_client_is_kept(c) ? "K" : "C", (gim_str){0});
}

static const char *why_failed;
static enum gim_client_end how_failed;

static void on_fail(struct gim_client *c, enum gim_client_end end, int err, const char *why)
{
    (void)err;
    assert_int_equal(c->state, GIM_CLIENT_CLOSED);
    how_failed = end;
    why_failed = why;
    hear("F", (gim_str){0});
}

static void on_gone(struct gim_client *c)
{
    assert_int_equal(c->state, GIM_CLIENT_CLOSED);
    hear("G", (gim_str){0});
}

static const struct gim_client_user user = {
    .on_open = on_open,
    .on_bytes = on_bytes,
    .on_head = on_head,
    .on_body = on_body,
    .on_answer = on_answer,
    .on_fail = on_fail,
    .on_gone = on_gone,
};

static void open_client(void)
{
    said[0] = body[0] = '\0';
    stop_at = NULL;
    client = (struct gim_client){.user = &user};
    gim_memory_open(&memory, loop, &gim_client_stream);
    gim_client_take(&client, &memory.stream);
    assert_int_equal(client.state, GIM_CLIENT_DIALLING);
    memory.stream.user->on_open(&memory.stream);
    assert_string_equal(said, "o");
    said[0] = '\0';
}

static void close_client(void)
{
    gim_client_release(&client);
    gim_client_release(&client); /* twice is once */
    assert_true(memory.closed);
    gim_memory_free(&memory);
}

/* The answer in pieces of `chunk` bytes, each in memory of its own. */
static void feed(const char *answer, size_t chunk)
{
    size_t left = strlen(answer);

    while (left) {
        size_t n = chunk && chunk < left ? chunk : left;
        char *copy = gim_heap_alloc(n);

        memcpy(copy, answer, n);
        gim_memory_feed(&memory, (gim_str){copy, n});
        gim_heap_free(copy);
        answer += n;
        left -= n;
    }
}

static void answers_are_the_same_however_they_are_cut(void **state)
{
    static const struct {
        const char *answer;
        bool end; /* FIN behind it */
        const char *said, *body;
    } rows[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", false, "bhK", "hello"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello", false, "bhC",
         "hello"},
        {"HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 204 No\r\n\r\n", false, "bhK", ""},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n",
         false, "bhK", "abc"},
        {"HTTP/1.1 200 OK\r\n\r\nuntil", true, "bhC", "until"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", true, "bhF", "hel"},
        {"HTTP/1.1 200 OK\r\nContent-Le", true, "bF", ""},
        {"HTTP/2 200\r\n\r\n", false, "bF", ""},
        {"", true, "F", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (size_t chunk = 0; chunk < 8; chunk++) {
            open_client();
            gim_client_send(&client, GIM_S("GET / HTTP/1.1\r\n\r\n"), false);
            assert_int_equal(memory.out_len, 18);
            feed(rows[i].answer, chunk);
            if (rows[i].end)
                gim_memory_end(&memory);
            if (strcmp(said, rows[i].said) != 0 || strcmp(body, rows[i].body) != 0)
                fail_msg("row %zu, by %zu: %s %s, want %s %s", i, chunk, said, body, rows[i].said,
                         rows[i].body);
            close_client();
        }
    }
}

static void ends_have_their_kind(void **state)
{
    static const struct {
        const char *answer;
        enum gim_client_end end;
    } rows[] = {
        {"", GIM_CLIENT_SILENT},
        {"HTTP/1.1 2", GIM_CLIENT_CUT},
        {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx", GIM_CLIENT_CUT},
        {"nonsense\r\n\r\n", GIM_CLIENT_BAD},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        open_client();
        gim_client_send(&client, GIM_S("x"), false);
        feed(rows[i].answer, 0);
        gim_memory_end(&memory);
        assert_int_equal(how_failed, rows[i].end);
        assert_non_null(why_failed);
        close_client();
    }
}

static void a_connection_goes_on_with_the_next_request(void **state)
{
    (void)state;
    open_client();
    for (int i = 0; i < 3; i++) {
        gim_client_send(&client, GIM_S("x"), false);
        feed("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na", 7);
    }
    assert_string_equal(said, "bhKbhKbhK");
    gim_memory_end(&memory); /* while it is idle */
    assert_string_equal(said, "bhKbhKbhKG");
    close_client();
}

static void bytes_that_nobody_asked_for_end_it(void **state)
{
    (void)state;
    open_client();
    feed("HTTP/1.1 200 OK\r\n", 0);
    assert_string_equal(said, "G");
    close_client();
    open_client();
    gim_client_send(&client, GIM_S("x"), false);
    feed("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na+", 0);
    assert_string_equal(said, "bhC"); /* whole, but not to go on with */
    close_client();
}

static void an_owner_may_close_it_in_a_callback(void **state)
{
    static const char *const at[] = {"h", "", "K"};

    (void)state;
    for (size_t i = 0; i < sizeof at / sizeof at[0]; i++) {
        open_client();
        stop_at = at[i];
        gim_client_send(&client, GIM_S("x"), false);
        feed("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab", 3);
        assert_int_equal(client.state, GIM_CLIENT_CLOSED);
        assert_true(memory.closed);
        close_client();
    }
}

static void a_head_request_has_no_body_in_its_answer(void **state)
{
    (void)state;
    open_client();
    gim_client_send(&client, GIM_S("HEAD"), true);
    feed("HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n", 1);
    assert_string_equal(said, "bhK");
    close_client();
}

static int open_loop(void **state)
{
    (void)state;
    loop = gim_loop_new();
    return loop ? 0 : -1;
}

static int close_loop(void **state)
{
    (void)state;
    gim_loop_free(loop);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_are_the_same_however_they_are_cut),
        cmocka_unit_test(ends_have_their_kind),
        cmocka_unit_test(a_connection_goes_on_with_the_next_request),
        cmocka_unit_test(bytes_that_nobody_asked_for_end_it),
        cmocka_unit_test(an_owner_may_close_it_in_a_callback),
        cmocka_unit_test(a_head_request_has_no_body_in_its_answer),
    };

    return cmocka_run_group_tests(tests, open_loop, close_loop);
}
