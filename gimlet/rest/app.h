/* app.h: the built application: what all workers read and none writes. */
#ifndef REST_APP_H
#define REST_APP_H

#include "../net/pool.h"
#include "access_log.h"
#include "router.h"
#include "settings.h"
#include "shed.h"
#include <gimlet/app.h>
#include <stdatomic.h>

/* Something on a worker's loop besides its connections; whoever made it embeds this. */
struct gim_part {
    struct gim_part *next;
    const void *key;                  /* whose: an address */
    void (*stop)(struct gim_part *p); /* no request runs any more, on any thread: end what runs */
    void (*release)(struct gim_part *p); /* the worker ends: frees it */
};

struct gim_app {
    struct gim_app_spec spec;
    struct gim_settings settings;
    struct gim_router *router;
    struct gim_group *top; /* the spec's routes with the built-in ones behind them */
    struct gim_wire_shared shared;
    struct gim_trusted *trusted;     /* --trusted-proxies; NULL: nobody */
    gim_str not_trusted;             /* an entry of it that is none: the program does not start */
    _Atomic(struct gim_pool *) pool; /* work.c; NULL until it is needed */
    unsigned workers;
    void *secure;                /* the .tls's, while HTTPS is spoken; NULL: plain HTTP */
    int inherited;               /* the listening socket that was handed over; 0: none */
    struct gim_loop **loops;     /* of the workers, known before they run; NULL: not yet */
    struct gim_worker **running; /* each set by the worker itself, for its own thread */
    _Atomic unsigned entered;    /* threads that are handing over work */
    _Atomic bool closed;         /* nothing is taken any more */
    _Atomic uint32_t posted;     /* gim_post's that have not run */
    _Atomic bool draining;
    struct gim_reload *reloads;   /* reload.h */
    bool at_terminal;             /* stderr was one at the start */
    struct gim_watch *watch;      /* watch.h; NULL: nobody asked */
    struct gim_test_driver *test; /* test client, made at its first call */
    _Atomic(void *) openapi;      /* the document, once somebody asked: a block of the heap */
    void *observed;               /* the observer's: observer.h */
    _Atomic uint32_t *mistakes;   /* mistake.c: how often, by route and kind */
};

/* One worker's part, behind wire.user. */
struct gim_worker {
    struct gim_app *app;
    struct gim_wire wire;
    struct gim_access_log log;
    struct gim_limits limits; /* the app's, with this worker's share of the totals */
    struct gim_turn_end turn_end;
    struct gim_timer log_timer;
    struct gim_buf scratch; /* replies are encoded here, then copied into the arena */
    struct gim_shed shed;
    struct gim_slot *free_slots; /* async.c */
    struct gim_slot_slab *slabs;
    struct gim_part *parts;
    const struct gim_observer *observer;        /* NULL: nobody counts */
    _Atomic(const struct gim_bound_route *) at; /* whose handler runs: for the watch */
    void *observed;                             /* the observer's */
    uint64_t id_counter; /* request ids: a random half, rendered, and a counter */
    char id_prefix[16];
};

/** gim_app_new with settings that were read already; settings->workers 0 counts as 1. */
struct gim_app *gim_app_build(const struct gim_app_spec *spec, const struct gim_settings *settings,
                              char *err, size_t err_len);

/** What the wire calls; service.c. */
extern const struct gim_service gim_rest_service;

/** Prepares a worker on a loop; `log_fd` -1: no access log. */
void gim_worker_init(struct gim_worker *w, struct gim_app *app, struct gim_loop *loop,
                     unsigned index, int log_fd);
void gim_worker_release(struct gim_worker *w);

/** What this worker runs from now on, for whoever finds it stuck; NULL: nothing of a route. */
static inline void gim_worker_at(struct gim_worker *w, const struct gim_bound_route *route)
{
    atomic_store_explicit(&w->at, route, memory_order_relaxed);
}

/** GET /livez and GET /readyz; health.c. */
extern const struct gim_route gim_health_routes[];

/** 64 bits that are not 0 and that nobody else was given; request_id.c. */
uint64_t gim_worker_unique(struct gim_worker *w);
/** Request ids of this worker begin with `random` and go on from `counter`; request_id.c. */
void gim_request_id_seed(struct gim_worker *w, uint64_t random, uint64_t counter);
void gim_slots_release(struct gim_worker *w);
void gim_test_driver_free(struct gim_test_driver *t);

#endif
