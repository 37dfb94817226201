/* writer.c: structs to JSON text by schema, one walk, straight into the reply's buffer.
 *
 * Each write reserves once for the worst it can need and then stores without asking. Strings are
 * copied eight bytes at a time while the same eight are looked at, so the usual string, which needs
 * no escape, is one pass of plain stores. Recursion follows the schema and is cut at
 * GIM_JSON_MAX_DEPTH.
 *
 * A nullable member is null when its gim_set says so, or when its value is absent: a string, raw
 * value, array or map whose pointer is NULL, the zero time. */
#include "writer.h"
#include "../base/arena.h"
#include "number.h"
#include "sink.h"
#include "swar.h"
#include <math.h>

struct writer {
    struct gim_buf *buf;
    unsigned depth;
    bool all; /* write-only members too */
};

static void put_value(struct writer *w, const struct gim_field *f, const void *v);

/* What to write for a control character: \n, or \u001f. Returns the length, at most 6. */
static size_t escape(char *out, char c)
{
    static const char short_form[] = "btn?fr"; /* from \b on; \v has none */
    static const char hex[] = "0123456789abcdef";
    unsigned u = (unsigned char)c;

    out[0] = '\\';
    if (c == '"' || c == '\\') {
        out[1] = c;
        return 2;
    }
    if (u >= '\b' && u <= '\r' && u != '\v') {
        out[1] = short_form[u - '\b'];
        return 2;
    }
    memcpy(out + 1, "u00", 3);
    out[4] = hex[u >> 4];
    out[5] = hex[u & 15];
    return 6;
}

/* Copies a word and looks at it: the index of its first byte that needs an escape, or 8. */
static size_t copy_word(char *out, const char *p)
{
    uint64_t flags = gim_swar_special(gim_swar_load(p));

    memcpy(out, p, 8);
    return flags ? gim_swar_first(flags) : 8;
}

/* The plain bytes at `p`, copied to `out`, which has room for `n`. The last word may overlap the one
 * before it, whose bytes are known to be plain. */
static size_t copy_plain(char *out, const char *p, size_t n)
{
    size_t i = 0, plain;

    if (n >= 8) {
        for (; i + 8 < n; i += 8) {
            plain = copy_word(out + i, p + i);
            if (plain < 8)
                return i + plain;
        }
        return n - 8 + copy_word(out + n - 8, p + n - 8);
    }
    for (; i < n; i++) {
        char c = p[i];

        if (c == '"' || c == '\\' || (unsigned char)c < 0x20)
            break;
        out[i] = c;
    }
    return i;
}

/* From the first byte that needs an escape on. */
static void put_escaped(struct gim_buf *b, const char *p, size_t n)
{
    size_t i = 0;

    while (i < n) {
        char *out = gim_buf_reserve(b, n - i + 8);
        size_t plain;

        if (!out)
            return;
        plain = copy_plain(out, p + i, n - i);
        b->len += plain;
        i += plain;
        if (i == n)
            return;
        out = gim_buf_reserve(b, 6);
        if (!out)
            return;
        b->len += escape(out, p[i++]);
    }
}

void gim_json_put_str(struct gim_buf *b, gim_str s)
{
    char *out = gim_buf_reserve(b, s.len + 8);
    size_t plain;

    if (!out)
        return;
    *out++ = '"';
    plain = copy_plain(out, s.ptr, s.len);
    b->len += 1 + plain;
    if (plain == s.len) {
        out[plain] = '"';
        b->len++;
        return;
    }
    put_escaped(b, s.ptr + plain, s.len - plain);
    gim_buf_char(b, '"');
}

void gim_json_put_double(struct gim_buf *b, double v)
{
    char *out;

    if (!isfinite(v)) {
        gim_buf_lit(b, "null");
        return;
    }
    out = gim_buf_reserve(b, GIM_NUMBER_MAX);
    if (out)
        b->len += gim_number_write(out, v);
}

static void put_time(struct gim_buf *b, gim_time t)
{
    char *out = gim_buf_reserve(b, GIM_TIME_MAX + 2);

    if (!out)
        return;
    *out++ = '"';
    out += gim_time_write(out, t);
    *out++ = '"';
    b->len = (size_t)(out - b->ptr);
}

static void put_enum(struct gim_buf *b, const struct gim_field *f, int v)
{
    int i = 0;

    while (i < v && f->names[i])
        i++;
    if (i == v && f->names[i])
        gim_json_put_str(b, gim_str_of(f->names[i]));
    else
        gim_buf_lit(b, "null");
}

static bool deeper(struct writer *w)
{
    if (w->depth == GIM_JSON_MAX_DEPTH) {
        w->buf->full = true;
        return false;
    }
    w->depth++;
    return true;
}

static void put_array(struct writer *w, const struct gim_field *f, const gim_array *a)
{
    const char *element = a->items;

    if (!deeper(w))
        return;
    gim_buf_char(w->buf, '[');
    for (size_t i = 0; i < a->len; i++, element += f->items->size) {
        if (i)
            gim_buf_char(w->buf, ',');
        put_value(w, f->items, element);
    }
    gim_buf_char(w->buf, ']');
    w->depth--;
}

