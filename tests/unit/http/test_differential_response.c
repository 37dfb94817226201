/* test_differential_response.c: our framing of answers against llhttp's, as test_differential.c does
 * for requests: a client that misreads where an answer ends takes the next one's bytes for it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include "../../../gimlet/http/response.h"
#include "beside.h"
#include "rounds.h"

#define VALID 20000
#define MUTATED 200000

static struct strict stricter[] = {
    {0, "the answer does not begin with HTTP/1.", 0},
    {0, "the status line is too short", 0},
    {0, "the status is not three digits from 100 on", 0},
    {0, "the server switched protocols (101) without being asked", 0},
    {12, "a line of the head ends in LF alone, not in CR LF", 0},
    {13, "there is a control character in the head", 0},
    {14, "a field has no name", 0},
    {15, "a field line is folded or begins with whitespace", 0},
    {21, "the Content-Length is not a number of bytes", 0}, /* above 2^63 - 1 */
    {24, "the Transfer-Encoding is not chunked", 0},
    {24, "there is more than one Transfer-Encoding field", 0},
    {25, "an HTTP/1.0 answer cannot have a Transfer-Encoding", 0},
    {26, "a chunk size has too many digits", 0},
    {28, "a chunk extension holds a control character", 0},
    {29, "a trailer field has no name", 0},
};

static struct lax laxer[] = {
    {"Invalid HTTP version", HEAD, "HTTP/1.2 to 1.9 are read as 1.1 (row 4)", 0},
    {"Data after `Connection: close`", BODY, "an interim answer ends no connection", 0},
    {"Invalid character in chunk size", BODY, "whitespace before ';' is legal (row 26)", 0},
    {"Invalid character in chunk extensions", BODY, "extensions are not read (row 28)", 0},
    {"Duplicate Content-Length", TRAILER, "trailers frame nothing (row 29)", 0},
    {"Content-Length overflow", TRAILER, "the same", 0},
    {"Invalid character in Content-Length", TRAILER, "the same", 0},
    {"Empty Content-Length", TRAILER, "the same", 0},
    {"Data after `Connection: close`", TRAILER, "the same", 0},
};

/* Of every request of a conversation: it was a HEAD. */
static bool head_request;

/* ---- the two readers */

static void head_said(struct talk *t, int status, int minor, bool keep)
{
    char line[64];

    talk_add(t, line, (size_t)snprintf(line, sizeof line, "%d 1.%d %d\n", status, minor, keep));
    t->keep = keep;
    talk_step(t);
}

static void end_said(struct talk *t)
{
    talk_step(t);
    if (!t->keep)
        t->stop = "closed";
}

static void read_ours(struct talk *t, const char *text, size_t len)
{
    static char *edge;
    struct gim_response r;
    enum gim_response_event event = GIM_RESPONSE_HEAD;
    gim_str in = {NULL, len};

    if (!edge)
        edge = guard_copy(t->out, TEXT_MAX) + TEXT_MAX;
    in.ptr = memcpy(edge - len, text, len);
    t->len = t->steps = 0;
    t->stop = NULL;
    gim_response_start(&r, head_request);
    while (!t->stop) {
        event = event == GIM_RESPONSE_MORE ? gim_response_eof(&r) : gim_response_next(&r, &in);
        if (event == GIM_RESPONSE_HEAD) {
            head_said(t, r.status, r.minor, r.keep_alive);
        } else if (event == GIM_RESPONSE_DATA) {
            talk_add(t, r.data.ptr, r.data.len);
        } else if (event == GIM_RESPONSE_BAD) {
            t->stop = r.reason;
        } else if (event == GIM_RESPONSE_END) {
            end_said(t);
            gim_response_start(&r, head_request);
        }
    }
}

/* llhttp leaves it to its user to know which answers have no body. */
static int their_head(llhttp_t *p)
{
    bool none =
        head_request || p->status_code < 200 || p->status_code == 204 || p->status_code == 304;
    struct talk *t = p->data;

    t->in_body = true;
    p->upgrade = 0;
    p->flags |= none ? F_SKIPBODY : 0;
    if (p->status_code >= 200)
        head_said(t, p->status_code, p->http_minor != 0,
                  llhttp_should_keep_alive(p) && !(p->flags & F_CONNECTION_CLOSE));
    return none;
}

static int their_end(llhttp_t *p)
{
    struct talk *t = p->data;

    if (p->status_code < 200)
        return 0;
    end_said(t);
    return t->keep ? 0 : HPE_PAUSED;
}

static int their_begin(llhttp_t *p)
{
    struct talk *t = p->data;

    t->in_body = t->in_trailer = false;
    return 0;
}

