/* flags.h: the command line as rows. plan.c reads by them, --help, the man page and
 * docs/reference/load.md are made of them. */
#ifndef LOAD_FLAGS_H
#define LOAD_FLAGS_H

#include "plan.h"

enum flag_kind {
    FLAG_INT,      /* int64_t */
    FLAG_FLOAT,    /* double, from 0 */
    FLAG_RATE,     /* double, per second */
    FLAG_DURATION, /* int64_t, ns */
    FLAG_SECONDS,  /* int64_t, ns: a bare number of seconds, or a duration */
    FLAG_BOOL,
    FLAG_TEXT,  /* const char * */
    FLAG_FIELD, /* const char *, without line breaks */
    FLAG_FILE,  /* const char *: can be read */
    FLAG_METHOD,
    FLAG_HEADER,
    FLAG_AUTH,
    FLAG_BODY,
    FLAG_BODY_FILE,
    FLAG_OUTPUT,
    FLAG_JSON,
    FLAG_CPU_LIST,
    FLAG_LIMIT,
    FLAG_OLD_HEADER, /* -h */
    FLAG_HELP,
    FLAG_VERSION,
    FLAG_MAN,
    FLAG_KINDS
};

struct load_flag {
    const char *name;  /* with its dashes: one for hey's, two for ours (either is understood) */
    const char *alias; /* or NULL */
    enum flag_kind kind;
    uint32_t offset;   /* of the member in struct load_plan */
    int64_t min, max;  /* of whole numbers and durations, both 0: any */
    const char *word;  /* the value's name: "N"; NULL: none */
    const char *def;   /* the default as one would write it, or NULL */
    const char *help;  /* NULL: not listed */
    const char *group; /* rows of one group stand together */
};

extern const struct load_flag load_flags[]; /* ended by a NULL name */
#define LOAD_FLAGS_MAX 64                   /* struct reading keeps a bit for each */

/** The row that `name` (without dashes) means, or NULL. */
const struct load_flag *flag_find(gim_str name);
/** The name without its dashes. */
gim_str flag_bare(const char *name);

#endif
