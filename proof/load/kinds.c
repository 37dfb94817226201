/* kinds.c: the value of one flag, read by the flag's kind.
 *
 * Each kind is a row: the function that puts the value into the plan, the exit code when it cannot,
 * what to tell somebody who got it wrong. A setter returns -1 and may say more exactly in r->why. */
#include "reading.h"
#include "../../gimlet/http/chars.h"
#include "header.h"
#include "limit.h"
#include "values.h"
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#define CPUS_MAX 1024

static int expect(struct reading *r, const char *what)
{
    snprintf(r->why, sizeof r->why, "%s", what);
    return -1;
}

/* ---- values of each kind --------------------------------------------------------------------- */

static void *member(struct reading *r, const struct load_flag *f)
{
    return (char *)r->plan + f->offset;
}

static void set_pointer(struct reading *r, const struct load_flag *f, const char *text)
{
    memcpy(member(r, f), (const void *)&text, sizeof text);
}

static int set_whole(struct reading *r, const struct load_flag *f, int64_t v)
{
    bool ranged = f->min || f->max;

    if (ranged && (v < f->min || v > f->max)) {
        snprintf(r->why, sizeof r->why,
                 f->max == INT64_MAX ? "expected %lld or more" : "expected %lld to %lld",
                 (long long)f->min, (long long)f->max);
        return -1;
    }
    memcpy(member(r, f), &v, sizeof v);
    return 0;
}

static int set_int(struct reading *r, const struct load_flag *f, const char *text)
{
    int64_t v;

    return value_int(gim_str_of(text), &v) ? -1 : set_whole(r, f, v);
}

static int set_duration(struct reading *r, const struct load_flag *f, const char *text)
{
    int64_t v;

    return value_duration(gim_str_of(text), &v) ? -1 : set_whole(r, f, v);
}

static int set_seconds(struct reading *r, const struct load_flag *f, const char *text)
{
    int64_t v;

    if (value_int(gim_str_of(text), &v))
        return set_duration(r, f, text);
    return v > INT64_MAX / 1000000000 || v < 0 ? -1 : set_whole(r, f, v * 1000000000);
}

static int set_float(struct reading *r, const struct load_flag *f, const char *text)
{
    double v;

    if (value_float(gim_str_of(text), &v) || v < 0)
        return -1;
    memcpy(member(r, f), &v, sizeof v);
    return 0;
}

static int set_rate(struct reading *r, const struct load_flag *f, const char *text)
{
    double v;

    if (value_rate(gim_str_of(text), &v) || v <= 0)
        return -1;
    memcpy(member(r, f), &v, sizeof v);
    return 0;
}

static int set_bool(struct reading *r, const struct load_flag *f, const char *text)
{
    bool v;

    if (value_bool(gim_str_of(text), &v))
        return -1;
    memcpy(member(r, f), &v, sizeof v);
    return 0;
}

static int set_text(struct reading *r, const struct load_flag *f, const char *text)
{
    set_pointer(r, f, text);
    return 0;
}

static bool all_of(const char *text, bool (*good)(char c))
{
    while (*text && good(*text))
        text++;
    return !*text;
}

static bool is_no_control(char c)
{
    return !gim_char_is(c, GIM_CHAR_CTL);
}

static bool is_token_char(char c)
{
    return gim_char_is(c, GIM_CHAR_TOKEN);
}

static int set_field(struct reading *r, const struct load_flag *f, const char *text)
{
    return all_of(text, is_no_control) ? set_text(r, f, text) : -1;
}

static int set_file(struct reading *r, const struct load_flag *f, const char *text)
{
    if (access(text, R_OK))
        return expect(r, strerror(errno));
    return set_text(r, f, text);
}

static int set_method(struct reading *r, const struct load_flag *f, const char *text)
{
    size_t n = strlen(text);
    char *upper = gim_alloc(&r->plan->memory, n + 1);

    if (!all_of(text, is_token_char))
        return -1;
    for (size_t i = 0; i < n; i++)
        upper[i] = text[i] >= 'a' && text[i] <= 'z' ? (char)(text[i] - 'a' + 'A') : text[i];
    set_pointer(r, f, n ? upper : "GET");
    return 0;
}

