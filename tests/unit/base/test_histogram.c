/* test_histogram.c: what the cells say, against the sorted values themselves. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "../../../gimlet/base/histogram.h"

#define SAMPLES 20000

static struct gim_histogram h, other;

static void empty(struct gim_histogram *to)
{
    memset(to, 0, sizeof *to);
}

static uint64_t seed;

static uint64_t random64(void) /* splitmix64 */
{
    uint64_t z = seed += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static double uniform(void)
{
    return (double)(random64() >> 11) / 9007199254740992.0;
}

/* Distributions over the whole range: what latencies look like, and what they do not. */
static int64_t any(void)
{
    return (int64_t)(random64() >> 28);
}
static int64_t every_octave(void)
{
    return (int64_t)(random64() >> 28 >> random64() % 36);
}
static int64_t exponential(void)
{
    return (int64_t)(-1e6 * log(1 - uniform()));
}
static int64_t small(void)
{
    return (int64_t)(random64() % 3000);
}
static int64_t two_humps(void)
{
    return random64() % 50 ? 200000 + (int64_t)(random64() % 1000) : 1000000000;
}
static int64_t constant(void)
{
    return 12345678;
}

static int64_t (*const distributions[])(void) = {any,   every_octave, exponential,
                                                 small, two_humps,    constant};
#define DISTRIBUTIONS (sizeof distributions / sizeof distributions[0])

static int ascending(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return x < y ? -1 : x > y;
}

static void record(struct gim_histogram *to, const int64_t *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        gim_histogram_record(to, values[i]);
}

/* `got` stands for `want`: never below it and not more than its cell's width above. */
static void assert_three_digits(int64_t got, int64_t want)
{
    if (got < want || (got - want) * 1024 > want)
        fail_msg("%lld for %lld", (long long)got, (long long)want);
}

static void every_boundary_is_known_to_three_digits(void **state)
{
    (void)state;
    for (int bit = 0; bit < 36; bit++) {
        for (int64_t off = -2; off <= 2; off++) {
            int64_t v = (INT64_C(1) << bit) + off, low, high;
            uint64_t count;
            uint32_t at = 0;

            if (v < 0)
                continue;
            empty(&h);
            gim_histogram_record(&h, v);
            assert_true(gim_histogram_next(&h, &at, &low, &high, &count));
            assert_true(low <= v && v <= high && count == 1);
            assert_true((high - low) * 1024 <= low);
            assert_false(gim_histogram_next(&h, &at, &low, &high, &count));
        }
    }
}

static void cells_follow_each_other_without_gap(void **state)
{
    int64_t low, high, expected = 0;
    uint64_t count, cells = 0;

    (void)state;
    empty(&h);
    for (size_t i = 0; i < GIM_HISTOGRAM_CELLS; i++)
        h.cells[i] = i + 1;
    for (uint32_t at = 0; gim_histogram_next(&h, &at, &low, &high, &count); cells++) {
        assert_int_equal(low, expected);
        assert_int_equal(count, cells + 1);
        expected = high + 1;
    }
    assert_int_equal(cells, GIM_HISTOGRAM_CELLS);
    assert_int_equal(expected, GIM_HISTOGRAM_MAX + 1);
}

/* The definition, counted: the smallest value with p percent of all at or below it. p is given in
 * thousandths of a percent so that the rank can be computed in integers. */
static int64_t counted(const int64_t *sorted, uint64_t n, uint64_t p)
{
    uint64_t rank = (p * n + 99999) / 100000;

    return sorted[rank ? rank - 1 : 0];
}

static void percentiles_are_those_of_the_sorted_values(void **state)
{
    static const uint64_t sizes[] = {1, 2, 3, 10, 99, 100, 101, 199, 200, 201, 1000, 9999, SAMPLES};
    static const uint64_t ps[] = {0,     1,     1000,  10000, 25000, 33333, 50000, 75000,
                                  90000, 95000, 99000, 99500, 99900, 99990, 99999, 100000};
    static int64_t values[SAMPLES];

    (void)state;
    seed = 4;
    for (size_t d = 0; d < DISTRIBUTIONS; d++) {
        for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
            uint64_t n = sizes[s];

            for (size_t i = 0; i < n; i++)
                values[i] = distributions[d]();
            empty(&h);
            record(&h, values, n);
            qsort(values, n, sizeof values[0], ascending);
            assert_int_equal(h.min, values[0]);
            assert_int_equal(h.max, values[n - 1]);
            for (size_t p = 0; p < sizeof ps / sizeof ps[0]; p++) {
                int64_t got = gim_histogram_percentile(&h, (double)ps[p] / 1000);

                assert_three_digits(got, counted(values, n, ps[p]));
                assert_true(got <= h.max);
            }
        }
    }
}

