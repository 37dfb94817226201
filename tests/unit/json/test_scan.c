/* test_scan.c: what is JSON and what is not; each row whole, against a guard page, and cut short.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include <gimlet/json.h>
#include "../../../gimlet/base/arena.h"
#include "guard.h"
#include "rows.h"

static int check(const char *text, size_t len, struct gim_json_error *err)
{
    struct gim_arena arena = {0};
    char *copy = guard_copy(text, len);
    int result = gim_json_check((gim_str){copy, len}, &arena, err);

    guard_free(copy, len);
    gim_arena_reset(&arena);
    return result;
}

static bool is_taken(const struct json_row *row)
{
    return row->kind == 'y' || row->kind == 'i';
}

static void rows_are_json_or_not(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_JSON_ROWS; i++) {
        const struct json_row *row = &json_rows[i];
        struct gim_json_error err = {0};

        if (check(row->text, row->len, &err) != (is_taken(row) ? 0 : -1))
            fail_msg("row %zu: %s (%s)", i, row->text, err.reason);
        if (!is_taken(row) && (!err.reason || err.offset != row->at))
            fail_msg("row %zu: %s: offset %zu, not %zu (%s)", i, row->text, err.offset, row->at,
                     err.reason);
    }
}

/* Numbers have shorter numbers as prefixes; for all else a part is not a text. */
static void a_part_of_a_text_is_not_a_text(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_JSON_ROWS; i++) {
        const struct json_row *row = &json_rows[i];
        size_t end = row->len;
        struct gim_json_error err;

        while (end && strchr(" \t\r\n", row->text[end - 1]))
            end--;
        if (!is_taken(row) || !strchr("]}\"el", row->text[end - 1]))
            continue;
        for (size_t n = 0; n < end; n++) {
            if (check(row->text, n, &err) != -1)
                fail_msg("the first %zu bytes of row %zu: %s", n, i, row->text);
            assert_true(err.offset <= n);
        }
    }
}

static void errors_have_line_and_column_in_characters(void **state)
{
    static const struct {
        const char *text;
        size_t offset;
        uint32_t line, column;
        const char *reason;
    } rows[] = {
        {"", 0, 1, 1, "the body is empty"},
        {" \n ", 3, 2, 2, "the body is empty"},
        {"\xEF\xBB\xBF{}", 0, 1, 1, "the text starts with a byte order mark"},
        {"{\"a\":1,\n \"b\":x}", 13, 2, 6, "expected a value"},
        {"{\"\xC3\xA9\xE2\x82\xAC\":x}", 9, 1, 7, "expected a value"},
        {"[\"\xF0\x9D\x84\x9E\",\n\n  \"\xC3\xA9\x80\"]", 15, 3, 5, "not UTF-8"},
        {"[\r\n1\r\n2]", 6, 3, 1, "expected ',' or ']'"},
        {"{\"a\":1", 6, 1, 7, "the text ends too early"},
        {"[\"abc", 5, 1, 6, "the text ends inside a string"},
        {"{\"a\":1} {}", 8, 1, 9, "text after the end of the value"},
        {"{\"a\":1,\n\"a\":2}", 8, 2, 1, "the name stands twice in its object"},
        {"{a:1}", 1, 1, 2, "expected a name in double quotes"},
        {"{\"a\" 1}", 5, 1, 6, "expected ':'"},
        {"[\"\\x\"]", 2, 1, 3, "unknown escape in a string"},
        {"[\"\\u12\"]", 6, 1, 7, "expected four hexadecimal digits after \\u"},
        {"[\"\\ud800\"]", 2, 1, 3, "half of a surrogate pair"},
        {"[\"a\tb\"]", 3, 1, 4, "a control character in a string must be escaped"},
        {"[01]", 1, 1, 2, "a number must not start with a zero"},
        {"[1.]", 3, 1, 4, "expected a digit"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gim_json_error err = {0};

        assert_int_equal(check(rows[i].text, strlen(rows[i].text), &err), -1);
        assert_string_equal(err.reason, rows[i].reason);
        if (err.offset != rows[i].offset || err.line != rows[i].line ||
            err.column != rows[i].column)
            fail_msg("%s: %zu, %u:%u", rows[i].text, err.offset, err.line, err.column);
    }
}

static char *repeated(const char *piece, size_t n)
{
    size_t len = strlen(piece);
    char *text = malloc(n * len + 1);

    for (size_t i = 0; i < n; i++)
        memcpy(text + i * len, piece, len);
    text[n * len] = '\0';
    return text;
}

static void nesting_stops_at_64(void **state)
{
    struct gim_json_error err = {0};
    char text[200];

    (void)state;
    memset(text, '[', 64);
    memset(text + 64, ']', 64);
    assert_int_equal(check(text, 128, &err), 0);
    memset(text, '[', 65);
    memset(text + 65, ']', 65);
    assert_int_equal(check(text, 130, &err), -1);
    assert_int_equal(err.offset, 64);
    assert_string_equal(err.reason, "nested deeper than 64 levels");
}

static void a_100000_deep_array_is_an_error_and_no_more(void **state)
{
    const char *pieces[] = {"[", "{\"a\":", "[{\"a\":"};
    struct gim_json_error err = {0};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        char *text = repeated(pieces[i], 100000);

        assert_int_equal(check(text, strlen(text), &err), -1);
        assert_string_equal(err.reason, "nested deeper than 64 levels");
        free(text);
    }
}

