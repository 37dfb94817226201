/* test_session.c: HTTP/1.1 bodies and their framing, and requests one behind the other.
 *
 * A conversation is turned into a transcript ("POST /a {hello} END"); the transcript of the whole
 * must be that of every way to cut it into two reads, and of one byte a read, with the unused bytes
 * kept and passed again as a connection does, each time laid against a guard page. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include "../../../gimlet/http/session.h"
#include "guard.h"

#define POST "POST /a HTTP/1.1\r\nHost: h\r\n"
#define CHUNKED POST "Transfer-Encoding: chunked\r\n\r\n"
#define GET "GET /b HTTP/1.1\r\nHost: h\r\n\r\n"
#define NEXT GET

static const struct gim_head_limits limits = {.head = 2000, .target = 1000};

struct script {
    struct gim_session s;
    char out[70000]; /* the transcript */
    size_t len;
    bool in_data;
};

static void say(struct script *t, const char *text, size_t n)
{
    assert_true(t->len + n < sizeof t->out);
    memcpy(t->out + t->len, text, n);
    t->len += n;
    t->out[t->len] = '\0';
}

static void leave_data(struct script *t)
{
    if (t->in_data)
        say(t, "} ", 2);
    t->in_data = false;
}

static void note(struct script *t, enum gim_event event, const struct gim_head *h)
{
    char text[200];

    if (event == GIM_EVENT_DATA) {
        assert_true(t->s.data.len > 0);
        if (!t->in_data)
            say(t, "{", 1);
        t->in_data = true;
        say(t, t->s.data.ptr, t->s.data.len);
        return;
    }
    if (event == GIM_EVENT_MORE)
        return;
    leave_data(t);
    if (event == GIM_EVENT_HEAD)
        snprintf(text, sizeof text, "%.*s %.*s ", GIM_FMT(gim_head_str(h, h->method)),
                 GIM_FMT(gim_head_str(h, h->target)));
    else if (event == GIM_EVENT_END)
        snprintf(text, sizeof text, "END ");
    else
        snprintf(text, sizeof text, "%d %s", t->s.why.status, t->s.why.detail);
    say(t, text, strlen(text));
}

/* Feeds `n` bytes; returns how many at their end were left unused. */
static size_t feed(struct script *t, const char *bytes, size_t n)
{
    char *copy = guard_copy(bytes, n);
    gim_str in = {copy, n};
    enum gim_event event;
    struct gim_head h;

    memset(&h, 0xa5, sizeof h);
    do {
        event = t->s.ops->next(&t->s, &in, &h, &limits);
        note(t, event, &h);
    } while (event != GIM_EVENT_MORE && event != GIM_EVENT_REFUSED);
    guard_free(copy, n);
    return in.len;
}

static void start(struct script *t)
{
    memset(t, 0, offsetof(struct script, out));
    t->s.ops = &gim_h1_ops;
    t->out[0] = '\0';
    t->len = 0;
    t->in_data = false;
}

/* Reads end at each multiple of `step` from `first` on. */
static void play(struct script *t, const char *in, size_t len, size_t first, size_t step)
{
    size_t at = 0; /* the first byte not used yet */

    start(t);
    for (size_t end = first; t->s.state != GIM_H1_DEAD; end += step) {
        if (end > len)
            end = len;
        at = end - feed(t, in + at, end - at);
        if (end == len)
            break;
    }
}

static struct script whole, cut;

static void check(const char *in, size_t len, const char *want)
{
    play(&whole, in, len, len, len);
    if (want && !strstr(whole.out, want))
        fail_msg("\"%s\" gives \"%s\", want \"%s\"", in, whole.out, want);
    play(&cut, in, len, 1, 1);
    assert_string_equal(cut.out, whole.out);
    for (size_t i = 1; i < len; i++) {
        play(&cut, in, len, i, len);
        if (strcmp(cut.out, whole.out) != 0)
            fail_msg("cut at %zu: \"%s\", whole: \"%s\"", i, cut.out, whole.out);
    }
}

struct row {
    int point; /* of the HTTP list */
    const char *in;
    size_t len;
    const char *want; /* a part of the transcript */
};

#define ROW(point, in, want)                                                                       \
    {                                                                                              \
        point, in, sizeof(in) - 1, want                                                            \
    }

