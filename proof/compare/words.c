/* words.c: four small command lines, one table of flags.
 *
 * A row says to which commands it belongs, so a flag that two of them know is written once. Flags and
 * other words may stand in any order; a value follows its flag, or stands behind '='. What is wrong is
 * told in one line: the word, what was expected, the nearest flag that this command has. */
#include "words.h"
#include "../../gimlet/base/near.h"
#include "../../gimlet/base/wrap.h"
#include "../stats/stats.h"
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#define RIGHT 22 /* where the sentences of --help begin */
#define AT(member) .offset = (uint32_t)offsetof(struct words, member)
#define ALL (COMMAND_COMPARE | COMMAND_REPORT | COMMAND_DIFF | COMMAND_INIT)

const struct command commands[COMMANDS] = {
    {"compare", COMMAND_COMPARE, "PLAN.yaml [flags]",
     "builds, checks and measures the services of a plan, and says which is better",
     "Exit status: 0 when it ran; 1 when nothing could be run, a file could not be written, or "
     "with "
     "--contract-only when a service failed its contract; 2 for wrong use or a plan that cannot be "
     "read; 130 after Ctrl-C, when what there is has been printed (twice: at once).",
     1, 1},
    {"report", COMMAND_REPORT, "RESULTS.json [flags] [FILE]",
     "makes any output of a comparison again, on stdout or into FILE",
     "Exit status: 0; 1 when a file cannot be read or written; 2 for wrong use.", 1, 2},
    {"diff", COMMAND_DIFF, "OLD.json NEW.json [flags]", "compares two runs of one plan",
     "Exit status: 0; 99 when a limit failed; 1 when a file cannot be read; 2 for wrong use or a "
     "limit that names nothing there is.",
     2, 2},
    {"init", COMMAND_INIT, "[FILE]",
     "writes a commented plan for two services, plan.yaml unless FILE says otherwise",
     "Exit status: 0; 1 when the file is there already or cannot be written; 2 for wrong use.", 0,
     1},
};

const struct word_row word_rows[] = {
    {"--rounds", WORD_INT, AT(rounds), STATS_ROUNDS_MIN, STATS_ROUNDS_MAX, "N",
     "rounds, 6 to 200, each with a fresh process for every service; as the plan says unless given",
     COMMAND_COMPARE},
    {"--quick", WORD_BOOL, AT(quick), 0, 0, NULL,
     "short phases, 6 rounds, fewer load levels: a first look; the results say that they are quick",
     COMMAND_COMPARE},
    {"--seed", WORD_INT, AT(seed), 0, INT64_MAX, "N",
     "of the order and the bootstrap; as the plan says unless given", COMMAND_COMPARE},
    {"--only", WORD_TEXT, AT(only), 0, 0, "NAMES",
     "only these services of the plan, with commas between them", COMMAND_COMPARE},
    {"--contract-only", WORD_BOOL, AT(contract_only), 0, 0, NULL,
     "build the services and check them against the contract; time nothing", COMMAND_COMPARE},
    {"--json", WORD_TEXT, AT(files[FORMAT_JSON]), 0, 0, "FILE",
     "write everything that was measured, for report and diff", COMMAND_COMPARE},
    {"--csv", WORD_TEXT, AT(files[FORMAT_CSV]), 0, 0, "FILE",
     "write a line for each service, metric and round", COMMAND_COMPARE},
    {"--markdown", WORD_TEXT, AT(files[FORMAT_MARKDOWN]), 0, 0, "FILE", "write tables for a README",
     COMMAND_COMPARE},
    {"--html", WORD_TEXT, AT(files[FORMAT_HTML]), 0, 0, "FILE",
     "write one page with charts that opens offline; for each of these four, - is stdout instead "
     "of the tables",
     COMMAND_COMPARE},

    {"--text", WORD_FORMAT, AT(format), FORMAT_TEXT, 0, NULL,
     "the tables of the terminal; so it is unless another is named", COMMAND_REPORT},
    {"--markdown", WORD_FORMAT, AT(format), FORMAT_MARKDOWN, 0, NULL, "tables for a README",
     COMMAND_REPORT},
    {"--csv", WORD_FORMAT, AT(format), FORMAT_CSV, 0, NULL,
     "a line for each service, metric and round", COMMAND_REPORT},
    {"--html", WORD_FORMAT, AT(format), FORMAT_HTML, 0, NULL, "one page with charts",
     COMMAND_REPORT},
    {"--json", WORD_FORMAT, AT(format), FORMAT_JSON, 0, NULL,
     "the results, as this version writes them", COMMAND_REPORT},

    {"--fail-if", WORD_LIMIT, 0, 0, 0, "LIMIT",
     "exit 99 when it holds: 'posts.cpu_per_request.c64 > 1.05x' (new over old), 'posts.p99.open50 "
     "> "
     "5ms', 'posts.rss.start > 2MB'; may be repeated",
     COMMAND_DIFF},

    {"--no-color", WORD_BOOL, AT(no_color), 0, 0, NULL,
     "no colours; there are none either when stdout is no terminal or NO_COLOR is set",
     COMMAND_COMPARE | COMMAND_REPORT | COMMAND_DIFF},
    {"--quiet", WORD_BOOL, AT(quiet), 0, 0, NULL, "no progress on stderr", COMMAND_COMPARE},
    {"--help", WORD_BOOL, AT(help), 0, 0, NULL, "this text", ALL},
    {.name = NULL},
};

