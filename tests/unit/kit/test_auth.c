/* test_auth.c: guards: who is let through, what the handler gets, what the others are told. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include "calls.h"

struct user {
    gim_str name;
    int64_t id;
};

static int check_password(struct gim_ctx *c, gim_str user, gim_str password, void *value)
{
    struct user *u = value;

    (void)c;
    assert_true(u->id == 0 && u->name.ptr == NULL);
    if (!gim_str_eq_secret(password, GIM_S("open sesame")))
        return GIM_DENIED;
    if (gim_str_eq(user, GIM_S("guest")))
        return GIM_FORBIDDEN;
    *u = (struct user){user, 7};
    return GIM_OK;
}

static int check_token(struct gim_ctx *c, gim_str token, void *value)
{
    struct user *u = value;

    if (gim_str_eq(token, GIM_S("down")))
        return gim_problem(c, 503, NULL, "the users cannot be asked");
    if (gim_str_eq(token, GIM_S("weak")))
        return GIM_FORBIDDEN;
    if (gim_str_eq(token, GIM_S("odd")))
        return 42;
    if (!gim_str_eq_secret(token, GIM_S("good")))
        return GIM_DENIED;
    *u = (struct user){token, 8};
    return GIM_OK;
}

static int check_key(struct gim_ctx *c, void *value)
{
    gim_str key = gim_header(c, GIM_S("X-Key"));

    if (!key.ptr)
        return GIM_DENIED;
    if (!gim_str_eq(key, GIM_S("k")))
        return GIM_FORBIDDEN;
    *(int *)value = 9;
    return GIM_OK;
}

static const struct gim_middleware basic =
    GIM_BASIC(check_password, struct user, .realm = "a \"b\"");
static const struct gim_middleware bearer =
    GIM_BEARER(check_token, struct user, .realm = "posts", .scope = "posts:write");
static const struct gim_middleware maybe = GIM_BEARER(check_token, struct user, .optional = true);
static const struct gim_middleware key = GIM_GUARD(check_key, int);
static const struct gim_middleware session = GIM_GUARD(check_key, int, .challenge = "Cookie");

static int show(struct gim_ctx *c, const struct gim_middleware *guard)
{
    const struct user *u = GIM_GUARD_VALUE(c, guard, struct user);

    if (!u)
        return gim_text(c, 200, GIM_S("nobody"));
    return gim_text(c, 200, gim_printf(gim_arena(c), "%.*s %d", GIM_FMT(u->name), (int)u->id));
}
static int show_basic(struct gim_ctx *c)
{
    return show(c, &basic);
}
static int show_bearer(struct gim_ctx *c)
{
    return show(c, &bearer);
}
static int show_maybe(struct gim_ctx *c)
{
    return show(c, &maybe);
}
static int show_key(struct gim_ctx *c)
{
    const int *n = GIM_GUARD_VALUE(c, &key, int);
    const int *other = GIM_GUARD_VALUE(c, &session, int);

    assert_null(GIM_GUARD_VALUE(c, &key, struct user)); /* not of that type */
    assert_null(other);                                 /* did not run */
    return gim_text(c, 200, gim_printf(gim_arena(c), "%d", *n));
}
static int show_both(struct gim_ctx *c)
{
    const struct user *u = GIM_GUARD_VALUE(c, &bearer, struct user);
    const int *n = GIM_GUARD_VALUE(c, &key, int);

    return gim_text(c, 200, gim_printf(gim_arena(c), "%d %d", (int)u->id, *n));
}
static int show_session(struct gim_ctx *c)
{
    return gim_text(c, 200, GIM_S("in"));
}
/* What a check that must wait does: let the head in, decide in the handler. */
static int show_late(struct gim_ctx *c)
{
    gim_str token = gim_bearer_token(c);

    if (!token.ptr)
        return gim_text(c, 200, GIM_S("no token"));
    return gim_guard_refuse(c, &bearer, GIM_FORBIDDEN);
}

#define WITH(...)                                                                                  \
    .middleware = (const struct gim_middleware *const[])                                           \
    {                                                                                              \
        __VA_ARGS__, NULL                                                                          \
    }
static const struct gim_route routes[] = {
    GIM_GET("/basic", show_basic, WITH(&basic)),
    GIM_POST("/basic", show_basic, WITH(&basic), .body_raw = true),
    GIM_GET("/bearer", show_bearer, WITH(&bearer)),
    GIM_GET("/maybe", show_maybe, WITH(&maybe)),
    GIM_GET("/key", show_key, WITH(&key)),
    GIM_GET("/session", show_session, WITH(&session)),
    GIM_GET("/both", show_both, WITH(&bearer, &key)),
    GIM_GET("/late", show_late),
    {0},
};

#define BASIC "Authorization: Basic "
#define BEARER "Authorization: Bearer "
#define SESAME "QWxhZGRpbjpvcGVuIHNlc2FtZQ==" /* Aladdin:open sesame */
#define GUEST "Z3Vlc3Q6b3BlbiBzZXNhbWU="      /* guest:open sesame */
#define WRONG "QWxhZGRpbjpvcGVuIHNlc2FtRQ=="  /* Aladdin:open sesamE */

