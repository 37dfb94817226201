/* digits.h: decimal digits, two at a time: what a number, a date and an instant are written from. */
#ifndef BASE_DIGITS_H
#define BASE_DIGITS_H

#include <string.h>

extern const char gim_digit_pairs[201]; /* "000102...99" */

/** Writes 0 to 99 as two digits; returns where they end. */
static inline char *gim_put_two(char *out, unsigned v)
{
    memcpy(out, gim_digit_pairs + v * 2, 2);
    return out + 2;
}

#endif