static void a_percentile_of_whole_rank_is_not_rounded_up(void **state)
{
    static const double ps[] = {99.9, 99.99, 99.7, 1.1, 4.4, 9.3, 0.1, 57.1, 99.999};

    (void)state;
    empty(&h);
    for (int64_t v = 0; v < 2000; v++) { /* 100,000 values: 50 of each of these */
        for (int i = 0; i < 50; i++)
            gim_histogram_record(&h, v);
    }
    for (size_t i = 0; i < sizeof ps / sizeof ps[0]; i++) {
        uint64_t rank = (uint64_t)lround(ps[i] * 1000);

        assert_int_equal(gim_histogram_percentile(&h, ps[i]), (rank - 1) / 50);
    }
}

static void edges_of_percentiles(void **state)
{
    (void)state;
    empty(&h);
    assert_int_equal(gim_histogram_percentile(&h, 50), 0);
    assert_int_equal(gim_histogram_below(&h, 50), 0);
    gim_histogram_record(&h, 123456789); /* one value is every percentile, exactly */
    assert_int_equal(gim_histogram_percentile(&h, 0), 123456789);
    assert_int_equal(gim_histogram_percentile(&h, 50), 123456789);
    assert_int_equal(gim_histogram_percentile(&h, 100), 123456789);
    gim_histogram_record(&h, 123456790); /* two of one cell: the first and the last still are */
    assert_int_equal(gim_histogram_percentile(&h, 0), 123456789);
    assert_int_equal(gim_histogram_percentile(&h, 50), 123456789);
    assert_int_equal(gim_histogram_percentile(&h, 50.1), 123456790);
    assert_int_equal(gim_histogram_percentile(&h, 1e300), 123456790);
    empty(&h);
    for (int64_t v = 1; v <= 200; v++)
        gim_histogram_record(&h, v);
    assert_int_equal(gim_histogram_percentile(&h, 99), 198); /* not 199: hey's fault */
    assert_int_equal(gim_histogram_percentile(&h, 99.5), 199);
    assert_int_equal(gim_histogram_percentile(&h, 99.6), 200);
    assert_int_equal(gim_histogram_percentile(&h, 50), 100);
    assert_int_equal(gim_histogram_percentile(&h, 0), 1);
    assert_int_equal(gim_histogram_percentile(&h, -1), 1);
    assert_int_equal(gim_histogram_percentile(&h, NAN), 1);
    assert_int_equal(gim_histogram_percentile(&h, 0.5), 1);
    assert_int_equal(gim_histogram_percentile(&h, 0.51), 2);
    assert_int_equal(gim_histogram_percentile(&h, 100), 200);
    assert_int_equal(gim_histogram_percentile(&h, 250), 200);
}

static void values_out_of_range_count_at_the_edges(void **state)
{
    int64_t low, high;
    uint64_t count;
    uint32_t at = 0;

    (void)state;
    empty(&h);
    gim_histogram_record(&h, GIM_HISTOGRAM_MAX);
    assert_int_equal(h.over, 0);
    gim_histogram_record(&h, GIM_HISTOGRAM_MAX + 1);
    gim_histogram_record(&h, INT64_MAX);
    assert_int_equal(h.over, 2);
    assert_int_equal(h.max, GIM_HISTOGRAM_MAX);
    gim_histogram_record(&h, -1);
    gim_histogram_record(&h, INT64_MIN);
    assert_int_equal(h.min, 0);
    assert_int_equal(h.total, 5);
    assert_true(h.sum == 3 * (double)GIM_HISTOGRAM_MAX);
    assert_true(gim_histogram_next(&h, &at, &low, &high, &count));
    assert_true(low == 0 && high == 0 && count == 2);
    assert_true(gim_histogram_next(&h, &at, &low, &high, &count));
    assert_true(high == GIM_HISTOGRAM_MAX && count == 3);
    assert_false(gim_histogram_next(&h, &at, &low, &high, &count));
}

