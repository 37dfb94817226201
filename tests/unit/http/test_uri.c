/* test_uri.c: paths and queries decoded once. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include "../../../gimlet/base/arena.h"
#include "../../../gimlet/http/uri.h"
#include "guard.h"

struct row {
    const char *raw;
    const char *want; /* NULL: refused */
};

static void check(const struct row *r, int (*decode)(gim_str, struct gim_arena *, gim_str *))
{
    struct gim_arena a = {0};
    size_t len = strlen(r->raw);
    char *copy = guard_copy(r->raw, len);
    gim_str out = {0};
    int result = decode((gim_str){copy, len}, &a, &out);

    if (result != (r->want ? 0 : -1))
        fail_msg("\"%s\": %d", r->raw, result);
    if (r->want && !gim_str_eq(out, gim_str_of(r->want)))
        fail_msg("\"%s\" gives \"%.*s\", want \"%s\"", r->raw, GIM_FMT(out), r->want);
    guard_free(copy, len);
    gim_arena_reset(&a);
}

static void paths_are_decoded_once_and_have_no_dot_segments(void **state)
{
    static const struct row rows[] = {
        {"/", "/"},
        {"/posts/1", "/posts/1"},
        {"/%41%62", "/Ab"},
        {"/caf%C3%A9/%e2%82%ac/%F0%9F%98%80", "/caf\xc3\xa9/\xe2\x82\xac/\xf0\x9f\x98\x80"},
        {"/a+b", "/a+b"},
        {"/a%20b", "/a b"},
        {"/a%2Fb%2fc", "/a%2Fb%2fc"},   /* kept: not a separator */
        {"/100%25", "/100%25"},         /* kept: decoded when cut out */
        {"/%252F%2525", "/%252F%2525"}, /* never twice */
        {"/%25%34%31", "/%2541"},
        {"/a/./b", "/a/b"},
        {"/a/../b", "/b"},
        {"/a/b/../../c", "/c"},
        {"/../../etc", "/etc"},
        {"/a/.", "/a/"},
        {"/a/..", "/"},
        {"/a/b/..", "/a/"},
        {"/..", "/"},
        {"/.", "/"},
        {"/%2e%2E/a", "/a"},
        {"/a/%2e./b", "/b"},
        {"/a/..b/.c/d./...", "/a/..b/.c/d./..."},
        {"//a//b/", "//a//b/"},
        {"/a//../b", "/a/b"},
        {"*", "*"},
        {"", ""},
        {"/%", NULL},
        {"/%4", NULL},
        {"/%zz", NULL},
        {"/%4g", NULL},
        {"/%00", NULL},
        {"/a%0d%0ab", NULL},
        {"/%09", NULL},
        {"/%1f", NULL},
        {"/%7f", NULL},
        {"/%80", NULL},
        {"/%C0%AF", NULL},
        {"/%C1%BF", NULL},
        {"/%E0%80%AF", NULL},
        {"/%E0%9F%BF", NULL},
        {"/%ED%A0%80", NULL},
        {"/%F0%8F%BF%BF", NULL},
        {"/%F4%90%80%80", NULL},
        {"/%F5%80%80%80", NULL},
        {"/%FF", NULL},
        {"/%C3", NULL},
        {"/%C3%28", NULL},
        {"/%E2%82", NULL},
        {"/\xc3", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check(&rows[i], gim_path_decode);
}

static void parameters_are_decoded(void **state)
{
    static const struct row rows[] = {
        {"", ""},         {"plain+1", "plain+1"}, {"a%2Fb", "a/b"},  {"100%25", "100%"},
        {"%252F", "%2F"}, {"%C3%A9", "\xc3\xa9"}, {"a%0Ab", "a\nb"}, {"%", NULL},
        {"a%2", NULL},    {"%g0", NULL},          {"%00", NULL},     {"%C0%AF", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check(&rows[i], gim_percent_decode);
}

static void what_needs_no_decoding_is_not_copied(void **state)
{
    struct gim_arena a = {0};
    gim_str raw = GIM_S("plain"), out;
    gim_pair *pairs;

    (void)state;
    assert_int_equal(gim_percent_decode(raw, &a, &out), 0);
    assert_ptr_equal(out.ptr, raw.ptr);
    assert_int_equal(gim_query_split(raw, &a, &pairs), 1);
    assert_ptr_equal(pairs[0].key.ptr, raw.ptr);
    gim_arena_reset(&a);
}

/* "a=1;b=2;" for the pairs of `raw`, or the negative result. */
static void show(const char *raw, char *out, size_t room)
{
    struct gim_arena a = {0};
    size_t len = strlen(raw), at = 0;
    char *copy = guard_copy(raw, len);
    gim_pair *pairs;
    int n = gim_query_split((gim_str){copy, len}, &a, &pairs);

    out[0] = '\0';
    if (n < 0)
        snprintf(out, room, "%d", n);
    for (int i = 0; i < n; i++) {
        assert_non_null(pairs[i].key.ptr);
        assert_non_null(pairs[i].value.ptr);
        at += (size_t)snprintf(out + at, room - at, "%.*s=%.*s;", GIM_FMT(pairs[i].key),
                               GIM_FMT(pairs[i].value));
    }
    guard_free(copy, len);
    gim_arena_reset(&a);
}

static void queries_are_split_into_pairs(void **state)
{
    static const struct row rows[] = {
        {"", ""},
        {"a=1", "a=1;"},
        {"a=1&b=2&a=3", "a=1;b=2;a=3;"},
        {"a", "a=;"},
        {"a=", "a=;"},
        {"=1", "=1;"},
        {"a=b=c", "a=b=c;"},
        {"&&a=1&", "a=1;"},
        {"a+b=c+d", "a b=c d;"},
        {"a%2Bb=%26%3D", "a+b=&=;"},
        {"q=%252F", "q=%2F;"},
        {"filter[a]=%E2%82%AC", "filter[a]=\xe2\x82\xac;"},
        {"a=%0D%0A", "a=\r\n;"},
        {"a=%", "-1"},
        {"%zz=1", "-1"},
        {"a=%00", "-1"},
        {"a=%ff", "-1"},
    };
    char out[200];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        show(rows[i].raw, out, sizeof out);
        assert_string_equal(out, rows[i].want);
    }
}

static void a_query_has_at_most_256_pairs(void **state)
{
    struct gim_arena a = {0};
    char raw[257 * 2];
    gim_pair *pairs;

    (void)state;
    for (size_t i = 0; i < sizeof raw; i += 2)
        memcpy(raw + i, "a&", 2);
    assert_int_equal(gim_query_split((gim_str){raw, 256 * 2}, &a, &pairs), 256);
    assert_int_equal(gim_query_split((gim_str){raw, 257 * 2}, &a, &pairs), -1);
    gim_arena_reset(&a);
}

static void a_form_says_what_is_wrong_with_it(void **state)
{
    static const struct {
        const char *raw;
        size_t max;
        int want;
    } rows[] = {
        {"a=1&b=2", 2, 2},
        {"a=1&b=2&", 2, 2},
        {"&&&a=1", 1, 1},
        {"", 0, 0},
        {"a&b&c", 2, GIM_SPLIT_TOO_MANY},
        {"a=%4", 9, GIM_SPLIT_BAD},
        {"a=%00", 9, GIM_SPLIT_BAD},
        {"a=\xff", 9, GIM_SPLIT_BAD},
        {"a=1&b=%&c", 2, GIM_SPLIT_BAD},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gim_arena a = {0};
        size_t len = strlen(rows[i].raw);
        char *copy = guard_copy(rows[i].raw, len);
        gim_pair *pairs;

        if (gim_form_split((gim_str){copy, len}, rows[i].max, &a, &pairs) != rows[i].want)
            fail_msg("%s", rows[i].raw);
        guard_free(copy, len);
        gim_arena_reset(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_are_decoded_once_and_have_no_dot_segments),
        cmocka_unit_test(parameters_are_decoded),
        cmocka_unit_test(what_needs_no_decoding_is_not_copied),
        cmocka_unit_test(queries_are_split_into_pairs),
        cmocka_unit_test(a_query_has_at_most_256_pairs),
        cmocka_unit_test(a_form_says_what_is_wrong_with_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
