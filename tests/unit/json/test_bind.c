/* test_bind.c: texts into structs: values of each kind, and each rule's fault with its place. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include "../../../gimlet/base/arena.h"
#include "faults.h"
#include "guard.h"
#include "rows.h"
#include "schemas.h"

struct bound {
    struct gim_arena arena;
    struct gim_faults faults;
    struct gim_json_error err;
    struct thing thing;
    enum gim_bind result;
};

static void bind(struct bound *b, gim_str json)
{
    memset(b, 0, sizeof *b);
    memset(&b->thing, 0xA5, sizeof b->thing);
    b->result = gim_json_decode(&thing_schema, json, &b->thing, &b->arena, &b->faults, &b->err);
}

static void release(struct bound *b)
{
    gim_arena_reset(&b->arena);
}

static void assert_str(gim_str got, const char *want)
{
    if (!gim_str_eq(got, gim_str_of(want)))
        fail_msg("got %.*s, wanted %s", GIM_FMT(got), want);
}

static void every_kind_is_bound(void **state)
{
    const char *json =
        "{\"id\":7,\"count\":42,\"title\":\"a\\u00e9\\n\",\"note\":null,\"secret\":\"s3\","
        "\"code\":\"AB12\",\"mail\":\"ada@example.org\",\"link\":\"https://example.org/?a=b#c\","
        "\"uuid\":\"123e4567-e89b-12d3-a456-426614174000\",\"when\":\"2026-11-24T13:56:17Z\","
        "\"createdAt\":\"1970-01-01T00:00:01.5Z\",\"ratio\":-2.5e-1,\"on\":true,"
        "\"state\":\"draft\",\"place\":{\"city\":\"Riga\",\"lat\":56.95},"
        "\"tags\":[\"a\",\"b\"],\"grid\":[[1,2],[],[-9223372036854775808]],"
        "\"places\":[{\"city\":\"X\"},{\"lat\":1,\"city\":\"Y\"}],"
        "\"labels\":{\"k\":\"v\",\"\":\"\"},\"extra\":{\"any\":[1,{}]},\"unknown\":[{\"x\":1}]}";
    struct bound b;
    const gim_array *rows;
    const struct place *places;

    (void)state;
    bind(&b, gim_str_of(json));
    assert_int_equal(b.result, GIM_BIND_OK);
    assert_int_equal(b.thing.id, 0); /* read-only: not from a body */
    assert_int_equal(b.thing.count, 42);
    assert_str(b.thing.title, "a\xC3\xA9\n");
    assert_null(b.thing.note.ptr);
    assert_str(b.thing.secret, "s3");
    assert_true(b.thing.mail.ptr > json && b.thing.mail.ptr < json + strlen(json)); /* a slice */
    assert_int_equal(b.thing.at.us, 1500000);
    assert_true(b.thing.ratio == -0.25);
    assert_true(b.thing.on);
    assert_int_equal(b.thing.state, STATE_DRAFT);
    assert_str(b.thing.place.city, "Riga");
    assert_true(b.thing.place.lat == 56.95);
    assert_int_equal(b.thing.tags.len, 2);
    assert_str(((const gim_str *)b.thing.tags.items)[1], "b");
    assert_int_equal(b.thing.grid.len, 3);
    rows = b.thing.grid.items;
    assert_int_equal(rows[0].len, 2);
    assert_int_equal(((const int64_t *)rows[0].items)[1], 2);
    assert_int_equal(rows[1].len, 0);
    assert_true(((const int64_t *)rows[2].items)[0] == INT64_MIN);
    assert_int_equal(b.thing.places.len, 2);
    places = b.thing.places.items;
    assert_str(places[1].city, "Y");
    assert_true(places[1].lat == 1);
    assert_int_equal(b.thing.labels.len, 2);
    assert_str(b.thing.labels.items[0].key, "k");
    assert_str(b.thing.labels.items[0].value, "v");
    assert_str(b.thing.extra.json, "{\"any\":[1,{}]}");
    assert_true(gim_has(&thing_schema, &b.thing, "note"));
    assert_true(gim_is_null(&thing_schema, &b.thing, "note"));
    assert_true(gim_has(&thing_schema, &b.thing, "createdAt"));
    assert_false(gim_is_null(&thing_schema, &b.thing, "createdAt"));
    assert_false(gim_has(&thing_schema, &b.thing, "id"));
    assert_false(gim_has(&thing_schema, &b.thing, "nonsense"));
    release(&b);
}

