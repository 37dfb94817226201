/**
 * gimlet/option.h: settings as rows. One row gives the default, the key in the config file, the
 * environment variable, the flag, the line in --help and the line in --print-config.
 *
 * Sources, later ones win: default, file (`--config FILE`, INI), environment, flag. The names of
 * all three derive from the row's: `max_body` is `max_body = 1M` in the file, `POSTS_MAX_BODY` in
 * the environment (the program's prefix), `--max-body 1M` or `--max-body=1M` on the command line.
 * An unknown key or flag, or a bad value, is an error that names its place; gim_main exits 2.
 */
#ifndef GIMLET_OPTION_H
#define GIMLET_OPTION_H

#include <gimlet/str.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What an option holds, and the C type of its member. */
enum gim_option_type {
    GIM_OPTION_INT,      /* int64_t */
    GIM_OPTION_SIZE,     /* int64_t, bytes: 512, 16K, 1M, 2G (powers of 1024) */
    GIM_OPTION_DURATION, /* int64_t, milliseconds: 250ms, 10s, 5m, 24h; bare 0 only */
    GIM_OPTION_BOOL,     /* bool: true, false, yes, no, on, off; a bare flag is true; --no-NAME */
    GIM_OPTION_STR,      /* const char *, lives as long as the program */
    GIM_OPTION_ENUM,     /* int: index into .names */
};

/** C types of members; 0: not known. */
enum gim_option_holds {
    GIM_HOLDS_ANY,
    GIM_HOLDS_INT64,
    GIM_HOLDS_BOOL,
    GIM_HOLDS_TEXT,
    GIM_HOLDS_INT,
};

/** One setting. Tables are const and end with {0}; gim_main fills the struct before `start` runs,
 *  and nothing changes it afterwards, so any thread may read it. */
struct gim_option {
    const char *name; /* snake_case; a row with NULL ends the table */
    enum gim_option_type type;
    uint32_t offset;             /* of the member in the settings struct, see GIM_OPTION_AT */
    enum gim_option_holds holds; /* the member's C type, set by GIM_OPTION_AT */
    const char *def;             /* default, as one would write it */
    int64_t min, max;            /* of numbers, both 0: any; in the type's unit */
    const char *const *names;    /* enums, NULL-terminated */
    const char *help;            /* one line, under 60 characters */
    const char *group;           /* heading in --help; rows of one group stand together */
    bool rare; /* shown by --help-all and --print-config only, so that --help fits a screen */
};

/** Where the value goes: `{"max_books", GIM_OPTION_INT, GIM_OPTION_AT(struct shelf, max_books),
 *  "1000", 1, 1000000, .help = "..."}`. A member of a type that no option
 *  has does not compile, one that is not the row's stops the start. */
#ifdef __cplusplus
#define GIM_OPTION_AT(type, member) .offset = (uint32_t)offsetof(type, member)
#else
#define GIM_OPTION_AT(type, member)                                                                \
    .offset = (uint32_t)offsetof(type, member), .holds = GIM_OPTION_HOLDS_(((type *)0)->member)
#define GIM_OPTION_HOLDS_(m)                                                                       \
    _Generic((m),                                                                                  \
        long : GIM_HOLDS_INT64,                                                                    \
        long long : GIM_HOLDS_INT64,                                                               \
        bool : GIM_HOLDS_BOOL,                                                                     \
        const char * : GIM_HOLDS_TEXT,                                                             \
        char * : GIM_HOLDS_TEXT,                                                                   \
        int : GIM_HOLDS_INT,                                                                       \
        unsigned : GIM_HOLDS_INT)
#endif

#ifdef __cplusplus
}
#endif
#endif
