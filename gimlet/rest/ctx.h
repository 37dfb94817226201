/* ctx.h: the inside of a request context: an exchange and what routing and binding added. */
#ifndef REST_CTX_H
#define REST_CTX_H

#include "app.h"
#include <gimlet/stream.h>

struct gim_deferred {
    struct gim_deferred *next;
    void (*fn)(void *arg);
    void *arg;
};

struct gim_value {
    struct gim_value *next;
    const void *key;
    void *value;
};

struct gim_ctx {
    struct gim_exchange x; /* first: the wire hands us this */
    /* from here to `match` all is zeroed for a new request (gim_ctx_begin) */
    gim_str path; /* decoded */
    gim_str id;
    gim_str trace_id;                 /* 32 hex digits; absent without the trace middleware */
    gim_str principal;                /* absent until somebody says who it is */
    uint64_t start_ns;                /* set when somebody counts */
    uint64_t waits_since;             /* loop ms: it waits in a queue (shed.h); 0: no */
    uint64_t waited;                  /* ms: a job, until it began */
    const char *const *etag_suffixes; /* under which a tag is known too; NULL-terminated */
    void *body, *form, *query, *path_obj;
    struct gim_deferred *deferred;
    struct gim_value *values;        /* newest first; a node is never changed */
    struct gim_value *values_before; /* those there were when the loop let go of it */
    void (*on_cancel)(void *arg);
    void *cancel_arg;
    atomic_bool unwanted; /* cancelled: a job that has not begun need not */
    const struct gim_middleware *const *chain;
    const struct gim_middleware *now; /* whose before or after runs: gim_with */
    gim_pull_fn *pull;                /* of a streamed reply */
    void *pull_arg;
    gim_handler *then;     /* what a resume runs */
    struct gim_slot *slot; /* set while suspended */
    uint8_t ran;           /* befores of `chain` that ran: their afters are due */
    bool begun;            /* routed: accessors may be used */
    bool on_pool;          /* a pool thread runs the handler */
    bool pull_is_timed;    /* a timer asks the stream's pull again: WAIT needs no handle */
    int job_result;
    struct gim_task task; /* resume, or the end of a blocking job */
    struct gim_job job;
    struct gim_match match; /* set by the router */
};

static inline struct gim_ctx *gim_ctx_of(struct gim_exchange *x)
{
    return (struct gim_ctx *)(void *)x;
}

static inline struct gim_worker *gim_ctx_worker(const struct gim_ctx *c)
{
    return c->x.wire->user;
}

static inline struct gim_app *gim_ctx_app(const struct gim_ctx *c)
{
    return gim_ctx_worker(c)->app;
}

/** Runs a handler that may suspend; true when the reply holds, false when it is suspended. */
bool gim_ctx_run(struct gim_ctx *c, gim_handler *h);
/** Hands the handler to the pool; false when the queue is full. */
bool gim_ctx_block(struct gim_ctx *c, gim_handler *h);
/** Cancels: the client is gone or has had another answer. */
void gim_ctx_cancel(struct gim_ctx *c);
/** A problem made of parts; see problem.h. */
int gim_ctx_problem(struct gim_ctx *c, int status, const char *slug, gim_str detail,
                    const struct gim_faults *faults, const struct gim_json_error *where);

#endif
