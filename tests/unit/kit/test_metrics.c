/* test_metrics.c: what is counted, what is told, and what a scraper would refuse. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <pthread.h>

#include "gimlet/kit/metrics.h"
#include "gimlet/kit/metrics_text.h"
#include "mallocs.h"
#include <gimlet.h>

#define DURATION "http_server_request_duration_seconds"

/* ---- an application -------------------------------------------------------------------------- */

static struct gim_counter sold, returned;
static struct gim_gauge queue;
static struct gim_buckets waits = {.scale = &gim_scale_seconds};
static struct gim_buckets sizes = {.scale = &gim_scale_count};

static double half(void *state)
{
    return *(double *)state / 2;
}

static const struct gim_metric figures[] = {
    GIM_COUNTER("shop_things_total", &sold, "Things.\nAnd \"more\" \\.", .labels = "way=\"out\""),
    GIM_COUNTER("shop_things_total", &returned, "Things.", .labels = "way=\"back\",a=\"\\\"\""),
    GIM_GAUGE("shop_queue", &queue, "People who wait."),
    GIM_GAUGE_READ("shop_half", half, "Half of it."),
    GIM_HISTOGRAM("shop_wait_seconds", &waits, "How long."),
    GIM_HISTOGRAM("shop_basket_size", &sizes, "How many.", .labels = "kind=\"x\""),
    {0},
};
static const struct gim_metrics metrics = GIM_METRICS(.figures = figures);

static int hello(struct gim_ctx *c)
{
    return gim_text(c, 200, GIM_S("hello"));
}

static int status(struct gim_ctx *c)
{
    int64_t code;

    if (gim_param_int(c, GIM_S("code"), &code))
        return GIM_REPLIED;
    return gim_empty(c, (int)code);
}

static long mallocs_seen;

/* Counts this request a hundred times more. */
static int many(struct gim_ctx *c)
{
    struct gim_worker *w = gim_ctx_worker(c);
    long before = mallocs;

    for (int i = 0; i < 100; i++)
        gim_metrics_observer.done(w, c, 204);
    mallocs_seen = mallocs - before;
    return gim_empty(c, 204);
}

static const struct gim_route routes[] = {
    GIM_GET("/hello", hello),
    GIM_POST("/hello", hello, .body_raw = true, .max_body = 4),
    GIM_ROUTE("PURGE", "/hello", hello),
    GIM_ROUTE("LINK", "/hello", hello),
    GIM_GET("/status/:code", status),
    GIM_GET("/many", many),
    GIM_GET("/metrics", gim_metrics_reply),
    {0},
};

static double state_value = 5;

static struct gim_app *open_app(const struct gim_metrics *with)
{
    char err[2000] = "";
    struct gim_app *app = gim_app_new(&(const struct gim_app_spec){.name = "shop",
                                                                   .version = "1.2",
                                                                   .routes = routes,
                                                                   .state = &state_value,
                                                                   .metrics = with},
                                      err, sizeof err);

    if (!app)
        fail_msg("%s", err);
    return app;
}

static int call(struct gim_app *app, const char *method, const char *target, const char *body)
{
    struct gim_test_reply r = gim_test_call(app, method, target, NULL, body);
    int code = r.status;

    gim_test_free(&r);
    return code;
}

/* The text of a scrape; to be freed. */
static char *scrape(struct gim_app *app, const char *headers)
{
    struct gim_test_reply r = gim_test_call(app, "GET", "/metrics", headers, NULL);
    char *text = malloc(r.body.len + 1);

    assert_int_equal(r.status, 200);
    memcpy(text, r.body.ptr, r.body.len);
    text[r.body.len] = '\0';
    gim_test_free(&r);
    return text;
}

/* The value of the line that begins with `line`; -1: there is none. */
static double value_of(const char *text, const char *line)
{
    const char *at = text;

    while ((at = strstr(at, line))) {
        if ((at == text || at[-1] == '\n') && at[strlen(line)] == ' ')
            return strtod(at + strlen(line), NULL);
        at++;
    }
    return -1;
}

static double count_of(const char *text, const char *method, const char *route, const char *code)
{
    char line[300];

    snprintf(line, sizeof line, DURATION "_count{method=\"%s\",route=\"%s\",status=\"%s\"}", method,
             route, code);
    return value_of(text, line);
}

/* ---- requests -------------------------------------------------------------------------------- */

