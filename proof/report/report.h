/* report.h: a result, told: hey's text, CSV, JSON. One exporter a file; each is a pure function of the
 * plan and the result, but for CSV, whose rows come from the threads' file. */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include "../load/plan.h"
#include "../load/result.h"
#include <stdio.h>

struct report {
    const char *name;
    void (*put)(struct gim_buf *b, const struct load_plan *p, const struct load_result *r);
};

/** By enum plan_output: text, csv (its first line), json. */
extern const struct report reports[];

/** Prints what the plan asks for: on stdout by plan->output, and to plan->json_file. `spool` holds the
 *  rows (struct load_row) for CSV; NULL else. 0; -1 with a sentence on stderr. */
GIM_MUST_CHECK int report_print(const struct load_plan *p, const struct load_result *r,
                                FILE *spool);

void report_text(struct gim_buf *b, const struct load_plan *p, const struct load_result *r);
/** What the text has after hey's lines, unless --plain. */
void report_beyond(struct gim_buf *b, const struct load_plan *p, const struct load_result *r);
void report_json(struct gim_buf *b, const struct load_plan *p, const struct load_result *r);
void report_csv(struct gim_buf *b, const struct load_plan *p, const struct load_result *r);
/** The rows of `spool`, in the order of their ends. The threads' parts may stand one after another in
 *  it. 0; -1 with errno. */
GIM_MUST_CHECK int report_csv_rows(FILE *out, FILE *spool);

/** What a reader should know before using the figures: a line each, without a mark before it. */
void report_notes(struct gim_buf *b, const struct load_plan *p, const struct load_result *r);

#endif
