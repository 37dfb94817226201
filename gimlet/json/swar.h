/* swar.h: eight bytes of a string at a time, in a plain register.
 *
 * Most bytes of JSON strings mean themselves. A 64-bit word tells at once whether one of its eight
 * bytes does not: subtracting 1 (or 0x20) from each byte sets its top bit when it was zero (or a
 * control). A borrow can only raise a false flag above a true one, so the lowest flag is exact. */
#ifndef JSON_SWAR_H
#define JSON_SWAR_H

#include <stdint.h>
#include <string.h>

#define GIM_SWAR(byte) (UINT64_C(0x0101010101010101) * (byte))

static inline uint64_t gim_swar_load(const char *p)
{
    uint64_t x;

    memcpy(&x, p, sizeof x);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    x = __builtin_bswap64(x);
#endif
    return x;
}

/** Flags (top bits) of the bytes an encoder must look at: '"', '\\', controls. */
static inline uint64_t gim_swar_special(uint64_t x)
{
    uint64_t quote = x ^ GIM_SWAR('"'), slash = x ^ GIM_SWAR('\\');

    return (((x - GIM_SWAR(0x20)) & ~x) | ((quote - GIM_SWAR(1)) & ~quote) |
            ((slash - GIM_SWAR(1)) & ~slash)) &
           GIM_SWAR(0x80);
}

/** The same, and bytes outside ASCII, which a decoder must look at too. */
static inline uint64_t gim_swar_special_or_high(uint64_t x)
{
    uint64_t quote = x ^ GIM_SWAR('"'), slash = x ^ GIM_SWAR('\\');

    return ((x - GIM_SWAR(0x20)) | (quote - GIM_SWAR(1)) | (slash - GIM_SWAR(1)) | x) &
           GIM_SWAR(0x80);
}

/** Index of the lowest flagged byte. */
static inline unsigned gim_swar_first(uint64_t flags)
{
    return (unsigned)__builtin_ctzll(flags) / 8;
}

/** Are the `n` bytes the same? Inline, for names of a few bytes: two loads that may overlap cover up
 *  to twice their size. */
static inline int gim_same_bytes(const char *a, const char *b, size_t n)
{
    uint64_t x, y;
    uint32_t v, w, v2, w2;

    if (n >= 8) {
        for (size_t i = 0; i + 8 < n; i += 8) {
            memcpy(&x, a + i, 8);
            memcpy(&y, b + i, 8);
            if (x != y)
                return 0;
        }
        memcpy(&x, a + n - 8, 8);
        memcpy(&y, b + n - 8, 8);
        return x == y;
    }
    if (n >= 4) {
        memcpy(&v, a, 4);
        memcpy(&w, b, 4);
        memcpy(&v2, a + n - 4, 4);
        memcpy(&w2, b + n - 4, 4);
        return ((v ^ w) | (v2 ^ w2)) == 0;
    }
    for (size_t i = 0; i < n; i++) {
        if (a[i] != b[i])
            return 0;
    }
    return 1;
}

#endif