static void check_all(const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++)
        check(rows[i].in, rows[i].len, rows[i].want);
}

#define CHECK(rows) check_all(rows, sizeof(rows) / sizeof((rows)[0]))

static void bodies_are_framed_and_the_next_request_found(void **state)
{
    static const struct row rows[] = {
        ROW(43, GET GET GET, "GET /b END GET /b END GET /b END "),
        ROW(30, POST "Content-Length: 5\r\n\r\nhello" NEXT, "POST /a {hello} END GET /b END "),
        ROW(30, POST "Content-Length: 0\r\n\r\n" NEXT, "POST /a END GET /b END "),
        ROW(30, POST "\r\n" NEXT, "POST /a END GET /b END "),
        ROW(30, "GET /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nGET" NEXT,
            "GET /a {GET} END GET /b END "),
        ROW(30,
            "DELETE /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
            "1\r\nx\r\n0\r\n\r\n" NEXT,
            "DELETE /a {x} END GET /b END "),
        ROW(2, POST "Content-Length: 1\r\n\r\nx\r\n" NEXT, "POST /a {x} END GET /b END "),
        ROW(31, CHUNKED "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n" NEXT,
            "POST /a {hello world} END GET /b END "),
        ROW(31, CHUNKED "0\r\n\r\n" NEXT, "POST /a END GET /b END "),
        ROW(26, CHUNKED "A\r\n0123456789\r\n0\r\n\r\n", "POST /a {0123456789} END "),
        ROW(26, CHUNKED "a\r\n0123456789\r\n0\r\n\r\n", "POST /a {0123456789} END "),
        ROW(26, CHUNKED "0000000000000001\r\nx\r\n0000\r\n\r\n", "POST /a {x} END "),
        ROW(27, CHUNKED "2\r\n\r\n\r\n0\r\n\r\n", "POST /a {\r\n} END "),
        ROW(28, CHUNKED "1;a\r\nx\r\n0;b=\"c;d\"\r\n\r\n", "POST /a {x} END "),
        ROW(28, CHUNKED "1 \t;a=\xc3\xa9\r\nx\r\n0\r\n\r\n", "POST /a {x} END "),
        ROW(29,
            CHUNKED "1\r\nx\r\n0\r\nA: b\r\nHost: other\r\nContent-Length: 9\r\n"
                    "Transfer-Encoding: x\r\nE:\r\n\r\n" NEXT,
            "POST /a {x} END GET /b END "),
        ROW(35, POST "Content-Length: 5\r\n\r\nhell", "POST /a {hell"),
        ROW(35, CHUNKED "5\r\nhello\r\n", "POST /a {hello"),
    };

    (void)state;
    CHECK(rows);
}

