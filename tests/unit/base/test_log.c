/* test_log.c: what a line of the log may hold, whatever text it was given. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <gimlet/log.h>

/* What stands behind the part of the one line that is logged; to be freed. The time is cut off. */
static char *line_of(bool json, const char *what, const char *text)
{
    FILE *was = stderr;
    char *line = NULL;
    size_t len = 0;
    char *rest;

    stderr = open_memstream(&line, &len);
    assert_non_null(stderr);
    gim_log_json(json);
    gim_log_level(GIM_LOG_INFO);
    gim_log(GIM_LOG_INFO, what, "%s", text);
    fclose(stderr);
    stderr = was;
    assert_int_equal(strlen(line), len); /* no NUL */
    rest = strstr(line, json ? "\"part\"" : " info ");
    assert_non_null(rest);
    memmove(line, rest, strlen(rest) + 1);
    return line;
}

static void text_is_shown_and_what_would_be_obeyed_is_escaped(void **state)
{
    static const struct {
        const char *text, *plain, *json;
    } rows[] = {
        {"a \"b\" \\", "a \"b\" \\", "a \\\"b\\\" \\\\"},
        {"a\nb\r\t\x1b[31m\x7f", "a\\x0ab\\x0d\\x09\\x1b[31m\\x7f",
         "a\\u000ab\\u000d\\u0009\\u001b[31m\\u007f"},
        {"é € 😀", "é € 😀", "é € 😀"},
        {"\x9b[31m", "\\x9b[31m", "\\u009b[31m"},                     /* CSI in eight bits */
        {"\xc2\x9b", "\\xc2\\x9b", "\\u00c2\\u009b"},                 /* U+009B, the same */
        {"\xc2\xa0", "\xc2\xa0", "\xc2\xa0"},                         /* U+00A0 is none */
        {"\xe2\x80\xa8", "\\xe2\\x80\\xa8", "\\u00e2\\u0080\\u00a8"}, /* U+2028: a line's end */
        {"\xe2\x80\xae", "\\xe2\\x80\\xae", "\\u00e2\\u0080\\u00ae"}, /* U+202E: backwards */
        {"\xe2\x80\xaf", "\xe2\x80\xaf", "\xe2\x80\xaf"},
        {"\xe2\x81\xa6", "\\xe2\\x81\\xa6", "\\u00e2\\u0081\\u00a6"}, /* U+2066 */
        {"\xc0\x8a", "\\xc0\\x8a", "\\u00c0\\u008a"},                 /* overlong */
        {"\xe0\x80\x8a", "\\xe0\\x80\\x8a", "\\u00e0\\u0080\\u008a"},
        {"\xf0\x80\x80\x8a", "\\xf0\\x80\\x80\\x8a", "\\u00f0\\u0080\\u0080\\u008a"},
        {"\xed\xa0\x80", "\\xed\\xa0\\x80", "\\u00ed\\u00a0\\u0080"}, /* a surrogate */
        {"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80", "\\u00f4\\u0090\\u0080\\u0080"},
        {"\xe2\x82", "\\xe2\\x82", "\\u00e2\\u0082"}, /* cut off */
        {"\xff", "\\xff", "\\u00ff"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char want[200];
        char *got = line_of(false, "http", rows[i].text);

        snprintf(want, sizeof want, " info http: %s\n", rows[i].plain);
        assert_string_equal(got, want);
        free(got);
        got = line_of(true, "http", rows[i].text);
        snprintf(want, sizeof want, "\"part\":\"http\",\"message\":\"%s\"}\n", rows[i].json);
        assert_string_equal(got, want);
        free(got);
    }
}

/* The end of the string that begins behind `at`, as a JSON reader would find it. */
static const char *end_of_string(const char *at)
{
    while (*at != '"') {
        assert_in_range((unsigned char)*at, 0x20, 0xf4);
        at += *at == '\\' ? 2 : 1;
    }
    return at;
}

static void whatever_the_bytes_are_it_is_one_line(void **state)
{
    uint64_t x = 88172645463325252u;

    (void)state;
    for (int round = 0; round < 20000; round++) {
        char text[900];
        size_t n = 0, most = 1 + x % (sizeof text - 1);
        char *got;

        for (; n < most; n++) {
            x ^= x << 13, x ^= x >> 7, x ^= x << 17; /* xorshift64 */
            text[n] = round % 3 ? (char)(x >> 24) : "\n\r\x1b\x9b\"\\\x7f\xc2\xe2\x80"[x % 10];
            text[n] = text[n] ? text[n] : 'z';
        }
        text[n - 1] = '\0';
        got = line_of(round % 2, round % 5 ? "part" : text, text);
        n = strlen(got);
        assert_ptr_equal(strchr(got, '\n'), got + n - 1);
        for (size_t i = 0; i + 1 < n; i++)
            assert_true((unsigned char)got[i] >= 0x20 && got[i] != 0x7f);
        if (round % 2) {
            const char *end = end_of_string(got + 8);

            assert_memory_equal(end, "\",\"message\":\"", 13);
            assert_string_equal(end_of_string(end + 13), "\"}\n");
        }
        free(got);
    }
}

static void nothing_is_written_below_the_level(void **state)
{
    FILE *was = stderr;
    char *line = NULL;
    size_t len = 0;

    (void)state;
    stderr = open_memstream(&line, &len);
    gim_log_level(-1);
    gim_log(GIM_LOG_ERROR, "x", "silent");
    gim_log_level(GIM_LOG_WARN);
    gim_log(GIM_LOG_INFO, "x", "silent");
    fclose(stderr);
    stderr = was;
    assert_int_equal(len, 0);
    free(line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_shown_and_what_would_be_obeyed_is_escaped),
        cmocka_unit_test(whatever_the_bytes_are_it_is_one_line),
        cmocka_unit_test(nothing_is_written_below_the_level),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