static void defaults_stand_in_for_absent_members(void **state)
{
    struct bound b;

    (void)state;
    bind(&b, GIM_S(" { \"title\" : \"t\" } "));
    assert_int_equal(b.result, GIM_BIND_OK);
    assert_int_equal(b.thing.count, 20);
    assert_int_equal(b.thing.state, STATE_LIVE);
    assert_false(b.thing.on);
    assert_false(gim_has(&thing_schema, &b.thing, "count"));
    assert_null(b.thing.tags.items);
    release(&b);
}

/* {"title":"t", + member + } and the faults it gives */
static const struct {
    const char *members, *faults;
} rows[] = {
    {"\"title\":\"t\"", ""},
    {"", "/title required"},
    {"\"title\":null", "/title null"},
    {"\"title\":1", "/title type"},
    {"\"title\":[]", "/title type"},
    {"\"title\":\"\"", "/title too_short"},
    {"\"title\":\"0123456789\"", ""},
    {"\"title\":\"01234567890\"", "/title too_long"},
    {"\"title\":\"\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\"", ""},
    {"\"title\":"
     "\"\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\"",
     ""},
    {"\"title\":\"\\ud83d\\ude39123456789\"", ""},
    {"\"title\":\"\\ud83d\\ude391234567890\"", "/title too_long"},
    {"\"title\":\"\\u0000\"", ""},
    {"\"title\":\"t\",\"note\":\"\"", ""},
    {"\"title\":\"t\",\"secret\":\"12\"", ""},
    {"\"title\":\"t\",\"secret\":\"1\"", "/secret too_short"},
    {"\"title\":\"t\",\"secret\":\"\xC3\xA9\"", "/secret too_short"},
    {"\"title\":\"t\",\"id\":0,\"counx\":\"x\"", ""},
    {"\"title\":\"t\",\"id\":0,\"xount\":\"x\"", ""},
    {"\"title\":\"t\",\"at\":0,\"createdAx\":\"x\",\"xreatedAt\":1,\"creatxdAt\":1", ""},
    {"\"title\":\"t\",\"note\":null", ""},
    {"\"title\":\"t\",\"note\":false", "/note type"},
    {"\"title\":\"t\",\"count\":100", ""},
    {"\"title\":\"t\",\"count\":102", "/count too_big"},
    {"\"title\":\"t\",\"count\":-6", "/count too_small"},
    {"\"title\":\"t\",\"count\":-4", ""},
    {"\"title\":\"t\",\"count\":7", "/count rule"},
    {"\"title\":\"t\",\"count\":-0", ""},
    {"\"title\":\"t\",\"count\":2.0", "/count type"},
    {"\"title\":\"t\",\"count\":1e1", "/count type"},
    {"\"title\":\"t\",\"count\":\"2\"", "/count type"},
    {"\"title\":\"t\",\"count\":null", "/count null"},
    {"\"title\":\"t\",\"count\":true", "/count type"},
    {"\"title\":\"t\",\"count\":9223372036854775808", "/count range"},
    {"\"title\":\"t\",\"count\":-9223372036854775809", "/count range"},
    {"\"title\":\"t\",\"count\":9223372036854775807", "/count too_big"},
    {"\"title\":\"t\",\"count\":99999999999999999999999999999999999999999999", "/count range"},
    {"\"title\":\"t\",\"count\":18446744073709551618", "/count range"},
    {"\"title\":\"t\",\"id\":\"not even a number\"", ""},
    {"\"title\":\"t\",\"code\":\"AB1\"", ""},
    {"\"title\":\"t\",\"code\":\"ab1\"", "/code pattern"},
    {"\"title\":\"t\",\"mail\":\"ada\"", "/mail format"},
    {"\"title\":\"t\",\"mail\":\"a\xC3\xA9\"", "/mail too_short"},
    {"\"title\":\"t\",\"mail\":\"\xF0\x9D\x84\x9E\xF0\x9D\x84\x9E\"", "/mail too_short"},
    {"\"title\":\"t\",\"link\":\"/relative\"", "/link format"},
    {"\"title\":\"t\",\"uuid\":\"123\"", "/uuid format"},
    {"\"title\":\"t\",\"when\":\"yesterday\"", "/when format"},
    {"\"title\":\"t\",\"createdAt\":\"2026-02-30T00:00:00Z\"", "/createdAt format"},
    {"\"title\":\"t\",\"createdAt\":5", "/createdAt type"},
    {"\"title\":\"t\",\"at\":5", ""},
    {"\"title\":\"t\",\"ratio\":1e400", "/ratio range"},
    {"\"title\":\"t\",\"ratio\":-1e400", "/ratio range"},
    {"\"title\":\"t\",\"ratio\":1e-400", ""},
    {"\"title\":\"t\",\"ratio\":\"x\"", "/ratio type"},
    {"\"title\":\"t\",\"on\":1", "/on type"},
    {"\"title\":\"t\",\"on\":null", "/on null"},
    {"\"title\":\"t\",\"state\":\"dead\"", "/state enum"},
    {"\"title\":\"t\",\"state\":0", "/state type"},
    {"\"title\":\"t\",\"state\":\"dr\\u0061ft\"", ""},
    {"\"title\":\"t\",\"place\":null", ""},
    {"\"title\":\"t\",\"place\":[]", "/place type"},
    {"\"title\":\"t\",\"place\":{}", "/place/city required"},
    {"\"title\":\"t\",\"place\":{\"city\":\"x\",\"lat\":91}", "/place/lat too_big"},
    {"\"title\":\"t\",\"place\":{\"city\":\"x\",\"lat\":-90.5}", "/place/lat too_small"},
    {"\"title\":\"t\",\"tags\":[]", ""},
    {"\"title\":\"t\",\"tags\":{}", "/tags type"},
    {"\"title\":\"t\",\"tags\":[\"a\",\"123456\",3]", "/tags/1 too_long; /tags/2 type"},
    {"\"title\":\"t\",\"tags\":[\"a\",null]", "/tags/1 null"},
    {"\"title\":\"t\",\"tags\":[\"a\",\"b\",\"a\"]", "/tags/2 duplicate"},
    {"\"title\":\"t\",\"tags\":[\"a\",\"\\u0061\",\"a\"]", "/tags/1 duplicate; /tags/2 duplicate"},
    {"\"title\":\"t\",\"tags\":[\"a\",\"b\",\"c\",\"d\",\"e\"]", "/tags too_many"},
    {"\"title\":\"t\",\"tags\":[1,\"b\",\"c\",\"d\"]", "/tags/0 type; /tags too_many"},
    {"\"title\":\"t\",\"tags\":[\"a\",\"a\",\"c\",\"d\"]", "/tags/1 duplicate; /tags too_many"},
    {"\"title\":\"t\",\"grid\":[[1]]", "/grid too_few"},
    {"\"title\":\"t\",\"grid\":[[1],[2,\"x\",3.5],4]",
     "/grid/1/1 type; /grid/1/2 type; /grid/2 type"},
    {"\"title\":\"t\",\"places\":[{\"city\":\"x\"},{},{\"city\":1}]",
     "/places/1/city required; /places/2/city type"},
    {"\"title\":\"t\",\"labels\":{\"a/b\":\"12345\",\"~\":1}",
     "/labels/a~1b too_long; /labels/~0 type"},
    {"\"title\":\"t\",\"labels\":{\"a\":\"\",\"b\":\"\",\"c\":\"\"}", "/labels too_many"},
    {"\"title\":\"t\",\"labels\":[]", "/labels type"},
    {"\"title\":\"t\",\"extra\":1e400", ""},
    {"\"title\":\"t\",\"extra\":null", ""},
    {"\"extra\":[[[]]],\"count\":101,\"on\":0,\"place\":{}",
     "/count too_big; /on type; /place/city required; /title required"},
    {"\"titl\":\"t\",\"title1\":\"t\"", "/title required"},
    {"\"t\\u0069tle\":\"t\"", ""},
};

