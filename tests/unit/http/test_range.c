/* test_range.c: Range, If-Range and Content-Range. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include "../../../gimlet/http/range.h"
#include "guard.h"

#define MODIFIED 784111777 /* Sun, 06 Nov 1994 08:49:37 GMT */

/* "0-9 20-29", "whole", "beyond". */
static const char *say(enum gim_ranges_ask ask, const struct gim_ranges *r, char out[2048])
{
    size_t n = 0;

    if (ask == GIM_RANGES_WHOLE)
        return "whole";
    if (ask == GIM_RANGES_BEYOND)
        return "beyond";
    for (unsigned i = 0; i < r->n; i++)
        n += (size_t)snprintf(out + n, 2048 - n, "%s%lld-%lld", i ? " " : "",
                              (long long)r->items[i].first,
                              (long long)(r->items[i].first + r->items[i].len - 1));
    return out;
}

static void fields_ask_for_what_the_grammar_says(void **state)
{
    static const struct {
        const char *field;
        int64_t size;
        const char *want;
    } rows[] = {
        {"bytes=0-0", 100, "0-0"},
        {"bytes=0-99", 100, "0-99"},
        {"bytes=0-499", 100, "0-99"},
        {"bytes=10-", 100, "10-99"},
        {"bytes=99-", 100, "99-99"},
        {"bytes=-1", 100, "99-99"},
        {"bytes=-100", 100, "0-99"},
        {"bytes=-101", 100, "0-99"},
        {"Bytes=5-6", 100, "5-6"},
        {"bytes=007-009", 100, "7-9"},
        {"bytes=0-99999999999999999999999", 100, "0-99"},
        {"bytes=-99999999999999999999999", 100, "0-99"},
        {"bytes=0-9223372036854775807", INT64_MAX, "0-9223372036854775806"},
        /* several */
        {"bytes=0-1,4-5", 100, "0-1 4-5"},
        {"bytes=4-5,0-1", 100, "4-5 0-1"},
        {"bytes=0-1 , 4-5\t,", 100, "0-1 4-5"},
        {"bytes=,,0-1", 100, "0-1"},
        {"bytes=0-1,-1", 100, "0-1 99-99"},
        {"bytes=0-1,200-300", 100, "0-1"},
        {"bytes=200-300,0-1,-0", 100, "0-1"},
        /* what overlaps or touches becomes one, at the first one's place */
        {"bytes=0-9,5-14", 100, "0-14"},
        {"bytes=0-9,10-14", 100, "0-14"},
        {"bytes=0-9,11-14", 100, "0-9 11-14"},
        {"bytes=10-14,0-9", 100, "0-14"},
        {"bytes=5-6,0-99", 100, "0-99"},
        {"bytes=50-59,0-9,20-29,5-24", 100, "50-59 0-29"},
        {"bytes=20-29,50-59,0-9,5-55,90-90", 100, "0-59 90-90"},
        {"bytes=0-,0-,0-,0-,0-", 100, "0-99"},
        {"bytes=90-,-20", 100, "80-99"},
        /* beyond */
        {"bytes=100-", 100, "beyond"},
        {"bytes=100-200,300-", 100, "beyond"},
        {"bytes=-0", 100, "beyond"},
        {"bytes=99999999999999999999999-", 100, "beyond"},
        /* whole: malformed, unknown, or of nothing */
        {"", 100, "whole"},
        {"bytes", 100, "whole"},
        {"bytes=", 100, "whole"},
        {"bytes=,", 100, "whole"},
        {"bytes=-", 100, "whole"},
        {"bytes=1", 100, "whole"},
        {"bytes=5-4", 100, "whole"},
        {"bytes=500-400", 100, "whole"},
        {"bytes=0-1,5-4", 100, "whole"},
        {"bytes=0-1,x", 100, "whole"},
        {"bytes=a-b", 100, "whole"},
        {"bytes=0x0-1", 100, "whole"},
        {"bytes=0-1-2", 100, "whole"},
        {"bytes=--1", 100, "whole"},
        {"bytes=-1-", 100, "whole"},
        {"bytes=+0-1", 100, "whole"},
        {"bytes=0 - 1", 100, "whole"},
        {"bytes=0-1;2-3", 100, "whole"},
        {"bytes 0-1", 100, "whole"},
        {"bytes =0-1", 100, "whole"},
        {" bytes=0-1", 100, "whole"},
        {"items=0-1", 100, "whole"},
        {"bytes=0-0", 0, "whole"},
        {"bytes=-1", 0, "whole"},
        {"bytes=5-", 0, "whole"},
    };
    char out[2048];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t len = strlen(rows[i].field);
        char *copy = guard_copy(rows[i].field, len);
        struct gim_ranges r;
        enum gim_ranges_ask ask = gim_ranges_read(&r, (gim_str){copy, len}, rows[i].size);

        if (strcmp(say(ask, &r, out), rows[i].want) != 0)
            fail_msg("\"%s\" of %lld: %s, want %s", rows[i].field, (long long)rows[i].size,
                     say(ask, &r, out), rows[i].want);
        guard_free(copy, len);
    }
}

