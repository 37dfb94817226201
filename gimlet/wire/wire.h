/* wire.h: what the connections of one loop share: limits, the output buffer, the Date, the recycler
 * of exchanges, and the counters. One a worker; nothing in it is touched by two threads, but for
 * the process-wide budget of buffered bodies. */
#ifndef WIRE_WIRE_H
#define WIRE_WIRE_H

#include "../base/buf.h"
#include "../http/date.h"
#include "../net/stream.h"
#include "exchange.h"
#include <stdatomic.h>

/* Milliseconds and bytes; every one an option row (rest/settings.c). 0 switches a limit off,
 * but for max_body, where it means no body at all. */
struct gim_limits {
    int64_t max_head, max_target, max_body;
    int64_t max_buffered;    /* unfinished bodies and untaken answers, all connections together */
    int64_t max_connections; /* of this wire */
    int64_t max_in_flight;   /* exchanges of this wire that are suspended */
    int64_t header_timeout, body_timeout, idle_timeout, write_timeout, handler_timeout;
    int64_t body_min_rate; /* bytes a second that a body may stretch its deadline by */
};

/* Why the wire answers by itself, or hangs up; gim_refused_names has them in words. */
enum gim_refused {
    GIM_REFUSED_MALFORMED, /* 400, 501, 505: not HTTP as we take it */
    GIM_REFUSED_HEAD_LARGE,
    GIM_REFUSED_TARGET_LONG,
    GIM_REFUSED_EXPECTATION,
    GIM_REFUSED_BODY_LARGE,
    GIM_REFUSED_HEAD_TIMEOUT,
    GIM_REFUSED_BODY_TIMEOUT,
    GIM_REFUSED_HANDLER_TIMEOUT,
    GIM_REFUSED_WRITE_TIMEOUT, /* the client did not take its answer: cut */
    GIM_REFUSED_BODIES_FULL,   /* max_buffered: unfinished bodies */
    GIM_REFUSED_ANSWERS_FULL,  /* the same: answers that are not taken */
    GIM_REFUSED_IN_FLIGHT_FULL,
    GIM_REFUSED_QUEUE_OLD,  /* what waits in a queue has waited too long */
    GIM_REFUSED_LOOP_OLD,   /* what waits for the loop has */
    GIM_REFUSED_QUEUE_FULL, /* of the blocking pool */
    GIM_REFUSED_HANDSHAKE,  /* no TLS came of it: cut */
    GIM_REFUSED_CONNECTIONS_FULL,
    GIM_REFUSED_ADDRESS_FULL,    /* one address has too many */
    GIM_REFUSED_CONNECTIONS_CUT, /* far beyond: closed without an answer */
    GIM_REFUSED_MEMORY,          /* there is none: 503, or cut */
    GIM_REFUSALS
};
extern const char *const gim_refused_names[GIM_REFUSALS];

/* Since the start. Written by the loop, read by whoever wants to know, relaxed. */
struct gim_wire_counts {
    _Atomic uint64_t accepted; /* connections */
    _Atomic uint64_t refused[GIM_REFUSALS];
};

/* Process-wide, shared by the wires. */
struct gim_wire_shared {
    /* bytes held by requests whose body comes in pieces, and by answers that are not taken */
    _Atomic int64_t buffered;
    /* connections by address; NULL: not counted */
    struct gim_crowd *crowd;
    /* work beside the requests that a graceful stop waits for */
    _Atomic uint32_t background;
};

/* What accepted connections speak between their socket and HTTP: TLS. */
struct gim_layer {
    size_t size; /* of the stream's memory */
    /** As gim_socket_open, in zeroed `memory` that lives until the stream is closed. NULL with errno:
     *  the fd stays the caller's. */
    struct gim_stream *(*open)(void *with, void *memory, struct gim_loop *l, int fd,
                               const struct gim_stream_user *user);
};

struct gim_wire {
    struct gim_loop *loop;
    const struct gim_service *service;
    const struct gim_limits *limits;
    struct gim_wire_shared *shared;
    const struct gim_layer *layer; /* NULL: none */
    void *layer_with;
    void *user;         /* the service's */
    unsigned worker;    /* index */
    struct gim_buf out; /* replies of the present turn of one connection */
    struct gim_list conns;
    struct gim_list sharing; /* connections that have had their share of this turn: conn_share.c */
    struct gim_task sharing_task;
    bool sharing_due; /* it is posted */
    struct gim_exchange *free;
    uint32_t n_free;
    uint32_t n_conns, peak; /* peak: most connections since memory was last given back */
    int64_t given_back;     /* bytes of `shared->buffered` since memory was last given back */
    struct gim_timer trim;  /* gives memory back some time after much was let go */
    uint32_t in_flight;
    struct gim_wire_counts counts;
    int64_t date_second;
    bool draining; /* every reply says Connection: close */
    char date[GIM_HTTP_DATE_LEN];
};

void gim_wire_init(struct gim_wire *w, struct gim_loop *loop, const struct gim_service *service,
                   const struct gim_limits *limits, struct gim_wire_shared *shared);
/** Closes all connections at once; their suspended requests are cancelled. */
void gim_wire_hang_up(struct gim_wire *w);
/** Closes the connections that are left and frees the recycler. */
void gim_wire_release(struct gim_wire *w);

/** Counts one more of it: gim_wire.counts. */
void gim_wire_count(struct gim_wire *w, enum gim_refused why);
/** Counts a connection in and out. When most of a crowd has gone, the heap is trimmed soon. */
void gim_wire_enter(struct gim_wire *w);
void gim_wire_leave(struct gim_wire *w);

/** What somebody holds of the process's budget for slow clients was `held` bytes and is `now`. False
 *  when the budget is overdrawn. */
bool gim_wire_charge(struct gim_wire *w, int64_t held, int64_t now);
/** Is it overdrawn? */
bool gim_wire_is_spent(const struct gim_wire *w);

/** An exchange with one reference; given back by gim_exchange_unref. */
struct gim_exchange *gim_wire_exchange(struct gim_wire *w);
/** Copies the head (and a body that lies in the input) into the arena, so that they outlive the
 *  input. Slices taken from the head before are stale afterwards. */
void gim_exchange_keep(struct gim_exchange *x);
/** "Tue, 24 Nov 2026 13:56:17 GMT", rendered once a second. */
const char *gim_wire_date(struct gim_wire *w);
/** Does a reply with that status have no body (RFC 9110 §6.4.1)? */
static inline bool gim_status_is_empty(int status)
{
    return status == 204 || status == 304 || status < 200;
}
/** Appends the head of a reply whose body is streamed, "Transfer-Encoding: chunked" with x->chunked,
 *  or of an upgrade. */
void gim_wire_write_head(struct gim_wire *w, struct gim_exchange *x, struct gim_buf *out,
                         bool close);
/** Appends the reply of `x` to `out`, whole; of a stream that has no body (HEAD) the head. Returns the
 *  number of body bytes. */
size_t gim_wire_write_reply(struct gim_wire *w, struct gim_exchange *x, struct gim_buf *out,
                            bool close);

#endif
