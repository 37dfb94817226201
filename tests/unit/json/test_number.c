/* test_number.c: doubles in, correctly rounded, and out, shortest; in any locale. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <locale.h>
#include <math.h>
#include <cmocka.h>
#include "../../../gimlet/json/number.h"
#include "../../../gimlet/json/writer.h"

static double read_text(const char *text)
{
    struct gim_number n;
    double v = NAN;

    assert_true(gim_number_read(gim_str_of(text), &n));
    if (!gim_number_double(&n, &v))
        return INFINITY;
    return v;
}

static void assert_reads_as_strtod(const char *text)
{
    double ours = read_text(text), theirs = strtod(text, NULL);

    if (isinf(theirs))
        theirs = INFINITY;
    if (memcmp(&ours, &theirs, sizeof ours) != 0)
        fail_msg("%s: %.17g, not %.17g", text, ours, theirs);
}

static void hard_cases_are_rounded_correctly(void **state)
{
    static const char *const rows[] = {
        "0",
        "-0",
        "0.0",
        "-0.0e5",
        "1",
        "1.5",
        "0.1",
        "0.3",
        "123456789012345678",
        "9007199254740993",
        "9007199254740992.5",
        "9007199254740993.00000000000000000001",
        "1e22",
        "1e23",
        "8.5e22",
        "1e-22",
        "1e-23",
        "1.7976931348623157e308",
        "1.7976931348623159e308",
        "1.8e308",
        "1e309",
        "4.9e-324",
        "5e-324",
        "2.4703282292062327e-324",
        "2.4703282292062328e-324",
        "2.2250738585072011e-308",
        "2.2250738585072014e-308",
        "1e-400",
        "1e400",
        "0e999999999999999999999",
        "0.000e-99999999999999999999",
        "1e-99999999999999999999",
        "123456789012345678901234567890e-30",
        "0.00000000000000000000000000000000000000001e41",
        "6.02214076e23",
        "1.00000000000000011102230246251565404236316680908203125",
        "1.00000000000000011102230246251565404236316680908203124",
        "1.00000000000000011102230246251565404236316680908203126",
        "3.14159265358979323846264338327950288",
        "179769313486231580793728971405303415e274",
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_reads_as_strtod(rows[i]);
}

/* 1 + 2^-53 is a tie; a digit 2,000 places behind it decides, although 800 digits are kept. */
static void a_digit_far_behind_still_decides_a_tie(void **state)
{
    static const char tie[] = "1.00000000000000011102230246251565404236316680908203125";
    char text[4096];
    size_t n = strlen(tie);

    (void)state;
    memcpy(text, tie, n);
    memset(text + n, '0', 2000);
    text[n + 2000] = '\0';
    assert_true(read_text(text) == 1.0);
    text[n + 1999] = '1';
    assert_true(read_text(text) == 1.0 + 0x1p-52);
    memset(text, '1', 4000);
    text[4000] = '\0';
    strcpy(text + 3990, "e-3900");
    assert_reads_as_strtod(text);
}

static void random_doubles_go_out_and_back(void **state)
{
    uint64_t random = 88172645463325252u;

    (void)state;
    for (int i = 0; i < 200000; i++) {
        char text[GIM_NUMBER_MAX + 1] = "";
        double v;

        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        memcpy(&v, &random, sizeof v);
        if (i % 4 == 1)
            v = (double)(int64_t)(random >> 40) / 1000;
        else if (i % 4 == 2)
            v = (double)(int64_t)random;
        if (!isfinite(v))
            continue;
        text[gim_number_write(text, v)] = '\0';
        if (read_text(text) != v)
            fail_msg("%.17g went out as %s", v, text);
        if (i % 16 == 0)
            assert_reads_as_strtod(text);
    }
}

static void the_shortest_text_is_written(void **state)
{
    static const struct {
        double v;
        const char *text;
    } rows[] = {
        {0, "0"},
        {-0.0, "-0"},
        {1, "1"},
        {-1, "-1"},
        {100, "100"},
        {0.5, "0.5"},
        {0.1, "0.1"},
        {0.3, "0.3"},
        {0.1 + 0.2, "0.30000000000000004"},
        {-12.25, "-12.25"},
        {3.14, "3.14"},
        {1.005, "1.005"},
        {0.001, "0.001"},
        {0.000001, "0.000001"},
        {123456.789, "123456.789"},
        {1e15, "1000000000000000"},
        {1e22, "1e+22"},
        {1e300, "1e+300"},
        {5e-324, "5e-324"},
        {1e-7, "0.0000001"},
        {1.5e-10, "1.5e-10"},
        {9007199254740991.0, "9007199254740991"},
        {1.7976931348623157e308, "1.7976931348623157e+308"},
        {1.0 / 3, "0.3333333333333333"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[GIM_NUMBER_MAX + 1] = "";

        text[gim_number_write(text, rows[i].v)] = '\0';
        assert_string_equal(text, rows[i].text);
    }
}

static void a_locale_with_a_comma_changes_nothing(void **state)
{
    char text[GIM_NUMBER_MAX + 1] = "";

    (void)state;
    if (!setlocale(LC_ALL, "de_DE.UTF-8") && !setlocale(LC_ALL, "lv_LV.UTF-8"))
        skip();
    assert_true(read_text("0.12345678901234567890") == 0x1.f9add3746f65fp-4);
    text[gim_number_write(text, 0.1 + 0.2)] = '\0';
    assert_string_equal(text, "0.30000000000000004");
    setlocale(LC_ALL, "C");
}

static void what_is_no_number_is_null(void **state)
{
    struct gim_buf b = {0};

    (void)state;
    gim_json_put_double(&b, NAN);
    gim_json_put_double(&b, -INFINITY);
    gim_json_put_double(&b, 2);
    assert_int_equal(b.len, 9);
    assert_memory_equal(b.ptr, "nullnull2", 9);
    gim_buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hard_cases_are_rounded_correctly),
        cmocka_unit_test(a_digit_far_behind_still_decides_a_tie),
        cmocka_unit_test(random_doubles_go_out_and_back),
        cmocka_unit_test(the_shortest_text_is_written),
        cmocka_unit_test(a_locale_with_a_comma_changes_nothing),
        cmocka_unit_test(what_is_no_number_is_null),
    };

    return cmocka_run_group_tests_name("number", tests, NULL, NULL);
}
