/* host.h: the machine: which CPUs serve and which ask, what it is, and how quiet it was. */
#ifndef COMPARE_HOST_H
#define COMPARE_HOST_H

#include "plan.h"
#include "results.h"

#define HOST_CPUS 256 /* bytes of a list of CPUs */

struct host {
    char server_cpus[HOST_CPUS], client_cpus[HOST_CPUS];
    bool shared; /* server and client have to share CPUs, or threads of one core */
};

/** The plan's lists, or the allowed CPUs in two halves. Pins this process to the client's. */
void host_choose(struct host *h, const struct compare_plan *p);
/** Fills r->host: CPU model, cores, kernel, governor, clock source, load, memory, disk of `directory`. */
void host_describe(struct compare_results *r, const struct host *h, const char *directory);
/** The directory for data: $TMPDIR, else /var/tmp. */
const char *host_directory(void);
/** Whether the file system of `directory` forgets all when the power goes: no durable figure holds there. */
bool host_volatile(const char *directory);

/* How much of the machine went to others. */
struct host_sample {
    double total, idle, steal, ours; /* seconds of CPU */
    uint64_t throttled;              /* cgroup: periods in which we were held back */
};
void host_sample(struct host_sample *s);
/** Share of all CPU time between the two that neither this process and its ended children nor idling
 *  took; `*steal` the hypervisor's part. */
double host_others(const struct host_sample *before, const struct host_sample *after,
                   double *steal);

#endif
