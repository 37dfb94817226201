/* options_parse.c: the text of one value to its C type, and back.
 *
 * Each type is a row of a table: how it reads, how it writes, what to tell somebody who got it
 * wrong. Sizes and durations are numbers with units, so they share one reader and one writer. */
#include "options_private.h"
#include "near.h"

struct unit {
    const char *name;
    int64_t times;
};

/* From the largest, for writing; "" is the bare number. */
static const struct unit size_units[] = {
    {"G", (int64_t)1 << 30}, {"M", 1 << 20}, {"K", 1 << 10}, {"", 1}, {NULL, 0},
};
static const struct unit duration_units[] = {
    {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}, {NULL, 0},
};
static const struct unit int_units[] = {{"", 1}, {NULL, 0}};

/* ---- numbers with units -------------------------------------------------------------------- */

static size_t digits_of(gim_str s)
{
    size_t n = s.len && s.ptr[0] == '-';

    while (n < s.len && s.ptr[n] >= '0' && s.ptr[n] <= '9')
        n++;
    return n;
}

/* A bare 0 has no need of a unit. */
static int read_number(const struct unit *units, gim_str s, int64_t *out)
{
    gim_str number = {s.ptr, digits_of(s)};
    gim_str name = {s.ptr + number.len, s.len - number.len};
    int64_t v;

    if (gim_str_to_int(number, &v))
        return -1;
    while (units->name && !gim_str_eq_fold(name, gim_str_of(units->name)))
        units++;
    if (!units->name && !(v == 0 && !name.len))
        return -1;
    if (units->name && (v > INT64_MAX / units->times || v < INT64_MIN / units->times))
        return -1;
    *out = units->name ? v * units->times : 0;
    return 0;
}

static void write_number(const struct unit *units, int64_t v, struct gim_buf *b)
{
    if (!v) {
        gim_buf_char(b, '0');
        return;
    }
    while (v % units->times != 0)
        units++;
    gim_buf_int(b, v / units->times);
    gim_buf_str(b, gim_str_of(units->name));
}

struct number_kind {
    const struct unit *units;
    const char *what, *such_as;
};

static const struct number_kind number_kinds[] = {
    [GIM_OPTION_INT] = {int_units, "a whole number", ""},
    [GIM_OPTION_SIZE] = {size_units, "a size", " such as 512, 16K or 1M"},
    [GIM_OPTION_DURATION] = {duration_units, "a duration", " such as 250ms, 10s, 5m or 24h"},
};

static int parse_number(const struct gim_option *row, const char *text, void *member,
                        struct gim_buf *why)
{
    const struct number_kind *kind = &number_kinds[row->type];
    bool ranged = row->min || row->max;
    int64_t v;
    int bad = read_number(kind->units, gim_str_of(text), &v);

    if (!bad && (!ranged || (v >= row->min && v <= row->max))) {
        memcpy(member, &v, sizeof v);
        return 0;
    }
    gim_buf_printf(why, "expected %s%s", kind->what, bad ? kind->such_as : "");
    if (!ranged || (bad && kind->such_as[0]))
        return -1;
    gim_buf_lit(why, " from ");
    write_number(kind->units, row->min, why);
    gim_buf_lit(why, " to ");
    write_number(kind->units, row->max, why);
    return -1;
}

/* ---- words --------------------------------------------------------------------------------- */

static int parse_bool(const char *text, void *member, struct gim_buf *why)
{
    static const char *const words[] = {"false", "true", "no", "yes", "off", "on"};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        bool v = i & 1;

        if (!gim_str_eq_fold(gim_str_of(text), gim_str_of(words[i])))
            continue;
        memcpy(member, &v, sizeof v);
        return 0;
    }
    gim_buf_lit(why, "expected true or false");
    return -1;
}

