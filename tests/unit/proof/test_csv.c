/* test_csv.c: rows of several threads come out in the order of their ends. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include "results.h"
#include "../../../proof/report/report.h"

static void put(FILE *spool, int64_t offset, int64_t wait, int status)
{
    struct load_row row = {.latency = wait, .wait = wait, .offset = offset, .status = status};

    assert_int_equal(fwrite(&row, sizeof row, 1, spool), 1);
}

static char *rows_of(FILE *spool)
{
    FILE *out = tmpfile();
    char *text = calloc(1, 1 << 20);

    assert_int_equal(report_csv_rows(out, spool), 0);
    rewind(out);
    text[fread(text, 1, (1 << 20) - 1, out)] = '\0';
    fclose(out);
    fclose(spool);
    return text;
}

static void the_first_line_is_heys(void **state)
{
    struct gim_buf b = {0};

    (void)state;
    report_csv(&b, NULL, NULL);
    gim_buf_char(&b, '\0');
    assert_string_equal(b.ptr,
                        "response-time,DNS+dialup,DNS,Request-write,Response-delay,Response-read,"
                        "status-code,offset\n");
    gim_buf_free(&b);
}

static void a_row_has_microseconds(void **state)
{
    FILE *spool = tmpfile();
    struct load_row row = {1234567, 2000, 0, 3000, 1000000, 231567, 5000000, 404};
    char *text;

    (void)state;
    fwrite(&row, sizeof row, 1, spool);
    text = rows_of(spool);
    assert_string_equal(text,
                        "0.001235,0.000002,0.000000,0.000003,0.001000,0.000232,404,0.005000\n");
    free(text);
}

static void no_rows_are_no_lines(void **state)
{
    char *text = rows_of(tmpfile());

    (void)state;
    assert_string_equal(text, "");
    free(text);
}

/* Three threads, 700 rows each, whose ends interleave. */
static void threads_are_merged_by_the_ends(void **state)
{
    FILE *spool = tmpfile();
    double last = -1;
    char *text, *line, *rest;
    int n = 0;

    (void)state;
    for (int thread = 0; thread < 3; thread++) {
        for (int i = 0; i < 700; i++)
            put(spool, i * 3 * MS + thread * MS, 5 * MS + (thread + i) % 2 * 1000, 200);
    }
    text = rows_of(spool);
    for (line = text; *line; line = rest + 1, n++) {
        double latency = strtod(line, NULL);
        double end;

        rest = strchr(line, '\n');
        *rest = '\0';
        end = strtod(strrchr(line, ',') + 1, NULL) + latency;
        assert_true(end >= last);
        last = end;
    }
    assert_int_equal(n, 2100);
    free(text);
}

static void rows_without_order_all_come_out(void **state)
{
    FILE *spool = tmpfile();
    char *text;
    int n = 0;

    (void)state;
    for (int i = 0; i < 5000; i++)
        put(spool, (5000 - i) * MS, MS, 200);
    text = rows_of(spool);
    for (char *at = text; (at = strchr(at, '\n')); at++)
        n++;
    assert_int_equal(n, 5000);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_line_is_heys),
        cmocka_unit_test(a_row_has_microseconds),
        cmocka_unit_test(no_rows_are_no_lines),
        cmocka_unit_test(threads_are_merged_by_the_ends),
        cmocka_unit_test(rows_without_order_all_come_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
