/* shed.h: refusing early what would wait too long. Two kinds of waiting are measured: of a loop's
 * events, and of suspended requests in a queue. One a worker; times are the loop's milliseconds. */
#ifndef REST_SHED_H
#define REST_SHED_H

#include "../net/lag.h"

/** Requests that wait in one queue, first in, first out. */
struct gim_shed_queue {
    uint32_t waiting;
    uint32_t done;    /* that ended since `since` */
    uint32_t room;    /* how many may wait, while shedding */
    bool shedding;    /* the queue stands: it does not go away by itself */
    uint64_t since;   /* the beginning of the window in which `done` are counted */
    uint64_t above;   /* since when every wait that ended was too long; 0: the last was not */
    uint64_t moved;   /* when a wait ended last */
    uint64_t refused; /* when somebody was refused last, or the shedding began */
};

void gim_shed_enter(struct gim_shed_queue *q, uint64_t now);
/** It does not wait after all. */
void gim_shed_undo(struct gim_shed_queue *q);
/** A wait ended that took `waited`; more than `target` is too long. */
void gim_shed_leave(struct gim_shed_queue *q, uint64_t now, uint64_t waited, uint64_t target);
/** Is one more refused? */
bool gim_shed_is_full(struct gim_shed_queue *q, uint64_t now, uint64_t target);

#define GIM_SHED_ALL 1024

struct gim_shed {
    uint64_t target; /* ms; 0: nothing is shed */
    struct gim_lag lag;
    uint64_t told;     /* when the lag was last told */
    uint32_t requests; /* of this turn */
    uint32_t refused;  /* since it was told */
    uint64_t cpu_ns;   /* of the loop's thread, when it was told */
    uint32_t share;    /* of the requests that are taken, of GIM_SHED_ALL */
    uint32_t credit;
    bool above; /* the last lag was too long */
    struct gim_shed_queue suspended, blocking;
};

void gim_shed_init(struct gim_shed *s, struct gim_loop *loop, int64_t target);
void gim_shed_release(struct gim_shed *s);
/** A request has come: false when it is refused, because the loop is behind. */
bool gim_shed_admit(struct gim_shed *s);
/** The end of a turn. */
void gim_shed_turn(struct gim_shed *s);

#endif
