/* openapi_schema.c: the rows that bind and check, as JSON Schema.
 *
 * A schema has one entry whether clients send it, replies have it, or both; readOnly and writeOnly
 * say which members are whose. What is `required` follows the use: of a client the rows that say so;
 * of replies also what they always write. Patterns are left out when ECMAScript's unicode mode, which
 * JSON Schema asks for, would not take an escape that ours does. */
#include "openapi_schema.h"
#include "../json/format.h"
#include "../json/sink.h"

static const struct {
    const char *type, *format;
} kinds[] = {
    [GIM_KIND_BOOL] = {"boolean", NULL},       [GIM_KIND_INT] = {"integer", "int64"},
    [GIM_KIND_DOUBLE] = {"number", NULL},      [GIM_KIND_STR] = {"string", NULL},
    [GIM_KIND_TIME] = {"string", "date-time"}, [GIM_KIND_ENUM] = {"string", NULL},
    [GIM_KIND_OBJECT] = {"object", NULL},      [GIM_KIND_ARRAY] = {"array", NULL},
    [GIM_KIND_MAP] = {"object", NULL},         [GIM_KIND_RAW] = {NULL, NULL},
};

/* ---- the list -------------------------------------------------------------------------------- */

static struct gim_named_schema *all_of(const struct gim_named_schemas *s, size_t *n)
{
    *n = s->list.len / sizeof(struct gim_named_schema);
    return (struct gim_named_schema *)(void *)s->list.ptr;
}

const struct gim_named_schema *gim_schemas_all(const struct gim_named_schemas *s, size_t *n)
{
    return all_of(s, n);
}

/* True when that says something new. */
static bool add(struct gim_named_schemas *s, struct gim_named_schema one)
{
    size_t n;
    struct gim_named_schema *all = all_of(s, &n);

    for (size_t i = 0; i < n; i++) {
        if (all[i].schema == one.schema && all[i].form == one.form) {
            bool news = (one.sent && !all[i].sent) || (one.given && !all[i].given);

            all[i].sent |= one.sent;
            all[i].given |= one.given;
            return news;
        }
    }
    gim_buf_add(&s->list, (const char *)&one, sizeof one);
    return true;
}

void gim_schemas_add(struct gim_named_schemas *s, struct gim_named_schema one)
{
    if (one.schema)
        (void)add(s, one);
}

/* The entry at `at` is copied: adding may move the list. */
static bool add_members(struct gim_named_schemas *s, size_t at)
{
    size_t n;
    struct gim_named_schema one = all_of(s, &n)[at];
    const struct gim_schema *schema = one.schema;
    enum gim_form form = one.form;
    bool news = false;

    for (uint32_t i = 0; i < schema->n_fields; i++) {
        const struct gim_field *f = &schema->fields[i];

        one.form = f->kind == GIM_KIND_OBJECT ? form : GIM_FORM_WHOLE; /* patches replace arrays */
        for (; f; f = f->items) {
            one.schema = f->schema;
            news |= one.schema && add(s, one);
        }
    }
    return news;
}

void gim_schemas_close(struct gim_named_schemas *s)
{
    bool news = true;
    size_t n;

    while (news) { /* a use that was new may be new to members that were seen */
        news = false;
        all_of(s, &n);
        for (size_t i = 0; i < n; i++)
            news |= add_members(s, i);
    }
}

void gim_schemas_free(struct gim_named_schemas *s)
{
    gim_buf_free(&s->list);
}

/* ---- references ------------------------------------------------------------------------------ */

static const char *suffix_of(enum gim_form form)
{
    return form == GIM_FORM_PATCH ? "Patch" : "";
}

const char *gim_schema_key(const struct gim_schema *s, enum gim_form form, struct gim_arena *a)
{
    return gim_printf(a, "%s%s", s->name, suffix_of(form)).ptr;
}

