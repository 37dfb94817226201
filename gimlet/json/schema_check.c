/* schema_check.c: everything that can be wrong with a schema, said at start and not at a request.
 *
 * Schemas form a graph (a comment has replies, which are comments), so they are visited from a list
 * and each only once. Defaults are bound at the end and only if all else is sound, since binding
 * trusts the rows it reads. */
#include "schema_check.h"
#include "../base/arena.h"
#include "bind.h"
#include "format.h"
#include "pattern.h"
#include "utf8.h"

#define MAX_SCHEMAS 256
#define MAX_ITEMS_DEPTH 16

struct check {
    struct gim_buf *why;
    int defects;
    const struct gim_schema *schemas[MAX_SCHEMAS];
    size_t n_schemas;
    const struct gim_schema *schema; /* the present place, for the messages */
    const struct gim_field *row;
};

static const uint32_t sizes[] = {
    [GIM_KIND_BOOL] = sizeof(bool),       [GIM_KIND_INT] = sizeof(int64_t),
    [GIM_KIND_DOUBLE] = sizeof(double),   [GIM_KIND_STR] = sizeof(gim_str),
    [GIM_KIND_TIME] = sizeof(gim_time),   [GIM_KIND_ENUM] = sizeof(int),
    [GIM_KIND_ARRAY] = sizeof(gim_array), [GIM_KIND_MAP] = sizeof(gim_map),
    [GIM_KIND_RAW] = sizeof(gim_raw),
};

static void defect(struct check *c, const char *what, const char *more)
{
    gim_str name = c->row && (c->row->as || c->row->name) ? gim_field_name(c->row) : GIM_S("?");

    c->defects++;
    gim_buf_printf(c->why, "schema %s", c->schema->name ? c->schema->name : "?");
    if (c->row)
        gim_buf_printf(c->why, ", field %.*s", GIM_FMT(name));
    gim_buf_printf(c->why, ": %s%s\n", what, more ? more : "");
}

static void visit(struct check *c, const struct gim_schema *s)
{
    for (size_t i = 0; i < c->n_schemas; i++) {
        if (c->schemas[i] == s)
            return;
    }
    if (c->n_schemas == MAX_SCHEMAS)
        defect(c, "more than 256 schemas hang together", NULL);
    else
        c->schemas[c->n_schemas++] = s;
}

static bool is_kind(const struct gim_field *f, enum gim_kind a, enum gim_kind b)
{
    return f->kind == a || f->kind == b;
}

static void check_kind(struct check *c, const struct gim_field *f)
{
    if (f->kind == GIM_KIND_NONE || f->kind > GIM_KIND_RAW) {
        defect(c, "the row has no kind: build it with GIM_INT, GIM_STR, ...", NULL);
    } else if (f->kind == GIM_KIND_OBJECT) {
        if (!f->schema) {
            defect(c, "an object needs .schema", NULL);
            return;
        }
        if (f->schema->size != f->size)
            defect(c, "the member is not the struct that its .schema describes (sizes differ)",
                   NULL);
        visit(c, f->schema);
    } else if (f->size != sizes[f->kind]) {
        defect(c, "the size is not that of the kind's C type", NULL);
    }
}

/* Rules that the row's kind has no use for are mistakes of the author. */
static void check_use(struct check *c, const struct gim_field *f)
{
    if ((f->has_min || f->has_max) && f->kind != GIM_KIND_INT)
        defect(c, "GIM_MIN and GIM_MAX are for integers (GIM_DMIN, GIM_DMAX for doubles)", NULL);
    if ((f->has_dmin || f->has_dmax) && f->kind != GIM_KIND_DOUBLE)
        defect(c, "GIM_DMIN and GIM_DMAX are for doubles", NULL);
    if ((f->min_len || f->max_len || f->pattern || f->format) && f->kind != GIM_KIND_STR)
        defect(c, "lengths, .pattern and .format are for strings", NULL);
    if ((f->min_items || f->max_items) && !is_kind(f, GIM_KIND_ARRAY, GIM_KIND_MAP))
        defect(c, ".min_items and .max_items are for arrays and maps", NULL);
    if (f->unique && f->kind != GIM_KIND_ARRAY)
        defect(c, ".unique is for arrays", NULL);
    if (f->required && f->def)
        defect(c, "a required member has no use for .def", NULL);
    if (f->read_only && f->write_only)
        defect(c, ".read_only and .write_only leave nothing", NULL);
}

static void check_limits(struct check *c, const struct gim_field *f)
{
    if ((f->has_min && f->has_max && f->min > f->max) ||
        (f->has_dmin && f->has_dmax && !(f->dmin <= f->dmax)) ||
        (f->max_len && f->min_len > f->max_len) || (f->max_items && f->min_items > f->max_items))
        defect(c, "the lower limit is above the upper one", NULL);
    if (f->pattern && gim_pattern_defect(f->pattern))
        defect(c, "the pattern does not compile: ", gim_pattern_defect(f->pattern));
    if (f->format && !gim_format_text(f->format))
        defect(c, "unknown .format", NULL);
}

