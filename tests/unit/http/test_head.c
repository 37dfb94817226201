/* test_head.c: the rows of docs/reference/http.md that the head parser decides, each read in every
 * way of reads.h. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include "reads.h"

#define HOST "Host: h\r\n"
#define GET "GET / HTTP/1.1\r\n"
#define POST "POST / HTTP/1.1\r\n" HOST

struct row {
    int point;  /* of the HTTP list; 0: none */
    int status; /* 0: taken */
    const char *in;
    size_t len;
    const char *want; /* taken: how it reads (see shape); refused: a part of the detail */
};

#define ROW(point, status, in, want)                                                               \
    {                                                                                              \
        point, status, in, sizeof(in) - 1, want                                                    \
    }

/* "GET path ?query 1.1 open 5|chunked +100 417 fields": what the head came to. */
static void shape(const struct gim_head *h, char *out, size_t room)
{
    char length[24] = "none";

    if (h->content_length >= 0)
        snprintf(length, sizeof length, "%lld", (long long)h->content_length);
    snprintf(out, room, "%.*s %.*s%s%.*s 1.%d %s %s%s%s", GIM_FMT(gim_head_str(h, h->method)),
             GIM_FMT(gim_head_str(h, h->path)), h->has_query ? " ?" : "",
             GIM_FMT(gim_head_str(h, h->query)), h->minor, h->keep_alive ? "open" : "close",
             h->chunked ? "chunked" : length, h->expect_continue ? " 100" : "",
             h->expect_other ? " 417" : "");
}

static void check(const struct row *r)
{
    size_t len = r->len;
    struct gim_head h;
    struct answer a = run(r->in, len, &h, &defaults);
    char text[256];

    if (r->status) {
        if (a.result >= 0 || a.why.status != r->status || !strstr(a.why.detail, r->want))
            fail_msg("point %d: \"%s\": result %d, %d %s; want %d %s", r->point, r->in, a.result,
                     a.why.status, a.why.detail ? a.why.detail : "", r->status, r->want);
        return;
    }
    if (a.result != (int)len)
        fail_msg("point %d: \"%s\": result %d, %d %s; want it taken", r->point, r->in, a.result,
                 a.why.status, a.why.detail ? a.why.detail : "");
    assert_int_equal(h.size, len);
    shape(&h, text, sizeof text);
    if (strcmp(text, r->want) != 0)
        fail_msg("point %d: \"%s\" reads \"%s\", want \"%s\"", r->point, r->in, text, r->want);
}

static void check_all(const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++)
        check(&rows[i]);
}

#define CHECK(rows) check_all(rows, sizeof(rows) / sizeof((rows)[0]))

