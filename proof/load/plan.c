/* plan.c: the command line into a plan.
 *
 * Go's rules, because hey is a Go program: one dash or two, "-n 5" or "-n=5", a bool takes its value
 * only after '=', "--" ends the flags. Go stops at the first word that is no flag and hey then drops
 * what follows the URL in silence; here flags may stand on either side of it. A row's kind says how
 * its value is read (`kinds`); what concerns several flags is looked at when all are read.
 *
 * Complaints are one line: the flag, what was expected, the mend. Their first words are Go's or
 * hey's, and so are the exit codes: 2 for what Go's flag package refuses, 1 for hey's own checks. */
#include "plan.h"
#include "../../gimlet/base/near.h"
#include "../../gimlet/http/chars.h"
#include "flags.h"
#include "header.h"
#include "limit.h"
#include "values.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#define USAGE 1
#define UNKNOWN 2
#define CONNECTIONS_MAX 1000000
#define CPUS_MAX 1024

struct reading {
    struct load_plan *plan;
    struct gim_buf *out;
    int code;
    bool done;
    uint64_t seen; /* a bit for each row */
    char why[200]; /* what a value should have been */
};

/* ---- complaints ------------------------------------------------------------------------------ */

/* A line on `out`; what came from outside must not drive the terminal. */
static void say(struct reading *r, const char *fmt, va_list ap) GIM_PRINTF(2, 0);
static void say(struct reading *r, const char *fmt, va_list ap)
{
    char line[600];
    int n = vsnprintf(line, sizeof line, fmt, ap);

    if (n >= (int)sizeof line)
        memcpy(line + sizeof line - 4, "...", 4);
    for (char *at = line; *at; at++) {
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            *at = '?';
    }
    gim_buf_printf(r->out, "%s: %s\n", r->plan->program, line);
}

static int complain(struct reading *r, int code, const char *fmt, ...) GIM_PRINTF(3, 4);
static int complain(struct reading *r, int code, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    say(r, fmt, ap);
    va_end(ap);
    r->code = code;
    return -1;
}

static void note(struct reading *r, const char *fmt, ...) GIM_PRINTF(2, 3);
static void note(struct reading *r, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    say(r, fmt, ap);
    va_end(ap);
}

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
        note(r, "%s '%.60s' %s", f->name, text, left_out);
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
    [FLAG_INT] = {set_int, UNKNOWN, "expected a whole number", false},
    [FLAG_FLOAT] = {set_float, UNKNOWN, "expected a number, 0 or more", false},
    [FLAG_RATE] = {set_rate, UNKNOWN, "expected requests a second, such as 1000 or 90/m", false},
    [FLAG_DURATION] = {set_duration, UNKNOWN, "expected a duration such as 10s, 1m30s or 500ms",
                       false},
    [FLAG_SECONDS] = {set_seconds, UNKNOWN,
                      "expected seconds, such as 20, or 500ms; 0 for no limit", false},
    [FLAG_BOOL] = {set_bool, UNKNOWN, "expected true or false", true},
    [FLAG_TEXT] = {set_text, UNKNOWN, "", false},
    [FLAG_FIELD] = {set_field, USAGE, "expected a text without line breaks or other controls",
                    false},
    [FLAG_FILE] = {set_file, USAGE, "", false},
    [FLAG_METHOD] = {set_method, USAGE, "expected a method such as GET or POST", false},
    [FLAG_HEADER] = {set_header, USAGE, "", false},
    [FLAG_AUTH] = {set_auth, USAGE, "expected user:password", false},
    [FLAG_BODY] = {set_body, USAGE, "", false},
    [FLAG_BODY_FILE] = {set_body_file, USAGE, "", false},
    [FLAG_OUTPUT] = {set_output, USAGE, "expected csv or json", false},
    [FLAG_JSON] = {set_json, USAGE, "expected a file, or - for stdout", true},
    [FLAG_CPU_LIST] = {set_cpu_list, USAGE, "expected CPUs such as 1,3-5", false},
    [FLAG_LIMIT] = {set_limit, USAGE, "", false},
    [FLAG_OLD_HEADER] = {set_old_header, USAGE, "", false},
    [FLAG_HELP] = {set_help, UNKNOWN, "", true},
    [FLAG_VERSION] = {set_version, UNKNOWN, "", true},
    [FLAG_MAN] = {set_man, UNKNOWN, "", true},
};

static int set(struct reading *r, const struct load_flag *f, const char *text)
{
    snprintf(r->why, sizeof r->why, "%s", kinds[f->kind].expected);
    r->seen |= UINT64_C(1) << (f - load_flags);
    if (kinds[f->kind].set(r, f, text) == 0)
        return 0;
    if (f->kind == FLAG_OLD_HEADER)
        return complain(r, USAGE, "%s", r->why);
    if (kinds[f->kind].code == UNKNOWN)
        return complain(r, UNKNOWN, "invalid value \"%.80s\" for flag %s: %s", text, f->name,
                        r->why);
    return complain(r, USAGE, "%s %.80s: %s", f->name, text, r->why);
}