static void requests_are_counted_by_method_route_and_status(void **state)
{
    struct gim_app *app = open_app(&gim_metrics);
    char *text;

    (void)state;
    for (int i = 0; i < 3; i++)
        call(app, "GET", "/hello", NULL);
    call(app, "HEAD", "/hello", NULL);
    call(app, "POST", "/hello", "abc");
    call(app, "PURGE", "/hello", NULL);
    call(app, "LINK", "/hello", NULL);
    call(app, "DELETE", "/hello", NULL);
    call(app, "GET", "/status/418", NULL);
    call(app, "GET", "/nowhere/4711", NULL);
    call(app, "GET", "/elsewhere/%ff", NULL);
    text = scrape(app, NULL);
    assert_true(count_of(text, "GET", "/hello", "200") == 3);
    assert_true(count_of(text, "HEAD", "/hello", "200") == 1);
    assert_true(count_of(text, "POST", "/hello", "200") == 1);
    assert_true(count_of(text, "_OTHER", "/hello", "200") == 2);
    assert_true(count_of(text, "DELETE", "unmatched", "405") == 1);
    assert_true(count_of(text, "GET", "/status/:code", "418") == 1);
    assert_true(count_of(text, "GET", "unmatched", "404") == 1);
    assert_true(count_of(text, "GET", "unmatched", "400") == 1);
    assert_null(strstr(text, "4711"));
    assert_true(count_of(text, "GET", "/metrics", "200") == -1); /* this one is not done yet */
    assert_true(value_of(text, "http_server_connections") == 1);
    assert_true(value_of(text, "http_server_connections_accepted_total") == 12);
    free(text);
    gim_app_free(app);
}

static void buckets_add_up(void **state)
{
    struct gim_app *app = open_app(&gim_metrics);
    const char *at;
    char *text;
    double before = 0;
    int lines = 0;

    (void)state;
    for (int i = 0; i < 20; i++)
        call(app, "GET", "/hello", NULL);
    text = scrape(app, NULL);
    at = text;
    while ((at = strstr(at, DURATION "_bucket{method=\"GET\",route=\"/hello\""))) {
        double n = strtod(strchr(at, '}') + 1, NULL);

        assert_true(n >= before);
        before = n;
        lines++;
        at++;
    }
    assert_int_equal(lines, GIM_DURATION_BOUNDS + 1);
    assert_true(before == 20);
    assert_non_null(strstr(text, "le=\"1e-05\"}"));
    assert_non_null(strstr(text, "le=\"2.5e-05\"}"));
    assert_non_null(strstr(text, "le=\"0.0001\"}"));
    assert_non_null(strstr(text, "le=\"1.0\"}"));
    assert_non_null(strstr(text, "le=\"10.0\"}"));
    assert_true(value_of(text, DURATION "_sum{method=\"GET\",route=\"/hello\",status=\"200\"}") >
                0);
    free(text);
    gim_app_free(app);
}

static void refusals_are_counted_by_reason(void **state)
{
    struct gim_app *app = open_app(&gim_metrics);
    struct gim_test_reply r;
    char *text;

    (void)state;
    call(app, "POST", "/hello", "too long");
    r = gim_test_bytes(app, GIM_S("GET / HTTP/1.1\r\n\r\n"), 0);
    gim_test_free(&r);
    r = gim_test_bytes(
        app, GIM_S("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nExpect: x\r\n\r\n"), 0);
    gim_test_free(&r);
    text = scrape(app, NULL);
    assert_true(value_of(text, "http_server_rejected_total{reason=\"body_too_large\"}") == 1);
    assert_true(value_of(text, "http_server_rejected_total{reason=\"malformed\"}") == 1);
    assert_true(value_of(text, "http_server_rejected_total{reason=\"expectation\"}") == 1);
    assert_true(value_of(text, "http_server_rejected_total{reason=\"head_timeout\"}") == 0);
    assert_true(count_of(text, "POST", "/hello", "413") == 1);
    assert_true(count_of(text, "GET", "unmatched", "400") == -1); /* it was no request */
    free(text);
    gim_app_free(app);
}

static void kinds_of_a_route_are_bounded(void **state)
{
    struct gim_app *app = open_app(&gim_metrics);
    char *text, target[40];
    const char *at;
    int kinds = 0;

    (void)state;
    for (int i = 0; i < 100; i++) {
        snprintf(target, sizeof target, "/status/%d", 400 + i);
        call(app, "GET", target, NULL);
    }
    text = scrape(app, NULL);
    for (at = text; (at = strstr(at, DURATION "_count{method=")); at++)
        kinds++;
    assert_int_equal(kinds, GIM_SERIES_MAX);
    assert_true(count_of(text, "_OTHER", "/status/:code", "_OTHER") == 100 - GIM_SERIES_MAX + 1);
    free(text);
    gim_app_free(app);
}

