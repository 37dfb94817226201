/* work.h: what runs beside the requests: parts of the application on a worker's loop (timers, the
 * HTTP client), and the time in which other threads may hand work to the loops and the pool. */
#ifndef REST_WORK_H
#define REST_WORK_H

#include "app.h"

/** The part with that key, or NULL. On the worker's thread. */
struct gim_part *gim_worker_part(const struct gim_worker *w, const void *key);
/** The worker owns it from now on: stops it and releases it. On the worker's thread. */
void gim_worker_add(struct gim_worker *w, struct gim_part *p);
/** Begins the rows of .timers that are this worker's. */
void gim_worker_begin_timers(struct gim_worker *w);
/** Checks the rows; the number of defects, a line each in `why`. */
int gim_timer_rows_check(const struct gim_app_spec *spec, struct gim_buf *why);

/** From any thread: begins a use of the loops and the pool, to be ended by gim_app_leave; false when
 *  the application is stopping, and nothing may be handed to it any more. */
bool gim_app_enter(struct gim_app *app);
void gim_app_leave(struct gim_app *app);
/** The pool of threads, made when it is first asked for. Between enter and leave. */
struct gim_pool *gim_app_pool(struct gim_app *app);

/** No loop runs any more and no client is left: ends the parts, takes no more work, lets the pool
 *  come to its end, and runs what the loops were still given. A second call does nothing. */
void gim_app_stop(struct gim_app *app);

#endif
