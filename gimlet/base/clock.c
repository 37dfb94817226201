/* clock.c: monotonic time through the vDSO; no system call. */
#include "clock.h"
#include <time.h>

uint64_t gim_clock_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t gim_clock_ms(void)
{
    return gim_clock_ns() / 1000000u;
}