static int their_field(llhttp_t *p, const char *at, size_t n)
{
    struct talk *t = p->data;

    (void)at;
    (void)n;
    t->in_trailer = t->in_body;
    return 0;
}

static void read_theirs(struct talk *t, const char *text, size_t len)
{
    static const llhttp_settings_t settings = {
        .on_message_begin = their_begin,
        .on_header_field = their_field,
        .on_headers_complete = their_head,
        .on_body = talk_text,
        .on_message_complete = their_end,
    };
    llhttp_t p;

    t->len = t->steps = 0;
    t->stop = NULL;
    t->in_body = t->in_trailer = false;
    llhttp_init(&p, HTTP_RESPONSE, &settings);
    p.data = t;
    t->error = (int)llhttp_execute(&p, text, len);
    t->error_at = t->error ? (size_t)(llhttp_get_error_pos(&p) - text) : len;
    if (!t->error)
        t->error = (int)llhttp_finish(&p);
    if (t->error && t->error != HPE_PAUSED)
        t->stop = llhttp_get_error_reason(&p) ? llhttp_get_error_reason(&p) : "";
}

/* ---- input */

static const char *const answer_pieces[] = {
    "HTTP/1.1 200 OK\r\n\r\n",
    "HTTP/1.1 204 No Content\r\n\r\n",
    "HTTP/1.1 100 Continue\r\n\r\n",
    "HTTP/1.1 101 Switching Protocols\r\n\r\n",
    "HTTP/1.1 2\r\n\r\n",
    "HTTP/1.0 ",
    "HTTP/1.1 ",
    " 304",
    " 200",
    " 099",
    " 1000",
};

static const char *const lines[] = {
    "200 OK",           "200 ",          "201 Created", "204 No Content",
    "304 Not Modified", "404 Not Found", "500 caf\xe9", "999 x"};
static const char *const fields[] = {
    "Date: Sun, 06 Nov 1994 08:49:37 GMT",
    "Content-Type: text/html",
    "X-Empty:",
    "Connection: keep-alive",
    "Connection: x, Keep-Alive",
    "Server: a/1.0 (b; \"c\")",
    "Upgrade: h2c",
    "ETag: W/\"a\"",
};

static void put_answer(struct text *t)
{
    char line[64];
    uint32_t body = below(2), size = below(60);
    const char *status = ONE_OF(lines);
    bool none = head_request || status[0] == '3' || strncmp(status, "204", 3) == 0;

    if (!below(6))
        puts_of(t, "HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n");
    puts_of(t, "HTTP/1.1 ");
    puts_of(t, status);
    puts_of(t, "\r\n");
    for (uint32_t i = below(2 * COUNT(fields)); i < COUNT(fields); i += 1 + below(5)) {
        puts_of(t, fields[i]);
        puts_of(t, "\r\n");
    }
    snprintf(line, sizeof line, below(2) ? "Content-Length: %u\r\n" : "content-length:%04u \r\n",
             size);
    puts_of(t, body ? line : "Transfer-Encoding: chunked\r\n");
    puts_of(t, "\r\n");
    if (none)
        return;
    if (body)
        put_content(t, size);
    else
        put_chunks(t);
}

static void valid(struct text *t)
{
    t->len = 0;
    head_request = !below(8);
    for (uint32_t n = 1 + below(3); n; n--)
        put_answer(t);
    if (!head_request && !below(4))
        puts_of(t, "HTTP/1.1 200 OK\r\n\r\nuntil the end");
}

/* ---- the comparison */

static bool excused(const struct text *t)
{
    switch (theirs.error) {
    case HPE_INVALID_CHUNK_SIZE:
        return before_extension(t);
    case HPE_INVALID_VERSION:
        return has_version_1_2(t);
    default:
        return true;
    }
}

static const struct sides sides = {read_ours, read_theirs,  stricter, COUNT(stricter),
                                   laxer,     COUNT(laxer), excused};

static void valid_answers_read_the_same(void **state)
{
    static struct text t;

    (void)state;
    for (unsigned long i = 0; i < rounds_of(VALID); i++) {
        valid(&t);
        compare(&sides, &t);
        if (ours.steps < theirs.steps || ours.steps < 2)
            differ(&t, "an answer is lost");
    }
}

static void mutated_answers_read_the_same(void **state)
{
    static struct text t;

    (void)state;
    for (unsigned long i = 0; i < rounds_of(MUTATED); i++) {
        valid(&t);
        for (uint32_t n = 1 + below(3); n; n--)
            mutate(&t, answer_pieces, COUNT(answer_pieces));
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
        cmocka_unit_test(valid_answers_read_the_same),
        cmocka_unit_test(mutated_answers_read_the_same),
        cmocka_unit_test(every_row_of_the_tables_was_needed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
