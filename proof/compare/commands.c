/* commands.c: compare, report, diff and init, from the command line to the exit status. What they do is
 * elsewhere: the words (words.c), the plan, the protocol, the verdicts, the exporters. Here is the order
 * of things: whether an output can be written is asked before an hour of measuring, and all outputs
 * are tried before one that failed decides the exit status. */
#include "commands.h"
#include "../report/compare.h"
#include "choose.h"
#include "output.h"
#include "watch.h"
#include "words.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ERROR 1000

enum { /* exit statuses */
    DONE = 0,
    FAILED = 1,
    WRONG = 2,
    LIMIT = 99,
    INTERRUPTED = 130
};

static int complain(const char *command, const char *err)
{
    fprintf(stderr, "proof %s: %s\n", command, err);
    return -1;
}

/* WORDS_GO, or what to exit with. */
static bool read_words(struct words *w, enum command_bit bit, int argc, char **argv, int *code)
{
    const struct command *c = commands;
    struct gim_buf out = {0};
    enum words_result result;

    while (c->bit != bit)
        c++;
    result = words_read(w, c, argc, argv, &out);
    if (out.len)
        fwrite(out.ptr, 1, out.len, result == WORDS_HELP ? stdout : stderr);
    gim_buf_free(&out);
    *code = result == WORDS_HELP ? DONE : WRONG;
    return result == WORDS_GO;
}

static bool wants_color(const struct words *w)
{
    const char *term = getenv("TERM"), *no = getenv("NO_COLOR");

    return !w->no_color && (!no || !*no) && isatty(STDOUT_FILENO) && term &&
           strcmp(term, "dumb") != 0;
}

/* ---- formats --------------------------------------------------------------------------------- */

static void put_text(struct gim_buf *b, const struct verdicts *v)
{
    compare_text(b, v, false);
}

static void put_json(struct gim_buf *b, const struct verdicts *v)
{
    results_put_json(b, v->results);
}

static void (*const formats[FORMATS])(struct gim_buf *b, const struct verdicts *v) = {
    [FORMAT_TEXT] = put_text,   [FORMAT_MARKDOWN] = compare_markdown,
    [FORMAT_CSV] = compare_csv, [FORMAT_HTML] = compare_html,
    [FORMAT_JSON] = put_json,
};

static int write_format(const char *command, const char *file, enum words_format format,
                        const struct verdicts *v)
{
    struct gim_buf b = {0};
    char err[ERROR];
    int bad;

    formats[format](&b, v);
    bad = output_write(file, &b, err, sizeof err);
    gim_buf_free(&b);
    return bad ? complain(command, err) : 0;
}

static int print_text(const char *command, const struct verdicts *v, bool color)
{
    struct gim_buf b = {0};
    char err[ERROR];
    int bad;

    compare_text(&b, v, color);
    bad = output_write("-", &b, err, sizeof err);
    gim_buf_free(&b);
    return bad ? complain(command, err) : 0;
}

/* ---- compare --------------------------------------------------------------------------------- */

static int check_files(const struct words *w)
{
    char err[ERROR];

    for (int i = 0; i < FORMATS; i++) {
        if (w->files[i] && output_check(w->files[i], err, sizeof err))
            return complain("compare", err);
    }
    return 0;
}

/* What the command line changes. `memory` outlives the plan's use. */
static int adjust(struct compare_plan *p, const struct words *w, struct gim_arena *memory)
{
    char err[ERROR];

    if (w->quick)
        compare_plan_quicken(p);
    if (w->rounds >= 0)
        p->protocol.rounds = (int)w->rounds;
    if (w->seed >= 0)
        p->seed = (uint64_t)w->seed;
    if (w->only && choose_services(p, memory, w->only, err, sizeof err))
        return complain("compare", err);
    return 0;
}

static int tell(const struct compare_results *r, const struct words *w)
{
    struct verdicts v = {0};
    bool text = true;
    int bad = 0;

    verdicts_make(&v, r);
    for (int i = 0; i < FORMATS; i++)
        text &= !w->files[i] || strcmp(w->files[i], "-") != 0;
    if (text)
        bad = print_text("compare", &v, wants_color(w));
    for (int i = 0; i < FORMATS; i++) {
        if (w->files[i] && write_format("compare", w->files[i], (enum words_format)i, &v))
            bad = -1;
    }
    verdicts_free(&v);
    return bad;
}

static bool anybody_failed(const struct compare_results *r)
{
    for (size_t i = 0; i < r->n_services; i++) {
        if (r->services[i].state == RESULTS_FAILED)
            return true;
    }
    return false;
}

static gim_str command_line(struct compare_results *r, int argc, char **argv)
{
    gim_str line = GIM_S("proof");

    for (int i = 0; i < argc; i++) {
        bool quote = argv[i][strcspn(argv[i], " ,;'&|<>()$*?")] != '\0';

        line = results_text(r, "%.*s %s%s%s", GIM_FMT(line), quote ? "\"" : "", argv[i],
                            quote ? "\"" : "");
    }
    return line;
}