static void rows_give_their_faults(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char json[512];
        size_t n = (size_t)snprintf(json, sizeof json, "{%s}", rows[i].members);
        char *copy = guard_copy(json, n);
        struct bound b;

        bind(&b, (gim_str){copy, n});
        if (b.result != (*rows[i].faults ? GIM_BIND_FAULTS : GIM_BIND_OK))
            fail_msg("%s gave %d (%s)", json, b.result, b.err.reason);
        if (strcmp(faults_line(&b.faults, false), rows[i].faults) != 0)
            fail_msg("%s gave %s", json, faults_line(&b.faults, false));
        release(&b);
        guard_free(copy, n);
    }
}

static void each_prefix_of_a_row_is_a_syntax_error(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char json[512];
        size_t len = (size_t)snprintf(json, sizeof json, "{%s}", rows[i].members);

        for (size_t n = 0; n < len; n++) {
            char *copy = guard_copy(json, n);
            struct bound b;

            bind(&b, (gim_str){copy, n});
            if (b.result != GIM_BIND_SYNTAX)
                fail_msg("%.*s gave %d", (int)n, json, b.result);
            assert_int_equal(b.faults.total, 0);
            release(&b);
            guard_free(copy, n);
        }
    }
}

/* Binding and checking are two walks over the same tokens: they stop at the same byte. */
static void compare_with_check(gim_str json)
{
    struct gim_json_error err = {0};
    struct bound b;
    int checked;

    bind(&b, json);
    checked = gim_json_check(json, &b.arena, &err);
    if ((b.result == GIM_BIND_SYNTAX) != (checked != 0) ||
        (checked && (b.err.offset != err.offset || b.err.reason != err.reason)))
        fail_msg("%.*s: bind %d at %zu (%s), check %d at %zu (%s)", GIM_FMT(json), b.result,
                 b.err.offset, b.err.reason, checked, err.offset, err.reason);
    release(&b);
}

