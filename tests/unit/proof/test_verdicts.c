/* test_verdicts.c: look-ups, verdicts of a whole comparison, their words and figures. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include "../../../proof/compare/verdicts.h"
#include "sample_results.h"

static void services_metrics_and_references_are_found(void **state)
{
    struct compare_results r;

    (void)state;
    sample_results(&r, 1);
    assert_int_equal(results_metric(&r, GIM_S("rss.start")), 2);
    assert_int_equal(results_metric(&r, GIM_S("rss")), -1);
    assert_int_equal(results_service(&r, GIM_S("gin")), 2);
    assert_int_equal(results_service(&r, GIM_S("")), -1);
    assert_int_equal(results_reference(&r, 2), 0);
    assert_int_equal(results_reference(&r, 5), 4);
    r.services[0].state = RESULTS_FAILED;
    assert_int_equal(results_reference(&r, 2), -1);
    r.services[0].reference = false; /* nobody named: the first original */
    r.services[0].state = RESULTS_RAN;
    assert_int_equal(results_reference(&r, 1), 0);
    results_free(&r);
}

static void texts_and_warnings_are_copied(void **state)
{
    struct compare_results r = {.title = {0}};
    char name[] = "posts", large[600];

    (void)state;
    for (int i = 0; i < 100; i++)
        results_warn(&r, "errors", gim_str_of(name), GIM_S(""), i, "%d of %s", i, name);
    name[0] = '?';
    assert_int_equal(r.n_warnings, 100);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(r.warnings[i].round, i);
        assert_true(gim_str_eq(r.warnings[i].service, GIM_S("posts")));
        assert_true(gim_str_eq(r.warnings[i].code, GIM_S("errors")));
    }
    assert_string_equal(r.warnings[99].text.ptr, "99 of posts");
    memset(large, 'x', sizeof large - 1);
    large[sizeof large - 1] = '\0';
    assert_string_equal(results_text(&r, "%s", large).ptr, large);
    assert_int_equal(results_text(&r, "%s", large).len, 599);
    assert_int_equal(results_text(&r, "%s", "").len, 0);
    results_free(&r);
    assert_null(r.warnings);
}

static void a_copy_is_no_difference_and_a_slow_service_is_slower(void **state)
{
    struct compare_results r;
    struct verdicts v;
    int called = 0, same = 0;

    (void)state;
    sample_results(&r, 1);
    verdicts_make(&v, &r);
    for (size_t m = 0; m < r.n_metrics; m++) {
        const struct verdict *copy = verdict_of(&v, 1, m), *gin = verdict_of(&v, 2, m);

        called += copy->word == STATS_LESS || copy->word == STATS_MORE;
        same += copy->word == STATS_SAME;
        assert_int_equal(verdict_of(&v, 0, m)->word, STATS_REFERENCE);
        assert_int_equal(verdict_of(&v, 3, m)->word, STATS_NONE);
        assert_int_equal(verdict_of(&v, 5, m)->word, STATS_NONE);
        assert_int_equal(gin->word, r.metrics[m].higher_is_better ? STATS_LESS : STATS_MORE);
        assert_true(verdict_of(&v, 0, m)->best);
        assert_false(copy->best || gin->best || verdict_of(&v, 4, m)->best);
    }
    assert_int_equal(called, 0);
    assert_true(same >= 6); /* the sizes, at least */
    assert_true(v.noise_floor > 0.01 && v.noise_floor < 0.06);
    assert_int_equal(verdict_of(&v, 2, 5)->summary.outliers, 1);
    assert_true(verdict_of(&v, 2, 5)->summary.outlier[3]);
    assert_int_equal(verdict_of(&v, 2, 20)->summary.n, 9);
    assert_int_equal(verdict_of(&v, 2, 20)->ratio.n, 9);
    verdicts_free(&v);
    results_free(&r);
}

static void holm_is_over_the_group_of_the_metric(void **state)
{
    struct compare_results r;
    struct verdicts v;

    (void)state;
    sample_results(&r, 2);
    verdicts_make(&v, &r);
    for (size_t m = 0; m < r.n_metrics; m++) {
        const struct verdict *copy = verdict_of(&v, 1, m), *gin = verdict_of(&v, 2, m);

        /* two comparisons: gin's is the smaller p, the copy's stays */
        assert_true(fabs(gin->adjusted_p - 2 * gin->ratio.p) <= 1e-12);
        assert_true(fabs(copy->adjusted_p - copy->ratio.p) <= 1e-12);
        assert_true(isnan(verdict_of(&v, 0, m)->adjusted_p));
        assert_true(isnan(verdict_of(&v, 4, m)->adjusted_p));
    }
    verdicts_free(&v);
    results_free(&r);
}

