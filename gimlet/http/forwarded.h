/* forwarded.h: who sent a request that came through proxies: Forwarded (RFC 7239) and
 * X-Forwarded-For, read by whom to believe. */
#ifndef HTTP_FORWARDED_H
#define HTTP_FORWARDED_H

#include "../base/address.h"

/** Start with {.trusted = "10.0.0.0/8, ::1"}. Feed the field's lines in their order, then the address
 *  of the connection's other end; `client` is then the last address that nobody untrusted has
 *  reported: the first from the right that is not trusted, or the leftmost of those that are. */
struct gim_forwarded {
    gim_str trusted; /* networks, ", "-separated; what cannot be read trusts nobody */
    struct gim_address client;
    bool known; /* `client` is set; else it is whoever comes next */
};

/** A line of X-Forwarded-For, or of any field that holds a list of addresses. */
void gim_forwarded_list(struct gim_forwarded *f, gim_str line);
/** A line of Forwarded. */
void gim_forwarded_line(struct gim_forwarded *f, gim_str line);
/** One more address, further to the right. */
void gim_forwarded_next(struct gim_forwarded *f, const struct gim_address *a);

/** NULL when every entry is a network (or the word "unix", which is for the caller); else the first
 *  that is not. */
gim_str gim_trusted_defect(gim_str trusted);
/** Does the list hold the word "unix"? */
bool gim_trusted_unix(gim_str trusted);

#endif
