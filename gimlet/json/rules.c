/* rules.c: lengths, limits, formats, patterns, unique items, enums; and the details people read.
 *
 * A value that breaks two rules gives two faults, with one exception: a pattern, a format and the
 * application's own check are asked only about a value whose size is right, so that the dear rules
 * see nothing longer than the row allows. */
#include "rules.h"
#include "../base/arena.h"
#include "format.h"
#include "names.h"
#include "number.h"
#include "pattern.h"
#include "utf8.h"
#include "writer.h"

static const char *plural(uint64_t n)
{
    return n == 1 ? "" : "s";
}

void gim_rules_own(struct gim_sink *sink, gim_rule *rule, const void *v)
{
    const char *detail = rule ? rule(v, sink->arena) : NULL;

    if (detail)
        gim_sink_fault(sink, "rule", "%s", detail);
}

static void check_length(struct gim_sink *sink, const struct gim_field *f, size_t n)
{
    if (n < f->min_len)
        gim_sink_fault(sink, "too_short", "at least %u character%s, got %zu", f->min_len,
                       plural(f->min_len), n);
    if (f->max_len && n > f->max_len)
        gim_sink_fault(sink, "too_long", "at most %u character%s, got %zu", f->max_len,
                       plural(f->max_len), n);
}

void gim_rules_str_slow(struct gim_sink *sink, const struct gim_field *f, const gim_str *v,
                        bool ascii)
{
    uint32_t before = sink->faults->total;

    if (f->min_len || f->max_len)
        check_length(sink, f, ascii ? v->len : gim_utf8_count(*v));
    if (sink->faults->total != before)
        return;
    if (f->pattern && !gim_pattern_match(f->pattern, *v))
        gim_sink_fault(sink, "pattern", "must match %s", f->pattern);
    if (f->format && !gim_format_holds(f->format, *v))
        gim_sink_fault(sink, "format", "expected %s", gim_format_text(f->format));
    if (sink->faults->total == before)
        gim_rules_own(sink, f->check, v);
}

void gim_rules_int(struct gim_sink *sink, const struct gim_field *f, const int64_t *v)
{
    if (f->has_min && *v < f->min)
        gim_sink_fault(sink, "too_small", "at least %lld, got %lld", (long long)f->min,
                       (long long)*v);
    else if (f->has_max && *v > f->max)
        gim_sink_fault(sink, "too_big", "at most %lld, got %lld", (long long)f->max, (long long)*v);
    else
        gim_rules_own(sink, f->check, v);
}

static void double_fault(struct gim_sink *sink, const char *code, const char *limit, double bound,
                         double v)
{
    char wanted[GIM_NUMBER_MAX], got[GIM_NUMBER_MAX];
    int wanted_len = (int)gim_number_write(wanted, bound), got_len = (int)gim_number_write(got, v);

    gim_sink_fault(sink, code, "at %s %.*s, got %.*s", limit, wanted_len, wanted, got_len, got);
}

void gim_rules_double(struct gim_sink *sink, const struct gim_field *f, const double *v)
{
    if (f->has_dmin && *v < f->dmin)
        double_fault(sink, "too_small", "least", f->dmin, *v);
    else if (f->has_dmax && *v > f->dmax)
        double_fault(sink, "too_big", "most", f->dmax, *v);
    else
        gim_rules_own(sink, f->check, v);
}

static void check_count(struct gim_sink *sink, const struct gim_field *f, size_t n)
{
    if (n < f->min_items)
        gim_sink_fault(sink, "too_few", "at least %u item%s, got %zu", f->min_items,
                       plural(f->min_items), n);
    if (f->max_items && n > f->max_items)
        gim_sink_fault(sink, "too_many", "at most %u item%s, got %zu", f->max_items,
                       plural(f->max_items), n);
}

/* Its JSON, in the arena. Nothing else may be held where the arena may leave us (gim_arena.empty), and
 * a part of a text would be taken for another element's. */