/* ---- --help ---------------------------------------------------------------------------------- */

static void put_row(struct gim_buf *b, const struct word_row *row)
{
    size_t start = b->len;

    gim_buf_printf(b, "  %s%s%s", row->name, row->word ? " " : "", row->word ? row->word : "");
    gim_put_column(b, start, RIGHT);
    gim_put_wrapped(b, RIGHT, gim_str_of(row->help));
}

void words_help(struct gim_buf *b, const struct command *c)
{
    struct gim_buf about = {0};

    gim_buf_printf(&about, "proof %s: %s", c->name, c->about);
    gim_put_wrapped(b, 0, gim_buf_view(&about));
    gim_buf_free(&about);
    gim_buf_printf(b, "Usage: proof %s %s\n\n", c->name, c->usage);
    for (const struct word_row *row = word_rows; row->name; row++) {
        if (row->commands & c->bit)
            put_row(b, row);
    }
    gim_buf_char(b, '\n');
    gim_put_wrapped(b, 0, gim_str_of(c->exits));
}

/* ---- reading --------------------------------------------------------------------------------- */

struct reader {
    struct words *words;
    const struct command *command;
    struct gim_buf *out;
};

/* A line; what came from outside must not drive the terminal. */
static int complain(struct reader *r, const char *fmt, ...) GIM_PRINTF(2, 3);
static int complain(struct reader *r, const char *fmt, ...)
{
    char line[400];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    for (char *at = line; *at; at++) {
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            *at = '?';
    }
    gim_buf_printf(r->out, "proof %s: %s\n", r->command->name, line);
    return -1;
}

static const struct word_row *find(const struct command *c, gim_str name)
{
    for (const struct word_row *row = word_rows; row->name; row++) {
        if (row->commands & c->bit && gim_str_eq(gim_str_of(row->name + 2), name))
            return row;
    }
    return NULL;
}

static int unknown(struct reader *r, const char *arg, gim_str name)
{
    struct gim_near near = {.typed = name};

    for (const struct word_row *row = word_rows; row->name; row++) {
        if (row->commands & r->command->bit)
            gim_near_offer(&near, gim_str_of(row->name + 2));
    }
    if (near.best.ptr)
        return complain(r, "unknown flag %.60s; did you mean --%.*s?", arg, GIM_FMT(near.best));
    return complain(r, "unknown flag %.60s; proof %s --help lists the flags", arg,
                    r->command->name);
}

static int set_int(struct reader *r, const struct word_row *row, const char *text)
{
    int64_t v;

    if (gim_str_to_int(gim_str_of(text), &v) || v < row->min || v > row->max)
        return row->max == INT64_MAX
                   ? complain(r, "%s %.60s: expected a whole number, %lld or more", row->name, text,
                              (long long)row->min)
                   : complain(r, "%s %.60s: expected a whole number from %lld to %lld", row->name,
                              text, (long long)row->min, (long long)row->max);
    memcpy((char *)r->words + row->offset, &v, sizeof v);
    return 0;
}

