/**
 * gimlet/websocket.h: WebSocket (RFC 6455): messages in both directions on one connection.
 *
 * A route's handler turns its request into a WebSocket. Until then it is a request like any other, so
 * middleware, parameters and cookies say who may; from then on the table's functions are called.
 *
 *     static void said(struct gim_websocket *ws, enum gim_websocket_kind kind, gim_str bytes)
 *     {
 *         (void)gim_websocket_send(ws, kind, bytes);
 *     }
 *     static const struct gim_websocket_events echo = {.on_message = said};
 *
 *     static int talk(struct gim_ctx *c)
 *     {
 *         return gim_websocket(c, &echo, NULL);
 *     }
 *     static const struct gim_route routes[] = {GIM_WEBSOCKET("/echo", talk), {0}};
 *
 * Fragments, masks, UTF-8, pings and the closing handshake are seen to. Extensions are not offered:
 * no permessage-deflate (RFC 7692). HTTP/1.1 only (no RFC 8441).
 *
 * Everything here is for the thread of the connection's loop, unless it says "any thread". The
 * table's functions run there too: they must not block. A connection counts against
 * --max-connections; not against --max-in-flight, which is kept for requests. A message that has begun
 * must end within --body-timeout (stretched as a body's; the route's own first), else the connection is
 * closed with 1008. Once --max-buffered is spent, only clients for whom nothing waits are sent more.
 */
#ifndef GIMLET_WEBSOCKET_H
#define GIMLET_WEBSOCKET_H

#include <gimlet/app.h>

