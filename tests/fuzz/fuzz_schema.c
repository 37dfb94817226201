/* fuzz_schema.c: binding by a schema that the input itself describes.
 *
 * The first bytes make rows: kind, rules and limits; what is behind them is the JSON. What is bound obeys
 * each rule, as a checker that knows nothing of the binder counts it, and survives a round trip; what is
 * not bound has faults that say where and why; and a patch that fails leaves the struct as it was. */
#include "../../gimlet/base/arena.h"
#include "../../gimlet/json/schema_check.h"
#include "../../gimlet/json/utf8.h"
#include "must.h"
#include <gimlet/json.h>

#define ROWS 8

struct inner {
    gim_str name;
    int64_t n;
};

struct slot {
    int64_t i;
    double d;
    gim_str s;
    gim_array strs, ints, objects;
    gim_map map;
    gim_time t;
    gim_raw raw;
    struct inner in;
    int e;
    bool b;
};

struct record {
    gim_set set;
    struct slot slots[ROWS];
};

static const struct gim_field inner_rows[] = {
    GIM_STR(struct inner, name, .required = true, .max_len = 6),
    GIM_INT(struct inner, n, GIM_MAX(99)),
};
static const struct gim_schema inner_schema = GIM_SCHEMA("Inner", struct inner, inner_rows);
static const char *const words[] = {"one", "two", "three", NULL};
static const char *const patterns[] = {"^[a-z]+$", "a.*b", "^(x|yy)*$", "^\\d{2,4}$"};

static const struct gim_field kinds[] = {
    GIM_INT(struct slot, i),
    GIM_DOUBLE(struct slot, d),
    GIM_STR(struct slot, s),
    GIM_ARRAY(struct slot, strs, .items = GIM_ITEM_STR(.max_len = 5)),
    GIM_ARRAY(struct slot, ints, .items = GIM_ITEM_INT(GIM_MIN(-9))),
    GIM_ARRAY(struct slot, objects, .items = GIM_ITEM_OBJECT(struct inner, &inner_schema)),
    GIM_MAP(struct slot, map),
    GIM_TIME(struct slot, t),
    GIM_RAW(struct slot, raw),
    GIM_OBJECT(struct slot, in, .schema = &inner_schema),
    GIM_ENUM(struct slot, e, .names = words),
    GIM_BOOL(struct slot, b),
};

/* ---- rows out of bytes ----------------------------------------------------------------------- */

static void rule(struct gim_field *f, unsigned how, unsigned limit)
{
    bool counted = f->kind == GIM_KIND_ARRAY || f->kind == GIM_KIND_MAP;

    f->required = how & 1;
    f->nullable = how & 2;
    f->omit_empty = !f->required;
    f->unique = f->kind == GIM_KIND_ARRAY && (how & 4);
    if (f->kind == GIM_KIND_INT) {
        f->has_min = how & 8;
        f->has_max = how & 16;
        f->min = -(int64_t)(limit & 15);
        f->max = (int64_t)(limit >> 4);
    } else if (f->kind == GIM_KIND_DOUBLE) {
        f->has_dmin = how & 8;
        f->dmin = -(double)limit;
    } else if (f->kind == GIM_KIND_STR) {
        f->min_len = how & 8 ? limit & 3 : 0;
        f->max_len = how & 16 ? (limit & 3) + (limit >> 4) + 1 : 0;
        f->pattern = how & 32 ? patterns[limit & 3] : NULL;
    } else if (counted) {
        f->min_items = how & 8 ? limit & 3 : 0;
        f->max_items = how & 16 ? (limit & 3) + (limit >> 4) + 1 : 0;
    }
}

static uint32_t make(struct gim_field rows[ROWS], const uint8_t **data, size_t *size, bool *strict)
{
    static const char *const names[ROWS] = {"a",  "b",         "c",        "d",
                                            "ee", "long name", "\xc3\xa4", "h/~"};
    unsigned head = fuzz_byte(data, size);
    uint32_t n = 1 + head % ROWS;

    *strict = head & 128;
    for (uint32_t i = 0; i < n; i++) {
        rows[i] = kinds[fuzz_byte(data, size) % (sizeof kinds / sizeof kinds[0])];
        rows[i].name = names[i];
        rows[i].name_len = (uint8_t)strlen(names[i]);
        rows[i].offset += (uint32_t)(offsetof(struct record, slots) + i * sizeof(struct slot));
        rule(&rows[i], fuzz_byte(data, size), fuzz_byte(data, size));
    }
    return n;
}

/* ---- do the rules hold? ---------------------------------------------------------------------- */

static uint32_t characters(gim_str s)
{
    uint32_t n = 0;

    for (size_t i = 0; i < s.len; i++)
        n += ((unsigned char)s.ptr[i] & 0xc0) != 0x80;
    return n;
}