static int set_header(struct reading *r, const struct load_flag *f, const char *text)
{
    const char *why;
    const char *left_out;
    int bad = header_take(r->plan, text, &why, &left_out);

    if (bad)
        return expect(r, why);
    if (left_out)
        reading_note(r, "%s '%.60s' %s", f->name, text, left_out);
    return 0;
}

/* hey refuses a password of one character, and then sends none at all. */
static int set_auth(struct reading *r, const struct load_flag *f, const char *text)
{
    return strchr(text, ':') ? set_field(r, f, text) : -1;
}

static int set_body(struct reading *r, const struct load_flag *f, const char *text)
{
    (void)f;
    if (!r->plan->file.ptr)
        r->plan->body = gim_str_of(text);
    return 0;
}

static int read_file(struct reading *r, FILE *in)
{
    struct gim_buf *b = &r->plan->file;
    size_t got = 1;

    b->len = 0;
    while (got) {
        char *to = gim_buf_reserve(b, 65536);

        if (!to)
            return expect(r, "the file is larger than 1 GiB");
        got = fread(to, 1, 65536, in);
        b->len += got;
    }
    return ferror(in) ? expect(r, strerror(errno)) : 0;
}

static int set_body_file(struct reading *r, const struct load_flag *f, const char *text)
{
    FILE *in = fopen(text, "re");
    int bad;

    (void)f;
    if (!in)
        return expect(r, strerror(errno));
    bad = read_file(r, in);
    fclose(in);
    r->plan->body = gim_buf_view(&r->plan->file);
    return bad;
}

static int set_output(struct reading *r, const struct load_flag *f, const char *text)
{
    static const char *const names[] = {
        [OUTPUT_TEXT] = "text", [OUTPUT_CSV] = "csv", [OUTPUT_JSON] = "json"};

    (void)f;
    for (int i = 0; i <= OUTPUT_JSON; i++) {
        if (strcmp(text, names[i]) == 0 || (!*text && i == OUTPUT_TEXT)) {
            r->plan->output = (enum plan_output)i;
            return 0;
        }
    }
    if (strstr(text, "{{"))
        return expect(r, "templates are hey's alone; -o json has all figures");
    return -1;
}

static int set_json(struct reading *r, const struct load_flag *f, const char *text)
{
    if (strcmp(text, "-") != 0)
        return *text ? set_text(r, f, text) : -1;
    r->plan->output = OUTPUT_JSON;
    return 0;
}

/* "1,3-5": each a number or a range that rises. */
static int set_cpu_list(struct reading *r, const struct load_flag *f, const char *text)
{
    gim_str rest = gim_str_of(text);

    do {
        gim_str to = gim_str_cut(&rest, ',');
        gim_str from = gim_str_cut(&to, '-');
        int64_t a, b;

        if (gim_str_to_int(from, &a) || gim_str_to_int(to.ptr ? to : from, &b) || a > b ||
            b >= CPUS_MAX)
            return -1;
    } while (rest.ptr);
    return set_text(r, f, text);
}

static int set_limit(struct reading *r, const struct load_flag *f, const char *text)
{
    struct load_plan *p = r->plan;
    struct plan_limit limit;
    struct plan_limit *grown;

    (void)f;
    if (limit_parse(text, &limit, r->why, sizeof r->why))
        return -1;
    grown = GIM_NEW_N(&p->memory, struct plan_limit, p->n_limits + 1);
    if (p->n_limits)
        memcpy(grown, p->limits, p->n_limits * sizeof *grown);
    grown[p->n_limits++] = limit;
    p->limits = grown;
    return 0;
}

static int set_old_header(struct reading *r, const struct load_flag *f, const char *text)
{
    (void)f;
    (void)text;
    return expect(r, "Flag '-h' is deprecated, please use '-H' instead; --help lists the flags");
}

