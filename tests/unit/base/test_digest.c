/* test_digest.c: digests against the vectors of their standards, and secrets compared. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include "../../../gimlet/base/digest.h"
#include "../../../gimlet/base/siphash.h"
#include "guard.h"

static void assert_hex(const unsigned char *got, size_t n, const char *hex)
{
    char text[2 * GIM_SHA256_LEN + 1];

    for (size_t i = 0; i < n; i++)
        snprintf(text + 2 * i, 3, "%02x", got[i]);
    assert_string_equal(text, hex);
}

static void sha_1_and_256_give_what_fips_180_says(void **state)
{
    static const struct {
        const char *text, *sha1, *sha256;
    } rows[] = {
        {"", "da39a3ee5e6b4b0d3255bfef95601890afd80709",
         "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "a9993e364706816aba3e25717850c26c9cd0d89d",
         "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "84983e441c3bd26ebaae4aa1f95129e5e54670f1",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    unsigned char out[GIM_SHA256_LEN];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t n = strlen(rows[i].text);
        char *copy = guard_copy(rows[i].text, n);

        assert_int_equal(gim_sha1(copy, n, out), 0);
        assert_hex(out, GIM_SHA1_LEN, rows[i].sha1);
        assert_int_equal(gim_sha256(copy, n, out), 0);
        assert_hex(out, GIM_SHA256_LEN, rows[i].sha256);
        guard_free(copy, n);
    }
    assert_int_equal(gim_sha256(NULL, 0, out), 0);
    assert_hex(out, GIM_SHA256_LEN, rows[0].sha256);
}

static void hmac_sha256_gives_what_rfc_4231_says(void **state)
{
    unsigned char out[GIM_SHA256_LEN];
    char key[131];

    (void)state;
    assert_int_equal(gim_hmac_sha256(GIM_S("Jefe"), "what do ya want for nothing?", 28, out), 0);
    assert_hex(out, sizeof out, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(key, 0xaa, sizeof key);
    assert_int_equal(gim_hmac_sha256((gim_str){key, sizeof key},
                                     "Test Using Larger Than Block-Size Key - Hash Key First", 54,
                                     out),
                     0);
    assert_hex(out, sizeof out, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    assert_int_equal(gim_hmac_sha256((gim_str){0}, NULL, 0, out), 0);
    assert_hex(out, sizeof out, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

static void siphash_gives_what_its_paper_says(void **state)
{
    static const uint64_t key[2] = {UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908)};
    /* vectors.h of the reference implementation: inputs 00 01 02 ... of length 0, 1, 8, 15 */
    static const struct {
        size_t len;
        uint64_t hash;
    } rows[] = {
        {0, UINT64_C(0x726fdb47dd0e0e31)},
        {1, UINT64_C(0x74f839c593dc67fd)},
        {8, UINT64_C(0x93f5f5799a932462)},
        {15, UINT64_C(0xa129ca6149be45e5)},
    };
    unsigned char in[16];

    (void)state;
    for (unsigned i = 0; i < sizeof in; i++)
        in[i] = (unsigned char)i;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *copy = guard_copy(in, rows[i].len);

        assert_true(gim_siphash(key, copy, rows[i].len) == rows[i].hash);
        guard_free(copy, rows[i].len);
    }
}

static void secrets_are_equal_when_all_bytes_are(void **state)
{
    (void)state;
    assert_true(gim_str_eq_secret(GIM_S("open sesame"), GIM_S("open sesame")));
    assert_true(gim_str_eq_secret((gim_str){0}, GIM_S("")));
    assert_false(gim_str_eq_secret(GIM_S("open sesame"), GIM_S("open sesamE")));
    assert_false(gim_str_eq_secret(GIM_S("open sesame"), GIM_S("Open sesame")));
    assert_false(gim_str_eq_secret(GIM_S("open sesame"), GIM_S("open sesame ")));
    assert_false(gim_str_eq_secret(GIM_S("a\0b"), GIM_S("a\0c")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha_1_and_256_give_what_fips_180_says),
        cmocka_unit_test(hmac_sha256_gives_what_rfc_4231_says),
        cmocka_unit_test(siphash_gives_what_its_paper_says),
        cmocka_unit_test(secrets_are_equal_when_all_bytes_are),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
