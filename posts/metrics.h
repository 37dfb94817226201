/* metrics.h: what the service counts besides its requests. The counters are process-wide and change,
 * as counters do; everything here may be called from any thread. */
#ifndef POSTS_METRICS_H
#define POSTS_METRICS_H

#include "store.h"

extern const struct gim_metrics posts_metrics;

/** An operation is done: counts it by action and result. */
void metrics_operation(const struct store_op *op);
/** So many more operations wait for the store; fewer: negative. */
void metrics_pending(int64_t more);
/** store_host.committed. */
void metrics_committed(size_t writes, int64_t ns, int64_t wal_bytes);

#endif
