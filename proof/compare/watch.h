/* watch.h: a comparison under way, on stderr: one line with the time left on a terminal, else a line an
 * event. */
#ifndef COMPARE_WATCH_H
#define COMPARE_WATCH_H

#include "protocol.h"

struct watch {
    struct protocol_watch calls; /* for protocol_run; owner is this struct: it must not move */
    bool terminal, drawn;
    int round; /* the last that was told */
};

struct watch_step {
    int round, rounds;
    const char *service, *phase;
    double done;
    int64_t left_ns; /* below 0: not known yet */
};

/** `quiet`: says nothing. */
void watch_open(struct watch *w, bool quiet);
/** Takes the line away. */
void watch_close(struct watch *w);

/** The line itself, at most `columns` wide. */
void watch_line(struct gim_buf *b, const struct watch_step *s, int columns);

#endif
