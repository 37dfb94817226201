/* test_mistake.c: handlers that do what none may: what the client gets, and what whoever wrote the
 * handler is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <gimlet.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "gimlet/rest/ctx.h"

struct thing {
    gim_str name;
};
static const struct gim_field thing_fields[] = {GIM_STR(struct thing, name)};
static const struct gim_schema thing_schema = GIM_SCHEMA("Thing", struct thing, thing_fields);

/* ---- the log, caught ------------------------------------------------------------------------- */

static FILE *caught;
static int real_stderr;
static char text[8192];

static void catch_log(void)
{
    fflush(stderr);
    caught = tmpfile();
    real_stderr = dup(STDERR_FILENO);
    dup2(fileno(caught), STDERR_FILENO);
    gim_log_level(GIM_LOG_DEBUG);
}

static const char *caught_log(void)
{
    size_t n;

    fflush(stderr);
    dup2(real_stderr, STDERR_FILENO);
    close(real_stderr);
    gim_log_level(-1);
    rewind(caught);
    n = fread(text, 1, sizeof text - 1, caught);
    text[n] = '\0';
    fclose(caught);
    return text;
}

static unsigned lines(const char *s)
{
    unsigned n = 0;

    for (; *s; s++)
        n += *s == '\n';
    return n;
}

/* ---- handlers that go wrong ------------------------------------------------------------------ */

static int nothing(struct gim_ctx *c)
{
    (void)c;
    return GIM_OK;
}

static int promises(struct gim_ctx *c)
{
    (void)c;
    return GIM_REPLIED;
}

static int fails(struct gim_ctx *c)
{
    (void)c;
    return -7;
}

static int sleeps_not(struct gim_ctx *c)
{
    (void)c;
    return GIM_SUSPENDED;
}

static int twice(struct gim_ctx *c)
{
    gim_text(c, 200, GIM_S("one"));
    return gim_text(c, 404, GIM_S("two"));
}

static gim_handle handle;
static struct gim_ctx *volatile held; /* what nobody gives back is still pointed at from here */

static int suspends_and_returns_ok(struct gim_ctx *c)
{
    handle = gim_suspend(c);
    return GIM_OK;
}

static int suspends(struct gim_ctx *c)
{
    held = c;
    handle = gim_suspend(c);
    return GIM_SUSPENDED;
}

static int suspends_where_it_may_not(struct gim_ctx *c)
{
    handle = gim_suspend(c);
    return GIM_SUSPENDED;
}

static int replies(struct gim_ctx *c)
{
    return gim_text(c, 200, GIM_S("fine"));
}

static int says_one_hundred(struct gim_ctx *c)
{
    return gim_text(c, 100, GIM_S("wait for ever"));
}

static int says_ninety_nine(struct gim_ctx *c)
{
    return gim_bytes(c, 99, GIM_S("text/plain"), GIM_S("x"));
}

static int says_a_thousand(struct gim_ctx *c)
{
    return gim_problem(c, 1000, NULL, "x");
}

static int says_less_than_nothing(struct gim_ctx *c)
{
    return gim_empty(c, -5);
}

static int switches_protocols(struct gim_ctx *c)
{
    return gim_empty(c, 101);
}

static int redirects_with_200(struct gim_ctx *c)
{
    return gim_redirect(c, 200, GIM_S("/fine"));
}

static int redirects_nowhere(struct gim_ctx *c)
{
    return gim_redirect(c, 302, gim_header(c, GIM_S("Referer")));
}

static int has_nothing_to_say(struct gim_ctx *c)
{
    return gim_problem(c, 404, NULL, NULL);
}

static int replies_with_nothing(struct gim_ctx *c)
{
    return gim_reply(c, 200, &thing_schema, gim_get(c, "found by nobody"));
}

static int replies_without_a_schema(struct gim_ctx *c)
{
    struct thing t = {GIM_S("x")};

    return gim_reply(c, 201, NULL, &t);
}

static int streams_nothing(struct gim_ctx *c)
{
    return gim_stream(c, 200, GIM_S("text/plain"), GIM_LENGTH_UNKNOWN, NULL, NULL);
}

