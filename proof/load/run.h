/* run.h: a whole run: threads made, joined and merged. */
#ifndef LOAD_RUN_H
#define LOAD_RUN_H

#include "plan.h"
#include "result.h"
#include <stdio.h>

/** Runs the plan. 0: `*result` holds (also after Ctrl-C); -1: it could not start, the reason is on
 *  stderr. `*spool` gets the rows for -o csv (NULL else), by completion time. */
GIM_MUST_CHECK int load_run(const struct load_plan *p, struct load_result *result, FILE **spool);

#endif
