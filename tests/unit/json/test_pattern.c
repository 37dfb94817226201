/* test_pattern.c: the subset of regular expressions, and that it cannot be made slow. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <cmocka.h>
#include "../../../gimlet/json/pattern.h"
#include "guard.h"

static const struct {
    const char *pattern;
    const char *yes[6], *no[8];
} rows[] = {
    {"", {"", "x"}, {0}},
    {"a", {"a", "ba", "ab", "xax"}, {"", "b", "A"}},
    {"^a", {"a", "ab"}, {"", "ba"}},
    {"a$", {"a", "ba"}, {"", "ab", "a\n"}},
    {"^a$", {"a"}, {"", "aa", "ba", "ab"}},
    {"^$", {""}, {"x", "\n"}},
    {"^.$",
     {"a", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9D\x84\x9E"},
     {"", "\n", "\r", "ab", "\xE2\x80\xA8"}},
    {"^..$", {"ab", "\xC3\xA9\xC3\xA9"}, {"\xC3\xA9", "abc"}},
    {"^\xC3\xA9+$", {"\xC3\xA9", "\xC3\xA9\xC3\xA9"}, {"e", "\xC3", "\xC3\xA8"}},
    {"^a*$", {"", "a", "aaaa"}, {"b", "ab"}},
    {"^a+$", {"a", "aaaa"}, {"", "b"}},
    {"^a?b$", {"b", "ab"}, {"aab", "a"}},
    {"^a{3}$", {"aaa"}, {"aa", "aaaa", ""}},
    {"^a{2,}$", {"aa", "aaaaa"}, {"a", ""}},
    {"^a{0,}$", {"", "aaaaa"}, {"b"}},
    {"^a{1,3}$", {"a", "aa", "aaa"}, {"", "aaaa"}},
    {"^a{0,2}b$", {"b", "ab", "aab"}, {"aaab", "a"}},
    {"^a{0}b$", {"b"}, {"ab"}},
    {"^a{0,1}$", {"", "a"}, {"aa"}},
    {"^(ab){2,3}$", {"abab", "ababab"}, {"ab", "abababab", "aba"}},
    {"^(a|bc)+$", {"a", "bc", "abca"}, {"", "b", "ac"}},
    {"^(?:a|b|cd|)x$", {"ax", "bx", "cdx", "x"}, {"cx", "abx", "dx"}},
    {"a|b", {"a", "b", "xb"}, {"", "c"}},
    {"^a|b$", {"ac", "cb"}, {"ca", "bc"}},
    {"^((a|b)(c|d)){1,2}$", {"ac", "bdac"}, {"ab", "acbdac"}},
    {"^((((a))))$", {"a"}, {"aa"}},
    {"^(a*)*$", {"", "aaa"}, {"b"}},
    {"^(a*)+b$", {"b", "aab"}, {"a", ""}},
    {"^(|a)+$", {"", "aa"}, {"b"}},
    {"^[abc]$", {"a", "b", "c"}, {"d", "", "ab"}},
    {"^[a-cx-z0]+$", {"abcxyz0"}, {"d", "w", "1"}},
    {"^[^a-c]$", {"d", "\n", "\xC3\xA9"}, {"a", "c", ""}},
    {"^[-a]$", {"-", "a"}, {"b"}},
    {"^[a-]$", {"-", "a"}, {"b"}},
    {"^[a\\-z]$", {"-", "a", "z"}, {"b"}},
    {"^[\\]\\\\^]$", {"]", "\\", "^"}, {"["}},
    {"^[.$*+?(){}|]$", {".", "$", "|", "("}, {"a"}},
    {"^[\\d.]+$", {"1.5", "."}, {"a", ""}},
    {"^[^\\d\\s]$", {"a"}, {"1", " ", "\xC2\xA0"}},
    {"^[\\D]$", {"a", "/", ":"}, {"0", "9", "5"}},
    {"^\\d\\D$", {"1a", "0/"}, {"11", "aa"}},
    {"^\\w+$", {"aZ_09"}, {"a-b", "\xC3\xA9", ""}},
    {"^\\W$", {"-", "\xC3\xA9", " "}, {"a", "_", "0"}},
    {"^\\s$", {" ", "\t", "\n", "\xC2\xA0", "\xE3\x80\x80"}, {"a", ""}},
    {"^\\S$", {"a"}, {" ", "\v"}},
    {"^[\xC3\xA0-\xC3\xBF]$", {"\xC3\xA9"}, {"e", "\xC4\x80"}},
    {"^\\u00e9\\x41$",
     {"\xC3\xA9"
      "A"},
     {"eA"}},
    {"^[\\u4e00-\\u9fff]+$", {"\xE4\xB8\xAD\xE6\x96\x87"}, {"a"}},
    {"^\\.\\*\\/\\-\\t$", {".*/-\t"}, {"x"}},
    {"^[^]$", {"a", "\n"}, {""}},
    {"[]", {0}, {"", "a"}},
    {"^[A-Z]{2}\\d+$", {"AB1", "ZZ999"}, {"ab1", "A1", "AB", "AB1 "}},
    {"^[a-z0-9]+(-[a-z0-9]+)*$", {"a", "a-b-c3"}, {"", "-a", "a-", "a--b"}},
};