static void request_lines_are_taken_or_refused(void **state)
{
    static const struct row rows[] = {
        ROW(1, 400, "GET  / HTTP/1.1\r\n" HOST "\r\n", "one space"),
        ROW(1, 400, "GET /  HTTP/1.1\r\n" HOST "\r\n", "more than one space"),
        ROW(1, 400, "GET /  h\r\n\r\nGET / HTTP/1.1\r\n", "more than one space"),
        ROW(1, 400, "GET\t/ HTTP/1.1\r\n" HOST "\r\n", "one space"),
        ROW(1, 400, "GET /\tHTTP/1.1\r\n" HOST "\r\n", "one space"),
        ROW(1, 400, " GET / HTTP/1.1\r\n" HOST "\r\n", "whitespace before the method"),
        ROW(1, 400, "\tGET / HTTP/1.1\r\n" HOST "\r\n", "whitespace before the method"),
        ROW(1, 400, "GET / HTTP/1.1 \r\n" HOST "\r\n", "does not end after"),
        ROW(1, 400, "GET\r\n" HOST "\r\n", "token followed by one space"),
        ROW(1, 400, "GET \r\n" HOST "\r\n", "no HTTP version"),
        ROW(2, 0, "\r\nGET / HTTP/1.1\r\n" HOST "\r\n", "GET / 1.1 open none"),
        ROW(2, 0, "\r\n\r\nGET / HTTP/1.1\r\n" HOST "\r\n", "GET / 1.1 open none"),
        ROW(2, 400, "\r\n\r\n\r\nGET / HTTP/1.1\r\n" HOST "\r\n", "too many empty lines"),
        ROW(2, 400, "\r\n\r\n\r\n\r\n\r\n\r\n", "too many empty lines"),
        ROW(2, 400, "\nGET / HTTP/1.1\r\n" HOST "\r\n", "not in LF alone"),
        ROW(2, 400, "\r\n\r\n GET / HTTP/1.1\r\n" HOST "\r\n", "whitespace before the method"),
        ROW(2, 400, "\r\n\nGET / HTTP/1.1\r\n" HOST "\r\n", "not in LF alone"),
        ROW(2, 400, "\r\rGET / HTTP/1.1\r\n" HOST "\r\n", "CR without LF"),
        ROW(3, 400, "GET /\r\n" HOST "\r\n", "no HTTP version"),
        ROW(3, 400, "GET / \r\n" HOST "\r\n", "malformed"),
        ROW(3, 400, "GET / HTTP/1\r\n" HOST "\r\n", "malformed"),
        ROW(3, 400, "GET / HTTP/1.\r\n" HOST "\r\n", "malformed"),
        ROW(3, 400, "GET / HTTP/01.01\r\n" HOST "\r\n", "malformed"),
        ROW(3, 400, "GET / http/1.1\r\n" HOST "\r\n", "malformed"),
        ROW(3, 400, "GET / HTTP/ 1.1\r\n" HOST "\r\n", "malformed"),
        ROW(3, 400, "GET / HTTP/1.32\r\n" HOST "\r\n", "does not end after"),
        ROW(3, 400, "GET / HTTP/4294967295.255\r\n" HOST "\r\n", "malformed"),
        ROW(3, 400, "GET / HTTP/1.257\r\n" HOST "\r\n", "does not end after"),
        ROW(3, 400, "GET / HTTX/1.1\r\n" HOST "\r\n", "malformed"),
        ROW(3, 400, "GET / X\r\n" HOST "\r\n", "malformed"),
        ROW(4, 0, "GET / HTTP/1.2\r\n" HOST "\r\n", "GET / 1.1 open none"),
        ROW(4, 0, "GET / HTTP/1.9\r\n" HOST "\r\n", "GET / 1.1 open none"),
        ROW(4, 505, "GET / HTTP/2.0\r\n" HOST "\r\n", "speaks HTTP/1.1"),
        ROW(4, 505, "GET / HTTP/9.9\r\n" HOST "\r\n", "speaks HTTP/1.1"),
        ROW(4, 505, "GET / HTTP/0.9\r\n" HOST "\r\n", "speaks HTTP/1.1"),
        ROW(4, 505, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "speaks HTTP/1.1"),
        ROW(9, 0, "get / HTTP/1.1\r\n" HOST "\r\n", "get / 1.1 open none"),
        ROW(9, 0, "M-SEARCH / HTTP/1.1\r\n" HOST "\r\n", "M-SEARCH / 1.1 open none"),
        ROW(9, 0, "P!#$%&'*+.^_`|~1 / HTTP/1.1\r\n" HOST "\r\n",
            "P!#$%&'*+.^_`|~1 / 1.1 open none"),
        ROW(9, 400, "G(T / HTTP/1.1\r\n" HOST "\r\n", "not a token"),
        ROW(9, 400, "G\xc3\x89T / HTTP/1.1\r\n" HOST "\r\n", "not a token"),
        ROW(9, 400, "GE\0T / HTTP/1.1\r\n" HOST "\r\n", "control character"),
        ROW(9, 0, "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEF / HTTP/1.1\r\n" HOST "\r\n",
            "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEF / 1.1 open none"),
        ROW(9, 501, "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFG / HTTP/1.1\r\n" HOST "\r\n",
            "method is longer"),
        ROW(53, 400, "\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03", "TLS"),
        ROW(53, 400, "\x80\x2e\x01\0", "does not begin with a method"),
        ROW(53, 400, "SSH-2.0-OpenSSH_9.2\r\n", "token followed by one space"),
    };

    (void)state;
    CHECK(rows);
}