static void counting_takes_no_memory_after_the_first(void **state)
{
    struct gim_app *app = open_app(&gim_metrics);

    (void)state;
    call(app, "GET", "/many", NULL);
    assert_int_equal(mallocs_seen, 1);
    call(app, "GET", "/many", NULL);
    assert_int_equal(mallocs_seen, 0);
    gim_app_free(app);
}

static void without_metrics_there_is_nothing(void **state)
{
    struct gim_app *app = open_app(NULL);

    (void)state;
    assert_int_equal(call(app, "GET", "/metrics", NULL), 404);
    assert_int_equal(call(app, "GET", "/hello", NULL), 200);
    gim_app_free(app);
}

/* ---- figures of the application -------------------------------------------------------------- */

static void *add_from_a_thread(void *arg)
{
    (void)arg;
    for (int i = 0; i < 10000; i++) {
        gim_counter_add(&sold, 2);
        gim_gauge_add(&queue, i % 2 ? 1 : -1);
        gim_buckets_add(&waits, 30000);
        gim_buckets_add(&sizes, i % 3);
    }
    return NULL;
}

static void figures_are_counted_from_any_thread(void **state)
{
    struct gim_app *app = open_app(&metrics);
    pthread_t threads[6];
    char *text;

    (void)state;
    for (int i = 0; i < 6; i++)
        pthread_create(&threads[i], NULL, add_from_a_thread, NULL);
    for (int i = 0; i < 20; i++) {
        text = scrape(app, NULL);
        free(text);
    }
    for (int i = 0; i < 6; i++)
        pthread_join(threads[i], NULL);
    gim_counter_add(&returned, 1);
    gim_gauge_add(&queue, 4);
    gim_buckets_add(&waits, INT64_MIN);
    gim_buckets_add(&waits, INT64_C(11000000000));
    text = scrape(app, NULL);
    assert_true(value_of(text, "shop_things_total{way=\"out\"}") == 120000);
    assert_true(value_of(text, "shop_things_total{way=\"back\",a=\"\\\"\"}") == 1);
    assert_true(value_of(text, "shop_queue") == 4);
    assert_true(value_of(text, "shop_half") == 2.5);
    assert_true(value_of(text, "shop_wait_seconds_bucket{le=\"1e-05\"}") == 1);
    assert_true(value_of(text, "shop_wait_seconds_bucket{le=\"2.5e-05\"}") == 1);
    assert_true(value_of(text, "shop_wait_seconds_bucket{le=\"5e-05\"}") == 60001);
    assert_true(value_of(text, "shop_wait_seconds_bucket{le=\"10.0\"}") == 60001);
    assert_true(value_of(text, "shop_wait_seconds_bucket{le=\"+Inf\"}") == 60002);
    assert_true(value_of(text, "shop_wait_seconds_count") == 60002);
    assert_true(value_of(text, "shop_wait_seconds_sum") == 60000 * 0.00003 + 11);
    assert_true(value_of(text, "shop_basket_size_bucket{kind=\"x\",le=\"1.0\"}") == 6 * 6667);
    assert_non_null(strstr(text, "# HELP shop_things_total Things.\\nAnd \"more\" \\\\.\n"
                                 "# TYPE shop_things_total counter\n"));
    assert_null(strstr(strstr(text, "# HELP shop_things") + 1, "# HELP shop_things"));
    assert_non_null(strstr(text, "gimlet_build_info{name=\"shop\",version=\"1.2\",gimlet=\""));
    assert_true(value_of(text, "gimlet_workers") == 1);
    assert_true(value_of(text, "process_open_fds") > 2);
    assert_true(value_of(text, "process_resident_memory_bytes") > 100000);
    assert_true(value_of(text, "process_cpu_seconds_total") > 0);
    assert_true(value_of(text, "process_start_time_seconds") > 1e9);
    free(text);
    gim_app_free(app);
}

struct bad {
    const char *says;
    struct gim_metric row;
};

static const struct gim_scale falling = {(const int64_t[]){2, 1}, 2, 1};
static const struct gim_buckets wrong = {.scale = &falling}, none;