static void merged_is_as_recorded_in_one(void **state)
{
    static struct gim_histogram all, parts[4];

    (void)state;
    seed = 7;
    for (size_t d = 0; d < DISTRIBUTIONS; d++) {
        empty(&all);
        empty(&h);
        memset(parts, 0, sizeof parts);
        for (size_t i = 0; i < SAMPLES; i++) {
            int64_t v = distributions[d]();

            gim_histogram_record(&all, v);
            gim_histogram_record(&parts[i % 3], v); /* the fourth stays empty */
        }
        for (size_t i = 0; i < 4; i++)
            gim_histogram_add(&h, &parts[i]);
        assert_memory_equal(h.cells, all.cells, sizeof h.cells);
        assert_int_equal(h.total, all.total);
        assert_int_equal(h.over, all.over);
        assert_int_equal(h.min, all.min);
        assert_int_equal(h.max, all.max);
        assert_true(h.sum == all.sum);
        assert_true(fabs(h.sum_squares / all.sum_squares - 1) < 1e-12);
    }
    empty(&h);
    gim_histogram_record(&parts[3], INT64_MAX);
    gim_histogram_add(&h, &parts[3]);
    assert_int_equal(h.over, 1);
    assert_int_equal(h.min, GIM_HISTOGRAM_MAX);
}

static void mean_and_deviation_are_exact(void **state)
{
    static const int64_t known[] = {2, 4, 4, 4, 5, 5, 7, 9};
    static int64_t values[SAMPLES];
    double mean = 0, squares = 0;

    (void)state;
    empty(&h);
    assert_true(gim_histogram_mean(&h) == 0);
    assert_true(gim_histogram_stdev(&h) == 0);
    gim_histogram_record(&h, 1000000007);
    assert_true(gim_histogram_mean(&h) == 1000000007);
    assert_true(gim_histogram_stdev(&h) == 0);
    empty(&h);
    record(&h, known, 8);
    assert_true(gim_histogram_mean(&h) == 5);
    assert_true(fabs(gim_histogram_stdev(&h) - sqrt(32.0 / 7)) < 1e-12);
    empty(&h);
    seed = 9;
    for (size_t i = 0; i < SAMPLES; i++) {
        values[i] = 1000000000 + (int64_t)(random64() % 200000); /* a deviation of 0.006 % */
        mean += (double)values[i] / SAMPLES;
    }
    record(&h, values, SAMPLES);
    for (size_t i = 0; i < SAMPLES; i++)
        squares += ((double)values[i] - mean) * ((double)values[i] - mean);
    assert_true(fabs(gim_histogram_mean(&h) / mean - 1) < 1e-9);
    assert_true(fabs(gim_histogram_stdev(&h) / sqrt(squares / (SAMPLES - 1)) - 1) < 1e-3);
    empty(&h);
    for (size_t i = 0; i < 1000; i++)
        gim_histogram_record(&h,
                             68719476733); /* equal values deviate by nothing, not by rounding */
    assert_true(gim_histogram_stdev(&h) == 0);
}