#ifdef __cplusplus
extern "C" {
#endif

/** One connection. Lives from gim_websocket until its on_close has returned. */
struct gim_websocket;

/** What a message holds. */
enum gim_websocket_kind {
    GIM_WEBSOCKET_TEXT = 1, /* UTF-8, always */
    GIM_WEBSOCKET_BINARY = 2,
};

/** Why a connection ended (RFC 6455 §7.4.1). 3000 to 4999 are the application's own. */
enum gim_websocket_code {
    GIM_WEBSOCKET_NORMAL = 1000,
    GIM_WEBSOCKET_GOING_AWAY = 1001, /* the server stops, the page was left */
    GIM_WEBSOCKET_PROTOCOL = 1002,
    GIM_WEBSOCKET_NOT_TAKEN = 1003, /* text where bytes are wanted, or the reverse */
    GIM_WEBSOCKET_NO_CODE = 1005,   /* told only: the client's Close had none */
    GIM_WEBSOCKET_LOST = 1006,      /* told only: it ended without a Close */
    GIM_WEBSOCKET_NOT_UTF8 = 1007,
    GIM_WEBSOCKET_POLICY = 1008,
    GIM_WEBSOCKET_TOO_BIG = 1009,
    GIM_WEBSOCKET_FAILED = 1011, /* the server met something it did not expect */
    GIM_WEBSOCKET_BUSY = 1013,   /* try again later; also: this client is too slow */
};

/** What happens on a connection, and its limits. A const table; all members may be left out. */
struct gim_websocket_events {
    /** The client has its 101. Before any message. */
    void (*on_open)(struct gim_websocket *ws);
    /** A whole message; `bytes` are valid during the call. Without it: closed with 1003. */
    void (*on_message)(struct gim_websocket *ws, enum gim_websocket_kind kind, gim_str bytes);
    /** Once, when the connection has ended, if on_open was due: nothing can be sent any more. `code` and
     *  `reason` are the client's (NO_CODE and LOST when it gave none), or ours when we ended it. */
    void (*on_close)(struct gim_websocket *ws, int code, gim_str reason);
    /** All that was sent has left: who stopped because of gim_websocket_unsent may go on. */
    void (*on_drained)(struct gim_websocket *ws);

    /** Subprotocols spoken here, best first, NULL-terminated: the first that the client offers is
     *  chosen (gim_websocket_protocol). When none is, the connection has none. */
    const char *const *protocols;
    /** Pages that may connect, ", "-separated, as browsers write them in Origin; a host that begins with
     *  "*." stands for its subdomains: "https://example.com, https://app.example.org". "*": any. NULL:
     *  only pages of the host that the request names, so that no foreign page can use a visitor's
     *  cookies. Clients without Origin (not browsers) may always. */
    const char *origins;

    /** Bytes. 0: the default. */
    int64_t max_message; /* of a message, all fragments together; 1 MiB. More: closed with 1009 */
    int64_t max_frame;   /* of one frame; as max_message */
    int64_t
        max_unsent; /* that wait for the client when another message is sent; 1 MiB. More: closed
                            with 1013 */
    bool drop;      /* over max_unsent the message is dropped instead, the client stays */

    /** Milliseconds, in ticks of 64. 0: the default. */
    int64_t ping;  /* silence of the client after which it is pinged; 30 s; GIM_NONE: never */
    int64_t pong;  /* more silence after which it is cut off (LOST); 10 s */
    int64_t close; /* what the client has for its part of the closing handshake; 5 s */
};

/** Checks the handshake (§4.2) and makes the reply: 101, and the connection is a WebSocket; or a
 *  problem: 426 when it asks for no WebSocket, or not for version 13; 400 when the handshake is not
 *  well-formed; 403 when its Origin may not. Only in routes made by GIM_WEBSOCKET (a GET with .streams
 *  = true), else it logs an error and the reply is 500. `data` comes back from gim_websocket_data; when
 *  it lies in gim_arena(c), it lives as long as the connection. The request stays readable as long
 *  (gim_websocket_request). Uses gim_on_cancel. Returns GIM_REPLIED. */
int gim_websocket(struct gim_ctx *c, const struct gim_websocket_events *events, void *data);

/** GIM_WEBSOCKET("/chat/:room", handler, options...): the row of a route that becomes one. */
#define GIM_WEBSOCKET(path_, ...) GIM_WEBSOCKET_(path_, __VA_ARGS__, .streams = true, GIM_HERE_)
#define GIM_WEBSOCKET_(path_, fn, ...)                                                             \
    GIM_ROUTE_("GET", path_, fn, .status = 101, .wrong = gim_websocket_wrong, __VA_ARGS__)

/** A part of GIM_WEBSOCKET: it cannot be .blocking. */
const char *gim_websocket_wrong(const struct gim_route *row);

/** Sends a message, copied. Returns 0; or -1 and nothing is sent: the connection is closing, more than
 *  max_unsent waits, or a TEXT is not UTF-8. Calls none of the functions above. */
int gim_websocket_send(struct gim_websocket *ws, enum gim_websocket_kind kind, gim_str bytes);
/** Begins the closing handshake: nothing can be sent any more, nothing more is delivered; on_close
 *  follows when the client has answered, or after .close. `code` 1000 to 1003, 1007 to 1014, 3000 to
 *  4999 (else 1011 is sent); `reason` UTF-8, cut at 123 bytes. A second call does nothing. */
void gim_websocket_close(struct gim_websocket *ws, int code, gim_str reason);

/** What gim_websocket was given. */
void *gim_websocket_data(const struct gim_websocket *ws);
/** The request it came from: parameters, header fields, gim_get, gim_state, gim_worker. Its arena is
 *  the connection's: what is taken from it in on_message adds up until the end. */
struct gim_ctx *gim_websocket_request(const struct gim_websocket *ws);
/** Memory until the present function of the table returns: for decoding and encoding a message. */
struct gim_arena *gim_websocket_arena(struct gim_websocket *ws);
/** The subprotocol chosen; absent when there is none. */
gim_str gim_websocket_protocol(const struct gim_websocket *ws);
/** Bytes that were sent and wait for the client. */
size_t gim_websocket_unsent(const struct gim_websocket *ws);

/* ---- from elsewhere -------------------------------------------------------------------------- */

/** Names a connection. A value: copy it freely, keep it as long as the application runs; when the
 *  connection has ended it names nobody. {0} does, too. */
typedef struct gim_websocket_ref {
    void *slot;
    uint32_t generation;
} gim_websocket_ref;

/** Its ref; the same one every time. {0} in on_close. */
gim_websocket_ref gim_websocket_ref_of(struct gim_websocket *ws);
/** From any thread, until the application's stop has returned: as gim_websocket_send, on the
 *  connection's own loop, soon; posts of one thread keep their order. `bytes` are copied. Returns 0; or
 *  -1: it has ended, 16 MiB of posts wait for it already, a TEXT is not UTF-8, or the server has
 *  stopped. */
int gim_websocket_post(gim_websocket_ref ref, enum gim_websocket_kind kind, gim_str bytes);
/** From any thread: as gim_websocket_close. */
int gim_websocket_post_close(gim_websocket_ref ref, int code, gim_str reason);

/* ---- groups ---------------------------------------------------------------------------------- */

/** Connections that are told the same: a room, a topic. Of all workers. */
struct gim_websocket_group;

/** Any thread. Free it in the application's stop, when no connection is left. */
struct gim_websocket_group *gim_websocket_group_new(void);
void gim_websocket_group_free(struct gim_websocket_group *g);
/** Adds the connection; it leaves by itself when it ends. A connection may be in many groups. */
void gim_websocket_join(struct gim_websocket *ws, struct gim_websocket_group *g);
void gim_websocket_leave(struct gim_websocket *ws, struct gim_websocket_group *g);
/** From any thread: sends to all that are in the group, the sender too. The bytes are copied once, not
 *  once a member; every member gets all broadcasts of a group in the same order. Members that are slow
 *  are treated as by gim_websocket_send. Returns 0; or -1: 64 MiB of broadcasts wait for the loops
 *  already, a TEXT is not UTF-8, or `g` is NULL. */
int gim_websocket_broadcast(struct gim_websocket_group *g, enum gim_websocket_kind kind,
                            gim_str bytes);
/** How many there are at this moment. Any thread. */
size_t gim_websocket_group_size(struct gim_websocket_group *g);

#ifdef __cplusplus
}
#endif
#endif
