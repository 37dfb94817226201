/* utf8.h: UTF-8 as RFC 3629 has it: shortest forms, no surrogates, nothing above U+10FFFF. */
#ifndef JSON_UTF8_H
#define JSON_UTF8_H

#include <gimlet/str.h>

/** Bytes of the well-formed character at `p` (below `end`), or 0 when there is none. */
static inline unsigned gim_utf8_size(const char *p, const char *end)
{
    const unsigned char *u = (const unsigned char *)p;
    unsigned lead = u[0], n, low = 0x80, high = 0xBF;

    if (lead < 0x80)
        return 1;
    if (lead < 0xC2 || lead > 0xF4)
        return 0;
    n = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    if ((size_t)(end - p) < n)
        return 0;
    if (lead == 0xE0)
        low = 0xA0;
    else if (lead == 0xED)
        high = 0x9F;
    else if (lead == 0xF0)
        low = 0x90;
    else if (lead == 0xF4)
        high = 0x8F;
    if (u[1] < low || u[1] > high)
        return 0;
    for (unsigned i = 2; i < n; i++) {
        if ((u[i] & 0xC0) != 0x80)
            return 0;
    }
    return n;
}

/** Reads a character of text known to be UTF-8 and steps over it. */
static inline uint32_t gim_utf8_next(const char **p)
{
    const unsigned char *u = (const unsigned char *)*p;
    unsigned n = u[0] < 0x80 ? 1 : u[0] < 0xE0 ? 2 : u[0] < 0xF0 ? 3 : 4;
    uint32_t c = n == 1 ? u[0] : u[0] & (0x7Fu >> n);

    for (unsigned i = 1; i < n; i++)
        c = c << 6 | (u[i] & 0x3F);
    *p += n;
    return c;
}

/** Writes `c` at `out` (room for 4) and returns the place after it. */
static inline char *gim_utf8_put(char *out, uint32_t c)
{
    unsigned n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

    if (n == 1) {
        *out = (char)c;
        return out + 1;
    }
    for (unsigned i = n - 1; i > 0; i--) {
        out[i] = (char)(0x80 | (c & 0x3F));
        c >>= 6;
    }
    out[0] = (char)((0xF0u << (4 - n)) | c);
    return out + n;
}

/** Characters of text known to be UTF-8. */
static inline size_t gim_utf8_count(gim_str s)
{
    size_t n = 0;

    for (size_t i = 0; i < s.len; i++)
        n += ((unsigned char)s.ptr[i] & 0xC0) != 0x80;
    return n;
}

static inline bool gim_utf8_valid(gim_str s)
{
    const char *p = s.ptr, *end = s.ptr + s.len;

    while (p < end) {
        unsigned n = gim_utf8_size(p, end);

        if (!n)
            return false;
        p += n;
    }
    return true;
}

#endif
