/* options_file.c: settings from an INI file, read by libinih.
 *
 * libinih hands out names and values; this file gives it the lines, so that it knows which line is
 * being read and can say so. A key that stands twice, a key nobody knows, an unknown section and a
 * line that is no setting are errors: what a file says is what happens. */
#include "arena.h"
#include "near.h"
#include "options_private.h"
#include <errno.h>
#include <ini.h>
#include <stdio.h>

struct kept {
    struct kept *next;
    char text[];
};

/* Strings of the file live as long as the program. Nobody else may know them (an app's struct on
 * main's stack), so they are chained here. Options are read once, before there are threads. */
static struct kept *kept_strings;

static const char *keep(const char *text)
{
    size_t size = strlen(text) + 1;
    struct kept *k = gim_heap_alloc(sizeof *k + size);

    memcpy(k->text, text, size);
    k->next = kept_strings;
    kept_strings = k;
    return k->text;
}

struct file_reading {
    struct gim_settings_run *run;
    FILE *file;
    int line;
    int wrong; /* the line that was complained about */
};

static struct gim_buf *complain_in_file(struct file_reading *f)
{
    struct gim_buf *out = f->run->out;

    f->wrong = f->line;
    out->len = 0;
    gim_buf_printf(out, "%s:%d: ", f->run->file, f->line);
    return out;
}

/* Lines for libinih. An indented line would continue the one before it: indents are cut off. */
static char *next_line(char *line, int size, void *user)
{
    struct file_reading *f = user;
    size_t blanks;

    f->line++;
    if (f->wrong || !fgets(line, size, f->file))
        return NULL;
    if (!strchr(line, '\n') && !feof(f->file)) {
        gim_buf_printf(complain_in_file(f), "the line is longer than %d bytes\n", size - 2);
        return NULL;
    }
    blanks = strspn(line, " \t");
    memmove(line, line + blanks, strlen(line) - blanks + 1);
    return line;
}

static struct gim_setting *setting_of_key(struct gim_settings_run *r, const char *name)
{
    for (size_t i = 0; i < r->n; i++) {
        if (strcmp(r->settings[i].row->name, name) == 0)
            return &r->settings[i];
    }
    return NULL;
}

static void unknown_key(struct file_reading *f, const char *name)
{
    struct gim_near near = {.typed = gim_str_of(name)};

    for (size_t i = 0; i < f->run->n; i++)
        gim_near_offer(&near, gim_str_of(f->run->settings[i].row->name));
    gim_put_unknown(complain_in_file(f), "key", name, &near, "--print-config lists them", false);
}

static void unknown_section(struct file_reading *f, const char *section, const char *name)
{
    const char *program = f->run->program;
    struct gim_buf *out = complain_in_file(f);

    gim_put_shown(out, name);
    gim_buf_lit(out, " stands in an unknown section [");
    gim_put_shown(out, section);
    gim_buf_printf(out, "]; no section is needed, and [%s] is allowed\n", program);
}

static void take_pair(struct file_reading *f, const char *section, const char *name,
                      const char *value)
{
    struct gim_setting *s = setting_of_key(f->run, name);
    struct gim_buf why = {0};

    if (section[0] && strcmp(section, f->run->program) != 0) {
        unknown_section(f, section, name);
    } else if (!s) {
        unknown_key(f, name);
    } else if (s->source == GIM_SOURCE_FILE) {
        gim_buf_printf(complain_in_file(f), "%s stands twice; it was set in line %d\n", name,
                       s->line);
    } else if (gim_setting_set(s, s->row->type == GIM_OPTION_STR ? keep(value) : value,
                               GIM_SOURCE_FILE, f->line, &why)) {
        gim_buf_printf(complain_in_file(f), "%s = ", name);
        gim_put_shown(f->run->out, value);
        gim_buf_printf(f->run->out, ": %.*s\n", GIM_FMT(gim_buf_view(&why)));
    }
    gim_buf_free(&why);
}

/* libinih's callback: 1 to go on. */
static int on_pair(void *user, const char *section, const char *name, const char *value)
{
    struct file_reading *f = user;

    if (!f->wrong)
        take_pair(f, section, name, value ? value : "");
    return 1;
}

int gim_options_read_file(struct gim_settings_run *r)
{
    struct file_reading f = {.run = r};
    int syntax;
    bool broken;

    if (!r->file)
        return 0;
    f.file = fopen(r->file, "re");
    if (!f.file) {
        gim_options_complain(r, "--config ", r->file, "");
        r->out->len--;
        gim_buf_printf(r->out, ": %s\n", strerror(errno));
        return -1;
    }
    syntax = ini_parse_stream(next_line, &f, on_pair, &f);
    broken = ferror(f.file) != 0;
    fclose(f.file);
    if (broken)
        return gim_options_complain(r, "--config ", r->file, ": cannot be read");
    if (syntax > 0 && (!f.wrong || syntax < f.wrong)) {
        f.line = syntax;
        gim_buf_lit(complain_in_file(&f), "expected NAME = VALUE\n");
    }
    return f.wrong ? -1 : 0;
}
