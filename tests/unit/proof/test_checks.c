/* test_checks.c: --fail-if on one result. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include "results.h"
#include "../../../proof/load/checks.h"
#include "../../../proof/load/limit.h"

/* 200 successes of 1.0 to 20.9 ms, 2 errors, half a second. */
static const struct {
    const char *limit;
    const char *says; /* NULL: passes */
} rows[] = {
    {"p99>30ms", NULL},       {"p99>5ms", "20.7 ms"},
    {"p50<1ms", NULL},        {"p50<1s", "10.9 ms"},
    {"mean>10ms", "10.9 ms"}, /* 10.95, rounded to even by the machine */
    {"mean>11ms", NULL},      {"max>20ms", "20.9 ms"},
    {"max>21ms", NULL},       {"errors>0", "2"},
    {"errors>1", "2"},        {"errors>2", NULL},
    {"error_rate>1%", NULL},  {"error_rate>0.9%", "0.9901%"},
    {"rate<404", NULL},       {"rate<405", "404.0/s"},
    {"rate>1", "404.0/s"},
};

static size_t check(const char *limit, const struct load_result *r, struct gim_buf *out)
{
    struct load_plan p = results_plan();
    struct plan_limit l;
    char why[100];
    size_t failed;

    assert_int_equal(limit_parse(limit, &l, why, sizeof why), 0);
    p.limits = &l;
    p.n_limits = 1;
    out->len = 0;
    failed = checks_run(out, &p, r);
    gim_buf_char(out, '\0');
    return failed;
}

static void each_limit_is_judged(void **state)
{
    struct load_result *r = results_good(200);
    struct gim_buf out = {0};

    (void)state;
    results_fail(r, LOAD_TIMEOUT, 2, NULL);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char expected[100] = "";

        if (rows[i].says)
            snprintf(expected, sizeof expected, "proof load: --fail-if '%s': %s\n", rows[i].limit,
                     rows[i].says);
        assert_int_equal(check(rows[i].limit, r, &out), rows[i].says != NULL);
        assert_string_equal(out.ptr, expected);
    }
    gim_buf_free(&out);
    free(r);
}

static void without_a_success_no_latency_holds(void **state)
{
    static const char *const limits[] = {"p99>1h", "p99<1ns", "mean>1h", "max>1h",
                                         "error_rate>100%"};
    struct load_result *r = results_good(0);
    struct gim_buf out = {0};

    (void)state;
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        assert_int_equal(check(limits[i], r, &out), 1);
        assert_non_null(strstr(out.ptr, "nothing succeeded, so it cannot be judged\n"));
    }
    gim_buf_free(&out);
    free(r);
}

static void few_successes_are_judged_by_the_slowest(void **state)
{
    struct load_result *r = results_good(10);
    struct gim_buf out = {0};

    (void)state;
    assert_int_equal(check("p99>1.8ms", r, &out), 1);
    assert_int_equal(check("p99>1.9ms", r, &out), 0);
    gim_buf_free(&out);
    free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_limit_is_judged),
        cmocka_unit_test(without_a_success_no_latency_holds),
        cmocka_unit_test(few_successes_are_judged_by_the_slowest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
