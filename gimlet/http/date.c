/* date.c: HTTP dates (RFC 9110 §5.6.7): one form is written, three are read.
 *
 * The three forms are three pattern strings: a letter of a pattern stands for a part of the date,
 * anything else for itself. The weekday must be one, but need not be the right one. */
#include "date.h"
#include "../base/civil.h"
#include "../base/digits.h"

#define YEARS_AHEAD 50 /* a two-digit year further in the future is of the century before */

static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
static const char days[] = "SunMonTueWedThuFriSat";

void gim_http_date_write(char out[GIM_HTTP_DATE_LEN], int64_t seconds)
{
    struct gim_civil c = gim_civil_of(gim_civil_clamp(seconds));

    memcpy(out, "Sun, 06 Nov 1994 08:49:37 GMT", GIM_HTTP_DATE_LEN);
    memcpy(out, days + c.weekday * 3, 3);
    gim_put_two(out + 5, (unsigned)c.day);
    memcpy(out + 8, months + (c.month - 1) * 3, 3);
    gim_put_two(out + 12, (unsigned)c.year / 100);
    gim_put_two(out + 14, (unsigned)c.year % 100);
    gim_put_two(out + 17, (unsigned)c.hour);
    gim_put_two(out + 20, (unsigned)c.minute);
    gim_put_two(out + 23, (unsigned)c.second);
}

/* The index of the three letters in `names`, or -1. */
static int name_index(const char *names, const char *three)
{
    for (int i = 0; names[i * 3]; i++) {
        if (memcmp(names + i * 3, three, 3) == 0)
            return i;
    }
    return -1;
}

/* `n` digits, the first one may be a space when `padded`; -1 when they are not. */
static int digits(const char *at, int n, bool padded)
{
    int v = 0;

    for (int i = 0; i < n; i++) {
        unsigned d = (unsigned char)at[i] - (unsigned)'0';

        if (padded && i == 0 && at[0] == ' ')
            d = 0;
        if (d > 9)
            return -1;
        v = v * 10 + (int)d;
    }
    return v;
}

/* Reads one part; returns the bytes it took, 0 when it does not fit. */
static size_t read_part(char part, const char *at, struct gim_civil *c)
{
    switch (part) {
    case 'W':
        c->weekday = name_index(days, at);
        return c->weekday < 0 ? 0 : 3;
    case 'N':
        c->month = name_index(months, at) + 1;
        return c->month < 1 ? 0 : 3;
    case 'D':
    case 'd': /* space-padded */
        c->day = digits(at, 2, part == 'd');
        return c->day < 0 ? 0 : 2;
    case 'Y':
        c->year = digits(at, 4, false);
        return c->year < 0 ? 0 : 4;
    case 'y':
        c->year = digits(at, 2, false);
        return c->year < 0 ? 0 : 2;
    default: /* 't' */
        c->hour = digits(at, 2, false);
        c->minute = digits(at + 3, 2, false);
        c->second = digits(at + 6, 2, false);
        if (at[2] != ':' || at[5] != ':' || c->hour < 0 || c->minute < 0 || c->second < 0)
            return 0;
        return 8;
    }
}

static size_t part_size(char part)
{
    static const char parts[] = "W3N3D2d2Y4y2t8";
    const char *at = strchr(parts, part);

    return at && at[0] ? (size_t)(at[1] - '0') : 0;
}

/* Whether the whole of `s` is of the form `pattern`. */
static bool matches(const char *pattern, gim_str s, struct gim_civil *c)
{
    size_t at = 0;

    for (; *pattern; pattern++) {
        size_t size = part_size(*pattern);

        if (at + (size ? size : 1) > s.len)
            return false;
        if (size ? read_part(*pattern, s.ptr + at, c) != size : s.ptr[at] != *pattern)
            return false;
        at += size ? size : 1;
    }
    return at == s.len;
}

static int full_year(int two)
{
    int now = gim_civil_of(gim_now().us / 1000000).year;
    int year = now - now % 100 + two;

    return year > now + YEARS_AHEAD ? year - 100 : year;
}

/* RFC 850 dates write the weekday out: cut it down to three letters. */
static bool old_form(gim_str s, struct gim_civil *c)
{
    static const char names[7][10] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                      "Thursday", "Friday", "Saturday"};

    for (size_t i = 0; i < 7; i++) {
        gim_str day = gim_str_of(names[i]);

        if (!gim_str_starts(s, day))
            continue;
        s.ptr += day.len;
        s.len -= day.len;
        if (!matches(", D-N-y t GMT", s, c))
            return false;
        c->year = full_year(c->year);
        return true;
    }
    return false;
}

int gim_http_date_read(gim_str s, int64_t *seconds)
{
    struct gim_civil c = {0};

    if (!matches("W, D N Y t GMT", s, &c) && !matches("W N d t Y", s, &c) && !old_form(s, &c))
        return -1;
    if (c.day < 1 || c.day > gim_days_in_month(c.year, c.month) || c.hour > 23 || c.minute > 59 ||
        c.second > 60)
        return -1;
    *seconds = gim_civil_seconds(&c);
    return 0;
}