static void wrong_rows_stop_the_start(void **state)
{
    static const struct bad rows[] = {
        {"not [a-zA-Z_:]", GIM_GAUGE("9lives", &queue, "x")},
        {"not [a-zA-Z_:]", GIM_GAUGE("a-b", &queue, "x")},
        {"framework's own", GIM_GAUGE("process_x", &queue, "x")},
        {"framework's own", GIM_GAUGE("gimlet_x", &queue, "x")},
        {"must end in _total", GIM_COUNTER("sold", &sold, "x")},
        {"must not end in _total", GIM_GAUGE("sold_total", &queue, "x")},
        {"and no more", GIM_GAUGE("x", NULL, "x")},
        {"and no more", GIM_GAUGE("x", &queue, "x", .read = half)},
        {"ascending", GIM_HISTOGRAM("x", &wrong, "x")},
        {"ascending", GIM_HISTOGRAM("x", &none, "x")},
        {"a sentence", GIM_GAUGE("x", &queue, NULL)},
        {"labels", GIM_GAUGE("x", &queue, "x", .labels = "a=b")},
        {"labels", GIM_GAUGE("x", &queue, "x", .labels = "a=\"b\",")},
        {"labels", GIM_GAUGE("x", &queue, "x", .labels = "a=\"b\"c=\"d\"")},
        {"labels", GIM_GAUGE("x", &queue, "x", .labels = "a=\"b")},
        {"labels", GIM_GAUGE("x", &queue, "x", .labels = "a=\"b\\\"")},
        {"labels", GIM_GAUGE("x", &queue, "x", .labels = "a=\"\\x\"")},
        {"labels", GIM_GAUGE("x", &queue, "x", .labels = "=\"b\"")},
        {"same labels", GIM_GAUGE("there", &queue, "x")},
        {"another kind", GIM_HISTOGRAM("there", &waits, "x", .labels = "a=\"b\"")},
        {"stands apart", GIM_GAUGE("apart", &queue, "x", .labels = "a=\"b\"")},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gim_metric all[] = {
            GIM_GAUGE("apart", &queue, "x"), GIM_GAUGE("there", &queue, "x"), rows[i].row, {0}};
        struct gim_metrics with = GIM_METRICS(.figures = all);
        char err[2000] = "";
        struct gim_app *app =
            gim_app_new(&(const struct gim_app_spec){.metrics = &with}, err, sizeof err);

        if (app || !strstr(err, rows[i].says) || !strstr(err, "test_metrics.c:"))
            fail_msg("%zu: %s", i, err);
        gim_app_free(app);
    }
}

/* ---- formats --------------------------------------------------------------------------------- */

static void the_format_is_what_accept_prefers(void **state)
{
    static const struct {
        const char *accept;
        bool open_metrics;
    } rows[] = {
        {NULL, false},
        {"Accept: */*\r\n", false},
        {"Accept: text/plain\r\n", false},
        {"Accept: application/openmetrics-text\r\n", true},
        {"Accept: application/openmetrics-text;version=1.0.0;q=0.5,text/plain;q=0.9\r\n", false},
        {"Accept: application/openmetrics-text;version=1.0.0,application/openmetrics-text;"
         "version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1\r\n",
         true},
        {"Accept: image/png\r\n", false},
    };
    struct gim_app *app = open_app(&metrics);

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *text = scrape(app, rows[i].accept);
        size_t n = strlen(text);
        bool ends = n > 6 && strcmp(text + n - 6, "# EOF\n") == 0;
        bool cut = strstr(text, "# TYPE shop_things counter\n") != NULL;

        if (ends != rows[i].open_metrics || cut != rows[i].open_metrics)
            fail_msg("%s", rows[i].accept);
        free(text);
    }
    gim_app_free(app);
}

static void labels_are_escaped(void **state)
{
    struct gim_buf b = {0};

    (void)state;
    gim_label_add(&b, "a", GIM_S("x\"y\\z\nw"));
    gim_label_add(&b, "b", GIM_S(""));
    assert_true(gim_str_eq(gim_buf_view(&b), GIM_S("a=\"x\\\"y\\\\z\\nw\",b=\"\"")));
    assert_true(gim_metric_labels_ok(gim_buf_view(&b)));
    gim_buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_counted_by_method_route_and_status),
        cmocka_unit_test(buckets_add_up),
        cmocka_unit_test(refusals_are_counted_by_reason),
        cmocka_unit_test(kinds_of_a_route_are_bounded),
        cmocka_unit_test(counting_takes_no_memory_after_the_first),
        cmocka_unit_test(without_metrics_there_is_nothing),
        cmocka_unit_test(figures_are_counted_from_any_thread),
        cmocka_unit_test(wrong_rows_stop_the_start),
        cmocka_unit_test(the_format_is_what_accept_prefers),
        cmocka_unit_test(labels_are_escaped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
