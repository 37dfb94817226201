/* test_differential.c: our framing against llhttp's, on valid, on mutated and on random input from a
 * generator with a fixed start: what fails once fails again.
 *
 * Smuggling is two readers of one text that see different messages. So wherever both read on, they
 * must have read the same: methods, targets, fields, bodies, where each message ends, and whether
 * the connection stays. Where one of them reads on and the other has stopped, the reason is in one
 * of two tables: what we refuse and llhttp takes, and the few things that we take and llhttp does
 * not. A row of a table that nothing needed is a defect as well. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include "beside.h"
#include "rounds.h"

#define VALID 20000
#define MUTATED 400000
#define RANDOM 30000

static struct strict stricter[] = {
    {1, "there is more than one space before the version", 0},
    {1, "method, target and version must be parted by one space each", 0},
    {2, "there are too many empty lines before the request line", 0},
    {3, "the request line has no HTTP version", 0},
    {4, "this server speaks HTTP/1.1 and HTTP/1.0", 0},
    {5, "the request target is not a path, '*' or an http URI", 0},
    {5, "the request target holds no valid host and port", 0},
    {5, "the Host field and the request target name different hosts", 0},
    {6, "the target '*' is for OPTIONS alone", 0},
    {7, "the request target holds a character that must be percent-encoded", 0},
    {7, "the request target holds a fragment ('#'), which is never sent", 0},
    {8, "a '%' in the request target is not followed by two hex digits", 0},
    {11, "there is a CR without LF in the head", 0},
    {12, "a line must end in CR LF, not in LF alone", 0},
    {14, "a field has no name", 0},
    {15, "a field value is folded over two lines", 0},
    {16, "the Host field is missing", 0},
    {16, "there is more than one Host field", 0},
    {16, "the Host field is not one host and port", 0},
    {19, "there is more than one Content-Type field", 0},
    {21, "the Content-Length is not a number of bytes", 0},             /* above 2^63 - 1 */
    {23, "there are both a Content-Length and a Transfer-Encoding", 0}, /* one without a value */
    {24, "the Transfer-Encoding does not end in chunked", 0},
    {24, "the Transfer-Encoding has an empty element", 0},
    {24, "the Transfer-Encoding is malformed", 0},
    {24, "there is more than one Transfer-Encoding field", 0},
    {24, "this server knows no transfer coding but chunked", 0},
    {25, "an HTTP/1.0 request cannot have a Transfer-Encoding", 0},
    {26, "a chunk size has too many digits", 0},
    {28, "a chunk extension holds a control character", 0},
    {29, "a trailer field has no name", 0},
};

static struct lax laxer[] = {
    {"Invalid method encountered", HEAD, "any token is a method: 501 or 405 follow (row 9)", 0},
    {"Expected space after method", HEAD, "the same", 0},
    {"Expected HTTP/2 Connection Preface", HEAD, "PRI is a token, too (row 9)", 0},
    {"Invalid HTTP version", HEAD, "HTTP/1.2 to 1.9 are read as 1.1 (row 4)", 0},
    {"Invalid character in chunk size", BODY, "whitespace before ';' is legal (row 26)", 0},
    {"Invalid character in chunk extensions", BODY, "extensions are not read (row 28)", 0},
    {"Duplicate Content-Length", TRAILER, "trailers frame nothing (row 29)", 0},
    {"Content-Length overflow", TRAILER, "the same", 0},
    {"Invalid character in Content-Length", TRAILER, "the same", 0},
    {"Empty Content-Length", TRAILER, "the same", 0},
    {"Invalid `Transfer-Encoding` header value", TRAILER, "the same", 0},
    {"Data after `Connection: close`", TRAILER, "the same", 0},
};

/* ---- input */

static const char *const request_pieces[] = {
    "PRI / HTTP/1.1\r\nHost: h\r\n\r\n",
    "GET * HTTP/1.1\r\nHost: h\r\n\r\n",
    "Host: h\r\n",
    "Host: g:80\r\n",
    "HTTP/1.0",
    "HTTP/1.1",
    " HTTP/1.2",
    " HTTP/2.0",
    "GET / HTTP/1.1\r\nHost: h\r\n\r\n",
};

static const char *const methods[] = {"GET",     "HEAD",  "POST",   "PUT",      "DELETE",
                                      "OPTIONS", "PATCH", "SEARCH", "PROPFIND", "TRACE"};
