/* test_response.c: responses, their framing, and what ends a connection.
 *
 * A server's bytes are turned into a transcript ("200 {hello} END+ ": + when the connection may go
 * on); the transcript of the whole must be that of every way to cut it into two reads, and of one
 * byte a read, with the unused bytes kept and passed again as a client does, each time laid against
 * a guard page. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include "../../../gimlet/http/response.h"
#include "guard.h"

#define OK "HTTP/1.1 200 OK\r\n"
#define CHUNKED OK "Transfer-Encoding: chunked\r\n\r\n"
#define NEXT "HTTP/1.1 404 Not Found\r\nContent-Length: 1\r\n\r\n!"
#define CONTINUE "HTTP/1.1 100 Continue\r\n\r\n"

struct script {
    struct gim_response r;
    char out[400000]; /* the transcript */
    size_t len, body;
    bool in_data, over;
};

static struct script whole, cut;

static void say(struct script *t, const char *text, size_t n)
{
    assert_true(t->len + n < sizeof t->out);
    memcpy(t->out + t->len, text, n);
    t->len += n;
    t->out[t->len] = '\0';
}

static void say_data(struct script *t, gim_str data)
{
    assert_true(data.len > 0);
    if (!t->in_data)
        say(t, "{", 1);
    t->in_data = true;
    t->body += data.len;
    say(t, data.ptr, data.len);
}

static void say_event(struct script *t, enum gim_response_event event)
{
    char text[200] = "";

    if (event == GIM_RESPONSE_DATA) {
        say_data(t, t->r.data);
        return;
    }
    if (event == GIM_RESPONSE_MORE)
        return;
    if (t->in_data)
        say(t, "} ", 2);
    t->in_data = false;
    assert_int_equal(t->r.body_bytes, t->body);
    if (event == GIM_RESPONSE_HEAD)
        snprintf(text, sizeof text, "%d/%zu ", t->r.status, t->r.head.len);
    else if (event == GIM_RESPONSE_END)
        snprintf(text, sizeof text, "END%c ", t->r.keep_alive ? '+' : '-');
    else
        snprintf(text, sizeof text, "BAD %s", t->r.reason);
    t->over = event == GIM_RESPONSE_BAD;
    assert_true(!t->over || !t->r.keep_alive);
    say(t, text, strlen(text));
}

/* Feeds `n` bytes; returns how many at their end were left unused. */
static size_t feed(struct script *t, const char *bytes, size_t n)
{
    char *copy = guard_copy(bytes, n);
    gim_str in = {copy, n};
    enum gim_response_event event;

    do {
        event = gim_response_next(&t->r, &in);
        say_event(t, event);
        if (event == GIM_RESPONSE_END) {
            gim_response_start(&t->r, false);
            t->body = 0;
        }
    } while (event != GIM_RESPONSE_MORE && event != GIM_RESPONSE_BAD);
    guard_free(copy, n);
    return in.len;
}

static void start(struct script *t, bool head_request)
{
    memset(&t->r, 0xa5, sizeof t->r); /* start is lent dirty memory */
    gim_response_start(&t->r, head_request);
    t->len = t->body = 0;
    t->out[0] = '\0';
    t->in_data = t->over = false;
}

/* Reads end at each multiple of `step` from `first` on; then the connection ends. */
static void play(struct script *t, bool head_request, gim_str in, size_t first, size_t step)
{
    size_t at = 0; /* the first byte not used yet */

    start(t, head_request);
    for (size_t end = first; !t->over; end += step) {
        if (end > in.len)
            end = in.len;
        at = end - feed(t, in.ptr + at, end - at);
        if (end == in.len)
            break;
    }
    if (!t->over && gim_response_begun(&t->r))
        say_event(t, gim_response_eof(&t->r));
}

static void check(bool head_request, gim_str in, const char *want)
{
    play(&whole, head_request, in, in.len, in.len);
    if (!strstr(whole.out, want))
        fail_msg("\"%.*s\" gives \"%s\", want \"%s\"", GIM_FMT(in), whole.out, want);
    play(&cut, head_request, in, 1, 1);
    assert_string_equal(cut.out, whole.out);
    for (size_t i = 1; i < in.len; i++) {
        play(&cut, head_request, in, i, in.len);
        if (strcmp(cut.out, whole.out) != 0)
            fail_msg("cut at %zu: \"%s\", whole: \"%s\"", i, cut.out, whole.out);
    }
}

