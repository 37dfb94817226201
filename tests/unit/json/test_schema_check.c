/* test_schema_check.c: each defect of a schema is named, and a sound schema has none. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include "../../../gimlet/json/schema_check.h"
#include "schemas.h"

struct box {
    int64_t i;
    double d;
    gim_str s;
    gim_array a;
    gim_map m;
    int e;
    struct place o;
};

static const char *const twice[] = {"a", "b", "a", NULL};
static const char *const none[] = {NULL};

#define ROW(k, c_member, ...)                                                                      \
    {                                                                                              \
        .name = #c_member, .name_len = sizeof(#c_member) - 1, .kind = GIM_KIND_##k,                \
        .offset = offsetof(struct box, c_member), .size = sizeof(((struct box *)0)->c_member),     \
        __VA_ARGS__                                                                                \
    }

/* One defective row each, and what is said of it. */
static const struct {
    struct gim_field row;
    const char *why;
} rows[] = {
    {ROW(NONE, i, .doc = ""), "no kind"},
    {{.name = "i", .name_len = 1, .kind = GIM_KIND_INT, .size = 4}, "size"},
    {ROW(STR, i, .doc = ""), "size"},
    {{.name = "i", .name_len = 1, .kind = GIM_KIND_INT, .size = 8, .offset = 100000}, "outside"},
    {{.kind = GIM_KIND_INT, .size = 8}, "no name"},
    {ROW(INT, i, .as = "a\"b"), "without quotes"},
    {ROW(INT, i, .as = "a\\b"), "without quotes"},
    {ROW(INT, i, .as = "\xC3"), "UTF-8"},
    {ROW(INT, i, GIM_MIN(2), GIM_MAX(1)), "above"},
    {ROW(INT, i, GIM_DMIN(2)), "for doubles"},
    {ROW(INT, i, .max_len = 2), "for strings"},
    {ROW(INT, i, .pattern = "a"), "for strings"},
    {ROW(INT, i, .unique = true), "for arrays"},
    {ROW(INT, i, .max_items = 1), "for arrays and maps"},
    {ROW(INT, i, .items = GIM_ITEM_INT()), "for arrays and maps"},
    {ROW(INT, i, .def = "x"), "not JSON"},
    {ROW(INT, i, .def = ""), "not JSON"},
    {ROW(INT, i, .def = "1 2"), "not JSON"},
    {ROW(INT, i, .def = "\"1\""), "expected an integer, got a string"},
    {ROW(INT, i, .def = "null"), "expected an integer, got null"},
    {ROW(INT, i, .def = "9", GIM_MAX(8)), "at most 8, got 9"},
    {ROW(INT, i, .def = "9", .required = true), "no use for .def"},
    {ROW(INT, i, .read_only = true, .write_only = true), "leave nothing"},
    {ROW(DOUBLE, d, GIM_MIN(1)), "for integers"},
    {ROW(DOUBLE, d, GIM_DMIN(1.5), GIM_DMAX(1.25)), "above"},
    {ROW(STR, s, .min_len = 2, .max_len = 1), "above"},
    {ROW(STR, s, .pattern = "(a"), "a group is not closed"},
    {ROW(STR, s, .format = 99), "unknown .format"},
    {ROW(STR, s, .def = "\"abc\"", .max_len = 2), "at most 2 characters, got 3"},
    {ROW(ENUM, e, .doc = ""), "needs .names"},
    {ROW(ENUM, e, .names = none), "needs .names"},
    {ROW(ENUM, e, .names = twice), "twice: a"},
    {ROW(ENUM, e, .names = state_names, .def = "\"x\""), "one of: draft, live"},
    {ROW(ARRAY, a, .doc = ""), "needs .items"},
    {ROW(ARRAY, a, .items = GIM_ITEM_ARRAY()), "needs .items"},
    {ROW(ARRAY, a, .items = GIM_ITEM_STR(.pattern = "*")), "nothing to repeat"},
    {ROW(ARRAY, a, .items = &(const struct gim_field){.kind = GIM_KIND_INT, .size = 4}), "size"},
    {ROW(ARRAY, a, .items = GIM_ITEM_INT(), .min_items = 3, .max_items = 2), "above"},
    {ROW(ARRAY, a, .items = GIM_ITEM_INT(), .def = "[1,\"x\"]"), "got a string"},
    {ROW(MAP, m, .items = GIM_ITEM_INT()), "GIM_ITEM_STR"},
    {ROW(OBJECT, o, .doc = ""), "needs .schema"},
    {ROW(OBJECT, o, .schema = &thing_schema), "sizes differ"},
    {ROW(OBJECT, o, .schema = &place_schema, .def = "{}"), "required"},
};

