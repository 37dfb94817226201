/* test_chars.c: the byte table against the grammars it stands for, and the scan against a loop. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include "../../../gimlet/http/chars.h"
#include "guard.h"

static bool in_set(int c, const char *set)
{
    return c && strchr(set, c);
}

static bool is_alnum(int c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static unsigned expected(int c)
{
    bool unreserved = is_alnum(c) || in_set(c, "-._~");
    bool sub_delim = in_set(c, "!$&'()*+,;=");
    bool pchar_or_slash = unreserved || sub_delim || in_set(c, ":@/");
    unsigned v = 0;

    if (is_alnum(c) || in_set(c, "!#$%&'*+-.^_`|~"))
        v |= GIM_CHAR_TOKEN;
    if (pchar_or_slash)
        v |= GIM_CHAR_PATH;
    if (pchar_or_slash || in_set(c, "?[]{}|^`"))
        v |= GIM_CHAR_QUERY;
    if (unreserved || (sub_delim && c != ','))
        v |= GIM_CHAR_HOST;
    if (c == 0x21 || (c >= 0x23 && c <= 0x7e) || c >= 0x80)
        v |= GIM_CHAR_ETAG;
    if ((c < 0x20 && c != '\t') || c == 0x7f)
        v |= GIM_CHAR_CTL;
    if (c == '.' || c == '/')
        v |= GIM_CHAR_DOT;
    return v;
}

static void every_entry_of_the_table_is_its_grammar(void **state)
{
    (void)state;
    for (int c = 0; c < 256; c++)
        assert_int_equal(gim_chars[c], expected(c));
}

static void hex_digits_have_their_values(void **state)
{
    (void)state;
    for (int c = 0; c < 256; c++) {
        const char *digits = "0123456789abcdefABCDEF";
        const char *at = c ? strchr(digits, c) : NULL;
        int want = !at ? -1 : at - digits < 16 ? (int)(at - digits) : (int)(at - digits) - 6;

        assert_int_equal(gim_char_hex((char)c), want);
    }
}

/* Every byte value at every place of a text of every short length, against a guard page. */
static void scan_stops_at_the_first_control(void **state)
{
    (void)state;
    for (size_t len = 1; len <= 20; len++) {
        char *text = guard_copy("abcdefghijklmnopqrst", len);

        assert_ptr_equal(gim_scan_text(text, text + len), text + len);
        for (size_t at = 0; at < len; at++) {
            char was = text[at];

            for (int c = 0; c < 256; c++) {
                text[at] = (char)c;
                assert_ptr_equal(gim_scan_text(text, text + len),
                                 text + (expected(c) & GIM_CHAR_CTL ? at : len));
            }
            text[at] = was;
        }
        guard_free(text, len);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_entry_of_the_table_is_its_grammar),
        cmocka_unit_test(hex_digits_have_their_values),
        cmocka_unit_test(scan_stops_at_the_first_control),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
