/* test_negotiate.c: Accept, Accept-Encoding, Accept-Language against what a server has. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include "../../../gimlet/http/negotiate.h"
#include "guard.h"

struct row {
    const char *field; /* lines end in '\n'; NULL: the field is not there */
    const char *offer;
    unsigned want;
};

static void check(const struct row *rows, size_t n, gim_quality_fn *quality)
{
    for (size_t i = 0; i < n; i++) {
        const struct row *r = &rows[i];
        gim_str lines = gim_str_of(r->field);
        struct gim_preferences p = {0};
        char *copies[8];
        size_t lens[8], k = 0;
        unsigned got;

        while (lines.ptr) {
            gim_str line = gim_str_cut(&lines, '\n');

            lens[k] = line.len;
            copies[k] = guard_copy(line.ptr, line.len);
            gim_preferences_add(&p, (gim_str){copies[k], line.len});
            k++;
        }
        got = quality(&p, gim_str_of(r->offer));
        if (got != r->want)
            fail_msg("\"%s\" of \"%s\" weighs %u, want %u", r->offer, r->field ? r->field : "none",
                     got, r->want);
        while (k--)
            guard_free(copies[k], lens[k]);
    }
}
#define CHECK(rows, quality) check(rows, sizeof(rows) / sizeof((rows)[0]), quality)

static void the_most_specific_range_decides_about_a_media_type(void **state)
{
    static const struct row rows[] = {
        {NULL, "text/html", 1000},
        {"text/html", "text/html", 1000},
        {"text/html", "text/plain", 0},
        {"TEXT/Html", "text/hTML; charset=utf-8", 1000},
        {"text/*", "text/html", 1000},
        {"*/*", "text/html", 1000},
        {"*", "text/html", 1000},
        {"*/json", "application/json", 0},
        {"text/*;q=0.3, text/html;q=0.7", "text/html", 700},
        {"text/html;q=0.7, text/*;q=0.3", "text/html", 700},
        {"text/*;q=0.3, text/html;q=0.7", "text/plain", 300},
        {"*/*;q=0.5, text/*;q=0", "text/html", 0},
        {"*/*;q=0.5, text/*;q=0", "image/png", 500},
        {"text/html;q=0, */*", "text/html", 0},
        {"text/html;q=0, */*", "text/plain", 1000},
        /* the rows of RFC 9110 §12.5.1 */
        {"text/*;q=0.3, text/plain;q=0.7, text/plain;format=flowed,"
         "text/plain;format=fixed;q=0.4, */*;q=0.5",
         "text/plain;format=flowed", 1000},
        {"text/*;q=0.3, text/plain;q=0.7, text/plain;format=flowed,"
         "text/plain;format=fixed;q=0.4, */*;q=0.5",
         "text/plain", 700},
        {"text/*;q=0.3, text/plain;q=0.7, text/plain;format=flowed,"
         "text/plain;format=fixed;q=0.4, */*;q=0.5",
         "text/html", 300},
        {"text/*;q=0.3, text/plain;q=0.7, text/plain;format=flowed,"
         "text/plain;format=fixed;q=0.4, */*;q=0.5",
         "image/jpeg", 500},
        {"text/*;q=0.3, text/plain;q=0.7, text/plain;format=flowed,"
         "text/plain;format=fixed;q=0.4, */*;q=0.5",
         "text/plain;format=fixed", 400},
        /* parameters */
        {"text/html;level=1", "text/html", 0},
        {"text/html;level=1", "text/html;level=2", 0},
        {"text/html;level=1", "text/html;a=b; LEVEL=\"1\"", 1000},
        {"text/html ; level = \"1\" ; q=0.2", "text/html;level=1", 200},
        {"text/html;level=1;x=2;q=0.2, text/html;level=1;q=0.9", "text/html;level=1;x=2", 200},
        {"application/json; charset=utf-8", "application/json", 1000},
        {"text/html; charset=utf-8", "text/html; charset=UTF-8", 1000},
        {"text/html; charset=latin1", "text/html; charset=utf-8", 0},
        {"text/html;x=\"a,b;q=0\";q=0.4", "text/html;x=\"a,b;q=0\"", 400},
        {"text/html;x=\"\\\",\";q=0.4, text/plain;q=0.1", "text/plain", 100},
        {"text/html;x=\"never ends, text/plain", "text/plain", 0},
        /* lines of one field are one list */
        {"text/html;q=0.1\ntext/plain;q=0.2", "text/plain", 200},
        /* what clients send */
        {"text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2", "application/json", 200},
        {"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html", 1000},
        {"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/csv", 800},
        /* nothing that counts */
        {"", "text/html", 0},
        {",, ,", "text/html", 0},
        {"text", "text/html", 0},
        {"text/", "text/html", 0},
        {"text /html", "text/html", 0},
        {"text/html/x", "text/html", 0},
    };

    (void)state;
    CHECK(rows, gim_quality_type);
}

