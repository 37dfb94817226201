/* tree.c: a cursor over checked JSON text.
 *
 * The text was checked once, so this reader looks for ends only: a string ends at the next quote
 * that no backslash hides, a container where its brackets balance. Nothing is allocated but the
 * value of a string that has escapes. */
#include <gimlet/json.h>
#include "number.h"
#include "scan.h"

static const char *skip_space(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t'))
        p++;
    return p;
}

/* At a '"'; the place after the closing one. */
static const char *skip_string(const char *p, const char *end)
{
    for (p++; p < end && *p != '"'; p++)
        p += *p == '\\';
    return p < end ? p + 1 : end;
}

static const char *skip_value(const char *p, const char *end)
{
    size_t open = 0;

    do {
        char c = *p;

        if (c == '"') {
            p = skip_string(p, end);
            continue;
        }
        p++;
        if (c == '{' || c == '[') {
            open++;
        } else if (c == '}' || c == ']') {
            open--;
        } else if (!open) { /* a number or a literal ends where a separator stands */
            while (p < end && !strchr(",:]} \n\r\t", *p))
                p++;
        }
    } while (open && p < end);
    return p;
}

static bool is_container(gim_json v)
{
    enum gim_json_type type = gim_json_type(v);

    return type == GIM_JSON_ARRAY || type == GIM_JSON_OBJECT;
}

static struct gim_text text_of(gim_json v)
{
    struct gim_text t = {.raw = {v.text.ptr + 1, v.text.len - 2}};

    t.escaped = memchr(t.raw.ptr, '\\', t.raw.len) != NULL;
    return t;
}

/* Is the string value `v` this name, once its escapes are decoded? */
static bool is_name(gim_json v, gim_str name)
{
    struct gim_text t = text_of(v);
    const char *p = t.raw.ptr, *end = p + t.raw.len;
    size_t at = 0;

    if (!t.escaped)
        return gim_str_eq(t.raw, name);
    while (p < end) {
        char step[4];
        size_t n = gim_text_step(&p, step);

        if (name.len - at < n || memcmp(name.ptr + at, step, n) != 0)
            return false;
        at += n;
    }
    return at == name.len;
}

int gim_json_check(gim_str text, struct gim_arena *a, struct gim_json_error *err)
{
    struct gim_scan s;
    struct gim_names names;

    gim_scan_init(&s, text);
    gim_names_init(&names, a);
    if (gim_scan_open(&s) && gim_scan_value(&s, &names, 0) && gim_scan_close(&s))
        return 0;
    if (err)
        gim_scan_error(&s, err);
    return -1;
}

gim_json gim_json_root(gim_str checked)
{
    const char *p = checked.len ? checked.ptr : "", *end = p + checked.len;

    p = skip_space(p, end);
    if (p == end)
        return (gim_json){{NULL, 0}};
    return (gim_json){{p, (size_t)(skip_value(p, end) - p)}};
}

enum gim_json_type gim_json_type(gim_json v)
{
    if (!v.text.len)
        return GIM_JSON_NONE;
    switch (*v.text.ptr) {
    case '{':
        return GIM_JSON_OBJECT;
    case '[':
        return GIM_JSON_ARRAY;
    case '"':
        return GIM_JSON_STRING;
    case 't':
    case 'f':
        return GIM_JSON_BOOL;
    case 'n':
        return GIM_JSON_NULL;
    default:
        return GIM_JSON_NUMBER;
    }
}

bool gim_json_next(gim_json v, struct gim_json_iter *it)
{
    const char *p, *end, *start;

    if (!is_container(v) || it->at >= v.text.len)
        return false;
    end = v.text.ptr + v.text.len;
    p = skip_space(v.text.ptr + it->at + (it->at == 0), end);
    if (*p == ',')
        p = skip_space(p + 1, end);
    if (*p == '}' || *p == ']') {
        it->at = v.text.len;
        return false;
    }
    it->name = (gim_json){{NULL, 0}};
    if (*v.text.ptr == '{') {
        start = p;
        p = skip_string(p, end);
        it->name.text = (gim_str){start, (size_t)(p - start)};
        p = skip_space(p, end);
        p = skip_space(p + 1, end); /* the colon */
    }
    start = p;
    p = skip_value(p, end);
    it->value.text = (gim_str){start, (size_t)(p - start)};
    it->at = (size_t)(p - v.text.ptr);
    return true;
}

gim_json gim_json_get(gim_json v, gim_str name)
{
    struct gim_json_iter it = {0};

    while (gim_json_type(v) == GIM_JSON_OBJECT && gim_json_next(v, &it)) {
        if (is_name(it.name, name))
            return it.value;
    }
    return (gim_json){{NULL, 0}};
}

gim_json gim_json_at(gim_json v, size_t index)
{
    struct gim_json_iter it = {0};

    while (gim_json_type(v) == GIM_JSON_ARRAY && gim_json_next(v, &it)) {
        if (index-- == 0)
            return it.value;
    }
    return (gim_json){{NULL, 0}};
}

size_t gim_json_len(gim_json v)
{
    struct gim_json_iter it = {0};
    size_t n = 0;

    while (gim_json_next(v, &it))
        n++;
    return n;
}

bool gim_json_bool(gim_json v, bool *out)
{
    if (gim_json_type(v) != GIM_JSON_BOOL)
        return false;
    *out = *v.text.ptr == 't';
    return true;
}

bool gim_json_int(gim_json v, int64_t *out)
{
    struct gim_number n;

    return gim_json_type(v) == GIM_JSON_NUMBER && gim_number_read(v.text, &n) &&
           gim_number_int(&n, out) == GIM_NUMBER_OK;
}

bool gim_json_double(gim_json v, double *out)
{
    struct gim_number n;

    return gim_json_type(v) == GIM_JSON_NUMBER && gim_number_read(v.text, &n) &&
           gim_number_double(&n, out);
}

bool gim_json_str(gim_json v, struct gim_arena *a, gim_str *out)
{
    struct gim_text t;

    if (gim_json_type(v) != GIM_JSON_STRING)
        return false;
    t = text_of(v);
    *out = gim_text_decode(&t, a);
    return true;
}