static void targets_are_taken_or_refused(void **state)
{
    static const struct row rows[] = {
        ROW(5, 0, "GET http://h/p?q HTTP/1.1\r\n" HOST "\r\n", "GET /p ?q 1.1 open none"),
        ROW(5, 0, "GET HTTP://H/p HTTP/1.1\r\n" HOST "\r\n", "GET /p 1.1 open none"),
        ROW(5, 0, "GET http://h HTTP/1.1\r\n" HOST "\r\n", "GET / 1.1 open none"),
        ROW(5, 0, "GET http://h?q HTTP/1.1\r\n" HOST "\r\n", "GET / ?q 1.1 open none"),
        ROW(5, 0, "GET http://h:80/p HTTP/1.1\r\n" HOST "\r\n", "GET /p 1.1 open none"),
        ROW(5, 0, "GET https://h:443/p HTTP/1.1\r\n" HOST "\r\n", "GET /p 1.1 open none"),
        ROW(5, 0, "GET http://h/p HTTP/1.0\r\n\r\n", "GET /p 1.0 close none"),
        ROW(5, 0, "GET http://[::1]:8080/p HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n",
            "GET /p 1.1 open none"),
        ROW(5, 400, "GET http://h:443/p HTTP/1.1\r\n" HOST "\r\n", "different hosts"),
        ROW(5, 400, "GET http://other/p HTTP/1.1\r\n" HOST "\r\n", "different hosts"),
        ROW(5, 400, "GET http://h/p HTTP/1.1\r\nHost:\r\n\r\n", "different hosts"),
        ROW(5, 400, "GET ftp://h/p HTTP/1.1\r\n" HOST "\r\n", "not a path"),
        ROW(5, 400, "GET http:/p HTTP/1.1\r\n" HOST "\r\n", "not a path"),
        ROW(5, 400, "GET http:// HTTP/1.1\r\n" HOST "\r\n", "not a path"),
        ROW(5, 400, "GET http:///p HTTP/1.1\r\n" HOST "\r\n", "no valid host"),
        ROW(5, 400, "GET http://h:x/p HTTP/1.1\r\n" HOST "\r\n", "no valid host"),
        ROW(5, 400, "GET http://h/p[1] HTTP/1.1\r\n" HOST "\r\n", "percent-encoded"),
        ROW(16, 400, "GET http://user@h/p HTTP/1.1\r\n" HOST "\r\n", "no valid host"),
        ROW(6, 0, "OPTIONS * HTTP/1.1\r\n" HOST "\r\n", "OPTIONS * 1.1 open none"),
        ROW(6, 400, "GET * HTTP/1.1\r\n" HOST "\r\n", "for OPTIONS alone"),
        ROW(6, 400, "OPTIONS *x HTTP/1.1\r\n" HOST "\r\n", "not a path"),
        ROW(6, 400, "GET h:80 HTTP/1.1\r\n" HOST "\r\n", "not a path"),
        ROW(6, 400, "GET posts HTTP/1.1\r\n" HOST "\r\n", "not a path"),
        ROW(6, 400, "GET ?q HTTP/1.1\r\n" HOST "\r\n", "not a path"),
        ROW(6, 0, "CONNECT h:80 HTTP/1.1\r\n" HOST "\r\n", "CONNECT h:80 1.1 open none"),
        ROW(6, 400, "CONNECT /p HTTP/1.1\r\n" HOST "\r\n", "target of CONNECT"),
        ROW(6, 400, "CONNECT * HTTP/1.1\r\n" HOST "\r\n", "for OPTIONS alone"),
        ROW(6, 0, "TRACE / HTTP/1.1\r\n" HOST "\r\n", "TRACE / 1.1 open none"),
        ROW(7, 400, "GET /a#b HTTP/1.1\r\n" HOST "\r\n", "fragment"),
        ROW(7, 400, "GET /a?b#c HTTP/1.1\r\n" HOST "\r\n", "fragment"),
        ROW(7, 400, "GET /\xc3\xa9 HTTP/1.1\r\n" HOST "\r\n", "percent-encoded"),
        ROW(7, 400, "GET /?\xc3\xa9 HTTP/1.1\r\n" HOST "\r\n", "percent-encoded"),
        ROW(7, 400, "GET /a\\b HTTP/1.1\r\n" HOST "\r\n", "percent-encoded"),
        ROW(7, 400, "GET /a\"b HTTP/1.1\r\n" HOST "\r\n", "percent-encoded"),
        ROW(7, 400, "GET /a<b HTTP/1.1\r\n" HOST "\r\n", "percent-encoded"),
        ROW(7, 400, "GET /a[b] HTTP/1.1\r\n" HOST "\r\n", "percent-encoded"),
        ROW(7, 400, "GET /?a\"b HTTP/1.1\r\n" HOST "\r\n", "percent-encoded"),
        ROW(7, 400, "GET /a b HTTP/1.1\r\n" HOST "\r\n", "malformed"),
        ROW(7, 400, "GET /a\x01 HTTP/1.1\r\n" HOST "\r\n", "control character"),
        ROW(7, 400, "GET /a\x7f HTTP/1.1\r\n" HOST "\r\n", "control character"),
        ROW(7, 0, "GET /?filter[a]=1&b={x|y}^` HTTP/1.1\r\n" HOST "\r\n",
            "GET / ?filter[a]=1&b={x|y}^` 1.1 open none"),
        ROW(7, 0, "GET /a:@!$&'()*+,;=-._~?/?:@ HTTP/1.1\r\n" HOST "\r\n",
            "GET /a:@!$&'()*+,;=-._~ ?/?:@ 1.1 open none"),
        ROW(8, 400, "GET /%zz HTTP/1.1\r\n" HOST "\r\n", "two hex digits"),
        ROW(8, 400, "GET /%4 HTTP/1.1\r\n" HOST "\r\n", "two hex digits"),
        ROW(8, 400, "GET /% HTTP/1.1\r\n" HOST "\r\n", "two hex digits"),
        ROW(8, 400, "GET /?%4g HTTP/1.1\r\n" HOST "\r\n", "two hex digits"),
        ROW(8, 400,
            "GET /%\x01"
            "1 HTTP/1.1\r\n" HOST "\r\n",
            "control character"),
        ROW(8, 0, "GET /%41?%4a HTTP/1.1\r\n" HOST "\r\n", "GET /%41 ?%4a 1.1 open none"),
    };

    (void)state;
    CHECK(rows);
}

