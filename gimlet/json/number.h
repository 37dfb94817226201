/* number.h: JSON numbers to C and back. */
#ifndef JSON_NUMBER_H
#define JSON_NUMBER_H

#include "scan.h"

enum gim_number_fit {
    GIM_NUMBER_OK,
    GIM_NUMBER_FRACTION,
    GIM_NUMBER_RANGE
};

/** Exact: a fraction or an exponent is GIM_NUMBER_FRACTION, past int64 is GIM_NUMBER_RANGE. */
static inline enum gim_number_fit gim_number_int(const struct gim_number *n, int64_t *out)
{
    if (!n->integral)
        return GIM_NUMBER_FRACTION;
    if (n->n <= 18) {
        *out = n->negative ? -(int64_t)n->digits : (int64_t)n->digits;
        return GIM_NUMBER_OK;
    }
    return gim_str_to_int(n->text, out) ? GIM_NUMBER_RANGE : GIM_NUMBER_OK;
}

/** The nearest double, whatever the length of the text and the locale; false when it is infinite.
 */
bool gim_number_double(const struct gim_number *n, double *out);

/** The whole of `s` as one JSON number. */
bool gim_number_read(gim_str s, struct gim_number *out);

/** Room for gim_number_write. */
#define GIM_NUMBER_MAX 32
/** Writes the shortest text that reads back as `v` (finite). Returns its length. */
size_t gim_number_write(char *out, double v);

#endif
