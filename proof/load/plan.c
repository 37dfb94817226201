/* plan.c: the command line into a plan.
 *
 * Go's rules, because hey is a Go program: one dash or two, "-n 5" or "-n=5", a bool takes its value
 * only after '=', "--" ends the flags. Go stops at the first word that is no flag and hey then drops
 * what follows the URL in silence; here flags may stand on either side of it. A row's kind says how
 * its value is read (kinds.c); what concerns several flags is looked at when all are read.
 *
 * Complaints are one line: the flag, what was expected, the mend. Their first words are Go's or
 * hey's, and so are the exit codes: 2 for what Go's flag package refuses, 1 for hey's own checks. */
#include "plan.h"
#include "../../gimlet/base/near.h"
#include "../../gimlet/http/chars.h"
#include "reading.h"
#include <stdarg.h>
#include <stdio.h>

#define CONNECTIONS_MAX 1000000

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

int reading_complain(struct reading *r, int code, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    say(r, fmt, ap);
    va_end(ap);
    r->code = code;
    return -1;
}

void reading_note(struct reading *r, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    say(r, fmt, ap);
    va_end(ap);
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
        return reading_complain(r, READING_UNKNOWN,
                                "flag provided but not defined: %.*s; --help lists the flags",
                                shown, arg);
    return reading_complain(r, READING_UNKNOWN,
                            "flag provided but not defined: %.*s; did you mean %s%.*s?", shown, arg,
                            near.best.len > 1 ? "--" : "-", GIM_FMT(near.best));
}

/* What a flag without a value of its own means, or NULL: it needs one. "--json out.json" is what
 * people write, though Go would want '='. */
static const char *implied(const struct load_flag *f, const char *next, bool *takes_next)
{
    size_t n = next ? strlen(next) : 0;

    if (f->kind != FLAG_JSON)
        return kind_is_alone(f->kind) ? "true" : NULL;
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
        return reading_complain(r, READING_UNKNOWN, "bad flag syntax: %.80s", arg);
    if (!f)
        return unknown(r, arg, name);
    if (value.ptr)
        return kind_set(r, f, value.ptr);
    text = implied(f, argv[*i + 1], &takes_next);
    if (!text && !argv[*i + 1])
        return reading_complain(
            r, READING_UNKNOWN, "flag needs an argument: %s%s", f->name,
            f->kind == FLAG_OLD_HEADER ? "; it is deprecated, use -H; --help lists the flags" : "");
    takes_next |= !text;
    *i += takes_next;
    return kind_set(r, f, text ? text : argv[*i]);
}

static int take_url(struct reading *r, const char *text)
{
    if (r->plan->url)
        return reading_complain(
            r, READING_USAGE,
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

static bool has_controls(const char *text)
{
    while (*text && !gim_char_is(*text, GIM_CHAR_CTL))
        text++;
    return *text != 0;
}

static int check_url(struct reading *r)
{
    struct load_plan *p = r->plan;

    url_from_file(r);
    if (!p->url && !p->self_test)
        return reading_complain(r, READING_USAGE,
                                "no URL; for example: %s -n 200 -c 10 http://localhost:8080/ "
                                "(--help lists the flags)",
                                p->program);
    if (p->url && has_controls(p->url))
        return reading_complain(
            r, READING_USAGE,
            "the URL '%.80s' holds control characters; write them as %%0A and so on", p->url);
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
        return reading_complain(r, READING_USAGE, "-c cannot be smaller than 1.");
    if (p->requests < 1 || p->concurrency < 1)
        return reading_complain(r, READING_USAGE, "-n and -c cannot be smaller than 1.");
    if (p->concurrency > CONNECTIONS_MAX)
        return reading_complain(r, READING_USAGE, "-c cannot be larger than %d.", CONNECTIONS_MAX);
    if (p->requests < p->concurrency && !given(r, "connections") && p->rate <= 0)
        return reading_complain(
            r, READING_USAGE,
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
        return reading_complain(r, READING_UNKNOWN,
                                "-h2: HTTP/2 is not there yet; without it HTTP/1.1 is spoken");
    if (given(r, "c") && given(r, "connections"))
        return reading_complain(r, READING_USAGE,
                                "-c and --connections are the same; give one of them");
    if (p->qps > 0 && p->rate > 0)
        return reading_complain(r, READING_USAGE,
                                "-q (closed loop, each connection) and --rate (open loop, in all) "
                                "exclude each other; give one of them");
    if (p->ramp_ns && p->rate <= 0)
        return reading_complain(r, READING_USAGE,
                                "--ramp is of --rate, which is not given; for example: --rate 1000 "
                                "--ramp 10s");
    if (given(r, "o") && given(r, "json") && !p->json_file)
        return reading_complain(r, READING_USAGE,
                                "-o and --json both want stdout; give the one a file: "
                                "--json=result.json");
    if (p->unix_socket && p->proxy)
        return reading_complain(r, READING_USAGE,
                                "--unix-socket and -x exclude each other; give one of them");
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
        if (f->def && kind_set(r, f, f->def))
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
