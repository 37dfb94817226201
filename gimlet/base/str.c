/* str.c: slices: folding, trimming, cutting, and decimal integers.
 *
 * Integers are written two digits a step from a table: the one division per pair is what decimal
 * output costs, and replies write several numbers each. */
#include <gimlet/str.h>
#include "digits.h"

const char gim_digit_pairs[] = "00010203040506070809101112131415161718192021222324"
                               "25262728293031323334353637383940414243444546474849"
                               "50515253545556575859606162636465666768697071727374"
                               "75767778798081828384858687888990919293949596979899";

static unsigned char fold(unsigned char c)
{
    return c >= 'A' && c <= 'Z' ? (unsigned char)(c | 0x20) : c;
}

static bool is_ows(char c)
{
    return c == ' ' || c == '\t';
}

bool gim_str_eq_fold(gim_str a, gim_str b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++) {
        if (fold((unsigned char)a.ptr[i]) != fold((unsigned char)b.ptr[i]))
            return false;
    }
    return true;
}

bool gim_str_eq_secret(gim_str a, gim_str b)
{
    const volatile char *x = a.ptr, *y = b.ptr; /* volatile: no byte may be left out */
    unsigned differ = 0;

    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        differ |= (unsigned)(unsigned char)x[i] ^ (unsigned)(unsigned char)y[i];
    return differ == 0;
}

gim_str gim_str_trim(gim_str s)
{
    while (s.len && is_ows(s.ptr[0])) {
        s.ptr++;
        s.len--;
    }
    while (s.len && is_ows(s.ptr[s.len - 1]))
        s.len--;
    return s;
}

size_t gim_str_find(gim_str s, char c)
{
    const char *at = s.len ? memchr(s.ptr, c, s.len) : NULL;

    return at ? (size_t)(at - s.ptr) : s.len;
}

gim_str gim_str_cut(gim_str *s, char sep)
{
    size_t at = gim_str_find(*s, sep);
    gim_str before = {s->ptr, at};

    if (at == s->len) {
        s->ptr = NULL;
        s->len = 0;
    } else {
        s->ptr += at + 1;
        s->len -= at + 1;
    }
    return before;
}

int gim_str_to_int(gim_str s, int64_t *out)
{
    bool negative = s.len && s.ptr[0] == '-';
    uint64_t limit = negative ? (uint64_t)INT64_MAX + 1 : (uint64_t)INT64_MAX;
    uint64_t v = 0;

    if (s.len == (size_t)negative)
        return -1;
    for (size_t i = negative; i < s.len; i++) {
        unsigned digit = (unsigned char)s.ptr[i] - (unsigned)'0';

        if (digit > 9 || v > (limit - digit) / 10)
            return -1;
        v = v * 10 + digit;
    }
    *out = negative ? (int64_t)(0 - v) : (int64_t)v;
    return 0;
}

size_t gim_int_write(char *out, int64_t v)
{
    char tmp[20];
    char *at = tmp + sizeof tmp;
    uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    size_t n;

    while (u >= 100) {
        at -= 2;
        gim_put_two(at, (unsigned)(u % 100));
        u /= 100;
    }
    if (u >= 10) {
        at -= 2;
        gim_put_two(at, (unsigned)u);
    } else {
        *--at = (char)('0' + u);
    }
    if (v < 0)
        *--at = '-';
    n = (size_t)(tmp + sizeof tmp - at);
    memcpy(out, at, n);
    return n;
}
