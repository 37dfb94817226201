/* told.h: what the text and the Markdown of a comparison have in common: which groups, phases and
 * metrics there is something to tell of, ratios and moments as people read them, and where the
 * reference loses. */
#ifndef REPORT_TOLD_H
#define REPORT_TOLD_H

#include "../compare/verdicts.h"

/** Whether service `i` is the first of its group: a walk over the groups stops there. */
bool told_begins_group(const struct compare_results *r, size_t i);
/** Whether somebody in the group of service `i` has figures of a metric. */
bool told_has_metric(const struct verdicts *v, size_t i, size_t metric);
/** Whether somebody in the group has figures of a main metric of the phase. */
bool told_has_phase(const struct verdicts *v, size_t i, enum results_phase phase);
/* The figures that the published comparison had: memory at start, first call, later calls, load. */
#define TOLD_PUBLISHED 4
/** Of the published figure `which` the metric that somebody in the group has; -1: nobody has one. */
int told_published(const struct verdicts *v, size_t i, unsigned which);
/** The service whose median of the metric is better than that of the reference `i`, the best if there
 *  are several; -1 when there is none. Copies of a service (A/A) are not asked. */
int told_rival(const struct verdicts *v, size_t i, size_t metric);
/** "Where NAME loses: " and every main metric where another is better by the median, with its figures
 *  and the verdict; or that there is none. One paragraph. */
void told_put_losses(struct gim_buf *b, const struct verdicts *v, size_t i);

void told_put_ratio(struct gim_buf *b, double ratio); /* "7.85", 3 digits; "" for NaN */
void told_put_time(struct gim_buf *b, int64_t us);    /* "2026-11-24T19:30:00Z" */
void told_put_took(struct gim_buf *b, int64_t us);    /* "48 s", "43 min" */
void told_put_bytes(struct gim_buf *b, int64_t head, int64_t body); /* "287 + 133 bytes" */
/** Why a service has no figures: "skipped: go is not here; ...", "failed: ...". */
void told_put_why(struct gim_buf *b, const struct results_service *s);
/** Whether the metric's word speaks for the service: 1, against it: -1, neither: 0. */
int told_leaning(const struct verdict *d, const struct results_metric *m);

#endif
