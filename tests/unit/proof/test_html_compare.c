/* test_html_compare.c: a comparison as a page: all its parts in their order, what plans and services say
 * stays text, every element is closed, and the same results give the same page. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include "balance.h"
#include "sample_results.h"
#include "../../../proof/report/compare.h"
#include "../../../proof/report/html.h"

#define EVIL "</title><script>alert(\"1\")</script><!--"

static char *page_of(const struct compare_results *r)
{
    struct verdicts v;
    struct gim_buf b = {0};

    verdicts_make(&v, r);
    compare_html(&b, &v);
    gim_buf_char(&b, '\0');
    verdicts_free(&v);
    return b.ptr;
}

static char *sample_page(void)
{
    static struct compare_results r;
    char *page;

    sample_results(&r, 1);
    page = page_of(&r);
    results_free(&r);
    return page;
}

static void the_parts_stand_in_their_order(void **state)
{
    static const char *const parts[] = {
        "<h1>Posts: C, Go &amp; Rust</h1>",
        "4 warnings</a>",
        "<section id=\"published\"",
        "Memory at start</th>",
        "Load test, requests per second</th>",
        "<section id=\"charts\"",
        "<section id=\"phases\"",
        "<h3 id=\"phase-ready\">",
        "<h3 id=\"phase-closed\">",
        "every figure of this phase",
        "<h3 id=\"phase-idle\">",
        "<section id=\"contract\"",
        "refuses 2 MiB: expected 413, got 200 with &quot;&lt;html&gt;&quot;",
        "<section id=\"left-out\"",
        "<strong>rocket</strong>, skipped: cargo is not here",
        "<strong>axum-sqlite</strong>, failed: ",
        "<section id=\"method\"",
        "Noise floor",
        "<section id=\"host\"",
        "AMD EPYC 9B14 &lt;virtual&gt;",
        "<section id=\"services\"",
        "the A/A control: a second copy of posts",
        "<code>GIN_MODE=debug</code>",
        "<section id=\"warnings\"",
        "<strong>client_bound, posts, rps.c64, round 3</strong>",
        "<section id=\"losses\"",
        "<script type=\"application/json\" id=\"data\">{\"groups\":[[0,1,2,3],[4,5]]",
    };
    char *page = sample_page();
    const char *at = page;

    (void)state;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        at = strstr(at, parts[i]);
        if (!at)
            fail_msg("no '%s' after the part before it", parts[i]);
    }
    gim_heap_free(page);
}

static void the_same_results_give_the_same_balanced_page(void **state)
{
    char *page = sample_page(), *again = sample_page();

    (void)state;
    assert_string_equal(page, again);
    balance_see(page);
    gim_heap_free(page);
    gim_heap_free(again);
}

static void spoil(struct compare_results *r)
{
    gim_str evil = GIM_S(EVIL);

    r->title = r->plan_file = r->program = r->commit = r->command = evil;
    r->host[0].name = r->host[0].value = evil;
    r->metrics[2].title = r->loads[2].title = evil;
    r->services[2] = (struct results_service){
        .name = evil,
        .group = evil,
        .about = evil,
        .version = evil,
        .build = evil,
        .run = evil,
        .env = evil,
        .control_of = evil,
        .state = RESULTS_FAILED,
        .why = evil,
        .checks = r->services[2].checks,
        .n_checks = r->services[2].n_checks,
        .latency = r->services[2].latency,
    };
    r->services[2].checks[0] = (struct results_check){evil, false, evil};
    r->warnings[0] = (struct results_warning){evil, evil, evil, 1, evil};
}

static void markup_in_any_text_stays_text(void **state)
{
    static struct compare_results r;
    char *page;

    (void)state;
    sample_results(&r, 1);
    spoil(&r);
    page = page_of(&r);
    assert_null(strstr(page, "<script>alert"));
    assert_null(strstr(page, "<!--"));
    assert_non_null(strstr(page, "&lt;/title&gt;&lt;script&gt;alert(&quot;1&quot;)"));
    balance_see(page);
    gim_heap_free(page);
    results_free(&r);
}

static void results_without_anything_make_a_page(void **state)
{
    static struct compare_results r;
    char *page;

    (void)state;
    sample_results(&r, 1);
    r.rounds = 0;
    r.n_warnings = r.n_host = r.n_metrics = r.n_loads = r.n_services = 0;
    r.interrupted = r.quick = true;
    page = page_of(&r);
    assert_non_null(strstr(page, "0 of 10 rounds were finished"));
    assert_null(strstr(page, "<canvas"));
    balance_see(page);
    gim_heap_free(page);
    results_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_parts_stand_in_their_order),
        cmocka_unit_test(the_same_results_give_the_same_balanced_page),
        cmocka_unit_test(markup_in_any_text_stays_text),
        cmocka_unit_test(results_without_anything_make_a_page),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
