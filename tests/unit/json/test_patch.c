/* test_patch.c: RFC 7396 on structs. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include "../../../gimlet/base/arena.h"
#include "faults.h"
#include "schemas.h"

static const char before[] = "{\"title\":\"old\",\"note\":\"n\",\"count\":2,\"on\":true,"
                             "\"createdAt\":\"1970-01-01T00:00:01Z\","
                             "\"place\":{\"city\":\"Riga\",\"lat\":1},\"tags\":[\"a\",\"b\"],"
                             "\"labels\":{\"x\":\"1\",\"y\":\"2\"},\"extra\":{\"k\":1}}";

/* The state after the patch, as JSON; or the faults. */
static const struct {
    const char *patch, *result, *faults;
} rows[] = {
    {"{}",
     "{\"id\":0,\"count\":2,\"title\":\"old\",\"note\":\"n\",\"createdAt\":\"1970-01-01T00:00:"
     "01Z\","
     "\"on\":true,\"state\":\"live\",\"place\":{\"city\":\"Riga\",\"lat\":1},\"tags\":[\"a\",\"b\"]"
     ","
     "\"labels\":{\"x\":\"1\",\"y\":\"2\"},\"extra\":{\"k\":1}}",
     ""},
    {"{\"title\":\"new\",\"count\":4,\"on\":false,\"note\":null,\"state\":\"draft\"}",
     "{\"id\":0,\"count\":4,\"title\":\"new\",\"note\":null,\"createdAt\":\"1970-01-01T00:00:01Z\","
     "\"on\":false,\"state\":\"draft\",\"place\":{\"city\":\"Riga\",\"lat\":1},\"tags\":[\"a\","
     "\"b\"],"
     "\"labels\":{\"x\":\"1\",\"y\":\"2\"},\"extra\":{\"k\":1}}",
     ""},
    {"{\"place\":{\"lat\":2},\"tags\":[\"c\"],\"labels\":{\"y\":null,\"z\":\"3\"},\"extra\":{\"l\":"
     "2},"
     "\"createdAt\":null}",
     "{\"id\":0,\"count\":2,\"title\":\"old\",\"note\":\"n\",\"on\":true,\"state\":\"live\","
     "\"place\":{\"city\":\"Riga\",\"lat\":2},\"tags\":[\"c\"],\"labels\":{\"x\":\"1\",\"z\":\"3\"}"
     ","
     "\"extra\":{\"l\":2}}",
     ""},
    {"{\"place\":null,\"tags\":null,\"labels\":null,\"extra\":null,\"count\":null,\"id\":9}",
     "{\"id\":0,\"count\":0,\"title\":\"old\",\"note\":\"n\",\"createdAt\":\"1970-01-01T00:00:"
     "01Z\","
     "\"on\":true,\"state\":\"live\"}",
     ""},
    {"{\"labels\":{\"x\":\"9\",\"w\":null}}",
     "{\"id\":0,\"count\":2,\"title\":\"old\",\"note\":\"n\",\"createdAt\":\"1970-01-01T00:00:"
     "01Z\","
     "\"on\":true,\"state\":\"live\",\"place\":{\"city\":\"Riga\",\"lat\":1},\"tags\":[\"a\",\"b\"]"
     ","
     "\"labels\":{\"x\":\"9\",\"y\":\"2\"},\"extra\":{\"k\":1}}",
     ""},
    {"{\"title\":null}", NULL, "/title required"},
    {"{\"place\":{\"city\":null}}", NULL, "/place/city required"},
    {"{\"title\":\"\",\"count\":1.5}", NULL, "/title too_short; /count type"},
    {"{\"labels\":{\"z\":\"3\"}}", NULL, "/labels too_many"},
    {"{\"labels\":{\"z\":3}}", NULL, "/labels/z type"},
    {"{\"tags\":[\"a\",null]}", NULL, "/tags/1 null"},
    {"[]", NULL, " type"},
};

