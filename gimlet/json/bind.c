/* bind.c: JSON text straight into structs, by schema, in one pass.
 *
 * Each open container has a frame on an explicit stack of GIM_JSON_MAX_DEPTH, so the input's depth
 * costs no C stack. A frame takes one member at a time. Clients send members in the order of the
 * documentation, so the row after the last one is tried first, against the bytes of the text and
 * without reading the name as a string: a member that comes as expected costs one comparison.
 *
 * Known names are ticked off in a bit set, others go to the table of names; a second one of either
 * is a syntax error wherever it stands. Faults only add to a list: the text is always read to its
 * end, and a syntax error found later takes the faults back. */
#include "bind.h"
#include "../base/unset.h"
#include "rules.h"
#include "utf8.h"

#define FIRST_ELEMENTS 4
#define MAX_DEFAULT_LEVELS 8

static const struct gim_field any_string = {.kind = GIM_KIND_STR, .size = sizeof(gim_str)};

/* ---- the place, for a fault ------------------------------------------------------------------ */

static size_t pointer_token(char *out, gim_str name)
{
    size_t n = 0;

    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];

        if (c == '~' || c == '/') {
            out[n++] = '~';
            c = c == '~' ? '0' : '1';
        }
        out[n++] = c;
    }
    return n;
}

static gim_str frame_pointer(const struct gim_sink *sink)
{
    const struct gim_binder *b = (const struct gim_binder *)(const void *)sink;
    size_t room = 24, n = 0;
    char *out;

    for (unsigned i = 0; i < b->depth; i++)
        room += 24 + 2 * b->frames[i].name.len;
    out = gim_alloc_raw(sink->arena, room, 1);
    for (unsigned i = 0; i < b->depth; i++) {
        const struct gim_frame *f = &b->frames[i];

        out[n++] = '/';
        if (f->kind == GIM_KIND_ARRAY)
            n += gim_int_write(out + n, (int64_t)f->n - 1);
        else
            n += pointer_token(out + n, f->name);
    }
    if (sink->item) {
        out[n++] = '/';
        n += gim_int_write(out + n, (int64_t)sink->item - 1);
    }
    return (gim_str){out, n};
}

/* ---- opening and closing --------------------------------------------------------------------- */

static struct gim_frame *push(struct gim_binder *b, const struct gim_field *row, void *into)
{
    struct gim_frame *f;

    if (b->depth == GIM_JSON_MAX_DEPTH) {
        gim_scan_fail(&b->scan, b->scan.at, gim_reason_deep);
        return NULL;
    }
    b->scan.at++;
    f = &b->frames[b->depth++];
    f->row = row;
    f->into = into;
    f->n = f->cap = 0;
    f->name = (gim_str){0};
    f->bit = 0;
    f->mark = b->names.n;
    f->faults = b->sink.faults->total;
    f->first = true;
    return f;
}

bool gim_open_object(struct gim_binder *b, const struct gim_field *row, const struct gim_schema *s,
                     void *into, bool patch)
{
    struct gim_frame *f = push(b, row, into);

    if (!f)
        return false;
    f->kind = GIM_KIND_OBJECT;
    f->schema = s;
    f->patch = patch;
    f->seen = f->present = f->null = 0;
    f->hint = 0;
    if (!patch)
        memset(into, 0, s->size);
    return true;
}

bool gim_open_elements(struct gim_binder *b, const struct gim_field *row, void *into, bool patch)
{
    struct gim_frame *f = push(b, row, into);

    if (!f)
        return false;
    f->kind = row->kind;
    f->patch = patch;
    f->null = 0;
    f->elements = NULL;
    f->items = row->items ? row->items : &any_string;
    return true;
}

/* A member the text did not have. False: a default that is not JSON (gim_schema_check says so at
 * start; here it is a fault). */
static void absent(struct gim_binder *b, struct gim_frame *f, const struct gim_field *row)
{
    void *into = f->into + row->offset;
    bool missing = row->required && !row->read_only;

    if (f->patch) { /* the present state has it, as far as one can see */
        missing &= row->kind == GIM_KIND_STR && !row->nullable && !((gim_str *)into)->ptr;
    } else if (row->def) {
        f->name = gim_field_name(row);
        if (!gim_bind_default(&b->sink, row, into, b->level))
            gim_sink_fault(&b->sink, "rule", "the default of this member is not JSON");
        return;
    }
    if (missing) {
        f->name = gim_field_name(row);
        gim_sink_fault(&b->sink, "required", "required");
    }
}

