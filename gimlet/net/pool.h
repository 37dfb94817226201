/* pool.h: a bounded pool of threads for work that blocks. Threads start at the first job, up to the
 * limit, with small stacks, and end with the pool. */
#ifndef NET_POOL_H
#define NET_POOL_H

#include <gimlet/str.h>

struct gim_pool;

struct gim_job {
    struct gim_job *next;
    void (*run)(struct gim_job *j); /* on a pool thread */
};

struct gim_pool *gim_pool_new(unsigned threads, unsigned queue_max);
/** Queues a job from any thread. 0; -1 when the queue is full (nothing happens: answer 503). */
GIM_MUST_CHECK int gim_pool_submit(struct gim_pool *p, struct gim_job *j);
/** Runs what is queued, joins the threads. */
void gim_pool_free(struct gim_pool *p);

#endif
