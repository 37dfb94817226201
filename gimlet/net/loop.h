/* loop.h: one event loop per thread: readiness, coarse timers, tasks from other threads.
 *
 * epoll, edge-triggered, every fd added once with IN|OUT|RDHUP: no epoll_ctl on the hot path.
 * Whoever gets `on_event` reads until a short read or EAGAIN. The clock is read once a turn.
 * Everything but gim_loop_post and gim_loop_stop belongs to the loop's own thread. */
#ifndef NET_LOOP_H
#define NET_LOOP_H

#include "../base/list.h"
#include <gimlet/str.h>

#define GIM_LOOP_BUF 65536 /* the loop's one receive buffer */
#define GIM_TICK_MS 64     /* granularity of timers */

struct gim_loop;

/** An fd in a loop; embed it. */
struct gim_io {
    void (*on_event)(struct gim_io *io, uint32_t events); /* EPOLLIN | EPOLLOUT | ... */
    int fd;
    uint32_t ready_at; /* private: place in the loop's list of those to run next turn, from 1 */
};

/** A coarse timer; embed it. Zero is a timer that is not set. Fires on the first tick at or after
 *  its due time (never early). Moving the due time later is one store, no list work. */
struct gim_timer {
    struct gim_list node;
    void (*on_due)(struct gim_timer *t);
    uint64_t due; /* loop milliseconds; 0: not set */
};

/** Work for a loop from any thread; embed it. Runs once per post. */
struct gim_task {
    struct gim_task *next;
    void (*run)(struct gim_task *t);
};

/* The backend seam; epoll is the only one (docs/decisions/0012). */
struct gim_loop_backend {
    const char *name;
    int (*open)(struct gim_loop *l);
    void (*close)(struct gim_loop *l);
    int (*add)(struct gim_loop *l, struct gim_io *io, bool level, bool exclusive);
    int (*remove)(struct gim_loop *l, struct gim_io *io);
    int (*wait)(struct gim_loop *l, int timeout_ms); /* dispatches events; -1 on failure */
};

/** NULL when the kernel refuses (errno says why). */
struct gim_loop *gim_loop_new(void);
void gim_loop_free(struct gim_loop *l);

/** Adds an fd, edge-triggered IN|OUT|RDHUP; `level` gives level-triggered IN (listeners);
 *  `exclusive` adds EPOLLEXCLUSIVE (one shared fd in many loops). 0, or -1 with errno. */
GIM_MUST_CHECK int gim_loop_add(struct gim_loop *l, struct gim_io *io, bool level, bool exclusive);
/** Before closing the fd. No event of it is delivered afterwards, not even one already fetched. */
void gim_loop_remove(struct gim_loop *l, struct gim_io *io);

/** Sets `t` to fire `ms` from now (loop time); 0 < ms. A set timer is moved. */
void gim_timer_set(struct gim_loop *l, struct gim_timer *t, uint64_t ms);
void gim_timer_clear(struct gim_loop *l, struct gim_timer *t);

/** Queues `t` from any thread; wakes the loop only when its queue was empty. Tasks run in order. */
void gim_loop_post(struct gim_loop *l, struct gim_task *t);
/** The same without the wake, and the wake alone: for batches. Post returns true when a wake is
 *  owed. The loop may end once the task has run, so hold it from before the post until after the
 *  wake: gim_loop_free waits for those who hold. */
void gim_loop_hold(struct gim_loop *l);
void gim_loop_let_go(struct gim_loop *l);
bool gim_loop_post_quiet(struct gim_loop *l, struct gim_task *t);
void gim_loop_wake(struct gim_loop *l);

/** One turn: waits up to `max_ms` (-1: until something comes), dispatches events, timers, tasks,
 *  then runs the end-of-turn hooks. Returns -1 when waiting failed for good. */
int gim_loop_turn(struct gim_loop *l, int max_ms);
/** Turns until no task waits any more, a bounded number of times: what was posted at the very end lets
 *  go of what it holds, and a task that posts itself for ever does not hold up the end. */
void gim_loop_finish(struct gim_loop *l);
/** Turns until gim_loop_stop (any thread, signal-safe) was called. */
int gim_loop_run(struct gim_loop *l);
void gim_loop_stop(struct gim_loop *l);

/** Called once at the end of each turn that did something (flush a log buffer, give memory back).
 */
struct gim_turn_end {
    struct gim_list node;
    void (*run)(struct gim_turn_end *t);
};
void gim_loop_at_turn_end(struct gim_loop *l, struct gim_turn_end *t);

uint64_t gim_loop_ms(const struct gim_loop *l); /* monotonic, read once a turn */
/** When this turn began, in nanoseconds of gim_clock_ns; outside of a turn: now. */
uint64_t gim_loop_ns(const struct gim_loop *l);
int64_t gim_loop_wall(struct gim_loop *l); /* wall-clock seconds, at most a turn old */
char *gim_loop_buf(struct gim_loop *l);    /* GIM_LOOP_BUF bytes, allocated once, for reads */

#endif
