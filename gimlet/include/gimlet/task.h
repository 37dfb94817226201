/**
 * gimlet/task.h: work beside the requests: timers, work for a loop, work in the background.
 *
 *     static void forget_old(struct gim_app *app, unsigned worker, void *arg)
 *     {
 *         shelf_forget_old(gim_app_state(app)); // on the worker's loop: short, and never blocking
 *     }
 *     static const struct gim_timer_row timers[] = {
 *         GIM_EVERY(60 * 1000, forget_old, .name = "forget_old", .jitter = 5000),
 *         {0},
 *     };
 *     ... gim_main(argc, argv, .routes = routes, .timers = timers);
 *
 * A timer is coarse: up to 64 ms late, never early. One that is late by whole periods runs once for all
 * of them, and goes on in its old rhythm: nothing piles up. In the test client rows of .timers begin
 * at the first gim_test_run; everything else works in any call.
 *
 * At the end: repeating timers do not run any more; requests and background work are waited for, up to
 * --stop-timeout; timers end; what was posted runs; then the application's `stop` does.
 */
#ifndef GIMLET_TASK_H
#define GIMLET_TASK_H

#include <gimlet/app.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- timers ---------------------------------------------------------------------------------- */

/** A row of .timers: GIM_EVERY(milliseconds, function, options...). */
#define GIM_EVERY(...) GIM_EVERY_(__VA_ARGS__, .begin = gim_timer_begin, GIM_HERE_)
#define GIM_EVERY_(ms, fn, ...)                                                                    \
    {                                                                                              \
        .run = (fn), .every = (ms), __VA_ARGS__                                                    \
    }
/** What GIM_EVERY puts into .begin. */
void gim_timer_begin(struct gim_app *app, unsigned worker, const struct gim_timer_row *row);

/** Names one timer that was set by a call. A value; {0} is none. */
typedef struct gim_ticket {
    void *slot;
    uint32_t generation;
} gim_ticket;

/** Runs `fn(app, worker, arg)` once, `ms` from now; or every `ms`. On the thread of `worker`, from
 *  which it is called: a handler's gim_worker(c), or what a gim_work was given (from elsewhere:
 *  gim_post it). `arg` stays the caller's. {0} when `ms` is below 1, there are 65,536 timers on this
 *  worker, or the server has stopped. Timers still set when the server ends do not run. */
gim_ticket gim_after(struct gim_app *app, unsigned worker, int64_t ms, gim_work *fn, void *arg);
gim_ticket gim_every(struct gim_app *app, unsigned worker, int64_t ms, gim_work *fn, void *arg);
/** It does not run any more. False when it had run (or was cancelled) already; any ticket may be
 *  given, also inside its own function. On the same thread. */
bool gim_ticket_cancel(gim_ticket t);

/* ---- elsewhere ------------------------------------------------------------------------------- */

/** From any thread: runs `fn(app, worker, arg)` soon on the loop of `worker` (0 ..
 *  gim_app_workers-1), in the order of the calls. 0, and then it runs once, before the application's
 *  `stop`; or -1 and it does not: there is no such worker, the server has stopped, or 65,536 wait. May
 *  be called in `start`: it runs when the worker does. */
GIM_MUST_CHECK int gim_post(struct gim_app *app, unsigned worker, gim_work *fn, void *arg);

/** On a thread of the pool: may block. What it returns goes to the gim_background_done. */
typedef int gim_background_work(void *arg);
/** On the loop of the worker that was named. */
typedef void gim_background_done(struct gim_app *app, unsigned worker, int result, void *arg);

/** What `done` is told when the server ended before the work could begin. */
#define GIM_CUT (-4096)

/** From any thread: runs `work(arg)` on the pool of .blocking routes (--blocking-threads,
 *  --blocking-queue), then `done(app, worker, result, arg)` (may be NULL) on the loop of `worker`.
 *  It belongs to no request: a handler that starts it answers at once, usually 202. `arg` must not
 *  lie in a request's arena; free it in `done`. 0, and then `done` runs once, before the application's
 *  `stop`; or -1 and nothing does: the queue is full (answer 503) or the server has stopped.
 *
 *  A graceful stop waits for it up to --stop-timeout. Then work that has not begun is cut (GIM_CUT),
 *  and what has begun is waited for all the same: nothing can end a thread. */
GIM_MUST_CHECK int gim_background(struct gim_app *app, unsigned worker, gim_background_work *work,
                                  gim_background_done *done, void *arg);

#ifdef __cplusplus
}
#endif
#endif
