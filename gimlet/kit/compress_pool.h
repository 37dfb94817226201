/* compress_pool.h: a worker's compression contexts. */
#ifndef KIT_COMPRESS_POOL_H
#define KIT_COMPRESS_POOL_H

#include "../rest/work.h"
#include "coder.h"

struct gim_coding {
    struct gim_coding *next;
    const struct gim_coder *coder;
    int level;
    void *state;
    struct gim_coding_pool *pool;
};

struct gim_coding_pool {
    struct gim_part part;
    struct gim_coding *idle;
    unsigned n_idle, n; /* n: all there are */
    bool orphan;        /* the worker has gone: the last one to come back frees it */
    struct gim_buf out; /* of whole replies */
};

/** The worker's, made when it is first asked for. */
struct gim_coding_pool *gim_coding_pool_of(struct gim_worker *w);
/** A context, ready to begin; NULL: there are too many. Give it back. */
struct gim_coding *gim_coding_take(struct gim_coding_pool *p, const struct gim_coder *coder,
                                   int level);
void gim_coding_give(struct gim_coding *k);

#endif
