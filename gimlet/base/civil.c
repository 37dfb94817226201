/* civil.c: days since the epoch and civil dates, in integers.
 *
 * The year is counted from 1 March, so that the leap day is the last of its year and the months
 * before it follow one line (153 days in five months). An era is 400 years, 146097 days. See Howard
 * Hinnant, "chrono-compatible low-level date algorithms". */
#include "civil.h"

#define DAY 86400
#define ERA_DAYS 146097
#define EPOCH_DAYS 719468 /* from 0000-03-01 to 1970-01-01 */

static int is_leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

int gim_days_in_month(int year, int month)
{
    static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    if (month < 1 || month > 12)
        return 0;
    return days[month - 1] + (month == 2 && is_leap(year));
}

int64_t gim_civil_seconds(const struct gim_civil *c)
{
    int64_t y = c->year - (c->month <= 2);
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (c->month + (c->month > 2 ? -3 : 9)) + 2) / 5 + c->day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    int64_t days = era * ERA_DAYS + day_of_era - EPOCH_DAYS;

    return days * DAY + c->hour * 3600 + c->minute * 60 + c->second;
}

/* Counted from -0400-03-01, an era before the first year that is asked for, all numbers are positive
 * and fit 32 bits, which keeps the divisions cheap. */
struct gim_civil gim_civil_of(int64_t seconds)
{
    uint64_t since = (uint64_t)(seconds + (int64_t)(EPOCH_DAYS + ERA_DAYS) * DAY);
    unsigned z = (unsigned)(since / DAY), rest = (unsigned)(since % DAY);
    unsigned era = z / ERA_DAYS, doe = z % ERA_DAYS;
    unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    unsigned mp = (5 * doy + 2) / 153;
    struct gim_civil c;

    c.day = (int)(doy - (153 * mp + 2) / 5 + 1);
    c.month = (int)(mp < 10 ? mp + 3 : mp - 9);
    c.year = (int)(yoe + era * 400) - 400 + (c.month <= 2);
    c.hour = (int)(rest / 3600);
    c.minute = (int)(rest / 60 % 60);
    c.second = (int)(rest % 60);
    c.weekday = (int)((z + 3) % 7); /* -0400-03-01 was a Wednesday */
    return c;
}
