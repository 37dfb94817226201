/* client.h: one HTTP/1.1 connection of a client: dialled, asked, read, kept. proof's load and the
 * framework's own client (kit/fetch.c) are its two users; who is asked, when, and how long one waits is
 * theirs. It knows no TLS: a stream that somebody else has dialled may be put in. */
#ifndef WIRE_CLIENT_H
#define WIRE_CLIENT_H

#include "../base/buf.h"
#include "../http/response.h"
#include "../net/dial.h"

enum gim_client_state {
    GIM_CLIENT_CLOSED,
    GIM_CLIENT_DIALLING,
    GIM_CLIENT_IDLE, /* open, nothing asked */
    GIM_CLIENT_BUSY, /* a request is under way */
};

/* How an exchange, or the way to one, came to nothing. */
enum gim_client_end {
    GIM_CLIENT_NO_WAY, /* could not connect: errno */
    GIM_CLIENT_BROKEN, /* the connection failed: errno */
    GIM_CLIENT_SILENT, /* the server closed it without a byte of an answer */
    GIM_CLIENT_CUT,    /* it ended inside the answer */
    GIM_CLIENT_BAD,    /* what came is no HTTP/1.1 answer */
};

struct gim_client;

/* What the owner hears. Each may close the client, and may begin the next request. */
struct gim_client_user {
    /** Connected: ready for a request. */
    void (*on_open)(struct gim_client *c);
    /** The first bytes of an answer are here; they are looked at after the call. NULL: not told. */
    void (*on_bytes)(struct gim_client *c);
    /** c->response.status and .head (valid during the call). False: it is closed, go no further. */
    bool (*on_head)(struct gim_client *c);
    /** A piece of the body, valid during the call. False as above. */
    bool (*on_body)(struct gim_client *c, gim_str data);
    /** The answer is whole, and the connection idle. Close it unless gim_client_is_kept. */
    void (*on_answer)(struct gim_client *c);
    /** It is closed. `why` is static or the stream's; NULL: `err` says it. */
    void (*on_fail)(struct gim_client *c, enum gim_client_end end, int err, const char *why);
    /** An idle connection was ended by the server, or said something unasked: it is closed. */
    void (*on_gone)(struct gim_client *c);
    /** All that was sent has left, where it had to wait. NULL: not told. */
    void (*on_sent)(struct gim_client *c);
    /** Why an end is not one to trust (TLS without close_notify), or NULL. The pointer may be NULL. */
    const char *(*doubt)(struct gim_client *c);
};

struct gim_client {
    struct gim_stream *stream; /* the one that is talked to; NULL: closed */
    struct gim_stream plain;
    const struct gim_client_user *user;
    struct gim_response response;
    struct gim_buf carry; /* a partial head */
    uint8_t state;        /* enum gim_client_state */
    bool begun;           /* bytes of the answer have come */
    bool whole;           /* all of it in the read at work */
    bool more;            /* bytes behind the answer that nobody asked for */
};

/** Begins to connect; on_open or on_fail comes in a later turn. 0; -1 with errno as gim_dial. */
GIM_MUST_CHECK int gim_client_dial(struct gim_client *c, struct gim_loop *l,
                                   const struct gim_address *to);
/** The same with a stream that connects already, or is about to; its user is gim_client_stream. Its
 *  memory stays the caller's. */
void gim_client_take(struct gim_client *c, struct gim_stream *s);
extern const struct gim_stream_user gim_client_stream;

/** Sends a request, whole, on an idle connection. `no_body`: its answer has none (HEAD, or a CONNECT
 *  that is only looked at for its status). */
void gim_client_send(struct gim_client *c, gim_str request, bool no_body);
/** In on_answer: may the connection go on? */
bool gim_client_is_kept(const struct gim_client *c);
/** Ends the connection without a word. Safe when it is closed. */
void gim_client_close(struct gim_client *c);
/** The same, and gives its memory back. */
void gim_client_release(struct gim_client *c);

#endif
