/* protocol.h: the comparison, run: build, contract, rounds. */
#ifndef COMPARE_PROTOCOL_H
#define COMPARE_PROTOCOL_H

#include "plan.h"
#include "results.h"

/* What is said while it runs; each may be NULL. */
struct protocol_watch {
    void (*on_event)(void *owner,
                     const char *what); /* "building gin", "gin: contract failed: ..." */
    /* before each phase: for a progress line with time left */
    void (*on_step)(void *owner, int round, int rounds, const char *service, const char *phase,
                    double done, int64_t left_ns);
    void *owner;
};

/** Runs it. 0: `r` holds what was measured (also after Ctrl-C: r->interrupted); -1: nothing could be run,
 *  a sentence in `err`. */
GIM_MUST_CHECK int protocol_run(const struct compare_plan *p, struct compare_results *r,
                                const struct protocol_watch *watch, bool contract_only, char *err,
                                size_t err_len);

#endif
