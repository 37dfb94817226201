/* test_tree.c: the cursor over checked text. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <gimlet/json.h>
#include "../../../gimlet/base/arena.h"
#include "guard.h"
#include "rows.h"

static void assert_text(gim_json v, const char *want)
{
    if (!gim_str_eq(v.text, gim_str_of(want)))
        fail_msg("got %.*s, wanted %s", GIM_FMT(v.text), want);
}

static void members_and_elements_are_found(void **state)
{
    gim_json root = gim_json_root(
        GIM_S(" { \"a\" : [ 1 , [2,\"]\"] , {\"x\":\"}\\\"\"} ] , \"\\u0062\\n\" : -1.5e3 , "
              "\"c\":true,\"d\":null , \"e\":\"\\ud83d\\ude39\" } "));
    gim_json a = gim_json_get(root, GIM_S("a"));

    (void)state;
    assert_int_equal(gim_json_type(root), GIM_JSON_OBJECT);
    assert_int_equal(gim_json_len(root), 5);
    assert_int_equal(gim_json_type(a), GIM_JSON_ARRAY);
    assert_int_equal(gim_json_len(a), 3);
    assert_text(gim_json_at(a, 0), "1");
    assert_text(gim_json_at(a, 1), "[2,\"]\"]");
    assert_text(gim_json_get(gim_json_at(a, 2), GIM_S("x")), "\"}\\\"\"");
    assert_int_equal(gim_json_type(gim_json_at(a, 3)), GIM_JSON_NONE);
    assert_text(gim_json_get(root, GIM_S("b\n")), "-1.5e3");
    assert_int_equal(gim_json_type(gim_json_get(root, GIM_S("d"))), GIM_JSON_NULL);
    assert_int_equal(gim_json_type(gim_json_get(root, GIM_S("A"))), GIM_JSON_NONE);
    assert_int_equal(gim_json_type(gim_json_get(a, GIM_S("a"))), GIM_JSON_NONE);
    assert_int_equal(gim_json_type(gim_json_at(root, 0)), GIM_JSON_NONE);
    assert_int_equal(gim_json_len(gim_json_at(a, 0)), 0);
}

static void values_are_read_as_what_they_are(void **state)
{
    gim_json root = gim_json_root(
        GIM_S("[7,-7.5,1e2,true,false,\"a\\u00e9\",\"plain\",9223372036854775808,null]"));
    struct gim_arena arena = {0};
    int64_t i;
    double d;
    bool b;
    gim_str s;

    (void)state;
    assert_true(gim_json_int(gim_json_at(root, 0), &i));
    assert_int_equal(i, 7);
    assert_false(gim_json_int(gim_json_at(root, 1), &i));
    assert_false(gim_json_int(gim_json_at(root, 2), &i));
    assert_false(gim_json_int(gim_json_at(root, 7), &i));
    assert_false(gim_json_int(gim_json_at(root, 3), &i));
    assert_true(gim_json_double(gim_json_at(root, 0), &d) && d == 7);
    assert_true(gim_json_double(gim_json_at(root, 1), &d) && d == -7.5);
    assert_true(gim_json_double(gim_json_at(root, 2), &d) && d == 100);
    assert_true(gim_json_double(gim_json_at(root, 7), &d) && d == 9223372036854775808.0);
    assert_true(gim_json_bool(gim_json_at(root, 3), &b) && b);
    assert_true(gim_json_bool(gim_json_at(root, 4), &b) && !b);
    assert_false(gim_json_bool(gim_json_at(root, 8), &b));
    assert_true(gim_json_str(gim_json_at(root, 5), &arena, &s));
    assert_true(gim_str_eq(s, GIM_S("a\xC3\xA9")));
    assert_true(gim_json_str(gim_json_at(root, 6), &arena, &s));
    assert_ptr_equal(s.ptr, gim_json_at(root, 6).text.ptr + 1); /* a slice */
    assert_false(gim_json_str(gim_json_at(root, 0), &arena, &s));
    gim_arena_reset(&arena);
}

static void what_is_absent_is_absent_all_the_way_down(void **state)
{
    gim_json none = gim_json_root((gim_str){NULL, 0});
    struct gim_json_iter it = {0};
    double d;

    (void)state;
    assert_int_equal(gim_json_type(none), GIM_JSON_NONE);
    assert_int_equal(gim_json_type(gim_json_get(none, GIM_S("a"))), GIM_JSON_NONE);
    assert_int_equal(gim_json_type(gim_json_at(none, 0)), GIM_JSON_NONE);
    assert_int_equal(gim_json_len(none), 0);
    assert_false(gim_json_next(none, &it));
    assert_false(gim_json_double(none, &d));
}

/* Walks a value to its leaves, two levels deep, and counts bytes so that nothing is skipped. */
static void every_row_can_be_walked_within_its_bytes(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_JSON_ROWS; i++) {
        const struct json_row *row = &json_rows[i];
        char *copy = guard_copy(row->text, row->len);
        struct gim_json_iter it = {0};
        gim_json root;
        size_t n = 0;

        if (row->kind == 'y' || row->kind == 'i') {
            root = gim_json_root((gim_str){copy, row->len});
            assert_int_not_equal(gim_json_type(root), GIM_JSON_NONE);
            while (gim_json_next(root, &it)) {
                assert_int_not_equal(gim_json_type(it.value), GIM_JSON_NONE);
                assert_true(it.value.text.ptr + it.value.text.len < copy + row->len);
                assert_int_equal(it.name.text.len > 0, gim_json_type(root) == GIM_JSON_OBJECT);
                n++;
            }
            assert_int_equal(n, gim_json_len(root));
        }
        guard_free(copy, row->len);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_and_elements_are_found),
        cmocka_unit_test(values_are_read_as_what_they_are),
        cmocka_unit_test(what_is_absent_is_absent_all_the_way_down),
        cmocka_unit_test(every_row_can_be_walked_within_its_bytes),
    };

    return cmocka_run_group_tests_name("tree", tests, NULL, NULL);
}
