/* base64.c: three bytes are four characters of six bits.
 *
 * Reading knows both alphabets at once: a character gives its value, with a flag beside it when only
 * one of them has it. The flags of the whole text are or'ed together and looked at once, at the
 * end. */
#include "base64.h"

#define VALUE 0x3Fu    /* a character's six bits */
#define URL 0x40u      /* only in the URL alphabet */
#define STANDARD 0x80u /* only in the standard one */
#define NEITHER (URL | STANDARD)

static bool is_url(enum gim_base64 kind)
{
    return kind == GIM_BASE64_URL || kind == GIM_BASE64_URL_PADDED;
}

static bool is_padded(enum gim_base64 kind)
{
    return kind == GIM_BASE64 || kind == GIM_BASE64_URL_PADDED;
}

size_t gim_base64_write(char *out, gim_str bytes, enum gim_base64 kind)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    char digits[64];
    const unsigned char *in = (const unsigned char *)bytes.ptr;
    size_t left = bytes.len;
    char *to = out;

    memcpy(digits, letters, 62);
    memcpy(digits + 62, is_url(kind) ? "-_" : "+/", 2);
    for (; left >= 3; left -= 3, in += 3) {
        uint32_t v = (uint32_t)in[0] << 16 | (uint32_t)in[1] << 8 | in[2];

        *to++ = digits[v >> 18];
        *to++ = digits[v >> 12 & VALUE];
        *to++ = digits[v >> 6 & VALUE];
        *to++ = digits[v & VALUE];
    }
    if (left) {
        uint32_t v = (uint32_t)in[0] << 16 | (left == 2 ? (uint32_t)in[1] << 8 : 0);

        *to++ = digits[v >> 18];
        *to++ = digits[v >> 12 & VALUE];
        if (left == 2)
            *to++ = digits[v >> 6 & VALUE];
        for (size_t n = left; is_padded(kind) && n < 3; n++)
            *to++ = '=';
    }
    return (size_t)(to - out);
}

/* A character's value and flags. */
static uint32_t look_up(uint32_t c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    switch (c) {
    case '+':
        return 62 | STANDARD;
    case '/':
        return 63 | STANDARD;
    case '-':
        return 62 | URL;
    case '_':
        return 63 | URL;
    default:
        return NEITHER;
    }
}

/* Takes the '=' off. False when they are not as many as there must be. */
static bool strip(gim_str *text)
{
    if (text->len % 4)
        return false;
    for (int i = 0; i < 2 && text->len && text->ptr[text->len - 1] == '='; i++)
        text->len--;
    return true;
}

ptrdiff_t gim_base64_read(void *out, gim_str text, enum gim_base64 kind)
{
    uint32_t flags = 0, v = 0;
    unsigned char *to = out;
    size_t rest;

    if (is_padded(kind) && !strip(&text))
        return -1;
    rest = text.len % 4;
    if (rest == 1)
        return -1;
    for (size_t i = 0; i < text.len; i++) {
        uint32_t c = look_up((unsigned char)text.ptr[i]);

        flags |= c;
        v = v << 6 | (c & VALUE);
        if (i % 4 == 3) {
            *to++ = (unsigned char)(v >> 16);
            *to++ = (unsigned char)(v >> 8);
            *to++ = (unsigned char)v;
            v = 0;
        }
    }
    if (flags & (is_url(kind) ? STANDARD : URL))
        return -1;
    if (rest && v & (rest == 2 ? 0xFu : 0x3u))
        return -1;
    if (rest == 2) {
        *to++ = (unsigned char)(v >> 4);
    } else if (rest == 3) {
        *to++ = (unsigned char)(v >> 10);
        *to++ = (unsigned char)(v >> 2);
    }
    return to - (unsigned char *)out;
}
