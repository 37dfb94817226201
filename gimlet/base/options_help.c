/* options_help.c: --help, --version and --print-config, all made of the rows.
 *
 * --help fits a screen of 80 columns: a line a row, rows of one group together, long lines wrapped
 * under their column. --print-config is a config file: what it prints can be read back, and each
 * value's source stands behind it as a comment. */
#include "options_private.h"
#include "wrap.h"

#define LONGEST_CONFIG_LINE 195 /* libinih takes lines of less than 200 bytes */

/* ---- groups -------------------------------------------------------------------------------- */

static const char *group_of(const struct gim_option *row)
{
    return row->group ? row->group : "Options";
}

static bool same_group(const struct gim_setting *a, const struct gim_setting *b)
{
    return strcmp(group_of(a->row), group_of(b->row)) == 0;
}

/* Does its group begin with this setting, among those shown? */
static bool is_first(const struct gim_settings_run *r, size_t at, bool all)
{
    for (size_t i = 0; i < at; i++) {
        if ((all || !r->settings[i].row->rare) && same_group(&r->settings[i], &r->settings[at]))
            return false;
    }
    return true;
}

/* Calls `put` with each setting that is shown, group by group; `first` at the head of a group. */
static void each_shown(const struct gim_settings_run *r, bool all,
                       void (*put)(const struct gim_settings_run *r, const struct gim_setting *s,
                                   bool first, void *user),
                       void *user)
{
    for (size_t i = 0; i < r->n; i++) {
        if ((!all && r->settings[i].row->rare) || !is_first(r, i, all))
            continue;
        for (size_t k = i; k < r->n; k++) {
            const struct gim_setting *s = &r->settings[k];

            if ((all || !s->row->rare) && same_group(s, &r->settings[i]))
                put(r, s, k == i, user);
        }
    }
}

/* ---- --help -------------------------------------------------------------------------------- */

static const char *const value_words[] = {
    [GIM_OPTION_INT] = " N", [GIM_OPTION_SIZE] = " SIZE", [GIM_OPTION_DURATION] = " TIME",
    [GIM_OPTION_BOOL] = "",  [GIM_OPTION_STR] = " TEXT",  [GIM_OPTION_ENUM] = " WORD",
};

static size_t flag_width(const struct gim_option *row)
{
    return strlen("  --") + strlen(row->name) + strlen(value_words[row->type]) + 2;
}

static void widen(const struct gim_settings_run *r, const struct gim_setting *s, bool first,
                  void *user)
{
    size_t *width = user;

    (void)r;
    (void)first;
    if (flag_width(s->row) > *width)
        *width = flag_width(s->row);
}

static bool default_is_worth_saying(const struct gim_option *row)
{
    return row->def && row->def[0] && row->type != GIM_OPTION_BOOL;
}

static void put_help_row(const struct gim_settings_run *r, const struct gim_setting *s, bool first,
                         void *user)
{
    const struct gim_option *row = s->row;
    const size_t *width = user;
    struct gim_buf text = {0};

    if (first)
        gim_buf_printf(r->out, "%s:\n", group_of(row));
    gim_buf_lit(r->out, "  ");
    gim_put_flag(r->out, row->name);
    gim_buf_str(r->out, gim_str_of(value_words[row->type]));
    gim_put_spaces(r->out, *width - flag_width(row) + 2);
    gim_buf_str(&text, gim_str_of(row->help ? row->help : ""));
    if (default_is_worth_saying(row))
        gim_buf_printf(&text, "%s[%s]", text.len ? " " : "", row->def);
    gim_put_wrapped(r->out, *width, text.len ? gim_buf_view(&text) : GIM_S(""));
    gim_buf_free(&text);
}

