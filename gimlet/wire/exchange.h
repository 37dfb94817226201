/* exchange.h: one request and its reply, independent of the connection that brought it.
 *
 * An exchange is lent by its loop's recycler (no malloc on the hot path), with an arena whose first
 * chunk stays. It is referenced by the connection and by each suspended handle or job; when the
 * last one lets go it is reset and goes back. */
#ifndef WIRE_EXCHANGE_H
#define WIRE_EXCHANGE_H

#include "../base/arena.h"
#include "../base/buf.h"
#include "../http/head.h"
#include "../net/loop.h"
#include <gimlet/pull.h>

struct gim_conn;
struct gim_wire;
struct gim_exchange;

#define GIM_EXCHANGE_FIRST 4096 /* bytes of arena that a recycled exchange keeps */

struct gim_header_line {
    struct gim_header_line *next;
    gim_str name, value;
};

/* One piece of a streamed body. */
struct gim_out {
    struct gim_buf *buf; /* bytes are added here; there may be others in front, up to `from` */
    size_t from;
    int fd; /* the piece's end: `len` bytes of a file from `at` */
    int64_t at, len;
};

/** Adds the next piece of a body to `out`; see gim_pull_fn. */
typedef enum gim_pull gim_exchange_pull(struct gim_exchange *x, struct gim_out *out);

/* What a connection becomes after a 101: its bytes are the owner's, as they come. Each may close it. */
struct gim_upgrade {
    void (*on_data)(struct gim_exchange *x, gim_str data);
    void (*on_drained)(struct gim_exchange *x); /* what was sent has left */
    void (*on_end)(struct gim_exchange *x);     /* FIN */
    void (*on_drain)(struct gim_exchange *x);   /* the server stops: say good-bye; also twice */
};

struct gim_reply_parts {
    int status; /* 0: none yet */
    gim_str media_type;
    gim_str body;
    struct gim_header_line *first, **tail;
    gim_exchange_pull *pull;           /* where the body comes from, instead of `body` */
    int64_t length;                    /* with pull: bytes of it, or GIM_LENGTH_UNKNOWN */
    const struct gim_upgrade *upgrade; /* with status 101: who takes the connection over */
    bool close;                        /* end the connection after it */
};

enum gim_body_plan {
    GIM_BODY_REFUSE, /* a reply is made from the head alone; the body is not wanted */
    GIM_BODY_TAKE,   /* read it, up to exchange.max_body */
};

/* What the floor above gives the wire. Everything runs on the loop's thread. */
struct gim_service {
    size_t exchange_size; /* of the struct that starts with a struct gim_exchange */
    /** The head is there: route, before-middleware. May make a reply (then REFUSE). Sets
     *  x->max_body and x->keep (the request must outlive this call's input); may set the time-outs. */
    enum gim_body_plan (*on_head)(struct gim_exchange *x);
    /** Head and body are there: bind, run. True: x->reply holds. False: the exchange is suspended
     * (a reference was taken), its memory may be in use by another thread, and gim_exchange_finish
     *  comes later. */
    bool (*on_request)(struct gim_exchange *x);
    /** The wire answers by itself (`status`, a static `detail`): fill x->reply. The head may be
     *  missing (x->head.size == 0). */
    void (*on_refused)(struct gim_exchange *x, int status, const char *detail);
    /** The handler's deadline has passed: `x` will answer in the place of `late`, whose memory may be
     *  in use by another thread. Takes over what `on_reply` needs; `late` lives until the answer is
     *  written. on_refused(x, 503) comes next. May be NULL. */
    void (*on_late)(struct gim_exchange *x, struct gim_exchange *late);
    /** The reply is complete and about to be written: after-middleware. */
    void (*on_reply)(struct gim_exchange *x);
    /** The reply was handed to the stream (`sent` bytes of body): access log. `aborted`: the client
     *  went before; x->reply must not be looked at. */
    void (*on_done)(struct gim_exchange *x, size_t sent, bool aborted);
    /** The client has gone, or the deadline has answered, while suspended; or the client has gone
     *  while its reply was streamed, or after an upgrade. */
    void (*on_cancel)(struct gim_exchange *x);
    /** The last reference has gone: deferred clean-ups. */
    void (*on_release)(struct gim_exchange *x);
};

struct gim_exchange {
    struct gim_arena arena;
    struct gim_wire *wire; /* its loop's */
    struct gim_conn *conn; /* NULL once the client has gone or has had its reply */
    struct gim_exchange *next_free;
    gim_str body;
    struct gim_reply_parts reply;
    int64_t max_body; /* set by on_head */
    /* ms, set by on_head; 0: the wire's limit, negative: none */
    int32_t handler_timeout, body_timeout;
    uint64_t start_ms;
    struct gim_buf collected; /* a body that came in pieces; x->body is a view of it */
    int64_t charged;          /* bytes of the budget for slow clients */
    /** Set by on_head: takes the body as it comes, nothing is collected. 0; or -1 with a reply made,
     *  and the rest is not wanted. x->body stays empty. */
    int (*sink)(struct gim_exchange *x, gim_str data);
    int64_t received;      /* bytes of a body that came in pieces */
    int64_t sent;          /* bytes of a streamed body */
    struct gim_out span;   /* its file part that has not left */
    struct gim_task again; /* goes on with a stream that has had its share of a turn */
    uint32_t refs;
    bool keep : 1;    /* set by on_head: the handler may outlive the input */
    bool stable : 1;  /* the head lies in the arena */
    bool chunked : 1; /* the body is streamed in chunks */
    bool last : 1;    /* the pull has said END */
    bool waiting : 1; /* the pull has said WAIT */
    bool queued : 1;  /* `again` is posted, with a reference */
    bool in_flight;   /* counted as such until its memory goes, whatever the client has had */
    struct gim_head head;
};

/** A suspended exchange has its reply: writes it if the client is still there. Loop thread. The
 *  reference that was taken for the suspension is still the caller's. */
void gim_exchange_finish(struct gim_exchange *x);
/** There may be more of a streamed body: asks its pull, if the client is still there. Loop thread; not
 *  from inside the pull. */
void gim_exchange_wake(struct gim_exchange *x);
/** After an upgrade: writes, keeping what the kernel does not take. Loop thread. */
void gim_exchange_send(struct gim_exchange *x, gim_str data);
/** After an upgrade: bytes that the client has not taken yet. */
size_t gim_exchange_unsent(const struct gim_exchange *x);
/** After an upgrade: ends the connection, once what was sent has left; with `reset`: now. Anything
 *  that comes meanwhile is dropped. */
void gim_exchange_hang_up(struct gim_exchange *x, bool reset);
void gim_exchange_ref(struct gim_exchange *x);
void gim_exchange_unref(struct gim_exchange *x);

#endif
