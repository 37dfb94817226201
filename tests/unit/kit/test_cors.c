/* test_cors.c: what pages of other origins get; and the fields of security_headers.h. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include "calls.h"

static int hello(struct gim_ctx *c)
{
    return gim_text(c, 200, GIM_S("hello"));
}
static int framed(struct gim_ctx *c)
{
    (void)gim_set_header(c, GIM_S("content-security-policy"), GIM_S("frame-ancestors 'self'"));
    return hello(c);
}
static const struct gim_route routes[] = {
    GIM_GET("/v1/posts", hello),
    GIM_POST("/v1/posts", hello),
    GIM_GET("/framed", framed),
    {0},
};

#define OUTER(...)                                                                                 \
    .middleware = (const struct gim_middleware *const[])                                           \
    {                                                                                              \
        __VA_ARGS__, NULL                                                                          \
    }
#define APP "Origin: https://app.example\r\n"
#define EVIL "Origin: https://evil.test\r\n"
#define ASKS "Access-Control-Request-Method: POST\r\n"

static const struct gim_middleware some =
    GIM_CORS(.origins = "https://app.example, https://*.example.com", .credentials = true,
             .headers = "Content-Type, Authorization", .exposed = "ETag, Location", .max_age = 600);
static const struct gim_middleware all = GIM_CORS(.origins = "*");
static const struct gim_middleware part =
    GIM_CORS(.origins = "https://app.example", .methods = "GET, PURGE", .under = "/v1/");

static void listed_origins_may_call_and_others_learn_nothing(void **state)
{
    struct gim_app *app = app_of(&(struct gim_app_spec){.routes = routes, OUTER(&some)});

    (void)state;
    assert_head(app, "OPTIONS", "/v1/posts", APP ASKS, 204,
                PARTS("Access-Control-Allow-Origin: https://app.example\r\n",
                      "Access-Control-Allow-Credentials: true\r\n",
                      "Access-Control-Allow-Methods: GET, HEAD, OPTIONS, POST\r\n",
                      "Access-Control-Allow-Headers: Content-Type, Authorization\r\n",
                      "Access-Control-Max-Age: 600\r\n", "Vary: Origin\r\n"));
    assert_head(app, "OPTIONS", "/v1/posts", EVIL ASKS, 204,
                PARTS("!Access-Control", "Vary: Origin\r\n", "Allow: "));
    /* no preflight: no method is asked for */
    assert_head(app, "OPTIONS", "/v1/posts", APP, 204,
                PARTS("!Access-Control-Allow-Methods", "Allow: ", "Access-Control-Allow-Origin: "));
    assert_head(app, "OPTIONS", "/nowhere", APP ASKS, 404, PARTS("!Access-Control-Allow-Methods"));
    assert_head(app, "GET", "/v1/posts", "Origin: https://a.example.com\r\n", 200,
                PARTS("Access-Control-Allow-Origin: https://a.example.com\r\n",
                      "Access-Control-Allow-Credentials: true\r\n",
                      "Access-Control-Expose-Headers: ETag, Location\r\n", "Vary: Origin\r\n",
                      "!Access-Control-Allow-Methods"));
    assert_head(app, "GET", "/v1/posts", EVIL, 200, PARTS("!Access-Control", "Vary: Origin\r\n"));
    assert_head(app, "GET", "/v1/posts", NULL, 200, PARTS("!Access-Control", "Vary: Origin\r\n"));
    /* a page can read why it was refused */
    assert_head(app, "GET", "/nowhere", APP, 404,
                PARTS("Access-Control-Allow-Origin: https://app"));
    assert_head(app, "DELETE", "/v1/posts", APP, 405,
                PARTS("Access-Control-Allow-Origin: https://app"));
    gim_app_free(app);
}

static void a_star_is_everybody_and_does_not_vary(void **state)
{
    struct gim_app *app = app_of(&(struct gim_app_spec){.routes = routes, OUTER(&all)});

    (void)state;
    assert_head(app, "GET", "/v1/posts", EVIL, 200,
                PARTS("Access-Control-Allow-Origin: *\r\n", "!Credentials", "!Vary"));
    /* a cache may keep this one and hand it to a page (Fetch, "CORS protocol and HTTP caches") */
    assert_head(app, "GET", "/v1/posts", NULL, 200,
                PARTS("Access-Control-Allow-Origin: *\r\n", "!Vary"));
    assert_head(app, "OPTIONS", "/v1/posts", EVIL ASKS, 204,
                PARTS("Access-Control-Allow-Origin: *\r\n",
                      "Access-Control-Allow-Headers: Content-Type\r\n", "!Max-Age"));
    gim_app_free(app);
}