static int set_help(struct reading *r, const struct load_flag *f, const char *text)
{
    (void)f;
    (void)text;
    plan_help(r->out);
    r->done = true;
    return 0;
}

static int set_man(struct reading *r, const struct load_flag *f, const char *text)
{
    (void)f;
    (void)text;
    plan_man(r->out);
    r->done = true;
    return 0;
}

static int set_version(struct reading *r, const struct load_flag *f, const char *text)
{
    (void)f;
    (void)text;
    gim_buf_lit(r->out, "proof " GIM_VERSION "\n");
    r->done = true;
    return 0;
}

static const struct {
    int (*set)(struct reading *r, const struct load_flag *f, const char *text);
    int code;             /* when the value is not taken */
    const char *expected; /* unless the setter says more */
    bool alone;           /* takes no value but after '=' */
} kinds[FLAG_KINDS] = {
    [FLAG_INT] = {set_int, READING_UNKNOWN, "expected a whole number", false},
    [FLAG_FLOAT] = {set_float, READING_UNKNOWN, "expected a number, 0 or more", false},
    [FLAG_RATE] = {set_rate, READING_UNKNOWN, "expected requests a second, such as 1000 or 90/m",
                   false},
    [FLAG_DURATION] = {set_duration, READING_UNKNOWN,
                       "expected a duration such as 10s, 1m30s or 500ms", false},
    [FLAG_SECONDS] = {set_seconds, READING_UNKNOWN,
                      "expected seconds, such as 20, or 500ms; 0 for no limit", false},
    [FLAG_BOOL] = {set_bool, READING_UNKNOWN, "expected true or false", true},
    [FLAG_TEXT] = {set_text, READING_UNKNOWN, "", false},
    [FLAG_FIELD] = {set_field, READING_USAGE,
                    "expected a text without line breaks or other controls", false},
    [FLAG_FILE] = {set_file, READING_USAGE, "", false},
    [FLAG_METHOD] = {set_method, READING_USAGE, "expected a method such as GET or POST", false},
    [FLAG_HEADER] = {set_header, READING_USAGE, "", false},
    [FLAG_AUTH] = {set_auth, READING_USAGE, "expected user:password", false},
    [FLAG_BODY] = {set_body, READING_USAGE, "", false},
    [FLAG_BODY_FILE] = {set_body_file, READING_USAGE, "", false},
    [FLAG_OUTPUT] = {set_output, READING_USAGE, "expected csv or json", false},
    [FLAG_JSON] = {set_json, READING_USAGE, "expected a file, or - for stdout", true},
    [FLAG_CPU_LIST] = {set_cpu_list, READING_USAGE, "expected CPUs such as 1,3-5", false},
    [FLAG_LIMIT] = {set_limit, READING_USAGE, "", false},
    [FLAG_OLD_HEADER] = {set_old_header, READING_USAGE, "", false},
    [FLAG_HELP] = {set_help, READING_UNKNOWN, "", true},
    [FLAG_VERSION] = {set_version, READING_UNKNOWN, "", true},
    [FLAG_MAN] = {set_man, READING_UNKNOWN, "", true},
};

int kind_set(struct reading *r, const struct load_flag *f, const char *text)
{
    snprintf(r->why, sizeof r->why, "%s", kinds[f->kind].expected);
    r->seen |= UINT64_C(1) << (f - load_flags);
    if (kinds[f->kind].set(r, f, text) == 0)
        return 0;
    if (f->kind == FLAG_OLD_HEADER)
        return reading_complain(r, READING_USAGE, "%s", r->why);
    if (kinds[f->kind].code == READING_UNKNOWN)
        return reading_complain(r, READING_UNKNOWN, "invalid value \"%.80s\" for flag %s: %s", text,
                                f->name, r->why);
    return reading_complain(r, READING_USAGE, "%s %.80s: %s", f->name, text, r->why);
}

bool kind_is_alone(enum flag_kind kind)
{
    return kinds[kind].alone;
}
