/* contract.h: what a service must do before it is timed: requests, and answers judged. */
#ifndef COMPARE_CONTRACT_H
#define COMPARE_CONTRACT_H

#include "call.h"
#include "plan.h"
#include "results.h"

/** Appends the bytes of `q`: path and headers with {id} and {location} filled in; `repeat` sends the body so
 *  many times over (0: once). `directory` is where body_file is looked for. 0; -1 with a sentence. */
GIM_MUST_CHECK int contract_request(struct gim_buf *out, const struct compare_request *q,
                                    const char *directory, gim_str host, gim_str id,
                                    gim_str location, int repeat, char *err, size_t err_len);

/** Makes the measured request, whose answer gives {id} and {location}, then every check of the plan, each
 *  on a connection of its own. Fills s->checks and the answer's sizes. Returns how many failed. */
int contract_run(struct compare_results *r, struct results_service *s, const struct compare_plan *p,
                 const struct gim_address *to, gim_str host);

/** Whether the answer of `c` is what `k` expects; if not, `what` says what was expected and what came. */
bool contract_judge(const struct compare_check *k, const struct call *c, char *what, size_t len);

/** Whether `wanted` (JSON) is part of `got`: objects by subset, arrays by element, "*" is any value. If not,
 *  `what` names the place. */
bool contract_json(gim_str wanted, gim_str got, char *what, size_t len);

#endif
