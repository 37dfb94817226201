/* limit.h: the grammar of --fail-if. */
#ifndef LOAD_LIMIT_H
#define LOAD_LIMIT_H

#include "plan.h"

/** Reads "p99.9 > 5ms" and the like. 0; -1 with a sentence in `why`. */
GIM_MUST_CHECK int limit_parse(const char *text, struct plan_limit *out, char *why, size_t why_len);

#endif
