/* test_results_json.c: a comparison goes through its file unchanged, and a file that is wrong at any
 * member is refused with the member's place. The page that describes the file names every member. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "../../../proof/compare/verdicts.h"
#include "sample_results.h"

#define PAGE "docs/reference/compare-json.md"

static char path[] = "/tmp/test_results_json.XXXXXX";

static int make_file(void **state)
{
    int fd = mkstemp(path);

    (void)state;
    return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(path);
}

static void write_file(gim_str text)
{
    FILE *out = fopen(path, "we");

    assert_non_null(out);
    assert_int_equal(fwrite(text.ptr, 1, text.len, out), text.len);
    assert_int_equal(fclose(out), 0);
}

/* The sample with short histograms: the tests below read it some hundred times. */
static gim_str sample(struct gim_buf *b)
{
    struct compare_results r;

    sample_results(&r, 1);
    for (size_t i = 0; i < r.n_services; i++) {
        for (size_t k = 0; k < r.n_loads && r.services[i].latency[k]; k++) {
            memset(r.services[i].latency[k], 0, sizeof(struct gim_histogram));
            for (int n = 0; n < (i == 0 && k == 0 ? 3 : 0); n++)
                gim_histogram_record(r.services[i].latency[k], 5000 * (n + 1));
        }
    }
    results_put_json(b, &r);
    results_free(&r);
    return gim_buf_view(b);
}

static void written_read_and_written_are_equal_bytes(void **state)
{
    struct compare_results r, back;
    struct gim_buf first = {0}, second = {0};
    char err[300] = "";

    (void)state;
    sample_results(&r, 42);
    r.seed = UINT64_MAX;
    r.values[3] = 0.1 + 0.2;
    r.interrupted = true;
    r.rounds = 9;
    r.services[2].about = GIM_S("caf\xc3\xa9 \"quoted\"\n\x01 \\ </script>");
    r.services[0].version = (gim_str){0};
    results_put_json(&first, &r);
    write_file(gim_buf_view(&first));
    if (results_read(&back, path, err, sizeof err))
        fail_msg("%s", err);
    results_put_json(&second, &back);
    assert_int_equal(first.len, second.len);
    assert_memory_equal(first.ptr, second.ptr, first.len);
    assert_true(back.seed == UINT64_MAX);
    assert_true(back.values[3] == r.values[3]);
    assert_int_equal(back.services[1].latency[2]->total, 20000);
    assert_memory_equal(back.services[1].latency[2], r.services[1].latency[2],
                        sizeof(struct gim_histogram));
    assert_null(back.services[3].latency[0]);
    results_warn(&back, "errors", GIM_S(""), GIM_S(""), 1, "there is room for more");
    assert_int_equal(back.n_warnings, r.n_warnings + 1);
    results_free(&r);
    results_free(&back);
    gim_buf_free(&first);
    gim_buf_free(&second);
}

static void nothing_at_all_goes_through_as_well(void **state)
{
    struct compare_results r = {.practical = 0.02}, back;
    struct gim_buf first = {0}, second = {0};
    char err[300] = "";

    (void)state;
    results_put_json(&first, &r);
    write_file(gim_buf_view(&first));
    if (results_read(&back, path, err, sizeof err))
        fail_msg("%s", err);
    results_put_json(&second, &back);
    assert_int_equal(first.len, second.len);
    assert_memory_equal(first.ptr, second.ptr, first.len);
    results_free(&back);
    gim_buf_free(&first);
    gim_buf_free(&second);
}

static void texts_that_are_no_utf8_are_still_json(void **state)
{
    struct compare_results r, back;
    struct gim_buf b = {0};
    char err[300] = "";

    (void)state;
    sample_results(&r, 1);
    r.services[0].why = GIM_S("\xff<\xc3(\xed\xa0\x80.\xe2\x82");
    results_put_json(&b, &r);
    write_file(gim_buf_view(&b));
    if (results_read(&back, path, err, sizeof err))
        fail_msg("%s", err);
    assert_string_equal(back.services[0].why.ptr, "?<?(???.??");
    results_free(&r);
    results_free(&back);
    gim_buf_free(&b);
}

