/* test_html.c: the parts of a page, and the page of one load run: what is written is escaped, every
 * element that is opened is closed, and the same result gives the same page. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include "balance.h"
#include "results.h"
#include "../../../proof/report/compare.h"
#include "../../../proof/report/html.h"

static char *page_of(const struct load_plan *p, const struct load_result *r)
{
    struct gim_buf b = {0};

    load_html(&b, p, r);
    gim_buf_char(&b, '\0');
    return b.ptr;
}

static void text_is_escaped(void **state)
{
    static const struct {
        const char *text, *html;
    } rows[] = {
        {"", ""},
        {"plain", "plain"},
        {"<script>", "&lt;script&gt;"},
        {"a & b", "a &amp; b"},
        {"\"it's\"", "&quot;it&#39;s&quot;"},
        {"&amp;", "&amp;amp;"},
        {"\xc3\xa9", "\xc3\xa9"},
        {"a\tb\nc\x01"
         "d\x7f",
         "a\tb\nc?d?"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gim_buf b = {0};

        html_text(&b, gim_str_of(rows[i].text));
        gim_buf_char(&b, '\0');
        assert_string_equal(b.ptr, rows[i].html);
        gim_buf_free(&b);
    }
}

static void data_cannot_end_its_element(void **state)
{
    struct gim_buf b = {0};

    (void)state;
    html_begin(&b, GIM_S("t"));
    html_end(&b, GIM_S("[\"</script><!--<script>\"]"));
    gim_buf_char(&b, '\0');
    assert_non_null(strstr(b.ptr, "[\"\\u003c/script>\\u003c!--\\u003cscript>\"]</script>"));
    gim_buf_free(&b);
}

static void a_name_of_markup_stays_text(void **state)
{
    struct load_plan p = results_plan();
    struct load_result *r = results_good(50);
    char *page;

    (void)state;
    p.url = "http://localhost/</title><script>alert('1')</script>";
    results_fail(r, LOAD_OTHER, 1, "<img src=x onerror=alert(1)>");
    page = page_of(&p, r);
    assert_null(strstr(page, "<script>alert"));
    assert_null(strstr(page, "<img"));
    assert_non_null(strstr(page, "&lt;/title&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;"));
    balance_see(page);
    gim_heap_free(page);
    free(r);
}

static void every_page_is_balanced_and_always_the_same(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        struct load_plan p = results_plan();
        struct load_result *r = results_good(i == 0 ? 0 : i == 1 ? 1 : 3000);
        char *page, *again;

        p.rate = i == 3 ? 1000 : 0; /* without lateness: a histogram may be empty */
        page = page_of(&p, r);
        again = page_of(&p, r);
        assert_string_equal(page, again);
        balance_see(page);
        gim_heap_free(page);
        gim_heap_free(again);
        free(r);
    }
}

static void a_page_has_its_figures(void **state)
{
    static const char *const parts[] = {
        "<th scope=\"row\">Requests a second</th><td class=\"text\">6000</td>",
        "<th scope=\"row\">50 %</th><td>151 ms</td>",
        "<th scope=\"row\">201</th><td class=\"text\">3000</td>",
        "<p>There were no errors.</p>",
        "<th scope=\"row\">Method</th><td class=\"text\">POST</td>",
        "\"bins\":[[",
    };
    struct load_plan p = results_plan();
    struct load_result *r = results_good(3000);
    char *page = page_of(&p, r);

    (void)state;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (!strstr(page, parts[i]))
            fail_msg("no '%s' in the page", parts[i]);
    }
    gim_heap_free(page);
    free(r);
}

static void charts_are_drawn_or_their_absence_is_told(void **state)
{
    struct load_plan p = results_plan();
    struct load_result *r = results_good(50);
    char *page = page_of(&p, r);

    (void)state;
    assert_int_equal(!strstr(page, "The charts were left out"), html_has_charts());
    assert_int_equal(!!strstr(page, "<canvas"), html_has_charts());
    assert_int_equal(!!strstr(page, "Chart.js v"), html_has_charts());
    gim_heap_free(page);
    free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_escaped),
        cmocka_unit_test(data_cannot_end_its_element),
        cmocka_unit_test(a_name_of_markup_stays_text),
        cmocka_unit_test(every_page_is_balanced_and_always_the_same),
        cmocka_unit_test(a_page_has_its_figures),
        cmocka_unit_test(charts_are_drawn_or_their_absence_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
