/* selftest.h: a do-nothing server of our own to measure the generator against (--self-test). */
#ifndef LOAD_SELFTEST_H
#define LOAD_SELFTEST_H

#include "plan.h"
#include <sys/types.h>

struct selftest {
    pid_t child;
    char url[64];
};

/** Starts `proof null` in a child process and points the plan at it (3 s, unless -z or -n says
 *  otherwise). 0; -1 with a sentence on stderr. */
GIM_MUST_CHECK int selftest_start(struct selftest *t, struct load_plan *p);
void selftest_stop(struct selftest *t);

#endif
