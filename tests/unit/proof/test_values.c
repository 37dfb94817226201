/* test_values.c: numbers, durations and rates, read against a guard page. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include "guard.h"
#include "../../../proof/load/values.h"

#define BAD INT64_MIN
#define MS INT64_C(1000000)
#define S INT64_C(1000000000)

static const struct {
    const char *text;
    int64_t ns;
} durations[] = {
    {"0", 0},
    {"10s", 10 * S},
    {"1m30s", 90 * S},
    {"500ms", 500 * MS},
    {"1.5h", 5400 * S},
    {"1h2m3s4ms5us6ns", 3723 * S + 4 * MS + 5006},
    {".5s", 500 * MS},
    {"2.s", 2 * S},
    {"20us", 20000},
    {"20\xc2\xb5s", 20000},
    {"20\xce\xbcs", 20000},
    {"1.000000001s", S + 1},
    {"1.0000000019s", S + 1},
    {"+3s", 3 * S},
    {"-3s", -3 * S},
    {"2562047h", S * 3600 * 2562047},
    {"2562048h", BAD},
    {"9223372036854775807s", BAD},
    {"99999999999999999999s", BAD},
    {"9000000000s9000000000s", BAD},
    {"", BAD},
    {"-", BAD},
    {"10", BAD},
    {"s", BAD},
    {".s", BAD},
    {"10 s", BAD},
    {"10s ", BAD},
    {"1x", BAD},
    {"1m30", BAD},
    {"1e3s", BAD},
    {"00", BAD},
    {"--3s", BAD},
};

static void durations_are_read_as_go_reads_them(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof durations / sizeof durations[0]; i++) {
        size_t n = strlen(durations[i].text);
        char *copy = guard_copy(durations[i].text, n);
        int64_t ns = BAD;
        int bad = value_duration((gim_str){copy, n}, &ns);

        if (bad != (durations[i].ns == BAD ? -1 : 0) || ns != durations[i].ns)
            fail_msg("'%s': %d, %lld", durations[i].text, bad, (long long)ns);
        guard_free(copy, n);
    }
}

static const struct {
    const char *text;
    double v; /* below 0: refused as a rate */
} rates[] = {
    {"1000", 1000}, {"0.5", 0.5},  {"1e6", 1e6}, {"90/m", 1.5}, {"3600/h", 1},
    {"7/s", 7},     {"", -1},      {"/s", -1},   {"7/", -1},    {"7/d", -1},
    {"inf", -1},    {"nan", -1},   {"0x10", -1}, {" 7", -1},    {"7 ", -1},
    {"1e999", -1},  {"1.2.3", -1}, {"e", -1},    {"+", -1},     {"1_000", -1},
};

static void rates_are_finite_decimals_by_second_minute_or_hour(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        size_t n = strlen(rates[i].text);
        char *copy = guard_copy(rates[i].text, n);
        double v = -1;
        int bad = value_rate((gim_str){copy, n}, &v);

        if (bad != (rates[i].v < 0 ? -1 : 0) || v < rates[i].v || v > rates[i].v)
            fail_msg("'%s': %d, %g", rates[i].text, bad, v);
        guard_free(copy, n);
    }
}

static void whole_numbers_may_have_a_sign(void **state)
{
    static const char *const bad[] = {
        "", "+", "-", "+-5", "++5", "5x", "5.0", "0x5", "9223372036854775808"};
    int64_t v = 7;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(value_int(gim_str_of(bad[i]), &v), -1);
    assert_int_equal(v, 7);
    assert_int_equal(value_int(GIM_S("+5"), &v), 0);
    assert_int_equal(v, 5);
    assert_int_equal(value_int(GIM_S("-5"), &v), 0);
    assert_int_equal(v, -5);
}

static void the_words_for_yes_and_no_are_those_of_go(void **state)
{
    static const char *const yes[] = {"1", "t", "T", "true", "True", "TRUE"};
    static const char *const no[] = {"0", "f", "F", "false", "False", "FALSE"};
    static const char *const bad[] = {"", "yes", "tRUE", "2", "true "};
    bool v;

    (void)state;
    for (int i = 0; i < 6; i++) {
        v = false;
        assert_int_equal(value_bool(gim_str_of(yes[i]), &v), 0);
        assert_true(v);
        assert_int_equal(value_bool(gim_str_of(no[i]), &v), 0);
        assert_false(v);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(value_bool(gim_str_of(bad[i]), &v), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations_are_read_as_go_reads_them),
        cmocka_unit_test(rates_are_finite_decimals_by_second_minute_or_hour),
        cmocka_unit_test(whole_numbers_may_have_a_sign),
        cmocka_unit_test(the_words_for_yes_and_no_are_those_of_go),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
