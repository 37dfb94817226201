/* civil.h: days and civil dates of the proleptic Gregorian calendar; no time zone, no locale. */
#ifndef BASE_CIVIL_H
#define BASE_CIVIL_H

#include <stdint.h>

struct gim_civil {
    int year, month, day; /* 1.., 1..12, 1..31 */
    int hour, minute, second;
    int weekday; /* 0 = Sunday */
};

/** Seconds since the epoch of a date that is valid, and back; years 0000 to 9999. */
int64_t gim_civil_seconds(const struct gim_civil *c);
struct gim_civil gim_civil_of(int64_t seconds);
int gim_days_in_month(int year, int month);

#endif
