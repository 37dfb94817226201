/* test_text.c: the text report of fixed results, byte for byte. The first part of each is hey's. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include "results.h"
#include "../../../proof/report/figures.h"
#include "../../../proof/report/report.h"

static char *text_of(const struct load_plan *p, const struct load_result *r)
{
    struct gim_buf b = {0};

    report_text(&b, p, r);
    gim_buf_char(&b, '\0');
    return b.ptr;
}

/* cmocka cuts long texts: say where they part. */
static void see(const struct load_plan *p, struct load_result *r, const char *expected)
{
    char *text = text_of(p, r);
    size_t same = 0;

    while (text[same] && text[same] == expected[same])
        same++;
    if (text[same] != expected[same])
        fail_msg("got '%.200s'\n, expected '%.200s'", text + same, expected + same);
    gim_heap_free(text);
    free(r);
}

static void see_part(const struct load_plan *p, struct load_result *r, const char *expected)
{
    char *text = text_of(p, r);

    if (!strstr(text, expected))
        fail_msg("no '%s' in:\n%s", expected, text);
    gim_heap_free(text);
    free(r);
}

#define B4 "\xe2\x96\xa0\xe2\x96\xa0\xe2\x96\xa0\xe2\x96\xa0"
#define B20 B4 B4 B4 B4 B4
#define B40 B20 B20

#define HEY_30                                                                                     \
    "\nSummary:\n"                                                                                 \
    "  Total:\t0.5000 secs\n"                                                                      \
    "  Slowest:\t0.0039 secs\n"                                                                    \
    "  Fastest:\t0.0010 secs\n"                                                                    \
    "  Average:\t0.0024 secs\n"                                                                    \
    "  Requests/sec:\t60.0000\n"                                                                   \
    "  \n"                                                                                         \
    "  Total data:\t4500 bytes\n"                                                                  \
    "  Size/request:\t150 bytes\n"                                                                 \
    "\nResponse time histogram:\n"                                                                 \
    "  0.001 [1]\t|" B4 B4 B4 "\xe2\x96\xa0\n"                                                     \
    "  0.001 [2]\t|" B20 B4 "\xe2\x96\xa0\xe2\x96\xa0\xe2\x96\xa0\n"                               \
    "  0.002 [3]\t|" B40 "\n"                                                                      \
    "  0.002 [3]\t|" B40 "\n"                                                                      \
    "  0.002 [3]\t|" B40 "\n"                                                                      \
    "  0.002 [3]\t|" B40 "\n"                                                                      \
    "  0.003 [3]\t|" B40 "\n"                                                                      \
    "  0.003 [3]\t|" B40 "\n"                                                                      \
    "  0.003 [3]\t|" B40 "\n"                                                                      \
    "  0.004 [3]\t|" B40 "\n"                                                                      \
    "  0.004 [3]\t|" B40 "\n"                                                                      \
    "\n\nLatency distribution:\n"                                                                  \
    "  10% in 0.0012 secs\n"                                                                       \
    "  25% in 0.0017 secs\n"                                                                       \
    "  50% in 0.0024 secs\n"                                                                       \
    "  75% in 0.0032 secs\n"                                                                       \
    "  90% in 0.0036 secs\n"                                                                       \
    "  95% in 0.0038 secs\n"                                                                       \
    "  99% not known: needs 100 or more successes\n"                                               \
    "\nDetails (average, fastest, slowest):\n"                                                     \
    "  DNS+dialup:\t0.0001 secs, 0.0000 secs, 0.0002 secs\n"                                       \
    "  DNS-lookup:\t0.0000 secs, 0.0000 secs, 0.0000 secs\n"                                       \
    "  req write:\t0.0000 secs, 0.0000 secs, 0.0000 secs\n"                                        \
    "  resp wait:\t0.0010 secs, 0.0009 secs, 0.0200 secs\n"                                        \
    "  resp read:\t0.0000 secs, 0.0000 secs, 0.0000 secs\n"                                        \
    "\nStatus code distribution:\n"                                                                \
    "  [201]\t30 responses\n"                                                                      \
    "\n\n\n"

static void the_plain_report_is_heys(void **state)
{
    struct load_plan p = results_plan();

    (void)state;
    p.plain = true;
    see(&p, results_good(30), HEY_30);
}

