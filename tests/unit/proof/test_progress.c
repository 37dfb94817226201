/* test_progress.c: the line keeps to its width, whatever the figures are. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include "results.h"
#include "../../../proof/report/progress.h"

#define B5 "\xe2\x96\xa0\xe2\x96\xa0\xe2\x96\xa0\xe2\x96\xa0\xe2\x96\xa0"
#define D5 "\xc2\xb7\xc2\xb7\xc2\xb7\xc2\xb7\xc2\xb7"

static const struct progress_snapshot half = {
    .total = 200, .answered = 99, .failed = 1, .elapsed_ns = 500 * MS, .p50 = 212000, .p99 = MS};

static char *line_of(const struct progress_snapshot *s, double rate, int columns, bool colour)
{
    struct gim_buf b = {0};

    progress_line(&b, s, rate, columns, colour);
    gim_buf_char(&b, '\0');
    return b.ptr;
}

static int width_of(const char *text)
{
    int n = 0;

    for (; *text; text++)
        n += ((unsigned char)*text & 0xc0) != 0x80;
    return n;
}

static void it_says_how_far_how_fast_how_slow_and_what_failed(void **state)
{
    char *line = line_of(&half, 1234.4, 79, false);

    (void)state;
    assert_string_equal(line,
                        B5 B5 "\xe2\x96\xa0\xe2\x96\xa0" D5 D5 "\xc2\xb7"
                              "  50%  100/200  1234/s  p50 212 \xc2\xb5s  p99 1.00 ms  1 error");
    assert_int_equal(width_of(line), 79);
    gim_heap_free(line);
}

static void it_never_is_wider_than_it_may(void **state)
{
    const struct progress_snapshot large = {.total = 10000000000u,
                                            .answered = 9999999999u,
                                            .failed = 123456789,
                                            .p50 = 999000,
                                            .p99 = 999000};

    (void)state;
    for (int columns = 44; columns < 80; columns++) {
        char *line = line_of(&half, 1e6, columns, false);

        assert_true(width_of(line) <= columns);
        assert_non_null(strstr(line, "100/200"));
        gim_heap_free(line);
    }
    for (int columns = 44; columns < 80; columns++) {
        char *line = line_of(&large, 1e7, columns, false);

        assert_true(width_of(line) <= columns);
        gim_heap_free(line);
    }
}

static void colour_is_only_there_when_asked_for(void **state)
{
    char *plain = line_of(&half, 1, 79, false);
    char *colour = line_of(&half, 1, 79, true);

    (void)state;
    assert_null(strchr(plain, '\x1b'));
    assert_non_null(strstr(colour, "  \x1b[31m1 error\x1b[0m"));
    gim_heap_free(plain);
    gim_heap_free(colour);
}

static void a_run_by_time_shows_its_share_of_the_time(void **state)
{
    const struct progress_snapshot s = {
        .duration_ns = 1000 * MS, .elapsed_ns = 250 * MS, .answered = 10};
    char *line = line_of(&s, 40, 30, false);

    (void)state;
    assert_non_null(strstr(line, " 25%  10  40/s"));
    gim_heap_free(line);
}

static void nothing_is_drawn_without_a_terminal(void **state)
{
    struct load_plan p = results_plan();

    (void)state;
    p.quiet = true;
    assert_null(progress_start(&p));
    assert_false(progress_active(NULL));
    progress_update(NULL, &half);
    progress_end(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_says_how_far_how_fast_how_slow_and_what_failed),
        cmocka_unit_test(it_never_is_wider_than_it_may),
        cmocka_unit_test(colour_is_only_there_when_asked_for),
        cmocka_unit_test(a_run_by_time_shows_its_share_of_the_time),
        cmocka_unit_test(nothing_is_drawn_without_a_terminal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