static void put_map(struct writer *w, const struct gim_field *f, const gim_map *m)
{
    bool nullable = f->items && f->items->nullable;

    gim_buf_char(w->buf, '{');
    for (size_t i = 0; i < m->len; i++) {
        if (i)
            gim_buf_char(w->buf, ',');
        gim_json_put_str(w->buf, m->items[i].key);
        gim_buf_char(w->buf, ':');
        if (nullable && !m->items[i].value.ptr)
            gim_buf_lit(w->buf, "null");
        else
            gim_json_put_str(w->buf, m->items[i].value);
    }
    gim_buf_char(w->buf, '}');
}

/* Is the value of a nullable row not there? Numbers and objects always are. */
static bool is_absent(const struct gim_field *f, const void *v)
{
    switch (f->kind) {
    case GIM_KIND_STR:
        return !((const gim_str *)v)->ptr;
    case GIM_KIND_RAW:
        return !((const gim_raw *)v)->json.ptr;
    case GIM_KIND_ARRAY:
        return !((const gim_array *)v)->items && ((const gim_array *)v)->len == 0;
    case GIM_KIND_MAP:
        return !((const gim_map *)v)->items && ((const gim_map *)v)->len == 0;
    case GIM_KIND_TIME:
        return ((const gim_time *)v)->us == 0;
    default:
        return false;
    }
}

static bool is_zero(const struct gim_field *f, const void *v)
{
    const char *p = v;

    if (f->kind == GIM_KIND_STR)
        return !((const gim_str *)v)->ptr;
    if (f->kind == GIM_KIND_ARRAY)
        return ((const gim_array *)v)->len == 0;
    if (f->kind == GIM_KIND_MAP)
        return ((const gim_map *)v)->len == 0;
    for (uint32_t i = 0; i < f->size; i++) {
        if (p[i])
            return false;
    }
    return true;
}

/* `,"name":`, the comma unless it is the first. */
static void put_name(struct gim_buf *b, gim_str name, bool first)
{
    char *out = gim_buf_reserve(b, name.len + 4);

    if (!out)
        return;
    *out = ',';
    out += !first;
    *out++ = '"';
    memcpy(out, name.ptr, name.len);
    out += name.len;
    *out++ = '"';
    *out++ = ':';
    b->len = (size_t)(out - b->ptr);
}

static void put_object(struct writer *w, const struct gim_schema *s, const char *obj)
{
    gim_set set = {0};
    bool first = true;

    if (!deeper(w))
        return;
    if (s->set_at)
        memcpy(&set, obj + s->set_at - 1, sizeof set);
    gim_buf_char(w->buf, '{');
    for (uint32_t i = 0; i < s->n_fields; i++) {
        const struct gim_field *f = &s->fields[i];
        const void *v = obj + f->offset;

        if ((f->write_only && !w->all) || (f->omit_empty && is_zero(f, v)))
            continue;
        put_name(w->buf, gim_field_name(f), first);
        first = false;
        if (f->nullable && set.null >> i & 1)
            gim_buf_lit(w->buf, "null");
        else
            put_value(w, f, v);
    }
    gim_buf_char(w->buf, '}');
    w->depth--;
}

static void put_value(struct writer *w, const struct gim_field *f, const void *v)
{
    struct gim_buf *b = w->buf;

    if (f->nullable && is_absent(f, v)) {
        gim_buf_lit(b, "null");
        return;
    }
    switch (f->kind) {
    case GIM_KIND_STR:
        gim_json_put_str(b, *(const gim_str *)v);
        break;
    case GIM_KIND_INT:
        gim_buf_int(b, *(const int64_t *)v);
        break;
    case GIM_KIND_BOOL:
        gim_buf_str(b, *(const bool *)v ? GIM_S("true") : GIM_S("false"));
        break;
    case GIM_KIND_DOUBLE:
        gim_json_put_double(b, *(const double *)v);
        break;
    case GIM_KIND_TIME:
        put_time(b, *(const gim_time *)v);
        break;
    case GIM_KIND_ENUM:
        put_enum(b, f, *(const int *)v);
        break;
    case GIM_KIND_OBJECT:
        put_object(w, f->schema, v);
        break;
    case GIM_KIND_ARRAY:
        put_array(w, f, v);
        break;
    case GIM_KIND_MAP:
        put_map(w, f, v);
        break;
    case GIM_KIND_RAW:
        gim_buf_str(b, ((const gim_raw *)v)->json.ptr ? ((const gim_raw *)v)->json : GIM_S("null"));
        break;
    default:
        gim_buf_lit(b, "null");
    }
}

void gim_json_put(struct gim_buf *b, const struct gim_schema *s, const void *obj)
{
    struct writer w = {.buf = b};

    put_object(&w, s, obj);
}

void gim_json_put_item(struct gim_buf *b, const struct gim_field *f, const void *element)
{
    struct writer w = {.buf = b, .all = true};

    put_value(&w, f, element);
}

gim_str gim_json_encode(const struct gim_schema *s, const void *obj, struct gim_arena *a)
{
    struct gim_buf b = {0};
    gim_str text;

    gim_json_put(&b, s, obj);
    text = gim_dup(a, gim_buf_view(&b));
    gim_buf_free(&b);
    return text;
}
