/* test_stats.c: the statistics: against published tables, and against simulations whose truth is
 * known. The simulations are seeded: they pass or fail, never now and then. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>
#include "../../../proof/stats/stats.h"

#define NEAR(got, wanted, by)                                                                      \
    do {                                                                                           \
        double got_ = (got), wanted_ = (wanted);                                                   \
        if (!(fabs(got_ - wanted_) <= (by)))                                                       \
            fail_msg("line %d: %.10g, expected %.10g", __LINE__, got_, wanted_);                   \
    } while (0)

static void quantiles_are_those_of_the_tables(void **state)
{
    static const struct {
        double level;
        int df;
        double t;
    } rows[] = {
        {0.95, 1, 12.7062047}, {0.95, 2, 4.3026527},   {0.95, 5, 2.5705818},  {0.95, 9, 2.2621572},
        {0.95, 29, 2.0452296}, {0.95, 199, 1.9719565}, {0.90, 5, 2.0150484},  {0.90, 9, 1.8331129},
        {0.99, 9, 3.2498355},  {0.99, 1, 63.6567412},  {0.999, 9, 4.7809126}, {0.50, 9, 0.7027221},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        NEAR(stats_t_quantile(rows[i].level, rows[i].df), rows[i].t, 1e-6);
        NEAR(stats_t_p(rows[i].t, rows[i].df), 1 - rows[i].level, 1e-7);
        NEAR(stats_t_p(-rows[i].t, rows[i].df), 1 - rows[i].level, 1e-7);
    }
    NEAR(stats_t_p(0, 9), 1, 0);
    NEAR(stats_t_p(INFINITY, 9), 0, 0);
    assert_true(stats_t_p(1e6, 9) < 1e-40 && stats_t_p(1e6, 9) > 0);
    assert_true(isnan(stats_t_quantile(0.95, 0)) && isnan(stats_t_quantile(1, 9)));
    assert_true(isnan(stats_t_p(NAN, 9)) && isnan(stats_t_p(1, 0)));
}

static void the_interval_of_the_median_takes_the_ranks_of_its_level(void **state)
{
    static const struct {
        int n, low, high; /* ranks, from 1 */
        double level;
    } rows[] = {{6, 1, 6, 0.96875},     {7, 1, 7, 0.984375},     {8, 1, 8, 0.9921875},
                {9, 2, 8, 0.9609375},   {10, 2, 9, 0.978516},    {20, 6, 15, 0.958611},
                {50, 18, 33, 0.967161}, {200, 86, 115, 0.959963}};
    struct stats_summary s;
    double x[STATS_ROUNDS_MAX];

    (void)state;
    for (int i = 0; i < STATS_ROUNDS_MAX; i++)
        x[i] = (i * 77) % STATS_ROUNDS_MAX; /* 77 and 200 share no factor */
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        double y[STATS_ROUNDS_MAX];
        int n = 0;

        for (int k = 0; k < STATS_ROUNDS_MAX; k++) {
            if (x[k] < rows[i].n)
                y[n++] = x[k] + 1;
        }
        stats_summarise(&s, y, n);
        assert_int_equal(s.n, rows[i].n);
        NEAR(s.low, rows[i].low, 0);
        NEAR(s.high, rows[i].high, 0);
        NEAR(s.level, rows[i].level, 1e-4);
        NEAR(s.median, (rows[i].n + 1) / 2.0, 0);
    }
    stats_summarise(&s, x, 5);
    assert_true(isnan(s.low) && isnan(s.high) && isnan(s.level));
}

static void a_summary_leaves_out_rounds_without_a_figure(void **state)
{
    static const double x[] = {NAN, 4, 2, NAN, 6};
    struct stats_summary s;

    (void)state;
    stats_summarise(&s, x, 5);
    assert_int_equal(s.n, 3);
    NEAR(s.median, 4, 0);
    NEAR(s.mean, 4, 0);
    NEAR(s.min, 2, 0);
    NEAR(s.max, 6, 0);
    NEAR(s.cv, 0.5, 1e-12);
    stats_summarise(&s, x, 1);
    assert_int_equal(s.n, 0);
    assert_true(isnan(s.median) && isnan(s.mean) && isnan(s.min) && isnan(s.max) && isnan(s.cv));
    stats_summarise(&s, x, 0);
    assert_int_equal(s.n, 0);
}

