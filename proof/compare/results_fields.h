/* results_fields.h: the plain members of the results' structs, in the order of the JSON: one table
 * for the writer, the reader and the test of the page that describes them. */
#ifndef COMPARE_RESULTS_FIELDS_H
#define COMPARE_RESULTS_FIELDS_H

#include "results.h"

#define RESULTS_FORMAT 1 /* grows when a member changes its meaning */

enum results_kind {
    RESULTS_TEXT,  /* gim_str; absent is null */
    RESULTS_INT,   /* int, not negative */
    RESULTS_LONG,  /* int64_t, not negative */
    RESULTS_ULONG, /* uint64_t */
    RESULTS_SEED,  /* uint64_t, as text: many readers of JSON round beyond 2^53 */
    RESULTS_REAL,  /* double */
    RESULTS_TRUTH, /* bool */
    RESULTS_WORD,  /* an enum, by name */
};

struct results_field {
    const char *name; /* NULL: the end */
    enum results_kind kind;
    size_t offset;
    const char *const *words; /* of RESULTS_WORD; NULL-terminated */
};

extern const struct results_field results_top_fields[];
extern const struct results_field results_pair_fields[];
extern const struct results_field results_metric_fields[];
extern const struct results_field results_load_fields[];
extern const struct results_field results_service_fields[];
extern const struct results_field results_check_fields[];
extern const struct results_field results_warning_fields[];
extern const struct results_field results_histogram_fields[];

#endif
