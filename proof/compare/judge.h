/* judge.h: whether an answer is what a check of the contract expects. */
#ifndef COMPARE_JUDGE_H
#define COMPARE_JUDGE_H

#include "call.h"
#include "plan.h"

/** True when all holds. Else `why` gets a sentence, "expected ..., got ...", in UTF-8.
 *  - status: the check's, else its request's, else any 2xx;
 *  - headers: "Name" is there; "Name: value" has it; a value that ends in '*' has what stands before;
 *  - body_contains;
 *  - json: members of objects are a subset, arrays agree element by element, "*" is any value. */
bool judge_answer(const struct call *c, const struct compare_check *check, struct gim_buf *why);

#endif
