/* test_contract.c: requests as bytes, answers judged, and a whole contract run against a server. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include "../../../proof/compare/contract.h"
#include "../../../proof/compare/judge.h"
#include "fake_server.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define HEAD "Host: h:1\r\nUser-Agent: proof\r\n"

static char auth[] = "Authorization: Bearer {id}", agent[] = "user-agent: curl", bad[] = "no colon",
            two[] = "A: b\r\nC: d", host[] = "Host: other";

/* ---- requests --------------------------------------------------------------------------------- */

static void a_request_is_serialised(void **state)
{
    static char *const extra[] = {auth, agent, host}, *const none[] = {bad}, *const split[] = {two};
    static const struct {
        struct compare_request q;
        const char *id, *location;
        int repeat;
        const char *wanted; /* or the error */
    } rows[] = {
        {{.path = "/x?y=1"}, "", "", 0, "GET /x?y=1 HTTP/1.1\r\n" HEAD "\r\n"},
        {{.method = "POST", .path = "/posts", .body = "{}"},
         "",
         "",
         0,
         "POST /posts HTTP/1.1\r\n" HEAD
         "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"},
        {{.method = "PUT", .path = "/posts", .body = "ab", .content_type = "text/html"},
         "",
         "",
         3,
         "PUT /posts HTTP/1.1\r\n" HEAD
         "Content-Type: text/html\r\nContent-Length: 6\r\n\r\nababab"},
        {{.method = "POST", .path = "/posts"},
         "",
         "",
         0,
         "POST /posts HTTP/1.1\r\n" HEAD
         "Content-Type: application/json\r\nContent-Length: 0\r\n\r\n"},
        {{.method = "DELETE", .path = "/posts/{id}/x"},
         "7",
         "",
         0,
         "DELETE /posts/7/x HTTP/1.1\r\n" HEAD "\r\n"},
        {{.path = "{location}"}, "", "/posts/8", 0, "GET /posts/8 HTTP/1.1\r\n" HEAD "\r\n"},
        {{.path = "{location}"},
         "",
         "http://h:1/posts/9?q=/",
         0,
         "GET /posts/9?q=/ HTTP/1.1\r\n" HEAD "\r\n"},
        {{.path = "{location}"}, "", "http://h:1", 0, "GET / HTTP/1.1\r\n" HEAD "\r\n"},
        {{.path = "{location}"}, "", "posts/1", 0, "GET /posts/1 HTTP/1.1\r\n" HEAD "\r\n"},
        {{.path = "/", .headers = {(char **)(uintptr_t)extra, 3}},
         "t",
         "",
         0,
         "GET / HTTP/1.1\r\nAuthorization: Bearer t\r\nuser-agent: curl\r\nHost: other\r\n\r\n"},
        {{.path = "/posts/{id}"},
         "",
         "",
         0,
         "{id}: the answer to the measured request has no \"id\""},
        {{.path = "{location}"},
         "",
         "",
         0,
         "{location}: the answer to the measured request has no Location"},
        {{.path = "/a b"}, "", "", 0, "path \"/a b\": spaces must be written as %20"},
        {{.path = "/", .headers = {(char **)(uintptr_t)none, 1}},
         "",
         "",
         0,
         "header \"no colon\": expected one line, \"Name: value\""},
        {{.path = "/", .headers = {(char **)(uintptr_t)split, 1}},
         "",
         "",
         0,
         "header \"A: b\r\nC: d\": expected one line, \"Name: value\""},
        {{.path = "/", .body_file = "no/such"},
         "",
         "",
         0,
         "body_file /tmp/no/such: No such file or directory"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct gim_buf out = {0};
        char err[256] = "";
        int failed;

        gim_buf_lit(&out, "before");
        failed = contract_request(&out, &rows[i].q, "/tmp", GIM_S("h:1"), gim_str_of(rows[i].id),
                                  gim_str_of(rows[i].location), rows[i].repeat, err, sizeof err);
        gim_buf_char(&out, '\0');
        assert_string_equal(out.ptr + 6, failed ? "" : rows[i].wanted);
        assert_string_equal(err, failed ? rows[i].wanted : "");
        gim_buf_free(&out);
    }
}

static void a_body_comes_from_a_file(void **state)
{
    char name[] = "/tmp/test_contract_XXXXXX", err[256];
    struct compare_request q = {.method = "POST", .path = "/", .body_file = name + 5};
    struct gim_buf out = {0};
    int fd = mkstemp(name);

    (void)state;
    assert_int_equal(write(fd, "a\0b", 3), 3);
    close(fd);
    for (int i = 0; i < 2; i++) {
        out.len = 0;
        assert_int_equal(contract_request(&out, &q, "/tmp", GIM_S("h"), GIM_S(""), GIM_S(""), 2,
                                          err, sizeof err),
                         0);
        assert_memory_equal(out.ptr + out.len - 10, "\r\n\r\na\0ba\0b", 10);
        q.body_file = name; /* from the root */
    }
    unlink(name);
    gim_buf_free(&out);
}

/* ---- answers ---------------------------------------------------------------------------------- */

static void an_answer_is_judged(void **state)
{
    static char type[] = "Content-Type: application/json", any[] = "content-type: *",
                prefix[] = "Content-Type: application/*", plain[] = "Content-Type: text/plain",
                there[] = "Location", gone[] = "ETag";
    static const struct {
        struct compare_check check;
        char *header;
        const char *body, *why; /* NULL: passes */
    } rows[] = {
        {{.status = 201}, NULL, "", NULL},
        {{.status = 0}, NULL, "", NULL},
        {{.request = {.status = 200}}, NULL, "", "expected status 200, got 201"},
        {{.status = 422},
         NULL,
         "a\nb\x01\xff\xc3\xa4",
         "expected status 422, got 201 with body a b ?\xc3\xa4"},
        {{0}, type, "", NULL},
        {{0}, any, "", NULL},
        {{0}, prefix, "", NULL},
        {{0}, there, "", NULL},
        {{0}, plain, "", "header Content-Type: expected text/plain, got application/json"},
        {{0}, gone, "", "header ETag: expected any value, got none"},
        {{.body_contains = "ell"}, NULL, "hello", NULL},
        {{.body_contains = "elf"}, NULL, "hello", "body: expected elf, got hello"},
        {{.body_contains = "elf"}, NULL, "", "body: expected elf, got an empty body"},
        {{.json = "{\"a\": 1.0, \"b\": \"*\"}"}, NULL, "{\"c\": 3, \"b\": [1], \"a\": 1}", NULL},
        {{.json = "[1, {\"x\": null}, true]"}, NULL, " [1,{\"y\":2,\"x\":null},true] ", NULL},
        {{.json = "{\"a\": \"\\u00e9*\"}"}, NULL, "{\"a\": \"\xc3\xa9*\"}", NULL},
        {{.json = "\"*\""}, NULL, "null", NULL},
        {{.json = "{\"a\": \"*\"}"}, NULL, "{}", "JSON /a: expected any value, got none"},
        {{.json = "{\"a\": 1}"}, NULL, "{\"a\": \"1\"}", "JSON /a: expected 1, got \"1\""},
        {{.json = "{\"a\": true}"}, NULL, "{\"a\": false}", "JSON /a: expected true, got false"},
        {{.json = "{\"a\": {\"b\": [0, {\"c\": \"x\"}]}}"},
         NULL,
         "{\"a\": {\"b\": [0, {\"c\": \"y\"}]}}",
         "JSON /a/b/1/c: expected \"x\", got \"y\""},
        {{.json = "{\"a\": [1, 2]}"},
         NULL,
         "{\"a\": [1, 2, 3]}",
         "JSON /a: expected 2 elements, got 3"},
        {{.json = "{}"}, NULL, "[]", "JSON: expected {}, got []"},
        {{.json = "{}"}, NULL, "<html>", "body: expected JSON, got <html>"},
        {{.json = "{}"}, NULL, "", "body: expected JSON, got an empty body"},
        {{.json = "{\"a\": {}, \"b\": [[], [1]]}"},
         NULL,
         "{\"a\": {\"x\": 1}, \"b\": [[], [2]]}",
         "JSON /b/1/0: expected 1, got 2"},
    };
    static const char head[] = "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\n"
                               "Location: /posts/1\r\n\r\n";

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct compare_check check = rows[i].check;
        char *headers[] = {rows[i].header};
        struct call c = {.status = 201};
        struct gim_buf why = {0};
        bool passed;

        check.headers = (struct compare_words){headers, rows[i].header != NULL};
        gim_buf_str(&c.head, gim_str_of(head));
        gim_buf_str(&c.body, gim_str_of(rows[i].body));
        passed = judge_answer(&c, &check, &why);
        gim_buf_char(&why, '\0');
        assert_string_equal(why.ptr, rows[i].why ? rows[i].why : "");
        assert_int_equal(passed, rows[i].why == NULL);
        gim_buf_free(&why);
        gim_buf_free(&c.head);
        gim_buf_free(&c.body);
    }
}