static const char *const targets[] = {
    "/",         "/a/b?c=d&e=%20", "/%41%2f", "http://h/p?q",
    "/?x=a/b?c", "/livez",         "//a",     "/a;b=c,d:e@f!$'()*+~"};
static const char *const fields[] = {
    "Accept: */*",
    "X-Empty:",
    "x-long: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, b ; c",
    "X-Tabs: \t a\tb \t",
    "Content_Length: 9",
    "User-Agent: a/1.0 (b; \"c\")",
    "X-Latin: caf\xe9 \xff",
    "Connection: keep-alive",
    "Connection: x, Keep-Alive",
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Expect: 100-continue",
    "!#$%&'*+-.^_`|~: token",
    "Content-Type: text/html",
};

static void put_request(struct text *t)
{
    char line[64];
    uint32_t body = below(3), size = below(60);

    puts_of(t, ONE_OF(methods));
    puts_of(t, " ");
    puts_of(t, ONE_OF(targets));
    puts_of(t, " HTTP/1.1\r\nHost: h\r\n");
    for (uint32_t i = below(2 * COUNT(fields)); i < COUNT(fields); i += 1 + below(5)) {
        puts_of(t, fields[i]);
        puts_of(t, "\r\n");
    }
    snprintf(line, sizeof line, below(2) ? "Content-Length: %u\r\n" : "content-length:%04u \r\n",
             size);
    puts_of(t, !body ? "" : body == 1 ? line : "Transfer-Encoding: chunked\r\n");
    puts_of(t, "\r\n");
    if (body == 1)
        put_content(t, size);
    else if (body == 2)
        put_chunks(t);
}

static void valid(struct text *t)
{
    t->len = 0;
    for (uint32_t n = 1 + below(3); n; n--)
        put_request(t);
}

/* ---- the comparison */

/* Of the head that we took and llhttp did not. */
static bool method_unknown_to_llhttp(void)
{
    const char *method = ours.out + (theirs.steps ? ours.mark[theirs.steps - 1] : 0) + 1;
    size_t len = strcspn(method, "\t");

    for (llhttp_method_t m = HTTP_DELETE; m <= HTTP_FLUSH; m++) {
        if (strlen(llhttp_method_name(m)) == len && memcmp(llhttp_method_name(m), method, len) == 0)
            return false;
    }
    return true;
}

static bool excused(const struct text *t)
{
    switch (theirs.error) {
    case HPE_INVALID_METHOD:
        return method_unknown_to_llhttp();
    case HPE_INVALID_CHUNK_SIZE:
        return before_extension(t);
    case HPE_INVALID_VERSION:
        return has_version_1_2(t) || memmem(t->bytes, t->len, "PRI ", 4);
    default:
        return true;
    }
}

static const struct sides sides = {talk_ours, talk_theirs,  stricter, COUNT(stricter),
                                   laxer,     COUNT(laxer), excused};

static void valid_conversations_read_the_same(void **state)
{
    static struct text t;

    (void)state;
    for (unsigned long i = 0; i < rounds_of(VALID); i++) {
        valid(&t);
        compare_valid(&sides, &t);
    }
}

static void mutated_conversations_read_the_same(void **state)
{
    static struct text t;

    (void)state;
    for (unsigned long i = 0; i < rounds_of(MUTATED); i++) {
        valid(&t);
        for (uint32_t n = 1 + below(3); n; n--)
            mutate(&t, request_pieces, COUNT(request_pieces));
        compare(&sides, &t);
    }
}

static void random_bytes_read_the_same(void **state)
{
    static struct text t;

    (void)state;
    for (unsigned long i = 0; i < rounds_of(RANDOM); i++) {
        t.len = 0;
        for (uint32_t n = below(12); n; n--) {
            const char *piece = below(3) ? ONE_OF(pieces) : ONE_OF(request_pieces);

            if (below(2))
                puts_of(&t, piece);
            else
                put_content(&t, below(8));
        }
        compare(&sides, &t);
    }
}

static void every_row_of_the_tables_was_needed(void **state)
{
    (void)state;
    every_row_was_needed(&sides);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(valid_conversations_read_the_same),
        cmocka_unit_test(mutated_conversations_read_the_same),
        cmocka_unit_test(random_bytes_read_the_same),
        cmocka_unit_test(every_row_of_the_tables_was_needed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