static void without_a_reference_there_are_figures_and_no_words(void **state)
{
    struct compare_results r;
    struct verdicts v;

    (void)state;
    sample_results(&r, 1);
    r.services[0].state = RESULTS_FAILED;
    for (size_t m = 0; m < r.n_metrics; m++) {
        for (int i = 0; i < r.rounds; i++)
            results_at(&r, 0, m)[i] = NAN;
    }
    r.services[1].control_of = (gim_str){0};
    verdicts_make(&v, &r);
    assert_int_equal(verdict_of(&v, 2, 0)->summary.n, 10);
    assert_int_equal(verdict_of(&v, 2, 0)->word, STATS_NONE);
    assert_true(isnan(verdict_of(&v, 2, 0)->ratio.ratio));
    assert_true(isnan(v.noise_floor));
    verdicts_free(&v);
    r.n_services = 0;
    verdicts_make(&v, &r);
    verdicts_free(&v);
    results_free(&r);
}

static void words_are_of_the_metrics_kind(void **state)
{
    static const struct {
        const char *id;
        enum results_unit unit;
        bool higher;
        enum stats_word word;
        int more;
        const char *text;
    } rows[] = {
        {"p99.c64", RESULTS_NS, false, STATS_LESS, 0, "faster"},
        {"p99.c64", RESULTS_NS, false, STATS_MORE, 0, "slower"},
        {"rps.c64", RESULTS_PER_SECOND, true, STATS_MORE, 0, "faster"},
        {"rps.c64", RESULTS_PER_SECOND, true, STATS_LESS, 0, "slower"},
        {"rss.start", RESULTS_BYTES, false, STATS_LESS, 0, "less"},
        {"rss.start", RESULTS_BYTES, false, STATS_MORE, 0, "more"},
        {"cpu_per_request.c1", RESULTS_NS, false, STATS_LESS, 0, "less"},
        {"cpu_per_request.c1", RESULTS_NS, false, STATS_SAME, 0, "no practical difference"},
        {"first", RESULTS_NS, false, STATS_UNDECIDED, 24, "undecided, about 24 rounds"},
        {"first", RESULTS_NS, false, STATS_UNDECIDED, 201, "undecided, over 200 rounds"},
        {"first", RESULTS_NS, false, STATS_UNDECIDED, 0, "undecided"},
        {"first", RESULTS_NS, false, STATS_REFERENCE, 0, "reference"},
        {"first", RESULTS_NS, false, STATS_NONE, 0, "no figures"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct results_metric m = {
            .id = gim_str_of(rows[i].id), .unit = rows[i].unit, .higher_is_better = rows[i].higher};
        struct verdict v = {.word = rows[i].word, .more_rounds = rows[i].more};
        struct gim_buf b = {0};

        verdict_words(&b, &v, &m);
        gim_buf_char(&b, '\0');
        assert_string_equal(b.ptr, rows[i].text);
        gim_buf_free(&b);
    }
}

static void figures_have_three_digits_and_a_unit(void **state)
{
    static const struct {
        double value;
        enum results_unit unit;
        const char *text;
    } rows[] = {
        {12345, RESULTS_NS, "12.3 us"},
        {4.1e6, RESULTS_NS, "4.10 ms"},
        {912, RESULTS_NS, "912 ns"},
        {999.9, RESULTS_NS, "1.00 us"},
        {999.4, RESULTS_NS, "999 ns"},
        {99.96, RESULTS_NS, "100 ns"},
        {999600, RESULTS_NS, "1.00 ms"},
        {7.5e10, RESULTS_NS, "75.0 s"},
        {3.2e12, RESULTS_NS, "3200 s"},
        {0, RESULTS_NS, "0 ns"},
        {1310720, RESULTS_BYTES, "1.31 MB"},
        {288, RESULTS_BYTES, "288 B"},
        {-1536, RESULTS_BYTES, "-1.54 kB"},
        {2.5e9, RESULTS_BYTES, "2.50 GB"},
        {56234, RESULTS_PER_SECOND, "56,200/s"},
        {1234567, RESULTS_PER_SECOND, "1,230,000/s"},
        {12.34, RESULTS_PER_SECOND, "12.3/s"},
        {999.9, RESULTS_PER_SECOND, "1,000/s"},
        {0.5, RESULTS_PER_SECOND, "0.5/s"},
        {42, RESULTS_COUNT, "42"},
        {NAN, RESULTS_NS, "-"},
        {INFINITY, RESULTS_BYTES, "-"},
        {1e300, RESULTS_COUNT, "1e+300"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct gim_buf b = {0};

        verdict_figure(&b, rows[i].value, rows[i].unit);
        gim_buf_char(&b, '\0');
        assert_string_equal(b.ptr, rows[i].text);
        gim_buf_free(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(services_metrics_and_references_are_found),
        cmocka_unit_test(texts_and_warnings_are_copied),
        cmocka_unit_test(a_copy_is_no_difference_and_a_slow_service_is_slower),
        cmocka_unit_test(holm_is_over_the_group_of_the_metric),
        cmocka_unit_test(without_a_reference_there_are_figures_and_no_words),
        cmocka_unit_test(words_are_of_the_metrics_kind),
        cmocka_unit_test(figures_have_three_digits_and_a_unit),
    };

    return cmocka_run_group_tests_name("verdicts", tests, NULL, NULL);
}
