/* compare.h: a comparison, told: one exporter a file, each a pure function of results and verdicts. */
#ifndef REPORT_COMPARE_H
#define REPORT_COMPARE_H

#include "../compare/verdicts.h"
#include "../load/plan.h"
#include "../load/result.h"

/** The terminal's: 80 columns, one table a phase, best marked, warnings. `color` writes SGR codes. */
void compare_text(struct gim_buf *b, const struct verdicts *v, bool color);
/** Ready for a README: the published comparison's four figures first, then a table a phase. */
void compare_markdown(struct gim_buf *b, const struct verdicts *v);
/** A line for each service, metric and round: group,service,metric,unit,round,value. RFC 4180. */
void compare_csv(struct gim_buf *b, const struct verdicts *v);
/** One self-contained page. */
void compare_html(struct gim_buf *b, const struct verdicts *v);
/** The same page for one load run: `proof load --html`. */
void load_html(struct gim_buf *b, const struct load_plan *p, const struct load_result *r);

/* proof diff old.json new.json: metric by metric, service by service of the same name. */
enum compare_limit_unit { /* of the value, as it was written */
    LIMIT_RELATIVE,       /* 1.05x */
    LIMIT_PLAIN,          /* 1000: the metric's own unit, ns, bytes, a second */
    LIMIT_TIME,           /* 5ms */
    LIMIT_BYTES           /* 2MB */
};
struct compare_limit {
    char text[96];           /* "posts.cpu_per_request.c64 > 1.05x" */
    gim_str service, metric; /* of what was read; "p99" means every p99.* */
    bool above;
    double value;
    bool relative; /* "1.05x": new over old; else the new median itself */
    enum compare_limit_unit unit;
};
/** Reads "SERVICE.METRIC > 1.05x", which must outlive the limit. The value may be 1.05x, 5ms, 2MB or a
 *  bare number. 0; -1 with a sentence that says what is expected. */
GIM_MUST_CHECK int compare_limit_read(struct compare_limit *l, const char *text, char *err,
                                      size_t err_len);
/** The diff as text; returns how many limits failed (exit 99), -1 when a limit names nothing there is
 *  (a sentence in b). The two runs are not paired: the interval is Welch's on logs. */
int compare_diff(struct gim_buf *b, const struct compare_results *old,
                 const struct compare_results *now, const struct compare_limit *limits,
                 size_t n_limits, bool color);

#endif
