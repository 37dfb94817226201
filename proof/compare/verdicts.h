/* verdicts.h: the statistics of a whole comparison, worked out once from the results: a summary for each
 * service and metric, a ratio and a word against the reference of its group, Holm over the group's
 * comparisons of one metric. Pure: the same results give the same verdicts. */
#ifndef COMPARE_VERDICTS_H
#define COMPARE_VERDICTS_H

#include "../stats/stats.h"
#include "results.h"

struct verdict {
    struct stats_summary summary;
    struct stats_ratio ratio; /* this service over the reference */
    double adjusted_p;
    enum stats_word word;
    int more_rounds;
    bool best; /* of its group, by the median (no claim of significance) */
};

struct verdicts {
    const struct compare_results *results;
    struct verdict *all; /* [service][metric] */
    double
        noise_floor; /* widest half-width of the A/A controls' intervals over main metrics, 0.03; NaN: no control */
    struct gim_arena memory;
};

void verdicts_make(struct verdicts *v, const struct compare_results *r);
void verdicts_free(struct verdicts *v);
static inline const struct verdict *verdict_of(const struct verdicts *v, size_t service,
                                               size_t metric)
{
    return &v->all[service * v->results->n_metrics + metric];
}
/** "faster", "slower", "less", "more", "no practical difference", "undecided, about 24 rounds",
 *  "reference": by the metric's unit and direction. Times: LESS is faster; rates: MORE is faster;
 *  bytes and CPU: less, more. */
void verdict_words(struct gim_buf *b, const struct verdict *v, const struct results_metric *m);
/** "12.3 us", "4.10 ms", "1.31 MB", "56,200/s": 3 significant digits, unit by size. */
void verdict_figure(struct gim_buf *b, double value, enum results_unit unit);

#endif
