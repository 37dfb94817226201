/* schemas.h: structs and schemas that several tests share: one of every kind and rule. */
#ifndef TESTS_JSON_SCHEMAS_H
#define TESTS_JSON_SCHEMAS_H

#include <gimlet/json.h>

struct place {
    gim_str city;
    double lat;
};

struct thing {
    gim_set set;
    int64_t id, count;
    gim_str title, note, secret, code, mail, link, uuid, when;
    gim_time at;
    double ratio;
    bool on;
    int state;
    struct place place;
    gim_array tags, grid, places;
    gim_map labels;
    gim_raw extra;
};

enum {
    STATE_DRAFT,
    STATE_LIVE
};

static const char *const state_names[] = {"draft", "live", NULL};

static const struct gim_field place_rows[] = {
    GIM_STR(struct place, city, .required = true, .max_len = 20),
    GIM_DOUBLE(struct place, lat, GIM_DMIN(-90), GIM_DMAX(90)),
};
static const struct gim_schema place_schema = GIM_SCHEMA("Place", struct place, place_rows);

static inline const char *is_even(const void *value, struct gim_arena *a)
{
    (void)a;
    return *(const int64_t *)value % 2 ? "must be even" : NULL;
}

static const struct gim_field thing_rows[] = {
    GIM_INT(struct thing, id, .read_only = true),
    GIM_INT(struct thing, count, GIM_MIN(-5), GIM_MAX(100), .def = "20", .check = is_even),
    GIM_STR(struct thing, title, .required = true, .min_len = 1, .max_len = 10),
    GIM_STR(struct thing, note, .nullable = true),
    GIM_STR(struct thing, secret, .min_len = 2, .write_only = true, .omit_empty = true),
    GIM_STR(struct thing, code, .pattern = "^[A-Z]{2}\\d+$", .omit_empty = true),
    GIM_STR(struct thing, mail, .min_len = 3, .format = GIM_FORMAT_EMAIL, .omit_empty = true),
    GIM_STR(struct thing, link, .format = GIM_FORMAT_URI, .omit_empty = true),
    GIM_STR(struct thing, uuid, .format = GIM_FORMAT_UUID, .omit_empty = true),
    GIM_STR(struct thing, when, .format = GIM_FORMAT_DATE_TIME, .omit_empty = true),
    GIM_TIME(struct thing, at, .as = "createdAt", .omit_empty = true),
    GIM_DOUBLE(struct thing, ratio, .omit_empty = true),
    GIM_BOOL(struct thing, on),
    GIM_ENUM(struct thing, state, .names = state_names, .def = "\"live\""),
    GIM_OBJECT(struct thing, place, .schema = &place_schema, .nullable = true, .omit_empty = true),
    GIM_ARRAY(struct thing, tags, .max_items = 3, .unique = true, .omit_empty = true,
              .items = GIM_ITEM_STR(.max_len = 5)),
    GIM_ARRAY(struct thing, grid, .min_items = 2, .omit_empty = true,
              .items = GIM_ITEM_ARRAY(.items = GIM_ITEM_INT())),
    GIM_ARRAY(struct thing, places, .omit_empty = true,
              .items = GIM_ITEM_OBJECT(struct place, &place_schema)),
    GIM_MAP(struct thing, labels, .max_items = 2, .omit_empty = true,
            .items = GIM_ITEM_STR(.max_len = 4)),
    GIM_RAW(struct thing, extra, .omit_empty = true),
};
static const struct gim_schema thing_schema =
    GIM_SCHEMA("Thing", struct thing, thing_rows, GIM_SET(struct thing, set));

#endif