static gim_str text_of(const struct gim_field *items, const void *element, struct gim_arena *a)
{
    struct gim_buf b = {0};
    gim_str s;
    char *copy = NULL;

    gim_json_put_item(&b, items, element);
    s = gim_buf_view(&b);
    if (!b.full)
        copy = a->empty ? gim_alloc_try(a, s.len, 1) : gim_alloc_raw(a, s.len, 1);
    if (copy)
        s.ptr = memcpy(copy, s.ptr, s.len);
    gim_buf_free(&b);
    if (!copy)
        (void)gim_alloc_raw(a, SIZE_MAX, 1); /* more than there is: it leaves */
    return s;
}

/* What two equal elements have in common: a string's bytes, a scalar's own bytes (no NaN comes from
 * JSON, and a zero is made positive), else the JSON text, which a schema writes one way only. */
static gim_str key_of(const struct gim_field *items, const void *element, struct gim_arena *a)
{
    static const double zero = 0;
    gim_str bytes = {element, items->size};

    switch (items->kind) {
    case GIM_KIND_STR:
        return *(const gim_str *)element;
    case GIM_KIND_RAW:
        return ((const gim_raw *)element)->json;
    case GIM_KIND_OBJECT:
    case GIM_KIND_ARRAY:
    case GIM_KIND_MAP:
        return text_of(items, element, a);
    case GIM_KIND_DOUBLE:
        return *(const double *)element == zero ? (gim_str){(const char *)&zero, 8} : bytes;
    default:
        return bytes;
    }
}

static void check_unique(struct gim_sink *sink, const struct gim_field *f, const gim_array *v)
{
    struct gim_names seen;

    gim_names_init(&seen, sink->arena);
    for (size_t i = 0; i < v->len; i++) {
        const char *element = (const char *)v->items + i * f->items->size;

        if (gim_names_add(&seen, 0, key_of(f->items, element, sink->arena)))
            continue;
        sink->item = i + 1;
        gim_sink_fault(sink, "duplicate", "the same as an item before it");
        sink->item = 0;
    }
}

void gim_rules_array(struct gim_sink *sink, const struct gim_field *f, const gim_array *v, size_t n,
                     uint32_t before)
{
    if (sink->faults->total == before && f->unique && v->len > 1)
        check_unique(sink, f, v);
    check_count(sink, f, n);
    if (sink->faults->total == before)
        gim_rules_own(sink, f->check, v);
}

void gim_rules_map(struct gim_sink *sink, const struct gim_field *f, const gim_map *v,
                   uint32_t before)
{
    check_count(sink, f, v->len);
    if (sink->faults->total == before)
        gim_rules_own(sink, f->check, v);
}

/* "one of: draft, live" */
static void enum_fault(struct gim_sink *sink, const struct gim_field *f)
{
    char list[200];
    size_t n = 0;

    for (const char *const *name = f->names; *name; name++) {
        size_t len = strlen(*name);

        if (n + len + 8 > sizeof list) {
            memcpy(list + n, ", ...", 5);
            n += 5;
            break;
        }
        if (n) {
            memcpy(list + n, ", ", 2);
            n += 2;
        }
        memcpy(list + n, *name, len);
        n += len;
    }
    gim_sink_fault(sink, "enum", "one of: %.*s", (int)n, list);
}

int gim_rules_enum(struct gim_sink *sink, const struct gim_field *f, gim_str text)
{
    for (int i = 0; f->names[i]; i++) {
        if (gim_str_eq(gim_str_of(f->names[i]), text))
            return i;
    }
    enum_fault(sink, f);
    return -1;
}

bool gim_rules_time(struct gim_sink *sink, gim_str text, gim_time *out)
{
    if (gim_time_read(text, out) == 0)
        return true;
    gim_sink_fault(sink, "format", "expected %s", gim_format_text(GIM_FORMAT_DATE_TIME));
    return false;
}
