/* test_compare_words.c: the command lines of the comparison: rows, reading, help, and the page.
 * With WRITE_DOCS=1 in the environment the flags of docs/reference/compare.md are written anew. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include "../../../proof/compare/words.h"
#include "../../../proof/report/table.h"

#define PAGE TEST_DATA "/../../docs/reference/compare.md"
#define BEGIN "<!-- flags: proof/compare/words.c -->\n"
#define END "<!-- end of flags -->\n"
#define WORDS_MAX 12

static const struct command *command(const char *name)
{
    for (int i = 0; i < COMMANDS; i++) {
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    }
    fail_msg("no command %s", name);
    return NULL;
}

/* Reads "compare plan.yaml --quick", cut at its spaces in place. */
static enum words_result take(struct words *w, char *line, struct gim_buf *out)
{
    char *argv[WORDS_MAX + 1] = {line};
    int argc = 1;

    for (char *at = line; *at; at++) {
        if (*at == ' ') {
            *at = '\0';
            assert_true(argc < WORDS_MAX);
            argv[argc++] = at + 1;
        }
    }
    out->len = 0;
    return words_read(w, command(argv[0]), argc, argv, out);
}

static void what_is_wrong_is_told_with_the_mend(void **state)
{
    static const struct {
        const char *line, *says;
    } rows[] = {
        {"compare", "a file is missing; usage: proof compare PLAN.yaml [flags]"},
        {"compare a.yaml b.yaml", "one word too many, 'b.yaml'; usage: proof compare"},
        {"compare a.yaml --round 7", "unknown flag --round; did you mean --rounds?"},
        {"compare a.yaml --zzzzzzzz", "unknown flag --zzzzzzzz; proof compare --help lists"},
        {"compare a.yaml --rounds 5", "--rounds 5: expected a whole number from 6 to 200"},
        {"compare a.yaml --rounds", "--rounds needs a value: --rounds N"},
        {"compare a.yaml --rounds ten", "--rounds ten: expected a whole number"},
        {"compare a.yaml --seed -1", "--seed -1: expected a whole number, 0 or more"},
        {"compare a.yaml --quick=yes", "--quick takes no value, got 'yes'"},
        {"compare a.yaml --json=", "--json: expected FILE, got nothing"},
        {"compare a.yaml --json - --csv -", "two outputs want stdout"},
        {"compare a.yaml --fail-if x", "unknown flag --fail-if"},
        {"report a.json --html --csv", "--csv: one format at a time"},
        {"report a.json --html=x.html", "the file stands after RESULTS.json"},
        {"report a.json --quick", "unknown flag --quick"},
        {"diff a.json", "a file is missing; usage: proof diff OLD.json NEW.json"},
        {"init a b", "one word too many, 'b'"},
        {"compare a.yaml --\x1b[31m", "unknown flag --?[31m"},
    };
    struct gim_buf out = {0};
    struct words w;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char line[80];

        snprintf(line, sizeof line, "%s", rows[i].line);
        assert_int_equal(take(&w, line, &out), WORDS_WRONG);
        gim_buf_char(&out, '\0');
        if (!strstr(out.ptr, rows[i].says) || strchr(out.ptr, '\n') != out.ptr + out.len - 2)
            fail_msg("%s: expected '%s' in one line, got '%s'", rows[i].line, rows[i].says,
                     out.ptr);
    }
    gim_buf_free(&out);
}

static void flags_and_files_stand_in_any_order(void **state)
{
    char line[] = "compare --rounds=7 --quick plan.yaml --seed 42 --only gin,axum --json r.json "
                  "--no-color";
    struct gim_buf out = {0};
    struct words w;

    (void)state;
    assert_int_equal(take(&w, line, &out), WORDS_GO);
    assert_string_equal(w.args[0], "plan.yaml");
    assert_int_equal(w.rounds, 7);
    assert_int_equal(w.seed, 42);
    assert_string_equal(w.only, "gin,axum");
    assert_string_equal(w.files[FORMAT_JSON], "r.json");
    assert_null(w.files[FORMAT_HTML]);
    assert_true(w.quick && w.no_color);
    assert_false(w.quiet || w.contract_only);
    assert_int_equal(out.len, 0);
    gim_buf_free(&out);
}

