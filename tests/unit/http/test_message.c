/* test_message.c: statuses, reply heads, and what may stand in a field. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include "../../../gimlet/http/message.h"
#include "../../../gimlet/http/status.h"

static const char date[] = "Sun, 06 Nov 1994 08:49:37 GMT";

static void expect(struct gim_buf *b, const char *want)
{
    assert_int_equal(b->len, strlen(want));
    assert_memory_equal(b->ptr, want, b->len);
    gim_buf_free(b);
}

static void reply_heads_are_left_open(void **state)
{
    struct gim_buf b = {0};
    gim_str none = {0};

    (void)state;
    gim_reply_head(&b, 201, date, GIM_S("application/json"), 157, false);
    expect(&b, "HTTP/1.1 201 Created\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
               "Content-Type: application/json\r\nContent-Length: 157\r\n");
    gim_reply_head(&b, 204, date, none, -1, true);
    expect(&b, "HTTP/1.1 204 No Content\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
               "Connection: close\r\n");
    gim_reply_head(&b, 499, date, none, 0, false);
    expect(&b, "HTTP/1.1 499 Unknown\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
               "Content-Length: 0\r\n");
    gim_reply_head(&b, 431, date, GIM_S("application/problem+json"), INT64_MAX, true);
    gim_field_write(&b, GIM_S("X-A"), GIM_S("b"));
    gim_field_write(&b, GIM_S("X-B"), GIM_S(""));
    expect(&b, "HTTP/1.1 431 Request Header Fields Too Large\r\n"
               "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
               "Content-Type: application/problem+json\r\n"
               "Content-Length: 9223372036854775807\r\nConnection: close\r\nX-A: b\r\nX-B: \r\n");
}

/* Whatever the room, a head is there whole or not at all, and no byte is written past the room
 * (ASan watches: the buffer is exactly as large as its cap). */
static void a_head_that_does_not_fit_is_not_begun(void **state)
{
    (void)state;
    for (size_t max = 1; max < 300; max++) {
        struct gim_buf b = {.max = max};

        gim_reply_head(&b, 431, date, GIM_S("application/problem+json"), INT64_MAX, true);
        assert_true(b.full ? b.len == 0 : b.len > 170);
        gim_buf_free(&b);
    }
}

static void every_status_line_is_well_formed(void **state)
{
    int known = 0;

    (void)state;
    for (int status = -1; status < 1000; status++) {
        gim_str line = gim_status_line(status), phrase = gim_status_phrase(status);
        char want[100];

        if (!line.ptr) {
            assert_true(gim_str_eq(phrase, GIM_S("Unknown")));
            continue;
        }
        known++;
        snprintf(want, sizeof want, "HTTP/1.1 %d %.*s\r\n", status, GIM_FMT(phrase));
        assert_true(gim_str_eq(line, gim_str_of(want)));
    }
    assert_int_equal(known, 59);
    assert_true(gim_str_eq(gim_status_phrase(404), GIM_S("Not Found")));
    assert_true(gim_str_eq(gim_status_phrase(422), GIM_S("Unprocessable Content")));
}

static void fields_that_would_split_the_head_are_refused(void **state)
{
    (void)state;
    assert_true(gim_field_ok(GIM_S("X-A"), GIM_S("b c\t\xc3\xa9")));
    assert_true(gim_field_ok(GIM_S("X-A"), GIM_S("")));
    assert_true(gim_field_ok(GIM_S("X-A"), (gim_str){0}));
    assert_false(gim_field_ok(GIM_S(""), GIM_S("b")));
    assert_false(gim_field_ok((gim_str){0}, GIM_S("b")));
    assert_false(gim_field_ok(GIM_S("X A"), GIM_S("b")));
    assert_false(gim_field_ok(GIM_S("X:"), GIM_S("b")));
    assert_false(gim_field_ok(GIM_S("X\r\n"), GIM_S("b")));
    assert_false(gim_field_ok(GIM_S("X-A"), GIM_S("b\r\nSet-Cookie: c")));
    assert_false(gim_field_ok(GIM_S("X-A"), GIM_S("b\nc")));
    assert_false(gim_field_ok(GIM_S("X-A"), GIM_S("b\rc")));
    assert_false(gim_field_ok(GIM_S("X-A"), GIM_S("long enough\0for a word")));
    assert_false(gim_field_ok(GIM_S("X-A"), GIM_S("b\x7f")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reply_heads_are_left_open),
        cmocka_unit_test(a_head_that_does_not_fit_is_not_begun),
        cmocka_unit_test(every_status_line_is_well_formed),
        cmocka_unit_test(fields_that_would_split_the_head_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
