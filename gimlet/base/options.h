/* options.h: reading option rows (gimlet/option.h) from defaults, file, environment and flags.
 *
 * A set is several tables, each with the struct it fills: the framework's own and the
 * application's. Every value remembers where it came from. libinih reads the file and is included
 * in options_file.c only. Strings of the file are kept until the program ends. */
#ifndef BASE_OPTIONS_H
#define BASE_OPTIONS_H

#include "buf.h"
#include <gimlet/option.h>

struct gim_option_table {
    const struct gim_option *rows; /* ended by a NULL name */
    void *into;
};

struct gim_options {
    const char *program; /* "posts": the environment's prefix is POSTS_ */
    const struct gim_option_table *tables;
    size_t n_tables;
};

enum gim_options_result {
    GIM_OPTIONS_GO,
    GIM_OPTIONS_EXIT_OK, /* --help, --version, --print-config: `out` is for stdout */
    GIM_OPTIONS_WRONG,   /* `out` is one line for stderr; exit 2 */
};

/** Reads all sources in order. --help, --help-all, --version, --print-config, --config FILE and the
 *  bare switches named in `switches` (NULL-terminated: "routes") are understood besides the rows;
 *  `*switched` gets a bit for each switch seen. `about`, `version` are for --help and --version.
 *  Wrong input: "posts: unknown flag --prot, did you mean --port?", "posts.ini:3: max_body = 1X:
 *  expected a size such as 512, 16K or 1M", "POSTS_PORT=x: ...". A positional argument is wrong. */
enum gim_options_result gim_options_read(const struct gim_options *o, int argc, char **argv,
                                         const char *about, const char *version,
                                         const char *const *switches, uint32_t *switched,
                                         struct gim_buf *out);
/** Fills the defaults only (tests, gim_app_new without a program). */
void gim_options_defaults(const struct gim_option_table *t);

#endif