static void close_object(struct gim_binder *b, struct gim_frame *f)
{
    const struct gim_schema *s = f->schema;
    uint64_t all = s->n_fields >= 64 ? UINT64_MAX : (UINT64_C(1) << s->n_fields) - 1;

    for (uint64_t rest = all & ~f->seen; rest; rest &= rest - 1)
        absent(b, f, &s->fields[__builtin_ctzll(rest)]);
    if (s->set_at) {
        gim_set *set = (gim_set *)(void *)(f->into + s->set_at - 1);

        *set = (gim_set){f->present, f->null};
    }
    gim_names_drop(&b->names, f->mark);
    b->depth--;
    if (b->sink.faults->total != f->faults)
        return;
    if (s->check)
        gim_rules_own(&b->sink, s->check, f->into);
    if (f->row && f->row->check && b->sink.faults->total == f->faults)
        gim_rules_own(&b->sink, f->row->check, f->into);
}

static void close_array(struct gim_binder *b, struct gim_frame *f)
{
    gim_array *array = (gim_array *)(void *)f->into;
    size_t max = f->row->max_items;

    array->items = f->elements;
    array->len = max && f->n > max ? max : f->n;
    b->depth--;
    gim_rules_array(&b->sink, f->row, array, f->n, f->faults);
}

static void close_map(struct gim_binder *b, struct gim_frame *f)
{
    gim_map *map = (gim_map *)(void *)f->into;

    if (f->patch)
        gim_patch_map(b, f, map);
    else
        *map = (gim_map){(gim_pair *)(void *)f->elements, f->n};
    gim_names_drop(&b->names, f->mark);
    b->depth--;
    gim_rules_map(&b->sink, f->row, map, f->faults);
}

/* ---- members --------------------------------------------------------------------------------- */

/* Between members or elements. 1: one follows; 0: closed; -1: a syntax error. */
static int next_item(struct gim_binder *b, struct gim_frame *f, char close, const char *reason)
{
    struct gim_scan *s = &b->scan;

    gim_scan_space(s);
    if (gim_scan_peek(s) == close) {
        s->at++;
        return 0;
    }
    if (f->first) {
        f->first = false;
        return 1;
    }
    if (gim_scan_peek(s) != ',') {
        gim_scan_expected(s, reason);
        return -1;
    }
    s->at++;
    gim_scan_space(s);
    return 1;
}

/* The row the schema has next, if the text has its name and no escape in it. */
static const struct gim_field *take_expected_name(struct gim_binder *b, struct gim_frame *f)
{
    const struct gim_field *row = &f->schema->fields[f->hint];
    const char *at = b->scan.at;
    gim_str name;

    if (f->hint >= f->schema->n_fields)
        return NULL;
    name = gim_field_name(row);
    if ((size_t)(b->scan.end - at) < name.len + 2 || at[0] != '"' || at[name.len + 1] != '"' ||
        !gim_same_bytes(at + 1, name.ptr, name.len))
        return NULL;
    b->scan.at = at + name.len + 2;
    f->name = name;
    return row;
}

static const struct gim_field *find_row(const struct gim_schema *s, gim_str name)
{
    for (uint32_t i = 0; i < s->n_fields; i++) {
        if (gim_str_eq(gim_field_name(&s->fields[i]), name))
            return &s->fields[i];
    }
    return NULL;
}

/* Reads any name into f->name. */
static bool take_name(struct gim_binder *b, struct gim_frame *f)
{
    struct gim_text text;

    if (gim_scan_peek(&b->scan) != '"')
        return gim_scan_expected(&b->scan, gim_reason_name);
    if (!gim_scan_string(&b->scan, &text))
        return false;
    f->name = gim_text_decode(&text, b->sink.arena);
    return true;
}

static bool take_unknown(struct gim_binder *b, struct gim_frame *f, const char *start)
{
    if (!gim_names_add(&b->names, f->mark, f->name))
        return gim_scan_fail(&b->scan, start, gim_reason_duplicate);
    if (!gim_scan_colon(&b->scan) || !gim_take_skip(b))
        return false;
    if (f->schema->strict)
        gim_sink_fault(&b->sink, "unknown", "unknown member");
    return true;
}

static bool step_object(struct gim_binder *b, struct gim_frame *f)
{
    const struct gim_field *row;
    const char *start;
    int more = next_item(b, f, '}', gim_reason_member);

    if (more <= 0) {
        if (more == 0)
            close_object(b, f);
        return more == 0;
    }
    start = b->scan.at;
    row = take_expected_name(b, f);
    if (!row) {
        if (!take_name(b, f))
            return false;
        row = find_row(f->schema, f->name);
        if (!row)
            return take_unknown(b, f, start);
    }
    f->hint = (uint32_t)(row - f->schema->fields) + 1;
    f->bit = UINT64_C(1) << (f->hint - 1);
    if (f->seen & f->bit)
        return gim_scan_fail(&b->scan, start, gim_reason_duplicate);
    f->seen |= f->bit;
    if (!gim_scan_colon(&b->scan))
        return false;
    if (row->read_only && !b->read_only_too)
        return gim_take_skip(b);
    f->present |= f->bit;
    return gim_take_value(b, f, row, f->into + row->offset);
}

