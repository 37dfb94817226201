/* test_writer.c: structs to text, and there and back again. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include "../../../gimlet/base/arena.h"
#include "../../../gimlet/json/writer.h"
#include "guard.h"
#include "schemas.h"

static void assert_put_str(const char *s, size_t n, const char *want)
{
    struct gim_buf b = {0};
    char *copy = guard_copy(s, n);

    gim_json_put_str(&b, (gim_str){copy, n});
    gim_buf_char(&b, '\0');
    assert_string_equal(b.ptr, want);
    gim_buf_free(&b);
    guard_free(copy, n);
}

#define ASSERT_PUT(s, want) assert_put_str(s, sizeof(s) - 1, want)

static void strings_are_escaped_where_json_asks_and_nowhere_else(void **state)
{
    (void)state;
    ASSERT_PUT("", "\"\"");
    ASSERT_PUT("plain", "\"plain\"");
    ASSERT_PUT("a \"quote\" and \\ and /", "\"a \\\"quote\\\" and \\\\ and /\"");
    ASSERT_PUT("\b\t\n\v\f\r", "\"\\b\\t\\n\\u000b\\f\\r\"");
    ASSERT_PUT("\x00\x01\x1F\x20\x7F", "\"\\u0000\\u0001\\u001f \x7F\"");
    ASSERT_PUT("\xC3\xA9\xF0\x9D\x84\x9E\xE2\x80\xA8", "\"\xC3\xA9\xF0\x9D\x84\x9E\xE2\x80\xA8\"");
    ASSERT_PUT("0123456789abcdef\"0123456789abcdef\n",
               "\"0123456789abcdef\\\"0123456789abcdef\\n\"");
}

/* Each special byte at each place of a word, in strings of every length around two words. */
static void an_escape_is_found_at_each_place(void **state)
{
    static const char special[] = {'"', '\\', '\n', '\x01', '\x1F', '\x00'};

    (void)state;
    for (size_t len = 1; len < 20; len++) {
        for (size_t at = 0; at < len; at++) {
            for (size_t k = 0; k < sizeof special; k++) {
                struct gim_arena arena = {0};
                struct gim_json_error err;
                struct gim_buf b = {0};
                char text[20], *copy;
                gim_str back;

                memset(text, 'x', sizeof text);
                text[at] = special[k];
                if (len > 2)
                    text[len - 1] = (char)0x7F;
                text[at] = special[k];
                copy = guard_copy(text, len);
                gim_json_put_str(&b, (gim_str){copy, len});
                assert_int_equal(gim_json_check(gim_buf_view(&b), &arena, &err), 0);
                assert_true(gim_json_str(gim_json_root(gim_buf_view(&b)), &arena, &back));
                assert_int_equal(back.len, len);
                assert_memory_equal(back.ptr, copy, len);
                guard_free(copy, len);
                gim_buf_free(&b);
                gim_arena_reset(&arena);
            }
        }
    }
}

static void every_kind_goes_out_and_comes_back_the_same(void **state)
{
    static const char json[] =
        "{\"id\":0,\"count\":42,\"title\":\"a\xC3\xA9\\n\\u0001\",\"note\":null,\"code\":\"AB12\","
        "\"mail\":\"ada@example.org\",\"link\":\"a:b\","
        "\"uuid\":\"123e4567-e89b-12d3-a456-426614174000\",\"when\":\"2026-11-24T13:56:17Z\","
        "\"createdAt\":\"1970-01-01T00:00:01.5Z\",\"ratio\":-0.25,\"on\":true,\"state\":\"draft\","
        "\"place\":{\"city\":\"Riga\",\"lat\":56.95},\"tags\":[\"a\",\"b\"],"
        "\"grid\":[[1,2],[],[-9223372036854775808]],\"places\":[{\"city\":\"X\",\"lat\":0}],"
        "\"labels\":{\"k\\\"\":\"v\"},\"extra\":{\"any\" : [1,{}]}}";
    struct gim_arena arena = {0};
    struct gim_faults faults = {0};
    struct gim_json_error err;
    struct thing thing;
    gim_str text;

    (void)state;
    assert_int_equal(
        gim_json_decode(&thing_schema, gim_str_of(json), &thing, &arena, &faults, &err), 0);
    text = gim_json_encode(&thing_schema, &thing, &arena);
    assert_string_equal(text.ptr, json);
    gim_arena_reset(&arena);
}

static void write_only_members_stay_inside_and_zeros_are_told_from_nulls(void **state)
{
    struct gim_arena arena = {0};
    struct thing thing = {.secret = GIM_S("s3cret"), .title = {0}, .set.null = UINT64_C(1) << 14};

    (void)state;
    thing.place.lat = 1; /* place is null all the same: its bit says so */
    assert_string_equal(gim_json_encode(&thing_schema, &thing, &arena).ptr,
                        "{\"id\":0,\"count\":0,\"title\":\"\",\"note\":null,\"on\":false,"
                        "\"state\":\"draft\",\"place\":null}");
    thing.note = GIM_S("");
    thing.set.null = 0;
    thing.state = 7; /* no such name */
    thing.at.us = -1;
    assert_string_equal(gim_json_encode(&thing_schema, &thing, &arena).ptr,
                        "{\"id\":0,\"count\":0,\"title\":\"\",\"note\":\"\","
                        "\"createdAt\":\"1969-12-31T23:59:59.999999Z\",\"on\":false,\"state\":null,"
                        "\"place\":{\"city\":\"\",\"lat\":1}}");
    gim_arena_reset(&arena);
}

struct node {
    gim_array kids;
};
static const struct gim_schema node_schema;
static const struct gim_field node_rows[] = {
    GIM_ARRAY(struct node, kids, .items = GIM_ITEM_OBJECT(struct node, &node_schema)),
};
static const struct gim_schema node_schema = GIM_SCHEMA("Node", struct node, node_rows);

static void structs_nested_without_end_fill_the_buffer_and_not_the_stack(void **state)
{
    struct node loop;
    struct gim_buf b = {0};

    (void)state;
    loop.kids = (gim_array){&loop, 1};
    gim_json_put(&b, &node_schema, &loop);
    assert_true(b.full);
    gim_buf_free(&b);
}

static void a_buffer_that_is_too_small_is_marked_full(void **state)
{
    struct thing thing = {.title = GIM_S("0123456789\"0123456789\n0123456789")};

    (void)state;
    for (size_t max = 1; max < 90; max++) {
        struct gim_buf b = {.max = max};

        gim_json_put(&b, &thing_schema, &thing);
        assert_true(b.full);
        assert_true(b.len <= max);
        gim_buf_free(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strings_are_escaped_where_json_asks_and_nowhere_else),
        cmocka_unit_test(an_escape_is_found_at_each_place),
        cmocka_unit_test(every_kind_goes_out_and_comes_back_the_same),
        cmocka_unit_test(write_only_members_stay_inside_and_zeros_are_told_from_nulls),
        cmocka_unit_test(structs_nested_without_end_fill_the_buffer_and_not_the_stack),
        cmocka_unit_test(a_buffer_that_is_too_small_is_marked_full),
    };

    return cmocka_run_group_tests_name("writer", tests, NULL, NULL);
}