static void what_is_not_said_is_the_plans(void **state)
{
    char line[] = "compare -- --plan";
    struct gim_buf out = {0};
    struct words w;

    (void)state;
    assert_int_equal(take(&w, line, &out), WORDS_GO);
    assert_string_equal(w.args[0], "--plan");
    assert_int_equal(w.rounds, -1);
    assert_int_equal(w.seed, -1);
    gim_buf_free(&out);
}

static void a_report_has_one_format_and_perhaps_a_file(void **state)
{
    char line[] = "report r.json --markdown out.md";
    char limits[] = "diff a.json b.json --fail-if x.y>1x --fail-if=x.z>2x";
    struct gim_buf out = {0};
    struct words w;

    (void)state;
    assert_int_equal(take(&w, line, &out), WORDS_GO);
    assert_int_equal(w.format, FORMAT_MARKDOWN);
    assert_int_equal(w.n_args, 2);
    assert_string_equal(w.args[1], "out.md");
    assert_int_equal(take(&w, limits, &out), WORDS_GO);
    assert_int_equal(w.n_limits, 2);
    assert_string_equal(w.limits[1], "x.z>2x");
    gim_buf_free(&out);
}

static void help_fits_80_columns(void **state)
{
    struct gim_buf b = {0};

    (void)state;
    for (int i = 0; i < COMMANDS; i++) {
        gim_str rest;

        b.len = 0;
        words_help(&b, &commands[i]);
        for (rest = gim_buf_view(&b); rest.len;) {
            gim_str line = gim_str_cut(&rest, '\n');

            if (table_width(line) > 80)
                fail_msg("%.*s", GIM_FMT(line));
        }
    }
    gim_buf_free(&b);
}

/* ---- the page -------------------------------------------------------------------------------- */

static void put_cell(struct gim_buf *b, const char *text)
{
    for (; *text; text++) {
        if (*text == '|')
            gim_buf_char(b, '\\');
        gim_buf_char(b, *text);
    }
}

static void put_command(struct gim_buf *b, const struct command *c)
{
    gim_buf_printf(b, "## proof %s %s\n\n", c->name, c->usage);
    gim_buf_printf(b, "`proof %s` %s. %s\n\n| flag | what |\n|---|---|\n", c->name, c->about,
                   c->exits);
    for (const struct word_row *row = word_rows; row->name; row++) {
        if (!(row->commands & c->bit))
            continue;
        gim_buf_printf(b, "| `%s%s%s` | ", row->name, row->word ? " " : "",
                       row->word ? row->word : "");
        put_cell(b, row->help);
        gim_buf_lit(b, " |\n");
    }
}

static void put_commands(struct gim_buf *b)
{
    for (int i = 0; i < COMMANDS; i++) {
        gim_buf_str(b, i ? GIM_S("\n") : GIM_S(""));
        put_command(b, &commands[i]);
    }
}

static void read_page(struct gim_buf *b)
{
    FILE *in = fopen(PAGE, "re");

    assert_non_null(in);
    b->len = fread(gim_buf_reserve(b, 1 << 20), 1, 1 << 20, in);
    fclose(in);
    gim_buf_char(b, '\0');
}

static void write_page(const char *page, const char *begin, const char *end, gim_str table)
{
    FILE *out = fopen(PAGE, "we");

    assert_non_null(out);
    fprintf(out, "%.*s%.*s%s", (int)(begin - page), page, GIM_FMT(table), end);
    fclose(out);
}

static void the_page_says_what_the_rows_say(void **state)
{
    struct gim_buf page = {0}, table = {0};
    const char *begin, *end;

    (void)state;
    put_commands(&table);
    read_page(&page);
    begin = strstr(page.ptr, BEGIN);
    end = strstr(page.ptr, END);
    assert_true(begin && end && begin < end);
    begin += strlen(BEGIN);
    if (getenv("WRITE_DOCS"))
        write_page(page.ptr, begin, end, gim_buf_view(&table));
    else if ((size_t)(end - begin) != table.len || memcmp(begin, table.ptr, table.len) != 0)
        fail_msg("docs/reference/compare.md is not what the rows say; run this with WRITE_DOCS=1");
    gim_buf_free(&page);
    gim_buf_free(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_wrong_is_told_with_the_mend),
        cmocka_unit_test(flags_and_files_stand_in_any_order),
        cmocka_unit_test(what_is_not_said_is_the_plans),
        cmocka_unit_test(a_report_has_one_format_and_perhaps_a_file),
        cmocka_unit_test(help_fits_80_columns),
        cmocka_unit_test(the_page_says_what_the_rows_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
