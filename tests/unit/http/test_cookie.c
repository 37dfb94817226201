/* test_cookie.c: the Cookie field, Set-Cookie, Authorization and its challenges. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "../../../gimlet/base/base64.h"
#include "../../../gimlet/http/cookie.h"
#include "../../../gimlet/http/credentials.h"
#include "guard.h"

#define NOW 784111777 /* Sun, 06 Nov 1994 08:49:37 GMT */

/* ---- reading ----------------------------------------------------------------------------------- */

static void cookies_are_read_as_they_come(void **state)
{
    static const struct {
        const char *field, *want; /* "name=value|" of each */
    } rows[] = {
        {"", ""},
        {"a=1", "a=1|"},
        {"a=1; b=2", "a=1|b=2|"},
        {"a=1;b=2;", "a=1|b=2|"},
        {";; ; a=1", "a=1|"},
        {"a=", "a=|"},
        {"a=1=2", "a=1=2|"},
        {"a=\"1\"", "a=\"1\"|"},
        {" a = 1 ", "a=1|"},
        {"a=1; A=2; a=3", "a=1|A=2|a=3|"},
        {"a=x y, z", "a=x y, z|"},
        {"a=\xc3\xa9", "a=\xc3\xa9|"},
        /* no cookies: no name, no '=', a name that is no token */
        {"=1; a=2", "a=2|"},
        {"alone; a=2", "a=2|"},
        {"a b=1; c=2", "c=2|"},
        {"a\"=1; c=2", "c=2|"},
        {"\xc3\xa9=1; c=2", "c=2|"},
        {"a[0]=1; c=2", "c=2|"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t n = strlen(rows[i].field);
        char *copy = guard_copy(rows[i].field, n);
        gim_str left = {copy, n};
        struct gim_buf got = {0};
        gim_pair cookie;

        while (gim_cookie_next(&left, &cookie))
            gim_buf_printf(&got, "%.*s=%.*s|", GIM_FMT(cookie.key), GIM_FMT(cookie.value));
        gim_buf_char(&got, '\0');
        assert_string_equal(got.ptr, rows[i].want);
        gim_buf_free(&got);
        guard_free(copy, n);
    }
}

static void a_cookie_is_found_by_its_exact_name(void **state)
{
    gim_str field = GIM_S("sid2=no; SID=no; sid=yes; sid=late; empty=");

    (void)state;
    assert_true(gim_str_eq(gim_cookie_find(field, GIM_S("sid")), GIM_S("yes")));
    assert_true(gim_cookie_find(field, GIM_S("empty")).ptr != NULL);
    assert_null(gim_cookie_find(field, GIM_S("si")).ptr);
    assert_null(gim_cookie_find(field, GIM_S("")).ptr);
    assert_null(gim_cookie_find((gim_str){0}, GIM_S("sid")).ptr);
}

/* ---- writing ----------------------------------------------------------------------------------- */

static void attributes_are_written_and_safe_unless_told_otherwise(void **state)
{
    static const struct {
        struct gim_cookie cookie;
        const char *value, *want;
    } rows[] = {
        {{.name = "a"}, "1", "a=1; Path=/; SameSite=Lax; HttpOnly"},
        {{.name = "a"}, "", "a=; Path=/; SameSite=Lax; HttpOnly"},
        {{.name = "a", .max_age = 3600},
         "1",
         "a=1; Path=/; Max-Age=3600; Expires=Sun, 06 Nov 1994 09:49:37 GMT; SameSite=Lax; "
         "HttpOnly"},
        {{.name = "a", .max_age = -1},
         "",
         "a=; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; SameSite=Lax; HttpOnly"},
        {{.name = "a", .max_age = INT64_MAX},
         "1",
         "a=1; Path=/; Max-Age=34560000; Expires=Mon, 11 Dec 1995 08:49:37 GMT; SameSite=Lax; "
         "HttpOnly"},
        {{.name = "a", .path = "/x y", .domain = "example.com", .script = true},
         "1",
         "a=1; Path=/x y; Domain=example.com; SameSite=Lax"},
        {{.name = "a", .same_site = GIM_SAME_SITE_STRICT, .secure = true},
         "!#$%&'()*+-./:<=>?@[]^_`{|}~",
         "a=!#$%&'()*+-./:<=>?@[]^_`{|}~; Path=/; SameSite=Strict; Secure; HttpOnly"},
        {{.name = "__Host-a", .same_site = GIM_SAME_SITE_NONE, .secure = true, .partitioned = true},
         "1",
         "__Host-a=1; Path=/; SameSite=None; Secure; HttpOnly; Partitioned"},
        {{.name = "__Host-Http-a", .secure = true, .path = "/"},
         "1",
         "__Host-Http-a=1; Path=/; SameSite=Lax; Secure; HttpOnly"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gim_buf b = {0};

        assert_null(gim_cookie_defect(&rows[i].cookie, gim_str_of(rows[i].value)));
        gim_cookie_write(&b, &rows[i].cookie, gim_str_of(rows[i].value), NOW);
        gim_buf_char(&b, '\0');
        assert_string_equal(b.ptr, rows[i].want);
        gim_buf_free(&b);
    }
}

static void what_browsers_would_drop_is_refused_with_a_reason(void **state)
{
    static const struct {
        const char *why; /* a part of it */
        struct gim_cookie cookie;
        const char *value;
    } rows[] = {
        {"name must be", {.name = NULL}, "1"},
        {"name must be", {.name = ""}, "1"},
        {"name must be", {.name = "a b"}, "1"},
        {"name must be", {.name = "a="}, "1"},
        {"name must be", {.name = "a;"}, "1"},
        {"name must be", {.name = "\xc3\xa9"}, "1"},
        {"encode it", {.name = "a"}, "a b"},
        {"encode it", {.name = "a"}, "a;b"},
        {"encode it", {.name = "a"}, "a,b"},
        {"encode it", {.name = "a"}, "\"a\""},
        {"encode it", {.name = "a"}, "a\\b"},
        {"encode it", {.name = "a"}, "a\r\nSet-Cookie: b=1"},
        {"encode it", {.name = "a"}, "\xc3\xa9"},
        {"encode it", {.name = "a"}, "\x7f"},
        {"path", {.name = "a", .path = ""}, "1"},
        {"path", {.name = "a", .path = "x"}, "1"},
        {"path", {.name = "a", .path = "/;Secure"}, "1"},
        {"path", {.name = "a", .path = "/\n"}, "1"},
        {"domain", {.name = "a", .domain = ""}, "1"},
        {"domain", {.name = "a", .domain = "a;b"}, "1"},
        {"domain", {.name = "a", .domain = "a b"}, "1"},
        {"same_site", {.name = "a", .same_site = (enum gim_same_site)3}, "1"},
        {"SameSite=None", {.name = "a", .same_site = GIM_SAME_SITE_NONE}, "1"},
        {"partitioned", {.name = "a", .partitioned = true}, "1"},
        {".secure", {.name = "__Secure-a"}, "1"},
        {".secure", {.name = "__secure-a"}, "1"},
        {".secure", {.name = "__Host-a"}, "1"},
        {".domain", {.name = "__Host-a", .secure = true, .domain = "example.com"}, "1"},
        {"path", {.name = "__HOST-a", .secure = true, .path = "/x"}, "1"},
        {"scripts", {.name = "__Http-a", .secure = true, .script = true}, "1"},
        {"scripts", {.name = "__Host-Http-a", .secure = true, .script = true}, "1"},
    };
    static char longest[GIM_COOKIE_MAX + 1];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *why = gim_cookie_defect(&rows[i].cookie, gim_str_of(rows[i].value));

        assert_non_null(why);
        assert_non_null(strstr(why, rows[i].why));
    }
    memset(longest, 'x', GIM_COOKIE_MAX);
    assert_null(gim_cookie_defect(&(struct gim_cookie){.name = "a"},
                                  (gim_str){longest, GIM_COOKIE_MAX - 1}));
    assert_non_null(
        gim_cookie_defect(&(struct gim_cookie){.name = "a"}, (gim_str){longest, GIM_COOKIE_MAX}));
    longest[0] = '/';
    assert_non_null(
        gim_cookie_defect(&(struct gim_cookie){.name = "a", .path = longest}, GIM_S("1")));
}

/* ---- Authorization ----------------------------------------------------------------------------- */

static void bearer_tokens_are_read(void **state)
{
    static const struct {
        const char *field;
        enum gim_credentials got;
        const char *token;
    } rows[] = {
        {"Bearer abc", GIM_CREDENTIALS_GIVEN, "abc"},
        {"bEARER   a.b-c_d~e+f/g==", GIM_CREDENTIALS_GIVEN, "a.b-c_d~e+f/g=="},
        {"", GIM_CREDENTIALS_NONE, NULL},
        {"Basic abc", GIM_CREDENTIALS_NONE, NULL},
        {"Bearerabc", GIM_CREDENTIALS_NONE, NULL},
        {"Bearer", GIM_CREDENTIALS_MALFORMED, NULL},
        {"Bearer ", GIM_CREDENTIALS_MALFORMED, NULL},
        {"Bearer =", GIM_CREDENTIALS_MALFORMED, NULL},
        {"Bearer a b", GIM_CREDENTIALS_MALFORMED, NULL},
        {"Bearer a=b", GIM_CREDENTIALS_MALFORMED, NULL},
        {"Bearer \"a\"", GIM_CREDENTIALS_MALFORMED, NULL},
        {"Bearer a,b", GIM_CREDENTIALS_MALFORMED, NULL},
        {"Bearer \xc3\xa9", GIM_CREDENTIALS_MALFORMED, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t n = strlen(rows[i].field);
        char *copy = guard_copy(rows[i].field, n);
        gim_str token = {0};

        assert_int_equal(gim_bearer_read((gim_str){copy, n}, &token), rows[i].got);
        assert_true(gim_str_eq(token, gim_str_of(rows[i].token)));
        guard_free(copy, n);
    }
}

static void basic_credentials_are_read(void **state)
{
    static const struct {
        const char *field;
        enum gim_credentials got;
        const char *user, *password;
    } rows[] = {
        {"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", GIM_CREDENTIALS_GIVEN, "Aladdin", "open sesame"},
        {"basic  YTpiOmM=", GIM_CREDENTIALS_GIVEN, "a", "b:c"},
        {"Basic Og==", GIM_CREDENTIALS_GIVEN, "", ""},
        {"Basic dGVzdDoxMjPCow==", GIM_CREDENTIALS_GIVEN, "test", "123\xc2\xa3"},
        {"", GIM_CREDENTIALS_NONE, NULL, NULL},
        {"Bearer YTpi", GIM_CREDENTIALS_NONE, NULL, NULL},
        {"Basic", GIM_CREDENTIALS_MALFORMED, NULL, NULL},
        {"Basic ", GIM_CREDENTIALS_MALFORMED, NULL, NULL},
        {"Basic YWJj", GIM_CREDENTIALS_MALFORMED, NULL, NULL}, /* abc: no ':' */
        {"Basic YTpi!", GIM_CREDENTIALS_MALFORMED, NULL, NULL},
        {"Basic YTpiYg", GIM_CREDENTIALS_MALFORMED, NULL, NULL},   /* not filled up */
        {"Basic YToKYg==", GIM_CREDENTIALS_MALFORMED, NULL, NULL}, /* a newline in it */
        {"Basic AGE6Yg==", GIM_CREDENTIALS_MALFORMED, NULL, NULL}, /* a NUL */
        {"Basic a:b", GIM_CREDENTIALS_MALFORMED, NULL, NULL},
    };
    static const char zeros[64];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t n = strlen(rows[i].field);
        char *copy = guard_copy(rows[i].field, n);
        char *room = guard_copy(zeros, GIM_BASE64_BYTES(n));
        gim_str user = {0}, password = {0};

        assert_int_equal(gim_basic_read((gim_str){copy, n}, room, &user, &password), rows[i].got);
        assert_true(gim_str_eq(user, gim_str_of(rows[i].user)));
        assert_true(gim_str_eq(password, gim_str_of(rows[i].password)));
        guard_free(room, GIM_BASE64_BYTES(n));
        guard_free(copy, n);
    }
}

static void a_challenge_cannot_be_broken_out_of(void **state)
{
    struct gim_buf b = {0};

    (void)state;
    gim_buf_lit(&b, "Basic ");
    gim_challenge_param(&b, "realm", "a \"b\" \\ c\r\n\x7f");
    gim_challenge_param(&b, "charset", "UTF-8");
    gim_buf_char(&b, '\0');
    assert_string_equal(b.ptr, "Basic realm=\"a \\\"b\\\" \\\\ c   \", charset=\"UTF-8\"");
    gim_buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cookies_are_read_as_they_come),
        cmocka_unit_test(a_cookie_is_found_by_its_exact_name),
        cmocka_unit_test(attributes_are_written_and_safe_unless_told_otherwise),
        cmocka_unit_test(what_browsers_would_drop_is_refused_with_a_reason),
        cmocka_unit_test(bearer_tokens_are_read),
        cmocka_unit_test(basic_credentials_are_read),
        cmocka_unit_test(a_challenge_cannot_be_broken_out_of),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