struct row {
    const char *in;
    size_t len;
    const char *want; /* a part of the transcript */
};

#define ROW(in, want)                                                                              \
    {                                                                                              \
        in, sizeof(in) - 1, want                                                                   \
    }

static void check_rows(bool head_request, const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++)
        check(head_request, (gim_str){rows[i].in, rows[i].len}, rows[i].want);
}

#define CHECK(head_request, rows)                                                                  \
    check_rows((head_request), (rows), sizeof(rows) / sizeof((rows)[0]))

static void bodies_are_framed_and_the_next_answer_found(void **state)
{
    static const struct row rows[] = {
        ROW(OK "Content-Length: 5\r\n\r\nhello" NEXT, "200/38 {hello} END+ 404/45 {!} END+ "),
        ROW(OK "content-LENGTH:\t 5 \t\r\n\r\nhello" NEXT, "{hello} END+ 404/45 {!} END+ "),
        ROW(OK "Content-Length: 0\r\n\r\n" NEXT, "200/38 END+ 404/45 {!} END+ "),
        ROW(OK "Content-Length: 0000000000000000000000002\r\n\r\nab" NEXT, "{ab} END+ 404"),
        ROW(OK "Date: x\r\nContent-Length: 3\r\nServer:\r\n\r\n200" NEXT, "{200} END+ 404"),
        ROW(CHUNKED "5\r\nhello\r\n6;a=b\r\n world\r\n0\r\nX: y\r\n\r\n" NEXT,
            "200/47 {hello world} END+ 404/45 {!} END+ "),
        ROW(OK "transfer-encoding: CHUNKED\r\n\r\n0\r\n\r\n" NEXT, " END+ 404/45 {!} END+ "),
        ROW(OK "\r\nall of it" NEXT, "200/19 {all of it" NEXT "} END- "),
        ROW(OK "\r\n", "200/19 END- "),
        ROW("HTTP/1.0 200 OK\r\n\r\nhello", "{hello} END- "),
    };

    (void)state;
    CHECK(false, rows);
}

static void some_answers_have_no_body_whatever_their_fields_say(void **state)
{
    static const struct row rows[] = {
        ROW("HTTP/1.1 204 No Content\r\n\r\n" NEXT, "204/27 END+ 404/45 {!} END+ "),
        ROW("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n" NEXT, "END+ 404/45 {!} END+ "),
        ROW("HTTP/1.1 304 Not Modified\r\nContent-Length: 217\r\n\r\n" NEXT, "END+ 404/45 {!}"),
        ROW("HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n" NEXT, "END+ 404"),
        ROW("HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n", "END- "),
        ROW("HTTP/1.1 205 Reset Content\r\nContent-Length: 1\r\n\r\nx" NEXT, "205/49 {x} END+ 404"),
    };
    static const struct row head_rows[] = {
        ROW(OK "\r\n" NEXT, "200/19 END+ 404/45 {!} END+ "),
        ROW(OK "Content-Length: 217\r\n\r\n" NEXT, "200/40 END+ 404/45 {!} END+ "),
        ROW(CHUNKED NEXT, "200/47 END+ 404/45 {!} END+ "),
        ROW(CONTINUE OK "Content-Length: 217\r\n\r\n" NEXT, "200/40 END+ 404/45 {!} END+ "),
        ROW(OK "Content-Length: x\r\n\r\n", "BAD the Content-Length"),
    };

    (void)state;
    CHECK(false, rows);
    CHECK(true, head_rows);
}