static int run(const struct compare_plan *p, const struct words *w, int argc, char **argv)
{
    struct compare_results r = {0};
    struct watch watch;
    char err[ERROR];
    int bad, code;

    r.quick = w->quick;
    r.command = command_line(&r, argc, argv);
    watch_open(&watch, w->quiet);
    bad = protocol_run(p, &r, &watch.calls, w->contract_only, err, sizeof err);
    watch_close(&watch);
    if (bad) {
        complain("compare", err);
        code = FAILED;
    } else {
        bad = tell(&r, w);
        code = bad || (w->contract_only && anybody_failed(&r)) ? FAILED : DONE;
        code = r.interrupted ? INTERRUPTED : code;
    }
    results_free(&r);
    return code;
}

int compare_main(int argc, char **argv)
{
    struct gim_arena memory = {0};
    struct compare_plan plan = {0}, chosen;
    struct gim_buf err = {0};
    struct words w;
    int code;

    if (!read_words(&w, COMMAND_COMPARE, argc, argv, &code))
        return code;
    if (compare_plan_read(&plan, w.args[0], &err)) {
        fwrite(err.ptr, 1, err.len, stderr);
        gim_buf_free(&err);
        compare_plan_free(&plan);
        return WRONG;
    }
    gim_buf_free(&err);
    chosen = plan; /* what the plan owns is freed as it was read */
    if (adjust(&chosen, &w, &memory))
        code = WRONG;
    else
        code = check_files(&w) ? FAILED : run(&chosen, &w, argc, argv);
    compare_plan_free(&plan);
    gim_arena_reset(&memory);
    return code;
}

/* ---- report ---------------------------------------------------------------------------------- */

int report_main(int argc, char **argv)
{
    struct compare_results r = {0};
    struct verdicts v = {0};
    const char *file;
    char err[ERROR];
    struct words w;
    int code;

    if (!read_words(&w, COMMAND_REPORT, argc, argv, &code))
        return code;
    if (results_read(&r, w.args[0], err, sizeof err)) {
        complain("report", err);
        results_free(&r);
        return FAILED;
    }
    file = w.n_args > 1 ? w.args[1] : "-";
    verdicts_make(&v, &r);
    if (w.format <= FORMAT_TEXT && strcmp(file, "-") == 0)
        code = print_text("report", &v, wants_color(&w)) ? FAILED : DONE;
    else
        code = write_format("report", file,
                            w.format < 0 ? FORMAT_TEXT : (enum words_format)w.format, &v)
                   ? FAILED
                   : DONE;
    verdicts_free(&v);
    results_free(&r);
    return code;
}

/* ---- diff ------------------------------------------------------------------------------------ */

static int read_limits(const struct words *w, struct compare_limit *limits)
{
    char err[ERROR];

    for (int i = 0; i < w->n_limits; i++) {
        if (compare_limit_read(&limits[i], w->limits[i], err, sizeof err))
            return complain("diff --fail-if", err);
    }
    return 0;
}

static int diff(const struct compare_results *old, const struct compare_results *now,
                const struct compare_limit *limits, const struct words *w)
{
    struct gim_buf b = {0};
    int failed = compare_diff(&b, old, now, limits, (size_t)w->n_limits, wants_color(w));
    char err[ERROR];
    int bad = output_write("-", &b, err, sizeof err);

    gim_buf_free(&b);
    if (bad) {
        complain("diff", err);
        return FAILED;
    }
    return failed < 0 ? WRONG : failed ? LIMIT : DONE;
}

int diff_main(int argc, char **argv)
{
    struct compare_limit limits[WORDS_LIMITS_MAX];
    struct compare_results old = {0}, now = {0};
    char err[ERROR];
    struct words w;
    int code;

    if (!read_words(&w, COMMAND_DIFF, argc, argv, &code))
        return code;
    if (read_limits(&w, limits))
        return WRONG;
    if (results_read(&old, w.args[0], err, sizeof err) ||
        results_read(&now, w.args[1], err, sizeof err)) {
        complain("diff", err);
        code = FAILED;
    } else {
        code = diff(&old, &now, limits, &w);
    }
    results_free(&old);
    results_free(&now);
    return code;
}

/* ---- init ------------------------------------------------------------------------------------ */

int init_main(int argc, char **argv)
{
    struct gim_buf b = {0};
    const char *file;
    char err[ERROR];
    struct words w;
    int code;

    if (!read_words(&w, COMMAND_INIT, argc, argv, &code))
        return code;
    file = w.n_args ? w.args[0] : "plan.yaml";
    gim_buf_str(&b, gim_str_of(compare_plan_template));
    code = output_create(file, &b, err, sizeof err) ? FAILED : DONE;
    gim_buf_free(&b);
    if (code)
        complain("init", err);
    else if (strcmp(file, "-") != 0)
        fprintf(stderr, "%s is written; edit it, then: proof compare %s\n", file, file);
    return code;
}