static void ours_comes_after_it(void **state)
{
    struct load_plan p = results_plan();

    (void)state;
    see(&p, results_good(30),
        HEY_30
        "Latency, connecting apart:\n"
        "  50%      2.40 ms\n"
        "  75%      3.20 ms\n"
        "  90%      3.60 ms\n"
        "  95%      3.80 ms    (few samples: 59 for 95 % confidence)\n"
        "  99%      not known: needs 100 or more successes\n"
        "  99.9%    not known: needs 1000 or more successes\n"
        "  99.99%   not known: needs 10000 or more successes\n"
        "  max      3.90 ms\n"
        "  mean     2.45 ms\n"
        "  stdev    880 \xc2\xb5s\n"
        "\n"
        "Connections: 10 opened; to open one took 204 \xc2\xb5s (fastest 200 \xc2\xb5s, slowest "
        "209 \xc2\xb5s)\n"
        "\n");
}

static void errors_are_lines_by_kind_in_the_order_of_their_texts(void **state)
{
    struct load_plan p = results_plan();
    struct load_result *r = results_good(2);

    (void)state;
    p.plain = true;
    results_fail(r, LOAD_TIMEOUT, 1, "Dial");
    results_fail(r, LOAD_REFUSED, 3, "Get \"http://a/%20\": refused");
    results_fail(r, LOAD_OTHER, 5, NULL);
    see_part(&p, r,
             "Status code distribution:\n  [201]\t2 responses\n\n"
             "Error distribution:\n"
             "  [1]\tDial\n"
             "  [3]\tGet \"http://a/%20\": refused\n"
             "  [5]\t");
}

static void when_nothing_succeeded_no_figure_is_made_up(void **state)
{
    struct load_plan p = results_plan();
    struct load_result *r = results_good(0);

    (void)state;
    r->dial = (struct gim_histogram){0};
    results_fail(r, LOAD_REFUSED, 4, "Post \"http://localhost:8080/posts\": dial: refused");
    see(&p, r,
        "\nSummary:\n  Total:\t0.5000 secs\n  Slowest:\t NaN secs\n  Fastest:\t NaN secs\n"
        "  Average:\t NaN secs\n  Requests/sec:\t8.0000\n  \n"
        "\nResponse time histogram:\n\n\nLatency distribution:\n"
        "\nDetails (average, fastest, slowest):\n"
        "  DNS+dialup:\t NaN secs,  NaN secs,  NaN secs\n"
        "  DNS-lookup:\t NaN secs,  NaN secs,  NaN secs\n"
        "  req write:\t NaN secs,  NaN secs,  NaN secs\n"
        "  resp wait:\t NaN secs,  NaN secs,  NaN secs\n"
        "  resp read:\t NaN secs,  NaN secs,  NaN secs\n"
        "\nStatus code distribution:\n"
        "\nError distribution:\n"
        "  [4]\tPost \"http://localhost:8080/posts\": dial: refused\n\n");
}

static void one_success_is_no_percentile(void **state)
{
    struct load_plan p = results_plan();

    (void)state;
    p.plain = true;
    see_part(&p, results_good(1),
             "  0.001 [1]\t|" B40
             "\n  0.001 [0]\t|\n  0.001 [0]\t|\n  0.001 [0]\t|\n  0.001 [0]\t|\n"
             "  0.001 [0]\t|\n  0.001 [0]\t|\n  0.001 [0]\t|\n  0.001 [0]\t|\n  0.001 [0]\t|\n"
             "  0.001 [0]\t|\n\n\n"
             "Latency distribution:\n  10% not known: needs 2 or more successes\n");
}

static void a_run_of_no_length_has_no_rate(void **state)
{
    struct load_plan p = results_plan();
    struct load_result *r = results_good(0);

    (void)state;
    r->ended = r->started;
    see_part(&p, r, "  Total:\t0.0000 secs\n");
    r = results_good(0);
    r->ended = r->started;
    see_part(&p, r, "  Requests/sec:\t0.0000\n");
}

static void the_counts_of_the_histogram_are_all_successes(void **state)
{
    struct load_plan p = results_plan();
    struct load_result *r = results_good(0);
    char *text, *at;
    unsigned long long sum = 0;

    (void)state;
    for (uint64_t i = 0; i < 3000000; i++)
        gim_histogram_record(&r->latency, (int64_t)(i * 7919 % 1000003) * 100);
    text = text_of(&p, r);
    at = strstr(text, "Response time histogram:");
    for (int i = 0; i < 11; i++) {
        at = strchr(at, '[') + 1;
        sum += strtoull(at, NULL, 10);
    }
    assert_int_equal(sum, 3000000);
    gim_heap_free(text);
    free(r);
}

