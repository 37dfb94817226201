/* options.c: the sources of settings, in order: default, file, environment, flag.
 *
 * The command line is walked twice by the same function: first for what concerns the reading itself
 * (--help, --config FILE ...), so that help is given whatever else is wrong; then, after file and
 * environment, for the values. Every value of every source is checked, overridden or not: a bad
 * line in the file does not hide behind a flag until the day the flag goes. */
#include "options.h"
#include "arena.h"
#include "near.h"
#include "options_private.h"
#include <stdio.h>
#include <stdlib.h>

/* ---- values -------------------------------------------------------------------------------- */

static const struct {
    size_t size;
    enum gim_option_holds holds;
    const char *name;
} members[] = {
    [GIM_OPTION_INT] = {sizeof(int64_t), GIM_HOLDS_INT64, "int64_t"},
    [GIM_OPTION_SIZE] = {sizeof(int64_t), GIM_HOLDS_INT64, "int64_t"},
    [GIM_OPTION_DURATION] = {sizeof(int64_t), GIM_HOLDS_INT64, "int64_t"},
    [GIM_OPTION_BOOL] = {sizeof(bool), GIM_HOLDS_BOOL, "bool"},
    [GIM_OPTION_STR] = {sizeof(char *), GIM_HOLDS_TEXT, "const char *"},
    [GIM_OPTION_ENUM] = {sizeof(int), GIM_HOLDS_INT, "int"},
};

/* Else a write of eight bytes would go into a member of four. */
static bool member_fits(const struct gim_option *row)
{
    return !row->holds || row->holds == members[row->type].holds;
}

static int set_default(struct gim_setting *s, struct gim_buf *why)
{
    memset(s->member, 0, members[s->row->type].size);
    return s->row->def ? gim_setting_set(s, s->row->def, GIM_SOURCE_DEFAULT, 0, why) : 0;
}

/* The tables' own defects: a default that does not hold, a name that stands twice, a member of
 * another type. */
static int set_defaults(struct gim_settings_run *r)
{
    for (size_t i = 0; i < r->n; i++) {
        struct gim_setting *s = &r->settings[i];
        struct gim_buf why = {0};

        for (size_t k = 0; k < i; k++) {
            if (strcmp(r->settings[k].row->name, s->row->name) == 0)
                return gim_options_complain(r, "two options are called ", s->row->name, "");
        }
        if (!member_fits(s->row)) {
            gim_buf_printf(r->out, "%s: the option %s needs a member of type %s\n", r->program,
                           s->row->name, members[s->row->type].name);
            return -1;
        }
        if (set_default(s, &why)) {
            gim_buf_printf(r->out, "%s: the default of %s, %s: %.*s\n", r->program, s->row->name,
                           s->row->def, GIM_FMT(gim_buf_view(&why)));
            gim_buf_free(&why);
            return -1;
        }
    }
    return 0;
}

/* ---- the environment ----------------------------------------------------------------------- */

static int read_env(struct gim_settings_run *r)
{
    for (size_t i = 0; i < r->n; i++) {
        struct gim_setting *s = &r->settings[i];
        struct gim_buf name = {0};
        struct gim_buf why = {0};
        const char *value;
        int bad = 0;

        gim_put_env(&name, r->program, s->row->name);
        gim_buf_char(&name, '\0');
        value = getenv(name.ptr);
        if (value && gim_setting_set(s, value, GIM_SOURCE_ENV, 0, &why)) {
            bad = -1;
            gim_buf_printf(r->out, "%s=", name.ptr);
            gim_put_shown(r->out, value);
            gim_buf_printf(r->out, ": %.*s\n", GIM_FMT(gim_buf_view(&why)));
        }
        gim_buf_free(&name);
        gim_buf_free(&why);
        if (bad)
            return -1;
    }
    return 0;
}

/* ---- flags --------------------------------------------------------------------------------- */

enum flag_kind {
    FLAG_ROW,
    FLAG_SWITCH,
    FLAG_HELP,
    FLAG_HELP_ALL,
    FLAG_VERSION,
    FLAG_PRINT_CONFIG,
    FLAG_CONFIG,
};

