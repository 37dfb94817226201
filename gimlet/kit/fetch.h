/* fetch.h: what the files of the client share: fetch.c (calls), fetch_pool.c (hosts and their
 * connections), fetch_names.c (where hosts are), fetch_request.c (bytes),
 * fetch_redirect.c, https.c. All of it belongs to one worker's thread. */
#ifndef KIT_FETCH_H
#define KIT_FETCH_H

#include "../rest/ctx.h"
#include "../rest/work.h"
#include "../wire/client.h"
#include <gimlet/fetch.h>

#define FETCH_ADDRESSES 8
#define FETCH_HOST_MAX 256

struct fetch_call;

/* How to make connections other than plain ones. */
struct gim_https {
    /** A worker's context; NULL with a sentence in `err`. */
    void *(*open)(char *err, size_t err_len);
    void (*close)(void *context);
    /** Begins a connection for `c`; `name` must outlive it. Its state, to be given back by `end` once
     *  the client is closed; NULL with errno. */
    void *(*dial)(void *context, struct gim_client *c, struct gim_loop *l,
                  const struct gim_address *to, const char *name);
    void (*end)(void *state);
    /** What TLS said of the end of this connection, or "". */
    const char *(*why)(const void *state);
};

struct fetch_pool { /* a worker's */
    struct gim_part part;
    struct gim_worker *worker;
    struct gim_list hosts; /* the one used last at the end */
    struct gim_list calls;
    uint32_t n_hosts, n_calls;
    const struct gim_https *https;
    void *https_context;
    bool stopped;
};

struct fetch_host {
    struct gim_list node;
    struct fetch_pool *pool;
    const struct gim_https *https; /* NULL: plain */
    int port;
    struct gim_address addresses[FETCH_ADDRESSES];
    int n, next;          /* the one to dial */
    uint64_t known_until; /* loop ms */
    bool resolving;
    struct gim_list idle;    /* connections; the one used last at the end */
    struct gim_list waiting; /* calls without a connection */
    uint32_t n_conns, n_calls;
    char name[FETCH_HOST_MAX]; /* or "unix:/path" */
};

struct fetch_conn {
    struct gim_client client;
    struct fetch_host *host;
    struct fetch_call *call; /* NULL: idle, or ended */
    struct gim_list node;    /* host->idle */
    struct gim_timer idle;
    struct gim_task end; /* frees it, once no callback of it is on the stack */
    const struct gim_https *https;
    void *tls; /* https->dial's */
    bool kept; /* has served before */
};

struct fetch_again; /* what a redirect needs: fetch_redirect.c */

struct fetch_call {
    struct gim_list node;         /* pool->calls */
    struct fetch_again *redirect; /* NULL: none is followed */
    struct gim_list wait;         /* host->waiting */
    struct fetch_pool *pool;
    struct fetch_host *host;
    struct fetch_conn *conn;
    struct gim_timer timer;
    struct gim_task failed; /* `error` is set: ends it in a later turn */
    struct gim_buf request, head, body;
    gim_fetch_done *done;
    void *arg;
    uint64_t begun, connect_by, answer_by; /* loop ms */
    int64_t connect_timeout, timeout;
    size_t max_body;
    int tried; /* addresses that did not answer */
    int status;
    bool no_body; /* HEAD */
    bool safe;    /* may be sent twice */
    bool again;   /* it was: now on a fresh connection */
    bool failing; /* `failed` is posted */
    bool kept;
    char error[256];
};

/* fetch_request.c */

/** Fills the call's request and its place: `host` is a name, or "unix:/path". NULL, or what is wrong. */
const char *gim_fetch_request(struct fetch_call *call, const struct gim_fetch *f,
                              char host[FETCH_HOST_MAX], int *port, bool *tls);

/* fetch_redirect.c */

/** Keeps of `f` what is needed to follow redirects. */
void gim_fetch_keep(struct fetch_call *call, const struct gim_fetch *f);
/** The answer is there: true when it leads elsewhere, and the call goes on, or has failed. */
bool gim_fetch_follow(struct fetch_call *call);
void gim_fetch_forget(struct fetch_call *call);

/* fetch_names.c */

/** Fills h->addresses: at once, or later, and then serves the calls that wait; or fails them. */
void gim_fetch_resolve(struct fetch_host *h);

/* fetch_pool.c */

/** The worker's, made when it is first asked for; NULL: there is no such worker. */
struct fetch_pool *gim_fetch_pool_of(struct gim_app *app, unsigned worker);
/** The host's entry; NULL: too many are in use. */
struct fetch_host *gim_fetch_host_of(struct fetch_pool *p, const char *name, int port,
                                     const struct gim_https *https);
/** Gives the call a connection: a kept one, a new one, or a place in the queue. */
void gim_fetch_begin(struct fetch_call *call);
/** Gives the calls that wait what there is. */
void gim_fetch_serve(struct fetch_host *h);
/** It needs none any more: ends one that is under way, and lets others have the place. */
void gim_fetch_let_go(struct fetch_call *call);

/* fetch.c */

/** Asks, or fails. What was asked before is over. */
void gim_fetch_ask(struct fetch_call *call, const struct gim_fetch *f);
/** The connection that the call waited for is open: its own deadline is over. */
void gim_fetch_opened(struct fetch_call *call);
/** It has its answer. */
void gim_fetch_end(struct fetch_call *call);
/** It has none, for this reason; tells so in a later turn. */
void gim_fetch_fail(struct fetch_call *call, const char *fmt, ...) GIM_PRINTF(2, 3);

#endif