static enum gim_pull waits_for_nobody(struct gim_ctx *c, struct gim_out *out, void *arg)
{
    (void)c;
    (void)arg;
    gim_out_bytes(out, GIM_S("one"));
    return GIM_PULL_WAIT;
}

static int streams_for_ever(struct gim_ctx *c)
{
    return gim_stream(c, 200, GIM_S("text/plain"), GIM_LENGTH_UNKNOWN, waits_for_nobody, NULL);
}

static const struct gim_middleware lazy = {.name = "lazy", .before = promises};
static const struct gim_middleware *const with_lazy[] = {&lazy, NULL};

static int replaces(struct gim_ctx *c)
{
    return gim_text(c, 200, GIM_S("replaced"));
}

static const struct gim_middleware replacing = {.name = "replacing", .after = replaces};
static const struct gim_middleware *const with_replacing[] = {&replacing, NULL};

static const struct gim_route routes[] = {
    GIM_GET("/silent/:id", nothing, .reply = &thing_schema),
    GIM_GET("/accepted", nothing, .status = 202),
    GIM_GET("/gone", nothing, .status = 204),
    GIM_GET("/nothing", nothing),
    GIM_GET("/promises", promises),
    GIM_GET("/fails", fails, .reply = &thing_schema),
    GIM_GET("/sleeps_not", sleeps_not, .suspends = true),
    GIM_GET("/strays", suspends_and_returns_ok, .suspends = true),
    GIM_GET("/forbidden", suspends_where_it_may_not),
    GIM_GET("/twice", twice, .reply = &thing_schema),
    GIM_GET("/lazy", replies, .middleware = with_lazy),
    GIM_GET("/replaced", replies, .middleware = with_replacing),
    GIM_GET("/fine", replies, .reply = &thing_schema),
    GIM_GET("/100", says_one_hundred),
    GIM_GET("/99", says_ninety_nine),
    GIM_GET("/1000", says_a_thousand),
    GIM_GET("/-5", says_less_than_nothing),
    GIM_GET("/101", switches_protocols),
    GIM_GET("/redirect", redirects_with_200),
    GIM_GET("/nowhere", redirects_nowhere),
    GIM_GET("/no_detail", has_nothing_to_say),
    GIM_GET("/no_object", replies_with_nothing),
    GIM_GET("/no_schema", replies_without_a_schema),
    GIM_GET("/no_pull", streams_nothing, .streams = true),
    GIM_GET("/waits", streams_for_ever, .streams = true),
    GIM_GET("/forgets", suspends, .suspends = true, .handler_timeout = 70),
    {0},
};
static const struct gim_app_spec spec = {.routes = routes};
static struct gim_app *app;

static int open_app(void **state)
{
    char err[512];

    (void)state;
    app = gim_app_new(&spec, err, sizeof err);
    return app ? 0 : -1;
}

static int close_app(void **state)
{
    (void)state;
    gim_app_free(app);
    return 0;
}

