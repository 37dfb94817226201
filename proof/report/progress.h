/* progress.h: one line on the terminal while a run goes on. */
#ifndef REPORT_PROGRESS_H
#define REPORT_PROGRESS_H

#include "../load/plan.h"

struct progress_snapshot {
    uint64_t total;      /* requests in all; 0: it goes by time */
    int64_t duration_ns; /* of the run; 0: it goes by number */
    int64_t elapsed_ns;  /* since its start */
    uint64_t answered, failed;
    int64_t p50, p99; /* ns, so far */
};

struct progress;

/** NULL when nothing is to be drawn: stderr is no terminal, TERM=dumb, or --no-progress. The other
 *  calls take NULL. */
struct progress *progress_start(const struct load_plan *p);
bool progress_active(const struct progress *p);
/** Draws the line anew (call it about four times a second). */
void progress_update(struct progress *p, const struct progress_snapshot *s);
/** Takes the line away. */
void progress_end(struct progress *p);

/** The line itself: at most `columns` wide, without a line break. `rate` is of the last moments. */
void progress_line(struct gim_buf *b, const struct progress_snapshot *s, double rate, int columns,
                   bool colour);

#endif
