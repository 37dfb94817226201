/* clock.c: monotonic time through the vDSO, without a system call; and a thread's CPU time, with one. */
#include "clock.h"
#include <time.h>

static uint64_t read_ns(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t gim_clock_ns(void)
{
    return read_ns(CLOCK_MONOTONIC);
}

uint64_t gim_clock_ms(void)
{
    return gim_clock_ns() / 1000000u;
}

uint64_t gim_clock_thread_ns(void)
{
    return read_ns(CLOCK_THREAD_CPUTIME_ID);
}