static const struct row {
    const char *target, *headers;
    int status;
    const char *challenge; /* the whole field; NULL: none */
    const char *body;      /* a part of it */
} rows[] = {
    {"/basic", BASIC SESAME "\r\n", 200, NULL, "Aladdin 7"},
    {"/basic", "", 401, "Basic realm=\"a \\\"b\\\"\", charset=\"UTF-8\"", "send a user name"},
    {"/basic", BASIC WRONG "\r\n", 401, "Basic realm=\"a \\\"b\\\"\", charset=\"UTF-8\"", "wrong"},
    {"/basic", BASIC "!!\r\n", 401, "Basic realm=\"a \\\"b\\\"\", charset=\"UTF-8\"", "wrong"},
    {"/basic", BEARER "good\r\n", 401, "Basic realm=\"a \\\"b\\\"\", charset=\"UTF-8\"", "send a"},
    {"/basic", BASIC GUEST "\r\n", 403, NULL, "may not"},
    {"/bearer", BEARER "good\r\n", 200, NULL, "good 8"},
    {"/bearer", "authorization: bearer good\r\n", 200, NULL, "good 8"},
    {"/bearer", "", 401, "Bearer realm=\"posts\"", "send a token"},
    {"/bearer", BASIC SESAME "\r\n", 401, "Bearer realm=\"posts\"", "send a token"},
    {"/bearer", BEARER "bad\r\n", 401, "Bearer realm=\"posts\", error=\"invalid_token\"",
     "not known"},
    {"/bearer", BEARER "odd\r\n", 401, "Bearer realm=\"posts\", error=\"invalid_token\"",
     "not known"},
    {"/bearer", BEARER "a b\r\n", 400, "Bearer realm=\"posts\", error=\"invalid_request\"",
     "well-formed"},
    {"/bearer", "Authorization: Bearer\r\n", 400,
     "Bearer realm=\"posts\", error=\"invalid_request\"", "well-formed"},
    {"/bearer", BEARER "weak\r\n", 403,
     "Bearer realm=\"posts\", error=\"insufficient_scope\", scope=\"posts:write\"", "not allow"},
    {"/bearer", BEARER "down\r\n", 503, NULL, "cannot be asked"},
    {"/bearer", BEARER "good\r\n" BEARER "good\r\n", 400, NULL, "more than one Authorization"},
    {"/maybe", "", 200, NULL, "nobody"},
    {"/maybe", BEARER "good\r\n", 200, NULL, "good 8"},
    {"/maybe", BEARER "bad\r\n", 401, "Bearer error=\"invalid_token\"", "not known"},
    {"/maybe", BEARER "a b\r\n", 400, "Bearer error=\"invalid_request\"", "well-formed"},
    {"/key", "X-Key: k\r\n", 200, NULL, "9"},
    {"/key", "X-Key: j\r\n", 403, NULL, "not allowed"},
    {"/key", "", 403, NULL, "not allowed"},
    {"/session", "X-Key: k\r\n", 200, NULL, "in"},
    {"/session", "", 401, "Cookie", "needs credentials"},
    {"/session", "X-Key: j\r\n", 403, NULL, "not allowed"},
    {"/both", BEARER "good\r\nX-Key: k\r\n", 200, NULL, "8 9"},
    {"/both", BEARER "good\r\n", 403, NULL, "not allowed"},
    {"/both", "X-Key: k\r\n", 401, "Bearer realm=\"posts\"", "send a token"},
    {"/late", "", 200, NULL, "no token"},
    {"/late", BEARER "a b\r\n", 200, NULL, "no token"},
    {"/late", BEARER "any\r\n", 403,
     "Bearer realm=\"posts\", error=\"insufficient_scope\", scope=\"posts:write\"", "not allow"},
};

static void guards_let_in_who_may_and_tell_the_others_why(void **state)
{
    struct gim_app *app = app_of(&(struct gim_app_spec){.routes = routes});

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct row *r = &rows[i];
        struct gim_test_reply got = gim_test_call(app, "GET", r->target, r->headers, NULL);
        gim_str challenge = gim_test_header(&got, "WWW-Authenticate");

        if (got.status != r->status || !gim_str_eq(challenge, gim_str_of(r->challenge)) ||
            !bytes_find(got.body, r->body).ptr)
            fail_msg("%s %s: %d %.*s %.*s", r->target, r->headers, got.status, GIM_FMT(challenge),
                     GIM_FMT(got.body));
        if (got.status != 200)
            assert_null(bytes_find(got.raw, "sesame").ptr); /* nothing of what was sent */
        gim_test_free(&got);
    }
    gim_app_free(app);
}

/* The value is made from the head alone; the body comes later and moves nothing. */
static void a_value_outlives_a_body_that_comes_byte_by_byte(void **state)
{
    gim_str request = GIM_S("POST /basic HTTP/1.1\r\nHost: h\r\n" BASIC SESAME
                            "\r\nContent-Length: 5\r\n\r\nhello");
    struct gim_app *app = app_of(&(struct gim_app_spec){.routes = routes});
    struct gim_test_reply r = gim_test_bytes(app, request, 1);

    (void)state;
    assert_int_equal(r.status, 200);
    assert_true(gim_str_eq(r.body, GIM_S("Aladdin 7")));
    gim_test_free(&r);
    gim_app_free(app);
}

static const struct gim_middleware none = GIM_GUARD(NULL, int);
static const struct gim_route bad[] = {GIM_GET("/", show_late, WITH(&none)), {0}};

static void a_guard_without_a_check_stops_the_start(void **state)
{
    (void)state;
    assert_refused(&(struct gim_app_spec){.routes = bad},
                   "middleware guard of /: the guard has no");
    assert_refused(&(struct gim_app_spec){.routes = routes, WITH(&none)},
                   "middleware guard of the application: the guard has no");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(guards_let_in_who_may_and_tell_the_others_why),
        cmocka_unit_test(a_value_outlives_a_body_that_comes_byte_by_byte),
        cmocka_unit_test(a_guard_without_a_check_stops_the_start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