/* Many ranges, at step `step`, of `width` bytes. */
static enum gim_ranges_ask many(struct gim_ranges *r, unsigned n, int step, int width)
{
    char field[16384];
    size_t len = (size_t)snprintf(field, sizeof field, "bytes=");

    for (unsigned i = 0; i < n; i++)
        len += (size_t)snprintf(field + len, sizeof field - len, "%s%d-%d", i ? "," : "",
                                (int)i * step, (int)i * step + width - 1);
    return gim_ranges_read(r, (gim_str){field, len}, 1000000);
}

static void too_many_ranges_are_none(void **state)
{
    struct gim_ranges r;

    (void)state;
    assert_int_equal(many(&r, GIM_RANGES_MAX, 10, 1), GIM_RANGES_SOME);
    assert_int_equal(r.n, GIM_RANGES_MAX);
    assert_int_equal(many(&r, GIM_RANGES_MAX + 1, 10, 1), GIM_RANGES_WHOLE);
    assert_int_equal(many(&r, 1000, 10, 1), GIM_RANGES_WHOLE);
    assert_int_equal(many(&r, 1000, 0, 1000), GIM_RANGES_WHOLE);
    assert_int_equal(many(&r, GIM_RANGES_MAX, 0, 1000), GIM_RANGES_SOME);
    assert_int_equal(r.n, 1);
}

/* Against a map of bytes: the ranges are those asked for, each byte once, none touching. */
static void merged_ranges_are_the_union_of_all(void **state)
{
    unsigned seed = 1;

    (void)state;
    for (int round = 0; round < 2000; round++) {
        bool asked[64] = {0};
        char field[1024];
        size_t len = (size_t)snprintf(field, sizeof field, "bytes=");
        struct gim_ranges r;

        for (int i = 0; i < 1 + round % 12; i++) {
            int first = (int)((seed = seed * 1103515245u + 12345u) >> 16) % 64;
            int last = first + (int)((seed = seed * 1103515245u + 12345u) >> 16) % 7;

            len += (size_t)snprintf(field + len, sizeof field - len, "%s%d-%d", i ? "," : "", first,
                                    last);
            for (int k = first; k <= last && k < 64; k++)
                asked[k] = true;
        }
        assert_int_equal(gim_ranges_read(&r, (gim_str){field, len}, 64), GIM_RANGES_SOME);
        for (unsigned i = 0; i < r.n; i++) {
            int64_t end = r.items[i].first + r.items[i].len;

            assert_true(r.items[i].len > 0 && r.items[i].first >= 0 && end <= 64);
            for (int64_t k = r.items[i].first; k < end; k++) {
                assert_true(asked[k]);
                asked[k] = false;
            }
            for (unsigned k = 0; k < r.n; k++)
                assert_true(k == i || r.items[k].first != end);
        }
        for (int k = 0; k < 64; k++)
            assert_false(asked[k]);
    }
}

