/**
 * gimlet/schema.h: one description per type, for decoding, rules, encoding and documentation.
 *
 * A schema is const data: a row a member, in the order in which replies write them. The same schema
 * binds a JSON body, path parameters and a query string.
 *
 *     struct post { int64_t id; gim_str title, body; };
 *
 *     static const struct gim_field post_fields[] = {
 *         GIM_INT(struct post, id, .read_only = true),
 *         GIM_STR(struct post, title, .required = true, .min_len = 1, .max_len = 200),
 *         GIM_STR(struct post, body, .required = true),
 *     };
 *     static const struct gim_schema post_schema = GIM_SCHEMA("Post", struct post, post_fields);
 *
 * Strings that hold no escape are slices of the request's body; all else is in the request arena.
 * Schemas are written in C (designated initialisers); the header compiles as C++ for callers.
 */
#ifndef GIMLET_SCHEMA_H
#define GIMLET_SCHEMA_H

#include <gimlet/arena.h>
#include <gimlet/str.h>
#include <gimlet/time.h>

#ifdef __cplusplus
extern "C" {
#endif

/** At most this many rows in a schema (one bit each in a gim_set). */
#define GIM_MAX_FIELDS 64

/** What a row describes, and the C type of its member. */
enum gim_kind {
    GIM_KIND_NONE,   /* an unset row: refused at start */
    GIM_KIND_BOOL,   /* bool */
    GIM_KIND_INT,    /* int64_t, exact: 1.0, 1e3 and out of range are faults */
    GIM_KIND_DOUBLE, /* double, shortest text that reads back the same */
    GIM_KIND_STR,    /* gim_str, valid UTF-8 */
    GIM_KIND_TIME,   /* gim_time, RFC 3339 */
    GIM_KIND_ENUM,   /* int: index into .names */
    GIM_KIND_OBJECT, /* a struct by value, described by .schema */
    GIM_KIND_ARRAY,  /* gim_array, each element described by .items */
    GIM_KIND_MAP, /* gim_map: object whose values are strings; .items (optional) rules the values */
    GIM_KIND_RAW, /* gim_raw: any JSON value, kept as its checked text */
};

/** Named formats of strings (JSON Schema's names). */
enum gim_format {
    GIM_FORMAT_NONE,
    GIM_FORMAT_EMAIL,     /* addr-spec without comments or quoted parts, domain of LDH labels */
    GIM_FORMAT_URI,       /* RFC 3986, absolute: a scheme and a rest */
    GIM_FORMAT_UUID,      /* RFC 9562 text form, any case */
    GIM_FORMAT_DATE_TIME, /* RFC 3339, kept as the text it was */
};

/** A JSON array: GIM_ARRAY. */
typedef struct gim_array {
    void *items; /* len elements, each of the item's C type, contiguous */
    size_t len;
} gim_array;

/** A JSON object of names that are not known beforehand: GIM_MAP. */
typedef struct gim_map {
    gim_pair *items; /* in the order of the input; names are unique */
    size_t len;
} gim_map;

/** A JSON value of any shape: GIM_RAW. */
typedef struct gim_raw {
    gim_str json; /* a checked JSON value, read it with gimlet/json.h; absent: ptr NULL */
} gim_raw;

/** Which members the input held. Give a struct one (GIM_SCHEMA(..., GIM_SET(struct x, member))) to
 *  tell absent from null and from 0. Ask with gim_has and gim_is_null. */
typedef struct gim_set {
    uint64_t present; /* bit i: the input had row i, null or not */
    uint64_t null;    /* bit i: it was null */
} gim_set;

struct gim_schema;
struct gim_field;

/** A rule of your own. `value` points at the member (its C type). NULL: holds. Else the detail for
 *  the client, static or in `a`: "must be a Monday". Must not keep `value`, nor hold anything (a
 *  lock, an open file) while it allocates of `a`: without memory it is left there. */
typedef const char *gim_rule(const void *value, struct gim_arena *a);

/** A row of a schema: one member, its kind and its rules. GIM_STR and the like make it; the options behind
 *  the member are these names: .required = true. */
struct gim_field {
    const char *name;         /* the JSON member (the C member's name unless .as is given) */
    const char *as;           /* another JSON name: .as = "createdAt" */
    const char *doc;          /* one sentence, for the documentation */
    const char *def;          /* when absent: this JSON text: .def = "10", .def = "\"draft\"" */
    const char *example;      /* JSON text, for the documentation: .example = "\"Ada\"" */
    const char *pattern;      /* strings: a regular expression in linear time, see docs/reference */
    const char *const *names; /* enums: NULL-terminated */
    const struct gim_schema *schema; /* objects */
    const struct gim_field *items;   /* arrays: GIM_ITEM_...; maps: rules of the values */
    gim_rule *check;                 /* runs when the built-in rules of the row hold */
    int64_t min, max;                /* GIM_MIN, GIM_MAX */
    double dmin, dmax;               /* GIM_DMIN, GIM_DMAX */
    uint32_t min_len, max_len;       /* strings: Unicode characters; 0: no rule */
    uint32_t min_items, max_items;   /* arrays and maps; 0: no rule */
    uint32_t offset, size;           /* of the member, bytes */
    uint8_t kind;                    /* enum gim_kind */
    uint8_t format;                  /* enum gim_format */
    uint8_t name_len;
    bool has_min, has_max, has_dmin, has_dmax;
    bool required;   /* absent is a fault; 0, false and "" satisfy it */
    bool nullable;   /* null is taken: member zeroed, bit in gim_set.null; strings: ptr NULL */
    bool read_only;  /* never bound from a body: ignored there */
    bool write_only; /* never written in a reply */
    bool omit_empty; /* replies leave it out when zero (a string: when ptr is NULL) */
    bool unique;     /* arrays: no two elements are equal */
};

/** The description of one struct: GIM_SCHEMA makes it. */
struct gim_schema {
    const char *name; /* "Post": in faults of the schema itself and in the documentation */
    const char *doc;
    const struct gim_field *fields;
    uint32_t n_fields;
    uint32_t size;    /* of the struct */
    uint32_t set_at;  /* 1 + offset of its gim_set, by GIM_SET(...); 0: it has none */
    uint8_t reserved; /* 0 */
    bool strict;      /* unknown members are faults (code "unknown"); default: ignored */
    gim_rule *check;  /* a rule over the whole struct, run when no member has a fault */
};

/* ---- rows ------------------------------------------------------------------------------------
 * GIM_<KIND>(struct type, member, options...). The member's C type is checked by the compiler.
 */
#define GIM_CHECK_(condition, says)                                                                \
    (0 * sizeof(struct {                                                                           \
         _Static_assert(condition, says);                                                          \
         char c;                                                                                   \
     }))
#define GIM_CHECK_IS_(type, member, want)                                                          \
    GIM_CHECK_(_Generic(((type *)0)->member, want : 1, default : 0),                               \
               "the member " #member " must be a " #want)
#define GIM_CHECK_INT_(type, member)                                                               \
    GIM_CHECK_(_Generic(((type *)0)->member, long : 1, long long : 1, default : 0),                \
               "the member " #member " must be an int64_t")
#define GIM_CHECK_ENUM_(type, member)                                                              \
    GIM_CHECK_(_Generic(((type *)0)->member, int : 1, unsigned : 1, default : 0),                  \
               "the member " #member " must be an int")
#if defined(__GNUC__)
#define GIM_IS_STRUCT_(x) (__builtin_classify_type(x) == 12)
#else
#define GIM_IS_STRUCT_(x) 1
#endif
/* A struct, and none of those that have a kind of their own. */
#define GIM_CHECK_STRUCT_(type, member)                                                            \
    GIM_CHECK_(GIM_IS_STRUCT_(((type *)0)->member) &&                                              \
                   _Generic(((type *)0)->member, gim_str : 0, gim_time : 0, gim_array : 0,         \
                            gim_map : 0, gim_raw : 0, default : 1),                                \
               "the member " #member " must be a struct")

#define GIM_ROW_(type, member, check, ...)                                                         \
    {                                                                                              \
        .name = #member, .name_len = sizeof(#member) - 1,                                          \
        .offset = (uint32_t)offsetof(type, member) + (uint32_t)(check),                            \
        .size = sizeof(((type *)0)->member), __VA_ARGS__                                           \
    }

#define GIM_BOOL_(t, m, ...) GIM_ROW_(t, m, GIM_CHECK_IS_(t, m, bool), __VA_ARGS__)
#define GIM_INT_(t, m, ...) GIM_ROW_(t, m, GIM_CHECK_INT_(t, m), __VA_ARGS__)
#define GIM_DOUBLE_(t, m, ...) GIM_ROW_(t, m, GIM_CHECK_IS_(t, m, double), __VA_ARGS__)
#define GIM_STR_(t, m, ...) GIM_ROW_(t, m, GIM_CHECK_IS_(t, m, gim_str), __VA_ARGS__)
#define GIM_TIME_(t, m, ...) GIM_ROW_(t, m, GIM_CHECK_IS_(t, m, gim_time), __VA_ARGS__)
#define GIM_ENUM_(t, m, ...) GIM_ROW_(t, m, GIM_CHECK_ENUM_(t, m), __VA_ARGS__)
#define GIM_OBJECT_(t, m, ...) GIM_ROW_(t, m, GIM_CHECK_STRUCT_(t, m), __VA_ARGS__)
#define GIM_ARRAY_(t, m, ...) GIM_ROW_(t, m, GIM_CHECK_IS_(t, m, gim_array), __VA_ARGS__)
#define GIM_MAP_(t, m, ...) GIM_ROW_(t, m, GIM_CHECK_IS_(t, m, gim_map), __VA_ARGS__)
#define GIM_RAW_(t, m, ...) GIM_ROW_(t, m, GIM_CHECK_IS_(t, m, gim_raw), __VA_ARGS__)

/* The kind goes last, so that a row without options has no empty macro argument (C11 6.10.3). */
/** A row of a schema: GIM_STR(struct post, title, .required = true, .max_len = 200). */
#define GIM_BOOL(...) GIM_BOOL_(__VA_ARGS__, .kind = GIM_KIND_BOOL)
#define GIM_INT(...) GIM_INT_(__VA_ARGS__, .kind = GIM_KIND_INT)
#define GIM_DOUBLE(...) GIM_DOUBLE_(__VA_ARGS__, .kind = GIM_KIND_DOUBLE)
#define GIM_STR(...) GIM_STR_(__VA_ARGS__, .kind = GIM_KIND_STR)
#define GIM_TIME(...) GIM_TIME_(__VA_ARGS__, .kind = GIM_KIND_TIME)
#define GIM_ENUM(...) GIM_ENUM_(__VA_ARGS__, .kind = GIM_KIND_ENUM)
#define GIM_OBJECT(...) GIM_OBJECT_(__VA_ARGS__, .kind = GIM_KIND_OBJECT)
#define GIM_ARRAY(...) GIM_ARRAY_(__VA_ARGS__, .kind = GIM_KIND_ARRAY)
#define GIM_MAP(...) GIM_MAP_(__VA_ARGS__, .kind = GIM_KIND_MAP)
#define GIM_RAW(...) GIM_RAW_(__VA_ARGS__, .kind = GIM_KIND_RAW)

/** Limits of numbers: `GIM_INT(struct page, limit, GIM_MIN(1), GIM_MAX(100), .def = "20")`. */
#define GIM_MIN(v) .has_min = true, .min = (v)
#define GIM_MAX(v) .has_max = true, .max = (v)
#define GIM_DMIN(v) .has_dmin = true, .dmin = (v)
#define GIM_DMAX(v) .has_dmax = true, .dmax = (v)

/** What an array's elements are, at file scope: `GIM_ARRAY(struct post, tags, .max_items = 10,
 *  .unique = true, .items = GIM_ITEM_STR(.max_len = 30))`. Elements have the C type of the kind;
 *  objects are structs of their schema's size. Options may be absent: GIM_ITEM_INT(). */
#define GIM_ITEM_ROW_(ktype, k, ...)                                                               \
    (&(const struct gim_field){.size = sizeof(ktype), .kind = (k), __VA_ARGS__})
#define GIM_ITEM_BOOL(...) GIM_ITEM_ROW_(bool, GIM_KIND_BOOL, __VA_ARGS__)
#define GIM_ITEM_INT(...) GIM_ITEM_ROW_(int64_t, GIM_KIND_INT, __VA_ARGS__)
#define GIM_ITEM_DOUBLE(...) GIM_ITEM_ROW_(double, GIM_KIND_DOUBLE, __VA_ARGS__)
#define GIM_ITEM_STR(...) GIM_ITEM_ROW_(gim_str, GIM_KIND_STR, __VA_ARGS__)
#define GIM_ITEM_TIME(...) GIM_ITEM_ROW_(gim_time, GIM_KIND_TIME, __VA_ARGS__)
#define GIM_ITEM_ENUM(...) GIM_ITEM_ROW_(int, GIM_KIND_ENUM, __VA_ARGS__)
#define GIM_ITEM_ARRAY(...) GIM_ITEM_ROW_(gim_array, GIM_KIND_ARRAY, __VA_ARGS__)
#define GIM_ITEM_MAP(...) GIM_ITEM_ROW_(gim_map, GIM_KIND_MAP, __VA_ARGS__)
#define GIM_ITEM_RAW(...) GIM_ITEM_ROW_(gim_raw, GIM_KIND_RAW, __VA_ARGS__)
#define GIM_ITEM_OBJECT(ctype, s) GIM_ITEM_ROW_(ctype, GIM_KIND_OBJECT, .schema = (s))

#define GIM_SCHEMA_(sname, type, rows, ...)                                                        \
    {                                                                                              \
        .name = sname, .fields = rows, .n_fields = sizeof(rows) / sizeof((rows)[0]), __VA_ARGS__   \
    }
/** GIM_SCHEMA("Post", struct post, post_fields, options...): .strict, .check, .doc, GIM_SET(...).
 */
#define GIM_SCHEMA(...) GIM_SCHEMA_SIZED_(__VA_ARGS__, .reserved = 0)
#define GIM_SCHEMA_SIZED_(sname, type, rows, ...)                                                  \
    GIM_SCHEMA_(sname, type, rows, .size = sizeof(type), __VA_ARGS__)
/** Where the struct keeps its gim_set: `GIM_SCHEMA("Post", struct post, rows, GIM_SET(struct post,
 *  set))`. */
#define GIM_SET(type, member)                                                                      \
    .set_at = 1 + (uint32_t)offsetof(type, member) + GIM_CHECK_IS_(type, member, gim_set)

/** Did the input hold the member (null counts)? False for a name the schema lacks, or a schema
 *  without a gim_set. */
bool gim_has(const struct gim_schema *s, const void *obj, const char *member);
/** Did the input hold it as null? */
bool gim_is_null(const struct gim_schema *s, const void *obj, const char *member);

/* ---- what went wrong ------------------------------------------------------------------------- */

/** One broken rule. `code` is stable and static, `detail` is for people. The list of codes:
 *  required, null, type, range, too_small, too_big, too_short, too_long, too_few, too_many,
 *  pattern, format, enum, duplicate, unknown, rule. */
struct gim_fault {
    struct gim_fault *next;
    const char *code;
    gim_str pointer; /* body: RFC 6901 JSON pointer ("/tags/2"; "" is the whole body) */
    gim_str param;   /* path and query: the parameter's name; pointer is then absent */
    gim_str detail;
};

/** How many faults of one input are kept. */
#define GIM_MAX_FAULTS 100
/** All faults of one input. Zero is valid. At most GIM_MAX_FAULTS are kept; `total` counts all. */
struct gim_faults {
    struct gim_fault *first, **tail;
    uint32_t kept, total;
};

/** Where JSON stopped being JSON. `reason` is static. */
struct gim_json_error {
    const char *reason;    /* "expected ',' or '}'" */
    size_t offset;         /* bytes from the start of the text */
    uint32_t line, column; /* from 1; columns count Unicode characters */
};

/* ---- the codec on its own (routes use it for you) -------------------------------------------- */

/** What became of decoding. */
enum gim_bind {
    GIM_BIND_OK = 0,
    GIM_BIND_SYNTAX = -1, /* not JSON: `err` says where; answer 400 */
    GIM_BIND_FAULTS = -2, /* JSON, but rules are broken: `faults` lists all; answer 422 */
};

/** Decodes and checks the whole of `json` into `*obj` (s->size bytes, zeroed by this call). Rule
 *  faults are reported only when the text is well-formed to its end. Depth is bounded by
 *  GIM_JSON_MAX_DEPTH; nothing here recurses on the input's depth. Strings in `*obj` are slices of
 *  `json` where nothing was escaped, all else is in `a`: keep both as long as `*obj`. `*faults`
 *  begins as {0} and is added to; `err` may be NULL. Unless the result is GIM_BIND_OK, `*obj` is
 *  not for use. Any thread. */
GIM_MUST_CHECK enum gim_bind gim_json_decode(const struct gim_schema *s, gim_str json, void *obj,
                                             struct gim_arena *a, struct gim_faults *faults,
                                             struct gim_json_error *err);

/** As gim_json_decode, for a merge patch (RFC 7396) of `*obj`, which holds the present state: only
 *  members that the input has are written (null: zeroed, allowed for members that are not
 *  required), `required` asks that the result still has the member. Nested objects and maps merge,
 *  arrays are replaced. Unless the result is GIM_BIND_OK, `*obj` is as it was. */
GIM_MUST_CHECK enum gim_bind gim_json_patch(const struct gim_schema *s, gim_str json, void *obj,
                                            struct gim_arena *a, struct gim_faults *faults,
                                            struct gim_json_error *err);

/** Name and decoded value pairs (a query string, path parameters) into `*obj`: scalars parse from
 *  text, an array takes each occurrence of its name, any other repeated name is a fault.
 *  Returns GIM_BIND_OK or GIM_BIND_FAULTS; faults carry `param`. */
GIM_MUST_CHECK enum gim_bind gim_pairs_decode(const struct gim_schema *s, const gim_pair *pairs,
                                              size_t n, void *obj, struct gim_arena *a,
                                              struct gim_faults *faults);

/** As gim_pairs_decode, for the fields of a form that a person filled in: read-only rows are ignored, a
 *  blank value of anything but a string is an absent one, and "on" is true. */
GIM_MUST_CHECK enum gim_bind gim_form_decode(const struct gim_schema *s, const gim_pair *pairs,
                                             size_t n, void *obj, struct gim_arena *a,
                                             struct gim_faults *faults);

/** Adds a fault of the body; `code` is static, the other two must live as long as the faults. Past
 *  GIM_MAX_FAULTS it is only counted. */
void gim_fault_add(struct gim_faults *f, struct gim_arena *a, const char *code, gim_str pointer,
                   gim_str detail);

/** The JSON text of `*obj`, in the arena: members in the order of the rows, without write-only
 *  ones. Any thread. */
gim_str gim_json_encode(const struct gim_schema *s, const void *obj, struct gim_arena *a);

#ifdef __cplusplus
}
#endif
#endif