static void below_counts_what_is_at_or_below(void **state)
{
    static int64_t values[SAMPLES];

    (void)state;
    seed = 11;
    empty(&h);
    for (size_t i = 0; i < SAMPLES; i++)
        values[i] = exponential();
    record(&h, values, SAMPLES);
    qsort(values, SAMPLES, sizeof values[0], ascending);
    assert_int_equal(gim_histogram_below(&h, -1), 0);
    assert_int_equal(gim_histogram_below(&h, h.max), SAMPLES);
    assert_int_equal(gim_histogram_below(&h, INT64_MAX), SAMPLES);
    for (size_t i = 0; i < SAMPLES; i += 97) {
        uint64_t got = gim_histogram_below(&h, values[i]);
        int64_t reach = values[i] + values[i] / 1024; /* of its cell, at most */

        assert_true(got >= i + 1);
        assert_true(got == SAMPLES || values[got] > values[i]);
        assert_true(values[got - 1] <= reach);
    }
    empty(&h);
    gim_histogram_record(&h, 5);
    gim_histogram_record(&h, 7);
    assert_int_equal(gim_histogram_below(&h, 4), 0);
    assert_int_equal(gim_histogram_below(&h, 5), 1);
    assert_int_equal(gim_histogram_below(&h, 6), 1);
    assert_int_equal(gim_histogram_below(&h, 7), 2);
}

static void walking_counts_every_value_once_in_order(void **state)
{
    (void)state;
    seed = 13;
    for (size_t d = 0; d < DISTRIBUTIONS; d++) {
        uint64_t count, total = 0;
        int64_t low, high, last = -1;

        empty(&other);
        for (size_t i = 0; i < SAMPLES; i++)
            gim_histogram_record(&other, distributions[d]());
        for (uint32_t at = 0; gim_histogram_next(&other, &at, &low, &high, &count);) {
            assert_true(low > last && high >= low && count > 0);
            last = high;
            total += count;
        }
        assert_int_equal(total, SAMPLES);
        assert_true(last >= other.max);
    }
}

static void samples_needed_for_a_percentile(void **state)
{
    (void)state;
    assert_int_equal(gim_histogram_needed(0), 1);
    assert_int_equal(gim_histogram_needed(50), 5);
    assert_int_equal(gim_histogram_needed(90), 29);
    assert_int_equal(gim_histogram_needed(95), 59);
    assert_int_equal(gim_histogram_needed(99), 299);
    assert_int_equal(gim_histogram_needed(99.9), 2995);
    assert_int_equal(gim_histogram_needed(99.99), 29956);
    assert_true(gim_histogram_needed(100) == UINT64_MAX);
}

static void what_was_walked_is_put_back(void **state)
{
    static struct gim_histogram from, to;
    int64_t low, high;
    uint64_t count;
    uint32_t at = 0;

    (void)state;
    for (int64_t v = 1; v < GIM_HISTOGRAM_MAX; v += v / 3 + 1)
        gim_histogram_record(&from, v);
    while (gim_histogram_next(&from, &at, &low, &high, &count))
        assert_int_equal(gim_histogram_put(&to, low, high, count), 0);
    assert_memory_equal(from.cells, to.cells, sizeof from.cells);
    assert_int_equal(gim_histogram_put(&to, -1, 0, 1), -1);
    assert_int_equal(gim_histogram_put(&to, 4096, 4096, 1), -1);
    assert_int_equal(gim_histogram_put(&to, 4097, 4099, 1), -1);
    assert_int_equal(gim_histogram_put(&to, INT64_MAX - 1, INT64_MAX, 1), -1);
    assert_memory_equal(from.cells, to.cells, sizeof from.cells);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_boundary_is_known_to_three_digits),
        cmocka_unit_test(cells_follow_each_other_without_gap),
        cmocka_unit_test(percentiles_are_those_of_the_sorted_values),
        cmocka_unit_test(a_percentile_of_whole_rank_is_not_rounded_up),
        cmocka_unit_test(edges_of_percentiles),
        cmocka_unit_test(values_out_of_range_count_at_the_edges),
        cmocka_unit_test(merged_is_as_recorded_in_one),
        cmocka_unit_test(mean_and_deviation_are_exact),
        cmocka_unit_test(below_counts_what_is_at_or_below),
        cmocka_unit_test(walking_counts_every_value_once_in_order),
        cmocka_unit_test(samples_needed_for_a_percentile),
        cmocka_unit_test(what_was_walked_is_put_back),
    };

    return cmocka_run_group_tests_name("histogram", tests, NULL, NULL);
}
