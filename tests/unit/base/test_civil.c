/* test_civil.c: every day of 10,000 years, against a calendar that counts them one by one. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <gimlet/str.h>
#include "../../../gimlet/base/civil.h"

static void every_day_from_0000_to_9999_goes_there_and_back(void **state)
{
    int64_t seconds = INT64_C(-62167219200); /* 0000-01-01T00:00:00Z */
    int weekday = 6;                         /* a Saturday */

    (void)state;
    for (int year = 0; year <= 9999; year++) {
        for (int month = 1; month <= 12; month++) {
            for (int day = 1; day <= gim_days_in_month(year, month); day++) {
                struct gim_civil c = {.year = year, .month = month, .day = day}, back;

                if (gim_civil_seconds(&c) != seconds)
                    fail_msg("%04d-%02d-%02d", year, month, day);
                back = gim_civil_of(seconds + 86399);
                if (back.year != year || back.month != month || back.day != day ||
                    back.hour != 23 || back.minute != 59 || back.second != 59 ||
                    back.weekday != weekday)
                    fail_msg("back from %04d-%02d-%02d", year, month, day);
                seconds += 86400;
                weekday = (weekday + 1) % 7;
            }
        }
    }
    assert_int_equal(seconds, INT64_C(253402300800)); /* 10000-01-01 */
}

static void months_have_their_days(void **state)
{
    (void)state;
    assert_int_equal(gim_days_in_month(2026, 1), 31);
    assert_int_equal(gim_days_in_month(2026, 2), 28);
    assert_int_equal(gim_days_in_month(2024, 2), 29);
    assert_int_equal(gim_days_in_month(1900, 2), 28);
    assert_int_equal(gim_days_in_month(2000, 2), 29);
    assert_int_equal(gim_days_in_month(2026, 0), 0);
    assert_int_equal(gim_days_in_month(2026, 13), 0);
}

static void a_known_instant_is_right(void **state)
{
    struct gim_civil c = gim_civil_of(1795528577);

    (void)state;
    assert_int_equal(c.year, 2026);
    assert_int_equal(c.month, 11);
    assert_int_equal(c.day, 24);
    assert_int_equal(c.hour, 13);
    assert_int_equal(c.minute, 56);
    assert_int_equal(c.second, 17);
    assert_int_equal(c.weekday, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_day_from_0000_to_9999_goes_there_and_back),
        cmocka_unit_test(months_have_their_days),
        cmocka_unit_test(a_known_instant_is_right),
    };

    return cmocka_run_group_tests_name("civil", tests, NULL, NULL);
}
