/* process.h: what the kernel knows about this process. For people who look, not for hot paths. */
#ifndef BASE_PROCESS_H
#define BASE_PROCESS_H

#include <stdint.h>

struct gim_process {
    double cpu_seconds;        /* user and system, all threads */
    double start_time;         /* seconds since the epoch, to a hundredth */
    int64_t resident, address; /* bytes of memory that are there; of address space */
    int64_t fds, max_fds;
    int64_t threads;
};

/** What cannot be read is -1. A few system calls, and one a thousand fds on older kernels. */
void gim_process_read(struct gim_process *p);

#endif
