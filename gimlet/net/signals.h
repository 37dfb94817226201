/* signals.h: stop signals as events of a loop (signalfd), so that nothing runs in a handler. */
#ifndef NET_SIGNALS_H
#define NET_SIGNALS_H

#include "loop.h"

struct gim_signals {
    struct gim_io io;
    bool hangup; /* SIGHUP, too */
    void (*on_signal)(struct gim_signals *s, int signal);
};

/** Blocks SIGTERM and SIGINT in the calling thread (threads it starts inherit that), ignores
 * SIGPIPE for the process, and delivers the two, and SIGHUP if asked, to `on_signal`. 0, or -1 with errno. */
GIM_MUST_CHECK int gim_signals_open(struct gim_signals *s, struct gim_loop *loop);
/** SIGHUP waits until gim_signals_open takes it: before there are threads, which inherit that. It never
 *  ends the process from here on. */
void gim_signals_hold_hangup(void);
/** From here on, unless the program has a handler of its own, each of the two ends the process at once, with exit code 128 + its number: what is
 *  left to do may take for ever, and whoever waits for it must have a way out. */
void gim_signals_close(struct gim_signals *s, struct gim_loop *loop);

#endif
