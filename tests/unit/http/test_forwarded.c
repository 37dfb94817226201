/* test_forwarded.c: who sent it, when some of what is said is a lie; and whose page it was. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include "../../../gimlet/http/forwarded.h"
#include "../../../gimlet/http/origin.h"
#include "guard.h"

#define TRUSTED "10.0.0.0/8, 192.168.0.1, fd00::/8, unix"

struct row {
    const char *lines; /* '|' between them */
    const char *peer, *want;
};

static void feed(struct gim_forwarded *f, const char *lines,
                 void (*line_fn)(struct gim_forwarded *f, gim_str line))
{
    gim_str left = gim_str_of(lines);

    while (left.ptr) {
        gim_str line = gim_str_cut(&left, '|');
        char *copy = guard_copy(line.ptr, line.len);

        line_fn(f, (gim_str){copy, line.len});
        guard_free(copy, line.len);
    }
}

static void check(const struct row *r, void (*line_fn)(struct gim_forwarded *f, gim_str line))
{
    struct gim_trusted trusted;
    struct gim_forwarded f = {.trusted = &trusted};
    char text[GIM_ADDRESS_MAX];
    struct gim_address peer;

    assert_null(gim_trusted_read(&trusted, GIM_S(TRUSTED)).ptr);
    feed(&f, r->lines, line_fn);
    assert_int_equal(gim_address_read(gim_str_of(r->peer), &peer), 0);
    gim_forwarded_next(&f, &peer);
    assert_true(f.known);
    gim_address_write(text, &f.client);
    assert_string_equal(text, r->want);
}