static void expect_refused(gim_str text, const char *part)
{
    struct compare_results r;
    char err[300] = "";

    write_file(text);
    if (results_read(&r, path, err, sizeof err) == 0)
        fail_msg("read, though %s", part);
    assert_null(r.services);
    assert_memory_equal(err, path, strlen(path));
    if (!strstr(err, part))
        fail_msg("\"%s\" does not say \"%s\"", err, part);
}

/* The sample with the first `from` after the first `after` made `to`. */
static void expect_changed(gim_str good, const char *after, const char *from, const char *to,
                           const char *part)
{
    const char *at = strstr(good.ptr, after), *place = at ? strstr(at, from) : NULL;
    struct gim_buf b = {0};

    if (!place)
        fail_msg("the sample has no %s %s", after, from);
    gim_buf_add(&b, good.ptr, (size_t)(place - good.ptr));
    gim_buf_str(&b, gim_str_of(to));
    place += strlen(from);
    gim_buf_add(&b, place, good.len - (size_t)(place - good.ptr));
    expect_refused(gim_buf_view(&b), part);
    gim_buf_free(&b);
}

static void a_file_cut_anywhere_is_refused_with_line_and_byte(void **state)
{
    struct gim_buf b = {0};
    gim_str good = sample(&b);

    (void)state;
    for (size_t len = 0; len + 2 < good.len; len += len < 400 ? 1 : 97)
        expect_refused((gim_str){good.ptr, len}, ":1:");
    expect_refused(GIM_S("[]"), "format: expected 1");
    expect_refused(GIM_S("{\"format\":2}"), "format: expected 1 (the JSON of a comparison), got 2");
    gim_buf_free(&b);
}

