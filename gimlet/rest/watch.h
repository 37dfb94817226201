/* watch.h: does each worker's loop still turn? Asked only when a service manager wants to know
 * (WatchdogSec=) or --watchdog says so; else there is no thread, no wake-up and no ping. */
#ifndef REST_WATCH_H
#define REST_WATCH_H

#include "app.h"

struct gim_watch;

/** Reads WATCHDOG_USEC and WATCHDOG_PID, and takes them out of the environment; begins to watch when
 *  anybody asked. The loops may be about to run. 0, or -1 when there can be no thread (logged). */
int gim_watch_start(struct gim_app *app);
/** Watches no more: a loop that has served its last connection does not turn. Any thread; a second
 *  call does nothing. */
void gim_watch_stop(struct gim_app *app);
/** No loop is left that could answer. */
void gim_watch_free(struct gim_app *app);
/** Loops that are stuck now; how often one was. Any thread. */
unsigned gim_watch_stuck(const struct gim_app *app);
unsigned gim_watch_total(const struct gim_app *app);

#endif
