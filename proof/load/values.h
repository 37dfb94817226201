/* values.h: the texts of numbers, durations and rates, as Go's flag package and we write them. */
#ifndef LOAD_VALUES_H
#define LOAD_VALUES_H

#include <gimlet/str.h>

/** Each returns 0, or -1 and leaves `*out` alone. */
GIM_MUST_CHECK int value_int(gim_str s, int64_t *out);     /* 200, +200, -3 */
GIM_MUST_CHECK int value_float(gim_str s, double *out);    /* 0.5, 1e6: finite, decimal */
GIM_MUST_CHECK int value_bool(gim_str s, bool *out);       /* true, false, T, f, 1, 0 ... as Go */
GIM_MUST_CHECK int value_duration(gim_str s, int64_t *ns); /* 10s, 1m30s, 1.5h, 500ms, 20us, 0 */
GIM_MUST_CHECK int value_rate(gim_str s, double *per_second); /* 100, 100/s, 90/m, 5000/h */

#endif
