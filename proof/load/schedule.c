/* schedule.c: the plan of sends as a function of the index. While the rate rises linearly the number
 * sent by t is r t^2 / (2 ramp), afterwards r (t - ramp / 2); both are inverted here. */
#include "schedule.h"
#include <math.h>

int64_t schedule_at(const struct load_schedule *s, uint64_t i)
{
    double in_ramp = s->per_ns * s->ramp_ns / 2;
    double n = (double)i;
    double t;

    if (n < in_ramp)
        t = sqrt(2 * s->ramp_ns * n / s->per_ns);
    else
        t = s->ramp_ns / 2 + n / s->per_ns;
    return s->start + (int64_t)t;
}

uint64_t schedule_due(const struct load_schedule *s, int64_t now)
{
    double t = (double)(now - s->start);

    if (t <= 0)
        return 0;
    if (t < s->ramp_ns)
        return (uint64_t)ceil(s->per_ns * t * t / (2 * s->ramp_ns));
    return (uint64_t)ceil(s->per_ns * (t - s->ramp_ns / 2));
}

uint64_t schedule_next_slot(int64_t start, double interval, uint64_t last, int64_t now)
{
    double passed = floor((double)(now - start) / interval);
    uint64_t slot = passed > 0 ? (uint64_t)passed : 0;

    return slot > last ? slot : last + 1;
}