static void what_is_not_json_is_a_syntax_error_in_any_member(void **state)
{
    static const char *const before[] = {
        "",
        "{\"title\":",
        "{\"count\":",
        "{\"unknown\":",
        "{\"on\":\"a fault\",\"extra\":",
        "{\"place\":{\"city\":",
        "{\"place\":",
        "{\"tags\":[\"a\",",
        "{\"tags\":[1,2,3,4,5,",
        "{\"tags\":",
        "{\"labels\":{\"a\":",
        "{\"labels\":",
        "{\"createdAt\":",
        "{\"state\":",
        "{\"ratio\":",
        "{\"id\":",
    };

    (void)state;
    for (size_t k = 0; k < sizeof before / sizeof before[0]; k++) {
        size_t start = strlen(before[k]);

        for (size_t i = 0; i < N_JSON_ROWS; i++) {
            const struct json_row *row = &json_rows[i];
            size_t n = start + row->len;
            char *json = malloc(n + 1), *copy;

            memcpy(json, before[k], start);
            memcpy(json + start, row->text, row->len);
            copy = guard_copy(json, n);
            compare_with_check((gim_str){copy, n});
            guard_free(copy, n);
            free(json);
        }
    }
}

/* The same rows as values of an unknown member and of a raw row. */
static void what_is_json_is_taken_as_an_unknown_and_a_raw_value(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_JSON_ROWS; i++) {
        const struct json_row *row = &json_rows[i];
        char json[512];
        struct bound b;
        size_t n = 0;

        if (row->kind != 'y' && row->kind != 'i')
            continue;
        n += (size_t)sprintf(json, "{\"title\":\"t\",\"u\":");
        memcpy(json + n, row->text, row->len);
        n += row->len;
        n += (size_t)sprintf(json + n, ",\"extra\":");
        memcpy(json + n, row->text, row->len);
        n += row->len;
        json[n++] = '}';
        bind(&b, (gim_str){json, n});
        if (b.result != GIM_BIND_OK)
            fail_msg("%.*s gave %d (%s)", (int)n, json, b.result, b.err.reason);
        assert_true(b.thing.extra.json.len > 0);
        release(&b);
    }
}

