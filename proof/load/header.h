/* header.h: the fields given with -H. */
#ifndef LOAD_HEADER_H
#define LOAD_HEADER_H

#include "plan.h"

/** Takes "Name: value" into the plan; one of the same name is replaced. 0; -1 with what was expected
 *  in `*why` (static). `*note` (static, else NULL) says when the field is left out, and why. */
GIM_MUST_CHECK int header_take(struct load_plan *p, const char *line, const char **why,
                               const char **note);

#endif