static void put_help_end(const struct gim_settings_run *r, bool all)
{
    struct gim_buf text = {0};
    const char *name = r->n ? r->settings[0].row->name : "name";

    gim_put_flag(&text, name);
    gim_buf_lit(&text, " X may also be ");
    gim_put_env(&text, r->program, name);
    gim_buf_printf(&text,
                   "=X in the environment, or %s = X in --config FILE; flags win. Besides: "
                   "%s--print-config (values and their sources), --version",
                   name, all ? "" : "--help-all, ");
    for (size_t i = 0; r->switches && r->switches[i]; i++) {
        gim_buf_lit(&text, ", ");
        gim_put_flag(&text, r->switches[i]);
    }
    gim_buf_char(&text, '.');
    gim_buf_char(r->out, '\n');
    gim_put_wrapped(r->out, 0, gim_buf_view(&text));
    gim_buf_free(&text);
}

void gim_options_put_help(const struct gim_settings_run *r, bool all)
{
    size_t width = 0;

    if (r->about)
        gim_buf_printf(r->out, "%s: %s\n", r->program, r->about);
    gim_buf_printf(r->out, "Usage: %s [--flag VALUE]...\n\n", r->program);
    each_shown(r, all, widen, &width);
    each_shown(r, all, put_help_row, &width);
    put_help_end(r, all);
}

void gim_options_put_version(const struct gim_settings_run *r)
{
    gim_buf_printf(r->out, "%s %s\n", r->program, r->version ? r->version : "(no version)");
}

/* ---- --print-config ------------------------------------------------------------------------ */

static void put_source(const struct gim_settings_run *r, const struct gim_setting *s,
                       struct gim_buf *b)
{
    gim_buf_lit(b, "  ; ");
    switch (s->source) {
    case GIM_SOURCE_DEFAULT:
        gim_buf_lit(b, "default");
        break;
    case GIM_SOURCE_FILE:
        gim_buf_printf(b, "%s:%d", r->file, s->line);
        break;
    case GIM_SOURCE_ENV:
        gim_put_env(b, r->program, s->row->name);
        break;
    case GIM_SOURCE_FLAG:
        gim_put_flag(b, s->row->name);
        break;
    }
}

/* Would a config file give this text back? */
static bool can_be_written(gim_str value)
{
    if (value.len && (value.ptr[0] == ' ' || value.ptr[value.len - 1] == ' '))
        return false;
    for (size_t i = 0; i < value.len; i++) {
        char c = value.ptr[i];

        if (((unsigned char)c < 0x20) || (c == ';' && (i == 0 || value.ptr[i - 1] == ' ')))
            return false;
    }
    return true;
}

static void put_config_row(const struct gim_settings_run *r, const struct gim_setting *s,
                           bool first, void *user)
{
    struct gim_buf value = {0};
    struct gim_buf source = {0};
    size_t start = r->out->len;
    gim_str text;

    (void)user;
    gim_option_format(s->row, s->member, &value);
    text = value.len ? gim_buf_view(&value) : GIM_S("");
    put_source(r, s, &source);
    if (first) {
        gim_buf_printf(r->out, "%s# %s\n", start ? "\n" : "", group_of(s->row));
        start = r->out->len;
    }
    if (!can_be_written(text) || strlen(s->row->name) + 3 + text.len > LONGEST_CONFIG_LINE) {
        gim_buf_printf(r->out, "# %s holds a text that a file cannot give it", s->row->name);
    } else {
        if (!text.len && s->source == GIM_SOURCE_DEFAULT)
            gim_buf_lit(r->out, "# "); /* not set; one that was emptied is said */
        gim_buf_printf(r->out, "%s = %.*s", s->row->name, GIM_FMT(text));
    }
    if (r->out->len - start + source.len <= LONGEST_CONFIG_LINE)
        gim_buf_str(r->out, gim_buf_view(&source));
    gim_buf_char(r->out, '\n');
    gim_buf_free(&value);
    gim_buf_free(&source);
}

void gim_options_put_config(const struct gim_settings_run *r)
{
    each_shown(r, true, put_config_row, NULL);
}