static void if_range_compares_strongly(void **state)
{
    static const struct {
        const char *field;
        bool want;
        int64_t at;
    } rows[] = {
        {"\"v1\"", true, MODIFIED},
        {"\"v2\"", false, MODIFIED},
        {"W/\"v1\"", false, MODIFIED},
        {"v1", false, MODIFIED},
        {"\"v1", false, MODIFIED},
        {"\"", false, MODIFIED},
        {"\"\"", false, MODIFIED},
        {"\"v1\", \"v2\"", false, MODIFIED},
        {"*", false, MODIFIED},
        {"", false, MODIFIED},
        {"Sun, 06 Nov 1994 08:49:37 GMT", true, MODIFIED + 1},
        {"Sun, 06 Nov 1994 08:49:37 GMT", false, MODIFIED}, /* it may change again in this second */
        {"Sunday, 06-Nov-94 08:49:37 GMT", true, MODIFIED + 60},
        {"Sun Nov  6 08:49:37 1994", true, MODIFIED + 60},
        {"Sun, 06 Nov 1994 08:49:38 GMT", false, MODIFIED + 60},
        {"Sun, 06 Nov 1994 08:49:36 GMT", false, MODIFIED + 60},
        {"yesterday", false, MODIFIED + 60},
    };
    const struct gim_validators now = {.etag = GIM_S("v1"), .modified = MODIFIED}, none = {0};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t len = strlen(rows[i].field);
        char *copy = guard_copy(rows[i].field, len);

        if (gim_if_range_holds((gim_str){copy, len}, &now, rows[i].at) != rows[i].want)
            fail_msg("\"%s\": want %d", rows[i].field, rows[i].want);
        assert_false(gim_if_range_holds((gim_str){copy, len}, &none, rows[i].at));
        guard_free(copy, len);
    }
}

static void ranges_count_for_get_and_once(void **state)
{
    static const struct {
        const char *method, *fields, *want;
    } rows[] = {
        {"GET", "", "whole"},
        {"GET", "Range: bytes=0-1\r\n", "0-1"},
        {"GET", "rAnge: bytes=0-1\r\n", "0-1"},
        {"HEAD", "Range: bytes=0-1\r\n", "whole"},
        {"POST", "Range: bytes=0-1\r\n", "whole"},
        {"GET", "Range: bytes=0-1\r\nRange: bytes=0-1\r\n", "whole"},
        {"GET", "Range: bytes=200-\r\n", "beyond"},
        {"GET", "Range: bytes=0-1\r\nIf-Range: \"v1\"\r\n", "0-1"},
        {"GET", "Range: bytes=0-1\r\nIf-Range: \"v2\"\r\n", "whole"},
        {"GET", "Range: bytes=200-\r\nIf-Range: \"v2\"\r\n", "whole"},
        {"GET", "Range: bytes=0-1\r\nIf-Range:\r\n", "whole"},
        {"GET", "Range: bytes=0-1\r\nIf-Range: \"v1\"\r\nIf-Range: \"v1\"\r\n", "whole"},
        {"GET", "If-Range: \"v1\"\r\n", "whole"},
    };
    const struct gim_validators now = {.etag = GIM_S("v1"), .modified = MODIFIED};
    char out[2048];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gim_refusal why = {0};
        struct gim_ranges r;
        struct gim_head h;
        char in[500];
        int n = snprintf(in, sizeof in, "%s / HTTP/1.1\r\nHost: h\r\n%s\r\n", rows[i].method,
                         rows[i].fields);

        assert_int_equal(
            gim_head_parse(&h, (gim_str){in, (size_t)n}, 0, &(struct gim_head_limits){0}, &why), n);
        assert_string_equal(say(gim_ranges_of(&r, &h, &now, 100, MODIFIED + 60), &r, out),
                            rows[i].want);
    }
}

static void content_range_is_written_for_206_and_416(void **state)
{
    char out[GIM_CONTENT_RANGE_MAX];
    size_t n = gim_content_range_write(out, &(struct gim_range){0, 100}, 1234);

    (void)state;
    assert_int_equal(n, 15);
    assert_memory_equal(out, "bytes 0-99/1234", n);
    n = gim_content_range_write(out, NULL, 1234);
    assert_int_equal(n, 12);
    assert_memory_equal(out, "bytes */1234", n);
    n = gim_content_range_write(out, &(struct gim_range){INT64_MAX - 1, 1}, INT64_MAX);
    assert_int_equal(n, 65);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_ask_for_what_the_grammar_says),
        cmocka_unit_test(too_many_ranges_are_none),
        cmocka_unit_test(merged_ranges_are_the_union_of_all),
        cmocka_unit_test(if_range_compares_strongly),
        cmocka_unit_test(ranges_count_for_get_and_once),
        cmocka_unit_test(content_range_is_written_for_206_and_416),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
