/* loop_private.h: the inside of a loop, for the files of net/ only.
 *
 * loop.c turns; timer.c owns the wheel; a backend owns `state` and calls tick once after waiting
 * and dispatch for each event; socket.c asks `current` whether its stream outlived a callback. */
#ifndef NET_LOOP_PRIVATE_H
#define NET_LOOP_PRIVATE_H

#include "loop.h"
#include <stdatomic.h>

#define WHEEL_SLOTS 512 /* a power of two; a turn of the wheel is 512 * 64 ms = 33 s */

struct gim_wheel {
    uint64_t tick;                   /* all ticks up to this one are done */
    uint64_t used[WHEEL_SLOTS / 64]; /* a bit for each slot that may hold timers */
    struct gim_list slots[WHEEL_SLOTS];
};

struct gim_loop {
    const struct gim_loop_backend *backend;
    void *state;            /* the backend's own */
    struct gim_io *current; /* whose on_event runs; NULL once it was removed */
    uint64_t ms, ns;        /* one reading of the clock */
    int64_t wall;
    bool wall_known; /* `wall` was read in this turn */
    bool in_turn;    /* `ms` is fresh */
    bool busy;       /* this turn did something */
    char *buf;
    struct gim_io **ready; /* to be run next turn; NULL where one was removed */
    uint32_t ready_n, ready_cap;
    struct gim_list turn_end;
    struct gim_io wake; /* an eventfd */
    struct gim_wheel wheel;
    char apart[64];                   /* what other threads write is not on the line of the above */
    _Atomic(struct gim_task *) tasks; /* newest first */
    _Atomic unsigned holders;         /* threads between a post and its wake */
    atomic_bool stop;
};

extern const struct gim_loop_backend gim_epoll;

/** The backend's part: reads the clock after waiting; runs one event. */
void gim_loop_tick(struct gim_loop *l);
void gim_loop_dispatch(struct gim_loop *l, struct gim_io *io, uint32_t events);

/** Runs io->on_event(io, 0) in the next turn, which then does not wait. Twice is once. */
void gim_loop_ready(struct gim_loop *l, struct gim_io *io);

void gim_wheel_init(struct gim_loop *l);
/** Runs what is due at l->ms. */
void gim_wheel_run(struct gim_loop *l);
/** Milliseconds until the wheel has something to look at; -1: never. */
int gim_wheel_wait(struct gim_loop *l);

#endif
