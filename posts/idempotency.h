/* idempotency.h: the Idempotency-Key field of a request. */
#ifndef POSTS_IDEMPOTENCY_H
#define POSTS_IDEMPOTENCY_H

#include "store.h"

/** Puts the request's key and fingerprint into `op`; a request without the field leaves it as it
 * is. 0; or -1 with a 400 made: malformed key. */
GIM_MUST_CHECK int idempotency_read(struct gim_ctx *c, struct store_op *op);

#endif