static int parse_enum(const struct gim_option *row, const char *text, void *member,
                      struct gim_buf *why)
{
    for (int i = 0; row->names[i]; i++) {
        if (strcmp(text, row->names[i]) != 0)
            continue;
        memcpy(member, &i, sizeof i);
        return 0;
    }
    gim_buf_lit(why, "expected ");
    for (int i = 0; row->names[i]; i++)
        gim_buf_printf(why, "%s%s", !i ? "" : row->names[i + 1] ? ", " : " or ", row->names[i]);
    return -1;
}

int gim_option_parse(const struct gim_option *row, const char *text, void *member,
                     struct gim_buf *why)
{
    switch (row->type) {
    case GIM_OPTION_BOOL:
        return parse_bool(text, member, why);
    case GIM_OPTION_ENUM:
        return parse_enum(row, text, member, why);
    case GIM_OPTION_STR:
        memcpy(member, (const void *)&text, sizeof text);
        return 0;
    default:
        return parse_number(row, text, member, why);
    }
}

void gim_option_format(const struct gim_option *row, const void *member, struct gim_buf *b)
{
    const char *text;
    int64_t number;
    bool flag;
    int index;

    switch (row->type) {
    case GIM_OPTION_BOOL:
        memcpy(&flag, member, sizeof flag);
        gim_buf_str(b, flag ? GIM_S("true") : GIM_S("false"));
        return;
    case GIM_OPTION_ENUM:
        memcpy(&index, member, sizeof index);
        gim_buf_str(b, gim_str_of(row->names[index]));
        return;
    case GIM_OPTION_STR:
        memcpy((void *)&text, member, sizeof text);
        gim_buf_str(b, gim_str_of(text));
        return;
    default:
        memcpy(&number, member, sizeof number);
        write_number(number_kinds[row->type].units, number, b);
    }
}

void gim_put_flag(struct gim_buf *b, const char *name)
{
    gim_buf_lit(b, "--");
    for (; *name; name++)
        gim_buf_char(b, *name == '_' ? '-' : *name);
}

static void put_upper(struct gim_buf *b, const char *text)
{
    for (; *text; text++) {
        bool lower = *text >= 'a' && *text <= 'z';

        gim_buf_char(b, *text == '-' || *text == '.' ? '_' : lower ? (char)(*text - 32) : *text);
    }
}

void gim_put_env(struct gim_buf *b, const char *program, const char *name)
{
    put_upper(b, program);
    gim_buf_char(b, '_');
    put_upper(b, name);
}

int gim_setting_set(struct gim_setting *s, const char *text, enum gim_option_source source,
                    int line, struct gim_buf *why)
{
    if (gim_option_parse(s->row, text, s->member, why))
        return -1;
    s->source = source;
    s->line = line;
    return 0;
}

/* ---- complaints ---------------------------------------------------------------------------- */

/* Text from outside, cut, controls replaced: it goes to a terminal. */
void gim_put_shown(struct gim_buf *b, const char *text)
{
    size_t n = 0;

    for (; *text && n < GIM_SHOWN_MAX; text++, n++)
        gim_buf_char(b, (unsigned char)*text < 0x20 || *text == 0x7f ? '?' : *text);
    if (*text)
        gim_buf_lit(b, "...");
}

/* "unknown flag --prot, did you mean --port?" after the place, which is there already. */
int gim_put_unknown(struct gim_buf *out, const char *what, const char *typed,
                    const struct gim_near *near, const char *list, bool flag)
{
    gim_buf_printf(out, "unknown %s ", what);
    gim_put_shown(out, typed);
    if (!near->best.ptr) {
        gim_buf_printf(out, "; %s\n", list);
        return -1;
    }
    gim_buf_lit(out, ", did you mean ");
    if (flag)
        gim_put_flag(out, near->best.ptr);
    else
        gim_buf_str(out, near->best);
    gim_buf_lit(out, "?\n");
    return -1;
}

int gim_options_complain(struct gim_settings_run *r, const char *what, const char *text,
                         const char *rest)
{
    gim_buf_printf(r->out, "%s: %s", r->program, what);
    gim_put_shown(r->out, text);
    gim_buf_printf(r->out, "%s\n", rest);
    return -1;
}