/* Room for one more element of `size` bytes; the present ones are copied, since all lie together.
 */
static char *next_element(struct gim_binder *b, struct gim_frame *f, size_t size)
{
    if (f->n == f->cap) {
        size_t cap = f->cap ? f->cap * 2 : FIRST_ELEMENTS;
        char *grown = gim_alloc_raw(b->sink.arena, cap * size, 16);

        if (f->n)
            memcpy(grown, f->elements, f->n * size);
        f->elements = grown;
        f->cap = cap;
    }
    return memset(f->elements + f->n++ * size, 0, size);
}

/* Elements past max_items are a fault already: they are checked as JSON and kept nowhere. */
static bool step_array(struct gim_binder *b, struct gim_frame *f)
{
    int more = next_item(b, f, ']', gim_reason_element);

    if (more <= 0) {
        if (more == 0)
            close_array(b, f);
        return more == 0;
    }
    if (f->row->max_items && f->n >= f->row->max_items) {
        f->n++;
        return gim_take_skip(b);
    }
    return gim_take_value(b, f, f->items, next_element(b, f, f->items->size));
}

/* A null in a patch is kept as an absent value until gim_patch_map removes the pair. */
static bool step_map(struct gim_binder *b, struct gim_frame *f)
{
    const char *start;
    gim_pair *pair;
    int more = next_item(b, f, '}', gim_reason_member);

    if (more <= 0) {
        if (more == 0)
            close_map(b, f);
        return more == 0;
    }
    start = b->scan.at;
    if (!take_name(b, f))
        return false;
    if (!gim_names_add(&b->names, f->mark, f->name))
        return gim_scan_fail(&b->scan, start, gim_reason_duplicate);
    if (!gim_scan_colon(&b->scan))
        return false;
    pair = (gim_pair *)(void *)next_element(b, f, sizeof *pair);
    pair->key = f->name;
    return gim_take_value(b, f, f->items, &pair->value);
}

/* Works the frames until the text's value is whole. */
static bool work(struct gim_binder *b)
{
    bool going = true;

    while (going && b->depth) {
        struct gim_frame *f = gim_binder_top(b);

        if (f->kind == GIM_KIND_OBJECT)
            going = step_object(b, f);
        else if (f->kind == GIM_KIND_ARRAY)
            going = step_array(b, f);
        else
            going = step_map(b, f);
    }
    return going;
}

static bool read_root(struct gim_binder *b, const struct gim_schema *s, void *into, bool patch)
{
    if (!gim_scan_open(&b->scan))
        return false;
    if (gim_scan_peek(&b->scan) == '{') {
        if (!gim_open_object(b, NULL, s, into, patch) || !work(b))
            return false;
    } else {
        const struct gim_field root = {.size = s->size};

        if (!patch)
            memset(into, 0, s->size);
        if (!gim_take_wrong(b, NULL, &root, into, "an object"))
            return false;
    }
    return gim_scan_close(&b->scan);
}

void gim_binder_init(struct gim_binder *b, gim_str json, struct gim_arena *a,
                     struct gim_faults *faults)
{
    b->sink = (struct gim_sink){.faults = faults, .arena = a, .pointer = frame_pointer};
    gim_scan_init(&b->scan, json);
    gim_names_init(&b->names, a);
    b->depth = b->level = 0;
    b->read_only_too = false;
}

enum gim_bind gim_binder_run(struct gim_binder *b, const struct gim_schema *s, void *into,
                             bool patch, struct gim_json_error *err)
{
    struct gim_faults *faults = b->sink.faults, before = *faults;

    if (!read_root(b, s, into, patch)) {
        *faults = before;
        if (faults->first)
            *faults->tail = NULL;
        if (err)
            gim_scan_error(&b->scan, err);
        return GIM_BIND_SYNTAX;
    }
    return faults->total == before.total ? GIM_BIND_OK : GIM_BIND_FAULTS;
}

bool gim_bind_default(struct gim_sink *sink, const struct gim_field *row, void *into,
                      unsigned level)
{
    struct gim_binder b;

    if (level >= MAX_DEFAULT_LEVELS)
        return false;
    gim_binder_init(&b, gim_str_of(row->def), sink->arena, sink->faults);
    b.level = level + 1;
    b.read_only_too = true;
    return gim_scan_open(&b.scan) && gim_take_value(&b, NULL, row, into) && work(&b) &&
           gim_scan_close(&b.scan);
}

enum gim_bind gim_json_decode(const struct gim_schema *s, gim_str json, void *obj,
                              struct gim_arena *a, struct gim_faults *faults,
                              struct gim_json_error *err)
{
    struct gim_binder b GIM_UNSET;

    gim_binder_init(&b, json, a, faults);
    return gim_binder_run(&b, s, obj, false, err);
}
