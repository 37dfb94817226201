/* alarm.h: one precise wake-up of a loop (timerfd), for schedules finer than the loop's coarse
 * timers. */
#ifndef NET_ALARM_H
#define NET_ALARM_H

#include "loop.h"

struct gim_alarm {
    struct gim_io io;
    struct gim_loop *loop;
    int64_t at; /* CLOCK_MONOTONIC ns it is set to; 0: not set */
    void (*on_alarm)(struct gim_alarm *a);
};

/** Set `on_alarm` before; it may set, clear or close the alarm. Never early. 0, or -1 with errno. */
GIM_MUST_CHECK int gim_alarm_open(struct gim_alarm *a, struct gim_loop *l);
/** Sets it to an absolute time (CLOCK_MONOTONIC ns); in the past: at once. One system call unless it
 *  is set to that time already. 0 clears. */
void gim_alarm_set(struct gim_alarm *a, int64_t at_ns);
void gim_alarm_close(struct gim_alarm *a);

#endif