static int set_limit(struct reader *r, const char *text)
{
    if (r->words->n_limits == WORDS_LIMITS_MAX)
        return complain(r, "more than %d times --fail-if; use fewer", WORDS_LIMITS_MAX);
    r->words->limits[r->words->n_limits++] = text;
    return 0;
}

static int set_text(struct reader *r, const struct word_row *row, const char *text)
{
    if (!*text)
        return complain(r, "%s: expected %s, got nothing", row->name, row->word);
    memcpy((char *)r->words + row->offset, (const void *)&text, sizeof text);
    return 0;
}

static int set_format(struct reader *r, const struct word_row *row)
{
    if (r->words->format >= 0 && r->words->format != (int)row->min)
        return complain(r, "%s: one format at a time; call it once for each", row->name);
    r->words->format = (int)row->min;
    return 0;
}

static int set(struct reader *r, const struct word_row *row, const char *text)
{
    static const bool yes = true;

    switch (row->kind) {
    case WORD_BOOL:
        memcpy((char *)r->words + row->offset, &yes, sizeof yes);
        return 0;
    case WORD_INT:
        return set_int(r, row, text);
    case WORD_TEXT:
        return set_text(r, row, text);
    case WORD_LIMIT:
        return set_limit(r, text);
    case WORD_FORMAT:
        return set_format(r, row);
    }
    return 0;
}

static int take_flag(struct reader *r, char **argv, int *i)
{
    gim_str value = gim_str_of(argv[*i] + (argv[*i][1] == '-' ? 2 : 1));
    gim_str name = gim_str_cut(&value, '=');
    const struct word_row *row = find(r->command, name);

    if (gim_str_eq(name, GIM_S("h")))
        row = find(r->command, GIM_S("help"));
    if (!row)
        return unknown(r, argv[*i], name);
    if (!row->word && value.ptr)
        return complain(r, "%s takes no value, got '%.60s'%s", row->name, value.ptr,
                        row->kind == WORD_FORMAT ? "; the file stands after RESULTS.json" : "");
    if (!row->word || value.ptr)
        return set(r, row, value.ptr);
    if (!argv[*i + 1])
        return complain(r, "%s needs a value: %s %s", row->name, row->name, row->word);
    return set(r, row, argv[++*i]);
}

static int take_arg(struct reader *r, const char *arg)
{
    if (r->words->n_args == r->command->args_max)
        return complain(r, "one word too many, '%.60s'; usage: proof %s %s", arg, r->command->name,
                        r->command->usage);
    r->words->args[r->words->n_args++] = arg;
    return 0;
}

static int walk(struct reader *r, int argc, char **argv)
{
    bool flags = true;

    for (int i = 1; i < argc && !r->words->help; i++) {
        bool is_flag = flags && argv[i][0] == '-' && argv[i][1];

        if (flags && strcmp(argv[i], "--") == 0)
            flags = false;
        else if (is_flag ? take_flag(r, argv, &i) : take_arg(r, argv[i]))
            return -1;
    }
    return 0;
}

/* Two formats cannot share stdout. */
static int check_stdout(struct reader *r)
{
    int n = 0;

    for (int i = 0; i < FORMATS; i++)
        n += r->words->files[i] && strcmp(r->words->files[i], "-") == 0;
    return n > 1 ? complain(r, "two outputs want stdout; give one of them a file") : 0;
}

enum words_result words_read(struct words *w, const struct command *c, int argc, char **argv,
                             struct gim_buf *out)
{
    struct reader r = {w, c, out};

    *w = (struct words){.rounds = -1, .seed = -1, .format = -1};
    if (walk(&r, argc, argv))
        return WORDS_WRONG;
    if (w->help) {
        words_help(out, c);
        return WORDS_HELP;
    }
    if (w->n_args < c->args_min) {
        complain(&r, "a file is missing; usage: proof %s %s", c->name, c->usage);
        return WORDS_WRONG;
    }
    return check_stdout(&r) ? WORDS_WRONG : WORDS_GO;
}
