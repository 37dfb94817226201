/* test_websocket_handshake.c: who becomes a WebSocket, and what the others are told. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include "websockets.h"

static char told[64]; /* that a connection was opened */

static void on_open(struct gim_websocket *ws)
{
    snprintf(told, sizeof told, "open %.*s", GIM_FMT(gim_websocket_protocol(ws)));
}

static const char *const protocols[] = {"v2.chat", "v1.chat", NULL};
static const struct gim_websocket_events same_host = {.on_open = on_open, .protocols = protocols};
static const struct gim_websocket_events some = {
    .on_open = on_open,
    .origins = "https://example.com, http://other.example:8080, https://*.example.org"};
static const struct gim_websocket_events any = {.on_open = on_open, .origins = "*"};

static int talk(struct gim_ctx *c)
{
    return gim_websocket(c, &same_host, NULL);
}

static int from_some(struct gim_ctx *c)
{
    return gim_websocket(c, &some, NULL);
}

static int from_any(struct gim_ctx *c)
{
    return gim_websocket(c, &any, NULL);
}

static int spoil(struct gim_ctx *c)
{
    return gim_problem(c, 503, NULL, "spoilt");
}

static const struct gim_middleware spoiler = {.name = "spoiler", .after = spoil};
static const struct gim_middleware *const spoilt[] = {&spoiler, NULL};

static const struct gim_route routes[] = {
    GIM_WEBSOCKET("/echo", talk),    GIM_WEBSOCKET("/some", from_some),
    GIM_WEBSOCKET("/any", from_any), GIM_WEBSOCKET("/spoilt", talk, .middleware = spoilt),
    GIM_GET("/plain", talk),         {0},
};
static const struct gim_app_spec spec = {.routes = routes};
static struct gim_app *app;

static int set_up(void **state)
{
    (void)state;
    app = make_app(&spec, 1);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    gim_app_free(app);
    return 0;
}

#define UPGRADE "Upgrade: websocket\r\nConnection: Upgrade\r\n"
#define VERSION "Sec-WebSocket-Version: 13\r\n"
#define KEY "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

