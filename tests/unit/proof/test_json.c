/* test_json.c: the JSON report, read back by jansson. Its top members are those that
 * docs/reference/load-json.md names. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include "results.h"
#include "../../../proof/report/report.h"

static json_t *read_back(const struct load_plan *p, struct load_result *r)
{
    struct gim_buf b = {0};
    json_error_t err;
    json_t *root;

    report_json(&b, p, r);
    root = json_loadb(b.ptr, b.len, JSON_REJECT_DUPLICATES, &err);
    if (!root)
        fail_msg("%s at %d: %.*s", err.text, err.position, GIM_FMT(gim_buf_view(&b)));
    gim_buf_free(&b);
    free(r);
    return root;
}

static json_int_t int_of(json_t *root, const char *object, const char *name)
{
    json_t *v = json_object_get(json_object_get(root, object), name);

    if (!json_is_integer(v))
        fail_msg("%s.%s is no integer", object, name);
    return json_integer_value(v);
}

static void counts_and_times_come_back(void **state)
{
    struct load_plan p = results_plan();
    json_t *root = read_back(&p, results_good(200));

    (void)state;
    assert_int_equal(json_integer_value(json_object_get(root, "format")), 1);
    assert_int_equal(int_of(root, "plan", "requests"), 200);
    assert_int_equal(int_of(root, "plan", "body_bytes"), 11);
    assert_int_equal(int_of(root, "requests", "answered"), 200);
    assert_int_equal(int_of(root, "requests", "body_bytes"), 30000);
    assert_int_equal(int_of(root, "statuses", "201"), 200);
    assert_int_equal(int_of(root, "latency", "count"), 200);
    assert_int_equal(int_of(root, "latency", "min_ns"), MS);
    assert_int_equal(int_of(root, "connect", "count"), 10);
    assert_true(json_is_null(json_object_get(root, "service")));
    assert_true(json_is_false(json_object_get(root, "interrupted")));
    assert_true(json_number_value(json_object_get(root, "requests_per_s")) > 399.9);
    json_decref(root);
}

static void the_cells_add_up_and_rise(void **state)
{
    struct load_plan p = results_plan();
    json_t *root = read_back(&p, results_good(200));
    json_t *cell;
    size_t i;
    json_int_t sum = 0, last = -1;

    (void)state;
    json_array_foreach(json_object_get(json_object_get(root, "latency"), "cells"), i, cell)
    {
        assert_true(json_integer_value(json_array_get(cell, 0)) > last);
        last = json_integer_value(json_array_get(cell, 1));
        sum += json_integer_value(json_array_get(cell, 2));
    }
    assert_int_equal(sum, 200);
    json_decref(root);
}

static void a_percentile_that_is_not_known_is_null(void **state)
{
    struct load_plan p = results_plan();
    json_t *root = read_back(&p, results_good(200));
    json_t *list = json_object_get(json_object_get(root, "latency"), "percentiles");

    (void)state;
    assert_int_equal(json_array_size(list), 7);
    assert_true(json_is_integer(json_object_get(json_array_get(list, 4), "ns")));
    assert_int_equal(json_integer_value(json_object_get(json_array_get(list, 4), "confident")),
                     299);
    assert_true(json_is_null(json_object_get(json_array_get(list, 5), "ns")));
    assert_int_equal(json_integer_value(json_object_get(json_array_get(list, 5), "least")), 1000);
    json_decref(root);
}

static void hostile_texts_are_still_json(void **state)
{
    struct load_plan p = results_plan();
    struct load_result *r = results_good(0);
    json_t *root, *error;

    (void)state;
    p.url = "http://a/\"\\\x01\xff\xc3";
    p.requests = INT64_MAX;
    p.body = (gim_str){0};
    r->ended = r->started;
    r->interrupted = true;
    results_fail(r, LOAD_BAD_HTTP, 3, "Get \"x\": bad \xfe line");
    results_fail(r, LOAD_RESET, 1, NULL);
    root = read_back(&p, r);
    assert_true(json_is_null(json_object_get(json_object_get(root, "plan"), "requests")));
    assert_true(json_is_null(json_object_get(root, "latency")));
    assert_int_equal(json_array_size(json_object_get(root, "errors")), 2);
    error = json_array_get(json_object_get(root, "errors"), 1);
    assert_string_equal(json_string_value(json_object_get(error, "first")),
                        "Get \"x\": bad ? line");
    assert_int_equal(json_array_size(json_object_get(root, "notes")), 1);
    json_decref(root);
}

static void the_page_names_every_member(void **state)
{
    static char page[1 << 20];
    struct load_plan p = results_plan();
    json_t *root = read_back(&p, results_good(200));
    FILE *in = fopen(PAGE, "re");
    const char *name;
    json_t *value;

    (void)state;
    assert_non_null(in);
    page[fread(page, 1, sizeof page - 1, in)] = '\0';
    fclose(in);
    json_object_foreach(root, name, value)
    {
        const char *inner;
        json_t *unused;
        char quoted[64];

        snprintf(quoted, sizeof quoted, "`%s", name);
        if (!strstr(page, quoted))
            fail_msg("docs/reference/load-json.md does not name %s", name);
        if (strcmp(name, "statuses") == 0)
            continue;
        json_object_foreach(value, inner, unused)
        {
            snprintf(quoted, sizeof quoted, "`%s`", inner);
            if (!strstr(page, quoted))
                fail_msg("docs/reference/load-json.md does not name %s of %s", inner, name);
        }
    }
    json_decref(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_and_times_come_back),
        cmocka_unit_test(the_cells_add_up_and_rise),
        cmocka_unit_test(a_percentile_that_is_not_known_is_null),
        cmocka_unit_test(hostile_texts_are_still_json),
        cmocka_unit_test(the_page_names_every_member),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