static void status_lines_are_read_strictly(void **state)
{
    static const struct row rows[] = {
        ROW("HTTP/1.1 204 \r\n\r\n", "204/17 END+ "),
        ROW("HTTP/1.1 204\r\n\r\n", "204/16 END+ "), /* the one leniency */
        ROW("HTTP/1.1 204  two  spaces\tand \xc3\xa4\xff \r\n\r\n", "204/"),
        ROW("HTTP/1.9 204 No Content\r\n\r\n", "204/27 END+ "),
        ROW("HTTP/1.0 204 No Content\r\n\r\n", "204/27 END- "),
        ROW("HTTP/1.1 999 Most\r\nContent-Length: 0\r\n\r\n", "999/40 END+ "),
        ROW("HTTP/1.1 099 Low\r\n\r\n", "BAD the status is not three digits from 100 on"),
        ROW("HTTP/1.1 20 OK\r\n\r\n", "BAD the status is not three digits"),
        ROW("HTTP/1.1 2x0 OK\r\n\r\n", "BAD the status is not three digits"),
        ROW("HTTP/1.1 20/ OK\r\n\r\n", "BAD the status is not three digits"),
        ROW("HTTP/1.1 2000 OK\r\n\r\n", "BAD the status is not followed by a space"),
        ROW("HTTP/1.1 200\tOK\r\n\r\n", "BAD the status is not followed by a space"),
        ROW("HTTP/1.1 200-OK\r\n\r\n", "BAD the status is not followed by a space"),
        ROW("HTTP/1.1  200 OK\r\n\r\n", "BAD the status is not three digits"),
        ROW("HTTP/1.1\t200 OK\r\n\r\n", "BAD the status line has no version"),
        ROW("HTTP/1.x 200 OK\r\n\r\n", "BAD the status line has no version"),
        ROW("HTTP/1.11 200 OK\r\n\r\n", "BAD the status line has no version"),
        ROW("HTTP/1.1 20\r\n\r\n", "BAD the status line is too short"),
        ROW("HTTP/1.\r\n\r\n", "BAD the status line is too short"),
        ROW("HTTP/2 200 OK\r\n\r\n", "BAD the answer does not begin with HTTP/1."),
        ROW("HTTP/2.0 200 OK\r\n\r\n", "BAD the answer does not begin with HTTP/1."),
        ROW("http/1.1 200 OK\r\n\r\n", "BAD the answer does not begin with HTTP/1."),
        ROW("ICY 200 OK\r\n\r\n", "BAD the answer does not begin with HTTP/1."),
        ROW("SSH-2.0-OpenSSH_9.2\r\n", "BAD the answer does not begin with HTTP/1."),
        ROW("\x15\x03\x01\x00\x02\x02\x46", "BAD the answer does not begin with HTTP/1."),
        ROW("<html>", "BAD the answer does not begin with HTTP/1."),
        ROW("\r\n" OK "\r\n", "BAD the answer does not begin with HTTP/1."),
        ROW(" " OK "\r\n", "BAD the answer does not begin with HTTP/1."),
        ROW("HTTP/1.1 200 OK\n\r\n", "BAD a line of the head ends in LF alone"),
        ROW("HTTP/1.1 200 OK\r\r\n", "BAD there is a CR without LF"),
        ROW("HTTP/1.1 200 O\0K\r\n\r\n", "BAD there is a control character"),
        ROW("HTTP/1.1 200 O\x7fK\r\n\r\n", "BAD there is a control character"),
    };

    (void)state;
    CHECK(false, rows);
}

static void field_lines_are_read_strictly(void **state)
{
    static const struct row rows[] = {
        ROW(OK "A:\r\n!#$%&'*+-.^_`|~09azAZ: \t\xff\t\r\nContent-Length: 0\r\n\r\n", "END+ "),
        ROW(OK "A: b\r\n c\r\n\r\n", "BAD a field line is folded"),
        ROW(OK "A: b\r\n\tc\r\n\r\n", "BAD a field line is folded"),
        ROW(OK " A: b\r\n\r\n", "BAD a field line is folded or begins with whitespace"),
        ROW(OK "A : b\r\n\r\n", "BAD there is whitespace between a field name and its colon"),
        ROW(OK "A\t: b\r\n\r\n", "BAD there is whitespace between a field name and its colon"),
        ROW(OK ": b\r\n\r\n", "BAD a field has no name"),
        ROW(OK "A\r\n\r\n", "BAD a field line has no colon"),
        ROW(OK "A(: b\r\n\r\n", "BAD a field name holds a character"),
        ROW(OK "\xc3\xa4: b\r\n\r\n", "BAD a field name holds a character"),
        ROW(OK "A: b\n\r\n", "BAD a line of the head ends in LF alone"),
        ROW(OK "A: b\r\n\n", "BAD a line of the head ends in LF alone"),
        ROW(OK "A: b\rc\r\n\r\n", "BAD there is a CR without LF"),
        ROW(OK "A: b\r\n\rx", "BAD there is a CR without LF"),
        ROW(OK "A: b\0\r\n\r\n", "BAD there is a control character"),
        ROW(OK "A: \x1b[0m\r\n\r\n", "BAD there is a control character"),
    };

    (void)state;
    CHECK(false, rows);
}