static void a_syntax_error_takes_earlier_faults_back_but_not_those_of_others(void **state)
{
    struct bound b;
    struct thing thing;

    (void)state;
    bind(&b, GIM_S("{\"title\":1}"));
    assert_int_equal(b.faults.total, 1);
    assert_int_equal(gim_json_decode(&thing_schema, GIM_S("{\"title\":1,\"count\":1.5,}"), &thing,
                                     &b.arena, &b.faults, &b.err),
                     GIM_BIND_SYNTAX);
    assert_int_equal(b.faults.total, 1);
    assert_string_equal(faults_line(&b.faults, false), "/title type");
    assert_int_equal(gim_json_decode(&thing_schema, GIM_S("{\"title\":\"\"}"), &thing, &b.arena,
                                     &b.faults, &b.err),
                     GIM_BIND_FAULTS);
    assert_string_equal(faults_line(&b.faults, false), "/title type; /title too_short");
    release(&b);
}

static void duplicates_are_syntax_errors_everywhere(void **state)
{
    static const char *const texts[] = {
        "{\"title\":\"t\",\"title\":\"t\"}",
        "{\"title\":\"t\",\"t\\u0069tle\":\"t\"}",
        "{\"title\":\"t\",\"x\":1,\"y\":2,\"x\":3}",
        "{\"title\":\"t\",\"x\":1,\"place\":{\"city\":\"x\",\"x\":1,\"x\":2}}",
        "{\"title\":\"t\",\"place\":{\"city\":\"x\",\"city\":\"x\"}}",
        "{\"title\":\"t\",\"labels\":{\"a\":\"1\",\"a\":\"2\"}}",
        "{\"title\":\"t\",\"extra\":{\"a\":1,\"a\":2}}",
        "{\"title\":\"t\",\"u\":[{\"a\":1,\"a\":2}]}",
        "{\"title\":\"t\",\"id\":1,\"id\":2}",
        "{\"title\":\"t\",\"id\":{\"a\":1,\"a\":2}}",
        "{\"title\":{\"a\":1,\"a\":2}}",
    };
    struct bound b;

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        bind(&b, gim_str_of(texts[i]));
        if (b.result != GIM_BIND_SYNTAX)
            fail_msg("%s gave %d", texts[i], b.result);
        assert_string_equal(b.err.reason, "the name stands twice in its object");
        release(&b);
    }
    bind(&b, GIM_S("{\"x\":1,\"title\":\"t\",\"place\":{\"x\":1,\"city\":\"c\"},\"u\":{\"x\":1},"
                   "\"labels\":{\"x\":\"\"}}"));
    assert_int_equal(b.result, GIM_BIND_OK);
    release(&b);
}

static void a_text_that_is_no_object_is_a_fault_of_the_whole(void **state)
{
    static const char *const texts[] = {"[]", "1", "\"x\"", "true"};
    struct bound b;

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        bind(&b, gim_str_of(texts[i]));
        assert_int_equal(b.result, GIM_BIND_FAULTS);
        assert_string_equal(faults_line(&b.faults, false), " type");
        release(&b);
    }
    bind(&b, GIM_S("null"));
    assert_string_equal(faults_line(&b.faults, true), " null: expected an object, got null");
    release(&b);
}

static void details_say_what_was_wanted_and_what_came(void **state)
{
    struct bound b;

    (void)state;
    bind(&b, GIM_S("{\"title\":5,\"count\":1000,\"on\":{},\"tags\":[\"123456\"],\"state\":\"x\","
                   "\"mail\":\"a@@\",\"code\":\"?\",\"place\":{\"city\":\"x\",\"lat\":90.5}}"));
    assert_string_equal(faults_line(&b.faults, true),
                        "/title type: expected a string, got a number; "
                        "/count too_big: at most 100, got 1000; "
                        "/on type: expected true or false, got an object; "
                        "/tags/0 too_long: at most 5 characters, got 6; "
                        "/state enum: one of: draft, live; "
                        "/mail format: expected an e-mail address such as ada@example.org; "
                        "/code pattern: must match ^[A-Z]{2}\\d+$; "
                        "/place/lat too_big: at most 90, got 90.5");
    release(&b);
}