static const struct {
    const char *name;
    enum flag_kind kind;
    bool takes_value;
} built_in[] = {
    {"help", FLAG_HELP, false},       {"help-all", FLAG_HELP_ALL, false},
    {"version", FLAG_VERSION, false}, {"print-config", FLAG_PRINT_CONFIG, false},
    {"config", FLAG_CONFIG, true},
};
#define BUILT_IN (sizeof built_in / sizeof built_in[0])

struct flag {
    enum flag_kind kind;
    struct gim_setting *setting;
    unsigned bit; /* of a switch */
    const char *value;
};

/* "--max-body" is of the row "max_body". */
static bool is_called(const char *row, gim_str typed)
{
    if (strlen(row) != typed.len)
        return false;
    for (size_t i = 0; i < typed.len; i++) {
        if (typed.ptr[i] != (row[i] == '_' ? '-' : row[i]))
            return false;
    }
    return true;
}

static struct gim_setting *setting_of_flag(struct gim_settings_run *r, gim_str name)
{
    for (size_t i = 0; i < r->n; i++) {
        if (is_called(r->settings[i].row->name, name))
            return &r->settings[i];
    }
    return NULL;
}

static int unknown_flag(struct gim_settings_run *r, const char *arg, gim_str name)
{
    struct gim_near near = {.typed = name};
    char shown[GIM_SHOWN_MAX + 8];

    for (size_t i = 0; i < r->n; i++)
        gim_near_offer(&near, gim_str_of(r->settings[i].row->name));
    for (size_t i = 0; i < BUILT_IN; i++)
        gim_near_offer(&near, gim_str_of(built_in[i].name));
    for (size_t i = 0; r->switches && r->switches[i]; i++)
        gim_near_offer(&near, gim_str_of(r->switches[i]));
    snprintf(shown, sizeof shown, "%.*s", (int)((size_t)(name.ptr - arg) + name.len), arg);
    gim_buf_printf(r->out, "%s: ", r->program);
    return gim_put_unknown(r->out, "flag", shown, &near, "--help lists them", true);
}

/* 1: known, 0: not. */
static int look_up(struct gim_settings_run *r, gim_str name, struct flag *f, bool *takes_value)
{
    gim_str bare = {name.ptr + 3, name.len - 3};

    for (size_t i = 0; i < BUILT_IN; i++) {
        if (is_called(built_in[i].name, name)) {
            f->kind = built_in[i].kind;
            *takes_value = built_in[i].takes_value;
            return 1;
        }
    }
    for (unsigned i = 0; r->switches && r->switches[i]; i++) {
        if (is_called(r->switches[i], name)) {
            f->kind = FLAG_SWITCH;
            f->bit = i;
            return 1;
        }
    }
    f->setting = setting_of_flag(r, name);
    if (!f->setting && gim_str_starts(name, GIM_S("no-"))) {
        f->setting = setting_of_flag(r, bare);
        f->value = "false";
        return f->setting && f->setting->row->type == GIM_OPTION_BOOL;
    }
    if (f->setting && f->setting->row->type == GIM_OPTION_BOOL)
        f->value = "true";
    *takes_value = true;
    return f->setting != NULL;
}

/* The flag at argv[*i], moving *i on when its value stands apart. 0, or -1 with a complaint. */
static int next_flag(struct gim_settings_run *r, int argc, char **argv, int *i, struct flag *f)
{
    const char *arg = argv[*i];
    gim_str left = gim_str_of(arg);
    bool takes_value = false;
    bool negated;
    gim_str name;

    *f = (struct flag){0};
    if (arg[0] != '-' || !arg[1] || strcmp(arg, "--") == 0)
        return gim_options_complain(r, "unexpected argument '", arg,
                                    "'; flags start with --, see --help");
    if (strcmp(arg, "-h") == 0)
        arg = "--help", left = GIM_S("--help");
    left.ptr += arg[1] == '-' ? 2 : 1;
    left.len -= arg[1] == '-' ? 2 : 1;
    name = gim_str_cut(&left, '=');
    if (arg[1] != '-' || !look_up(r, name, f, &takes_value))
        return unknown_flag(r, arg, name);
    negated = f->value && strcmp(f->value, "false") == 0;
    if (left.ptr && (negated || (!takes_value && !f->value)))
        return gim_options_complain(r, "", arg, ": the flag takes no value");
    if (left.ptr)
        f->value = left.ptr;
    if (f->value || !takes_value)
        return 0;
    if (*i + 1 == argc)
        return gim_options_complain(r, "", arg, " needs a value");
    f->value = argv[++*i];
    return 0;
}

