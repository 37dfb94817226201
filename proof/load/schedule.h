/* schedule.h: when requests are due. Open loop: the i-th of the whole run is due at a time that
 * depends on nothing but i, so a slow server cannot slow the plan down (no coordinated omission). */
#ifndef LOAD_SCHEDULE_H
#define LOAD_SCHEDULE_H

#include <stdint.h>

struct load_schedule {
    double per_ns;  /* requests per nanosecond; 0: closed loop */
    double ramp_ns; /* the rate rises linearly from 0 over this */
    int64_t start;  /* CLOCK_MONOTONIC ns */
};

/** When the i-th request (from 0) is due, CLOCK_MONOTONIC ns. */
int64_t schedule_at(const struct load_schedule *s, uint64_t i);
/** How many are due before `now`. */
uint64_t schedule_due(const struct load_schedule *s, int64_t now);
/** The next slot of a grid of `interval` ns that began at `start`, after slot `last`: what was missed
 *  is left out, so the rate is kept and never made up for in a burst. */
uint64_t schedule_next_slot(int64_t start, double interval, uint64_t last, int64_t now);

#endif
