/* test_pairs.c: path and query parameters into structs. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include "../../../gimlet/base/arena.h"
#include "faults.h"
#include "pairs.h"
#include <gimlet/schema.h>

struct query {
    gim_set set;
    int64_t id, limit;
    double ratio;
    bool deep;
    gim_str author;
    gim_time since;
    int order;
    gim_array tags, ids;
    gim_map map;
};

static const char *const orders[] = {"asc", "desc", NULL};

static const struct gim_field query_rows[] = {
    GIM_INT(struct query, id, .required = true, .read_only = true),
    GIM_INT(struct query, limit, .def = "20", GIM_MIN(1), GIM_MAX(100)),
    GIM_DOUBLE(struct query, ratio),
    GIM_BOOL(struct query, deep),
    GIM_STR(struct query, author, .max_len = 5),
    GIM_TIME(struct query, since),
    GIM_ENUM(struct query, order, .names = orders, .def = "\"desc\""),
    GIM_ARRAY(struct query, tags, .as = "tag", .max_items = 3, .unique = true,
              .items = GIM_ITEM_STR(.min_len = 1)),
    GIM_ARRAY(struct query, ids, .items = GIM_ITEM_INT()),
    GIM_MAP(struct query, map),
};
static const struct gim_schema query_schema =
    GIM_SCHEMA("Query", struct query, query_rows, GIM_SET(struct query, set), .strict = true);

static const struct {
    const char *query, *faults;
} rows[] = {
    {"id=7", ""},
    {"id=7&limit=1&ratio=2.5e1&deep=true&author=ada&since=2026-11-24T00:00:00Z&order=asc&tag=x&tag="
     "y"
     "&ids=1&ids=2",
     ""},
    {"", "id required"},
    {"id=", "id type"},
    {"id", "id type"},
    {"id=+7", "id type"},
    {"id=7 ", "id type"},
    {"id=7x", "id type"},
    {"id=07", "id type"},
    {"id=0x7", "id type"},
    {"id=7.0", "id type"},
    {"id=7e0", "id type"},
    {"id=-9223372036854775808", ""},
    {"id=9223372036854775808", "id range"},
    {"id=7&id=7", "id duplicate"},
    {"id=7&limit=0", "limit too_small"},
    {"id=7&limit=101", "limit too_big"},
    {"id=7&limit=1000&limit=x&order=up", "limit too_big; limit duplicate; order enum"},
    {"id=7&ratio=NaN", "ratio type"},
    {"id=7&ratio=inf", "ratio type"},
    {"id=7&ratio=1e999", "ratio range"},
    {"id=7&deep=1", "deep type"},
    {"id=7&deep=TRUE", "deep type"},
    {"id=7&author=", ""},
    {"id=7&author=abcdef", "author too_long"},
    {"id=7&author=\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9", ""},
    {"id=7&author=\xC3", "author type"},
    {"id=7&author=\xED\xA0\x80", "author type"},
    {"id=7&since=now", "since format"},
    {"id=7&order=", "order enum"},
    {"id=7&tag=a&tag=&tag=b", "tag too_short"},
    {"id=7&tag=a&tag=b&tag=a", "tag duplicate"},
    {"id=7&tag=a&tag=b&tag=c&tag=d", "tag too_many"},
    {"id=7&ids=1&ids=x&ids=3", "ids type"},
    {"id=7&map=x", "map type"},
    {"id=7&nonsense=1&ID=3", "nonsense unknown; ID unknown"},
};

static void rows_give_their_faults(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gim_arena arena = {0};
        struct gim_faults faults = {0};
        gim_pair pairs[MAX_PAIRS];
        struct query q;
        enum gim_bind result = gim_pairs_decode(&query_schema, pairs, split(rows[i].query, pairs),
                                                &q, &arena, &faults);

        assert_int_equal(result, *rows[i].faults ? GIM_BIND_FAULTS : GIM_BIND_OK);
        if (strcmp(faults_line(&faults, false), rows[i].faults) != 0)
            fail_msg("%s gave %s", rows[i].query, faults_line(&faults, false));
        for (const struct gim_fault *f = faults.first; f; f = f->next) {
            assert_non_null(f->param.ptr);
            assert_null(f->pointer.ptr);
        }
        gim_arena_reset(&arena);
    }
}

static void values_and_defaults_arrive(void **state)
{
    struct gim_arena arena = {0};
    struct gim_faults faults = {0};
    gim_pair pairs[MAX_PAIRS];
    struct query q;
    size_t n = split("tag=x&id=-7&ratio=2.5e1&tag=y&deep=true&author=&ids=1&ids=2", pairs);

    (void)state;
    assert_int_equal(gim_pairs_decode(&query_schema, pairs, n, &q, &arena, &faults), GIM_BIND_OK);
    assert_int_equal(q.id, -7);
    assert_int_equal(q.limit, 20);
    assert_int_equal(q.order, 1);
    assert_true(q.ratio == 25);
    assert_true(q.deep);
    assert_non_null(q.author.ptr);
    assert_int_equal(q.author.len, 0);
    assert_int_equal(q.tags.len, 2);
    assert_true(gim_str_eq(((gim_str *)q.tags.items)[1], GIM_S("y")));
    assert_int_equal(q.ids.len, 2);
    assert_int_equal(((int64_t *)q.ids.items)[1], 2);
    assert_true(gim_has(&query_schema, &q, "tag"));
    assert_true(gim_has(&query_schema, &q, "author"));
    assert_false(gim_has(&query_schema, &q, "limit"));
    gim_arena_reset(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_give_their_faults),
        cmocka_unit_test(values_and_defaults_arrive),
    };

    return cmocka_run_group_tests_name("pairs", tests, NULL, NULL);
}