static void a_body_has_one_length_or_the_answer_is_bad(void **state)
{
    static const struct row rows[] = {
        ROW(OK "Content-Length: 1\r\nContent-Length: 2\r\n\r\n", "BAD there is more than one Cont"),
        ROW(OK "Content-Length: 1\r\nContent-Length: 1\r\n\r\n", "BAD there is more than one Cont"),
        ROW(OK "Content-Length: 0\r\nA: b\r\ncontent-length: 0\r\n\r\n", "BAD there is more than"),
        ROW(OK "Content-Length:\r\n\r\n", "BAD the Content-Length is not a number"),
        ROW(OK "Content-Length: -1\r\n\r\n", "BAD the Content-Length is not a number"),
        ROW(OK "Content-Length: -0\r\n\r\n", "BAD the Content-Length is not a number"),
        ROW(OK "Content-Length: +1\r\n\r\n", "BAD the Content-Length is not a number"),
        ROW(OK "Content-Length: 0x1\r\n\r\n", "BAD the Content-Length is not a number"),
        ROW(OK "Content-Length: 1, 1\r\n\r\n", "BAD the Content-Length is not a number"),
        ROW(OK "Content-Length: 1 1\r\n\r\n", "BAD the Content-Length is not a number"),
        ROW(OK "Content-Length: 9223372036854775808\r\n\r\n",
            "BAD the Content-Length is not a num"),
        ROW(OK "Content-Length: 9223372036854775807\r\n\r\nx", "{x} BAD the connection closed"),
        ROW(OK "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n", "BAD there are both"),
        ROW(OK "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", "BAD there are both"),
        ROW(OK "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
            "BAD there is more than one Transfer-Encoding"),
        ROW(OK "Transfer-Encoding: gzip, chunked\r\n\r\n",
            "BAD the Transfer-Encoding is not chunk"),
        ROW(OK "Transfer-Encoding: identity\r\n\r\n", "BAD the Transfer-Encoding is not chunked"),
        ROW(OK "Transfer-Encoding: chunked, chunked\r\n\r\n", "BAD the Transfer-Encoding is not"),
        ROW(OK "Transfer-Encoding: chunked;a=b\r\n\r\n",
            "BAD the Transfer-Encoding is not chunked"),
        ROW(OK "Transfer-Encoding:\r\n\r\n", "BAD the Transfer-Encoding is not chunked"),
        ROW("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "BAD an HTTP/1.0 answer"),
    };

    (void)state;
    CHECK(false, rows);
}

static void broken_chunks_are_bad(void **state)
{
    static const struct row rows[] = {
        ROW(CHUNKED "x\r\n", "BAD a chunk does not begin"),
        ROW(CHUNKED "5\nhello", "BAD a chunk size is not followed by"),
        ROW(CHUNKED "5 \r\nhello", "BAD a chunk size is followed by whitespace"),
        ROW(CHUNKED "8000000000000000\r\n", "BAD a chunk size is too large"),
        ROW(CHUNKED "5\r\nhello!\r\n", "{hello} BAD a chunk is longer than its size"),
        ROW(CHUNKED "0\r\nA : b\r\n\r\n", "BAD a trailer field name"),
        ROW(CHUNKED "0\r\n\n", "BAD a trailer field has no name"),
    };

    (void)state;
    CHECK(false, rows);
}

static void version_and_connection_say_whether_it_goes_on(void **state)
{
    static const struct row rows[] = {
        ROW(OK "Content-Length: 0\r\nConnection: close\r\n\r\n", "END- "),
        ROW(OK "Content-Length: 0\r\nConnection: Keep-Alive\r\n\r\n", "END+ "),
        ROW(OK "Content-Length: 0\r\nConnection: a, CLOSE ,b\r\n\r\n", "END- "),
        ROW(OK "Content-Length: 0\r\nConnection: closed\r\n\r\n", "END+ "),
        ROW(OK "Connection: close\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n", "END- "),
        ROW("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", "END- "),
        ROW("HTTP/1.0 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n", "END+ "),
        ROW("HTTP/1.0 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive, close\r\n\r\n",
            "END- "),
        ROW(OK "Connection: keep-alive\r\n\r\n", "END- "),      /* its end ends the connection */
        ROW(CHUNKED "0\r\nConnection: close\r\n\r\n", "END+ "), /* a trailer says nothing */
    };

    (void)state;
    CHECK(false, rows);
}

static void interim_answers_are_skipped(void **state)
{
    static const struct row rows[] = {
        ROW(CONTINUE NEXT, "404/45 {!} END+ "),
        ROW("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nContent-Length: 7\r\nConnection: "
            "close\r\n\r\n"
            "HTTP/1.1 102 Processing\r\nTransfer-Encoding: chunked\r\n\r\n" OK
            "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" NEXT,
            "200/47 END+ 404/45 {!} END+ "),
        ROW(CONTINUE "\r\n" OK "\r\n", "BAD the answer does not begin with"),
        ROW("HTTP/1.1 101 Switching Protocols\r\n\r\n", "BAD the server switched protocols (101)"),
        ROW("HTTP/1.1 100 Continue\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", "BAD there"),
        ROW(CONTINUE "HTTP", "BAD the connection closed inside the head"),
        ROW(CONTINUE, "BAD the connection closed inside the head"),
    };

    (void)state;
    CHECK(false, rows);
}

/* `n` times 100 Continue, then NEXT. */
static gim_str many_interim(int n)
{
    static char in[(GIM_RESPONSE_INTERIM + 2) * sizeof CONTINUE + sizeof NEXT];
    size_t at = 0;

    for (int i = 0; i < n; i++)
        at += (size_t)sprintf(in + at, CONTINUE);
    at += (size_t)sprintf(in + at, NEXT);
    return (gim_str){in, at};
}

static void interim_answers_are_counted(void **state)
{
    (void)state;
    check(false, many_interim(GIM_RESPONSE_INTERIM), "404/45 {!} END+ ");
    check(false, many_interim(GIM_RESPONSE_INTERIM + 1), "BAD there are too many 1xx answers");
}

static void a_connection_that_ends_early_is_told(void **state)
{
    static const struct row rows[] = {
        ROW("H", "BAD the connection closed inside the head"),
        ROW(OK "Content-Length: 5\r\n\r", "BAD the connection closed inside the head"),
        ROW(OK "Content-Length: 5\r\n\r\n", "200/38 BAD the connection closed before the end of"),
        ROW(OK "Content-Length: 5\r\n\r\nhell", "{hell} BAD the connection closed before the end"),
        ROW(CHUNKED, "200/47 BAD the connection closed before the last chunk"),
        ROW(CHUNKED "5\r\nhell", "{hell} BAD the connection closed before the last chunk"),
        ROW(CHUNKED "0\r\n\r", "BAD the connection closed before the last chunk"),
    };
    struct gim_response r;
    gim_str in = GIM_S(OK "Content-Length: 5\r\n\r\nhel");

    (void)state;
    CHECK(false, rows);
    gim_response_start(&r, false);
    assert_false(gim_response_begun(&r));
    assert_int_equal(gim_response_eof(&r), GIM_RESPONSE_BAD);
    assert_string_equal(r.reason, "the connection closed before an answer");
    gim_response_start(&r, false);
    while (gim_response_next(&r, &in) != GIM_RESPONSE_MORE)
        assert_true(gim_response_begun(&r));
    assert_int_equal(gim_response_eof(&r), GIM_RESPONSE_BAD);
    assert_int_equal(r.left, 2);
    assert_int_equal(r.body_bytes, 3);
    assert_int_equal(gim_response_eof(&r), GIM_RESPONSE_BAD);
}

static void after_the_end_and_after_bad_nothing_is_used(void **state)
{
    gim_str in = GIM_S(OK "Content-Length: 0\r\n\r\n" NEXT), rest;
    struct gim_response r;

    (void)state;
    gim_response_start(&r, false);
    assert_int_equal(gim_response_next(&r, &in), GIM_RESPONSE_HEAD);
    rest = in;
    for (int i = 0; i < 3; i++)
        assert_int_equal(gim_response_next(&r, &in), GIM_RESPONSE_END);
    assert_int_equal(gim_response_eof(&r), GIM_RESPONSE_END);
    assert_true(in.ptr == rest.ptr && in.len == sizeof NEXT - 1);
    gim_response_start(&r, false);
    in = GIM_S("garbage");
    for (int i = 0; i < 3; i++)
        assert_int_equal(gim_response_next(&r, &in), GIM_RESPONSE_BAD);
    assert_int_equal(in.len, 7);
    assert_string_equal(r.reason, "the answer does not begin with HTTP/1.");
}

/* A head of `size` bytes in all, of fields of `line` bytes, then "ok" as a body. */
static gim_str big_head(size_t size, size_t line)
{
    static char in[2 * GIM_RESPONSE_HEAD_MAX];
    size_t at = (size_t)sprintf(in, OK "Content-Length: 2\r\n"), end = size - 2;

    while (at < end) {
        size_t n = end - at < 2 * line ? end - at : line;

        memset(in + at, 'a', n);
        in[at + 1] = ':';
        memcpy(in + at + n - 2, "\r\n", 2);
        at += n;
    }
    memcpy(in + at,
           "\r\n"
           "ok",
           4);
    return (gim_str){in, size + 2};
}

static void a_head_has_a_largest_size(void **state)
{
    static const size_t lines[] = {40, 8192, 2 * GIM_RESPONSE_HEAD_MAX},
                        steps[] = {777, 16384, 65535};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        for (size_t over = 0; over < 2; over++) {
            gim_str in = big_head(GIM_RESPONSE_HEAD_MAX + over, lines[i]);

            play(&whole, false, in, in.len, in.len);
            assert_string_equal(whole.out, over ? "BAD the head is longer than 64 KiB"
                                                : "200/65536 {ok} END+ ");
            for (size_t k = 0; k < 3; k++) {
                play(&cut, false, in, steps[k], steps[k]);
                assert_string_equal(cut.out, whole.out);
            }
            play(&cut, false, in, in.len - 4, 1);
            assert_string_equal(cut.out, whole.out);
        }
    }
    start(&whole, false); /* a buffer of that size need not grow to be told */
    feed(&whole, big_head(GIM_RESPONSE_HEAD_MAX + 1, 40).ptr, GIM_RESPONSE_HEAD_MAX);
    assert_string_equal(whole.out, "BAD the head is longer than 64 KiB");
}