static void bad_framing_is_refused_and_nothing_after_it_parsed(void **state)
{
    static const struct row rows[] = {
        ROW(26, CHUNKED "\r\nx", "400 a chunk does not begin"),
        ROW(26, CHUNKED ";a\r\nx", "400 a chunk does not begin"),
        ROW(26, CHUNKED " 5\r\nhello", "400 a chunk does not begin"),
        ROW(26, CHUNKED "+5\r\nhello", "400 a chunk does not begin"),
        ROW(26, CHUNKED "-1\r\nhello", "400 a chunk does not begin"),
        ROW(26, CHUNKED "5 \r\nhello", "400 a chunk size is followed by whitespace"),
        ROW(26, CHUNKED "5 5\r\nhello", "400 a chunk size is followed by whitespace"),
        ROW(26, CHUNKED "0x5\r\nhello", "400 a chunk size is not followed by"),
        ROW(26, CHUNKED "0_2e\r\nhello", "400 a chunk size is not followed by"),
        ROW(26, CHUNKED "5g\r\nhello", "400 a chunk size is not followed by"),
        ROW(26, CHUNKED "00000000000000001\r\nx", "400 a chunk size has too many"),
        ROW(26, CHUNKED "8000000000000000\r\nx", "400 a chunk size is too large"),
        ROW(26, CHUNKED "FFFFFFFFFFFFFFFF\r\nx", "400 a chunk size is too large"),
        ROW(27, CHUNKED "5\nhello\r\n", "400 a chunk size is not followed by"),
        ROW(27, CHUNKED "5\rhello\r\n", "400 a chunk size line does not end"),
        ROW(27, CHUNKED "5;a\nhello\r\n", "400 a chunk extension holds a control"),
        ROW(27, CHUNKED "5;a\rb\r\nhello\r\n", "400 a chunk size line does not end"),
        ROW(27, CHUNKED "5;a\0\r\nhello\r\n", "400 a chunk extension holds a control"),
        ROW(27, CHUNKED "5\r\nhello\n0\r\n\r\n", "{hello} 400 a chunk is longer"),
        ROW(27, CHUNKED "5\r\nhello\rx", "{hello} 400 a chunk does not end"),
        ROW(27, CHUNKED "5\r\nhello0\r\n\r\n", "{hello} 400 a chunk is longer"),
        ROW(27, CHUNKED "4\r\nhello\r\n0\r\n\r\n", "{hell} 400 a chunk is longer"),
        ROW(27, CHUNKED "0\r\n\rx", "400 the trailer section does not end"),
        ROW(27, CHUNKED "0\r\n\n", "400 a trailer field has no name"),
        ROW(29, CHUNKED "0\r\n: b\r\n\r\n", "400 a trailer field has no name"),
        ROW(29, CHUNKED "0\r\n A: b\r\n\r\n", "400 a trailer field has no name"),
        ROW(29, CHUNKED "0\r\nA: b\r\n c\r\n\r\n", "400 a trailer field has no name"),
        ROW(29, CHUNKED "0\r\nA : b\r\n\r\n", "400 a trailer field name is not a token"),
        ROW(29, CHUNKED "0\r\nab\r\n\r\n", "400 a trailer field name is not a token"),
        ROW(29, CHUNKED "0\r\nA: b\0\r\n\r\n", "400 a trailer field holds a control"),
        ROW(29, CHUNKED "0\r\nA: b\n\r\n", "400 a trailer field holds a control"),
        ROW(29, CHUNKED "0\r\nA: b\rc\r\n\r\n", "400 a trailer line does not end"),
        ROW(43, GET "bad\r\n\r\n" GET, "GET /b END 400 the method is not a token"),
        ROW(43, POST "Content-Length: 3\r\n\r\nabcdef / HTTP/1.1\r\n\r\n" GET,
            "POST /a {abc} END 400 the Host field is missing"),
    };

    (void)state;
    CHECK(rows);
}

/* CHUNKED, then `unit` as often as fits in `n` bytes, then the end of the body. */
static size_t repeated(char *out, size_t n, const char *unit, const char *end)
{
    size_t at = (size_t)sprintf(out, CHUNKED), from = at, size = strlen(unit);

    for (; at + size <= from + n; at += size)
        memcpy(out + at, unit, size);
    return at + (size_t)sprintf(out + at, "%s", end);
}

static void chunk_overhead_is_a_debt_that_content_pays(void **state)
{
    static char in[200000];
    size_t len;

    (void)state;
    len = repeated(in, 16000 * 6, "1\r\nx\r\n", "0\r\n\r\n");
    play(&whole, in, len, len, len);
    assert_non_null(strstr(whole.out, "END"));
    len = repeated(in, 17000 * 6, "1\r\nx\r\n", "0\r\n\r\n");
    play(&whole, in, len, len, len);
    assert_non_null(strstr(whole.out, "400 the chunked body has too much framing"));
    play(&cut, in, len, 1, 7); /* cut anywhere, refused at the same byte */
    assert_string_equal(cut.out, whole.out);
    len = repeated(in, 190000, "2\r\nxx\r\n", "0\r\n\r\n");
    play(&whole, in, len, len, len);
    assert_non_null(strstr(whole.out, "END"));
}

static void a_long_extension_is_refused(void **state)
{
    char in[1000], *at;

    (void)state;
    at = in + sprintf(in, CHUNKED "0;");
    memset(at, 'a', 300);
    strcpy(at + GIM_CHUNK_EXTENSION, "\r\n\r\n");
    check(in, strlen(in), "POST /a END ");
    memset(at, 'a', 300);
    strcpy(at + GIM_CHUNK_EXTENSION + 1, "\r\n\r\n");
    check(in, strlen(in), "400 a chunk extension is too long");
}