bool gim_schema_same_key(const struct gim_named_schema *a, const struct gim_named_schema *b)
{
    const char *x = a->schema->name;
    const char *y = b->schema->name;

    while (*x && *x == *y) {
        x++;
        y++;
    }
    if (a->form == b->form)
        return *x == *y;
    return strcmp(*x ? x : suffix_of(a->form), *y ? y : suffix_of(b->form)) == 0 && (!*x || !*y);
}

void gim_schema_put_ref(struct gim_json_text *t, const struct gim_schema *s, enum gim_form form)
{
    struct gim_buf b = {0};

    gim_buf_printf(&b, "#/components/schemas/%s%s", s->name, suffix_of(form));
    gim_text_slice(t, "$ref", gim_buf_view(&b));
    gim_buf_free(&b);
}

static void put_object(struct gim_json_text *t, const struct gim_field *f, bool nullable,
                       enum gim_form form)
{
    if (!nullable) {
        gim_schema_put_ref(t, f->schema, form);
        return;
    }
    gim_text_array(t, "anyOf");
    gim_text_object(t, NULL);
    gim_schema_put_ref(t, f->schema, form);
    gim_text_end(t, '}');
    gim_text_object(t, NULL);
    gim_text_str(t, "type", "null");
    gim_text_end(t, '}');
    gim_text_end(t, ']');
}

/* ---- one value ------------------------------------------------------------------------------- */

static void put_type(struct gim_json_text *t, const struct gim_field *f, bool nullable)
{
    const char *type = kinds[f->kind].type;

    if (!nullable || !type) {
        gim_text_str(t, "type", type);
        return;
    }
    gim_text_array(t, "type");
    gim_text_str(t, NULL, type);
    gim_text_str(t, NULL, "null");
    gim_text_end(t, ']');
}

static void put_names(struct gim_json_text *t, const struct gim_field *f, bool nullable)
{
    gim_text_array(t, "enum");
    for (size_t i = 0; f->names[i]; i++)
        gim_text_str(t, NULL, f->names[i]);
    if (nullable)
        gim_text_json(t, NULL, "null");
    gim_text_end(t, ']');
}

/* Would unicode mode refuse what stands behind the backslash? There an escaped letter or digit means
 * what it means here, and of the signs only those that need it may be escaped. */
static bool is_foreign_escape(const char *p, bool in_class)
{
    if (p[0] == '0')
        return p[1] >= '0' && p[1] <= '9';
    if (in_class && strchr("dDwWsS", p[0]))
        return p[1] == '-' && p[2] != ']';
    if ((unsigned char)p[0] >= 0x80 || strchr("^$\\.*+?()[]{}|/", p[0]))
        return false;
    return !(p[0] == '-' && in_class) && !((p[0] | 0x20) >= 'a' && (p[0] | 0x20) <= 'z');
}

static bool is_ecma(const char *pattern)
{
    bool in_class = false;

    for (const char *p = pattern; *p; p++) {
        if (*p == '[' || *p == ']') {
            in_class = *p == '[';
        } else if (*p == '\\') {
            p++;
            if (is_foreign_escape(p, in_class))
                return false;
        }
    }
    return true;
}

static void put_count(struct gim_json_text *t, const char *name, uint32_t count)
{
    if (count)
        gim_text_int(t, name, count);
}

static void put_limits(struct gim_json_text *t, const struct gim_field *f)
{
    bool map = f->kind == GIM_KIND_MAP;

    if (f->has_min)
        gim_text_int(t, "minimum", f->min);
    if (f->has_max)
        gim_text_int(t, "maximum", f->max);
    if (f->has_dmin)
        gim_text_double(t, "minimum", f->dmin);
    if (f->has_dmax)
        gim_text_double(t, "maximum", f->dmax);
    put_count(t, "minLength", f->min_len);
    put_count(t, "maxLength", f->max_len);
    put_count(t, map ? "minProperties" : "minItems", f->min_items);
    put_count(t, map ? "maxProperties" : "maxItems", f->max_items);
    gim_text_flag(t, "uniqueItems", f->unique);
    if (f->pattern && is_ecma(f->pattern))
        gim_text_str(t, "pattern", f->pattern);
}

