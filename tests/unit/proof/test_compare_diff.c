/* test_compare_diff.c: two runs of one plan, and limits on what changed. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include "told.h"

/* ---- limits ---------------------------------------------------------------------------------- */

static void a_limit_is_a_metric_a_sign_and_a_value(void **state)
{
    static const struct {
        const char *text, *service, *metric;
        bool above, relative;
        double value;
        enum compare_limit_unit unit;
    } rows[] = {
        {"posts.cpu_per_request.c64 > 1.05x", "posts", "cpu_per_request.c64", true, true, 1.05,
         LIMIT_RELATIVE},
        {"posts.p99.open50>5ms", "posts", "p99.open50", true, false, 5e6, LIMIT_TIME},
        {" gin.rss.start > 2 MB ", "gin", "rss.start", true, false, 2e6, LIMIT_BYTES},
        {"gin.rss.start>1MiB", "gin", "rss.start", true, false, 1048576, LIMIT_BYTES},
        {"a.first > 20us", "a", "first", true, false, 20e3, LIMIT_TIME},
        {"a.rps.c1 < 1000", "a", "rps.c1", false, false, 1000, LIMIT_PLAIN},
        {"a.rps.c1<1e4/s", "a", "rps.c1", false, false, 1e4, LIMIT_PLAIN},
    };
    struct compare_limit l;
    char err[400];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (compare_limit_read(&l, rows[i].text, err, sizeof err))
            fail_msg("%s: %s", rows[i].text, err);
        assert_true(gim_str_eq(l.service, gim_str_of(rows[i].service)));
        assert_true(gim_str_eq(l.metric, gim_str_of(rows[i].metric)));
        assert_int_equal(l.above, rows[i].above);
        assert_int_equal(l.relative, rows[i].relative);
        assert_true(fabs(l.value - rows[i].value) < 1e-9 * rows[i].value);
        assert_int_equal(l.unit, rows[i].unit);
    }
}

static void what_is_no_limit_is_told(void **state)
{
    static const struct {
        const char *text, *says;
    } rows[] = {
        {"", "there is no > or <"},
        {"posts.p99", "there is no > or <"},
        {"posts > 1.05x", "there is no SERVICE.METRIC"},
        {".p99 > 1x", "there is no SERVICE.METRIC"},
        {"posts. > 1x", "there is no SERVICE.METRIC"},
        {"posts.p99 >", "the value cannot be read"},
        {"posts.p99 > x", "the value cannot be read"},
        {"posts.p99 > 5 parsecs", "the value cannot be read"},
        {"posts.p99 > -1x", "the value cannot be read"},
        {"posts.p99 > 1x > 2x", "the value cannot be read"},
        {"posts.p99 > 1e999x", "the value cannot be read"},
        {"posts.0123456789012345678901234567890123456789012345678901234567890123456789"
         "01234567890123456789 > 1x",
         "it is longer than 95 characters"},
    };
    struct compare_limit l;
    char err[400];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(compare_limit_read(&l, rows[i].text, err, sizeof err), -1);
        if (!strstr(err, rows[i].says) || !strstr(err, "such as"))
            fail_msg("'%s': expected '%s', got '%s'", rows[i].text, rows[i].says, err);
    }
}

/* ---- diffs ----------------------------------------------------------------------------------- */

struct runs {
    struct told old, now;
    int failed;
};

static void open_runs(struct runs *r)
{
    told_open(&r->old);
    told_open(&r->now);
}

static void diff(struct runs *r, const char *const *texts, size_t n)
{
    struct compare_limit limits[4];
    char err[400];

    for (size_t i = 0; i < n; i++)
        assert_int_equal(compare_limit_read(&limits[i], texts[i], err, sizeof err), 0);
    r->failed = compare_diff(&r->now.text, &r->old.results, &r->now.results, limits, n, false);
    gim_buf_char(&r->now.text, '\0');
}

static void close_runs(struct runs *r)
{
    told_close(&r->old);
    told_close(&r->now);
}

static void the_same_run_twice_is_no_difference(void **state)
{
    struct runs r;

    (void)state;
    open_runs(&r);
    for (int i = 0; i < 2; i++)
        told_set(i ? &r.now : &r.old, "posts", "rss.start", 1e6);
    diff(&r, NULL, 0);
    assert_int_equal(r.failed, 0);
    told_see(&r.now, "\n  rss.start ");
    told_see(&r.now, "1.00-1.00      same\n");
    told_see_not(&r.now, "Not the same in both runs");
    told_see_not(&r.now, "faster");
    told_see_not(&r.now, "rocket"); /* no figures */
    close_runs(&r);
}

static void what_became_slower_is_told(void **state)
{
    struct runs r;

    (void)state;
    open_runs(&r);
    told_set(&r.old, "posts", "first", 1e6);
    told_set(&r.now, "posts", "first", 1.5e6);
    diff(&r, NULL, 0);
    told_see(&r.now, "1.00 ms");
    told_see(&r.now, "1.51 ms");
    told_see(&r.now, "1.50-1.50      slower\n");
    close_runs(&r);
}

/* ln of the figures: five times -0.1 and five times 0.1, so Welch's t has 18 degrees of freedom. */
static void set_spread(struct told *t, double value)
{
    told_set(t, "posts", "first", value);
    for (int i = 0; i < SAMPLE_ROUNDS; i++)
        results_at(&t->results, 0, (size_t)results_metric(&t->results, GIM_S("first")))[i] =
            value * exp(i % 2 ? 0.1 : -0.1);
}

