/* session.h: the seam between bytes and requests. HTTP/1.1 here (h1.c); HTTP/2 later.
 *
 * A session eats slices and says what it found, one event a call; it does no I/O and owns no memory
 * beyond itself, so that an idle connection costs its few bytes. It frames bodies only: heads are
 * parsed by head.h into memory that the caller lends, because a head lives with its request, not
 * with the connection. */
#ifndef HTTP_SESSION_H
#define HTTP_SESSION_H

#include "chunks.h"
#include "head.h"

enum gim_event {
    GIM_EVENT_MORE, /* all of the input is used (or kept by the caller): feed more */
    GIM_EVENT_HEAD, /* a request head is complete in *head */
    GIM_EVENT_DATA, /* a piece of the body: session.data, a slice of the input */
    GIM_EVENT_END,  /* the request's body is complete (also right after HEAD when there is none) */
    GIM_EVENT_REFUSED, /* not HTTP as we take it: session.why; nothing after it is parsed */
};

enum gim_h1_state { /* private to h1.c */
    GIM_H1_HEAD,
    GIM_H1_LENGTH,
    GIM_H1_CHUNKED,
    GIM_H1_END,
    GIM_H1_DEAD,
};

struct gim_session {
    const struct gim_session_ops *ops;
    gim_str data;                 /* of GIM_EVENT_DATA */
    struct gim_refusal why;       /* of GIM_EVENT_REFUSED */
    union {                       /* private */
        uint64_t left;            /* LENGTH: bytes of the body to come */
        struct gim_chunks chunks; /* CHUNKED */
    };
    uint16_t seen; /* private: bytes of a partial head already looked at */
    uint8_t state; /* private: enum gim_h1_state */
};

struct gim_session_ops {
    /** The next event of `*in`, which is advanced past what was used. HEAD: *head is filled, its
     *  base points into *in's old bytes. MORE while a head is partial leaves those bytes in *in:
     * the caller keeps them and passes them again with more behind. */
    enum gim_event (*next)(struct gim_session *s, gim_str *in, struct gim_head *head,
                           const struct gim_head_limits *limits);
};

extern const struct gim_session_ops gim_h1_ops;

/** True between requests: no byte of a next request has been used. */
bool gim_session_idle(const struct gim_session *s);

#endif