static void rows_merge_as_rfc_7396_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gim_arena arena = {0};
        struct gim_faults faults = {0};
        struct gim_json_error err;
        struct thing thing, copy;
        enum gim_bind result;

        assert_int_equal(
            gim_json_decode(&thing_schema, gim_str_of(before), &thing, &arena, &faults, &err), 0);
        memcpy(&copy, &thing, sizeof thing);
        result =
            gim_json_patch(&thing_schema, gim_str_of(rows[i].patch), &thing, &arena, &faults, &err);
        assert_int_equal(result, rows[i].result ? GIM_BIND_OK : GIM_BIND_FAULTS);
        assert_string_equal(faults_line(&faults, false), rows[i].faults);
        if (rows[i].result) {
            gim_str text = gim_json_encode(&thing_schema, &thing, &arena);

            assert_string_equal(text.ptr, rows[i].result);
        } else {
            assert_memory_equal(&thing, &copy, sizeof thing); /* a failed patch changes nothing */
        }
        gim_arena_reset(&arena);
    }
}

static void the_set_tells_absent_from_null(void **state)
{
    struct gim_arena arena = {0};
    struct gim_faults faults = {0};
    struct gim_json_error err;
    struct thing thing;

    (void)state;
    assert_int_equal(
        gim_json_decode(&thing_schema, gim_str_of(before), &thing, &arena, &faults, &err), 0);
    assert_int_equal(gim_json_patch(&thing_schema, GIM_S("{\"note\":null,\"count\":0,\"id\":1}"),
                                    &thing, &arena, &faults, &err),
                     0);
    assert_true(gim_has(&thing_schema, &thing, "note"));
    assert_true(gim_is_null(&thing_schema, &thing, "note"));
    assert_true(gim_has(&thing_schema, &thing, "count"));
    assert_false(gim_is_null(&thing_schema, &thing, "count"));
    assert_false(gim_has(&thing_schema, &thing, "title"));
    assert_false(gim_has(&thing_schema, &thing, "id"));
    gim_arena_reset(&arena);
}

static void a_required_string_that_the_state_lacks_is_asked_for(void **state)
{
    struct gim_arena arena = {0};
    struct gim_faults faults = {0};
    struct gim_json_error err;
    struct thing thing = {.title = GIM_S("t")}; /* place.city is absent */

    (void)state;
    assert_int_equal(gim_json_patch(&thing_schema, GIM_S("{\"place\":{\"lat\":1}}"), &thing, &arena,
                                    &faults, &err),
                     GIM_BIND_FAULTS);
    assert_string_equal(faults_line(&faults, false), "/place/city required");
    gim_arena_reset(&arena);
}

static void a_patch_that_is_not_json_changes_nothing(void **state)
{
    const char *patch = "{\"title\":\"new\",\"place\":{\"city\":\"x\"},\"labels\":{\"x\":null}}";
    struct gim_arena arena = {0};
    struct gim_faults faults = {0};
    struct gim_json_error err;
    struct thing thing, copy;

    (void)state;
    assert_int_equal(
        gim_json_decode(&thing_schema, gim_str_of(before), &thing, &arena, &faults, &err), 0);
    memcpy(&copy, &thing, sizeof thing);
    for (size_t n = 0; n < strlen(patch); n++) {
        assert_int_equal(
            gim_json_patch(&thing_schema, (gim_str){patch, n}, &thing, &arena, &faults, &err),
            GIM_BIND_SYNTAX);
        assert_memory_equal(&thing, &copy, sizeof thing);
    }
    gim_arena_reset(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_merge_as_rfc_7396_says),
        cmocka_unit_test(the_set_tells_absent_from_null),
        cmocka_unit_test(a_required_string_that_the_state_lacks_is_asked_for),
        cmocka_unit_test(a_patch_that_is_not_json_changes_nothing),
    };

    return cmocka_run_group_tests_name("patch", tests, NULL, NULL);
}
