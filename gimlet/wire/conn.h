/* conn.h: one connection: bytes in, replies out, requests in between. It knows a stream and a
 * session, no socket: the server, the test client and the fuzzer are three callers of this code. */
#ifndef WIRE_CONN_H
#define WIRE_CONN_H

#include "../http/session.h"
#include "../net/stream.h"
#include "wire.h"

enum gim_conn_phase {
    GIM_CONN_NEW,     /* nothing came yet: header deadline, silent */
    GIM_CONN_IDLE,    /* between requests: idle deadline, silent */
    GIM_CONN_HEAD,    /* a head is coming: absolute deadline, 408 */
    GIM_CONN_BODY,    /* a body is coming: deadline stretched by what came, 408; unwanted: silent */
    GIM_CONN_HANDLER, /* suspended: deadline, 503 */
    GIM_CONN_STREAM,  /* a streamed reply has nothing to send, or after an upgrade: no deadline */
    GIM_CONN_WRITE,   /* the client does not take its answer: deadline, reset */
    GIM_CONN_LINGER,  /* all is said; read what still comes, bounded, then close */
};

struct gim_conn {
    struct gim_stream *stream; /* behind this struct for sockets, the caller's for memory */
    struct gim_session session;
    struct gim_wire *wire;
    struct gim_list node;  /* wire.conns */
    struct gim_list share; /* wire.sharing */
    struct gim_timer timer;
    struct gim_exchange *x; /* the request being read or answered */
    char *carry; /* bytes kept for later: a partial head, or requests behind the present one */
    uint32_t carry_len, carry_cap;
    uint32_t
        progress;  /* BODY: unwanted bytes read past; WRITE: pending at the last look; LINGER: bytes
                          discarded */
    uint32_t held; /* bytes of output that were pending, and charged, at the last settle */
    uint64_t from; /* counted in the crowd as this; 0: not counted */
    uint8_t phase; /* enum gim_conn_phase */
    /* bits, because all of them are asked at once: shall the next request wait? */
    bool suspended : 1; /* x runs elsewhere */
    bool streaming : 1; /* the body of x's reply is being pulled */
    bool upgraded : 1;  /* the bytes are those of x->reply.upgrade */
    bool shared : 1;    /* has more requests, but had its share of this turn */
    bool closing : 1;   /* the last reply is written; nothing is parsed any more */
    bool broken : 1;    /* there was no memory for what was said: to be cut */
    bool in_body;       /* between HEAD and END of the session; x NULL meanwhile: read past it */
    bool moved;         /* a request was answered: the deadline begins anew */
    bool unread;  /* closing before all was read: half-close and drain, else RST eats the answer */
    bool ended;   /* the client has sent FIN */
    bool stopped; /* reading is stopped */
};

/** A connection on an accepted socket; the fd is closed when there is no room for it. accept.c */
void gim_conn_accept(struct gim_wire *w, int fd);
/** The same for a connection of `peer`, an address in IPv6 form; NULL: it has none. accept.c */
void gim_conn_accept_from(struct gim_wire *w, int fd, const uint8_t peer[16]);
/** Makes room: closes a connection that is idle. False when none was found. accept.c */
bool gim_conn_shed(struct gim_wire *w);
/** Starts the graceful end: an idle connection closes, any other after its present reply; a streamed
 *  reply's pull is asked once more, an upgrade's owner is told, soon. May free `c`. */
void gim_conn_drain(struct gim_conn *c);

/** A connection on a stream that the caller has opened with gim_conn_user (a memory stream), and
 *  whose memory stays the caller's. */
struct gim_conn *gim_conn_open(struct gim_wire *w, struct gim_stream *s);
extern const struct gim_stream_user gim_conn_user;
/** The same in memory that the caller took from the heap; `c` is zeroed, and freed when it closes. */
void gim_conn_start(struct gim_conn *c, struct gim_wire *w, struct gim_stream *s);

/** Answers by itself and ends the connection. May free `c`. */
void gim_conn_refuse(struct gim_conn *c, enum gim_refused why, int status, const char *detail);
/** Ends it at once; a suspended request is cancelled. Frees `c`. */
void gim_conn_close(struct gim_conn *c, bool reset);

#endif
