/* choose.h: what the command line changes in a plan. */
#ifndef COMPARE_CHOOSE_H
#define COMPARE_CHOOSE_H

#include "plan.h"

/** Keeps the services that `names` ("gin,rocket") lists, in the plan's order. The array is a new one in
 *  `memory`; what the plan owns is not touched. 0; -1 with a sentence in `err`. */
GIM_MUST_CHECK int choose_services(struct compare_plan *p, struct gim_arena *memory,
                                   const char *names, char *err, size_t err_len);

#endif
