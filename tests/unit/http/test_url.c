/* test_url.c: URLs of clients, taken apart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "gimlet/http/url.h"
#include "guard.h"

static const struct {
    const char *text;
    bool tls;
    const char *host, *authority, *target;
    int port;
} good[] = {
    {"http://a", false, "a", "a", "", 80},
    {"https://a", true, "a", "a", "", 443},
    {"HTTPS://a.b:8443/x?y=1#z", true, "a.b", "a.b:8443", "/x?y=1", 8443},
    {"a", false, "a", "a", "", 80},
    {"a:1", false, "a", "a:1", "", 1},
    {"a:65535?q", false, "a", "a:65535", "?q", 65535},
    {"localhost:8080/posts", false, "localhost", "localhost:8080", "/posts", 8080},
    {"http://[::1]", false, "::1", "[::1]", "", 80},
    {"http://[::1]:9/", false, "::1", "[::1]:9", "/", 9},
    {"a/to?u=http://b", false, "a", "a", "/to?u=http://b", 80},
    {"http://a#b@c", false, "a", "a", "", 80},
    {"http://a/b@c", false, "a", "a", "/b@c", 80},
};

static const struct {
    const char *text, *says;
} bad[] = {
    {"", "no host"},
    {"http://", "no host"},
    {"http:///x", "no host"},
    {"http://:80", "no host"},
    {"ftp://a", "http or https"},
    {"://a", "http or https"},
    {"http://u:p@a", "user and password"},
    {"http://[::1", "ends with ']'"},
    {"http://[::1]8080", "after ']'"},
    {"http://[]", "no host"},
    {"http://a:", "port"},
    {"http://a:0", "port"},
    {"http://a:65536", "port"},
    {"http://a:1x", "port"},
    {"http://a/ b", "%20"},
    {"http://a/\r\nX: y", "%20"},
    {"http://a\tb", "%20"},
    {"http://a/\x7f", "%20"},
};

static void same(gim_str got, const char *want, const char *text)
{
    if (!gim_str_eq(got, gim_str_of(want)))
        fail_msg("%s: %.*s, want %s", text, GIM_FMT(got), want);
}

static void good_urls_come_apart(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        size_t n = strlen(good[i].text);
        char *text = guard_copy(good[i].text, n);
        struct gim_url u;
        const char *why = gim_url_parse((gim_str){text, n}, &u);

        if (why)
            fail_msg("%s: %s", good[i].text, why);
        same(u.host, good[i].host, good[i].text);
        same(u.authority, good[i].authority, good[i].text);
        same(u.target, good[i].target, good[i].text);
        assert_int_equal(u.port, good[i].port);
        assert_int_equal(u.tls, good[i].tls);
        guard_free(text, n);
    }
}

static void bad_urls_are_refused_with_the_reason(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        size_t n = strlen(bad[i].text);
        char *text = guard_copy(bad[i].text, n);
        struct gim_url u;
        const char *why = gim_url_parse((gim_str){text, n}, &u);

        if (!why || !strstr(why, bad[i].says))
            fail_msg("%s: %s, want %s", bad[i].text, why ? why : "taken", bad[i].says);
        guard_free(text, n);
    }
}

static void every_cut_of_a_url_stays_within_it(void **state)
{
    static const char text[] = "https://[::1]:8443/a?b#c";

    (void)state;
    for (size_t n = 0; n < sizeof text; n++) {
        char *copy = guard_copy(text, n);
        struct gim_url u;

        (void)gim_url_parse((gim_str){copy, n}, &u);
        guard_free(copy, n);
    }
}

static void locations_are_joined_to_where_they_were_met(void **state)
{
    static const struct {
        const char *base, *to, *url;
    } rows[] = {
        {"http://a/b/c?d", "http://x/y", "http://x/y"},
        {"http://a/b/c?d", "HTTPS://x", "HTTPS://x"},
        {"https://a:1/b/c?d", "//x:2/y", "https://x:2/y"},
        {"http://a:1/b/c?d", "/y", "http://a:1/y"},
        {"http://a/b/c?d/e", "y", "http://a/b/y"},
        {"http://a/b/c", "y?u=http://z", "http://a/b/y?u=http://z"},
        {"http://a/b/c?d", "?e", "http://a/b/c?e"},
        {"http://a", "y", "http://a/y"},
        {"http://a?d", "y", "http://a/y"},
        {"http://a", "?e", "http://a?e"},
        {"http://[::1]:9/b/", "../y", "http://[::1]:9/b/../y"},
        {"http://a/b", "", "http://a/"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gim_buf out = {0};
        struct gim_url base;

        assert_null(gim_url_parse(gim_str_of(rows[i].base), &base));
        gim_url_join(&out, &base, gim_str_of(rows[i].to));
        same(gim_buf_view(&out), rows[i].url, rows[i].to);
        gim_buf_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_urls_come_apart),
        cmocka_unit_test(bad_urls_are_refused_with_the_reason),
        cmocka_unit_test(every_cut_of_a_url_stays_within_it),
        cmocka_unit_test(locations_are_joined_to_where_they_were_met),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