/* ---- the walk -------------------------------------------------------------------------------- */

static int unknown(struct reading *r, const char *arg, gim_str name)
{
    struct gim_near near = {.typed = name};
    int shown = (int)((size_t)(name.ptr - arg) + name.len);

    for (const struct load_flag *f = load_flags; f->name; f++) {
        if (f->help)
            gim_near_offer(&near, flag_bare(f->name));
        if (f->alias)
            gim_near_offer(&near, flag_bare(f->alias));
    }
    shown = shown < 80 ? shown : 80;
    if (!near.best.ptr)
        return complain(r, UNKNOWN, "flag provided but not defined: %.*s; --help lists the flags",
                        shown, arg);
    return complain(r, UNKNOWN, "flag provided but not defined: %.*s; did you mean %s%.*s?", shown,
                    arg, near.best.len > 1 ? "--" : "-", GIM_FMT(near.best));
}

/* What a flag without a value of its own means, or NULL: it needs one. "--json out.json" is what
 * people write, though Go would want '='. */
static const char *implied(const struct load_flag *f, const char *next, bool *takes_next)
{
    size_t n = next ? strlen(next) : 0;

    if (f->kind != FLAG_JSON)
        return kinds[f->kind].alone ? "true" : NULL;
    *takes_next = n && (strcmp(next, "-") == 0 || (n > 5 && strcmp(next + n - 5, ".json") == 0));
    return *takes_next ? next : "-";
}

/* The flag at argv[*i]; *i moves on when its value stands apart. */
static int take_flag(struct reading *r, char **argv, int *i)
{
    const char *arg = argv[*i];
    gim_str value = gim_str_of(arg + (arg[1] == '-' ? 2 : 1));
    gim_str name = gim_str_cut(&value, '=');
    const struct load_flag *f = flag_find(name);
    bool takes_next = false;
    const char *text;

    if (!name.len || name.ptr[0] == '-')
        return complain(r, UNKNOWN, "bad flag syntax: %.80s", arg);
    if (!f)
        return unknown(r, arg, name);
    if (value.ptr)
        return set(r, f, value.ptr);
    text = implied(f, argv[*i + 1], &takes_next);
    if (!text && !argv[*i + 1])
        return complain(
            r, UNKNOWN, "flag needs an argument: %s%s", f->name,
            f->kind == FLAG_OLD_HEADER ? "; it is deprecated, use -H; --help lists the flags" : "");
    takes_next |= !text;
    *i += takes_next;
    return set(r, f, text ? text : argv[*i]);
}

static int take_url(struct reading *r, const char *text)
{
    if (r->plan->url)
        return complain(
            r, USAGE,
            "two URLs, '%.80s' and '%.80s'; one is run (quote a URL that holds & or spaces)",
            r->plan->url, text);
    r->plan->url = text;
    return 0;
}

static int walk(struct reading *r, int argc, char **argv)
{
    bool flags = true;

    for (int i = 1; i < argc && !r->done; i++) {
        bool is_flag = flags && argv[i][0] == '-' && argv[i][1];

        if (flags && strcmp(argv[i], "--") == 0)
            flags = false;
        else if (is_flag ? take_flag(r, argv, &i) : take_url(r, argv[i]))
            return -1;
    }
    return 0;
}

/* ---- what concerns several flags ------------------------------------------------------------- */

static bool given(const struct reading *r, const char *name)
{
    const struct load_flag *f = flag_find(gim_str_of(name));

    return r->seen >> (f - load_flags) & 1;
}

/* --urls alone is enough when its lines are whole URLs. */
static void url_from_file(struct reading *r)
{
    FILE *in = r->plan->urls && !r->plan->url ? fopen(r->plan->urls, "re") : NULL;
    char line[4096];

    if (!in)
        return;
    if (fgets(line, sizeof line, in) && strstr(line, "://"))
        r->plan->url = gim_dup(&r->plan->memory, (gim_str){line, strcspn(line, "\r\n")}).ptr;
    fclose(in);
}

static int check_url(struct reading *r)
{
    struct load_plan *p = r->plan;

    url_from_file(r);
    if (!p->url && !p->self_test)
        return complain(r, USAGE,
                        "no URL; for example: %s -n 200 -c 10 http://localhost:8080/ "
                        "(--help lists the flags)",
                        p->program);
    if (p->url && !all_of(p->url, is_no_control))
        return complain(r, USAGE,
                        "the URL '%.80s' holds control characters; write them as %%0A and so on",
                        p->url);
    return 0;
}