static void json_as_deep_as_it_may_be_is_judged(void **state)
{
    struct compare_check check = {.json = NULL};
    struct call c = {.status = 200};
    struct gim_buf why = {0};

    (void)state;
    for (int i = 0; i < 64; i++)
        gim_buf_char(&c.body, '[');
    for (int i = 0; i < 64; i++)
        gim_buf_char(&c.body, ']');
    gim_buf_char(&c.body, '\0');
    c.body.len--;
    check.json = c.body.ptr;
    assert_true(judge_answer(&c, &check, &why));
    gim_buf_free(&c.body);
    gim_buf_free(&why);
}

/* ---- a whole contract ------------------------------------------------------------------------- */

/* POST stores 42; GET of it answers once, then the connection is closed; /die ends the server. */
static void serve_posts(int fd)
{
    char text[4096];

    while (fake_read(fd, text, sizeof text)) {
        if (strstr(text, "Content-Length: 2\r\n"))
            (void)!read(fd, text + 4000, 2);
        if (strncmp(text, "GET /die", 8) == 0)
            _exit(0);
        if (strncmp(text, "GET /posts/42 ", 14) == 0) {
            fake_write(
                fd, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 8\r\n\r\n{\"id\":7}");
            return;
        }
        fake_write(fd,
                   strncmp(text, "POST", 4) == 0
                       ? "HTTP/1.1 201 Created\r\nLocation: /posts/42\r\nContent-Length: 9\r\n\r\n"
                         "{\"id\":42}"
                       : "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    }
}

static void a_contract_is_run(void **state)
{
    static struct compare_check checks[] = {
        {.name = "read", .request = {.path = "/posts/{id}"}, .status = 200, .json = "{\"id\": 7}"},
        {.name = "location", .request = {.path = "{location}"}, .json = "{\"id\": 8}"},
        {.name = "unknown", .request = {.path = "/nowhere"}, .status = 404},
        {.name = "dies", .request = {.path = "/die"}, .status = 200},
        {.name = "after", .request = {.path = "/posts/{id}"}, .status = 200}, /* may meet its end */
        {.name = "later", .request = {.path = "/posts/{id}"}, .status = 200},
    };
    struct compare_plan plan = {
        .request = {.method = "POST", .path = "/posts", .body = "{}", .status = 201},
        .protocol.call_timeout_ms = 2000,
        .contract = checks,
        .contract_count = COUNT(checks),
        .directory = (char[]){"/tmp"}};
    struct compare_results r = {0};
    struct results_service s = {0};
    struct fake f;

    (void)state;
    fake_open(&f, serve_posts);
    assert_int_equal(contract_run(&r, &s, &plan, &f.at), 4);
    assert_int_equal(s.n_checks, 7);
    assert_string_equal(s.checks[0].name.ptr, "the measured request");
    for (size_t i = 0; i < s.n_checks; i++)
        assert_int_equal(s.checks[i].passed, i != 2 && i < 4);
    assert_string_equal(s.checks[2].what.ptr, "JSON /id: expected 8, got 7");
    assert_string_equal(s.checks[4].what.ptr, "the connection was closed before an answer came");
    assert_string_equal(s.checks[6].what.ptr,
                        "not asked: the service takes no connections any more");
    assert_int_equal(s.body_bytes, 9);
    assert_int_equal(s.head_bytes, strlen("HTTP/1.1 201 Created\r\nLocation: /posts/42\r\n"
                                          "Content-Length: 9\r\n\r\n"));
    fake_close(&f);
    gim_arena_reset(&r.memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_serialised),
        cmocka_unit_test(a_body_comes_from_a_file),
        cmocka_unit_test(an_answer_is_judged),
        cmocka_unit_test(json_as_deep_as_it_may_be_is_judged),
        cmocka_unit_test(a_contract_is_run),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