static void an_open_loop_has_three_times(void **state)
{
    struct load_plan p = results_plan();
    struct load_result *r = results_good(300);

    (void)state;
    p.rate = 600;
    for (int i = 0; i < 300; i++) {
        gim_histogram_record(&r->service, MS);
        gim_histogram_record(&r->late, i * MS / 100);
    }
    r->unsent = 7;
    see_part(&p, r,
             "Open loop: 600 requests/sec planned, 300 sent, 7 left unsent\n"
             "           response   service    lateness\n"
             "  50%      15.9 ms    1.00 ms    1.49 ms\n");
}

static void notes_say_what_to_do(void **state)
{
    struct load_plan p = results_plan();
    struct load_result *r = results_good(300);
    struct gim_buf b = {0};

    (void)state;
    p.rate = 600;
    gim_histogram_record(&r->late, 5 * MS);
    r->cpu_ns = 450 * MS;
    r->unsent = 7;
    r->interrupted = true;
    r->statuses[500] = 2;
    r->latency.over = 1;
    results_fail(r, LOAD_NO_FDS, 1, NULL);
    results_fail(r, LOAD_NO_PORTS, 1, NULL);
    results_fail(r, LOAD_TLS, 1, NULL);
    report_notes(&b, &p, r);
    gim_buf_char(&b, '\0');
    assert_string_equal(
        b.ptr,
        "interrupted: the figures are of what had ended by then\n"
        "client-bound: the generator used 90 % of its 1 CPU; the server may be faster than this. "
        "More "
        "CPUs (-cpus) help; --self-test shows this host's limit\n"
        "late: 1 % of the requests left 5.00 ms or more after they were due; either all 10 "
        "connections "
        "were busy (raise --connections) or the generator had too little CPU\n"
        "unsent: 7 requests were due, but all 10 connections were busy to the end; the server does "
        "not "
        "keep up with this rate, or --connections is too low\n"
        "statuses: 2 of 300 answers were 4xx or 5xx and count as answers, as in hey; "
        "--expect-status "
        "makes them errors\n"
        "clipped: 1 latencies were over 68.7 s and count as 68.7 s\n"
        "TLS: a certificate of your own is trusted with --cacert FILE; -k accepts any\n"
        "files: the limit of open files was reached; raise it (ulimit -n 65536) or lower -c\n"
        "ports: this host ran out of ports; keep connections alive (no -disable-keepalive), or "
        "widen "
        "net.ipv4.ip_local_port_range and set net.ipv4.tcp_tw_reuse=1\n");
    gim_buf_free(&b);
    free(r);
}

static void a_quiet_run_has_no_notes(void **state)
{
    struct load_plan p = results_plan();
    struct load_result *r = results_good(300);
    struct gim_buf b = {0};

    (void)state;
    report_notes(&b, &p, r);
    assert_int_equal(b.len, 0);
    free(r);
}

static void times_have_three_digits(void **state)
{
    static const struct {
        double ns;
        const char *text;
    } rows[] = {
        {0, "0 ns"},
        {999, "999 ns"},
        {999.6, "1.00 \xc2\xb5s"},
        {1000, "1.00 \xc2\xb5s"},
        {21234, "21.2 \xc2\xb5s"},
        {99960, "100 \xc2\xb5s"},
        {999499, "999 \xc2\xb5s"},
        {999500, "1.00 ms"},
        {9996000, "10.0 ms"},
        {2.5e9, "2.50 s"},
        {68.7e9, "68.7 s"},
        {3600e9, "3600 s"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gim_buf b = {0};

        figure_put_time(&b, rows[i].ns);
        gim_buf_char(&b, '\0');
        assert_string_equal(b.ptr, rows[i].text);
        gim_buf_free(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_plain_report_is_heys),
        cmocka_unit_test(ours_comes_after_it),
        cmocka_unit_test(errors_are_lines_by_kind_in_the_order_of_their_texts),
        cmocka_unit_test(when_nothing_succeeded_no_figure_is_made_up),
        cmocka_unit_test(one_success_is_no_percentile),
        cmocka_unit_test(a_run_of_no_length_has_no_rate),
        cmocka_unit_test(the_counts_of_the_histogram_are_all_successes),
        cmocka_unit_test(an_open_loop_has_three_times),
        cmocka_unit_test(notes_say_what_to_do),
        cmocka_unit_test(a_quiet_run_has_no_notes),
        cmocka_unit_test(times_have_three_digits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