static void the_interval_is_welchs(void **state)
{
    struct runs r;

    (void)state;
    open_runs(&r);
    set_spread(&r.old, 1e6);
    set_spread(&r.now, 2e6);
    diff(&r, NULL, 0);
    told_see(&r.now, "   2.00  1.81-2.21      slower\n"); /* 2 exp(2.101 * 0.0471) */
    close_runs(&r);
}

static void every_line_of_a_diff_fits_80_columns(void **state)
{
    struct runs r;
    gim_str rest;

    (void)state;
    open_runs(&r);
    told_set(&r.now, "posts", "first", 1.5e6);
    r.now.results.host[0].value = GIM_S("another processor with a name that is rather long, twice "
                                        "as long as the one that was there before it");
    diff(&r, NULL, 0);
    for (rest = (gim_str){r.now.text.ptr, r.now.text.len - 1}; rest.len;) {
        gim_str line = gim_str_cut(&rest, '\n');

        if (table_width(line) > 80)
            fail_msg("%.*s", GIM_FMT(line));
    }
    close_runs(&r);
}

static void what_differs_between_the_runs_is_listed(void **state)
{
    struct runs r;

    (void)state;
    open_runs(&r);
    r.now.results.quick = true;
    r.now.results.services[2].name = GIM_S("gin2");
    r.now.results.host[2].value = GIM_S("Linux 7.0");
    diff(&r, NULL, 0);
    told_see(&r.now, "\n- one of the runs was quick");
    told_see(&r.now, "\n- gin is in the old run only\n");
    told_see(&r.now, "\n- gin2 is in the new run only\n");
    told_see(&r.now, "\n- kernel was Linux 6.12.48, is Linux 7.0\n");
    close_runs(&r);
}

static void limits_pass_and_fail(void **state)
{
    static const char *const texts[] = {"posts.first > 1.05x", "posts.first > 2ms",
                                        "posts.first < 1.6x", "posts.first > 1.4ms"};
    struct runs r;

    (void)state;
    open_runs(&r);
    told_set(&r.old, "posts", "first", 1e6);
    told_set(&r.now, "posts", "first", 1.5e6);
    diff(&r, texts, 4);
    assert_int_equal(r.failed, 3);
    told_see(&r.now, "\nFAILED posts.first > 1.05x: first is 1.50x\n");
    told_see(&r.now, "\npassed posts.first > 2ms: first is 1.51 ms\n");
    told_see(&r.now, "\nFAILED posts.first < 1.6x: first is 1.50x\n");
    close_runs(&r);
}

static void a_limit_on_a_family_looks_at_all_of_it(void **state)
{
    static const char *const texts[] = {"posts.p99 > 1.5x", "posts.p99.c > 1.5x"};
    struct runs r;

    (void)state;
    open_runs(&r);
    told_set(&r.old, "posts", "p99.c64", 1e6);
    told_set(&r.now, "posts", "p99.c64", 3e6);
    diff(&r, texts, 1);
    assert_int_equal(r.failed, 1);
    told_see(&r.now, "\npassed posts.p99 > 1.5x: p99.c1 is 1.00x\n");
    told_see(&r.now, "\nFAILED posts.p99 > 1.5x: p99.c64 is 3.00x\n");
    diff(&r, texts + 1, 1); /* a name stops at a dot */
    assert_int_equal(r.failed, -1);
    close_runs(&r);
}

static void what_was_not_measured_does_not_pass(void **state)
{
    static const char *const texts[] = {"rocket.first > 1.05x", "rocket.first < 1ms"};
    struct runs r;

    (void)state;
    open_runs(&r);
    diff(&r, texts, 2);
    assert_int_equal(r.failed, 2);
    told_see(&r.now, "\nFAILED rocket.first > 1.05x: first was not measured\n");
    close_runs(&r);
}

static void a_limit_on_nothing_is_a_mistake(void **state)
{
    static const struct {
        const char *text, *says;
    } rows[] = {
        {"nobody.first > 1x", "the new run has no service 'nobody'"},
        {"posts.second > 1x", "the new run has no metric 'second'"},
        {"posts.first > 2MB", "the value has another unit than first"},
        {"posts.rss.start > 2ms", "the value has another unit than rss.start"},
    };
    struct runs r;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        open_runs(&r);
        diff(&r, &rows[i].text, 1);
        assert_int_equal(r.failed, -1);
        told_see(&r.now, rows[i].says);
        close_runs(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_limit_is_a_metric_a_sign_and_a_value),
        cmocka_unit_test(what_is_no_limit_is_told),
        cmocka_unit_test(the_same_run_twice_is_no_difference),
        cmocka_unit_test(what_became_slower_is_told),
        cmocka_unit_test(the_interval_is_welchs),
        cmocka_unit_test(every_line_of_a_diff_fits_80_columns),
        cmocka_unit_test(what_differs_between_the_runs_is_listed),
        cmocka_unit_test(limits_pass_and_fail),
        cmocka_unit_test(a_limit_on_a_family_looks_at_all_of_it),
        cmocka_unit_test(what_was_not_measured_does_not_pass),
        cmocka_unit_test(a_limit_on_nothing_is_a_mistake),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