static void put_said(struct gim_json_text *t, const struct gim_field *f, enum gim_form form)
{
    if (form == GIM_FORM_WHOLE)
        gim_text_json(t, "default", f->def);
    if (!f->example)
        return;
    gim_text_array(t, "examples");
    gim_text_json(t, NULL, f->example);
    gim_text_end(t, ']');
}

/* Rows nest in arrays at most 16 deep (schema_check.c), so this does. */
static void put_rules(struct gim_json_text *t, const struct gim_field *f, enum gim_form form)
{
    static const struct gim_field any_string = {.kind = GIM_KIND_STR};
    bool nullable = f->nullable || (form == GIM_FORM_PATCH && !f->required);
    const char *inner = f->kind == GIM_KIND_MAP ? "additionalProperties" : "items";
    const struct gim_field *items = f->items ? f->items : &any_string;

    if (f->kind == GIM_KIND_OBJECT) {
        put_object(t, f, nullable, form);
        return;
    }
    put_type(t, f, nullable);
    gim_text_str(t, "format", f->format ? gim_format_name(f->format) : kinds[f->kind].format);
    if (f->kind == GIM_KIND_ENUM)
        put_names(t, f, nullable);
    put_limits(t, f);
    if (f->kind == GIM_KIND_ARRAY || f->kind == GIM_KIND_MAP) {
        gim_text_object(t, inner);
        put_rules(t, items, f->kind == GIM_KIND_MAP ? form : GIM_FORM_WHOLE);
        gim_text_end(t, '}');
    }
    put_said(t, f, form);
}

void gim_schema_put_value(struct gim_json_text *t, const char *name, const struct gim_field *f)
{
    gim_text_object(t, name);
    put_rules(t, f, GIM_FORM_WHOLE);
    gim_text_end(t, '}');
}

/* ---- one schema ------------------------------------------------------------------------------ */

static bool is_required(const struct gim_named_schema *one, const struct gim_field *f)
{
    bool written = !f->omit_empty && !f->write_only; /* by every reply */

    if (one->form == GIM_FORM_PATCH)
        return false;
    if (!one->sent)
        return written;
    return f->required || (f->read_only && written);
}

static void put_member(struct gim_json_text *t, const struct gim_named_schema *one,
                       const struct gim_field *f, struct gim_arena *a)
{
    gim_text_object(t, gim_dup(a, gim_field_name(f)).ptr);
    put_rules(t, f, one->form);
    gim_text_str(t, "description", f->doc);
    gim_text_flag(t, "readOnly", f->read_only);
    gim_text_flag(t, "writeOnly", f->write_only);
    gim_text_end(t, '}');
}

static void put_required(struct gim_json_text *t, const struct gim_named_schema *one)
{
    const struct gim_schema *s = one->schema;
    bool any = false;

    for (uint32_t i = 0; i < s->n_fields; i++)
        any |= is_required(one, &s->fields[i]);
    if (!any)
        return;
    gim_text_array(t, "required");
    for (uint32_t i = 0; i < s->n_fields; i++) {
        if (is_required(one, &s->fields[i]))
            gim_text_slice(t, NULL, gim_field_name(&s->fields[i]));
    }
    gim_text_end(t, ']');
}

void gim_schema_put(struct gim_json_text *t, const struct gim_named_schema *one,
                    struct gim_arena *a)
{
    const struct gim_schema *s = one->schema;

    gim_text_object(t, gim_schema_key(s, one->form, a));
    gim_text_str(t, "type", "object");
    gim_text_str(t, "description", s->doc);
    gim_text_object(t, "properties");
    for (uint32_t i = 0; i < s->n_fields; i++)
        put_member(t, one, &s->fields[i], a);
    gim_text_end(t, '}');
    put_required(t, one);
    if (s->strict)
        gim_text_json(t, "additionalProperties", "false");
    gim_text_end(t, '}');
}