static void each_defect_is_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct gim_schema s = {
            .name = "Box", .fields = &rows[i].row, .n_fields = 1, .size = sizeof(struct box)};
        struct gim_buf why = {0};
        int defects = gim_schema_check(&s, &why);

        gim_buf_char(&why, '\0');
        if (defects < 1 || !strstr(why.ptr, rows[i].why) || !strstr(why.ptr, "schema Box, field "))
            fail_msg("row %zu (%s): %d, %s", i, rows[i].why, defects, why.ptr);
        gim_buf_free(&why);
    }
}

static void assert_check(const struct gim_schema *s, int defects, const char *why)
{
    struct gim_buf b = {0};
    int got = gim_schema_check(s, &b);

    gim_buf_char(&b, '\0');
    assert_string_equal(b.ptr, why);
    assert_int_equal(got, defects);
    gim_buf_free(&b);
}

struct node {
    gim_str name;
    gim_array kids;
};
static const struct gim_schema node_schema;
static const struct gim_field node_rows[] = {
    GIM_STR(struct node, name),
    GIM_ARRAY(struct node, kids, .items = GIM_ITEM_OBJECT(struct node, &node_schema)),
};
static const struct gim_schema node_schema = GIM_SCHEMA("Node", struct node, node_rows);

static const struct gim_field endless_rows[] = {
    GIM_STR(struct node, name),
    GIM_ARRAY(struct node, kids, .def = "[{}]",
              .items = GIM_ITEM_OBJECT(struct node, &(const struct gim_schema){0})),
};

static void sound_schemas_have_no_defects(void **state)
{
    (void)state;
    assert_check(&thing_schema, 0, "");
    assert_check(&place_schema, 0, "");
    assert_check(&node_schema, 0, ""); /* a cycle through an array is fine */
}

static void defects_of_the_whole_are_named(void **state)
{
    static struct gim_field many[65];
    static const struct gim_field two[] = {GIM_INT(struct box, i), GIM_INT(struct box, i),
                                           GIM_STR(struct box, s, .as = "i")};
    const struct gim_schema nameless = {.fields = two, .n_fields = 1, .size = sizeof(struct box)};
    const struct gim_schema same = GIM_SCHEMA("Same", struct box, two);
    const struct gim_schema rowless = {.name = "Empty", .n_fields = 1};
    const struct gim_schema set = {.name = "Set", .set_at = 9, .size = 8};
    struct gim_schema big = {
        .name = "Big", .fields = many, .n_fields = 65, .size = sizeof(struct box)};
    struct gim_buf b = {0};

    (void)state;
    assert_check(&nameless, 1, "schema ?: it has no name\n");
    assert_check(&same, 2,
                 "schema Same, field i: two rows have this name\n"
                 "schema Same, field i: two rows have this name\n");
    assert_check(&rowless, 1, "schema Empty: it has no rows\n");
    assert_check(&set, 1, "schema Set: the gim_set lies outside the struct\n");
    for (size_t i = 0; i < 65; i++)
        many[i] = two[0];
    gim_schema_check(&big, &b);
    assert_memory_equal(b.ptr, "schema Big: more than 64 rows\n", 30);
    gim_buf_free(&b);
}

static void a_default_that_needs_itself_is_a_defect_and_not_a_crash(void **state)
{
    static struct gim_schema endless;
    static struct gim_field fields[2], item;
    struct gim_buf b = {0};

    (void)state;
    item = *endless_rows[1].items;
    item.schema = &endless;
    fields[0] = endless_rows[0];
    fields[1] = endless_rows[1];
    fields[1].items = &item;
    endless = (struct gim_schema){
        .name = "Endless", .fields = fields, .n_fields = 2, .size = sizeof(struct node)};
    assert_true(gim_schema_check(&endless, &b) > 0);
    gim_buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_defect_is_named),
        cmocka_unit_test(sound_schemas_have_no_defects),
        cmocka_unit_test(defects_of_the_whole_are_named),
        cmocka_unit_test(a_default_that_needs_itself_is_a_defect_and_not_a_crash),
    };

    return cmocka_run_group_tests_name("schema_check", tests, NULL, NULL);
}