static void a_hundred_faults_are_kept_and_all_are_counted(void **state)
{
    enum {
        N = 50000
    };
    char *json = malloc(N * 4 + 64);
    size_t n = (size_t)sprintf(json, "{\"title\":\"t\",\"grid\":[[0],[0");
    struct bound b;

    (void)state;
    for (int i = 0; i < N; i++)
        n += (size_t)sprintf(json + n, ",\"\"");
    n += (size_t)sprintf(json + n, "]]}");
    bind(&b, (gim_str){json, n});
    assert_int_equal(b.result, GIM_BIND_FAULTS);
    assert_int_equal(b.faults.kept, GIM_MAX_FAULTS);
    assert_int_equal(b.faults.total, N);
    release(&b);
    free(json);
}

static void depth_counts_bound_and_skipped_levels_together(void **state)
{
    char json[512];
    struct bound b;
    size_t n = (size_t)sprintf(json, "{\"title\":\"t\",\"places\":[{\"city\":\"x\",\"u\":");

    (void)state;
    memset(json + n, '[', 61); /* 3 + 61 = 64 */
    memset(json + n + 61, ']', 61);
    strcpy(json + n + 122, "}]}");
    bind(&b, gim_str_of(json));
    assert_int_equal(b.result, GIM_BIND_OK);
    release(&b);
    memset(json + n, '[', 62);
    memset(json + n + 62, ']', 62);
    strcpy(json + n + 124, "}]}");
    bind(&b, gim_str_of(json));
    assert_int_equal(b.result, GIM_BIND_SYNTAX);
    assert_int_equal(b.err.offset, n + 61);
    release(&b);
}

/* A schema that holds itself through an array: the only way to nest bound frames without end. */
struct node {
    gim_array kids;
};
static const struct gim_schema node_schema;
static const struct gim_field node_rows[] = {
    GIM_ARRAY(struct node, kids, .items = GIM_ITEM_OBJECT(struct node, &node_schema)),
};
static const struct gim_schema node_schema = GIM_SCHEMA("Node", struct node, node_rows);

static void bound_frames_stop_at_64_too(void **state)
{
    enum {
        DEEP = 100000
    };
    const char *piece = "{\"kids\":[";
    char *json = malloc(DEEP * strlen(piece));
    struct gim_arena arena = {0};
    struct gim_faults faults = {0};
    struct gim_json_error err;
    struct node node;

    (void)state;
    for (size_t i = 0; i < DEEP; i++)
        memcpy(json + i * strlen(piece), piece, strlen(piece));
    assert_int_equal(gim_json_decode(&node_schema, (gim_str){json, DEEP * strlen(piece)}, &node,
                                     &arena, &faults, &err),
                     GIM_BIND_SYNTAX);
    assert_string_equal(err.reason, "nested deeper than 64 levels");
    assert_int_equal(err.offset, 32 * strlen(piece));
    gim_arena_reset(&arena);
    free(json);
}

/* What a closed object's unknown names took is used again by the next. */
static void names_of_closed_objects_are_forgotten(void **state)
{
    enum {
        KIDS = 50000
    };
    const char *piece = "{\"x\":1},";
    size_t len = strlen(piece), n = 0;
    char *json = malloc(KIDS * len + 64);
    struct gim_arena arena = {0};
    struct gim_faults faults = {0};
    struct gim_json_error err;
    struct node node;

    (void)state;
    n += (size_t)sprintf(json, "{\"kids\":[");
    for (size_t i = 0; i < KIDS; i++, n += len)
        memcpy(json + n, piece, len);
    n += (size_t)sprintf(json + n - 1, "]}") - 1;
    assert_int_equal(
        gim_json_decode(&node_schema, (gim_str){json, n}, &node, &arena, &faults, &err),
        GIM_BIND_OK);
    assert_int_equal(node.kids.len, KIDS);
    assert_true(arena.total < KIDS * 4 * sizeof(struct node));
    gim_arena_reset(&arena);
    free(json);
}