static void outliers_are_marked_and_kept(void **state)
{
    double x[] = {10, 10.2, 9.9, 10.1, 30, 9.8, 10, NAN, 10.1, 10};
    static const double pages[] = {1000, 1000, 1000, 1004, 1000, 1000};
    struct stats_summary s;

    (void)state;
    stats_summarise(&s, x, 10);
    assert_int_equal(s.outliers, 1);
    assert_true(s.outlier[4]);
    NEAR(s.max, 30, 0);
    x[4] = 10.3;
    stats_summarise(&s, x, 10);
    assert_int_equal(s.outliers, 0);
    stats_summarise(&s, pages, 6); /* no spread, and one page more */
    assert_int_equal(s.outliers, 0);
}

static void a_trend_is_seen_through_noise_and_not_in_noise(void **state)
{
    uint64_t random = 7;
    struct stats_summary s;
    double x[10];
    int seen = 0, imagined = 0;

    (void)state;
    for (int run = 0; run < 500; run++) {
        for (int i = 0; i < 10; i++)
            x[i] = 100 * exp(0.02 * i + 0.02 * stats_normal(&random));
        stats_summarise(&s, x, 10);
        seen += s.trend && s.trend_percent > 0.5 && s.trend_percent < 3.5;
        for (int i = 0; i < 10; i++)
            x[i] = 100 * exp(0.02 * stats_normal(&random));
        stats_summarise(&s, x, 10);
        imagined += s.trend;
    }
    assert_in_range(seen, 475, 500);
    assert_in_range(imagined, 0, 12);
    for (int i = 0; i < 10; i++)
        x[i] = 4096 * (1 + 1e-5 * i); /* certain, and of no account */
    stats_summarise(&s, x, 10);
    assert_false(s.trend);
    for (int i = 0; i < 10; i++)
        x[i] = 4096 * pow(1.01, i);
    stats_summarise(&s, x, 10);
    assert_true(s.trend);
    NEAR(s.trend_percent, 1, 1e-6);
}

/* A round of both: 8 % of drift that they share, 3 % of noise each has for itself. */
static void simulate(double *a, double *b, int rounds, double ratio, uint64_t *random)
{
    for (int i = 0; i < rounds; i++) {
        double drift = 0.08 * stats_normal(random);

        a[i] = 1000 * ratio * exp(drift + 0.03 * stats_normal(random));
        b[i] = 1000 * exp(drift + 0.03 * stats_normal(random));
    }
}

static void a_ratio_is_worked_out_in_pairs(void **state)
{
    static const double a[] = {110, 220, NAN, 440, 50, 0}, b[] = {100, 200, 300, 400, NAN, 10};
    struct stats_ratio r;

    (void)state;
    stats_ratio(&r, a, b, 6, 1);
    assert_int_equal(r.n, 3);
    NEAR(r.ratio, 1.1, 1e-12);
    NEAR(r.low, 1.1, 1e-9);
    NEAR(r.high, 1.1, 1e-9);
    NEAR(r.boot, 1.1, 1e-9);
    stats_ratio(&r, a, b, 1, 1);
    assert_int_equal(r.n, 1);
    NEAR(r.ratio, 1.1, 1e-12);
    assert_true(isnan(r.low) && isnan(r.p) && isnan(r.boot_low));
    stats_ratio(&r, a, a, 0, 1);
    assert_int_equal(r.n, 0);
    assert_true(isnan(r.ratio) && isnan(r.low) && isnan(r.boot));
    stats_ratio(&r, a, a, 5, 1);
    NEAR(r.ratio, 1, 0);
    NEAR(r.p, 1, 0);
}

static void the_interval_is_students(void **state)
{
    /* d = 0.01, 0.02, ..., 0.10: mean 0.055, sd 0.0302765, half 2.2621572 * sd / sqrt(10) */
    double a[10], b[10], low, high;
    struct stats_ratio r;

    (void)state;
    for (int i = 0; i < 10; i++) {
        b[i] = 100 + i;
        a[i] = b[i] * exp(0.01 * (i + 1));
    }
    stats_ratio(&r, a, b, 10, 1);
    NEAR(r.sd, 0.030276504, 1e-8);
    NEAR(log(r.ratio), 0.055, 1e-12);
    NEAR(log(r.low), 0.055 - 0.021658509, 1e-7);
    NEAR(log(r.high), 0.055 + 0.021658509, 1e-7);
    NEAR(log(r.low90), 0.055 - 0.017550733, 1e-7);
    NEAR(log(r.boot), 0.055, 1e-9);
    assert_true(log(r.boot_low) > 0.02 && log(r.boot_low) < 0.045);
    assert_true(log(r.boot_high) < 0.09 && log(r.boot_high) > 0.065);
    stats_ratio_interval(&r, 0.99, &low, &high);
    NEAR(log(low), 0.055 - 3.2498355 * 0.030276504 / sqrt(10), 1e-7);
    NEAR(log(high), 0.055 + 3.2498355 * 0.030276504 / sqrt(10), 1e-7);
}

