/* test_format.c: e-mail addresses, URIs, UUIDs and date-times, against a guard page. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include "../../../gimlet/json/format.h"
#include "guard.h"

#define LONG_LABEL "0123456789012345678901234567890123456789012345678901234567890123"

static const struct {
    uint8_t format;
    bool holds;
    const char *text;
} rows[] = {
    {GIM_FORMAT_EMAIL, true, "ada@example.org"},
    {GIM_FORMAT_EMAIL, true, "a.b+c_d'!#$%&*/=?^`{|}~-@x"},
    {GIM_FORMAT_EMAIL, true, "a@1.2-3.org"},
    {GIM_FORMAT_EMAIL, false, ""},
    {GIM_FORMAT_EMAIL, false, "ada"},
    {GIM_FORMAT_EMAIL, false, "@example.org"},
    {GIM_FORMAT_EMAIL, false, "ada@"},
    {GIM_FORMAT_EMAIL, false, "ada@@example.org"},
    {GIM_FORMAT_EMAIL, false, "a@b@c"},
    {GIM_FORMAT_EMAIL, false, ".ada@example.org"},
    {GIM_FORMAT_EMAIL, false, "ada.@example.org"},
    {GIM_FORMAT_EMAIL, false, "a..b@example.org"},
    {GIM_FORMAT_EMAIL, false, "a b@example.org"},
    {GIM_FORMAT_EMAIL, false, "\"a b\"@example.org"},
    {GIM_FORMAT_EMAIL, false, "ada@example..org"},
    {GIM_FORMAT_EMAIL, false, "ada@example.org."},
    {GIM_FORMAT_EMAIL, false, "ada@-example.org"},
    {GIM_FORMAT_EMAIL, false, "ada@example-.org"},
    {GIM_FORMAT_EMAIL, false, "ada@exa_mple.org"},
    {GIM_FORMAT_EMAIL, false, "ada@[127.0.0.1]"},
    {GIM_FORMAT_EMAIL, false, "ada@ex\xC3\xA9.org"},
    {GIM_FORMAT_EMAIL, false, "ada@example.org\n"},
    {GIM_FORMAT_EMAIL, false, LONG_LABEL "x@example.org"},
    {GIM_FORMAT_EMAIL, true, LONG_LABEL "@example.org"},
    {GIM_FORMAT_EMAIL, false, "a@" LONG_LABEL ".org"},
    {GIM_FORMAT_URI, true, "https://example.org/"},
    {GIM_FORMAT_URI, true, "https://example.org"},
    {GIM_FORMAT_URI, true, "http://user:pw@example.org:8080/a/b;c?d=e&f#g/h?i"},
    {GIM_FORMAT_URI, true, "http://[::1]:80/"},
    {GIM_FORMAT_URI, true, "http://[v1.a:b]/"},
    {GIM_FORMAT_URI, true, "http://example.org:/"},
    {GIM_FORMAT_URI, true, "mailto:ada@example.org"},
    {GIM_FORMAT_URI, true, "urn:isbn:0451450523"},
    {GIM_FORMAT_URI, true, "file:///etc/passwd"},
    {GIM_FORMAT_URI, true, "a+b-c.d:x"},
    {GIM_FORMAT_URI, true, "http://x/%7Eada%C3%A9"},
    {GIM_FORMAT_URI, false, ""},
    {GIM_FORMAT_URI, false, "http:"},
    {GIM_FORMAT_URI, false, "/relative"},
    {GIM_FORMAT_URI, false, "example.org"},
    {GIM_FORMAT_URI, false, "//example.org/"},
    {GIM_FORMAT_URI, false, "1http://x/"},
    {GIM_FORMAT_URI, false, "ht tp://x/"},
    {GIM_FORMAT_URI, false, ":x"},
    {GIM_FORMAT_URI, false, "http://x/a b"},
    {GIM_FORMAT_URI, false, "http://x/\xC3\xA9"},
    {GIM_FORMAT_URI, false, "http://x/%"},
    {GIM_FORMAT_URI, false, "http://x/%4"},
    {GIM_FORMAT_URI, false, "http://x/%zz"},
    {GIM_FORMAT_URI, false, "http://x/#a#b"},
    {GIM_FORMAT_URI, false, "http://x/[1]"},
    {GIM_FORMAT_URI, false, "http://x:80a/"},
    {GIM_FORMAT_URI, false, "http://a@b@c/"},
    {GIM_FORMAT_URI, false, "http://[::1/"},
    {GIM_FORMAT_URI, false, "http://[xyz]/"},
    {GIM_FORMAT_URI, false, "http://[::1]x/"},
    {GIM_FORMAT_URI, false, "http://[]/"},
    {GIM_FORMAT_URI, false, "http://x/<a>"},
    {GIM_FORMAT_URI, false, "http://x/\"a\""},
    {GIM_FORMAT_URI, false, "http://x/\\"},
    {GIM_FORMAT_UUID, true, "123e4567-e89b-12d3-a456-426614174000"},
    {GIM_FORMAT_UUID, true, "123E4567-E89B-12D3-A456-426614174FFF"},
    {GIM_FORMAT_UUID, true, "00000000-0000-0000-0000-000000000000"},
    {GIM_FORMAT_UUID, false, ""},
    {GIM_FORMAT_UUID, false, "123e4567e89b12d3a456426614174000"},
    {GIM_FORMAT_UUID, false, "123e4567-e89b-12d3-a456-42661417400"},
    {GIM_FORMAT_UUID, false, "123e4567-e89b-12d3-a456-4266141740000"},
    {GIM_FORMAT_UUID, false, "123e4567-e89b-12d3-a456-42661417400g"},
    {GIM_FORMAT_UUID, false, "{23e4567-e89b-12d3-a456-42661417400}"},
    {GIM_FORMAT_UUID, false, "123e4567ae89b-12d3-a456-426614174000"},
    {GIM_FORMAT_DATE_TIME, true, "2026-11-24T13:56:17Z"},
    {GIM_FORMAT_DATE_TIME, true, "2026-11-24T13:56:17.25+01:00"},
    {GIM_FORMAT_DATE_TIME, false, "2026-11-24"},
    {GIM_FORMAT_DATE_TIME, false, "2026-11-31T13:56:17Z"},
    {GIM_FORMAT_NONE, true, "anything"},
};

static void rows_hold_or_not(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t n = strlen(rows[i].text);
        char *copy = guard_copy(rows[i].text, n);

        if (gim_format_holds(rows[i].format, (gim_str){copy, n}) != rows[i].holds)
            fail_msg("%s: %s", gim_format_name(rows[i].format), rows[i].text);
        guard_free(copy, n);
    }
}

static void each_prefix_is_read_within_its_bytes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (size_t n = 0; n < strlen(rows[i].text); n++) {
            char *copy = guard_copy(rows[i].text, n);

            (void)gim_format_holds(rows[i].format, (gim_str){copy, n});
            guard_free(copy, n);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_hold_or_not),
        cmocka_unit_test(each_prefix_is_read_within_its_bytes),
    };

    return cmocka_run_group_tests_name("format", tests, NULL, NULL);
}