static void rows_match_or_not(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *defect = gim_pattern_defect(rows[i].pattern);

        if (defect)
            fail_msg("%s: %s", rows[i].pattern, defect);
        for (size_t k = 0; k < 14; k++) {
            const char *text = k < 6 ? rows[i].yes[k] : rows[i].no[k - 6];
            size_t n = text ? strlen(text) : 0;
            char *copy;

            if (!text || (n && (unsigned char)text[n - 1] == 0xC3))
                continue;
            copy = guard_copy(text, n);
            if (gim_pattern_match(rows[i].pattern, (gim_str){copy, n}) != (k < 6))
                fail_msg("%s on %s", rows[i].pattern, text);
            guard_free(copy, n);
        }
    }
}

static void what_is_not_in_the_subset_is_refused_with_a_reason(void **state)
{
    static const char *const patterns[] = {
        "(",
        "a)",
        ")",
        "[a",
        "a{",
        "a{1",
        "a{2,1}",
        "a{1001}",
        "{1}",
        "a{x}",
        "*a",
        "a**",
        "+",
        "?",
        "(*a)",
        "|*",
        "a|*",
        "\\",
        "\\b",
        "\\1",
        "\\q",
        "[z-a]",
        "[a-\\d]",
        "a]",
        "a}",
        "\\u12",
        "\\xg0",
        "(?=a)",
        "(?!a)",
        "(?<n>a)",
        "a*?",
        "a{2}{3}",
        "\xC3",
        "((((((((((((((((((a",
        "(((a{100}){100}){100}){100})",
        "[\\u12]",
    };

    (void)state;
    for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
        if (!gim_pattern_defect(patterns[i]))
            fail_msg("%s was taken", patterns[i]);
    }
}

/* What makes back-tracking matchers run for ages. */
static void hostile_texts_take_linear_time(void **state)
{
    static const char *const patterns[] = {
        "^(a+)+$",       "^(a|a)*$", "^(a|aa)+$", "(x+x+)+y", "^(([a-z])+.)+[A-Z]([a-z])+$",
        "(a?){50}a{50}$"};
    size_t n = 200000;
    char *text = malloc(n);

    (void)state;
    memset(text, 'a', n);
    text[n - 1] = '!';
    for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
        clock_t start = clock();

        assert_false(gim_pattern_match(patterns[i], (gim_str){text, n}));
        assert_true(clock() - start < 20 * CLOCKS_PER_SEC);
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_match_or_not),
        cmocka_unit_test(what_is_not_in_the_subset_is_refused_with_a_reason),
        cmocka_unit_test(hostile_texts_take_linear_time),
    };

    return cmocka_run_group_tests_name("pattern", tests, NULL, NULL);
}
