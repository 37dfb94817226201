/* uri.h: paths and queries of RFC 3986. */
#ifndef HTTP_URI_H
#define HTTP_URI_H

#include <gimlet/arena.h>

/** The path decoded once, dot segments removed (§5.2.4; never above the root). Returns 0; -1 for a
 *  bad escape, an escaped control (NUL, CR, LF, HTAB, DEL among them), or bytes that are not UTF-8.
 *  A '/' decoded from %2F could not be told from a separator, so `%2F` stays as written in `*out`,
 *  and so does `%25`: the router decodes a parameter with gim_percent_decode when it cuts it out,
 *  and nothing is decoded twice. */
GIM_MUST_CHECK int gim_path_decode(gim_str raw, struct gim_arena *a, gim_str *out);
/** Percent-decodes one parameter or segment; '+' is itself. A slice of `raw` when nothing is
 *  escaped. -1 for a bad escape, a NUL, or what is not UTF-8. */
GIM_MUST_CHECK int gim_percent_decode(gim_str raw, struct gim_arena *a, gim_str *out);

#define GIM_QUERY_PAIRS 256
#define GIM_FORM_PAIRS 1000

enum {
    GIM_SPLIT_BAD = -1,      /* as gim_percent_decode */
    GIM_SPLIT_TOO_MANY = -2, /* more than `max` */
};

/** application/x-www-form-urlencoded into name and value pairs, in order: '&' between (empty ones are
 *  skipped), '+' is a space, names may repeat, a name without '=' has an empty value. Returns the
 *  number of pairs, at most `max`; or GIM_SPLIT_. Slices of `raw` where nothing is escaped. */
GIM_MUST_CHECK int gim_form_split(gim_str raw, size_t max, struct gim_arena *a, gim_pair **pairs);
/** The same of a query; -1 also when they are more than GIM_QUERY_PAIRS. */
GIM_MUST_CHECK int gim_query_split(gim_str raw, struct gim_arena *a, gim_pair **pairs);

#endif