static void a_member_that_is_wrong_is_named(void **state)
{
    static const struct {
        const char *after, *from, *to, *part;
    } rows[] = {
        {"", "\"title\":\"Posts: C, Go & Rust\"", "\"title\":3", ": title: expected a text, got 3"},
        {"", "\"started_us\":1", "\"started_us\":-1", "started_us: expected a whole number"},
        {"", "\"seed\":\"1\"", "\"seed\":1", "seed: expected digits as a text, got 1"},
        {"", "\"seed\":\"1\"", "\"seed\":\"18446744073709551616\"", "seed: expected digits"},
        {"", "\"seed\":\"1\"", "\"seed\":\"\"", "seed: expected digits"},
        {"", "\"practical\":0.02", "\"practical\":-1", "practical: expected a share"},
        {"", "\"practical\":0.02", "\"practical\":null", "practical: expected a share"},
        {"", "\"quick\":false", "\"quick\":0", "quick: expected true or false, got 0"},
        {"", "\"rounds\":10", "\"rounds\":11", "rounds: expected at most `rounds_planned`"},
        {"", "\"rounds\":10", "\"rounds\":1e99", "rounds: expected a whole number"},
        {"", "\"rounds\":10", "\"rounds\":9", "order: expected a row for each of `rounds`"},
        {"", "\"rounds_planned\":10", "\"rounds_planned\":201", "rounds_planned: expected at most"},
        {"", "\"rounds_planned\":10", "\"rounds_planned\":12",
         "services[0].figures.ready.connect.values: expected a list of 12 numbers"},
        {"", "\"host\":[", "\"most\":[", ": host: expected a list of at most 100000, got nothing"},
        {"\"host\"", "\"name\":\"cores\"", "\"name\":[]",
         "host[1].name: expected a text, got a list"},
        {"\"metrics\"", "\"unit\":\"ns\"", "\"unit\":\"ms\"",
         "metrics[0].unit: expected one of ns, bytes, per_second, count, got \"ms\""},
        {"\"metrics\"", "\"phase\":\"ready\"", "\"phase\":null",
         "metrics[0].phase: expected one of ready, start, first"},
        {"\"metrics\"", "\"main\":false", "\"main\":{}", "metrics[0].main: expected true or false"},
        {"\"metrics\"", "\"ready.answer\"", "\"other\"",
         "services[0].figures.ready.answer: expected the id of one of `metrics`"},
        {"\"loads\"", "\"rate\":0", "\"rate\":\"0\"", "loads[0].rate: expected a number"},
        {"\"loads\"", "\"small\"", "\"large\"",
         "services[0].latency.small: expected the id of one of `loads`"},
        {"\"order\"", "[0,1,2,3,4,5]", "[0,1,2,3,4,4]", "order[0]: expected the number of each"},
        {"\"order\"", "[0,1,2,3,4,5]", "[0,1,2,3,4,6]", "order[0]: expected the number of each"},
        {"\"order\"", "[0,1,2,3,4,5]", "[0,1,2,3,4]", "order[0]: expected the number of each"},
        {"\"warnings\"", "\"round\":3", "\"round\":2.5", "warnings[0].round: expected a whole"},
        {"\"services\"", "\"state\":\"ran\"", "\"state\":\"run\"",
         "services[0].state: expected one of ran, skipped, failed, got \"run\""},
        {"\"services\"", "\"requests\":1", "\"requests\":\"1\",\"x\":1",
         "services[0].requests: expected a whole number"},
        {"\"services\"", "\"passed\":true", "\"passed\":1",
         "services[0].checks[0].passed: expected true or false, got 1"},
        {"\"services\"", "\"figures\":{", "\"figures\":[],\"x\":{",
         "services[0].figures: expected an object, got a list"},
        {"\"services\"", "\"values\":[", "\"values\":[1,",
         "services[0].figures.ready.connect.values: expected a list of 10"},
        {"\"services\"", "\"values\":[", "\"values\":[\"1\"],\"x\":[", "connect.values: expected"},
        {"\"latency\":{\"small\"", "\"count\":3", "\"count\":4",
         "services[0].latency.small.cells: expected as many values as `count`"},
        {"\"latency\":{\"small\"", "\"min_ns\":5000", "\"min_ns\":4000",
         "small.cells: expected as"},
        {"\"latency\":{\"small\"", "\"max_ns\":15000", "\"max_ns\":25000", "small.cells: expected"},
        {"\"latency\":{\"small\"", "\"clipped\":0", "\"clipped\":9", "small.cells: expected as"},
        {"\"latency\":{\"small\"", "\"sum_ns\":30000", "\"sum_ns\":null", "small.cells: expected"},
        {"\"cells\"", "[[5000", "[[5001", "services[0].latency.small.cells[0]: expected [lowest"},
        {"\"cells\"", "[10000,10007,", "[5000,5003,", "small.cells[1]: expected [lowest"},
        {"\"cells\"", ",1],", ",0],", "small.cells[0]: expected [lowest"},
        {"\"cells\"", ",1],", ",1,1],", "small.cells[0]: expected [lowest"},
        {"\"cells\"", ",1],", ",9223372036854775807],", "small.cells[1]: expected [lowest"},
        {"", "\"services\":[", "\"services\":{},\"x\":[", "services: expected a list"},
    };
    struct gim_buf b = {0};
    gim_str good = sample(&b);

    (void)state;
    gim_buf_char(&b, '\0');
    good.ptr = b.ptr;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        expect_changed(good, rows[i].after, rows[i].from, rows[i].to, rows[i].part);
    gim_buf_free(&b);
}

static bool is_derived(gim_str name)
{
    static const char *const names[] = {"noise_floor", "mean_ns", "stdev_ns", "percentiles"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (gim_str_eq(name, gim_str_of(names[i])))
            return true;
    }
    return false;
}

/* Every member of an object in turn under another name: it is missed, by its name. */
static void expect_missed(gim_str good, gim_json object)
{
    struct gim_json_iter it = {0};

    while (gim_json_next(object, &it)) {
        size_t at = (size_t)(it.name.text.ptr - good.ptr);
        gim_str name = {it.name.text.ptr + 1, it.name.text.len - 2};
        struct gim_buf b = {0};
        char part[80];

        if (is_derived(name))
            continue;
        gim_buf_add(&b, good.ptr, good.len);
        b.ptr[at + 1] = '~';
        snprintf(part, sizeof part, "%.*s: expected ", GIM_FMT(name));
        expect_refused(gim_buf_view(&b), part);
        gim_buf_free(&b);
    }
}

