/* test_compare_text.c: a comparison on the terminal, and the table it is made of. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include "told.h"

static void tell(struct told *t, bool color)
{
    told_judge(t);
    compare_text(&t->text, &t->verdicts, color);
    gim_buf_char(&t->text, '\0');
}

static void see_widths(const struct told *t)
{
    gim_str rest = {t->text.ptr, t->text.len - 1};

    while (rest.len) {
        gim_str line = gim_str_cut(&rest, '\n');

        if (table_width(line) > 80)
            fail_msg("%zu columns: %.*s", table_width(line), GIM_FMT(line));
        if (line.len && line.ptr[line.len - 1] == ' ')
            fail_msg("a space at the end: %.*s", GIM_FMT(line));
    }
}

static void every_line_fits_80_columns(void **state)
{
    struct told t;

    (void)state;
    told_open(&t);
    t.results.services[2].name =
        GIM_S("gin-as-its-documentation-starts-it-with-every-default-and-logs-\xc3\xa4\xc3\xb6");
    t.results.warnings[0].text = t.results.services[3].why =
        GIM_S("{\"a-word-that-is-longer-than-a-line\":\"0123456789012345678901234567890123456789"
              "012345678901234567890123456789\"}");
    t.results.metrics[2].title =
        GIM_S("A title that nobody would write, since it is far longer than a line of a terminal");
    tell(&t, false);
    see_widths(&t);
    told_close(&t);
}

static void each_phase_of_each_group_has_its_table(void **state)
{
    struct told t;

    (void)state;
    told_open(&t);
    tell(&t, false);
    for (int i = 0; i < RESULTS_PHASES; i++)
        told_see(&t, results_phases[i].title);
    assert_int_equal(told_count(t.text.ptr, "\n[memory]\n"), RESULTS_PHASES);
    assert_int_equal(told_count(t.text.ptr, "\n[durable]\n"), RESULTS_PHASES);
    told_see(&t, "\n  Memory at start (RSS)\n    posts ");
    told_see_not(&t, "Size of the program"); /* is no main metric */
    told_see(&t, "reference");
    told_close(&t);
}

static void the_best_has_a_star_and_no_other(void **state)
{
    struct told t;
    const char *row;

    (void)state;
    told_open(&t);
    told_set(&t, "gin", "rss.start", 100e3);
    tell(&t, false);
    row = strstr(t.text.ptr, "\n  Memory at start (RSS)\n");
    assert_non_null(row);
    row = strstr(row, "\n    posts ");
    assert_null(memchr(row + 1, '*', (size_t)(strchr(row + 1, '\n') - row)));
    row = strstr(row, "\n    gin ");
    assert_non_null(memchr(row + 1, '*', (size_t)(strchr(row + 1, '\n') - row)));
    told_close(&t);
}

static void who_has_no_figures_is_told_with_the_reason(void **state)
{
    struct told t;

    (void)state;
    told_open(&t);
    tell(&t, false);
    told_see(&t, "skipped: cargo is not here: apt-get install cargo\n");
    told_see_not(&t, "skipped: skipped");
    told_see(&t, "failed: 1 of 3 contract checks failed\n");
    told_see(&t, "refuses 2 MiB: expected 413, got 200 with \"<html>\"\n");
    told_see(&t, "passed 3 checks; answers with 152 + 133 bytes\n");
    assert_int_equal(told_count(t.text.ptr, "rocket: skipped, see above\n"), RESULTS_PHASES);
    told_close(&t);
}

static void warnings_and_outliers_are_part_of_it(void **state)
{
    struct told t;

    (void)state;
    told_open(&t);
    tell(&t, false);
    told_see(&t, "- client_bound, posts, rps.c64, round 3: the client used 97 % of its CPUs");
    told_see(&t, "- noisy_host, round 5: others took");
    told_see(&t, "- different_work, gin: its answer");
    told_see(&t, "- outliers (kept), gin: first in round 4\n");
    told_close(&t);
}

static void where_the_reference_loses_is_said_for_each_group(void **state)
{
    struct told t;

    (void)state;
    told_open(&t);
    told_set(&t, "gin", "rss.start", 100e3);
    tell(&t, false);
    told_see(&t,
             "\nWhere posts loses: Memory at start (RSS): 1.31 MB against gin's 100 kB (less).");
    told_see(&t, "\nWhere posts-sqlite loses: that is not known");
    told_close(&t);
}

