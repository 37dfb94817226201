/* civil.h: days and civil dates of the proleptic Gregorian calendar; no time zone, no locale. */
#ifndef BASE_CIVIL_H
#define BASE_CIVIL_H

#include <stdint.h>

struct gim_civil {
    int year, month, day; /* 1.., 1..12, 1..31 */
    int hour, minute, second;
    int weekday; /* 0 = Sunday */
};

/* The first and the last second whose year has four digits and is not 0. */
#define GIM_CIVIL_FIRST INT64_C(-62135596800) /* 0001-01-01T00:00:00Z */
#define GIM_CIVIL_LAST INT64_C(253402300799)  /* 9999-12-31T23:59:59Z */

/** Seconds since the epoch of a date that is valid, and back; years 0000 to 9999. */
int64_t gim_civil_seconds(const struct gim_civil *c);
struct gim_civil gim_civil_of(int64_t seconds);
int gim_days_in_month(int year, int month);

/** The nearest second from GIM_CIVIL_FIRST to GIM_CIVIL_LAST. */
static inline int64_t gim_civil_clamp(int64_t seconds)
{
    return seconds < GIM_CIVIL_FIRST  ? GIM_CIVIL_FIRST
           : seconds > GIM_CIVIL_LAST ? GIM_CIVIL_LAST
                                      : seconds;
}

#endif