static void a_set_up_may_hold_for_a_part_of_the_paths(void **state)
{
    struct gim_app *app = app_of(&(struct gim_app_spec){.routes = routes, OUTER(&part)});

    (void)state;
    assert_head(app, "OPTIONS", "/v1/posts", APP ASKS, 204,
                PARTS("Access-Control-Allow-Methods: GET, PURGE\r\n"));
    assert_head(app, "OPTIONS", "/framed", APP ASKS, 204, PARTS("!Access-Control", "!Vary"));
    assert_head(app, "GET", "/framed", APP, 200, PARTS("!Access-Control", "!Vary"));
    gim_app_free(app);
}

static const struct {
    struct gim_middleware m;
    const char *says;
} wrong[] = {
    {GIM_CORS(.origins = NULL), "who may call"},
    {GIM_CORS(.origins = ""), "who may call"},
    {GIM_CORS(.origins = "*", .credentials = true), "exclude each other"},
    {GIM_CORS(.origins = "https://a.b", .headers = "*", .credentials = true), "exclude each other"},
    {GIM_CORS(.origins = "https://a.b/"), "no browser sends"},
    {GIM_CORS(.origins = "https://a.b, *"), "no browser sends"},
    {GIM_CORS(.origins = "https://a.b, null", .credentials = true), "null"},
    {GIM_CORS(.origins = "a.b"), "no browser sends"},
    {GIM_CORS(.origins = "https://a.b", .max_age = -1), ".max_age is seconds"},
    {GIM_SECURITY_HEADERS(.csp = "a\nb"), "control character"},
};

static void a_set_up_that_cannot_be_right_stops_the_start(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_refused(&(struct gim_app_spec){.routes = routes, OUTER(&wrong[i].m)}, wrong[i].says);
}

/* ---- security headers -------------------------------------------------------------------------- */

static const struct gim_middleware plain = GIM_SECURITY_HEADERS();
static const struct gim_middleware strict =
    GIM_SECURITY_HEADERS(.hsts = "max-age=31536000", .permissions = "camera=()", .frame = "",
                         .csp = "default-src 'none'", .referrer = "same-origin");

static void every_reply_tells_browsers_what_not_to_do(void **state)
{
    struct gim_app *app = app_of(&(struct gim_app_spec){.routes = routes, OUTER(&plain)});

    (void)state;
    for (int i = 0; i < 2; i++)
        assert_head(app, "GET", i ? "/v1/posts" : "/nowhere", NULL, i ? 200 : 404,
                    PARTS("X-Content-Type-Options: nosniff\r\n",
                          "Content-Security-Policy: frame-ancestors 'none'\r\n",
                          "X-Frame-Options: DENY\r\n", "Referrer-Policy: no-referrer\r\n",
                          "!Strict-Transport", "!Permissions", "!Cross-Origin"));
    assert_head(app, "GET", "/framed", NULL, 200,
                PARTS("content-security-policy: frame-ancestors 'self'\r\n", "!ancestors 'none'"));
    gim_app_free(app);
}

static void texts_are_the_applications(void **state)
{
    struct gim_app *app = app_of(&(struct gim_app_spec){.routes = routes, OUTER(&strict)});

    (void)state;
    assert_head(app, "GET", "/v1/posts", NULL, 200,
                PARTS("Strict-Transport-Security: max-age=31536000\r\n",
                      "Permissions-Policy: camera=()\r\n", "!X-Frame-Options",
                      "Content-Security-Policy: default-src 'none'\r\n",
                      "Referrer-Policy: same-origin\r\n"));
    gim_app_free(app);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(listed_origins_may_call_and_others_learn_nothing),
        cmocka_unit_test(a_star_is_everybody_and_does_not_vary),
        cmocka_unit_test(a_set_up_may_hold_for_a_part_of_the_paths),
        cmocka_unit_test(a_set_up_that_cannot_be_right_stops_the_start),
        cmocka_unit_test(every_reply_tells_browsers_what_not_to_do),
        cmocka_unit_test(texts_are_the_applications),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