static void holds_items(const struct gim_field *f, const struct slot *at)
{
    const gim_array *a = f->items->kind == GIM_KIND_STR   ? &at->strs
                         : f->items->kind == GIM_KIND_INT ? &at->ints
                                                          : &at->objects;

    must(a->len >= f->min_items && (!f->max_items || a->len <= f->max_items));
    for (size_t i = 0; i < a->len; i++) {
        const gim_str *strs = a->items;
        const int64_t *ints = a->items;
        const struct inner *in = a->items;

        must(f->items->kind != GIM_KIND_STR || characters(strs[i]) <= 5);
        must(f->items->kind != GIM_KIND_INT || ints[i] >= -9);
        must(f->items->kind != GIM_KIND_OBJECT ||
             (in[i].name.ptr && characters(in[i].name) <= 6 && in[i].n <= 99));
        for (size_t k = 0; f->unique && k < i; k++) {
            must(f->items->kind != GIM_KIND_STR || !gim_str_eq(strs[i], strs[k]));
            must(f->items->kind != GIM_KIND_INT || ints[i] != ints[k]);
        }
    }
}

static void holds(const struct gim_field *f, const struct slot *at)
{
    switch (f->kind) {
    case GIM_KIND_INT:
        must((!f->has_min || at->i >= f->min) && (!f->has_max || at->i <= f->max));
        break;
    case GIM_KIND_DOUBLE:
        must(at->d - at->d == 0 && (!f->has_dmin || at->d >= f->dmin));
        break;
    case GIM_KIND_STR:
        must(at->s.ptr && gim_utf8_valid(at->s) && characters(at->s) >= f->min_len);
        must(!f->max_len || characters(at->s) <= f->max_len);
        break;
    case GIM_KIND_ARRAY:
        holds_items(f, at);
        break;
    case GIM_KIND_MAP:
        must(at->map.len >= f->min_items && (!f->max_items || at->map.len <= f->max_items));
        break;
    case GIM_KIND_OBJECT:
        must(at->in.name.ptr && characters(at->in.name) <= 6 && at->in.n <= 99);
        break;
    case GIM_KIND_ENUM:
        must(at->e >= 0 && at->e <= 2);
        break;
    default:
        break;
    }
}

static void all_hold(const struct gim_schema *s, const struct record *r)
{
    for (uint32_t i = 0; i < s->n_fields; i++) {
        const struct gim_field *f = &s->fields[i];
        uint64_t bit = (uint64_t)1 << i;

        must(f->required <= !!(r->set.present & bit));
        must(f->nullable || !(r->set.null & bit));
        if ((r->set.present & bit) && !(r->set.null & bit))
            holds(f, &r->slots[i]);
    }
}

/* ---- trying it ------------------------------------------------------------------------------- */

static enum gim_bind decode(const struct gim_schema *s, gim_str json, struct record *r,
                            struct gim_arena *a)
{
    struct gim_faults faults = {0};
    struct gim_json_error err = {0};
    enum gim_bind result = gim_json_decode(s, json, r, a, &faults, &err);

    must((result == GIM_BIND_FAULTS) == (faults.total > 0));
    must(faults.kept <= GIM_MAX_FAULTS && faults.kept <= faults.total);
    must(result != GIM_BIND_SYNTAX || (err.reason && err.offset <= json.len));
    for (const struct gim_fault *f = faults.first; f; f = f->next) {
        must(f->code && *f->code && f->detail.len && gim_utf8_valid(f->detail));
        must(!f->pointer.len || (f->pointer.ptr[0] == '/' && gim_utf8_valid(f->pointer)));
    }
    return result;
}

static void there_and_back(const struct gim_schema *s, const struct record *r, struct gim_arena *a)
{
    gim_str text = gim_json_encode(s, r, a);
    struct record again;

    must(decode(s, text, &again, a) == GIM_BIND_OK);
    must(gim_str_eq(text, gim_json_encode(s, &again, a)));
}

static void patch(const struct gim_schema *s, gim_str json, struct record *r, struct gim_arena *a)
{
    struct gim_faults faults = {0};
    gim_str before = gim_json_encode(s, r, a);
    struct record as_it_was = *r;

    if (gim_json_patch(s, json, r, a, &faults, NULL) == GIM_BIND_OK) {
        there_and_back(s, r, a);
        return;
    }
    must(memcmp(r, &as_it_was, sizeof *r) == 0);
    must(gim_str_eq(before, gim_json_encode(s, r, a)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gim_field rows[ROWS];
    struct gim_schema s = {.name = "Record",
                           .fields = rows,
                           .size = sizeof(struct record),
                           .set_at = 1 + offsetof(struct record, set)};
    struct gim_arena a = {0};
    struct gim_buf why = {0};
    struct record r;
    char *copy, *half;

    s.n_fields = make(rows, &data, &size, &s.strict);
    if (gim_schema_check(&s, &why))
        fprintf(stderr, "%.*s", GIM_FMT(gim_buf_view(&why)));
    must(!why.len);
    gim_buf_free(&why);
    copy = fuzz_copy(data, size);
    half = fuzz_copy(data + size / 2, size - size / 2);
    if (decode(&s, (gim_str){copy, size}, &r, &a) == GIM_BIND_OK) {
        all_hold(&s, &r);
        there_and_back(&s, &r, &a);
        patch(&s, (gim_str){half, size - size / 2}, &r, &a);
        patch(&s, (gim_str){copy, size}, &r, &a);
    }
    gim_arena_reset(&a);
    free(copy);
    free(half);
    return 0;
}
