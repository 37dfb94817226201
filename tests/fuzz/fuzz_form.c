/* fuzz_form.c: whatever the bytes, a form is split, bound, or refused.
 *
 * Pairs are UTF-8 without NUL and never more than allowed; a form that is bound keeps its schema's
 * rules; and pairs that are escaped and split again are the same pairs. */
#include "../../gimlet/base/arena.h"
#include "../../gimlet/base/buf.h"
#include "../../gimlet/http/uri.h"
#include "../../gimlet/json/utf8.h"
#include "must.h"
#include <gimlet/schema.h>

#define MAX 50

struct form {
    int64_t a;
    double b;
    bool c;
    gim_str d;
    int e;
    gim_time f;
    gim_array g, h;
};
static const char *const names[] = {"x", "y", NULL};
static const struct gim_field rows[] = {
    GIM_INT(struct form, a, .def = "5", GIM_MIN(1), GIM_MAX(9)),
    GIM_DOUBLE(struct form, b),
    GIM_BOOL(struct form, c),
    GIM_STR(struct form, d, .required = true, .min_len = 1, .max_len = 4, .pattern = "^[a-z]*$"),
    GIM_ENUM(struct form, e, .names = names),
    GIM_TIME(struct form, f),
    GIM_ARRAY(struct form, g, .max_items = 3, .unique = true, .items = GIM_ITEM_STR()),
    GIM_ARRAY(struct form, h, .items = GIM_ITEM_INT(GIM_MAX(9))),
};
static const struct gim_schema schema = GIM_SCHEMA("Form", struct form, rows);

static void put(struct gim_buf *b, gim_str s)
{
    for (size_t i = 0; i < s.len; i++)
        gim_buf_printf(b, "%%%02x", (unsigned char)s.ptr[i]);
}

static void same_again(const gim_pair *pairs, int n, struct gim_arena *a)
{
    struct gim_buf b = {0};
    gim_pair *again;

    for (int i = 0; i < n; i++) {
        must(pairs[i].key.ptr && pairs[i].value.ptr);
        must(gim_utf8_valid(pairs[i].key) && gim_utf8_valid(pairs[i].value));
        put(&b, pairs[i].key);
        gim_buf_char(&b, '=');
        put(&b, pairs[i].value);
        gim_buf_char(&b, '&');
    }
    must(gim_form_split(gim_buf_view(&b), MAX, a, &again) == n);
    for (int i = 0; i < n; i++)
        must(gim_str_eq(pairs[i].key, again[i].key) && gim_str_eq(pairs[i].value, again[i].value));
    gim_buf_free(&b);
}

static void bind(const gim_pair *pairs, int n, struct gim_arena *a)
{
    struct gim_faults faults = {0};
    struct form f;

    if (gim_form_decode(&schema, pairs, (size_t)n, &f, a, &faults) != GIM_BIND_OK) {
        must(faults.total > 0);
        return;
    }
    must(f.a >= 1 && f.a <= 9 && f.d.len >= 1 && f.d.len <= 4 && f.g.len <= 3);
    for (size_t i = 0; i < f.h.len; i++)
        must(((int64_t *)f.h.items)[i] <= 9);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gim_arena a = {0};
    char *copy = fuzz_copy(data, size);
    gim_pair *pairs;
    int n;

    n = gim_form_split((gim_str){copy, size}, MAX, &a, &pairs);
    must(n >= GIM_SPLIT_TOO_MANY && n <= MAX);
    if (n > 0) {
        same_again(pairs, n, &a);
        bind(pairs, n, &a);
    }
    gim_arena_reset(&a);
    free(copy);
    return 0;
}
