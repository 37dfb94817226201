/* test_form.c: the fields of a form into structs: what a form does otherwise than a query. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include "../../../gimlet/base/arena.h"
#include "faults.h"
#include "pairs.h"
#include <gimlet/schema.h>

struct person {
    gim_set set;
    int64_t id, age, shoes;
    gim_str name, note;
    bool member, letters;
    int color;
    gim_time born;
    gim_array days, tags;
};

static const char *const colors[] = {"red", "blue", NULL};

static const struct gim_field person_rows[] = {
    GIM_INT(struct person, id, .read_only = true, .required = true),
    GIM_STR(struct person, name, .required = true, .min_len = 1),
    GIM_STR(struct person, note),
    GIM_INT(struct person, age, .required = true, GIM_MIN(0)),
    GIM_INT(struct person, shoes, .def = "42"),
    GIM_BOOL(struct person, member),
    GIM_BOOL(struct person, letters, .required = true),
    GIM_ENUM(struct person, color, .names = colors, .def = "\"blue\""),
    GIM_TIME(struct person, born),
    GIM_ARRAY(struct person, days, .as = "day", .items = GIM_ITEM_INT(GIM_MIN(1))),
    GIM_ARRAY(struct person, tags, .as = "tag", .max_items = 2, .items = GIM_ITEM_STR()),
};
static const struct gim_schema person_schema =
    GIM_SCHEMA("Person", struct person, person_rows, GIM_SET(struct person, set), .strict = true);

#define GOOD "name=ada&age=36&letters=on"

static const struct {
    const char *form, *faults;
} rows[] = {
    {GOOD, ""},
    {"", "name required; age required; letters required"},
    {GOOD "&id=7", ""}, /* read-only: not the client's to set */
    {"name=ada&age=&letters=on", "age required"},
    {"name=&age=36&letters=on", "name too_short"},
    {GOOD "&note=", ""},
    {GOOD "&shoes=&color=&born=&member=", ""},
    {GOOD "&shoes= ", "shoes type"},
    {GOOD "&member=on", ""},
    {GOOD "&member=true", ""},
    {GOOD "&member=false", ""},
    {GOOD "&member=yes", "member type"},
    {GOOD "&member=1", "member type"},
    {"name=on&age=on&letters=off", "age type; letters type"},
    {GOOD "&day=&day=3&day=&day=4", ""},
    {GOOD "&day=&day=x", "day type"},
    {GOOD "&tag=&tag=", ""},
    {GOOD "&tag=&tag=&tag=", "tag too_many"},
    {GOOD "&age=36", "age duplicate"},
    {GOOD "&age=", ""}, /* blank: absent, wherever it stands */
    {"age=&" GOOD, ""},
    {GOOD "&color=green", "color enum"},
    {GOOD "&color=red&x=1", "x unknown"},
};

static void rows_give_their_faults(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gim_arena arena = {0};
        struct gim_faults faults = {0};
        gim_pair pairs[MAX_PAIRS];
        struct person p;
        enum gim_bind result =
            gim_form_decode(&person_schema, pairs, split(rows[i].form, pairs), &p, &arena, &faults);

        assert_int_equal(result, *rows[i].faults ? GIM_BIND_FAULTS : GIM_BIND_OK);
        if (strcmp(faults_line(&faults, false), rows[i].faults) != 0)
            fail_msg("%s gave %s", rows[i].form, faults_line(&faults, false));
        gim_arena_reset(&arena);
    }
}

static void values_and_defaults_arrive(void **state)
{
    struct gim_arena arena = {0};
    struct gim_faults faults = {0};
    gim_pair pairs[MAX_PAIRS];
    struct person p;
    size_t n = split("id=7&" GOOD "&shoes=&color=&day=&day=3&day=4&note=", pairs);

    (void)state;
    assert_int_equal(gim_form_decode(&person_schema, pairs, n, &p, &arena, &faults), GIM_BIND_OK);
    assert_int_equal(p.id, 0);
    assert_int_equal(p.age, 36);
    assert_int_equal(p.shoes, 42);
    assert_int_equal(p.color, 1);
    assert_true(p.letters);
    assert_false(p.member);
    assert_int_equal(p.days.len, 2);
    assert_int_equal(((int64_t *)p.days.items)[1], 4);
    assert_non_null(p.note.ptr);
    assert_false(gim_has(&person_schema, &p, "id"));
    assert_false(gim_has(&person_schema, &p, "shoes"));
    assert_true(gim_has(&person_schema, &p, "note"));
    gim_arena_reset(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_give_their_faults),
        cmocka_unit_test(values_and_defaults_arrive),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
