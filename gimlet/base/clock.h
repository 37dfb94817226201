/* clock.h: the two clocks. Hot paths take the loop's cached time instead (net/loop.h). */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

/** CLOCK_MONOTONIC in milliseconds / nanoseconds. */
uint64_t gim_clock_ms(void);
uint64_t gim_clock_ns(void);
/** CPU time of the calling thread; a system call. */
uint64_t gim_clock_thread_ns(void);

#endif
