/* lag.h: how long events of a loop wait for their turn. */
#ifndef NET_LAG_H
#define NET_LAG_H

#include "loop.h"

/** An event of our own, sent behind those that are ready now: it waits as long as a request that has
 *  just come. */
struct gim_lag {
    struct gim_io io;
    struct gim_loop *loop;
    void (*on_lag)(struct gim_lag *l, uint64_t ms); /* it came, so much later */
    uint64_t began;
    bool out; /* it is under way */
};

/** `loop` and `on_lag` are set by the caller. Without a descriptor nothing is ever told. */
void gim_lag_open(struct gim_lag *l);
/** Sends it, unless it is under way. Loop thread. */
void gim_lag_ask(struct gim_lag *l);
void gim_lag_close(struct gim_lag *l);

#endif