static void colours_are_written_only_when_asked_for(void **state)
{
    struct told t;

    (void)state;
    told_open(&t);
    tell(&t, false);
    told_see_not(&t, "\x1b");
    told_close(&t);
    told_open(&t);
    tell(&t, true);
    told_see(&t, "\x1b[1mContract\x1b[0m\n");
    told_see(&t, "\x1b[31m"); /* gin is slower */
    told_close(&t);
}

static void what_came_from_outside_does_not_drive_the_terminal(void **state)
{
    struct told t;

    (void)state;
    told_open(&t);
    t.results.title = GIM_S("a\x1b[2Jb");
    t.results.services[3].why = GIM_S("cannot\x07 run\r\n");
    t.results.services[2].name = GIM_S("g\x1b[5m");
    t.results.metrics[2].title = GIM_S("m\x1b[5m");
    t.results.warnings[0].text = GIM_S("w\x1b[5m");
    t.results.host[0].value = GIM_S("h\x1b[5m");
    tell(&t, false);
    told_see_not(&t, "\x1b");
    told_see_not(&t, "\x07");
    told_see_not(&t, "\r");
    told_close(&t);
}

static void a_run_without_rounds_has_its_contract(void **state)
{
    struct told t;

    (void)state;
    told_open(&t);
    t.results.rounds = 0;
    t.results.interrupted = t.results.quick = true;
    tell(&t, false);
    told_see(&t, "Contract\n");
    told_see(&t, "QUICK: ");
    told_see(&t, "INTERRUPTED: the figures are of the 0 of 10 rounds");
    told_see_not(&t, "Time to ready");
    told_see_not(&t, "loses");
    told_close(&t);
}

/* ---- the table alone ------------------------------------------------------------------------- */

static void add_row(struct table *t, const char *a, const char *b, const char *c)
{
    gim_buf_str(table_cell(t, TABLE_PLAIN), gim_str_of(a));
    gim_buf_str(table_cell(t, TABLE_PLAIN), gim_str_of(b));
    gim_buf_str(table_cell(t, TABLE_PLAIN), gim_str_of(c));
    table_row(t);
}

static void see_table(struct table *t, const char *text)
{
    struct gim_buf b = {0};

    table_put_text(&b, t, false);
    gim_buf_char(&b, '\0');
    assert_string_equal(b.ptr, text);
    gim_buf_free(&b);
    table_free(t);
}

static const struct table_column three[] = {{"name", false}, {"n", true}, {"word", false}};

static void columns_are_as_wide_as_their_cells(void **state)
{
    struct table t = {.columns = three, .n = 3};

    (void)state;
    add_row(&t, "a", "12.5", "faster");
    gim_buf_lit(table_cell(&t, TABLE_PLAIN), "a heading over all columns");
    table_row(&t);
    add_row(&t, "\xc3\xa4\xc3\xb6\xc3\xbc-long", "7", "");
    see_table(&t, "  name         n  word\n"
                  "  a         12.5  faster\n"
                  "  a heading over all columns\n"
                  "  \xc3\xa4\xc3\xb6\xc3\xbc-long     7\n");
}

#define TEN "0123456789"

static void what_is_too_wide_wraps_at_the_right_and_is_cut_at_the_left(void **state)
{
    struct table t = {.columns = three, .n = 3};

    (void)state;
    add_row(&t, TEN TEN TEN TEN TEN TEN TEN, "1", "undecided, about 120 rounds");
    see_table(&t,
              "  name                                                             n  word\n"
              "  " TEN TEN TEN TEN TEN TEN "01\xe2\x80\xa6  1  undecided,\n"
              "                                                                      about 120\n"
              "                                                                      rounds\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_line_fits_80_columns),
        cmocka_unit_test(each_phase_of_each_group_has_its_table),
        cmocka_unit_test(the_best_has_a_star_and_no_other),
        cmocka_unit_test(who_has_no_figures_is_told_with_the_reason),
        cmocka_unit_test(warnings_and_outliers_are_part_of_it),
        cmocka_unit_test(where_the_reference_loses_is_said_for_each_group),
        cmocka_unit_test(colours_are_written_only_when_asked_for),
        cmocka_unit_test(what_came_from_outside_does_not_drive_the_terminal),
        cmocka_unit_test(a_run_without_rounds_has_its_contract),
        cmocka_unit_test(columns_are_as_wide_as_their_cells),
        cmocka_unit_test(what_is_too_wide_wraps_at_the_right_and_is_cut_at_the_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
