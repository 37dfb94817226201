/* chars.h: classes of bytes, and the scan that passes over text eight bytes a step. */
#ifndef HTTP_CHARS_H
#define HTTP_CHARS_H

#include <gimlet/str.h>

enum gim_char {
    GIM_CHAR_TOKEN = 1, /* tchar, RFC 9110 §5.6.2 */
    GIM_CHAR_PATH = 2,  /* pchar and '/', RFC 3986 §3.3; '%' is looked at apart */
    GIM_CHAR_QUERY = 4, /* those, '?', and [ ] { } | ^ ` which clients send raw in queries */
    GIM_CHAR_HOST = 8,  /* reg-name, RFC 3986 §3.2.2, without ',' (a list of hosts is none) */
    GIM_CHAR_ETAG = 16, /* etagc, RFC 9110 §8.8.3 */
    GIM_CHAR_CTL = 32,  /* CTL without HTAB */
    GIM_CHAR_DOT = 64,  /* '.' and '/': after a '/' they make a path that is not plain */
};

extern const uint8_t gim_chars[256];

static inline unsigned gim_char_class(char c)
{
    return gim_chars[(unsigned char)c];
}

static inline bool gim_char_is(char c, unsigned classes)
{
    return (gim_char_class(c) & classes) != 0;
}

/** Is it a token: one of the bytes that names consist of, or more? */
static inline bool gim_is_token(gim_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (!gim_char_is(s.ptr[i], GIM_CHAR_TOKEN))
            return false;
    }
    return s.len > 0;
}

/** 0 to 15, or -1. */
static inline int gim_char_hex(char c)
{
    unsigned digit = (unsigned char)c - (unsigned)'0';
    unsigned letter = ((unsigned char)c | 0x20u) - (unsigned)'a';

    return digit < 10 ? (int)digit : letter < 6 ? (int)letter + 10 : -1;
}

/** The first CTL (HTAB included, DEL too) at or after `at`, or `end`. */
static inline const char *gim_scan_ctl(const char *at, const char *end)
{
    const uint64_t ones = UINT64_MAX / 255;

    for (; end - at >= 8; at += 8) {
        uint64_t w, del, hit;

        memcpy(&w, at, 8);
        del = w ^ ones * 0x7f;
        /* High bit of each byte that is < 0x20 or == 0x7f. A borrow can only mark bytes after
         * (above) a true one, so the lowest mark is right. */
        hit = (((w - ones * 0x20) & ~w) | ((del - ones) & ~del)) & ones * 0x80;
        if (hit) {
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
            return at + (__builtin_ctzll(hit) >> 3);
#else
            break;
#endif
        }
    }
    while (at < end && !gim_char_is(*at, GIM_CHAR_CTL) && *at != '\t')
        at++;
    return at;
}

/** The first byte that text (a field value) cannot hold: a CTL other than HTAB; or `end`. */
static inline const char *gim_scan_text(const char *at, const char *end)
{
    at = gim_scan_ctl(at, end);
    while (at < end && *at == '\t')
        at = gim_scan_ctl(at + 1, end);
    return at;
}

#endif
