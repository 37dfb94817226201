/* test_limits.c: limits and time-outs that a route or group has of its own, beside the app's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <gimlet.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "gimlet/base/buf.h"
#include "gimlet/base/clock.h"
#include "gimlet/rest/ctx.h"
#include "gimlet/wire/conn.h"

static gim_handle handle;

static int replies(struct gim_ctx *c)
{
    return gim_text(c, 200, GIM_S("fine"));
}

static void *resumes_late(void *arg)
{
    (void)arg;
    usleep(180000);
    gim_resume(handle, replies);
    return NULL;
}

static int suspends(struct gim_ctx *c)
{
    pthread_t t;

    handle = gim_suspend(c);
    pthread_create(&t, NULL, resumes_late, NULL);
    pthread_detach(t);
    return GIM_SUSPENDED;
}

static int takes_long(struct gim_ctx *c)
{
    usleep(2000);
    return gim_text(c, 200, GIM_S("done"));
}

static const struct gim_route own_routes[] = {
    GIM_GET("/busy", takes_long),
    GIM_GET("/short", suspends, .suspends = true, .handler_timeout = 1),
    GIM_GET("/long", suspends, .suspends = true, .handler_timeout = 20000),
    GIM_GET("/none", suspends, .suspends = true, .handler_timeout = GIM_NONE),
    GIM_GET("/app", suspends, .suspends = true),
    GIM_POST("/body/short", replies, .body_raw = true, .body_timeout = 1),
    GIM_POST("/body/none", replies, .body_raw = true, .body_timeout = GIM_NONE),
    GIM_POST("/body/app", replies, .body_raw = true),
    {0},
};
static const struct gim_route group_routes[] = {
    GIM_GET("/inherits", suspends, .suspends = true),
    GIM_GET("/overrides", suspends, .suspends = true, .handler_timeout = 1),
    {0},
};
static const struct gim_group groups[] = {
    {.prefix = "/group", .routes = group_routes, .handler_timeout = GIM_NONE}, {0}};
static const struct gim_app_spec spec = {.routes = own_routes, .groups = groups};
static struct gim_app *app;

static int open_app(void **state)
{
    char err[512];

    (void)state;
    app = gim_app_new(&spec, err, sizeof err);
    if (!app)
        return -1;
    app->settings.limits.handler_timeout = 1;
    app->settings.limits.body_timeout = 1;
    app->settings.limits.body_min_rate = 0;
    gim_test_run(app, 0);
    return 0;
}

static int close_app(void **state)
{
    (void)state;
    gim_app_free(app);
    return 0;
}

static void the_innermost_handler_timeout_holds(void **state)
{
    static const struct {
        const char *target;
        int status;
    } rows[] = {
        {"/short", 503}, {"/long", 200},           {"/none", 200},
        {"/app", 503},   {"/group/inherits", 200}, {"/group/overrides", 503},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint64_t begun = gim_clock_ms();
        struct gim_test_reply r = gim_test_call(app, "GET", rows[i].target, NULL, NULL);

        if (r.status != rows[i].status)
            fail_msg("%s: %d", rows[i].target, r.status);
        gim_test_free(&r);
        while (gim_clock_ms() < begun + 230) /* the late resume */
            gim_test_run(app, 20);
    }
}

/* Half a body, and what the server says within 200 ms. */
static const char *half_a_body(const char *target)
{
    static char said[512];
    struct gim_memory m;
    struct gim_conn *c;
    char head[128];

    snprintf(head, sizeof head, "POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf",
             target);
    gim_memory_open(&m, app->loops[0], &gim_conn_user);
    c = gim_conn_open(&app->running[0]->wire, &m.stream);
    gim_memory_feed(&m, gim_str_of(head));
    gim_test_run(app, 200);
    snprintf(said, sizeof said, "%.*s", (int)m.out_len, m.out ? m.out : "");
    if (!m.closed)
        gim_conn_close(c, true);
    gim_memory_free(&m);
    return said;
}

static void the_innermost_body_timeout_holds(void **state)
{
    (void)state;
    assert_non_null(strstr(half_a_body("/body/short"), "HTTP/1.1 408"));
    assert_non_null(strstr(half_a_body("/body/app"), "HTTP/1.1 408"));
    assert_string_equal(half_a_body("/body/none"), "");
}

static void timeouts_that_are_none_stop_the_start(void **state)
{
    const struct gim_route wrong[] = {
        GIM_GET("/a", replies, .handler_timeout = -2),
        GIM_GET("/b", replies, .body_timeout = 86400001),
        {0},
    };
    char err[1024];

    (void)state;
    assert_null(gim_app_new(&(struct gim_app_spec){.routes = wrong}, err, sizeof err));
    assert_non_null(strstr(err, "GET /a: .handler_timeout is -2 ms"));
    assert_non_null(strstr(err, "GET /b: .body_timeout is 86400001 ms"));
    assert_non_null(strstr(err, "test_limits.c:"));
}

/* Once a turn has lasted for its share of time, the rest waits for the next: nothing of it is lost. */
static void requests_that_take_a_turn_each_are_all_answered(void **state)
{
    const int asked = 8;
    struct gim_buf all = {0};
    struct gim_test_reply r;
    int n = 0;

    (void)state;
    gim_buf_lit(&all, "GET /long HTTP/1.1\r\nHost: a\r\n\r\n"); /* goes on in a turn of the loop */
    for (int i = 0; i < asked; i++)
        gim_buf_lit(&all, "GET /busy HTTP/1.1\r\nHost: a\r\n\r\n");
    r = gim_test_bytes(app, gim_buf_view(&all), 0);
    gim_buf_free(&all);
    for (gim_str rest = r.raw; rest.len >= 4; rest.ptr++, rest.len--)
        n += memcmp(rest.ptr, "done", 4) == 0;
    assert_int_equal(n, asked);
    gim_test_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_innermost_handler_timeout_holds),
        cmocka_unit_test(the_innermost_body_timeout_holds),
        cmocka_unit_test(timeouts_that_are_none_stop_the_start),
        cmocka_unit_test(requests_that_take_a_turn_each_are_all_answered),
    };

    return cmocka_run_group_tests(tests, open_app, close_app);
}