static void field_lines_are_taken_or_refused(void **state)
{
    static const struct row rows[] = {
        ROW(11, 400, GET HOST "A: b\rc\r\n\r\n", "CR without LF"),
        ROW(11, 400, GET HOST "\r\rX", "CR without LF"),
        ROW(11, 400, "GET / HTTP/1.1\rX" HOST "\r\n", "CR without LF"),
        ROW(12, 400, "GET / HTTP/1.1\n" HOST "\r\n", "not in LF alone"),
        ROW(12, 400, GET "Host: h\n\r\n", "not in LF alone"),
        ROW(12, 400, GET HOST "\n", "not in LF alone"),
        ROW(12, 400, "GET / HTTP/1.1\nHost: h\n\n", "not in LF alone"),
        ROW(13, 400, GET HOST "A: b\0c\r\n\r\n", "control character"),
        ROW(13, 400, GET HOST "A: b\x01\r\n\r\n", "control character"),
        ROW(13, 400, GET HOST "A: b\x7f\r\n\r\n", "control character"),
        ROW(13, 400, GET HOST "A: b\x0b\r\n\r\n", "control character"),
        ROW(13, 400, GET HOST "A: b\x0c\r\n\r\n", "control character"),
        ROW(13, 0, GET HOST "A: b\tc \xc3\xa9\xff\r\n\r\n", "GET / 1.1 open none"),
        ROW(14, 400, GET "Host : h\r\n\r\n", "whitespace"),
        ROW(14, 400, GET "Host\t: h\r\n\r\n", "whitespace"),
        ROW(14, 400, GET HOST ": b\r\n\r\n", "no name"),
        ROW(14, 400, GET HOST "nocolon\r\n\r\n", "no colon"),
        ROW(14, 400, GET HOST "a b: c\r\n\r\n", "whitespace"),
        ROW(14, 400, GET HOST "a(b): c\r\n\r\n", "not allowed"),
        ROW(14, 400, GET HOST "a\xc3\xa9: c\r\n\r\n", "not allowed"),
        ROW(14, 400, GET " " HOST "\r\n", "before the first field"),
        ROW(14, 400, GET "\t" HOST "\r\n", "before the first field"),
        ROW(15, 400, GET HOST "A: b\r\n c\r\n\r\n", "folded"),
        ROW(15, 400, GET HOST "A: b\r\n\tc\r\n\r\n", "folded"),
        ROW(15, 400, GET HOST "A:\r\n \r\n\r\n", "folded"),
        ROW(16, 400, GET "\r\n", "Host field is missing"),
        ROW(16, 0, "GET / HTTP/1.0\r\n\r\n", "GET / 1.0 close none"),
        ROW(16, 400, GET HOST HOST "\r\n", "more than one Host"),
        ROW(16, 400, GET HOST "hOST: other\r\n\r\n", "more than one Host"),
        ROW(16, 400, "GET / HTTP/1.0\r\n" HOST HOST "\r\n", "more than one Host"),
        ROW(16, 400, GET "Host: a,b\r\n\r\n", "not one host"),
        ROW(16, 400, GET "Host: user@h\r\n\r\n", "not one host"),
        ROW(16, 400, GET "Host: h/p\r\n\r\n", "not one host"),
        ROW(16, 400, GET "Host: h:port\r\n\r\n", "not one host"),
        ROW(16, 400, GET "Host: h:123456\r\n\r\n", "not one host"),
        ROW(16, 400, GET "Host: h h\r\n\r\n", "not one host"),
        ROW(16, 400, GET "Host: [::1\r\n\r\n", "not one host"),
        ROW(16, 400, GET "Host: []\r\n\r\n", "not one host"),
        ROW(16, 400, GET "Host: [a/b]\r\n\r\n", "not one host"),
        ROW(16, 400, GET "Host: [::1]x\r\n\r\n", "not one host"),
        ROW(16, 400, GET "Host: :80\r\n\r\n", "not one host"),
        ROW(16, 400, GET "Host: a%zz\r\n\r\n", "not one host"),
        ROW(16, 0, GET "Host: a%20b\r\n\r\n", "GET / 1.1 open none"),
        ROW(16, 0, GET "Host: [::1]:8080\r\n\r\n", "GET / 1.1 open none"),
        ROW(16, 0, GET "Host: 127.0.0.1:8080\r\n\r\n", "GET / 1.1 open none"),
        ROW(16, 0, GET "Host:\r\n\r\n", "GET / 1.1 open none"),
        ROW(16, 0, GET "Host: h:\r\n\r\n", "GET / 1.1 open none"),
        ROW(18, 0, POST "Content_Length: 5\r\n\r\n", "POST / 1.1 open none"),
        ROW(18, 0, POST "Transfer_Encoding: chunked\r\n\r\n", "POST / 1.1 open none"),
        ROW(19, 0, GET "hOsT:h\r\nCONTENT-LENGTH: \t 7 \t\r\nA:\r\nB: \t \r\n\r\n",
            "GET / 1.1 open 7"),
        ROW(19, 400, GET HOST "Content-Type: a/b\r\nContent-Type: a/b\r\n\r\n", "Content-Type"),
        ROW(19, 400, GET HOST "Authorization: a\r\nauthorization: b\r\n\r\n", "Authorization"),
        ROW(19, 400, GET HOST "If-Match: \"a\"\r\nIf-Match: \"b\"\r\n\r\n", "If-Match"),
        ROW(19, 400, GET HOST "If-Modified-Since: a\r\nIf-Modified-Since: b\r\n\r\n", "Modified"),
        ROW(19, 400, GET HOST "If-Unmodified-Since: a\r\nIf-Unmodified-Since: b\r\n\r\n", "Unmod"),
        ROW(19, 400, GET HOST "Idempotency-Key: a\r\nIdempotency-Key: a\r\n\r\n", "Idempotency"),
        ROW(19, 0,
            GET HOST "Accept: a\r\nAccept: b\r\nIf-None-Match: \"a\"\r\nIf-None-Match: \"b\"\r\n"
                     "X-Request-Id: a\r\nX-Request-Id: b\r\nX: 1\r\nX: 1\r\n\r\n",
            "GET / 1.1 open none"),
    };

    (void)state;
    CHECK(rows);
}