static void a_long_trailer_is_431(void **state)
{
    static char in[20000];
    size_t len;
    char *at = in + sprintf(in, CHUNKED "0\r\nA:");

    (void)state;
    memset(at, 'b', GIM_TRAILER_MAX);
    strcpy(at + GIM_TRAILER_MAX - 6, "\r\n\r\n");
    len = strlen(in);
    play(&whole, in, len, len, len);
    assert_string_equal(whole.out, "POST /a END ");
    memset(at, 'b', GIM_TRAILER_MAX);
    strcpy(at + GIM_TRAILER_MAX - 5, "\r\n\r\n");
    len = strlen(in);
    play(&whole, in, len, len, len);
    assert_non_null(strstr(whole.out, "431 the trailer section"));
    play(&cut, in, len, 1, 1);
    assert_string_equal(cut.out, whole.out);
}

static void after_a_refusal_nothing_is_used(void **state)
{
    gim_str in = GIM_S(GET);
    struct gim_head h;

    (void)state;
    start(&whole);
    assert_int_equal(feed(&whole, "\x16", 1), 1);
    assert_int_equal(gim_h1_ops.next(&whole.s, &in, &h, &limits), GIM_EVENT_REFUSED);
    assert_int_equal(in.len, sizeof GET - 1);
    assert_int_equal(whole.s.why.status, 400);
    assert_false(gim_session_idle(&whole.s));
}

static void a_session_is_idle_between_requests_only(void **state)
{
    static const char in[] = POST "Content-Length: 2\r\n\r\nab" GET;
    size_t len = sizeof in - 1, at = 0;

    (void)state;
    start(&whole);
    assert_true(gim_session_idle(&whole.s));
    for (size_t end = 1; end <= len; end++) {
        at = end - feed(&whole, in + at, end - at);
        assert_int_equal(gim_session_idle(&whole.s), end == len || end == len - (sizeof GET - 1));
    }
    assert_string_equal(whole.out, "POST /a {ab} END GET /b END ");
}

static void a_session_is_idle_as_soon_as_a_request_has_ended(void **state)
{
    gim_str in = GIM_S(GET);
    struct gim_head h;

    (void)state;
    start(&whole);
    feed(&whole, in.ptr, 10);
    assert_int_equal(whole.s.seen, 10);
    assert_int_equal(gim_h1_ops.next(&whole.s, &in, &h, &limits), GIM_EVENT_HEAD);
    assert_false(gim_session_idle(&whole.s));
    assert_int_equal(gim_h1_ops.next(&whole.s, &in, &h, &limits), GIM_EVENT_END);
    assert_true(gim_session_idle(&whole.s));
}

/* Framing, trailers and extensions of one body are not counted for the next. */
static void bounds_begin_anew_with_each_body(void **state)
{
    static char in[150000];
    size_t len, n;

    (void)state;
    n = repeated(in, 10000 * 6, "1\r\nx\r\n", "0\r\n");
    while (n % 10000 < 7000)
        in[n++] = 'a';
    n += (size_t)sprintf(in + n, ":b\r\n\r\n");
    memcpy(in + n, in, n);
    len = 2 * n;
    play(&whole, in, len, len, len);
    assert_non_null(strstr(whole.out, "} END POST /a {"));
    assert_string_equal(whole.out + whole.len - 6, "} END ");
}

static void a_head_over_its_limit_is_refused_without_its_end(void **state)
{
    static char in[5000];

    (void)state;
    memset(in, 'a', sizeof in);
    memcpy(in, "GET / HTTP/1.1\r\nA: ", 19);
    check(in, 2100, "431 the head is longer");
    memcpy(in, "GET /aaaaaaaaaaaaaaaaaaaaaaaaa", 30);
    check(in, 1500, "414 the request target");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bodies_are_framed_and_the_next_request_found),
        cmocka_unit_test(bad_framing_is_refused_and_nothing_after_it_parsed),
        cmocka_unit_test(chunk_overhead_is_a_debt_that_content_pays),
        cmocka_unit_test(a_long_extension_is_refused),
        cmocka_unit_test(a_long_trailer_is_431),
        cmocka_unit_test(after_a_refusal_nothing_is_used),
        cmocka_unit_test(a_session_is_idle_between_requests_only),
        cmocka_unit_test(a_session_is_idle_as_soon_as_a_request_has_ended),
        cmocka_unit_test(bounds_begin_anew_with_each_body),
        cmocka_unit_test(a_head_over_its_limit_is_refused_without_its_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
