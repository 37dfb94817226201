/* test_cookies.c: cookies through an application: set, replaced, signed, rotated, forged, expired. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include "calls.h"
#include "gimlet/base/base64.h"
#include "gimlet/base/digest.h"

#define KEY_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define KEY_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define KEY_C "cccccccccccccccccccccccccccccccc"

static struct gim_cookie_keys keys; /* what the handlers use; each test sets it */
static const struct gim_cookie session = {.name = "session", .max_age = 3600};
static const struct gim_cookie other = {.name = "other", .max_age = 3600};

static int read_cookie(struct gim_ctx *c)
{
    gim_str v = gim_cookie(c, GIM_S("theme"));

    return gim_text(c, 200, v.ptr ? v : GIM_S("(none)"));
}
static int set_cookies(struct gim_ctx *c)
{
    static const struct gim_cookie theme = {.name = "theme"}, lang = {.name = "lang", .path = "/x"},
                                   bad = {.name = "bad name"},
                                   gone = {.name = "gone", .path = "/g"};

    assert_int_equal(gim_set_cookie(c, &theme, GIM_S("dark")), 0);
    assert_int_equal(gim_set_cookie(c, &lang, GIM_S("en")), 0);
    assert_int_equal(gim_set_cookie(c, &theme, GIM_S("light")), 0);
    assert_int_equal(gim_set_cookie(c, &bad, GIM_S("1")), -1);
    assert_int_equal(gim_set_cookie(c, &theme, GIM_S("a\r\nb")), -1);
    assert_int_equal(gim_unset_cookie(c, &gone), 0);
    return gim_empty(c, 204);
}
static int log_in(struct gim_ctx *c)
{
    static const struct gim_cookie too_long = {.name = "long"},
                                   for_ever = {.name = "ever", .max_age = INT64_MAX};
    static char big[GIM_COOKIE_MAX];

    assert_int_equal(gim_set_signed_cookie(c, &too_long, &keys, (gim_str){big, 3200}), -1);
    assert_int_equal(gim_set_signed_cookie(c, &too_long, &keys, (gim_str){big, sizeof big}), -1);
    if (gim_set_signed_cookie(c, &session, &keys, GIM_S("user \0 7; \xc3\xa9")))
        return gim_problem(c, 500, NULL, "no key");
    assert_int_equal(gim_set_signed_cookie(c, &for_ever, &keys, GIM_S("1")), 0);
    return gim_empty(c, 204);
}
static int who(struct gim_ctx *c)
{
    gim_str v = gim_signed_cookie(c, &session, &keys);

    return gim_bytes(c, v.ptr ? 200 : 401, GIM_S("application/octet-stream"),
                     v.ptr ? v : GIM_S(""));
}
static int who_other(struct gim_ctx *c)
{
    return gim_empty(c, gim_signed_cookie(c, &other, &keys).ptr ? 200 : 401);
}
static const struct gim_route routes[] = {
    GIM_GET("/read", read_cookie), GIM_GET("/set", set_cookies), GIM_GET("/login", log_in),
    GIM_GET("/who", who),          GIM_GET("/other", who_other), {0},
};

static void use_keys(const char *text)
{
    assert_null(gim_cookie_keys_read(&keys, gim_str_of(text)));
}

static int status_of(struct gim_app *app, const char *target, const char *name, const char *value)
{
    char headers[5000];
    struct gim_test_reply r;
    int status;

    snprintf(headers, sizeof headers, "Cookie: a=b; %s=%s\r\n", name, value);
    r = gim_test_call(app, "GET", target, headers, NULL);
    status = r.status;
    if (status == 200 && r.body.len)
        assert_true(gim_str_eq(r.body, GIM_S("user \0 7; \xc3\xa9")));
    gim_test_free(&r);
    return status;
}

/* The value that /login sets, into `out`. */
static void login(struct gim_app *app, char out[500])
{
    struct gim_test_reply r = gim_test_call(app, "GET", "/login", NULL, NULL);
    gim_str v = gim_test_header(&r, "Set-Cookie");

    assert_int_equal(r.status, 204);
    assert_true(gim_str_starts(v, GIM_S("session=")));
    (void)gim_str_cut(&v, '=');
    v = gim_str_cut(&v, ';');
    assert_true(v.len < 500);
    memcpy(out, v.ptr, v.len);
    out[v.len] = '\0';
    gim_test_free(&r);
}

static void plain_cookies_come_and_go(void **state)
{
    struct gim_app *app = app_of(&(struct gim_app_spec){.routes = routes});
    struct gim_test_reply r =
        gim_test_call(app, "GET", "/read", "Cookie: a=1\r\nCookie: theme=x; theme=y\r\n", NULL);

    (void)state;
    assert_true(gim_str_eq(r.body, GIM_S("x")));
    gim_test_free(&r);
    r = gim_test_call(app, "GET", "/read", NULL, NULL);
    assert_true(gim_str_eq(r.body, GIM_S("(none)")));
    gim_test_free(&r);
    assert_head(
        app, "GET", "/set", NULL, 204,
        PARTS("Set-Cookie: theme=light; Path=/; SameSite=Lax; HttpOnly\r\n", "!dark", "!bad",
              "Set-Cookie: lang=en; Path=/x; SameSite=Lax; HttpOnly\r\n",
              "Set-Cookie: gone=; Path=/g; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; "));
    gim_app_free(app);
}

