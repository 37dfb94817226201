/* metrics.h: which figures a plan brings, and where each is kept. */
#ifndef COMPARE_METRICS_H
#define COMPARE_METRICS_H

#include "plan.h"
#include "results.h"

#define METRICS_LEVELS 8 /* of a list in the plan: closed, open, idle */

/* Figures of one load level; places in results->metrics, -1: not measured. */
struct metrics_load {
    int rps, p50, p99, cpu;
    int load; /* in results->loads */
};

struct metrics {
    int ready_connect, ready_answer;
    int rss_start, pss_start, binary;
    int first_call, later_kept, later_new;
    int small_rps, small_p50, hey_rps;
    struct metrics_load small, closed[METRICS_LEVELS], open[METRICS_LEVELS], mixed;
    int rss_after, peak, per_post;
    int idle[METRICS_LEVELS];
};

/** Fills r->metrics, r->loads and r->values (all NaN) for the plan; says where each is in `m`. */
void metrics_set_up(struct metrics *m, struct compare_results *r, const struct compare_plan *p,
                    bool hey);

#endif
