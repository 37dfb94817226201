/* test_call.c: one HTTP call at a time, against a server that behaves well and badly. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include "../../../gimlet/base/clock.h"
#include "../../../proof/compare/call.h"
#include "../../../proof/compare/contract.h"
#include "fake_server.h"

#define MS INT64_C(1000000)
#define OK "HTTP/1.1 200 OK\r\n"

/* The path's digit says which row is answered. */
static const struct row {
    const char *answer;
    bool ends;        /* closes after it */
    const char *body; /* NULL: the call fails with `says` */
    const char *says;
    bool kept;
} rows[] = {
    {OK "Content-Length: 5\r\n\r\nhello", false, "hello", NULL, true},
    {OK "Content-Length: 0\r\n\r\n", false, "", NULL, true},
    {OK "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: 1\r\n\r\n", false,
     "abcde", NULL, true},
    {OK "\r\nuntil close", true, "until close", NULL, false},
    {OK "Content-Length: 2\r\nConnection: close\r\n\r\nok", true, "ok", NULL, false},
    {"HTTP/1.1 103 Early Hints\r\n\r\n" OK "Content-Length: 1\r\n\r\nx", false, "x", NULL, true},
    {"HTTP/1.1 204 No Content\r\n\r\n", false, "", NULL, true},
    {OK "Content-Length: 9\r\n\r\nshort", true, NULL, "closed in the middle of the answer", false},
    {"", true, NULL, "closed before an answer came", false},
    {"SSH-2.0-x\r\n\r\n", true, NULL, "not HTTP/1.1", false},
    {OK "Content-Length: 1\r\n\r\nxMORE", false, "x", NULL, false},
};

static void serve_rows(int fd)
{
    char text[4096];

    while (fake_read(fd, text, sizeof text)) {
        const struct row *r = &rows[atoi(strchr(text, '/') + 1)];
        bool slow = strstr(text, "slow") != NULL;

        for (const char *p = r->answer; *p; p += slow ? 1 : strlen(p)) {
            (void)!write(fd, p, slow ? 1 : strlen(p));
            if (slow)
                poll(NULL, 0, 1);
        }
        if (r->ends)
            return;
    }
}

static void serve_nothing(int fd)
{
    char text[4096];

    fake_read(fd, text, sizeof text);
    poll(NULL, 0, 600);
}

/* Answers after the head, reads no more, closes: the rest of the body meets a reset. */
static void serve_too_large(int fd)
{
    char text[4096];

    fake_read(fd, text, sizeof text);
    fake_write(
        fd, "HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig");
}

static void serve_reset(int fd)
{
    const struct linger now = {1, 0};
    char text[4096];

    fake_read(fd, text, sizeof text);
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

/* One answer a connection, though it promises more. */
static void serve_once(int fd)
{
    char text[4096];

    fake_read(fd, text, sizeof text);
    fake_write(fd, OK "Content-Length: 4\r\nX-Who: me \r\n\r\nonce");
}

static int get(struct call *c, const char *path, char *err, size_t err_len)
{
    char text[200];

    snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", path);
    return call_make(c, gim_str_of(text), err, err_len);
}

static void one_row(const struct fake *f, size_t i, const char *how)
{
    struct call c = {.to = f->at, .fd = -1, .timeout_ns = 3000 * MS};
    const struct row *r = &rows[i];
    char path[32], err[256] = "";
    int failed;

    snprintf(path, sizeof path, "/%zu%s", i, how);
    failed = get(&c, path, err, sizeof err);
    if (r->body) {
        assert_string_equal(err, "");
        assert_int_equal(failed, 0);
        assert_int_equal(c.body.len, strlen(r->body));
        if (c.body.len)
            assert_memory_equal(c.body.ptr, r->body, c.body.len);
        assert_true(c.ns > 0 && c.connect_ns > 0);
        if (!*how)
            assert_int_equal(c.keep_alive, r->kept);
        assert_int_equal(c.fd >= 0, c.keep_alive);
    } else {
        assert_int_equal(failed, -1);
        assert_non_null(strstr(err, r->says));
        assert_int_equal(c.fd, -1);
    }
    call_free(&c);
}

static void answers_are_read_as_they_are_framed(void **state)
{
    struct fake f;

    (void)state;
    fake_open(&f, serve_rows);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        one_row(&f, i, "");
        one_row(&f, i, "slow");
    }
    fake_close(&f);
}