static void weights_are_read_leniently_and_bad_ones_skip_their_element(void **state)
{
    static const struct row rows[] = {
        {"a/b;q=1", "a/b", 1000},
        {"a/b;q=1.0", "a/b", 1000},
        {"a/b;q=1.000", "a/b", 1000},
        {"a/b;q=0", "a/b", 0},
        {"a/b;q=0.000", "a/b", 0},
        {"a/b;q=0.001", "a/b", 1},
        {"a/b;q=0.999", "a/b", 999},
        {"a/b;Q=0.5", "a/b", 500},
        {"a/b ;\tq=0.5 ", "a/b", 500},
        {"a/b; q = 0.5", "a/b", 500},
        {"a/b;q=.5", "a/b", 500},
        {"a/b;q=0.", "a/b", 0},
        {"a/b;q=1.", "a/b", 1000},
        {"a/b;q=0.33333", "a/b", 333},
        {"a/b;q=0.5;ext=1", "a/b", 500},
        {"a/b;q=0.5;q=0.1", "a/b", 500},
        {"a/b;q=1.001", "a/b", 0},
        {"a/b;q=2", "a/b", 0},
        {"a/b;q=-1", "a/b", 0},
        {"a/b;q=", "a/b", 0},
        {"a/b;q", "a/b", 0},
        {"a/b;q=.", "a/b", 0},
        {"a/b;q=0,5", "a/b", 0},
        {"a/b;q=1e0", "a/b", 0},
        {"a/b;q=\"1\"", "a/b", 0},
        {"a/b;q=nan, a/*;q=0.1", "a/b", 100},
        {"a/b;q=9999999999", "a/b", 0},
    };

    (void)state;
    CHECK(rows, gim_quality_type);
}

static void identity_is_acceptable_unless_it_is_refused(void **state)
{
    static const struct row rows[] = {
        {NULL, "identity", 1000},
        {NULL, "gzip", 0},
        {"", "identity", 1000},
        {"", "gzip", 0},
        {"gzip", "gzip", 1000},
        {"gzip", "GZip", 1000},
        {"gzip", "identity", 1},
        {"gzip", "br", 0},
        {"gzip;q=0", "gzip", 0},
        {"gzip;q=0", "identity", 1},
        {"x-gzip", "gzip", 1000},
        {"gzip;q=0.5, br;q=0.8, *;q=0.1", "br", 800},
        {"gzip;q=0.5, br;q=0.8, *;q=0.1", "zstd", 100},
        {"gzip;q=0.5, br;q=0.8, *;q=0.1", "identity", 100},
        {"*", "gzip", 1000},
        {"*", "identity", 1000},
        {"*;q=0", "identity", 0},
        {"*;q=0", "gzip", 0},
        {"*;q=0, gzip", "gzip", 1000},
        {"identity;q=0", "identity", 0},
        {"identity;q=0, *", "gzip", 1000},
        {"identity;q=0.5, *;q=0", "identity", 500},
        {"identity;q=0.5, gzip;q=0.4", "gzip", 400},
        {"gzip, deflate, br, zstd", "zstd", 1000},
        {"gzip\nbr;q=0.2", "br", 200},
        {"gzip;q=foo", "gzip", 0},
    };

    (void)state;
    CHECK(rows, gim_quality_coding);
}