static void the_bootstrap_is_repeatable(void **state)
{
    uint64_t random = 3;
    struct stats_ratio r, again, other;
    double a[10], b[10];

    (void)state;
    simulate(a, b, 10, 1.05, &random);
    stats_ratio(&r, a, b, 10, 42);
    stats_ratio(&again, a, b, 10, 42);
    stats_ratio(&other, a, b, 10, 43);
    assert_memory_equal(&r, &again, sizeof r);
    NEAR(other.ratio, r.ratio, 0);
    assert_true(r.boot_low <= r.boot && r.boot <= r.boot_high && r.boot_low < r.boot_high);
}

/* How many of `runs` say `word`, hold the truth in the interval, have p < 0.05. */
struct tally {
    int words[STATS_UNDECIDED + 1], holds, boot_holds, significant;
    double width;
};

static struct tally run_many(int runs, int rounds, double ratio, uint64_t seed)
{
    struct tally t = {.holds = 0};

    for (int i = 0; i < runs; i++) {
        double a[STATS_ROUNDS_MAX], b[STATS_ROUNDS_MAX];
        struct stats_ratio r;
        int more;

        simulate(a, b, rounds, ratio, &seed);
        stats_ratio(&r, a, b, rounds, seed);
        t.words[stats_decide(&r, r.p, STATS_PRACTICAL, &more)]++;
        t.holds += r.low <= ratio && ratio <= r.high;
        t.boot_holds += r.boot_low <= ratio && ratio <= r.boot_high;
        t.significant += r.p < 0.05;
        t.width += (r.high - r.low) / runs;
    }
    return t;
}

static void five_percent_is_found_through_three_percent_of_noise(void **state)
{
    struct tally ten = run_many(400, 10, 1.05, 1), forty = run_many(400, 40, 1.05, 2);

    (void)state;
    assert_in_range(ten.significant, 340, 400); /* power 0.9 */
    assert_in_range(ten.holds, 365, 395);       /* 95 % */
    assert_in_range(ten.boot_holds, 350, 400);
    assert_true(ten.width > 0.055 && ten.width < 0.07);
    assert_int_equal(ten.words[STATS_LESS], 0);
    assert_in_range(ten.words[STATS_MORE], 100, 300); /* 2 % of no account are taken off */
    assert_in_range(forty.words[STATS_MORE], 380, 400);
    assert_int_equal(forty.words[STATS_LESS] + forty.words[STATS_SAME], 0);
}

static void of_200_null_comparisons_hardly_any_calls_a_difference(void **state)
{
    struct tally t = run_many(200, 10, 1, 5), many = run_many(200, 40, 1, 6);

    (void)state;
    assert_in_range(t.significant, 2, 19); /* 5 % and noise */
    assert_in_range(t.words[STATS_LESS] + t.words[STATS_MORE], 0, 10);
    assert_in_range(t.holds, 181, 198);
    assert_in_range(many.words[STATS_LESS] + many.words[STATS_MORE], 0, 2);
    assert_in_range(many.words[STATS_SAME], 130, 200);
}

static void holm_adjusts_step_by_step(void **state)
{
    double p[] = {0.01, NAN, 0.04, 0.03, 0.005}, one[] = {0.04}, large[] = {0.6, 0.7}, none = NAN,
           zero[] = {0, 0.2};

    (void)state;
    stats_holm(p, 5);
    NEAR(p[0], 0.03, 1e-12);
    assert_true(isnan(p[1]));
    NEAR(p[2], 0.06, 1e-12); /* not 0.04: it may not overtake the one before */
    NEAR(p[3], 0.06, 1e-12);
    NEAR(p[4], 0.02, 1e-12);
    stats_holm(one, 1);
    NEAR(one[0], 0.04, 0);
    stats_holm(large, 2);
    NEAR(large[0], 1, 0);
    NEAR(large[1], 1, 0);
    stats_holm(&none, 1);
    stats_holm(&none, 0);
    stats_holm(zero, 2);
    assert_true(zero[0] == 0 && !signbit(zero[0]));
}

