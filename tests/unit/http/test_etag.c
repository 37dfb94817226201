/* test_etag.c: conditions, in the order of RFC 9110 §13.2.2. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include "../../../gimlet/http/etag.h"
#include "guard.h"

#define MODIFIED 784111777 /* Sun, 06 Nov 1994 08:49:37 GMT */
#define SAME " Sun, 06 Nov 1994 08:49:37 GMT\r\n"
#define BEFORE " Sun, 06 Nov 1994 08:49:36 GMT\r\n"
#define AFTER " Sun, 06 Nov 1994 08:49:38 GMT\r\n"

struct row {
    int get, put, none; /* the answer to GET and PUT of a resource "v1", and to PUT of none */
    const char *fields;
};

static int ask(const char *method, const char *fields, gim_str etag, int64_t modified)
{
    static const struct gim_head_limits limits = {0, 0};
    static const char *const suffixes[] = {"-gzip", "-zstd", NULL};
    struct gim_validators now = {etag, modified, suffixes};
    struct gim_refusal why = {0};
    struct gim_head h;
    char in[1000], *copy;
    int n = snprintf(in, sizeof in, "%s / HTTP/1.1\r\nHost: h\r\n%s\r\n", method, fields);
    int result;

    copy = guard_copy(in, (size_t)n);
    assert_int_equal(gim_head_parse(&h, (gim_str){copy, (size_t)n}, 0, &limits, &why), n);
    result = gim_conditions(&h, &now);
    guard_free(copy, (size_t)n);
    return result;
}

static void conditions_follow_their_order(void **state)
{
    static const struct row rows[] = {
        {0, 0, 0, ""},
        /* If-Match: strong comparison */
        {0, 0, 412, "If-Match: \"v1\"\r\n"},
        {412, 412, 412, "If-Match: \"v2\"\r\n"},
        {412, 412, 412, "If-Match: W/\"v1\"\r\n"},
        {0, 0, 412, "If-Match: \"v2\" , \"v1\"\r\n"},
        {0, 0, 412, "If-Match: W/\"v1\", \"v1\"\r\n"},
        {0, 0, 412, "If-Match: ,, \"v1\",\r\n"},
        {0, 0, 412, "If-Match: *\r\n"},
        {412, 412, 412, "If-Match:\r\n"},
        {412, 412, 412, "If-Match: v1\r\n"},
        {412, 412, 412, "If-Match: \"v1\r\n"},
        {412, 412, 412, "If-Match: \"v1\" \"v1\"\r\n"},
        {412, 412, 412, "If-Match: \"v1\", nonsense\r\n"},
        {412, 412, 412, "If-Match: \"v1\", *\r\n"},
        {412, 412, 412, "If-Match: w/\"v1\"\r\n"},
        {412, 412, 412, "If-Match: \"v 1\"\r\n"},
        /* the tags of compressed copies stand for it, no others */
        {0, 0, 412, "If-Match: \"v1-gzip\"\r\n"},
        {0, 0, 412, "If-Match: \"v2\", \"v1-zstd\"\r\n"},
        {412, 412, 412, "If-Match: W/\"v1-gzip\"\r\n"},
        {412, 412, 412, "If-Match: \"v1-gzi\"\r\n"},
        {412, 412, 412, "If-Match: \"v1-gzip-gzip\"\r\n"},
        {412, 412, 412, "If-Match: \"-gzip\"\r\n"},
        {412, 412, 412, "If-Match: \"v12-gzip\"\r\n"},
        {304, 412, 0, "If-None-Match: \"v1-gzip\"\r\n"},
        /* If-Unmodified-Since: only without If-Match, only with a date */
        {0, 0, 0, "If-Unmodified-Since:" SAME},
        {0, 0, 0, "If-Unmodified-Since:" AFTER},
        {412, 412, 0, "If-Unmodified-Since:" BEFORE},
        {0, 0, 0, "If-Unmodified-Since: yesterday\r\n"},
        {0, 0, 412, "If-Match: \"v1\"\r\nIf-Unmodified-Since:" BEFORE},
        {412, 412, 412, "If-Match: \"v2\"\r\nIf-Unmodified-Since:" AFTER},
        /* If-None-Match: weak comparison */
        {304, 412, 0, "If-None-Match: \"v1\"\r\n"},
        {304, 412, 0, "If-None-Match: W/\"v1\"\r\n"},
        {304, 412, 0, "If-None-Match: \"v2\",W/\"v1\"\r\n"},
        {304, 412, 0, "If-None-Match: \"v2\"\r\nIf-None-Match: \"v1\"\r\n"},
        {304, 412, 0, "If-None-Match: *\r\n"},
        {0, 0, 0, "If-None-Match: \"v2\"\r\n"},
        {0, 0, 0, "If-None-Match: v1\r\n"},
        {0, 0, 0, "If-None-Match: \"v1\"\r\nIf-None-Match: x\r\n"},
        {0, 0, 0, "If-None-Match: \"v1\"\r\nIf-None-Match: *\r\n"},
        /* If-Modified-Since: GET and HEAD only, only without If-None-Match */
        {304, 0, 0, "If-Modified-Since:" SAME},
        {304, 0, 0, "If-Modified-Since:" AFTER},
        {0, 0, 0, "If-Modified-Since:" BEFORE},
        {0, 0, 0, "If-Modified-Since: tomorrow\r\n"},
        {0, 0, 0, "If-None-Match: \"v2\"\r\nIf-Modified-Since:" SAME},
        {304, 412, 0, "If-None-Match: \"v1\"\r\nIf-Modified-Since:" BEFORE},
        /* If-Match true, then If-None-Match; false, and it ends there */
        {304, 412, 412, "If-Match: \"v1\"\r\nIf-None-Match: \"v1\"\r\n"},
        {412, 412, 412, "If-Match: \"v2\"\r\nIf-None-Match: \"v1\"\r\n"},
        {304, 0, 412, "If-Match: \"v1\"\r\nIf-Modified-Since:" SAME},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct row *r = &rows[i];
        int get = ask("GET", r->fields, GIM_S("v1"), MODIFIED);
        int put = ask("PUT", r->fields, GIM_S("v1"), MODIFIED);
        int none = ask("PUT", r->fields, (gim_str){0}, 0);

        if (get != r->get || put != r->put || none != r->none)
            fail_msg("%s: GET %d, PUT %d, PUT of none %d", r->fields, get, put, none);
        assert_int_equal(ask("HEAD", r->fields, GIM_S("v1"), MODIFIED), r->get);
    }
}

static void dates_do_not_count_when_ours_is_not_known(void **state)
{
    (void)state;
    assert_int_equal(ask("GET", "If-Modified-Since:" AFTER, GIM_S("v1"), 0), 0);
    assert_int_equal(ask("PUT", "If-Unmodified-Since:" BEFORE, GIM_S("v1"), 0), 0);
}

static void the_empty_tag_is_a_tag(void **state)
{
    (void)state;
    assert_int_equal(ask("PUT", "If-Match: \"\"\r\n", GIM_S(""), 0), 0);
    assert_int_equal(ask("PUT", "If-Match: \"\"\r\n", GIM_S("v1"), 0), 412);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conditions_follow_their_order),
        cmocka_unit_test(dates_do_not_count_when_ours_is_not_known),
        cmocka_unit_test(the_empty_tag_is_a_tag),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