static int check_numbers(struct reading *r)
{
    struct load_plan *p = r->plan;
    const char *name = given(r, "connections") ? "--connections" : "-c";

    if (p->connections)
        p->concurrency = p->connections;
    p->connections = p->concurrency;
    if (p->duration_ns)
        p->requests = INT64_MAX;
    if (p->duration_ns && p->concurrency < 1)
        return complain(r, USAGE, "-c cannot be smaller than 1.");
    if (p->requests < 1 || p->concurrency < 1)
        return complain(r, USAGE, "-n and -c cannot be smaller than 1.");
    if (p->concurrency > CONNECTIONS_MAX)
        return complain(r, USAGE, "-c cannot be larger than %d.", CONNECTIONS_MAX);
    if (p->requests < p->concurrency && !given(r, "connections") && p->rate <= 0)
        return complain(r, USAGE,
                        "-n cannot be less than -c: %lld requests for %lld connections%s; %s %lld",
                        (long long)p->requests, (long long)p->concurrency,
                        given(r, "c") ? "" : " (the default)", name, (long long)p->requests);
    if (p->requests < p->concurrency)
        p->connections = p->concurrency = p->requests;
    return 0;
}

static int check_together(struct reading *r)
{
    const struct load_plan *p = r->plan;

    if (p->h2)
        return complain(r, UNKNOWN, "-h2: HTTP/2 is not there yet; without it HTTP/1.1 is spoken");
    if (given(r, "c") && given(r, "connections"))
        return complain(r, USAGE, "-c and --connections are the same; give one of them");
    if (p->qps > 0 && p->rate > 0)
        return complain(r, USAGE,
                        "-q (closed loop, each connection) and --rate (open loop, in all) "
                        "exclude each other; give one of them");
    if (p->ramp_ns && p->rate <= 0)
        return complain(r, USAGE,
                        "--ramp is of --rate, which is not given; for example: --rate 1000 "
                        "--ramp 10s");
    if (given(r, "o") && given(r, "json") && !p->json_file)
        return complain(r, USAGE,
                        "-o and --json both want stdout; give the one a file: "
                        "--json=result.json");
    if (p->unix_socket && p->proxy)
        return complain(r, USAGE, "--unix-socket and -x exclude each other; give one of them");
    return 0;
}

static bool has_variable(gim_str s)
{
    static const char *const names[] = {"{{seq}}", "{{rand}}", "{{uuid}}"};

    for (size_t i = 0; s.len && i < sizeof names / sizeof names[0]; i++) {
        if (memmem(s.ptr, s.len, names[i], strlen(names[i])))
            return true;
    }
    return false;
}

static void look_for_variables(struct load_plan *p)
{
    p->has_templates = has_variable(p->body) || has_variable(gim_str_of(p->url));
    for (size_t i = 0; i < p->n_headers; i++)
        p->has_templates |= has_variable(p->headers[i].value);
}

/* ---- the whole ------------------------------------------------------------------------------- */

static bool is_hey(const char *name)
{
    const char *slash = name ? strrchr(name, '/') : NULL;

    return name && strcmp(slash ? slash + 1 : name, "hey") == 0;
}

static int read_all(struct reading *r, int argc, char **argv)
{
    for (const struct load_flag *f = load_flags; f->name; f++) {
        if (f->def && set(r, f, f->def))
            return -1;
    }
    r->seen = 0;
    if (walk(r, argc, argv))
        return -1;
    return !r->done && (check_together(r) || check_url(r) || check_numbers(r)) ? -1 : 0;
}

enum plan_result plan_parse(struct load_plan *p, int argc, char **argv, struct gim_buf *out,
                            int *code)
{
    struct reading r = {.plan = p, .out = out};
    int bad;

    *p = (struct load_plan){0};
    p->plain = is_hey(argv[0]);
    p->program = p->plain ? "hey" : "proof load";
    bad = read_all(&r, argc, argv);
    *code = bad ? r.code : 0;
    if (bad || r.done) {
        plan_free(p);
        return bad ? PLAN_WRONG : PLAN_DONE;
    }
    look_for_variables(p);
    return PLAN_GO;
}

enum plan_result plan_read(struct load_plan *p, int argc, char **argv, int *code)
{
    struct gim_buf out = {0};
    enum plan_result result = plan_parse(p, argc, argv, &out, code);

    if (out.len)
        fwrite(out.ptr, 1, out.len, result == PLAN_DONE ? stdout : stderr);
    gim_buf_free(&out);
    return result;
}

void plan_free(struct load_plan *p)
{
    gim_arena_reset(&p->memory);
    gim_buf_free(&p->file);
    *p = (struct load_plan){0};
}