static void framing_has_one_source_or_is_refused(void **state)
{
    static const struct row rows[] = {
        ROW(21, 0, POST "Content-Length: 5\r\n\r\n", "POST / 1.1 open 5"),
        ROW(21, 0, POST "Content-Length: 0\r\n\r\n", "POST / 1.1 open 0"),
        ROW(21, 0, POST "Content-Length: 007\r\n\r\n", "POST / 1.1 open 7"),
        ROW(21, 0, POST "Content-Length: 9223372036854775807\r\n\r\n",
            "POST / 1.1 open 9223372036854775807"),
        ROW(21, 400, POST "Content-Length: 9223372036854775808\r\n\r\n", "Content-Length"),
        ROW(21, 400, POST "Content-Length: 18446744073709551621\r\n\r\n", "Content-Length"),
        ROW(21, 400, POST "Content-Length:\r\n\r\n", "Content-Length"),
        ROW(21, 400, POST "Content-Length: \r\n\r\n", "Content-Length"),
        ROW(21, 400, POST "Content-Length: +5\r\n\r\n", "Content-Length"),
        ROW(21, 400, POST "Content-Length: -1\r\n\r\n", "Content-Length"),
        ROW(21, 400, POST "Content-Length: -0\r\n\r\n", "Content-Length"),
        ROW(21, 400, POST "Content-Length: 0x5\r\n\r\n", "Content-Length"),
        ROW(21, 400, POST "Content-Length: 1_0\r\n\r\n", "Content-Length"),
        ROW(21, 400, POST "Content-Length: 5 5\r\n\r\n", "Content-Length"),
        ROW(21, 400, POST "Content-Length: 1Z\r\n\r\n", "Content-Length"),
        ROW(21, 400, POST "Content-Length: 5.0\r\n\r\n", "Content-Length"),
        ROW(22, 400, POST "Content-Length: 5\r\nContent-Length: 6\r\n\r\n", "Content-Length"),
        ROW(22, 400, POST "Content-Length: 5\r\nContent-Length: 5\r\n\r\n", "more than one"),
        ROW(22, 400, POST "Content-Length: 5, 5\r\n\r\n", "Content-Length"),
        ROW(22, 400, POST "Content-Length: 5,\r\n\r\n", "Content-Length"),
        ROW(23, 400, POST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", "both"),
        ROW(23, 400, POST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n", "both"),
        ROW(24, 0, POST "Transfer-Encoding: chunked\r\n\r\n", "POST / 1.1 open chunked"),
        ROW(24, 0, POST "transfer-encoding: \tCHUNKED \r\n\r\n", "POST / 1.1 open chunked"),
        ROW(24, 501, POST "Transfer-Encoding: gzip, chunked\r\n\r\n", "no transfer coding"),
        ROW(24, 501, POST "Transfer-Encoding: identity, chunked\r\n\r\n", "no transfer coding"),
        ROW(24, 400, POST "Transfer-Encoding: gzip\r\n\r\n", "does not end in chunked"),
        ROW(24, 400, POST "Transfer-Encoding: chunked, gzip\r\n\r\n", "follows chunked"),
        ROW(24, 400, POST "Transfer-Encoding: identity\r\n\r\n", "does not end in chunked"),
        ROW(24, 400, POST "Transfer-Encoding: xchunked\r\n\r\n", "does not end in chunked"),
        ROW(24, 400, POST "Transfer-Encoding: chunked, chunked\r\n\r\n", "follows chunked"),
        ROW(24, 400, POST "Transfer-Encoding: ,chunked\r\n\r\n", "empty element"),
        ROW(24, 400, POST "Transfer-Encoding: chunked,\r\n\r\n", "follows chunked"),
        ROW(24, 400, POST "Transfer-Encoding:\r\n\r\n", "empty element"),
        ROW(24, 400, POST "Transfer-Encoding: chunked;q=1\r\n\r\n", "malformed"),
        ROW(24, 400, POST "Transfer-Encoding: chunked x\r\n\r\n", "malformed"),
        ROW(24, 400, POST "Transfer-Encoding: \"chunked\"\r\n\r\n", "malformed"),
        ROW(24, 400,
            POST "Transfer-Encoding: \x0b"
                 "chunked\r\n\r\n",
            "control"),
        ROW(24, 400, POST "Transfer-Encoding: chunked\x0c\r\n\r\n", "control"),
        ROW(24, 400, POST "Transfer-Encoding: chunked\0\r\n\r\n", "control"),
        ROW(24, 400, POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
            "more than one"),
        ROW(24, 400, POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n\r\n",
            "more than one"),
        ROW(25, 400, "POST / HTTP/1.0\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n", "HTTP/1.0"),
        ROW(30, 0, GET HOST "Content-Length: 5\r\n\r\n", "GET / 1.1 open 5"),
        ROW(34, 0, POST "Content-Length: 5\r\nExpect: 100-Continue\r\n\r\n",
            "POST / 1.1 open 5 100"),
        ROW(34, 0, POST "Content-Length: 0\r\nExpect: 100-continue\r\n\r\n", "POST / 1.1 open 0"),
        ROW(34, 0, POST "Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n",
            "POST / 1.1 open chunked 100"),
        ROW(34, 0, "POST / HTTP/1.0\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n",
            "POST / 1.0 close 5"),
        ROW(34, 0, POST "Content-Length: 5\r\nExpect: tea\r\n\r\n", "POST / 1.1 open 5 417"),
        ROW(34, 0, POST "Content-Length: 5\r\nExpect: 100-continue, tea\r\n\r\n",
            "POST / 1.1 open 5 100 417"),
        ROW(34, 0, POST "Content-Length: 5\r\nExpect: 100-continue\r\nExpect: tea\r\n\r\n",
            "POST / 1.1 open 5 100 417"),
        ROW(42, 0, GET HOST "Connection: close\r\n\r\n", "GET / 1.1 close none"),
        ROW(42, 0, GET HOST "Connection: x, CLOSE\r\n\r\n", "GET / 1.1 close none"),
        ROW(42, 0, GET HOST "Connection: x\r\nConnection:,Close ,\r\n\r\n", "GET / 1.1 close none"),
        ROW(42, 0, GET HOST "Connection: keep-alive\r\n\r\n", "GET / 1.1 open none"),
        ROW(42, 0, GET HOST "Connection: closed\r\n\r\n", "GET / 1.1 open none"),
        ROW(42, 0, "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", "GET / 1.0 open none"),
        ROW(42, 0, "GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n",
            "GET / 1.0 close none"),
        ROW(42, 0, "GET / HTTP/1.0\r\n\r\n", "GET / 1.0 close none"),
    };

    (void)state;
    CHECK(rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(request_lines_are_taken_or_refused),
        cmocka_unit_test(targets_are_taken_or_refused),
        cmocka_unit_test(field_lines_are_taken_or_refused),
        cmocka_unit_test(framing_has_one_source_or_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
