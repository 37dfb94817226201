/* reading.h: between plan.c (the walk, what concerns several flags) and kinds.c (a flag's value). */
#ifndef LOAD_READING_H
#define LOAD_READING_H

#include "flags.h"

#define READING_USAGE 1   /* exit codes: hey's own checks ... */
#define READING_UNKNOWN 2 /* ... and what Go's flag package refuses */

struct reading {
    struct load_plan *plan;
    struct gim_buf *out;
    int code;
    bool done;     /* --help and the like: `out` is the answer */
    uint64_t seen; /* a bit for each row */
    char why[200]; /* what a value should have been */
};

/** A line on `out`. Returns -1. */
int reading_complain(struct reading *r, int code, const char *fmt, ...) GIM_PRINTF(3, 4);
/** A line on `out`; the reading goes on. */
void reading_note(struct reading *r, const char *fmt, ...) GIM_PRINTF(2, 3);

/** The value of a flag into the plan. 0, or -1 with a complaint. */
GIM_MUST_CHECK int kind_set(struct reading *r, const struct load_flag *f, const char *text);
/** Does the flag take a value only after '='? */
bool kind_is_alone(enum flag_kind kind);

#endif