struct span {
    int64_t from, to;
};

static const char *in_order(const void *value, struct gim_arena *a)
{
    const struct span *s = value;

    return s->from <= s->to ? NULL
                            : gim_printf(a, "from %d is after to %d", (int)s->from, (int)s->to).ptr;
}

static const struct gim_field span_rows[] = {
    GIM_INT(struct span, from, .required = true, GIM_MIN(0)),
    GIM_INT(struct span, to, .required = true),
};
static const struct gim_schema span_schema =
    GIM_SCHEMA("Span", struct span, span_rows, .strict = true, .check = in_order);

static void a_strict_schema_refuses_unknown_members_and_checks_the_whole_last(void **state)
{
    static const struct {
        const char *json, *faults;
    } cases[] = {
        {"{\"from\":1,\"to\":2}", ""},
        {"{\"to\":2,\"from\":1}", ""},
        {"{\"from\":3,\"to\":2}", " rule: from 3 is after to 2"},
        {"{\"from\":-3,\"to\":-4}", "/from too_small: at least 0, got -3"},
        {"{\"from\":3,\"to\":2,\"a/~b\":{}}", "/a~1~0b unknown: unknown member"},
        {"{\"from\":0,\"to\":0,\"ab\":null,\"ac\":[1]}",
         "/ab unknown: unknown member; /ac unknown: unknown member"},
        {"{}", "/from required: required; /to required: required"},
        {"{\"from\":0,\"to\":false}", "/to type: expected an integer, got a boolean"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct gim_arena arena = {0};
        struct gim_faults faults = {0};
        struct gim_json_error err;
        struct span span;
        enum gim_bind result =
            gim_json_decode(&span_schema, gim_str_of(cases[i].json), &span, &arena, &faults, &err);

        assert_int_equal(result, *cases[i].faults ? GIM_BIND_FAULTS : GIM_BIND_OK);
        assert_string_equal(faults_line(&faults, true), cases[i].faults);
        gim_arena_reset(&arena);
    }
}

static void a_usual_body_takes_nothing_from_the_heap(void **state)
{
    static char first[4096];
    struct gim_arena arena;
    struct gim_faults faults = {0};
    struct gim_json_error err;
    struct thing thing;
    uint64_t before = gim_heap_calls();

    (void)state;
    gim_arena_init(&arena, first, sizeof first);
    assert_int_equal(gim_json_decode(&thing_schema,
                                     GIM_S("{\"title\":\"a\\n\",\"tags\":[\"a\",\"b\"],\"on\":true,"
                                           "\"code\":\"AB1\",\"x\":{\"y\":1}}"),
                                     &thing, &arena, &faults, &err),
                     GIM_BIND_OK);
    assert_int_equal(gim_heap_calls(), before);
    gim_arena_reset(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_is_bound),
        cmocka_unit_test(defaults_stand_in_for_absent_members),
        cmocka_unit_test(rows_give_their_faults),
        cmocka_unit_test(each_prefix_of_a_row_is_a_syntax_error),
        cmocka_unit_test(what_is_not_json_is_a_syntax_error_in_any_member),
        cmocka_unit_test(what_is_json_is_taken_as_an_unknown_and_a_raw_value),
        cmocka_unit_test(a_syntax_error_takes_earlier_faults_back_but_not_those_of_others),
        cmocka_unit_test(duplicates_are_syntax_errors_everywhere),
        cmocka_unit_test(a_text_that_is_no_object_is_a_fault_of_the_whole),
        cmocka_unit_test(details_say_what_was_wanted_and_what_came),
        cmocka_unit_test(a_hundred_faults_are_kept_and_all_are_counted),
        cmocka_unit_test(depth_counts_bound_and_skipped_levels_together),
        cmocka_unit_test(bound_frames_stop_at_64_too),
        cmocka_unit_test(names_of_closed_objects_are_forgotten),
        cmocka_unit_test(a_strict_schema_refuses_unknown_members_and_checks_the_whole_last),
        cmocka_unit_test(a_usual_body_takes_nothing_from_the_heap),
    };

    return cmocka_run_group_tests_name("bind", tests, NULL, NULL);
}
