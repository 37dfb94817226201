/* test_compare_csv.c: a line for each service, metric and round. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include "told.h"

static void tell(struct told *t)
{
    told_judge(t);
    compare_csv(&t->text, &t->verdicts);
    gim_buf_char(&t->text, '\0');
}

static void there_is_a_line_for_each_figure(void **state)
{
    struct told t;

    (void)state;
    told_open(&t);
    told_set(&t, "gin", "rss.start", 2000000);
    told_set(&t, "gin", "rps.c1", 12345.5);
    tell(&t);
    assert_memory_equal(t.text.ptr, "group,service,metric,unit,round,value\r\n", 39);
    told_see(&t, "\r\nmemory,gin,rss.start,bytes,1,2000000\r\n");
    told_see(&t, "\r\nmemory,gin,rps.c1,per_second,1,12345.5\r\n");
    told_see(&t, ",first,ns,10,");
    assert_int_equal(told_count(t.text.ptr, "\r\n"),
                     1 + 4 * (int)t.results.n_metrics * SAMPLE_ROUNDS);
    assert_int_equal(told_count(t.text.ptr, "\n"), told_count(t.text.ptr, "\r\n"));
    told_see_not(&t, ",rocket,"); /* was skipped */
    told_close(&t);
}

static void a_round_without_a_figure_has_an_empty_value(void **state)
{
    struct told t;

    (void)state;
    told_open(&t);
    tell(&t);
    told_see(&t, ",gin,idle.1000,bytes,7,\r\n");
    told_close(&t);
}

static void fields_are_quoted_when_they_must_be(void **state)
{
    struct told t;

    (void)state;
    told_open(&t);
    t.results.services[0].name = GIM_S("a,b");
    t.results.services[1].name = GIM_S("say \"hi\"");
    t.results.services[2].group = GIM_S("two\nlines");
    tell(&t);
    told_see(&t, "\r\nmemory,\"a,b\",first,ns,1,");
    told_see(&t, "\r\nmemory,\"say \"\"hi\"\"\",first,ns,1,");
    told_see(&t, "\r\n\"two\nlines\",gin,first,ns,1,");
    told_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_is_a_line_for_each_figure),
        cmocka_unit_test(a_round_without_a_figure_has_an_empty_value),
        cmocka_unit_test(fields_are_quoted_when_they_must_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
