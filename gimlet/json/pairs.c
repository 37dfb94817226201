/* pairs.c: path parameters, query strings and forms into structs, by the same schemas.
 *
 * Values are plain text: a number is written as in JSON, a string as itself. An array takes each
 * occurrence of its name; anything else that stands twice is a fault, because two readers would
 * pick different ones. Objects, maps and raw values have no text form here. Unlike a body, path and
 * query do bind read-only rows: an id in a path is read, not written.
 *
 * A form is a body, so it binds none of those. And it comes from a browser, which sends a name for
 * every input, also for one that was left blank (no text is no number: absent), and "on" for a box
 * that was ticked. */
#include "bind.h"
#include "number.h"
#include "rules.h"
#include "utf8.h"

struct binding {
    struct gim_sink sink;
    const struct gim_schema *schema;
    const gim_pair *pairs;
    size_t n;
    char *into;
    uint64_t seen;
    bool form;
};

static void wrong(struct gim_sink *sink, const char *wanted)
{
    gim_sink_fault(sink, "type", "expected %s", wanted);
}

static void take_bool(struct gim_sink *sink, const struct gim_field *row, gim_str text, bool *v)
{
    *v = gim_str_eq(text, GIM_S("true"));
    if (!*v && !gim_str_eq(text, GIM_S("false")))
        wrong(sink, "true or false");
    else
        gim_rules_own(sink, row->check, v);
}

static void take_int(struct gim_sink *sink, const struct gim_field *row, gim_str text, int64_t *v)
{
    struct gim_number number;

    if (!gim_number_read(text, &number))
        wrong(sink, "an integer");
    else if (!number.integral)
        wrong(sink, "an integer, without fraction or exponent");
    else if (gim_number_int(&number, v) == GIM_NUMBER_RANGE)
        gim_sink_fault(sink, "range", "from %lld to %lld", (long long)INT64_MIN,
                       (long long)INT64_MAX);
    else
        gim_rules_int(sink, row, v);
}

static void take_double(struct gim_sink *sink, const struct gim_field *row, gim_str text, double *v)
{
    struct gim_number number;

    if (!gim_number_read(text, &number))
        wrong(sink, "a number");
    else if (!gim_number_double(&number, v))
        gim_sink_fault(sink, "range", "too big for a double");
    else
        gim_rules_double(sink, row, v);
}

static void take_str(struct gim_sink *sink, const struct gim_field *row, gim_str text, gim_str *v)
{
    *v = (gim_str){text.ptr ? text.ptr : "", text.len};
    if (gim_utf8_valid(*v))
        gim_rules_str(sink, row, v, false);
    else
        wrong(sink, "text in UTF-8");
}

static void take_text(struct gim_sink *sink, const struct gim_field *row, gim_str text, void *into)
{
    int found;

    switch (row->kind) {
    case GIM_KIND_BOOL:
        take_bool(sink, row, text, into);
        break;
    case GIM_KIND_INT:
        take_int(sink, row, text, into);
        break;
    case GIM_KIND_DOUBLE:
        take_double(sink, row, text, into);
        break;
    case GIM_KIND_STR:
        take_str(sink, row, text, into);
        break;
    case GIM_KIND_TIME:
        if (gim_rules_time(sink, text, into))
            gim_rules_own(sink, row->check, into);
        break;
    case GIM_KIND_ENUM:
        found = gim_rules_enum(sink, row, text);
        *(int *)into = found < 0 ? 0 : found;
        if (found >= 0)
            gim_rules_own(sink, row->check, into);
        break;
    default:
        wrong(sink, "nothing: it has no form as text");
    }
}

/* The text of a value; in a form a ticked box says "on". */
static void take_value(struct binding *b, const struct gim_field *row, gim_str text, void *into)
{
    if (b->form && row->kind == GIM_KIND_BOOL && gim_str_eq(text, GIM_S("on")))
        text = GIM_S("true");
    take_text(&b->sink, row, text, into);
}

/* An input that was left blank: there is nothing but strings that it could be. */
static bool is_blank(const struct binding *b, const struct gim_field *row, gim_str text)
{
    return b->form && !text.len && row->kind != GIM_KIND_STR;
}

