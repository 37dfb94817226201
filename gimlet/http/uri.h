/* uri.h: paths and queries of RFC 3986. */
#ifndef HTTP_URI_H
#define HTTP_URI_H

#include <gimlet/arena.h>
#include <gimlet/schema.h>

/** The path decoded once, dot segments removed (§5.2.4; never above the root). Returns 0; -1 for a
 *  bad escape, an escaped NUL, CR, LF or other control, or bytes that are not UTF-8. Decoded '/'
 *  from %2F cannot be told from a separator afterwards, so `%2F` stays as written in `*out` and is
 *  decoded by the router when it cuts parameters. */
GIM_MUST_CHECK int gim_path_decode(gim_str raw, struct gim_arena *a, gim_str *out);
/** Percent-decodes one parameter or segment; '+' is itself. A slice of `raw` when nothing is
 * escaped. */
GIM_MUST_CHECK int gim_percent_decode(gim_str raw, struct gim_arena *a, gim_str *out);
/** A query into name and value pairs, in order: '&' between, '+' is a space, names may repeat.
 *  Returns the number of pairs (at most 256 are kept; more give -1), -1 for a bad escape. */
GIM_MUST_CHECK int gim_query_split(gim_str raw, struct gim_arena *a, gim_pair **pairs);

#endif
