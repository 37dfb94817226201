/* json_put.c: what every JSON file of proof is put together from. */
#include "json_put.h"
#include "../../gimlet/json/utf8.h"
#include "../../gimlet/json/writer.h"

void json_put_comma(struct gim_buf *b)
{
    char last = b->len ? b->ptr[b->len - 1] : '{';

    if (last != '{' && last != '[')
        gim_buf_char(b, ',');
}

void json_put_str(struct gim_buf *b, gim_str s)
{
    struct gim_buf copy = {0};

    if (!s.ptr) {
        gim_buf_lit(b, "null");
        return;
    }
    for (const char *p = s.ptr, *end = s.ptr + s.len; p < end;) {
        unsigned n = gim_utf8_size(p, end);

        gim_buf_add(&copy, n ? p : "?", n ? n : 1);
        p += n ? n : 1;
    }
    gim_json_put_str(b, copy.len ? gim_buf_view(&copy) : GIM_S(""));
    gim_buf_free(&copy);
}

void json_put_key(struct gim_buf *b, gim_str name)
{
    json_put_comma(b);
    json_put_str(b, name);
    gim_buf_char(b, ':');
}

void json_put_name(struct gim_buf *b, const char *name)
{
    json_put_key(b, gim_str_of(name));
}

void json_put_bool(struct gim_buf *b, bool v)
{
    gim_buf_str(b, v ? GIM_S("true") : GIM_S("false"));
}

void json_put_uint(struct gim_buf *b, uint64_t v)
{
    gim_buf_int(b, v > INT64_MAX ? INT64_MAX : (int64_t)v);
}

void json_put_double(struct gim_buf *b, const char *name, double v)
{
    json_put_name(b, name);
    gim_json_put_double(b, v);
}

void json_put_cells(struct gim_buf *b, const char *name, const struct gim_histogram *h)
{
    int64_t low, high;
    uint64_t count;
    uint32_t at = 0;

    json_put_name(b, name);
    gim_buf_char(b, '[');
    while (gim_histogram_next(h, &at, &low, &high, &count)) {
        json_put_comma(b);
        gim_buf_printf(b, "[%lld,%lld,%llu]", (long long)low, (long long)high,
                       (unsigned long long)count);
    }
    gim_buf_char(b, ']');
}