static bool is_element(const struct binding *b, const struct gim_field *row, gim_str name,
                       size_t at)
{
    return gim_str_eq(b->pairs[at].key, name) && !is_blank(b, row->items, b->pairs[at].value);
}

/* All occurrences from the first on, at once: the array's size is counted before it is made. */
static void take_array(struct binding *b, const struct gim_field *row, size_t first)
{
    gim_array *array = (gim_array *)(void *)(b->into + row->offset);
    uint32_t before = b->sink.faults->total;
    gim_str name = b->pairs[first].key;
    size_t n = 0;

    for (size_t i = first; i < b->n; i++)
        n += is_element(b, row, name, i);
    array->items = gim_alloc_n(b->sink.arena, n, row->items->size);
    array->len = n;
    n = 0;
    for (size_t i = first; i < b->n; i++) {
        if (is_element(b, row, name, i))
            take_value(b, row->items, b->pairs[i].value,
                       (char *)array->items + n++ * row->items->size);
    }
    gim_rules_array(&b->sink, row, array, n, before);
}

static void take_pair(struct binding *b, size_t at)
{
    const struct gim_schema *s = b->schema;
    const struct gim_field *row;
    uint32_t i = 0;

    b->sink.param = b->pairs[at].key;
    while (i < s->n_fields && !gim_str_eq(gim_field_name(&s->fields[i]), b->pairs[at].key))
        i++;
    if (i == s->n_fields) {
        if (s->strict)
            gim_sink_fault(&b->sink, "unknown", "unknown parameter");
        return;
    }
    row = &s->fields[i];
    if ((b->form && row->read_only) ||
        (row->kind != GIM_KIND_ARRAY && is_blank(b, row, b->pairs[at].value)))
        return;
    if (b->seen >> i & 1) {
        if (row->kind != GIM_KIND_ARRAY)
            gim_sink_fault(&b->sink, "duplicate", "given more than once");
        return;
    }
    b->seen |= UINT64_C(1) << i;
    if (row->kind == GIM_KIND_ARRAY)
        take_array(b, row, at);
    else
        take_value(b, row, b->pairs[at].value, b->into + row->offset);
}

static void take_absent(struct binding *b, const struct gim_field *row)
{
    b->sink.param = gim_field_name(row);
    if (row->def) {
        if (!gim_bind_default(&b->sink, row, b->into + row->offset, 0))
            gim_sink_fault(&b->sink, "rule", "the default of this parameter is not JSON");
    } else if (row->required && !(b->form && row->read_only)) {
        gim_sink_fault(&b->sink, "required", "required");
    }
}

static enum gim_bind decode(struct binding *b)
{
    const struct gim_schema *s = b->schema;
    uint32_t before = b->sink.faults->total;

    memset(b->into, 0, s->size);
    for (size_t i = 0; i < b->n; i++)
        take_pair(b, i);
    for (uint32_t i = 0; i < s->n_fields; i++) {
        if (!(b->seen >> i & 1))
            take_absent(b, &s->fields[i]);
    }
    if (s->set_at)
        *(gim_set *)(void *)(b->into + s->set_at - 1) = (gim_set){.present = b->seen};
    b->sink.param = (gim_str){0};
    if (b->sink.faults->total == before)
        gim_rules_own(&b->sink, s->check, b->into);
    return b->sink.faults->total == before ? GIM_BIND_OK : GIM_BIND_FAULTS;
}

enum gim_bind gim_pairs_decode(const struct gim_schema *s, const gim_pair *pairs, size_t n,
                               void *obj, struct gim_arena *a, struct gim_faults *faults)
{
    struct binding b = {
        {.faults = faults, .arena = a}, .schema = s, .pairs = pairs, .n = n, .into = obj};

    return decode(&b);
}

enum gim_bind gim_form_decode(const struct gim_schema *s, const gim_pair *pairs, size_t n,
                              void *obj, struct gim_arena *a, struct gim_faults *faults)
{
    struct binding b = {{.faults = faults, .arena = a},
                        .schema = s,
                        .pairs = pairs,
                        .n = n,
                        .into = obj,
                        .form = true};

    return decode(&b);
}
