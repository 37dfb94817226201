/* origin.h: serialized origins (Fetch §3.1.1, RFC 6454 §6.2) against a list of them. */
#ifndef HTTP_ORIGIN_H
#define HTTP_ORIGIN_H

#include <gimlet/str.h>

/** Does the list hold it? Entries are ", "-separated: an origin, or one whose host begins with "*.",
 *  which stands for one label or more. "*" matches nothing here. Bytes are compared as they are,
 *  since browsers send scheme and host in lower case. */
bool gim_origin_in(gim_str list, gim_str origin);

/** Can the entry ever equal what a browser sends? */
bool gim_origin_entry_ok(gim_str entry);

#endif
