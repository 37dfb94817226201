/**
 * gimlet/time.h: an instant, as RFC 3339 and SQL write it.
 */
#ifndef GIMLET_TIME_H
#define GIMLET_TIME_H

#include <gimlet/str.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Microseconds since 1970-01-01T00:00:00Z; years 0001 to 9999. A struct of its own, so that a
 *  schema row cannot take an int64 for a time. */
typedef struct gim_time {
    int64_t us;
} gim_time;

/** The longest text gim_time_write makes: `9999-12-31T23:59:59.999999Z`. */
#define GIM_TIME_MAX 27

/** The wall clock now. One system call at most; any thread. */
gim_time gim_now(void);

/** Writes RFC 3339 in UTC at `out` (room for GIM_TIME_MAX, no NUL): `2026-11-24T13:56:17Z`, with
 *  `.ffffff` only when there is a fraction (trailing zeros cut). Returns the length. */
size_t gim_time_write(char *out, gim_time t);

/** Reads an RFC 3339 §5.6 date-time, the whole of `s`: any offset, `T`/`t`/space, `Z`/`z`; digits
 *  past microseconds are cut; a leap second (:60) is taken as :59.999999. Returns 0, or -1 when it
 *  is not one. */
GIM_MUST_CHECK int gim_time_read(gim_str s, gim_time *out);

#ifdef __cplusplus
}
#endif
#endif