static void check_enum(struct check *c, const struct gim_field *f)
{
    if (f->kind != GIM_KIND_ENUM)
        return;
    if (!f->names || !f->names[0]) {
        defect(c, "an enum needs .names", NULL);
        return;
    }
    for (size_t i = 0; f->names[i]; i++) {
        for (size_t k = 0; k < i; k++) {
            if (strcmp(f->names[i], f->names[k]) == 0)
                defect(c, "an enum has a name twice: ", f->names[i]);
        }
    }
}

/* A row and, for arrays and maps, the rows of what is in them. */
static void check_value(struct check *c, const struct gim_field *f)
{
    for (int depth = 0; f; depth++) {
        int before = c->defects;

        check_kind(c, f);
        check_use(c, f);
        check_limits(c, f);
        check_enum(c, f);
        if (c->defects != before)
            return;
        if (f->kind == GIM_KIND_ARRAY && !f->items)
            defect(c, "an array needs .items: GIM_ITEM_STR(), ...", NULL);
        if (f->kind == GIM_KIND_MAP && f->items && f->items->kind != GIM_KIND_STR)
            defect(c, "a map's .items must be GIM_ITEM_STR(...)", NULL);
        if (f->items && !is_kind(f, GIM_KIND_ARRAY, GIM_KIND_MAP))
            defect(c, ".items is for arrays and maps", NULL);
        if (depth == MAX_ITEMS_DEPTH) {
            defect(c, "arrays of arrays deeper than 16", NULL);
            return;
        }
        f = f->items;
    }
}

/* A default and an example are values as a client would send them. */
static void check_sample(struct check *c, const struct gim_field *f, const char *text,
                         const char *no_json, const char *broken)
{
    struct gim_field with = *f;
    struct gim_arena arena = {0};
    struct gim_faults faults = {0};
    struct gim_sink sink = {.faults = &faults, .arena = &arena};
    void *into = gim_alloc(&arena, f->size);
    char detail[128] = "";

    with.def = text;
    if (!gim_bind_default(&sink, &with, into, 0))
        defect(c, no_json, text);
    else if (faults.total) {
        size_t n = faults.first->detail.len;

        n = n < sizeof detail - 1 ? n : sizeof detail - 1;
        memcpy(detail, faults.first->detail.ptr, n);
        defect(c, broken, detail);
    }
    gim_arena_reset(&arena);
}

static bool is_plain(gim_str name)
{
    for (size_t i = 0; i < name.len; i++) {
        if ((unsigned char)name.ptr[i] < 0x20 || name.ptr[i] == '"' || name.ptr[i] == '\\')
            return false;
    }
    return gim_utf8_valid(name);
}

static void check_name(struct check *c, const struct gim_schema *s, uint32_t i)
{
    gim_str name = gim_field_name(&s->fields[i]);

    if (!name.ptr) {
        defect(c, "the row has no name", NULL);
        return;
    }
    if (!is_plain(name))
        defect(c, "a name must be UTF-8 without quotes, backslashes and controls", NULL);
    for (uint32_t k = 0; k < i; k++) {
        if (gim_str_eq(gim_field_name(&s->fields[k]), name)) {
            defect(c, "two rows have this name", NULL);
            return;
        }
    }
}

static void check_row(struct check *c, const struct gim_schema *s, uint32_t i)
{
    const struct gim_field *f = c->row = &s->fields[i];

    check_name(c, s, i);
    check_value(c, f);
    if ((uint64_t)f->offset + f->size > s->size)
        defect(c, "the member lies outside the schema's struct", NULL);
}

static void check_schema(struct check *c, const struct gim_schema *s)
{
    c->schema = s;
    c->row = NULL;
    if (!s->name)
        defect(c, "it has no name", NULL);
    if (s->n_fields && !s->fields)
        defect(c, "it has no rows", NULL);
    if (s->n_fields > GIM_MAX_FIELDS)
        defect(c, "more than 64 rows", NULL);
    if (s->set_at && (uint64_t)s->set_at - 1 + sizeof(gim_set) > s->size)
        defect(c, "the gim_set lies outside the struct", NULL);
    for (uint32_t i = 0; s->fields && i < s->n_fields && i < GIM_MAX_FIELDS; i++)
        check_row(c, s, i);
}

static void check_samples(struct check *c, const struct gim_schema *s)
{
    c->schema = s;
    for (uint32_t i = 0; i < s->n_fields; i++) {
        const struct gim_field *f = c->row = &s->fields[i];

        if (f->def)
            check_sample(c, f, f->def, ".def is not JSON (or defaults nest without end): ",
                         ".def breaks the row's own rules: ");
        if (f->example)
            check_sample(c, f, f->example,
                         ".example is not JSON: ", ".example breaks the row's own rules: ");
    }
}

int gim_schema_check(const struct gim_schema *s, struct gim_buf *why)
{
    struct check c = {.why = why};

    c.schema = s;
    visit(&c, s);
    for (size_t i = 0; i < c.n_schemas; i++)
        check_schema(&c, c.schemas[i]);
    if (c.defects)
        return c.defects;
    for (size_t i = 0; i < c.n_schemas; i++)
        check_samples(&c, c.schemas[i]);
    return c.defects;
}
