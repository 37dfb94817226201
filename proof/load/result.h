/* result.h: what was measured. One per thread while running, merged at the end; flat in the number
 * of requests. Times in nanoseconds. */
#ifndef LOAD_RESULT_H
#define LOAD_RESULT_H

#include "../../gimlet/base/histogram.h"
#include <stdbool.h>

/* Why an exchange brought no answer. */
enum load_error {
    LOAD_REFUSED,
    LOAD_RESET,
    LOAD_TIMEOUT,
    LOAD_TLS,
    LOAD_DNS,
    LOAD_BAD_HTTP,
    LOAD_TRUNCATED,
    LOAD_NO_FDS,
    LOAD_NO_PORTS,
    LOAD_UNEXPECTED /* --expect-... */,
    LOAD_OTHER,
    LOAD_ERRORS
};

struct load_phase { /* hey's Details rows */
    double sum;
    int64_t min, max; /* over successes; connections reused count 0, as hey's */
    uint64_t count;
};

enum {
    PHASE_DIAL,
    PHASE_DNS,
    PHASE_WRITE,
    PHASE_WAIT,
    PHASE_READ,
    PHASES
};

struct load_result {
    struct gim_histogram latency; /* of successes; open loop: from the planned send */
    struct gim_histogram service; /* open loop: from the actual send */
    struct gim_histogram late;    /* open loop: actual minus planned send */
    struct gim_histogram dial;    /* each connection made: connect and TLS, apart from latencies */
    struct load_phase phases[PHASES];
    uint64_t statuses[1000];
    uint64_t errors[LOAD_ERRORS];
    char first[LOAD_ERRORS]
              [256]; /* the first example's text, as hey words it: Get "URL": dial tcp ... */
    uint64_t sent, answered, failed; /* answered + failed = finished */
    uint64_t unsent;                 /* open loop: planned, but no connection was free by the end */
    uint64_t size_total;             /* body bytes */
    uint64_t unfinished;             /* under way when the run ended (-z, Ctrl-C): not counted */
    uint64_t connects, redirects;
    int64_t started, ended; /* CLOCK_MONOTONIC */
    int64_t cpu_ns;         /* the generator's own, all threads */
    int cpus;               /* it could use */
    bool interrupted;
};

/* One success, for -o csv. Each thread appends its own to a file of its own (report/report.h). */
struct load_row {
    int64_t latency, dial, dns, write, wait, read; /* ns */
    int64_t offset;                                /* of the send, ns since the run began */
    int64_t status;
};

void load_result_merge(struct load_result *into, const struct load_result *from);
const char *load_error_name(enum load_error e); /* "connection refused" */

#endif