static void the_longest_range_decides_about_a_language(void **state)
{
    static const struct row rows[] = {
        {NULL, "en", 1000},
        {"en", "en", 1000},
        {"EN-gb", "en-GB", 1000},
        {"de", "en", 0},
        {"de", "de-CH", 1000},
        {"de", "den", 0},
        {"de-CH;q=0.8, de;q=0.2", "de-CH", 800},
        {"de;q=0.2, de-CH;q=0.8", "de-CH-1996", 800},
        {"de;q=0.2, de-CH;q=0.8", "de-AT", 200},
        {"de-CH", "de", 999},
        {"de-CH;q=0.5, de-AT;q=0.7", "de", 699},
        {"de-CH;q=0.001", "de", 1},
        {"de-CH, de;q=0", "de", 0},
        {"en, *;q=0.3", "fr", 300},
        {"fr;q=0, *;q=0.3", "fr", 0},
        {"*;q=0", "fr", 0},
        {"da, en-gb;q=0.8, en;q=0.7", "en-US", 700},
        {"", "en", 0},
    };

    (void)state;
    CHECK(rows, gim_quality_language);
}

static void the_best_of_a_list_is_the_first_of_those_wanted_most(void **state)
{
    static const gim_str codings[] = {{"zstd", 4}, {"gzip", 4}, {"identity", 8}};
    static const struct {
        const char *field;
        int want;
    } rows[] = {
        {NULL, 2},
        {"gzip, zstd", 0},
        {"gzip, zstd;q=0.9", 1},
        {"*", 0},
        {"br", 2},
        {"identity, gzip;q=0.5", 2},
        {"identity;q=0", -1},
        {"*;q=0", -1},
        {"*;q=0, gzip;q=0.1", 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gim_preferences p = {0};

        if (rows[i].field)
            gim_preferences_add(&p, gim_str_of(rows[i].field));
        assert_int_equal(gim_preferences_best(&p, gim_quality_coding, codings, 3), rows[i].want);
    }
}

static void elements_past_the_limit_do_not_count(void **state)
{
    struct gim_preferences p = {0};
    char field[16384];
    size_t n = 0;

    (void)state;
    while (n + 4 < sizeof field) {
        memcpy(field + n, "a/b,", 4);
        n += 4;
    }
    gim_preferences_add(&p, (gim_str){field, n});
    assert_int_equal(p.n, GIM_PREFERENCES_MAX);
    gim_preferences_add(&p, GIM_S("c/d"));
    assert_int_equal(p.n, GIM_PREFERENCES_MAX);
    assert_int_equal(gim_quality_type(&p, GIM_S("c/d")), 0);
    assert_int_equal(gim_quality_type(&p, GIM_S("a/b")), 1000);
}

static void all_lines_of_a_head_are_read(void **state)
{
    static const char in[] = "GET / HTTP/1.1\r\nHost: h\r\naccept: a/b;q=0.1\r\nX: y\r\n"
                             "Accept: c/d\r\n\r\n";
    struct gim_refusal why = {0};
    struct gim_preferences p;
    struct gim_head h;

    (void)state;
    assert_int_equal(gim_head_parse(&h, gim_str_of(in), 0, &(struct gim_head_limits){0}, &why),
                     sizeof in - 1);
    memset(&p, 0xff, sizeof p);
    gim_preferences_of(&p, &h, GIM_S("Accept"));
    assert_int_equal(p.n, 2);
    assert_int_equal(gim_quality_type(&p, GIM_S("a/b")), 100);
    gim_preferences_of(&p, &h, GIM_S("Accept-Language"));
    assert_false(p.given);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_most_specific_range_decides_about_a_media_type),
        cmocka_unit_test(weights_are_read_leniently_and_bad_ones_skip_their_element),
        cmocka_unit_test(identity_is_acceptable_unless_it_is_refused),
        cmocka_unit_test(the_longest_range_decides_about_a_language),
        cmocka_unit_test(the_best_of_a_list_is_the_first_of_those_wanted_most),
        cmocka_unit_test(elements_past_the_limit_do_not_count),
        cmocka_unit_test(all_lines_of_a_head_are_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
