/* metrics_text.h: figures as text: Prometheus 0.0.4, or OpenMetrics 1.0. */
#ifndef KIT_METRICS_TEXT_H
#define KIT_METRICS_TEXT_H

#include "../base/buf.h"
#include <gimlet/metrics.h>

struct gim_exposition {
    struct gim_buf *out;
    bool open_metrics;
};

/** Does the text follow the rules for a name: [a-zA-Z_:][a-zA-Z0-9_:]*? */
bool gim_metric_name_ok(gim_str name);
/** The same for what stands between the braces: name="value",... with values escaped. Empty is. */
bool gim_metric_labels_ok(gim_str labels);

/** HELP and TYPE of what follows; `type` is "counter", "gauge" or "histogram". */
void gim_exposition_family(struct gim_exposition *e, const char *name, const char *type,
                           const char *help);
/** One line. `labels` without braces, absent: none. */
void gim_exposition_int(struct gim_exposition *e, const char *name, gim_str labels, int64_t value);
void gim_exposition_double(struct gim_exposition *e, const char *name, gim_str labels,
                           double value);
/** The lines of a histogram. `counts` are scale->n + 1 of them, not cumulative. */
void gim_exposition_histogram(struct gim_exposition *e, const char *name, gim_str labels,
                              const struct gim_scale *scale, const uint64_t *counts, uint64_t sum);
/** Nothing may follow. */
void gim_exposition_end(struct gim_exposition *e);

/** Appends name="value" with the value escaped, a comma before it when `b` has something. */
void gim_label_add(struct gim_buf *b, const char *name, gim_str value);

#endif
