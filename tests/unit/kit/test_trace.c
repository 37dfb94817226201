/* test_trace.c: a trace is continued or begun, and is in what goes out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <gimlet.h>

#define TRACE "4bf92f3577b34da6a3ce929d0e0e4736"
#define SPAN "00f067aa0ba902b7"
#define PARENT "traceparent: 00-" TRACE "-" SPAN "-01\r\n"

static int show(struct gim_ctx *c)
{
    return gim_text(c, 200,
                    gim_printf(gim_arena(c), "%.*s|%.*s|%.*s|%.*s|%.*s|%d",
                               GIM_FMT(gim_trace_id(c)), GIM_FMT(gim_span_id(c)),
                               GIM_FMT(gim_trace_caller(c)), GIM_FMT(gim_traceparent(c)),
                               GIM_FMT(gim_tracestate(c)), gim_trace_sampled(c)));
}

static int later(struct gim_ctx *c)
{
    gim_resume(gim_suspend(c), show);
    return GIM_SUSPENDED;
}

static const struct gim_route routes[] = {
    GIM_GET("/show", show),
    GIM_GET("/later", later, .suspends = true),
    GIM_GET("/blocking", show, .blocking = true),
    {0},
};
static const struct gim_middleware *const with_trace[] = {&gim_request_id, &gim_trace, NULL};

/* The parts of what `show` says, cut in place. */
struct shown {
    gim_str trace, span, caller, parent, state, sampled;
    struct gim_test_reply r;
};

static struct shown ask(struct gim_app *app, const char *target, const char *fields)
{
    struct shown s = {.r = gim_test_call(app, "GET", target, fields, NULL)};
    gim_str rest = s.r.body;

    assert_int_equal(s.r.status, 200);
    s.trace = gim_str_cut(&rest, '|');
    s.span = gim_str_cut(&rest, '|');
    s.caller = gim_str_cut(&rest, '|');
    s.parent = gim_str_cut(&rest, '|');
    s.state = gim_str_cut(&rest, '|');
    s.sampled = rest;
    return s;
}

static struct gim_app *open_app(const struct gim_middleware *const *middleware)
{
    char err[1000] = "";
    struct gim_app *app = gim_app_new(
        &(const struct gim_app_spec){.routes = routes, .middleware = middleware}, err, sizeof err);

    if (!app)
        fail_msg("%s", err);
    return app;
}

static void a_trace_is_continued_with_a_span_of_our_own(void **state)
{
    static const char *const targets[] = {"/show", "/later", "/blocking"};
    struct gim_app *app = open_app(with_trace);

    (void)state;
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        struct shown s = ask(app, targets[i], PARENT "tracestate: a=1\r\nTraceState: b=2,c=3\r\n");
        char want[100];

        assert_true(gim_str_eq(s.trace, GIM_S(TRACE)));
        assert_true(gim_str_eq(s.caller, GIM_S(SPAN)));
        assert_true(s.span.len == 16 && !gim_str_eq(s.span, GIM_S(SPAN)));
        snprintf(want, sizeof want, "00-" TRACE "-%.*s-01", GIM_FMT(s.span));
        assert_true(gim_str_eq(s.parent, gim_str_of(want)));
        assert_true(gim_str_eq(s.state, GIM_S("a=1,b=2,c=3")));
        assert_true(gim_str_eq(s.sampled, GIM_S("1")));
        gim_test_free(&s.r);
    }
    gim_app_free(app);
}

static void what_is_no_trace_begins_a_new_one(void **state)
{
    static const char *const fields[] = {
        "",
        "tracestate: a=1\r\n",
        "traceparent: nonsense\r\ntracestate: a=1\r\n",
        "traceparent: 00-" TRACE "-0000000000000000-01\r\n",
        PARENT PARENT,
    };
    struct gim_app *app = open_app(with_trace);
    char before[33] = "";

    (void)state;
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        struct shown s = ask(app, "/show", fields[i]);

        assert_int_equal(s.trace.len, 32);
        assert_false(gim_str_eq(s.trace, GIM_S(TRACE)));
        assert_false(gim_str_eq(s.trace, gim_str_of(before)));
        assert_int_equal(s.caller.len, 0);
        assert_int_equal(s.state.len, 0);
        assert_true(gim_str_eq(s.sampled, GIM_S("1")));
        memcpy(before, s.trace.ptr, 32);
        gim_test_free(&s.r);
    }
    gim_app_free(app);
}

static void an_unsampled_trace_stays_so(void **state)
{
    struct gim_app *app = open_app(with_trace);
    struct shown s = ask(app, "/show", "traceparent: 00-" TRACE "-" SPAN "-00\r\n");

    (void)state;
    assert_true(gim_str_eq(s.sampled, GIM_S("0")));
    assert_memory_equal(s.parent.ptr + 52, "-00", 3);
    gim_test_free(&s.r);
    gim_app_free(app);
}

static void a_state_that_is_too_long_is_left_out(void **state)
{
    struct gim_app *app = open_app(with_trace);
    char fields[6000];
    int n = snprintf(fields, sizeof fields, PARENT "tracestate: a=");
    struct shown s;

    (void)state;
    memset(fields + n, 'x', 4090);
    memcpy(fields + n + 4090, "\r\n", 3);
    s = ask(app, "/show", fields);
    assert_int_equal(s.state.len, 4092);
    gim_test_free(&s.r);
    memcpy(fields + n + 4090, "xxxxx\r\n", 8);
    s = ask(app, "/show", fields);
    assert_int_equal(s.state.len, 0);
    gim_test_free(&s.r);
    gim_app_free(app);
}

static void problems_name_request_and_trace(void **state)
{
    struct gim_app *app = open_app(with_trace);
    struct gim_test_reply r =
        gim_test_call(app, "GET", "/nowhere", PARENT "X-Request-Id: abc\r\n", NULL);
    static const char want[] = "\"instance\":\"abc\",\"trace_id\":\"" TRACE "\"";

    (void)state;
    assert_int_equal(r.status, 404);
    assert_non_null(memmem(r.body.ptr, r.body.len, want, sizeof want - 1));
    gim_test_free(&r);
    gim_app_free(app);
}

static void without_the_middleware_there_is_none(void **state)
{
    struct gim_app *app = open_app(NULL);
    struct shown s = ask(app, "/show", PARENT);

    (void)state;
    assert_int_equal(s.trace.len + s.span.len + s.caller.len + s.parent.len + s.state.len, 0);
    assert_true(gim_str_eq(s.sampled, GIM_S("0")));
    gim_test_free(&s.r);
    gim_app_free(app);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_trace_is_continued_with_a_span_of_our_own),
        cmocka_unit_test(what_is_no_trace_begins_a_new_one),
        cmocka_unit_test(an_unsampled_trace_stays_so),
        cmocka_unit_test(a_state_that_is_too_long_is_left_out),
        cmocka_unit_test(problems_name_request_and_trace),
        cmocka_unit_test(without_the_middleware_there_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
