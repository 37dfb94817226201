/* test_compare_markdown.c: a comparison for a README. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include "told.h"

static void tell(struct told *t)
{
    told_judge(t);
    compare_markdown(&t->text, &t->verdicts);
    gim_buf_char(&t->text, '\0');
}

static void the_published_figures_come_first(void **state)
{
    struct told t;
    const char *first, *phase;

    (void)state;
    told_open(&t);
    tell(&t);
    told_see(&t, "## Posts: C, Go \\& Rust\n\n**memory**\n\n"
                 "| Service | Memory at start | First call | Later calls | Small load test |\n"
                 "|---|---:|---:|---:|---:|\n"
                 "| posts | **1.31 MB**<br>reference |");
    first = strstr(t.text.ptr, "| Service | Memory at start |");
    phase = strstr(t.text.ptr, "\n### ");
    assert_true(first && phase && first < phase);
    told_close(&t);
}

/* The number of cells of a line, 0 for one that is no row. */
static int cells(gim_str line)
{
    int n = 0;

    if (!line.len || line.ptr[0] != '|')
        return 0;
    for (size_t i = 1; i < line.len; i++)
        n += line.ptr[i] == '|' && line.ptr[i - 1] != '\\';
    return n;
}

static void every_row_has_as_many_cells_as_its_table(void **state)
{
    struct told t;
    gim_str rest;
    int columns = 0, rows = 0;

    (void)state;
    told_open(&t);
    t.results.services[2].name = GIM_S("a|b");
    t.results.services[3].why = GIM_S("no | cargo\nhere");
    t.results.metrics[2].title = GIM_S("m|m");
    tell(&t);
    rest = (gim_str){t.text.ptr, t.text.len - 1};
    while (rest.len) {
        gim_str line = gim_str_cut(&rest, '\n');
        int n = cells(line);

        if (n && columns && n != columns)
            fail_msg("%d cells, not %d: %.*s", n, columns, GIM_FMT(line));
        columns = n;
        rows += n > 0;
    }
    assert_true(rows > 50);
    told_close(&t);
}

static void a_phase_has_its_main_metrics_with_verdicts(void **state)
{
    struct told t;

    (void)state;
    told_open(&t);
    told_set(&t, "posts", "rss.start", 1e6);
    told_set(&t, "gin", "rss.start", 2e6);
    tell(&t);
    told_see(&t, "\n### Memory at start\n\nOf the whole process tree");
    told_see(&t, "| Service | Memory at start (RSS) | Memory at start (PSS) |\n|---|---:|---:|\n");
    told_see(&t, "| gin | 2.01 MB<br>2.00\xc3\x97 (2.00 to 2.00)<br>more |");
    told_see(&t, "| rocket | skipped: cargo is not here: apt-get install cargo | |\n");
    told_see(&t, "| axum-sqlite | failed: 1 of 3 contract checks failed | |\n");
    told_close(&t);
}

static void what_is_needed_to_believe_it_stands_below(void **state)
{
    struct told t;

    (void)state;
    told_open(&t);
    told_set(&t, "gin", "rss.start", 100e3);
    tell(&t);
    told_see(&t, "\n- date: 2026-11-29T19:20:00Z, 43 min\n");
    told_see(&t, "\n- rounds: 10, seed 7\n");
    told_see(&t, "\n- commit: 4044b33\n");
    told_see(&t, "\n- cpu: AMD EPYC 9B14 \\<virtual\\>\n");
    told_see(&t, "\n- gin: go1.26\n");
    told_see(&t,
             "\nWhere posts loses: Memory at start (RSS): 1.31 MB against gin's 100 kB (less).");
    told_see(&t, "\n- client\\_bound, posts, rps.c64, round 3: the client used");
    told_close(&t);
}

static void a_reference_that_loses_nowhere_says_so(void **state)
{
    struct told t;

    (void)state;
    told_open(&t);
    tell(&t);
    told_see(&t, "\nWhere posts loses: nowhere, ");
    told_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_figures_come_first),
        cmocka_unit_test(every_row_has_as_many_cells_as_its_table),
        cmocka_unit_test(a_phase_has_its_main_metrics_with_verdicts),
        cmocka_unit_test(what_is_needed_to_believe_it_stands_below),
        cmocka_unit_test(a_reference_that_loses_nowhere_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