static void the_client_is_the_first_untrusted_address_from_the_right(void **state)
{
    static const struct row rows[] = {
        /* nobody is believed who is not trusted */
        {"203.0.113.1", "198.51.100.1", "198.51.100.1"},
        {"10.0.0.1", "198.51.100.1", "198.51.100.1"},
        /* one proxy, two proxies */
        {"203.0.113.1", "10.0.0.1", "203.0.113.1"},
        {"203.0.113.1, 10.0.0.2", "10.0.0.1", "203.0.113.1"},
        {"203.0.113.1|10.0.0.2", "192.168.0.1", "203.0.113.1"},
        {"2001:db8::1, fd00::2", "fd00::1", "2001:db8::1"},
        {"::ffff:203.0.113.1", "::ffff:10.0.0.1", "203.0.113.1"},
        /* what the client has made up stands to the left of its own address */
        {"1.2.3.4, 203.0.113.1", "10.0.0.1", "203.0.113.1"},
        {"10.0.0.9, 203.0.113.1, 10.0.0.2", "10.0.0.1", "203.0.113.1"},
        {"1.2.3.4|10.0.0.5, 203.0.113.1", "10.0.0.1", "203.0.113.1"},
        /* all are proxies: the one furthest away; none: the peer */
        {"10.0.0.3, 10.0.0.2", "10.0.0.1", "10.0.0.3"},
        {"", "10.0.0.1", "10.0.0.1"},
        {" , ,", "10.0.0.1", "10.0.0.1"},
        /* what is no address ends the search at who wrote it */
        {"unknown", "10.0.0.1", "10.0.0.1"},
        {"203.0.113.1, unknown", "10.0.0.1", "10.0.0.1"},
        {"203.0.113.1, garbage, 10.0.0.2", "10.0.0.1", "10.0.0.2"},
        {"unknown, 203.0.113.1", "10.0.0.1", "203.0.113.1"},
        /* with ports */
        {"203.0.113.1:4711", "10.0.0.1", "203.0.113.1"},
        {"[2001:db8::1]:4711", "10.0.0.1", "2001:db8::1"},
        {"[2001:db8::1]", "10.0.0.1", "2001:db8::1"},
        {"[2001:db8::1", "10.0.0.1", "2001:db8::1"},
        {"[", "10.0.0.1", "10.0.0.1"},
        {":", "10.0.0.1", "10.0.0.1"},
        {"203.0.113.1:", "10.0.0.1", "203.0.113.1"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check(&rows[i], gim_forwarded_list);
}

static void forwarded_is_read_as_rfc_7239_writes_it(void **state)
{
    static const struct row rows[] = {
        {"for=203.0.113.1", "10.0.0.1", "203.0.113.1"},
        {"For=203.0.113.1;proto=https;by=10.0.0.1", "10.0.0.1", "203.0.113.1"},
        {"by=10.0.0.1; for=203.0.113.1", "10.0.0.1", "203.0.113.1"},
        {"for=203.0.113.1, for=10.0.0.2", "10.0.0.1", "203.0.113.1"},
        {"for=203.0.113.1|for=10.0.0.2", "10.0.0.1", "203.0.113.1"},
        {"for=\"[2001:db8:cafe::17]:4711\"", "10.0.0.1", "2001:db8:cafe::17"},
        {"for=\"203.0.113.1:80\";host=\"a,b;c=\\\"d\"", "10.0.0.1", "203.0.113.1"},
        {"for=1.2.3.4, for=203.0.113.1", "10.0.0.1", "203.0.113.1"},
        {"for=unknown, for=203.0.113.1", "10.0.0.1", "203.0.113.1"},
        {"for=203.0.113.1, for=_hidden", "10.0.0.1", "10.0.0.1"},
        {"proto=https", "10.0.0.1", "10.0.0.1"},
        {"for=", "10.0.0.1", "10.0.0.1"},
        {"for", "10.0.0.1", "10.0.0.1"},
        {"", "10.0.0.1", "10.0.0.1"},
        /* a quote that the client has left open must not swallow what the proxy appends */
        {"for=\"evil, for=203.0.113.1", "10.0.0.1", "203.0.113.1"},
        {"for=\"evil, for=\"[2001:db8::1]\"", "10.0.0.1", "2001:db8::1"},
        {"for=\"evil, for=203.0.113.1;host=\"h\"", "10.0.0.1", "203.0.113.1"},
        {"for=\"evil\\, for=203.0.113.1", "10.0.0.1", "203.0.113.1"},
        {"x=\"\\", "10.0.0.1", "10.0.0.1"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check(&rows[i], gim_forwarded_line);
}

static void a_list_of_networks_is_checked(void **state)
{
    static const struct {
        const char *text, *wrong; /* NULL: nothing */
        unsigned n;
        bool local;
    } rows[] = {
        {TRUSTED, NULL, 3, true},
        {NULL, NULL, 0, false},
        {"", NULL, 0, false},
        {"unix", NULL, 0, true},
        {"10.0.0.0/8, unixes", "unixes", 1, false},
        {"::1, 10.0.0.0/64, ::2, 1", "10.0.0.0/64", 2, false},
        {"::1,", "", 1, false},
        {"10.0.0.0/-0", "10.0.0.0/-0", 0, false}, /* all of the world, by one stroke too many */
        {"*", "*", 0, false},
    };
    char many[64 * GIM_TRUSTED_MAX] = "";
    struct gim_trusted t;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        gim_str wrong = gim_trusted_read(&t, gim_str_of(rows[i].text));

        assert_int_equal(wrong.ptr != NULL, rows[i].wrong != NULL);
        assert_true(gim_str_eq(wrong, gim_str_of(rows[i].wrong)));
        assert_int_equal(t.n, rows[i].n);
        assert_int_equal(t.local, rows[i].local);
    }
    for (int i = 0; i < GIM_TRUSTED_MAX; i++)
        strcat(many, "10.0.0.1,");
    strcat(many, "10.0.0.2");
    assert_true(gim_str_eq(gim_trusted_read(&t, gim_str_of(many)), GIM_S("10.0.0.2")));
    assert_int_equal(t.n, GIM_TRUSTED_MAX);
}

/* ---- origins ----------------------------------------------------------------------------------- */

static void an_origin_matches_exactly_or_below_a_star(void **state)
{
    static const char list[] =
        "https://app.example, http://localhost:3000 ,https://*.example.com, http://*.dev.test:8080";
    static const struct {
        const char *origin;
        bool in;
    } rows[] = {
        {"https://app.example", true},
        {"http://localhost:3000", true},
        {"https://a.example.com", true},
        {"https://a.b.example.com", true},
        {"http://a.dev.test:8080", true},
        {"http://app.example", false},
        {"https://app.example:444", false},
        {"https://app.example.evil.test", false},
        {"https://evil.test/https://app.example", false},
        {"https://APP.example", false},
        {"https://example.com", false},
        {"https://.example.com", false},
        {"https://a..example.com", false},
        {"https://.a.example.com", false},
        {"https://evil.test/.example.com", false},
        {"https://evil.test#.example.com", false},
        {"https://evil.test:80.example.com", false},
        {"https://u@a.example.com", false},
        {"https://evilexample.com", false},
        {"https://a.example.com.evil.test", false},
        {"http://a.example.com", false},
        {"http://a.dev.test", false},
        {"null", false},
        {"*", false},
        {"", false},
        {"https://*.example.com", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t n = strlen(rows[i].origin);
        char *copy = guard_copy(rows[i].origin, n);

        assert_int_equal(gim_origin_in(gim_str_of(list), (gim_str){copy, n}), rows[i].in);
        guard_free(copy, n);
    }
    assert_true(gim_origin_in(GIM_S("null"), GIM_S("null")));
}

static void entries_that_no_browser_sends_are_found(void **state)
{
    static const struct {
        const char *entry;
        bool ok;
    } rows[] = {
        {"https://app.example", true},
        {"https://app.example:8443", true},
        {"https://[2001:db8::1]", true},
        {"https://*.example.com", true},
        {"capacitor://localhost", true},
        {"null", true},
        {"", false},
        {"*", false},
        {"app.example", false},
        {"://app.example", false},
        {"https://", false},
        {"https://*", false},
        {"https://*.", false},
        {"https://a*.example", false},
        {"https://app.example/", false},
        {"https://App.example", false},
        {"HTTPS://app.example", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(gim_origin_entry_ok(gim_str_of(rows[i].entry)), rows[i].ok);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_client_is_the_first_untrusted_address_from_the_right),
        cmocka_unit_test(forwarded_is_read_as_rfc_7239_writes_it),
        cmocka_unit_test(a_list_of_networks_is_checked),
        cmocka_unit_test(an_origin_matches_exactly_or_below_a_star),
        cmocka_unit_test(entries_that_no_browser_sends_are_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