static void a_member_that_is_missing_is_named(void **state)
{
    struct gim_buf b = {0};
    gim_str good = sample(&b);
    gim_json root = gim_json_root(good), service;
    static const char *const lists[] = {"host", "metrics", "loads", "warnings", "services"};

    (void)state;
    expect_missed(good, root);
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        expect_missed(good, gim_json_at(gim_json_get(root, gim_str_of(lists[i])), 0));
    service = gim_json_at(gim_json_get(root, GIM_S("services")), 0);
    expect_missed(good, gim_json_at(gim_json_get(service, GIM_S("checks")), 0));
    expect_missed(good, gim_json_get(gim_json_get(service, GIM_S("latency")), GIM_S("small")));
    gim_buf_free(&b);
}

static void members_that_are_not_known_are_left_alone(void **state)
{
    struct compare_results r;
    struct gim_buf b = {0}, more = {0};
    gim_str good = sample(&b);
    char err[300] = "";

    (void)state;
    gim_buf_lit(&more, "{\"later\":[{}],");
    gim_buf_add(&more, good.ptr + 1, good.len - 1);
    write_file(gim_buf_view(&more));
    if (results_read(&r, path, err, sizeof err))
        fail_msg("%s", err);
    results_free(&r);
    gim_buf_free(&b);
    gim_buf_free(&more);
}

static void a_file_that_is_not_there_is_named(void **state)
{
    struct compare_results r;
    char err[300] = "";

    (void)state;
    assert_int_equal(results_read(&r, "/nowhere/results.json", err, sizeof err), -1);
    assert_string_equal(err, "/nowhere/results.json: No such file or directory");
    assert_int_equal(results_read(&r, "/tmp", err, sizeof err), -1);
    assert_string_equal(err, "/tmp: Is a directory");
}

static void expect_named(const char *page, gim_json object)
{
    struct gim_json_iter it = {0};

    while (gim_json_next(object, &it)) {
        char quoted[64];

        snprintf(quoted, sizeof quoted, "`%.*s`", (int)it.name.text.len - 2, it.name.text.ptr + 1);
        if (!strstr(page, quoted))
            fail_msg(PAGE " does not name %s", quoted);
    }
}

static void the_page_names_every_member(void **state)
{
    static const char *const lists[] = {"host", "metrics", "loads", "warnings", "services"};
    static char page[1 << 18];
    struct gim_buf b = {0};
    gim_json root = gim_json_root(sample(&b)), service, latency;
    FILE *in = fopen(TEST_DATA "/../../" PAGE, "re");

    (void)state;
    assert_non_null(in);
    page[fread(page, 1, sizeof page - 1, in)] = '\0';
    fclose(in);
    expect_named(page, root);
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        expect_named(page, gim_json_at(gim_json_get(root, gim_str_of(lists[i])), 0));
    service = gim_json_at(gim_json_get(root, GIM_S("services")), 0);
    latency = gim_json_get(gim_json_get(service, GIM_S("latency")), GIM_S("small"));
    expect_named(page, gim_json_at(gim_json_get(service, GIM_S("checks")), 0));
    expect_named(page, gim_json_get(gim_json_get(service, GIM_S("figures")), GIM_S("first")));
    expect_named(page, latency);
    expect_named(page, gim_json_at(gim_json_get(latency, GIM_S("percentiles")), 0));
    gim_buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(written_read_and_written_are_equal_bytes),
        cmocka_unit_test(nothing_at_all_goes_through_as_well),
        cmocka_unit_test(texts_that_are_no_utf8_are_still_json),
        cmocka_unit_test(a_file_cut_anywhere_is_refused_with_line_and_byte),
        cmocka_unit_test(a_member_that_is_wrong_is_named),
        cmocka_unit_test(a_member_that_is_missing_is_named),
        cmocka_unit_test(members_that_are_not_known_are_left_alone),
        cmocka_unit_test(a_file_that_is_not_there_is_named),
        cmocka_unit_test(the_page_names_every_member),
    };

    return cmocka_run_group_tests_name("results_json", tests, make_file, remove_file);
}
