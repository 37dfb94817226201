/**
 * gimlet/json.h: a small read-only tree over JSON text, for raw values.
 *
 * A gim_json is a cursor into text that was checked once: nothing is built, nothing is freed.
 * Finding a member scans the object, so this is for the odd raw value, not for the bound path.
 */
#ifndef GIMLET_JSON_H
#define GIMLET_JSON_H

#include <gimlet/arena.h>
#include <gimlet/schema.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Deepest nesting of arrays and objects accepted anywhere (RFC 8259 §9 lets us choose). */
#define GIM_JSON_MAX_DEPTH 64

/** What a value is. */
enum gim_json_type {
    GIM_JSON_NONE, /* absent: what a look-up that finds nothing gives */
    GIM_JSON_NULL,
    GIM_JSON_BOOL,
    GIM_JSON_NUMBER,
    GIM_JSON_STRING,
    GIM_JSON_ARRAY,
    GIM_JSON_OBJECT,
};

/** A value. */
typedef struct gim_json {
    gim_str text; /* the value's own text, white space around it cut */
} gim_json;

/** Checks that the whole of `text` is one JSON value (RFC 8259, UTF-8, no duplicate names, depth).
 *  Returns 0, or -1 with `*err` filled. Names of large objects are kept in `a` while it checks, so
 *  that a million members cost linear time. */
GIM_MUST_CHECK int gim_json_check(gim_str text, struct gim_arena *a, struct gim_json_error *err);

/** The cursor of a text that was checked (a gim_raw's, or by gim_json_check). Cursors are slices of
 *  that text and live as long as it does. An absent text gives a cursor of type GIM_JSON_NONE;
 *  every call below takes one, and finds nothing. */
gim_json gim_json_root(gim_str checked);
/** What the value is. */
enum gim_json_type gim_json_type(gim_json v);

/** A member or an element (from 0); GIM_JSON_NONE when there is none or `v` is not of that type.
 *  Both scan from the start: walk with gim_json_next to visit all. */
gim_json gim_json_get(gim_json v, gim_str name);
gim_json gim_json_at(gim_json v, size_t index);
/** Elements of an array or members of an object, counted by a scan; 0 for the rest. */
size_t gim_json_len(gim_json v);

/** Walks an array or object: `struct gim_json_iter it = {0}; while (gim_json_next(v, &it)) ...` */
struct gim_json_iter {
    size_t at;     /* private */
    gim_json name; /* objects: the member's name, a string value */
    gim_json value;
};
/** True with the next one in `*it`; false at the end, or when `v` holds none. */
bool gim_json_next(gim_json v, struct gim_json_iter *it);

/** The value as ...; false when it is not one (an integer: also when it does not fit), and `*out`
 *  is then untouched. A string is a slice of the text where nothing was escaped, else it is in `a`.
 */
bool gim_json_bool(gim_json v, bool *out);
bool gim_json_int(gim_json v, int64_t *out);
bool gim_json_double(gim_json v, double *out);
bool gim_json_str(gim_json v, struct gim_arena *a, gim_str *out);

#ifdef __cplusplus
}
#endif
#endif