static void each_mistake_is_told_with_its_route_and_never_hangs(void **state)
{
    static const struct {
        const char *target;
        int status;
        const char *level, *says; /* NULL: nothing is told */
    } rows[] = {
        {"/silent/7", 500, "error", "GET /silent/:id: the handler returned without a reply, but"},
        {"/accepted", 500, "error", "GET /accepted: the handler returned without a reply, but"},
        {"/gone", 204, NULL, NULL},
        {"/nothing", 204, NULL, NULL},
        {"/promises", 500, "error", "GET /promises: the handler returned 1 and made no reply"},
        {"/fails", 500, "error", "GET /fails: the handler returned -7 and made no reply"},
        {"/sleeps_not", 500, "error", "returned GIM_SUSPENDED without gim_suspend"},
        {"/strays", 500, "error", "GET /strays: the handler called gim_suspend and returned 0"},
        {"/forbidden", 500, "error", "GET /forbidden: gim_suspend needs .suspends = true"},
        {"/twice", 404, "warn",
         "GET /twice: the handler made a second reply (404), which replaced"},
        {"/lazy", 500, "error", "GET /lazy: the before of middleware lazy returned 1 and made no"},
        {"/100", 500, "error", "GET /100: a reply's status is 200 to 599, not 100"},
        {"/99", 500, "error", "not 99, so the client got 500"},
        {"/1000", 500, "error", "not 1000, so the client got 500"},
        {"/-5", 500, "error", "not -5, so the client got 500"},
        {"/101", 500, "error", "not 101, so the client got 500"},
        {"/redirect", 500, "error", "a redirect's status is 301, 302, 303, 307 or 308, not 200"},
        {"/nowhere", 500, "error", "gim_redirect got no location for a 302, so the client got 500"},
        {"/no_detail", 404, NULL, NULL},
        {"/no_object", 500, "error", "gim_reply got NULL as the object of a 200, so the client"},
        {"/no_schema", 500, "error", "gim_reply got no schema for a 201, so the client"},
        {"/no_pull", 500, "error", "gim_stream got NULL as its pull, so the client got 500"},
        {"/waits", 200, "error", "GIM_PULL_WAIT without gim_suspend, so nothing could wake it"},
        {"/replaced", 200, NULL, NULL},
        {"/fine", 200, NULL, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gim_test_reply r;
        const char *said;

        handle = (gim_handle){0};
        catch_log();
        r = gim_test_call(app, "GET", rows[i].target, NULL, NULL);
        gim_resume(handle, replies); /* where one was taken */
        gim_test_run(app, 0);
        said = caught_log();
        if (r.status != rows[i].status)
            fail_msg("%s: %d, want %d", rows[i].target, r.status, rows[i].status);
        if (!rows[i].says && *said)
            fail_msg("%s: said %s", rows[i].target, said);
        if (rows[i].says && (!strstr(said, rows[i].says) || !strstr(said, rows[i].level) ||
                             !strstr(said, "test_mistake.c:")))
            fail_msg("%s: said %s", rows[i].target, said);
        gim_test_free(&r);
    }
}

static void a_mistake_that_goes_on_is_told_less_and_less(void **state)
{
    const char *said;

    (void)state;
    catch_log();
    for (int i = 0; i < 99; i++) { /* once it was told above */
        struct gim_test_reply r = gim_test_call(app, "GET", "/fails", NULL, NULL);

        gim_test_free(&r);
    }
    said = caught_log();
    assert_int_equal(lines(said), 6); /* 2, 4, 8, 16, 32, 64 */
    assert_non_null(strstr(said, "(seen 64 times)"));
}

static void a_handle_that_is_resumed_late_is_told_and_answered_503(void **state)
{
    struct gim_test_reply r;
    const char *said;

    (void)state;
    catch_log();
    r = gim_test_call(app, "GET", "/forgets", NULL, NULL);
    said = caught_log();
    assert_int_equal(r.status, 503);
    assert_non_null(strstr(said, "GET /forgets: the handler was still suspended"));
    assert_non_null(strstr(said, "warn"));
    gim_test_free(&r);
    gim_resume(handle, replies);
    gim_test_run(app, 0);
}

static void a_handle_that_is_never_resumed_is_told_at_the_end(void **state)
{
    char err[512];
    struct gim_app *a = gim_app_new(&spec, err, sizeof err);
    struct gim_test_reply r = gim_test_call(a, "GET", "/forgets", NULL, NULL);
    const char *said;

    (void)state;
    assert_int_equal(r.status, 503);
    gim_test_free(&r);
    catch_log();
    gim_app_free(a);
    said = caught_log();
    assert_non_null(strstr(said, "GET /forgets: the handler suspended "));
    assert_non_null(strstr(said, "its handle was not resumed"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_mistake_is_told_with_its_route_and_never_hangs),
        cmocka_unit_test(a_mistake_that_goes_on_is_told_less_and_less),
        cmocka_unit_test(a_handle_that_is_resumed_late_is_told_and_answered_503),
        cmocka_unit_test(a_handle_that_is_never_resumed_is_told_at_the_end),
    };

    return cmocka_run_group_tests(tests, open_app, close_app);
}
