/* test_filename.c: what clients call files, made harmless. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include "../../../gimlet/base/arena.h"
#include "../../../gimlet/kit/filename.h"
#include "guard.h"

static void check(const char *raw, size_t len, const char *want)
{
    struct gim_arena a = {0};
    char *copy = guard_copy(raw, len);
    gim_str got = gim_filename_clean((gim_str){copy, len}, &a);

    if (!gim_str_eq(got, gim_str_of(want)))
        fail_msg("\"%s\" gives \"%.*s\", want \"%s\"", raw, GIM_FMT(got), want);
    guard_free(copy, len);
    gim_arena_reset(&a);
}

static void only_the_last_part_is_left_and_nothing_of_it_harms(void **state)
{
    static const struct {
        const char *raw, *want;
    } rows[] = {
        {"photo.png", "photo.png"},
        {"a b (1).tar.gz", "a b (1).tar.gz"},
        {"caf\xc3\xa9.txt", "caf\xc3\xa9.txt"},
        {"../../etc/passwd", "passwd"},
        {"/etc/passwd", "passwd"},
        {"C:\\Users\\ada\\cv.pdf", "cv.pdf"},
        {"a/b\\c/d\\e", "e"},
        {"dir/", "file"},
        {"", "file"},
        {".", "file"},
        {"..", "file"},
        {"...", "file"},
        {" . . ", "file"},
        {".bashrc", "bashrc"},
        {" .. x. .", "x"},
        {"a..b", "a..b"},
        {"a\tb\x7f\x1f", "ab"},
        {"\x01.hidden", "hidden"},
        {"a\xc2\x85z", "az"}, /* NEL, a control of two bytes */
        {"a\xff\xfe.txt", "a__.txt"},
        {"\xc3", "_"},
        {"x\xed\xa0\x80", "x___"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check(rows[i].raw, strlen(rows[i].raw), rows[i].want);
    check("a\0b", 3, "ab");
}

static void long_names_end_at_a_whole_character(void **state)
{
    char raw[600], want[256];

    (void)state;
    memset(raw, 'x', sizeof raw);
    memset(want, 'x', 255);
    want[255] = '\0';
    check(raw, sizeof raw, want);
    memcpy(raw + 254, "\xc3\xa9", 2);
    want[254] = '\0';
    check(raw, sizeof raw, want);
    memset(raw + 200, ' ', 400);
    want[200] = '\0';
    check(raw, sizeof raw, want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_last_part_is_left_and_nothing_of_it_harms),
        cmocka_unit_test(long_names_end_at_a_whole_character),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
