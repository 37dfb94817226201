/* websocket_private.h: what the files of WebSockets share: websocket.c (a connection's life),
 * websocket_handshake.c, websocket_post.c (words from other threads), websocket_group.c. */
#ifndef KIT_WEBSOCKET_PRIVATE_H
#define KIT_WEBSOCKET_PRIVATE_H

#include <gimlet/websocket.h>
#include "../base/arena.h"
#include "../http/websocket.h"
#include "../rest/ctx.h"
#include "../rest/work.h"

enum gim_websocket_state {
    GIM_WEBSOCKET_NEW,     /* the 101 may not have been written */
    GIM_WEBSOCKET_OPEN,    /* messages go both ways */
    GIM_WEBSOCKET_CLOSING, /* our Close is sent; the client's, or the deadline, ends it */
    GIM_WEBSOCKET_ENDED,
};

/* What a worker's connections share. Its buffers are lent: a connection that waits holds none. */
struct gim_websocket_hub {
    struct gim_part part;
    struct gim_app *app;
    struct gim_loop *loop;
    struct gim_websocket *corked; /* whose frames `out` collects, to leave together */
    unsigned depth;               /* functions of the application under way */
    struct gim_buf in;            /* a message while it is read */
    struct gim_buf out;
    struct gim_arena arena; /* of the present function */
    struct gim_websocket_slot *free_slots;
    struct gim_websocket_slab *slabs;
};

/* In the arena of its request. */
struct gim_websocket {
    const struct gim_websocket_events *events;
    struct gim_ctx *c;
    struct gim_websocket_hub *hub;
    void *data;
    gim_str protocol;
    struct gim_task opening;
    struct gim_timer timer;
    uint64_t heard; /* loop milliseconds of its last bytes */
    uint64_t begun; /* the same of the unfinished message's first; 0: there is none */
    struct gim_websocket_slot *slot;      /* of its refs; NULL: none was asked for */
    struct gim_websocket_member *members; /* of groups */
    gim_str reason;                       /* why we closed it, with `code` */
    uint16_t code;                        /* 0: we did not */
    uint8_t state;
    bool pinged; /* and nothing came since */
    struct gim_ws_reader reader;
};

/* websocket.c */

extern const struct gim_upgrade gim_websocket_upgrade;
/** The worker's hub, made when first asked for. */
struct gim_websocket_hub *gim_websocket_hub(struct gim_worker *w);
/** The handshake holds: takes the connection over once the 101 is written. */
void gim_websocket_begin(struct gim_websocket *ws);
/** Sends a frame that is made already; 0, or -1 as gim_websocket_send. */
int gim_websocket_put(struct gim_websocket *ws, gim_str frame);

/* websocket_post.c */

/** It has ended: its refs name nobody from now on. */
void gim_websocket_forget(struct gim_websocket *ws);
void gim_websocket_slots_release(struct gim_websocket_hub *h);

/* websocket_group.c */

/** It has ended: leaves its groups. */
void gim_websocket_leave_all(struct gim_websocket *ws);

#endif