static void handshakes_are_checked(void **state)
{
    static const struct {
        const char *method, *path, *fields;
        int status;
        const char *field, *value; /* of the answer */
    } cases[] = {
        {"GET", "/echo", UPGRADE VERSION KEY, 101, "Sec-WebSocket-Accept",
         "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="},
        {"GET", "/echo", UPGRADE VERSION KEY, 101, "Upgrade", "websocket"},
        {"GET", "/echo", UPGRADE VERSION KEY, 101, "Connection", "Upgrade"},
        {"GET", "/echo", UPGRADE VERSION KEY, 101, "Content-Length", NULL},
        {"GET", "/echo",
         "Upgrade: h2c, WebSocket\r\nConnection: keep-alive, upgrade\r\n" VERSION KEY, 101,
         "Sec-WebSocket-Protocol", NULL},
        {"GET", "/echo",
         "Connection: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" VERSION KEY, 101,
         "Sec-WebSocket-Extensions", NULL},
        {"GET", "/echo", UPGRADE VERSION KEY "Sec-WebSocket-Extensions: permessage-deflate\r\n",
         101, "Sec-WebSocket-Extensions", NULL},
        {"GET", "/echo", UPGRADE VERSION KEY "Sec-WebSocket-Protocol: v1.chat, v2.chat\r\n", 101,
         "Sec-WebSocket-Protocol", "v2.chat"},
        {"GET", "/echo",
         UPGRADE VERSION KEY "Sec-WebSocket-Protocol: a\r\nSec-WebSocket-Protocol: v1.chat\r\n",
         101, "Sec-WebSocket-Protocol", "v1.chat"},
        {"GET", "/echo", UPGRADE VERSION KEY "Sec-WebSocket-Protocol: V1.Chat\r\n", 101,
         "Sec-WebSocket-Protocol", NULL},

        {"GET", "/echo", "", 426, "Upgrade", "websocket"},
        {"GET", "/echo", "", 426, "Connection", "Upgrade"},
        {"HEAD", "/echo", UPGRADE VERSION KEY, 426, "Upgrade", "websocket"},
        {"POST", "/echo", UPGRADE VERSION KEY, 405, NULL, NULL},
        {"GET", "/echo", "Upgrade: websocket\r\n" VERSION KEY, 426, "Upgrade", "websocket"},
        {"GET", "/echo", "Connection: Upgrade\r\n" VERSION KEY, 426, "Upgrade", "websocket"},
        {"GET", "/echo", "Connection: Upgrade\r\nUpgrade: websockets\r\n" VERSION KEY, 426, NULL,
         NULL},
        {"GET", "/echo", UPGRADE KEY, 426, "Sec-WebSocket-Version", "13"},
        {"GET", "/echo", UPGRADE KEY "Sec-WebSocket-Version: 8\r\n", 426, "Sec-WebSocket-Version",
         "13"},
        {"GET", "/echo", UPGRADE KEY VERSION VERSION, 426, "Sec-WebSocket-Version", "13"},
        {"GET", "/echo", UPGRADE VERSION, 400, NULL, NULL},
        {"GET", "/echo", UPGRADE VERSION KEY KEY, 400, NULL, NULL},
        {"GET", "/echo", UPGRADE VERSION "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j\r\n", 400, NULL,
         NULL},
        {"GET", "/echo", UPGRADE VERSION "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ\r\n", 400, NULL,
         NULL},
        {"GET", "/echo", UPGRADE VERSION "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZR==\r\n", 400,
         NULL, NULL},
        {"GET", "/echo", UPGRADE VERSION "Sec-WebSocket-Key: \r\n", 400, NULL, NULL},
        {"GET", "/plain", UPGRADE VERSION KEY, 500, NULL, NULL},
        {"GET", "/spoilt", UPGRADE VERSION KEY, 503, NULL, NULL},

        {"GET", "/echo", UPGRADE VERSION KEY "Origin: http://test\r\n", 101, NULL, NULL},
        {"GET", "/echo", UPGRADE VERSION KEY "Origin: http://TEST:80\r\n", 101, NULL, NULL},
        {"GET", "/echo", UPGRADE VERSION KEY "Origin: https://test\r\n", 101, NULL, NULL},
        {"GET", "/echo", UPGRADE VERSION KEY "Origin: http://test:8080\r\n", 403, NULL, NULL},
        {"GET", "/echo", UPGRADE VERSION KEY "Origin: http://test.example\r\n", 403, NULL, NULL},
        {"GET", "/echo", UPGRADE VERSION KEY "Origin: http://evil/test\r\n", 403, NULL, NULL},
        {"GET", "/echo", UPGRADE VERSION KEY "Origin: null\r\n", 403, NULL, NULL},
        {"GET", "/echo", UPGRADE VERSION KEY "Origin: http://test\r\nOrigin: http://evil\r\n", 403,
         NULL, NULL},
        {"GET", "/some", UPGRADE VERSION KEY, 101, NULL, NULL},
        {"GET", "/some", UPGRADE VERSION KEY "Origin: https://www.example.org\r\n", 101, NULL,
         NULL},
        {"GET", "/some", UPGRADE VERSION KEY "Origin: http://other.example:8080\r\n", 101, NULL,
         NULL},
        {"GET", "/some", UPGRADE VERSION KEY "Origin: http://example.com\r\n", 403, NULL, NULL},
        {"GET", "/some", UPGRADE VERSION KEY "Origin: http://test\r\n", 403, NULL, NULL},
        {"GET", "/any", UPGRADE VERSION KEY "Origin: null\r\n", 101, NULL, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct gim_test_reply r =
            gim_test_call(app, cases[i].method, cases[i].path, cases[i].fields, NULL);

        if (r.status != cases[i].status)
            fail_msg("row %zu: %d: %.*s", i, r.status, GIM_FMT(r.raw));
        if (cases[i].field) {
            gim_str got = gim_test_header(&r, cases[i].field);

            if (!gim_str_eq(got, gim_str_of(cases[i].value)) || (got.ptr && !cases[i].value))
                fail_msg("row %zu: %s: %.*s", i, cases[i].field, GIM_FMT(got));
        }
        if (r.status != 101)
            assert_string_equal(told, "");
        gim_test_free(&r);
        told[0] = '\0';
    }
}

static void an_old_client_is_told_to_come_with_http_1_1(void **state)
{
    struct gim_test_reply r =
        gim_test_bytes(app, GIM_S("GET /echo HTTP/1.0\r\n" HANDSHAKE "\r\n"), 0);

    (void)state;
    assert_int_equal(r.status, 426);
    assert_string_equal(told, "");
    gim_test_free(&r);
}

static void a_handshake_has_no_body(void **state)
{
    struct gim_test_reply r = gim_test_call(app, "GET", "/echo", HANDSHAKE, "hello");

    (void)state;
    assert_int_equal(r.status, 400);
    assert_string_equal(told, "");
    gim_test_free(&r);
}

static void a_blocking_route_stops_the_start(void **state)
{
    static const struct gim_route blocking[] = {GIM_WEBSOCKET("/w", NULL, .blocking = true), {0}};
    char why[512] = "";

    (void)state;
    assert_null(gim_app_new(&(struct gim_app_spec){.routes = blocking}, why, sizeof why));
    assert_non_null(strstr(why, "it cannot be .blocking"));
}

static int without_events(struct gim_ctx *c)
{
    return gim_websocket(c, NULL, NULL);
}

static void a_table_that_is_null_is_a_500(void **state)
{
    static const struct gim_route eventless[] = {GIM_WEBSOCKET("/w", without_events), {0}};
    char why[512] = "";
    struct gim_app *a = gim_app_new(&(struct gim_app_spec){.routes = eventless}, why, sizeof why);
    struct gim_test_reply r = gim_test_call(a, "GET", "/w", HANDSHAKE, NULL);

    (void)state;
    assert_int_equal(r.status, 500);
    gim_test_free(&r);
    gim_app_free(a);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(handshakes_are_checked),
        TEST(an_old_client_is_told_to_come_with_http_1_1),
        TEST(a_handshake_has_no_body),
        cmocka_unit_test(a_blocking_route_stops_the_start),
        cmocka_unit_test(a_table_that_is_null_is_a_500),
    };

    return cmocka_run_group_tests_name("websocket_handshake", tests, NULL, NULL);
}
