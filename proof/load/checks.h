/* checks.h: --fail-if, after the run. */
#ifndef LOAD_CHECKS_H
#define LOAD_CHECKS_H

#include "plan.h"
#include "result.h"

/** Does a limit of the plan fail? A line on stderr for each that does. */
bool checks_fail(const struct load_plan *p, const struct load_result *r);
/** The same; the lines go to `out`. Returns how many fail. */
size_t checks_run(struct gim_buf *out, const struct load_plan *p, const struct load_result *r);

#endif
