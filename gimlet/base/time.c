/* time.c: instants to RFC 3339 and back, without libc's calendar.
 *
 * Both ways are straight digit work over civil.h: no locale, no time zone data, no static buffer.
 * Reading is strict where RFC 3339 is (field ranges, days of the month, a leap second only where
 * one can be: 23:59:60 UTC) and lenient where it allows: lower-case t and z, a space for the T. */
#include <gimlet/time.h>
#include "civil.h"
#include "digits.h"
#include <time.h>

#define SECOND INT64_C(1000000)

/* Reads fixed fields; `bad` sticks, so that the caller asks once. */
struct cursor {
    const char *at, *end;
    bool bad;
};

static char *put_fraction(char *out, unsigned us)
{
    char *end;

    *out++ = '.';
    gim_put_two(out, us / 10000);
    gim_put_two(out + 2, us / 100 % 100);
    end = gim_put_two(out + 4, us % 100);
    while (end[-1] == '0')
        end--;
    return end;
}

static int digits(struct cursor *c, int n)
{
    int v = 0;

    if (c->end - c->at < n) {
        c->bad = true;
        return 0;
    }
    for (int i = 0; i < n; i++) {
        unsigned digit = (unsigned char)*c->at++ - (unsigned)'0';

        c->bad |= digit > 9;
        v = v * 10 + (int)digit;
    }
    return v;
}

static bool take(struct cursor *c, const char *any_of)
{
    if (c->at == c->end || !*c->at || !strchr(any_of, *c->at))
        return false;
    c->at++;
    return true;
}

static void expect(struct cursor *c, const char *any_of)
{
    if (!take(c, any_of))
        c->bad = true;
}

/* `.5` is 500000 microseconds; digits past the sixth are cut. */
static int fraction(struct cursor *c)
{
    int us = 0, unit = 100000, n = 0;

    for (; c->at < c->end && *c->at >= '0' && *c->at <= '9'; c->at++, n++) {
        us += unit * (*c->at - '0');
        unit /= 10;
    }
    c->bad |= n == 0;
    return us;
}

/* Seconds east of UTC. */
static int offset(struct cursor *c)
{
    bool west;
    int hours, minutes;

    if (take(c, "Zz"))
        return 0;
    west = c->at < c->end && *c->at == '-';
    expect(c, "+-");
    hours = digits(c, 2);
    expect(c, ":");
    minutes = digits(c, 2);
    c->bad |= hours > 23 || minutes > 59;
    return (west ? -1 : 1) * (hours * 3600 + minutes * 60);
}

static bool in_range(const struct gim_civil *d)
{
    return d->month >= 1 && d->month <= 12 && d->day >= 1 &&
           d->day <= gim_days_in_month(d->year, d->month) && d->hour <= 23 && d->minute <= 59 &&
           d->second <= 60;
}

static struct gim_civil date_and_time(struct cursor *c)
{
    struct gim_civil d = {0};

    d.year = digits(c, 4);
    expect(c, "-");
    d.month = digits(c, 2);
    expect(c, "-");
    d.day = digits(c, 2);
    expect(c, "Tt ");
    d.hour = digits(c, 2);
    expect(c, ":");
    d.minute = digits(c, 2);
    expect(c, ":");
    d.second = digits(c, 2);
    return d;
}

gim_time gim_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    return (gim_time){t.tv_sec * SECOND + t.tv_nsec / 1000};
}

size_t gim_time_write(char *out, gim_time t)
{
    int64_t seconds = t.us / SECOND - (t.us % SECOND < 0);
    unsigned us = (unsigned)((t.us % SECOND + SECOND) % SECOND);
    struct gim_civil d;
    char *p = out;

    if (gim_civil_clamp(seconds) != seconds) { /* outside the type: the nearest end */
        us = 0;
        seconds = gim_civil_clamp(seconds);
    }
    d = gim_civil_of(seconds);
    p = gim_put_two(p, (unsigned)d.year / 100);
    p = gim_put_two(p, (unsigned)d.year % 100);
    *p++ = '-';
    p = gim_put_two(p, (unsigned)d.month);
    *p++ = '-';
    p = gim_put_two(p, (unsigned)d.day);
    *p++ = 'T';
    p = gim_put_two(p, (unsigned)d.hour);
    *p++ = ':';
    p = gim_put_two(p, (unsigned)d.minute);
    *p++ = ':';
    p = gim_put_two(p, (unsigned)d.second);
    if (us)
        p = put_fraction(p, us);
    *p++ = 'Z';
    return (size_t)(p - out);
}

int gim_time_read(gim_str s, gim_time *out)
{
    struct cursor c = {s.ptr, s.ptr + s.len, s.len < sizeof "2026-11-24T13:56:17Z" - 1};
    struct gim_civil d;
    bool leap;
    int us = 0;
    int64_t seconds;

    if (c.bad)
        return -1;
    d = date_and_time(&c);
    if (take(&c, "."))
        us = fraction(&c);
    leap = d.second == 60;
    if (c.bad || !in_range(&d))
        return -1;
    d.second -= leap;
    seconds = gim_civil_seconds(&d) - offset(&c);
    if (c.bad || c.at != c.end || gim_civil_clamp(seconds) != seconds)
        return -1;
    if (leap && (seconds + 1) % 86400 != 0)
        return -1;
    out->us = seconds * SECOND + (leap ? SECOND - 1 : us);
    return 0;
}
