/* uri.c: percent-decoding of paths and queries, once (RFC 3986 §2.1, §5.2.4).
 *
 * The path is decoded before it is routed, logged or compared, and what could mean two things to
 * two readers ends the request: a control, a NUL, bytes that are not UTF-8 (overlong forms among
 * them). Two escapes stay as written in a decoded path: %2F, because a decoded '/' could not be
 * told from a separator, and %25, because then a parameter can be decoded when it is cut out and
 * nothing is ever decoded twice. */
#include "uri.h"
#include "chars.h"

/* The bytes of the UTF-8 character at `at`, 0 when it is not one (Unicode table 3-7). */
static size_t utf8_length(const char *at, const char *end)
{
    const unsigned char *u = (const unsigned char *)at;
    unsigned char low = 0x80, high = 0xbf;
    size_t n = u[0] < 0x80 ? 1 : u[0] < 0xc2 ? 0 : u[0] < 0xe0 ? 2 : u[0] < 0xf0 ? 3 : 4;

    if (!n || u[0] > 0xf4 || (size_t)(end - at) < n)
        return 0;
    if (u[0] == 0xe0)
        low = 0xa0;
    else if (u[0] == 0xed)
        high = 0x9f;
    else if (u[0] == 0xf0)
        low = 0x90;
    else if (u[0] == 0xf4)
        high = 0x8f;
    for (size_t i = 1; i < n; i++, low = 0x80, high = 0xbf) {
        if (u[i] < low || u[i] > high)
            return 0;
    }
    return n;
}

/* UTF-8 without `bad` controls: '\0' alone, or all when `controls`. */
static bool is_text(gim_str s, bool controls)
{
    const char *at = s.ptr, *end = s.ptr + s.len;

    while (at < end) {
        size_t n = utf8_length(at, end);
        bool bad = controls ? *at == '\t' || gim_char_is(*at, GIM_CHAR_CTL) : *at == '\0';

        if (!n || bad)
            return false;
        at += n;
    }
    return true;
}

/* The byte of the escape at `at`, or -1. */
static int escaped_byte(const char *at, const char *end)
{
    int high = end - at > 2 ? gim_char_hex(at[1]) : -1;
    int low = high >= 0 ? gim_char_hex(at[2]) : -1;

    return low >= 0 ? high << 4 | low : -1;
}

enum decode {
    DECODE_ALL,
    DECODE_PATH,  /* %2F and %25 stay */
    DECODE_QUERY, /* '+' is a space */
};

/* Decodes `raw` into `out` (as long as raw); the length, or -1. */
static ptrdiff_t decode(gim_str raw, char *out, enum decode how)
{
    const char *end = raw.ptr + raw.len;
    char *to = out;

    for (const char *at = raw.ptr; at < end; at++) {
        int byte;

        if (*at != '%') {
            *to++ = *at == '+' && how == DECODE_QUERY ? ' ' : *at;
            continue;
        }
        byte = escaped_byte(at, end);
        if (byte < 0)
            return -1;
        if (how == DECODE_PATH && (byte == '/' || byte == '%')) {
            memcpy(to, at, 3);
            to += 3;
        } else {
            *to++ = (char)byte;
        }
        at += 2;
    }
    return to - out;
}

/* Drops "." and ".." segments in place (RFC 3986 §5.2.4); the path begins with '/'. */
static size_t remove_dots(char *path, size_t len)
{
    size_t at = 0, to = 0;

    while (at < len) {
        size_t end = at + 1;

        while (end < len && path[end] != '/')
            end++;
        size_t n = end - at - 1; /* the segment after this '/' */
        bool here = n == 1 && path[at + 1] == '.';
        bool up = n == 2 && path[at + 1] == '.' && path[at + 2] == '.';
        if (!here && !up) {
            memmove(path + to, path + at, n + 1);
            to += n + 1;
        } else {
            while (up && to && path[--to] != '/')
                ;
            if (end == len) /* "/a/." and "/a/.." keep their last slash */
                path[to++] = '/';
        }
        at = end;
    }
    return to;
}

int gim_path_decode(gim_str raw, struct gim_arena *a, gim_str *out)
{
    char *path = gim_alloc_raw(a, raw.len + 1, 1);
    ptrdiff_t n = decode(raw, path, DECODE_PATH);

    if (n < 0 || !is_text((gim_str){path, (size_t)n}, true))
        return -1;
    *out = (gim_str){path, (size_t)n};
    if (n && path[0] == '/')
        out->len = remove_dots(path, (size_t)n);
    return 0;
}

static int decode_text(gim_str raw, struct gim_arena *a, enum decode how, gim_str *out)
{
    bool as_is = true;
    char *text;
    ptrdiff_t n;

    for (size_t i = 0; i < raw.len && as_is; i++)
        as_is = raw.ptr[i] != '%' && !(raw.ptr[i] == '+' && how == DECODE_QUERY);
    *out = raw;
    if (!as_is) {
        text = gim_alloc_raw(a, raw.len, 1);
        n = decode(raw, text, how);
        if (n < 0)
            return -1;
        *out = (gim_str){text, (size_t)n};
    }
    return is_text(*out, false) ? 0 : -1;
}

int gim_percent_decode(gim_str raw, struct gim_arena *a, gim_str *out)
{
    return decode_text(raw, a, DECODE_ALL, out);
}

int gim_form_split(gim_str raw, size_t max, struct gim_arena *a, gim_pair **pairs)
{
    size_t room = 1, n = 0;

    *pairs = NULL;
    if (!raw.len)
        return 0;
    for (size_t i = 0; i < raw.len && room < max; i++)
        room += raw.ptr[i] == '&';
    *pairs = GIM_NEW_N(a, gim_pair, room);
    while (raw.ptr) {
        gim_str value = gim_str_cut(&raw, '&');
        gim_str name;

        if (!value.len)
            continue;
        if (n == max)
            return GIM_SPLIT_TOO_MANY;
        name = gim_str_cut(&value, '=');
        if (!value.ptr)
            value = GIM_S("");
        if (decode_text(name, a, DECODE_QUERY, &(*pairs)[n].key) != 0 ||
            decode_text(value, a, DECODE_QUERY, &(*pairs)[n].value) != 0)
            return GIM_SPLIT_BAD;
        n++;
    }
    return (int)n;
}

int gim_query_split(gim_str raw, struct gim_arena *a, gim_pair **pairs)
{
    int n = gim_form_split(raw, GIM_QUERY_PAIRS, a, pairs);

    return n < 0 ? -1 : n;
}