static void words_follow_the_interval(void **state)
{
    static const struct {
        double low, high, low90, high90, p;
        enum stats_word word;
    } rows[] = {
        {1.03, 1.07, 1.035, 1.065, 0.001, STATS_MORE},
        {1.03, 1.07, 1.035, 1.065, 0.06, STATS_UNDECIDED}, /* Holm's */
        {1.01, 1.07, 1.015, 1.065, 0.001, STATS_UNDECIDED},
        {0.90, 0.97, 0.91, 0.96, 0.001, STATS_LESS},
        {0.90, 0.99, 0.91, 0.98, 0.001, STATS_UNDECIDED},
        {0.985, 1.025, 0.99, 1.015, 0.7, STATS_SAME},
        {1.001, 1.018, 1.002, 1.017, 0.01, STATS_SAME}, /* real, and of no account */
        {0.97, 1.03, 0.975, 1.025, 0.9, STATS_UNDECIDED},
    };
    struct stats_ratio r = {.n = 0};
    int more = 1;

    (void)state;
    assert_int_equal(stats_decide(&r, NAN, 0.02, &more), STATS_NONE);
    assert_int_equal(more, 0);
    r.n = 1;
    assert_int_equal(stats_decide(&r, NAN, 0.02, &more), STATS_UNDECIDED);
    assert_int_equal(more, STATS_ROUNDS_MIN);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        r = (struct stats_ratio){.n = 10,
                                 .sd = 0.03,
                                 .ratio = sqrt(rows[i].low * rows[i].high),
                                 .low = rows[i].low,
                                 .high = rows[i].high,
                                 .low90 = rows[i].low90,
                                 .high90 = rows[i].high90};
        if (stats_decide(&r, rows[i].p, 0.02, &more) != rows[i].word)
            fail_msg("row %zu", i);
        assert_true(rows[i].word == STATS_UNDECIDED ? more > 10 : more == 0);
    }
}

static void the_rounds_it_would_take_do(void **state)
{
    uint64_t random = 11;
    struct stats_ratio r;
    double a[STATS_ROUNDS_MAX], b[STATS_ROUNDS_MAX];
    int more = 0, told = 0;

    (void)state;
    for (int run = 0; run < 100; run++) {
        simulate(a, b, STATS_ROUNDS_MAX, 1.06, &random);
        stats_ratio(&r, a, b, 10, 1);
        if (stats_decide(&r, r.p, 0.02, &more) != STATS_UNDECIDED || more > STATS_ROUNDS_MAX / 2)
            continue;
        stats_ratio(&r, a, b, 2 * more, 1);
        told += 1;
        told += 1000 * (stats_decide(&r, r.p, 0.02, &more) != STATS_UNDECIDED);
    }
    assert_in_range(told % 1000, 10, 100);
    assert_true(told / 1000 >= told % 1000 * 7 / 10);
}

static void random_numbers_are_splitmix64s_and_spread(void **state)
{
    uint64_t random = 1234567;
    double sum = 0, squares = 0;

    (void)state;
    assert_true(stats_random(&random) == UINT64_C(6457827717110365317));
    assert_true(stats_random(&random) == UINT64_C(3203168211198807973));
    for (int i = 0; i < 100000; i++) {
        double v = stats_normal(&random), u = stats_uniform(&random);

        assert_true(isfinite(v) && u >= 0 && u < 1);
        sum += v;
        squares += v * v;
    }
    NEAR(sum / 1e5, 0, 0.01);
    NEAR(squares / 1e5, 1, 0.02);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantiles_are_those_of_the_tables),
        cmocka_unit_test(the_interval_of_the_median_takes_the_ranks_of_its_level),
        cmocka_unit_test(a_summary_leaves_out_rounds_without_a_figure),
        cmocka_unit_test(outliers_are_marked_and_kept),
        cmocka_unit_test(a_trend_is_seen_through_noise_and_not_in_noise),
        cmocka_unit_test(a_ratio_is_worked_out_in_pairs),
        cmocka_unit_test(the_interval_is_students),
        cmocka_unit_test(the_bootstrap_is_repeatable),
        cmocka_unit_test(five_percent_is_found_through_three_percent_of_noise),
        cmocka_unit_test(of_200_null_comparisons_hardly_any_calls_a_difference),
        cmocka_unit_test(holm_adjusts_step_by_step),
        cmocka_unit_test(words_follow_the_interval),
        cmocka_unit_test(the_rounds_it_would_take_do),
        cmocka_unit_test(random_numbers_are_splitmix64s_and_spread),
    };

    return cmocka_run_group_tests_name("stats", tests, NULL, NULL);
}
