/* figures.h: what several reports work out from a result. */
#ifndef REPORT_FIGURES_H
#define REPORT_FIGURES_H

#include "../load/plan.h"
#include "../load/result.h"

/* A percentile is known when at least one success lies beyond it: hey prints `0%` otherwise. */
struct figure_level {
    double p;
    const char *name;
    uint64_t least; /* successes */
};

#define FIGURE_HEY_LEVELS 7
#define FIGURE_LEVELS 7
extern const struct figure_level figure_hey_levels[FIGURE_HEY_LEVELS]; /* 10 to 99 */
extern const struct figure_level figure_levels[FIGURE_LEVELS];         /* 50 to 99.99 */

double figure_seconds(const struct load_result *r); /* measured, from start to end */
double figure_rate(const struct load_result *r);    /* requests finished a second, errors too */
/** Of its CPUs' time, how much the generator used: 0 to 1. */
double figure_cpu_share(const struct load_plan *p, const struct load_result *r);

/** "812 ns", "21.2 µs", "1.02 ms", "2.50 s": three digits. */
void figure_put_time(struct gim_buf *b, double ns);

#endif
