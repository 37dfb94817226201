/* test_limits.c: bytes of target and head, number of fields: where exactly, and how early. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include "reads.h"

#define HOST "Host: h\r\n"
#define GET "GET / HTTP/1.1\r\n"

/* method SP target of n bytes SP version CRLF Host CRLF CRLF */
static size_t long_target(char *out, const char *method, size_t n)
{
    size_t at = (size_t)sprintf(out, "%s /", method);

    memset(out + at, 'a', n - 1);
    at += n - 1;
    return at + (size_t)sprintf(out + at, " HTTP/1.1\r\n" HOST "\r\n");
}

static void a_long_target_is_414_without_its_end(void **state)
{
    static const struct gim_head_limits limits = {.head = 400, .target = 100};
    static const char method[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEF"; /* the longest */
    char in[1000];
    struct gim_head h;
    struct answer a;
    size_t len;

    (void)state;
    len = long_target(in, method, 100);
    assert_int_equal(run(in, len, &h, &limits).result, len);
    len = long_target(in, method, 101);
    a = run(in, len, &h, &limits);
    assert_int_equal(a.why.status, 414);
    assert_int_equal(h.size, 0);
    len = long_target(in, "GET", 101);
    assert_int_equal(run(in, len, &h, &limits).why.status, 414);
    len = long_target(in, "GET", 300); /* told before the line ends */
    assert_int_equal(run(in, len, &h, &limits).why.status, 414);
    assert_int_equal(run(in, 160, &h, &limits).why.status, 414);
    assert_int_equal(run(in, 130, &h, &limits).result, 0);
    in[120] = '#'; /* a fault in an endless line is told where the line is cut */
    assert_int_equal(run(in, 130, &h, &limits).result, 0);
    assert_int_equal(run(in, len, &h, &limits).why.status, 400);
    memset(in, 'A', sizeof in);
    assert_int_equal(run(in, 300, &h, &limits).why.status, 501);
    in[170] = '\n'; /* beyond the cut: not looked at */
    assert_int_equal(run(in, 300, &h, &limits).why.status, 501);
}

static void eight_thousand_bytes_of_target_work_by_default(void **state)
{
    static char in[20000];
    struct gim_head h;
    struct gim_refusal why = {0};
    size_t len = long_target(in, "GET", 8192);

    (void)state;
    assert_int_equal(gim_head_parse(&h, (gim_str){in, len}, 0, &defaults, &why), len);
    len = long_target(in, "GET", 8193);
    assert_int_equal(gim_head_parse(&h, (gim_str){in, len}, 0, &defaults, &why), -1);
    assert_int_equal(why.status, 414);
}

static void a_long_head_is_431_at_its_limit(void **state)
{
    static const struct gim_head_limits limits = {.head = 200, .target = 100};
    char in[1000];
    struct gim_head h;
    size_t at = (size_t)sprintf(in, GET HOST "A: ");

    (void)state;
    memset(in + at, 'b', sizeof in - at);
    memcpy(in + 196, "\r\n\r\n", 4);
    assert_int_equal(run(in, 600, &h, &limits).result, 200);
    memcpy(in + 196, "b\r\n\r\n", 5);
    assert_int_equal(run(in, 600, &h, &limits).why.status, 431);
    assert_int_equal(run(in, 200, &h, &limits).why.status, 431);
    assert_int_equal(run(in, 199, &h, &limits).result, 0);
    in[300] = '\0'; /* beyond the limit: not looked at */
    assert_int_equal(run(in, 600, &h, &limits).why.status, 431);
}

static void limits_beyond_the_offsets_are_cut(void **state)
{
    static const struct gim_head_limits limits = {.head = UINT32_MAX, .target = UINT32_MAX};
    static char in[70000];
    struct gim_head h;
    struct gim_refusal why = {0};
    size_t len = long_target(in, "GET", 66000);

    (void)state;
    assert_int_equal(gim_head_parse(&h, (gim_str){in, len}, 0, &limits, &why), -1);
    assert_int_equal(why.status, 431);
    len = long_target(in, "GET", 65000);
    assert_int_equal(gim_head_parse(&h, (gim_str){in, len}, 0, &limits, &why), len);
    assert_int_equal(gim_head_known(&h, GIM_FIELD_HOST).len, 1);
}

static void more_than_a_hundred_fields_are_431(void **state)
{
    char in[1000] = GET HOST;
    struct gim_head h;
    size_t at = strlen(in);

    (void)state;
    for (int i = 1; i < GIM_HEAD_FIELDS; i++)
        at += (size_t)sprintf(in + at, "A:\r\n");
    strcpy(in + at, "\r\n");
    assert_int_equal(run(in, at + 2, &h, &defaults).result, at + 2);
    assert_int_equal(h.n_fields, GIM_HEAD_FIELDS);
    at += (size_t)sprintf(in + at, "A:\r\n\r\n");
    assert_int_equal(run(in, at, &h, &defaults).why.status, 431);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_long_target_is_414_without_its_end),
        cmocka_unit_test(eight_thousand_bytes_of_target_work_by_default),
        cmocka_unit_test(a_long_head_is_431_at_its_limit),
        cmocka_unit_test(limits_beyond_the_offsets_are_cut),
        cmocka_unit_test(more_than_a_hundred_fields_are_431),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