static void a_signed_cookie_comes_back_and_a_changed_one_does_not(void **state)
{
    struct gim_app *app = app_of(&(struct gim_app_spec){.routes = routes});
    char value[500], changed[500];
    size_t n;

    (void)state;
    use_keys(KEY_A);
    login(app, value);
    n = strlen(value);
    assert_int_equal(status_of(app, "/who", "session", value), 200);
    for (size_t i = 0; i < n; i++) { /* any byte changed, any length cut */
        memcpy(changed, value, n + 1);
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        assert_int_equal(status_of(app, "/who", "session", changed), 401);
        memcpy(changed, value, n + 1);
        changed[i] = '\0';
        assert_int_equal(status_of(app, "/who", "session", changed), 401);
    }
    snprintf(changed, sizeof changed, "%s=", value);
    assert_int_equal(status_of(app, "/who", "session", changed), 401);
    snprintf(changed, sizeof changed, "%s.x", value);
    assert_int_equal(status_of(app, "/who", "session", changed), 401);
    assert_int_equal(status_of(app, "/who", "session", ".."), 401);
    assert_int_equal(status_of(app, "/who", "session", "9999999999.."), 401);
    /* one cookie cannot pass for another */
    assert_int_equal(status_of(app, "/other", "other", value), 401);
    gim_app_free(app);
}

static void old_keys_verify_until_they_are_dropped_and_the_first_signs(void **state)
{
    struct gim_app *app = app_of(&(struct gim_app_spec){.routes = routes});
    char by_a[500], by_b[500];

    (void)state;
    use_keys(KEY_A);
    login(app, by_a);
    use_keys(KEY_B ", " KEY_A);
    assert_int_equal(status_of(app, "/who", "session", by_a), 200);
    login(app, by_b);
    use_keys(KEY_B);
    assert_int_equal(status_of(app, "/who", "session", by_a), 401);
    assert_int_equal(status_of(app, "/who", "session", by_b), 200);
    use_keys(KEY_C "," KEY_C "," KEY_C "," KEY_B);
    assert_int_equal(status_of(app, "/who", "session", by_b), 200);
    gim_app_free(app);
}

/* A cookie signed with KEY_A that expires at `until`, made here as the essay says. */
static void make(int64_t until, char out[500])
{
    unsigned char mac[GIM_SHA256_LEN];
    char message[500];
    int n = snprintf(message, sizeof message, "session=%lld.dXNlciAAIDc7IMOp", (long long)until);
    int start = (int)strlen("session=");

    assert_int_equal(gim_hmac_sha256(GIM_S(KEY_A), message, (size_t)n, mac), 0);
    memcpy(out, message + start, (size_t)(n - start));
    out[n - start] = '.';
    n = n - start + 1;
    n += (int)gim_base64_write(out + n, (gim_str){(char *)mac, sizeof mac}, GIM_BASE64_URL);
    out[n] = '\0';
}

static void an_expired_cookie_is_worth_nothing(void **state)
{
    struct gim_app *app = app_of(&(struct gim_app_spec){.routes = routes});
    int64_t now = gim_now().us / 1000000;
    char value[500];

    (void)state;
    use_keys(KEY_A);
    make(now + 600, value);
    assert_int_equal(status_of(app, "/who", "session", value), 200);
    make(now, value);
    assert_int_equal(status_of(app, "/who", "session", value), 401);
    make(0, value);
    assert_int_equal(status_of(app, "/who", "session", value), 401);
    make(-1, value);
    assert_int_equal(status_of(app, "/who", "session", value), 401);
    gim_app_free(app);
}

static void without_a_good_key_nothing_is_signed_and_nothing_verifies(void **state)
{
    struct gim_app *app = app_of(&(struct gim_app_spec){.routes = routes});
    char value[500];

    (void)state;
    use_keys(KEY_A);
    login(app, value);
    keys = (struct gim_cookie_keys){0};
    assert_int_equal(status_of(app, "/who", "session", value), 401);
    assert_head(app, "GET", "/login", NULL, 500, PARTS("!Set-Cookie"));
    keys.key[0] = GIM_S("short");
    assert_head(app, "GET", "/login", NULL, 500, PARTS("!Set-Cookie"));
    gim_app_free(app);
}

static void keys_are_read_from_a_setting(void **state)
{
    static const struct {
        const char *text, *says; /* NULL: right */
    } rows[] = {
        {KEY_A, NULL},
        {KEY_A "," KEY_B, NULL},
        {" " KEY_A " , " KEY_B " ", NULL},
        {"", "fewer than 32"},
        {"short", "fewer than 32"},
        {KEY_A ",", "fewer than 32"},
        {KEY_A "," KEY_A "," KEY_A "," KEY_A "," KEY_A, "more than 4"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gim_cookie_keys k;
        const char *why = gim_cookie_keys_read(&k, gim_str_of(rows[i].text));

        assert_int_equal(why != NULL, rows[i].says != NULL);
        assert_int_equal(k.key[0].len, why ? 0 : 32);
        if (why)
            assert_non_null(strstr(why, rows[i].says));
    }
    assert_non_null(gim_cookie_keys_read(&keys, (gim_str){0}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_cookies_come_and_go),
        cmocka_unit_test(a_signed_cookie_comes_back_and_a_changed_one_does_not),
        cmocka_unit_test(old_keys_verify_until_they_are_dropped_and_the_first_signs),
        cmocka_unit_test(an_expired_cookie_is_worth_nothing),
        cmocka_unit_test(without_a_good_key_nothing_is_signed_and_nothing_verifies),
        cmocka_unit_test(keys_are_read_from_a_setting),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