static int set_flag(struct gim_settings_run *r, const struct flag *f)
{
    struct gim_buf why = {0};
    int bad = gim_setting_set(f->setting, f->value, GIM_SOURCE_FLAG, 0, &why);

    if (bad) {
        gim_buf_printf(r->out, "%s: ", r->program);
        gim_put_flag(r->out, f->setting->row->name);
        gim_buf_char(r->out, ' ');
        gim_put_shown(r->out, f->value);
        gim_buf_printf(r->out, ": %.*s\n", GIM_FMT(gim_buf_view(&why)));
    }
    gim_buf_free(&why);
    return bad;
}

static int read_flags(struct gim_settings_run *r, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        struct flag f;

        if (next_flag(r, argc, argv, &i, &f) || (f.kind == FLAG_ROW && set_flag(r, &f)))
            return -1;
    }
    return 0;
}

/* The first walk. True: `out` is the answer already. */
static bool read_requests(struct gim_settings_run *r, int argc, char **argv, uint32_t *switched,
                          bool *print_config, enum gim_options_result *result)
{
    for (int i = 1; i < argc; i++) {
        struct flag f;

        *result = GIM_OPTIONS_WRONG;
        if (next_flag(r, argc, argv, &i, &f))
            return true;
        *result = GIM_OPTIONS_EXIT_OK;
        if (f.kind == FLAG_HELP || f.kind == FLAG_HELP_ALL) {
            gim_options_put_help(r, f.kind == FLAG_HELP_ALL);
            return true;
        }
        if (f.kind == FLAG_VERSION) {
            gim_options_put_version(r);
            return true;
        }
        if (f.kind == FLAG_CONFIG)
            r->file = f.value;
        else if (f.kind == FLAG_PRINT_CONFIG)
            *print_config = true;
        else if (f.kind == FLAG_SWITCH && switched)
            *switched |= UINT32_C(1) << f.bit;
    }
    return false;
}

/* ---- the whole ----------------------------------------------------------------------------- */

static size_t count_rows(const struct gim_option_table *t)
{
    size_t n = 0;

    while (t->rows && t->rows[n].name)
        n++;
    return n;
}

static struct gim_setting setting_at(const struct gim_option_table *t, size_t i)
{
    return (struct gim_setting){.row = &t->rows[i], .member = (char *)t->into + t->rows[i].offset};
}

static void collect(struct gim_settings_run *r, const struct gim_options *o)
{
    size_t n = 0;

    for (size_t t = 0; t < o->n_tables; t++)
        n += count_rows(&o->tables[t]);
    r->settings = gim_heap_alloc(n * sizeof *r->settings);
    for (size_t t = 0; t < o->n_tables; t++) {
        for (size_t i = 0; i < count_rows(&o->tables[t]); i++)
            r->settings[r->n++] = setting_at(&o->tables[t], i);
    }
}

enum gim_options_result gim_options_read(const struct gim_options *o, int argc, char **argv,
                                         const char *about, const char *version,
                                         const char *const *switches, uint32_t *switched,
                                         struct gim_buf *out)
{
    struct gim_settings_run r = {
        .program = o->program,
        .about = about,
        .version = version,
        .switches = switches,
        .out = out,
    };
    enum gim_options_result result = GIM_OPTIONS_WRONG;
    bool print_config = false;

    collect(&r, o);
    if (!set_defaults(&r) && !read_requests(&r, argc, argv, switched, &print_config, &result)) {
        result = gim_options_read_file(&r) || read_env(&r) || read_flags(&r, argc, argv)
                     ? GIM_OPTIONS_WRONG
                 : print_config ? GIM_OPTIONS_EXIT_OK
                                : GIM_OPTIONS_GO;
        if (result == GIM_OPTIONS_EXIT_OK)
            gim_options_put_config(&r);
    }
    gim_heap_free(r.settings);
    return result;
}

void gim_options_defaults(const struct gim_option_table *t)
{
    struct gim_buf why = {0};

    for (size_t i = 0; i < count_rows(t); i++) {
        struct gim_setting s = setting_at(t, i);

        if (member_fits(s.row))
            (void)set_default(&s, &why);
    }
    gim_buf_free(&why);
}
