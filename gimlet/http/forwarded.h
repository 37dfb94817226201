/* forwarded.h: who sent a request that came through proxies: Forwarded (RFC 7239) and
 * X-Forwarded-For, read by whom to believe. */
#ifndef HTTP_FORWARDED_H
#define HTTP_FORWARDED_H

#include "../base/address.h"

#define GIM_TRUSTED_MAX 32 /* networks of one list */

/** Whose word counts. */
struct gim_trusted {
    struct gim_network networks[GIM_TRUSTED_MAX];
    unsigned n;
    bool local; /* the word "unix" is in the list: who calls on a unix socket */
};

/** Reads "10.0.0.0/8, ::1, unix". Returns the first entry that is none of these, or one too many, and
 *  absent when all are right; entries that are wrong trust nobody, the others count. */
gim_str gim_trusted_read(struct gim_trusted *t, gim_str text);

/** Start with {.trusted = &list}. Feed the field's lines in their order, then the address of the
 *  connection's other end; `client` is then the last address that nobody untrusted has reported: the
 *  first from the right that is not trusted, or the leftmost of those that are. */
struct gim_forwarded {
    const struct gim_trusted *trusted;
    struct gim_address client;
    bool known; /* `client` is set; else it is whoever comes next */
};

/** A line of X-Forwarded-For, or of any field that holds a list of addresses. */
void gim_forwarded_list(struct gim_forwarded *f, gim_str line);
/** A line of Forwarded. */
void gim_forwarded_line(struct gim_forwarded *f, gim_str line);
/** One more address, further to the right. */
void gim_forwarded_next(struct gim_forwarded *f, const struct gim_address *a);

#endif