/* 300,000 names in one object, and in many: time and memory follow the text. */
static void a_huge_object_takes_linear_time_and_its_last_duplicate_is_found(void **state)
{
    enum {
        NAMES = 300000
    };
    char *text = malloc(NAMES * 16 + 64);
    struct gim_json_error err = {0};
    struct gim_arena arena = {0};
    size_t n = 0, second;

    (void)state;
    text[n++] = '{';
    for (int i = 0; i < NAMES; i++)
        n += (size_t)sprintf(text + n, "%s\"n%d\":0", i ? "," : "", i);
    text[n] = '}';
    assert_int_equal(gim_json_check((gim_str){text, n + 1}, &arena, &err), 0);
    assert_true(arena.total < 100 * n);
    gim_arena_reset(&arena);
    second = n + 1;
    n += (size_t)sprintf(text + n, ",\"n%d\":0}", NAMES / 2);
    assert_int_equal(gim_json_check((gim_str){text, n}, &arena, &err), -1);
    assert_int_equal(err.offset, second);
    gim_arena_reset(&arena);
    free(text);
}

static void names_of_closed_objects_are_forgotten(void **state)
{
    enum {
        OBJECTS = 50000
    };
    char *text = repeated("{\"a\":{\"b\":1,\"c\":2}},", OBJECTS);
    char *whole = malloc(strlen(text) + 8);
    struct gim_json_error err = {0};
    struct gim_arena arena = {0};
    size_t n = (size_t)sprintf(whole, "[%s0]", text);

    (void)state;
    assert_int_equal(gim_json_check((gim_str){whole, n}, &arena, &err), 0);
    assert_true(arena.total <= 16384);
    gim_arena_reset(&arena);
    free(text);
    free(whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_json_or_not),
        cmocka_unit_test(a_part_of_a_text_is_not_a_text),
        cmocka_unit_test(errors_have_line_and_column_in_characters),
        cmocka_unit_test(nesting_stops_at_64),
        cmocka_unit_test(a_100000_deep_array_is_an_error_and_no_more),
        cmocka_unit_test(a_huge_object_takes_linear_time_and_its_last_duplicate_is_found),
        cmocka_unit_test(names_of_closed_objects_are_forgotten),
    };

    return cmocka_run_group_tests_name("scan", tests, NULL, NULL);
}
