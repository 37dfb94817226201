/* test_time.c: RFC 3339 rows, read against a guard page, and written back. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <time.h>
#include <gimlet/time.h>
#include "guard.h"

static const struct {
    const char *text;
    const char *back; /* as gim_time_write gives it; NULL: refused */
} rows[] = {
    {"2026-11-24T13:56:17Z", "2026-11-24T13:56:17Z"},
    {"1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z"},
    {"2026-11-24t13:56:17z", "2026-11-24T13:56:17Z"},
    {"2026-11-24 13:56:17Z", "2026-11-24T13:56:17Z"},
    {"2026-11-24T13:56:17.5Z", "2026-11-24T13:56:17.5Z"},
    {"2026-11-24T13:56:17.123456Z", "2026-11-24T13:56:17.123456Z"},
    {"2026-11-24T13:56:17.1234569Z", "2026-11-24T13:56:17.123456Z"},
    {"2026-11-24T13:56:17.000000Z", "2026-11-24T13:56:17Z"},
    {"2026-11-24T13:56:17.000001Z", "2026-11-24T13:56:17.000001Z"},
    {"2026-11-24T13:56:17.0000000000000000000001Z", "2026-11-24T13:56:17Z"},
    {"2026-11-24T13:56:17+00:00", "2026-11-24T13:56:17Z"},
    {"2026-11-24T13:56:17-00:00", "2026-11-24T13:56:17Z"},
    {"2026-11-24T13:56:17+01:30", "2026-11-24T12:26:17Z"},
    {"2026-11-24T13:56:17-08:00", "2026-11-24T21:56:17Z"},
    {"2024-02-29T23:30:00-01:00", "2024-03-01T00:30:00Z"},
    {"1969-12-31T23:59:59.25Z", "1969-12-31T23:59:59.25Z"},
    {"0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"},
    {"9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"},
    {"2016-12-31T23:59:60Z", "2016-12-31T23:59:59.999999Z"},
    {"2016-12-31T15:59:60-08:00", "2016-12-31T23:59:59.999999Z"},
    {"2016-12-31T23:59:60.5Z", "2016-12-31T23:59:59.999999Z"},
    {"", NULL},
    {"2026", NULL},
    {"2026-11-24", NULL},
    {"2026-11-24T13:56:17", NULL},
    {"2026-11-24T13:56Z", NULL},
    {"2026-11-24T13:56:17.Z", NULL},
    {"2026-11-24T13:56:17,5Z", NULL},
    {"2026-11-24T13:56:17Zx", NULL},
    {"2026-11-24T13:56:17Z ", NULL},
    {" 2026-11-24T13:56:17Z", NULL},
    {"2026-11-24_13:56:17Z", NULL},
    {"2026/11/24T13:56:17Z", NULL},
    {"2026-13-24T13:56:17Z", NULL},
    {"2026-00-24T13:56:17Z", NULL},
    {"2026-11-31T13:56:17Z", NULL},
    {"2026-11-00T13:56:17Z", NULL},
    {"2023-02-29T13:56:17Z", NULL},
    {"2026-11-24T24:00:00Z", NULL},
    {"2026-11-24T13:60:17Z", NULL},
    {"2026-11-24T13:56:61Z", NULL},
    {"2026-11-24T13:56:60Z", NULL},
    {"2026-11-24T13:56:17+24:00", NULL},
    {"2026-11-24T13:56:17+01:60", NULL},
    {"2026-11-24T13:56:17+0100", NULL},
    {"2026-11-24T13:56:17+01", NULL},
    {"2026-11-24T13:56:17*01:00", NULL},
    {"-026-11-24T13:56:17Z", NULL},
    {"+2026-11-24T13:56:17Z", NULL},
    {"02026-11-24T13:56:17Z", NULL},
    {"0000-01-01T00:00:00Z", NULL},
    {"0001-01-01T00:00:00+00:01", NULL},
    {"9999-12-31T23:59:59-00:01", NULL},
    {"\xD9\xA2\xD9\xA0-11-24T13:56:17Z", NULL},
};

static void rows_are_read_as_rfc_3339_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t n = strlen(rows[i].text);
        char *text = guard_copy(rows[i].text, n), out[GIM_TIME_MAX + 1] = "";
        gim_time t;
        int result = gim_time_read((gim_str){text, n}, &t);

        if (result != (rows[i].back ? 0 : -1))
            fail_msg("%s gave %d", rows[i].text, result);
        if (rows[i].back) {
            out[gim_time_write(out, t)] = '\0';
            assert_string_equal(out, rows[i].back);
        }
        guard_free(text, n);
    }
}

static void each_prefix_is_refused(void **state)
{
    const char *whole = "2026-11-24T13:56:17.5+01:00";

    (void)state;
    for (size_t n = 0; n < strlen(whole); n++) {
        char *text = guard_copy(whole, n);
        gim_time t;

        assert_int_equal(gim_time_read((gim_str){text, n}, &t), -1);
        guard_free(text, n);
    }
}

static void an_instant_outside_the_years_is_written_as_the_nearest(void **state)
{
    char out[GIM_TIME_MAX + 1] = "";

    (void)state;
    out[gim_time_write(out, (gim_time){INT64_MAX})] = '\0';
    assert_string_equal(out, "9999-12-31T23:59:59Z");
    out[gim_time_write(out, (gim_time){INT64_MIN})] = '\0';
    assert_string_equal(out, "0001-01-01T00:00:00Z");
}

static void now_is_the_wall_clock(void **state)
{
    int64_t before = time(NULL), now = gim_now().us / 1000000;

    (void)state;
    assert_in_range(now - before + 1, 0, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_read_as_rfc_3339_says),
        cmocka_unit_test(each_prefix_is_refused),
        cmocka_unit_test(an_instant_outside_the_years_is_written_as_the_nearest),
        cmocka_unit_test(now_is_the_wall_clock),
    };

    return cmocka_run_group_tests_name("time", tests, NULL, NULL);
}
