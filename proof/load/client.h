/* client.h: one connection of a load thread (gimlet/wire/client.h) and the exchange that runs on it,
 * measured. */
#ifndef LOAD_CLIENT_H
#define LOAD_CLIENT_H

#include "../../gimlet/base/arena.h"
#include "../../gimlet/base/list.h"
#include "../../gimlet/net/tls.h"
#include "../../gimlet/wire/client.h"
#include "request.h"
#include "result.h"

struct load_worker;

/* Following redirects: allocated at the first one of a client. */
struct load_hop {
    struct load_target target;
    struct load_route route;
    struct gim_buf location, request, url;
    bool elsewhere; /* the connection is not one to the run's own target */
    bool head;      /* the method is HEAD */
};

struct load_client {
    struct load_worker *worker;
    struct gim_client wire;     /* the connection */
    struct gim_tls_stream *tls; /* NULL until TLS is first needed */
    struct gim_timer timer;     /* the exchange's deadline, or the end of a rest */
    struct gim_list node;       /* of those that wait for their time */
    struct gim_buf body;        /* kept only to be checked (--expect-body) */
    struct load_hop *hop;
    int64_t planned, sent, written, first; /* of the present exchange, ns; first 0: no byte yet */
    int64_t dial_start, dial_ns; /* dial_ns goes to the first exchange of the connection */
    uint64_t slot;               /* -q: the last slot used */
    int next_address, tried;
    uint8_t hops;
    bool tunnel;  /* CONNECT is sent to the proxy */
    bool wanted;  /* an exchange waits for the connection to open */
    bool resting; /* neither fd nor port was to be had */
    bool counted; /* the present exchange is measured (not warm-up) */
};

void client_init(struct load_client *c, struct load_worker *w);
/** Opens the connection, ahead of its first request or for one that is wanted. */
void client_dial(struct load_client *c);
/** Sends a request that was due at `planned` (dials first when the connection is closed). */
void client_send(struct load_client *c, int64_t planned, bool counted);
/** Ends it without counting anything. */
void client_close(struct load_client *c);
void client_release(struct load_client *c);

/* redirect.c */
/** At the head of a response: remembers where a redirect leads. */
void hop_note(struct load_client *c);
/** At its end: follows it if there is one. True: a request is under way again. Else `*error` may say
 *  why it could not be followed (static). */
bool hop_follow(struct load_client *c, const char **error);
void hop_end(struct load_client *c);
/* client.c, for redirect.c */
void client_transmit(struct load_client *c, gim_str bytes, bool head_request);
void client_hang_up(struct load_client *c);

#endif