static void endless_heads_and_trailers_end(void **state)
{
    static char in[3 * GIM_RESPONSE_HEAD_MAX];
    size_t at = (size_t)sprintf(in, CHUNKED "0\r\nA:");

    (void)state;
    memset(in + at, 'x', sizeof in - at);
    play(&whole, false, (gim_str){in, sizeof in}, 1000, 1000);
    assert_string_equal(whole.out, "200/47 BAD the trailer section is longer than 8 KiB");
    memset(in, 'x', sizeof in);
    memcpy(in, "HTTP/1.1 200 ", 13);
    play(&whole, false, (gim_str){in, sizeof in}, 1000, 1000);
    assert_string_equal(whole.out, "BAD the head is longer than 64 KiB");
}

static void chunks_of_one_byte_may_go_on_for_ever(void **state)
{
    static char in[600000];
    size_t at = (size_t)sprintf(in, CHUNKED), n = 0;

    (void)state;
    for (; n < 90000; n++)
        at += (size_t)sprintf(in + at, "1\r\nx\r\n");
    at += (size_t)sprintf(in + at, "0\r\n\r\n");
    play(&whole, false, (gim_str){in, at}, at, at);
    assert_int_equal(whole.len, strlen("200/47 {} END+ ") + n);
    play(&cut, false, (gim_str){in, at}, 7, 7);
    assert_string_equal(cut.out, whole.out);
}

