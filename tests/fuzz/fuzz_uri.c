/* fuzz_uri.c: paths, queries and single parameters, whatever bytes stand in them.
 *
 * The first byte chooses. A decoded path has no dot segments, no control, and nothing that is not
 * UTF-8; it says the same when it is escaped whole and decoded again. A parameter is decoded once: its
 * bytes escaped come back as they were. A query's pairs, escaped, split into the same pairs. */
#include "../../gimlet/base/arena.h"
#include "../../gimlet/base/buf.h"
#include "../../gimlet/http/uri.h"
#include "../../gimlet/json/utf8.h"
#include "must.h"

static void put_escaped(struct gim_buf *b, gim_str s)
{
    for (size_t i = 0; i < s.len; i++)
        gim_buf_printf(b, "%%%02X", (unsigned char)s.ptr[i]);
}

/* '/' separates, and the two escapes that a decoded path may hold stay as they are. */
static void put_path(struct gim_buf *b, gim_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == '/' || s.ptr[i] == '%')
            gim_buf_char(b, s.ptr[i]);
        else if (i >= 1 && s.ptr[i - 1] == '%')
            gim_buf_char(b, s.ptr[i]);
        else if (i >= 2 && s.ptr[i - 2] == '%')
            gim_buf_char(b, s.ptr[i]);
        else
            put_escaped(b, (gim_str){s.ptr + i, 1});
    }
}

static void try_path(gim_str in, struct gim_arena *a)
{
    struct gim_buf b = {0};
    gim_str path, again, left;

    if (gim_path_decode(in, a, &path))
        return;
    must(gim_utf8_valid(path) && path.len <= in.len + 1);
    for (size_t i = 0; i < path.len; i++)
        must((unsigned char)path.ptr[i] >= 0x20 && path.ptr[i] != 0x7f);
    if (!path.len || path.ptr[0] != '/')
        return;
    for (left = path; left.ptr;) {
        gim_str segment = gim_str_cut(&left, '/');

        must(!gim_str_eq(segment, GIM_S(".")) && !gim_str_eq(segment, GIM_S("..")));
        must(!gim_percent_decode(segment, a, &again) || memchr(segment.ptr, '%', segment.len));
    }
    put_path(&b, path);
    must(!gim_path_decode(gim_buf_view(&b), a, &again) && gim_str_eq(path, again));
    gim_buf_free(&b);
}

static void try_parameter(gim_str in, struct gim_arena *a)
{
    struct gim_buf b = {0};
    gim_str text, again;

    if (!in.len)
        return;
    put_escaped(&b, in);
    if (gim_utf8_valid(in) && !memchr(in.ptr, '\0', in.len))
        must(!gim_percent_decode(gim_buf_view(&b), a, &text) && gim_str_eq(text, in));
    else
        must(gim_percent_decode(gim_buf_view(&b), a, &text));
    b.len = 0;
    if (!gim_percent_decode(in, a, &text) && text.len) {
        must(gim_utf8_valid(text) && text.len <= in.len);
        put_escaped(&b, text);
        must(!gim_percent_decode(gim_buf_view(&b), a, &again) && gim_str_eq(text, again));
    }
    gim_buf_free(&b);
}

static void try_query(gim_str in, struct gim_arena *a)
{
    gim_pair *pairs, *again;
    struct gim_buf b = {0};
    int n = gim_query_split(in, a, &pairs);

    must(n >= -1 && n <= GIM_QUERY_PAIRS);
    for (int i = 0; i < n; i++) {
        put_escaped(&b, pairs[i].key);
        gim_buf_char(&b, '=');
        put_escaped(&b, pairs[i].value);
        gim_buf_char(&b, '&');
    }
    if (n >= 0)
        must(gim_form_split(in, GIM_FORM_PAIRS, a, &again) == n);
    if (n >= 0)
        must(gim_query_split(gim_buf_view(&b), a, &again) == n);
    for (int i = 0; i < n; i++)
        must(gim_str_eq(pairs[i].key, again[i].key) && gim_str_eq(pairs[i].value, again[i].value));
    gim_buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const tries[])(gim_str in, struct gim_arena * a) = {try_path, try_parameter,
                                                                      try_query};
    struct gim_arena a = {0};
    unsigned which = fuzz_byte(&data, &size);
    char *copy = fuzz_copy(data, size);

    tries[which % 3]((gim_str){copy, size}, &a);
    gim_arena_reset(&a);
    free(copy);
    return 0;
}
