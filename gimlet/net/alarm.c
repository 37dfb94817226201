/* alarm.c: a timerfd in a loop, an absolute time of CLOCK_MONOTONIC each.
 *
 * An expiry costs one settime and one event: the descriptor is watched edge-triggered and never
 * read. The kernel wakes the watcher at each expiry, whether the count was read or not, and settime
 * clears the count, so that an expiry that was not yet fetched when the alarm is moved is none.
 *
 * One case is left: the expiry was fetched already, in the batch at work, when somebody moves the
 * alarm. Its event then comes before the new time. The clock (no system call) tells it from a real
 * one; the alarm is set again to be on the safe side. */
#include "alarm.h"
#include "../base/clock.h"
#include <sys/timerfd.h>
#include <unistd.h>

#define SECOND_NS 1000000000

static void arm(const struct gim_alarm *a)
{
    const struct itimerspec t = {
        .it_value = {.tv_sec = a->at / SECOND_NS, .tv_nsec = a->at % SECOND_NS},
    };

    /* It can only fail for a wrong argument. */
    timerfd_settime(a->io.fd, TFD_TIMER_ABSTIME, &t, NULL);
}

static void on_event(struct gim_io *io, uint32_t events)
{
    struct gim_alarm *a = GIM_CONTAINER(io, struct gim_alarm, io);

    (void)events;
    if (a->at == 0)
        return;
    if ((int64_t)gim_clock_ns() < a->at) {
        arm(a);
        return;
    }
    a->at = 0;
    a->on_alarm(a);
}

int gim_alarm_open(struct gim_alarm *a, struct gim_loop *l)
{
    a->io.on_event = on_event;
    a->io.fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    a->loop = l;
    a->at = 0;
    if (a->io.fd < 0)
        return -1;
    if (gim_loop_add(l, &a->io, false, false) < 0) {
        close(a->io.fd);
        a->io.fd = -1;
        return -1;
    }
    return 0;
}

void gim_alarm_set(struct gim_alarm *a, int64_t at_ns)
{
    int64_t at = at_ns < 0 ? 1 : at_ns; /* 0 would disarm */

    if (at == a->at)
        return;
    a->at = at;
    arm(a);
}

void gim_alarm_close(struct gim_alarm *a)
{
    if (!a->loop || a->io.fd < 0) /* zero is an alarm that was never opened */
        return;
    gim_loop_remove(a->loop, &a->io);
    close(a->io.fd);
    a->io.fd = -1;
    a->at = 0;
}