static void a_kept_connection_is_used_again_and_a_closed_one_is_not(void **state)
{
    char err[256];
    struct fake f;
    struct call c;

    (void)state;
    fake_open(&f, serve_rows);
    c = (struct call){.to = f.at, .fd = -1, .timeout_ns = 3000 * MS};
    assert_int_equal(get(&c, "/0", err, sizeof err), 0);
    assert_true(c.connect_ns > 0);
    assert_int_equal(get(&c, "/2", err, sizeof err), 0);
    assert_int_equal(c.connect_ns, 0);
    call_hang_up(&c);
    assert_int_equal(get(&c, "/0", err, sizeof err), 0);
    assert_true(c.connect_ns > 0);
    call_free(&c);
    fake_close(&f);

    fake_open(&f, serve_once);
    c = (struct call){.to = f.at, .fd = -1, .timeout_ns = 3000 * MS};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(get(&c, "/", err, sizeof err), 0);
        assert_true(c.connect_ns > 0);
        assert_true(gim_str_eq(call_field(&c, "x-who"), GIM_S("me")));
        assert_null(call_field(&c, "X-Other").ptr);
        poll(NULL, 0, 30);
    }
    call_free(&c);
    fake_close(&f);
}

static void silence_ends_at_the_deadline(void **state)
{
    uint64_t from = gim_clock_ms();
    char err[256];
    struct fake f;
    struct call c;

    (void)state;
    fake_open(&f, serve_nothing);
    c = (struct call){.to = f.at, .fd = -1, .timeout_ns = 100 * MS};
    assert_int_equal(get(&c, "/", err, sizeof err), -1);
    assert_string_equal(err, "no answer in time");
    assert_in_range(gim_clock_ms() - from, 90, 500);
    call_free(&c);
    fake_close(&f);
}

static void an_answer_that_comes_before_the_body_was_sent_counts(void **state)
{
    struct gim_buf request = {0};
    char err[256] = "";
    struct fake f;
    struct call c;

    (void)state;
    gim_buf_lit(&request, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 33554432\r\n\r\n");
    memset(gim_buf_reserve(&request, 32 << 20), ' ', 32 << 20);
    request.len += 32 << 20;
    fake_open(&f, serve_too_large);
    for (int i = 0; i < 50; i++) {
        c = (struct call){.to = f.at, .fd = -1, .timeout_ns = 3000 * MS};
        assert_int_equal(call_make(&c, gim_buf_view(&request), err, sizeof err), 0);
        assert_int_equal(c.status, 413);
        assert_false(c.keep_alive);
        call_free(&c);
    }
    fake_close(&f);

    fake_open(&f, serve_reset);
    c = (struct call){.to = f.at, .fd = -1, .timeout_ns = 3000 * MS};
    assert_int_equal(call_make(&c, gim_buf_view(&request), err, sizeof err), -1);
    assert_non_null(strstr(err, "of the request were sent"));
    call_free(&c);
    fake_close(&f);
    gim_buf_free(&request);
}

static void a_port_that_nobody_listens_on_is_free(void **state)
{
    char err[256];
    struct fake f;
    struct call c;

    (void)state;
    fake_open(&f, serve_once);
    c = (struct call){.to = f.at, .fd = -1};
    assert_true(call_port_open(&f.at));
    assert_false(contract_port_free(&f.at));
    fake_close(&f);
    assert_false(call_port_open(&f.at));
    assert_true(contract_port_free(&f.at));
    assert_int_equal(get(&c, "/", err, sizeof err), -1);
    assert_non_null(strstr(err, "cannot connect to 127.0.0.1:"));
    assert_non_null(strstr(err, "refused"));
    call_free(&c);
}

/* Connections take even ports first, and each its own in turn: among so many tries is one from the very
 * port that it goes to. */
static void a_connection_to_itself_is_no_server(void **state)
{
    struct sockaddr_in *at;
    struct fake f;

    (void)state;
    fake_open(&f, serve_once);
    fake_close(&f);
    at = (struct sockaddr_in *)(void *)&f.at.sockaddr;
    do {
        at->sin_port = htons((uint16_t)((f.port += 2) & ~1));
    } while (!contract_port_free(&f.at));
    for (int i = 0; i < 40000; i++)
        assert_false(call_port_open(&f.at));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_are_read_as_they_are_framed),
        cmocka_unit_test(a_kept_connection_is_used_again_and_a_closed_one_is_not),
        cmocka_unit_test(silence_ends_at_the_deadline),
        cmocka_unit_test(an_answer_that_comes_before_the_body_was_sent_counts),
        cmocka_unit_test(a_port_that_nobody_listens_on_is_free),
        cmocka_unit_test(a_connection_to_itself_is_no_server),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
