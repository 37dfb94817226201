/* traceparent.c: a fixed form, so read by place. Ids stay text: they are passed on and logged, never
 * computed with. */
#include "traceparent.h"

#define AT_TRACE 3
#define AT_SPAN 36
#define AT_FLAGS 53

/* 0 to 15; -1: no lower-case hex digit. */
static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool all_hex(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (digit(s[i]) < 0)
            return false;
    }
    return true;
}

static bool all_zero(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (s[i] != '0')
            return false;
    }
    return true;
}

static bool is_id(const char *s, size_t n)
{
    return all_hex(s, n) && !all_zero(s, n);
}

static bool form_holds(gim_str s)
{
    bool first = s.len >= 2 && s.ptr[0] == '0' && s.ptr[1] == '0';

    if (s.len < GIM_TRACEPARENT_LEN || !all_hex(s.ptr, 2) || gim_str_starts(s, GIM_S("ff")))
        return false;
    if (s.len > GIM_TRACEPARENT_LEN && (first || s.ptr[GIM_TRACEPARENT_LEN] != '-'))
        return false;
    return s.ptr[AT_TRACE - 1] == '-' && s.ptr[AT_SPAN - 1] == '-' && s.ptr[AT_FLAGS - 1] == '-';
}

int gim_traceparent_read(gim_str s, struct gim_traceparent *out)
{
    if (!form_holds(s) || !is_id(s.ptr + AT_TRACE, GIM_TRACE_ID_LEN) ||
        !is_id(s.ptr + AT_SPAN, GIM_SPAN_ID_LEN) || !all_hex(s.ptr + AT_FLAGS, 2))
        return -1;
    memcpy(out->trace, s.ptr + AT_TRACE, GIM_TRACE_ID_LEN);
    memcpy(out->span, s.ptr + AT_SPAN, GIM_SPAN_ID_LEN);
    out->flags = (uint8_t)(digit(s.ptr[AT_FLAGS]) << 4 | digit(s.ptr[AT_FLAGS + 1]));
    return 0;
}

void gim_traceparent_write(char out[GIM_TRACEPARENT_LEN], const struct gim_traceparent *t)
{
    memcpy(out, "00-", AT_TRACE);
    memcpy(out + AT_TRACE, t->trace, GIM_TRACE_ID_LEN);
    out[AT_SPAN - 1] = '-';
    memcpy(out + AT_SPAN, t->span, GIM_SPAN_ID_LEN);
    out[AT_FLAGS - 1] = '-';
    out[AT_FLAGS] = '0';
    out[AT_FLAGS + 1] = t->flags & GIM_TRACE_SAMPLED ? '1' : '0';
}

void gim_span_id_write(char out[GIM_SPAN_ID_LEN], uint64_t v)
{
    for (int i = GIM_SPAN_ID_LEN - 1; i >= 0; i--, v >>= 4)
        out[i] = "0123456789abcdef"[v & 15];
}
