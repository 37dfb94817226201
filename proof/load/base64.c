/* base64.c: see base64.h. */
#include "base64.h"

size_t base64_write(char *out, size_t room, gim_str s)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t n = 0;

    for (size_t i = 0; i < s.len && n + 5 <= room; i += 3) {
        uint32_t v = (uint32_t)(unsigned char)s.ptr[i] << 16;

        if (i + 1 < s.len)
            v |= (uint32_t)(unsigned char)s.ptr[i + 1] << 8;
        if (i + 2 < s.len)
            v |= (unsigned char)s.ptr[i + 2];
        out[n++] = digits[v >> 18];
        out[n++] = digits[v >> 12 & 63];
        out[n++] = i + 1 < s.len ? digits[v >> 6 & 63] : '=';
        out[n++] = i + 2 < s.len ? digits[v & 63] : '=';
    }
    if (room)
        out[n] = 0;
    return n;
}
