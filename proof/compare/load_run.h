/* load_run.h: proof load's engine, as the comparison uses it. */
#ifndef COMPARE_LOAD_RUN_H
#define COMPARE_LOAD_RUN_H

#include "session.h"
#include "../load/result.h"

struct load_level {
    int64_t requests, connections; /* requests 0: by time */
    int64_t ms;
    double rate;        /* 0: closed */
    const gim_str *mix; /* instead of the measured request */
    size_t n_mix;
};

/** Runs it against the launch under way. `*cpu_ns` is what the service spent. 0; -1: s->err. */
GIM_MUST_CHECK int load_level_run(struct session *s, const struct load_level *level,
                                  struct load_result *out, int64_t *cpu_ns);
/** Failed requests and answers of 400 and above. */
uint64_t load_faults(const struct load_result *r);

#endif
