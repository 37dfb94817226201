/* words.h: the command lines of compare, report, diff and init as rows: reading, --help and
 * docs/reference/compare.md are made of them. */
#ifndef COMPARE_WORDS_H
#define COMPARE_WORDS_H

#include "../../gimlet/base/buf.h"

#define WORDS_LIMITS_MAX 32

enum command_bit { /* a row may belong to several */
    COMMAND_COMPARE = 1,
    COMMAND_REPORT = 2,
    COMMAND_DIFF = 4,
    COMMAND_INIT = 8
};

struct command {
    const char *name; /* "compare" */
    enum command_bit bit;
    const char *usage; /* "PLAN.yaml [flags]" */
    const char *about; /* a sentence */
    const char *exits; /* exit statuses, a paragraph */
    int args_min, args_max;
};
#define COMMANDS 4
extern const struct command commands[COMMANDS];

enum word_kind {
    WORD_BOOL,   /* bool */
    WORD_INT,    /* int64_t */
    WORD_TEXT,   /* const char * */
    WORD_LIMIT,  /* appended to limits */
    WORD_FORMAT, /* int: min is its value */
};

struct word_row {
    const char *name; /* with its dashes; NULL ends the table */
    enum word_kind kind;
    uint32_t offset; /* of the member in struct words */
    int64_t min, max;
    const char *word; /* the value's name */
    const char *help; /* a sentence without a full stop */
    unsigned commands;
};
extern const struct word_row word_rows[];

/* The formats of a comparison, in the order of the flags. */
enum words_format {
    FORMAT_TEXT,
    FORMAT_MARKDOWN,
    FORMAT_CSV,
    FORMAT_HTML,
    FORMAT_JSON,
    FORMATS
};

struct words {
    const char *args[2];
    int n_args;
    const char *files[FORMATS]; /* compare: where each goes; "-" is stdout; NULL: nowhere */
    int64_t rounds, seed;       /* -1: as the plan says */
    const char *only;           /* names, with commas */
    const char *limits[WORDS_LIMITS_MAX];
    int n_limits;
    int format; /* report: one of words_format; -1: not said */
    bool quick, contract_only, no_color, quiet, help;
};

enum words_result {
    WORDS_GO,
    WORDS_HELP, /* `out` is for stdout, exit 0 */
    WORDS_WRONG /* `out` is a line for stderr, exit 2 */
};

/** argv[0] is the command's name. */
enum words_result words_read(struct words *w, const struct command *c, int argc, char **argv,
                             struct gim_buf *out);
void words_help(struct gim_buf *b, const struct command *c);

#endif
