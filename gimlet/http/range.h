/* range.h: parts of a representation: Range, If-Range and Content-Range (RFC 9110 §14, §13.1.5). */
#ifndef HTTP_RANGE_H
#define HTTP_RANGE_H

#include "etag.h"

/* Ranges that one request may ask for; with more the whole is sent. */
#define GIM_RANGES_MAX 32
/* The longest text of gim_content_range_write. */
#define GIM_CONTENT_RANGE_MAX 72

struct gim_range {
    int64_t first, len; /* bytes; len > 0 */
};

/* What is asked for, in the order of the request; no two touch or overlap. */
struct gim_ranges {
    unsigned n;
    struct gim_range items[GIM_RANGES_MAX];
};

enum gim_ranges_ask {
    GIM_RANGES_WHOLE,  /* 200: no range, or one that does not count */
    GIM_RANGES_SOME,   /* 206: `n` is 1 or more */
    GIM_RANGES_BEYOND, /* 416: none of them lies in the representation */
};

/** What a Range field asks of a representation of `size` bytes. A malformed field, another unit than
 *  bytes, more than GIM_RANGES_MAX ranges: WHOLE, and so is any range of nothing (size 0). Ranges that
 *  overlap or touch become one, so that nobody gets a byte twice (§14.2, §15.3.7.2). */
enum gim_ranges_ask gim_ranges_read(struct gim_ranges *r, gim_str field, int64_t size);

/** Does If-Range hold: is the representation still the one that the client has a part of? An entity
 *  tag is compared strongly; a date must be the very one, and more than a second before `at` (the
 *  time of the answer, seconds), since in the same second it may have changed again (§13.1.5). */
bool gim_if_range_holds(gim_str field, const struct gim_validators *now, int64_t at);

/** Both of a request: Range counts for GET only, only once, and only if If-Range (when there is one)
 *  holds. */
enum gim_ranges_ask gim_ranges_of(struct gim_ranges *r, const struct gim_head *h,
                                  const struct gim_validators *now, int64_t size, int64_t at);

/** A Content-Range: "bytes 0-99/1234"; for `range` NULL that of a 416, with a star instead of the
 *  range. Returns the length. */
size_t gim_content_range_write(char out[GIM_CONTENT_RANGE_MAX], const struct gim_range *range,
                               int64_t size);

#endif
