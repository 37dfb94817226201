/* contract.h: the plan's requests as bytes, and whether a service answers them as agreed. */
#ifndef COMPARE_CONTRACT_H
#define COMPARE_CONTRACT_H

#include "call.h"
#include "plan.h"
#include "results.h"

/** Appends the request, serialised: Host, User-Agent, Content-Type and Content-Length are added unless
 *  the plan gives them, {id} and {location} are filled in in the path and in headers' values, the body
 *  is sent `repeat` times over (0: once). A location that is a whole URL gives its path. `directory` is
 *  the plan's. 0; -1 with a sentence in `err`. */
GIM_MUST_CHECK int contract_request(struct gim_buf *out, const struct compare_request *q,
                                    const char *directory, gim_str host, gim_str id,
                                    gim_str location, int repeat, char *err, size_t err_len);

/** Makes the measured request, then every check of the plan, each on a fresh connection unless the
 *  answer before kept its own. Fills s->checks (the measured request is the first), s->head_bytes and
 *  s->body_bytes. Returns how many failed. */
int contract_run(struct compare_results *r, struct results_service *s, const struct compare_plan *p,
                 const struct gim_address *to);

/** The member "id" of the answer's JSON, a string or a number as text, in `a`; empty when there is none. */
gim_str contract_id(const struct call *c, struct gim_arena *a);

/** Whether nobody listens there. */
bool contract_port_free(const struct gim_address *at);

#endif
