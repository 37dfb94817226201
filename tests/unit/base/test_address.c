/* test_address.c: addresses and networks, as text and as bytes. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include "../../../gimlet/base/address.h"
#include "guard.h"

static int read_guarded(const char *text, struct gim_address *out)
{
    size_t n = strlen(text);
    char *copy = guard_copy(text, n);
    int result = gim_address_read((gim_str){copy, n}, out);

    guard_free(copy, n);
    return result;
}

static void an_address_has_one_text_however_it_was_written(void **state)
{
    static const struct {
        const char *text, *want; /* NULL: none */
    } rows[] = {
        {"192.0.2.1", "192.0.2.1"},
        {"::ffff:192.0.2.1", "192.0.2.1"},
        {"::FFFF:c000:201", "192.0.2.1"},
        {"2001:DB8:0:0:0:0:0:1", "2001:db8::1"},
        {"::", "::"},
        {"::1", "::1"},
        {"", NULL},
        {"192.0.2", NULL},
        {"192.0.2.256", NULL},
        {"192.0.2.1 ", NULL},
        {"192.0.2.1:80", NULL},
        {"[::1]", NULL},
        {"fe80::1%eth0", NULL},
        {"1::2::3", NULL},
        {"unknown", NULL},
        {"0000:0000:0000:0000:0000:0000:0000:0000:0000:0000", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[GIM_ADDRESS_MAX];
        struct gim_address a;

        assert_int_equal(read_guarded(rows[i].text, &a), rows[i].want ? 0 : -1);
        if (!rows[i].want)
            continue;
        assert_int_equal(gim_address_write(text, &a), strlen(rows[i].want));
        assert_string_equal(text, rows[i].want);
    }
    assert_int_equal(gim_address_read(GIM_S("1.2.3.4\0"), &(struct gim_address){{0}}), -1);
}

static void a_network_holds_what_begins_as_it_does(void **state)
{
    static const struct {
        const char *network, *address;
        int in; /* -1: no network */
    } rows[] = {
        {"10.0.0.0/8", "10.255.255.255", 1},
        {"10.0.0.0/8", "11.0.0.0", 0},
        {"10.0.0.0/8", "::ffff:10.1.1.1", 1},
        {"10.9.9.9/8", "10.1.1.1", 1},
        {"192.0.2.128/25", "192.0.2.127", 0},
        {"192.0.2.128/25", "192.0.2.255", 1},
        {"192.0.2.1", "192.0.2.1", 1},
        {"192.0.2.1", "192.0.2.2", 0},
        {"192.0.2.1/32", "192.0.2.1", 1},
        {"0.0.0.0/0", "203.0.113.9", 1},
        {"0.0.0.0/0", "2001:db8::1", 0},
        {"::/0", "2001:db8::1", 1},
        {"2001:db8::/33", "2001:db8:7fff::1", 1},
        {"2001:db8::/33", "2001:db8:8000::1", 0},
        {"2001:db8::1/128", "2001:db8::1", 1},
        {"10.0.0.0/33", "10.0.0.0", -1},
        {"10.0.0.0/", "10.0.0.0", -1},
        {"10.0.0.0/-1", "10.0.0.0", -1},
        {"10.0.0.0/8/8", "10.0.0.0", -1},
        {"10.0.0.0/0008", "10.0.0.0", -1},
        {"::/129", "::", -1},
        {"/8", "::", -1},
        {"", "::", -1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gim_network n;
        struct gim_address a;

        assert_int_equal(gim_network_read(gim_str_of(rows[i].network), &n),
                         rows[i].in < 0 ? -1 : 0);
        assert_int_equal(gim_address_read(gim_str_of(rows[i].address), &a), 0);
        if (rows[i].in >= 0)
            assert_int_equal(gim_address_in(&a, &n), rows[i].in);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_has_one_text_however_it_was_written),
        cmocka_unit_test(a_network_holds_what_begins_as_it_does),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