static void a_head_keeps_its_fields(void **state)
{
    gim_str in =
        GIM_S(OK "Location: \t/a b\t \r\nempty:\r\nX:1\r\nlocation: 2\r\nContent-Length: 7\r\n"
                 "\r\nX: body");
    struct gim_response r;
    gim_str head;

    (void)state;
    gim_response_start(&r, false);
    assert_int_equal(gim_response_next(&r, &in), GIM_RESPONSE_HEAD);
    head = r.head;
    assert_int_equal(r.content_length, 7);
    assert_int_equal(r.status, 200);
    assert_true(gim_str_eq(gim_response_field(head, GIM_S("LOCATION")), GIM_S("/a b")));
    assert_true(gim_str_eq(gim_response_field(head, GIM_S("x")), GIM_S("1")));
    assert_non_null(gim_response_field(head, GIM_S("Empty")).ptr);
    assert_int_equal(gim_response_field(head, GIM_S("Empty")).len, 0);
    assert_null(gim_response_field(head, GIM_S("Locatio")).ptr);
    assert_null(gim_response_field(head, GIM_S("HTTP/1.1 200 OK")).ptr);
    assert_null(gim_response_field(head, GIM_S("")).ptr);
    assert_null(gim_response_field(head, GIM_S("\r")).ptr);
    assert_null(gim_response_field((gim_str){0}, GIM_S("X")).ptr);
    assert_int_equal(gim_response_next(&r, &in), GIM_RESPONSE_DATA);
    assert_int_equal(r.body_bytes, 7);
}

