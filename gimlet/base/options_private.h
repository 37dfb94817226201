/* options_private.h: between options.c (all sources, flags and environment), options_file.c,
 * options_parse.c (values) and options_help.c (texts). */
#ifndef BASE_OPTIONS_PRIVATE_H
#define BASE_OPTIONS_PRIVATE_H

#include "near.h"
#include "options.h"

#define GIM_SHOWN_MAX 80 /* bytes of somebody's text that a complaint repeats */

enum gim_option_source {
    GIM_SOURCE_DEFAULT,
    GIM_SOURCE_FILE,
    GIM_SOURCE_ENV,
    GIM_SOURCE_FLAG,
};

/* One row of any table, with the member it fills and where its value came from. */
struct gim_setting {
    const struct gim_option *row;
    void *member;
    enum gim_option_source source;
    int line; /* of the file */
};

/* A reading of all sources. */
struct gim_settings_run {
    const char *program, *about, *version;
    const char *const *switches;
    struct gim_setting *settings; /* all rows, in the tables' order */
    size_t n;
    const char *file; /* --config FILE, or NULL */
    struct gim_buf *out;
};

/** The value of `text` into `*member`. 0; or -1 with what was expected appended to `why`. A string
 *  points at `text` itself. */
GIM_MUST_CHECK int gim_option_parse(const struct gim_option *row, const char *text, void *member,
                                    struct gim_buf *why);
/** The value as one would write it; nothing for a string that is NULL. */
void gim_option_format(const struct gim_option *row, const void *member, struct gim_buf *b);

/** Parses into the setting and notes the source. */
GIM_MUST_CHECK int gim_setting_set(struct gim_setting *s, const char *text,
                                   enum gim_option_source source, int line, struct gim_buf *why);
/** Reads r->file, if any. 0, or -1 with the complaint in r->out. */
GIM_MUST_CHECK int gim_options_read_file(struct gim_settings_run *r);

/** Text from outside, cut, controls replaced: it goes to a terminal. */
void gim_put_shown(struct gim_buf *b, const char *text);
/** "unknown flag --prot, did you mean --port?", or `list` when nothing is near. Returns -1. */
int gim_put_unknown(struct gim_buf *out, const char *what, const char *typed,
                    const struct gim_near *near, const char *list, bool flag);
/** "posts: WHAT TEXT REST", the text shown as gim_put_shown does. Returns -1. */
int gim_options_complain(struct gim_settings_run *r, const char *what, const char *text,
                         const char *rest);
/** "--max-body". */
void gim_put_flag(struct gim_buf *b, const char *name);
/** "POSTS_MAX_BODY". */
void gim_put_env(struct gim_buf *b, const char *program, const char *name);

void gim_options_put_help(const struct gim_settings_run *r, bool all);
void gim_options_put_version(const struct gim_settings_run *r);
void gim_options_put_config(const struct gim_settings_run *r);

#endif
