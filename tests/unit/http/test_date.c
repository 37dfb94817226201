/* test_date.c: HTTP dates: one form written, three read. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include "../../../gimlet/http/date.h"
#include "../../../gimlet/base/civil.h"
#include "guard.h"

#define BAD INT64_MIN

static int64_t read_date(const char *text)
{
    size_t len = strlen(text);
    char *copy = guard_copy(text, len);
    int64_t seconds = 0;
    int result = gim_http_date_read((gim_str){copy, len}, &seconds);

    guard_free(copy, len);
    return result ? BAD : seconds;
}

static void the_three_forms_are_read(void **state)
{
    static const struct {
        const char *text;
        int64_t want;
    } rows[] = {
        {"Sun, 06 Nov 1994 08:49:37 GMT", 784111777},
        {"Sunday, 06-Nov-94 08:49:37 GMT", 784111777},
        {"Sun Nov  6 08:49:37 1994", 784111777},
        {"Sun Nov 16 08:49:37 1994", 784975777},
        {"Thu, 01 Jan 1970 00:00:00 GMT", 0},
        {"Wed, 31 Dec 1969 23:59:59 GMT", -1},
        {"Thu, 29 Feb 2024 12:00:00 GMT", 1709208000},
        {"Fri, 31 Dec 9999 23:59:59 GMT", 253402300799},
        {"Sat, 31 Dec 2016 23:59:60 GMT", 1483228800}, /* a leap second */
        {"Mon, 06 Nov 1994 08:49:37 GMT", 784111777},  /* it was a Sunday: not looked at */
        {"", BAD},
        {"Sun", BAD},
        {"Sun, 06 Nov 1994 08:49:37", BAD},
        {"Sun, 06 Nov 1994 08:49:37 GM", BAD},
        {"Sun, 06 Nov 1994 08:49:37 GMT ", BAD},
        {"Sun, 06 Nov 1994 08:49:37 UTC", BAD},
        {"Sun, 06 Nov 1994 08:49:37 +0000", BAD},
        {"Sun, 6 Nov 1994 08:49:37 GMT", BAD},
        {"Sun, 06 nov 1994 08:49:37 GMT", BAD},
        {"Son, 06 Nov 1994 08:49:37 GMT", BAD},
        {"Sun, 00 Nov 1994 08:49:37 GMT", BAD},
        {"Sun, 31 Nov 1994 08:49:37 GMT", BAD},
        {"Wed, 29 Feb 2023 12:00:00 GMT", BAD},
        {"Sun, 06 Nov 1994 24:49:37 GMT", BAD},
        {"Sun, 06 Nov 1994 08:60:37 GMT", BAD},
        {"Sun, 06 Nov 1994 08:49:61 GMT", BAD},
        {"Sun, 06 Nov 1994 08-49-37 GMT", BAD},
        {"Sun, 06 Nov 199x 08:49:37 GMT", BAD},
        {"Sun, 06-Nov-94 08:49:37 GMT", BAD},
        {"Sunday, 06 Nov 1994 08:49:37 GMT", BAD},
        {"Sun Nov 6 08:49:37 1994", BAD},
        {"1994-11-06T08:49:37Z", BAD},
        {"784111777", BAD},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (read_date(rows[i].text) != rows[i].want)
            fail_msg("\"%s\": %lld", rows[i].text, (long long)read_date(rows[i].text));
    }
}

static void two_digit_years_are_at_most_fifty_ahead(void **state)
{
    int now = gim_civil_of(gim_now().us / 1000000).year;

    (void)state;
    for (int two = 0; two < 100; two++) {
        char text[40];
        int64_t seconds;
        int year;

        snprintf(text, sizeof text, "Monday, 15-Jun-%02d 00:00:00 GMT", two);
        seconds = read_date(text);
        assert_true(seconds != BAD);
        year = gim_civil_of(seconds).year;
        assert_int_equal(year % 100, two);
        assert_true(year <= now + 50);
    }
}

static void what_is_written_reads_back(void **state)
{
    char out[GIM_HTTP_DATE_LEN + 1] = {0};

    (void)state;
    gim_http_date_write(out, 784111777);
    assert_string_equal(out, "Sun, 06 Nov 1994 08:49:37 GMT");
    for (int64_t t = -2000000000; t < 20000000000; t += 12345678) {
        char *exact = guard_copy(out, GIM_HTTP_DATE_LEN); /* writes not a byte more */
        int64_t back = BAD;

        gim_http_date_write(exact, t);
        assert_int_equal(gim_http_date_read((gim_str){exact, GIM_HTTP_DATE_LEN}, &back), 0);
        assert_int_equal(back, t);
        guard_free(exact, GIM_HTTP_DATE_LEN);
    }
}

static void a_year_that_has_no_four_digits_is_the_nearest_that_has(void **state)
{
    static const struct {
        int64_t seconds;
        const char *want;
    } rows[] = {
        {INT64_MIN, "Mon, 01 Jan 0001 00:00:00 GMT"},
        {-62135596801, "Mon, 01 Jan 0001 00:00:00 GMT"},
        {253402300800, "Fri, 31 Dec 9999 23:59:59 GMT"},
        {INT64_MAX, "Fri, 31 Dec 9999 23:59:59 GMT"},
    };
    char out[GIM_HTTP_DATE_LEN + 1] = {0};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        gim_http_date_write(out, rows[i].seconds);
        assert_string_equal(out, rows[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_three_forms_are_read),
        cmocka_unit_test(two_digit_years_are_at_most_fifty_ahead),
        cmocka_unit_test(what_is_written_reads_back),
        cmocka_unit_test(a_year_that_has_no_four_digits_is_the_nearest_that_has),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
