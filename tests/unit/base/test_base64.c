/* test_base64.c: the texts of RFC 4648 §10 and RFC 6455, there and back, and what is no base64. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include "../../../gimlet/base/base64.h"
#include "guard.h"

#define N_KINDS 4
#define S(literal)                                                                                 \
    {                                                                                              \
        ("" literal), sizeof(literal) - 1                                                          \
    }

static const struct {
    gim_str bytes;
    const char *text[N_KINDS]; /* by enum gim_base64 */
} rows[] = {
    {S(""), {"", "", "", ""}},
    {S("f"), {"Zg==", "Zg", "Zg", "Zg=="}},
    {S("fo"), {"Zm8=", "Zm8", "Zm8", "Zm8="}},
    {S("foo"), {"Zm9v", "Zm9v", "Zm9v", "Zm9v"}},
    {S("foob"), {"Zm9vYg==", "Zm9vYg", "Zm9vYg", "Zm9vYg=="}},
    {S("fooba"), {"Zm9vYmE=", "Zm9vYmE", "Zm9vYmE", "Zm9vYmE="}},
    {S("foobar"), {"Zm9vYmFy", "Zm9vYmFy", "Zm9vYmFy", "Zm9vYmFy"}},
    {S("\xFB\xFF\xFE"), {"+//+", "+//+", "-__-", "-__-"}},
    {S("\0"), {"AA==", "AA", "AA", "AA=="}},
    {S("the sample nonce"),
     {"dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub25jZQ",
      "dGhlIHNhbXBsZSBub25jZQ=="}},
};

static void texts_are_written_as_the_rfc_has_them(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (int kind = 0; kind < N_KINDS; kind++) {
            char out[64];
            char *in = guard_copy(rows[i].bytes.ptr, rows[i].bytes.len);
            size_t n =
                gim_base64_write(out, (gim_str){in, rows[i].bytes.len}, (enum gim_base64)kind);

            assert_true(n <= GIM_BASE64_LEN(rows[i].bytes.len));
            assert_int_equal(n, strlen(rows[i].text[kind]));
            assert_memory_equal(out, rows[i].text[kind], n);
            guard_free(in, rows[i].bytes.len);
        }
    }
}

static void texts_are_read_back_also_in_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (int kind = 0; kind < N_KINDS; kind++) {
            size_t len = strlen(rows[i].text[kind]);
            char *text = guard_copy(rows[i].text[kind], len);
            char out[64];

            assert_int_equal(gim_base64_read(out, (gim_str){text, len}, (enum gim_base64)kind),
                             rows[i].bytes.len);
            assert_memory_equal(out, rows[i].bytes.ptr, rows[i].bytes.len);
            assert_int_equal(gim_base64_read(text, (gim_str){text, len}, (enum gim_base64)kind),
                             rows[i].bytes.len);
            assert_memory_equal(text, rows[i].bytes.ptr, rows[i].bytes.len);
            guard_free(text, len);
        }
    }
}

static void what_another_kind_would_write_is_refused(void **state)
{
    static const struct {
        enum gim_base64 kind;
        const char *text;
    } bad[] = {
        {GIM_BASE64, "Zg"},
        {GIM_BASE64, "Zg="},
        {GIM_BASE64, "Zg==="},
        {GIM_BASE64, "="},
        {GIM_BASE64, "=="},
        {GIM_BASE64, "===="},
        {GIM_BASE64, "Z==="},
        {GIM_BASE64, "Z=g="},
        {GIM_BASE64, "Zg==Zg=="},
        {GIM_BASE64, "Zm9v===="},
        {GIM_BASE64, "-__-"},
        {GIM_BASE64, "Zh=="},
        {GIM_BASE64, "Zm9="},
        {GIM_BASE64, "Zm9v\n"},
        {GIM_BASE64, " Zm9v"},
        {GIM_BASE64, "Zm 9"},
        {GIM_BASE64, "Zm9\xE9"},
        {GIM_BASE64, "Zm9v."},
        {GIM_BASE64, "Z"},
        {GIM_BASE64_BARE, "Zg=="},
        {GIM_BASE64_BARE, "Zm9vZ"},
        {GIM_BASE64_BARE, "Zh"},
        {GIM_BASE64_URL, "Zg=="},
        {GIM_BASE64_URL, "+//+"},
        {GIM_BASE64_URL, "Zm9"},
        {GIM_BASE64_URL, "Z"},
        {GIM_BASE64_URL_PADDED, "Zg"},
        {GIM_BASE64_URL_PADDED, "+//+"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        size_t len = strlen(bad[i].text);
        char *text = guard_copy(bad[i].text, len);
        char out[64];

        if (gim_base64_read(out, (gim_str){text, len}, bad[i].kind) != -1)
            fail_msg("row %zu: '%s' is taken", i, bad[i].text);
        guard_free(text, len);
    }
}

static void every_length_and_byte_goes_there_and_back(void **state)
{
    unsigned char bytes[256], back[GIM_BASE64_BYTES(GIM_BASE64_LEN(256))];
    char text[GIM_BASE64_LEN(256)];

    (void)state;
    for (int i = 0; i < 256; i++)
        bytes[i] = (unsigned char)(i * 167 + 13);
    for (size_t len = 0; len <= 256; len++) {
        for (int kind = 0; kind < N_KINDS; kind++) {
            size_t n = gim_base64_write(text, (gim_str){(char *)bytes, len}, (enum gim_base64)kind);

            assert_int_equal(gim_base64_read(back, (gim_str){text, n}, (enum gim_base64)kind), len);
            assert_memory_equal(back, bytes, len);
        }
    }
}

static void absent_bytes_are_no_bytes(void **state)
{
    char out[4];

    (void)state;
    assert_int_equal(gim_base64_write(out, (gim_str){0}, GIM_BASE64), 0);
    assert_int_equal(gim_base64_read(out, (gim_str){0}, GIM_BASE64), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_written_as_the_rfc_has_them),
        cmocka_unit_test(texts_are_read_back_also_in_place),
        cmocka_unit_test(what_another_kind_would_write_is_refused),
        cmocka_unit_test(every_length_and_byte_goes_there_and_back),
        cmocka_unit_test(absent_bytes_are_no_bytes),
    };

    return cmocka_run_group_tests_name("base64", tests, NULL, NULL);
}
