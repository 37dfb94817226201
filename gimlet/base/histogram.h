/* histogram.h: HDR histogram (high dynamic range): counts of int64 values with a bounded relative
 * error, in fixed memory. Log-linear: each power of two is cut into 1024 equal steps, so a value is
 * known to 3 significant digits; the index is a shift and an add.
 *
 * Values are nanoseconds here, from 0 to GIM_HISTOGRAM_MAX; larger ones count as the largest (and
 * in `over`), negative ones as 0. {0} is an empty histogram. One owner at a time; merge the
 * histograms of several threads when they ended. */
#ifndef BASE_HISTOGRAM_H
#define BASE_HISTOGRAM_H

#include <stdint.h>

#define GIM_HISTOGRAM_MAX INT64_C(68719476735) /* 2^36 - 1 ns: 68.7 s */
#define GIM_HISTOGRAM_CELLS 27648              /* 2048 + 25 * 1024, see histogram.c */

struct gim_histogram {
    uint64_t cells[GIM_HISTOGRAM_CELLS];
    uint64_t total, over;
    int64_t min, max; /* exact; of what was recorded; min 0 when total is 0 */
    double sum;       /* exact up to 2^53 */
    double sum_squares;
};

void gim_histogram_record(struct gim_histogram *h, int64_t value);
void gim_histogram_add(struct gim_histogram *into, const struct gim_histogram *from);
/** The smallest recorded value v such that at least `p` percent of all are <= v; 0 when empty. Given
 *  to 3 digits and rounded up (the highest value of its cell, never above max), but exactly when it
 *  is the smallest or the largest of all. p below 0 is 0, above 100 is 100. */
int64_t gim_histogram_percentile(const struct gim_histogram *h, double p);
/** How many are <= v (to the cell that holds v). */
uint64_t gim_histogram_below(const struct gim_histogram *h, int64_t v);
/** 0 when empty; exact, not of the cells. */
double gim_histogram_mean(const struct gim_histogram *h);
/** Of the sample (n - 1); 0 below two values. Right to 3 digits while it is more than a
 *  ten-thousandth of the mean. */
double gim_histogram_stdev(const struct gim_histogram *h);
/** Smallest number of samples for which the percentile has an upper 95 % confidence bound among the
 *  samples: ceil(log(0.05) / log(p/100)): 299 for p99, 2995 for p99.9. 1 for p 0,
 *  UINT64_MAX for p 100. */
uint64_t gim_histogram_needed(double p);
/** Walks non-empty cells: lowest and highest value of each and its count. *at starts at 0; 0 at the
 *  end. */
int gim_histogram_next(const struct gim_histogram *h, uint32_t *at, int64_t *low, int64_t *high,
                       uint64_t *count);
/** Adds a cell that was walked, into a histogram that is restored; then set total, over, min, max and
 *  the sums. 0; -1 when no cell has these bounds. */
int gim_histogram_put(struct gim_histogram *h, int64_t low, int64_t high, uint64_t count);

#endif