static uint32_t seed = 4;

static uint32_t random_below(uint32_t n)
{
    seed = seed * 1664525u + 1013904223u;
    return (uint32_t)((uint64_t)seed * n >> 32);
}

/* Answers with a few bytes changed, cut anywhere: the cuts must not matter. */
static void whatever_the_bytes_the_cuts_do_not_matter(void **state)
{
    static const char good[] = CONTINUE OK
        "Date: Tue, 24 Nov 2026 13:56:17 GMT\r\nConnection: keep-alive\r\nContent-Length: 11\r\n"
        "\r\nhello world" CHUNKED "4;x=y\r\nabcd\r\n00\r\nA: b\r\n\r\n"
        "HTTP/1.0 404 \r\nServer: x\r\n\r\nto the end";
    static const char bytes[] = "\r\n\r\n:; \t0129aA/.\x7f\xff,-";
    char in[sizeof good];

    (void)state;
    for (int round = 0; round < 3000; round++) {
        size_t len = sizeof good - 1;

        memcpy(in, good, sizeof good);
        for (uint32_t i = random_below(4); i; i--)
            in[random_below((uint32_t)len)] = bytes[random_below(sizeof bytes)];
        len -= random_below(4) ? 0 : random_below((uint32_t)len);
        play(&whole, false, (gim_str){in, len}, len, len);
        for (int i = 0; i < 3; i++) {
            play(&cut, false, (gim_str){in, len}, 1 + random_below((uint32_t)len),
                 1 + random_below(40));
            if (strcmp(cut.out, whole.out) != 0)
                fail_msg("\"%.*s\": \"%s\", whole: \"%s\"", (int)len, in, cut.out, whole.out);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bodies_are_framed_and_the_next_answer_found),
        cmocka_unit_test(some_answers_have_no_body_whatever_their_fields_say),
        cmocka_unit_test(status_lines_are_read_strictly),
        cmocka_unit_test(field_lines_are_read_strictly),
        cmocka_unit_test(a_body_has_one_length_or_the_answer_is_bad),
        cmocka_unit_test(broken_chunks_are_bad),
        cmocka_unit_test(version_and_connection_say_whether_it_goes_on),
        cmocka_unit_test(interim_answers_are_skipped),
        cmocka_unit_test(interim_answers_are_counted),
        cmocka_unit_test(a_connection_that_ends_early_is_told),
        cmocka_unit_test(after_the_end_and_after_bad_nothing_is_used),
        cmocka_unit_test(a_head_has_a_largest_size),
        cmocka_unit_test(endless_heads_and_trailers_end),
        cmocka_unit_test(chunks_of_one_byte_may_go_on_for_ever),
        cmocka_unit_test(a_head_keeps_its_fields),
        cmocka_unit_test(whatever_the_bytes_the_cuts_do_not_matter),
    };

    return cmocka_run_group_tests_name("response", tests, NULL, NULL);
}
