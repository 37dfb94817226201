/* etag.h: entity tags and the order of preconditions (RFC 9110 §8.8.3, §13). Bytes only. */
#ifndef HTTP_ETAG_H
#define HTTP_ETAG_H

#include "head.h"
#include <gimlet/time.h>

struct gim_validators {
    gim_str etag;     /* opaque-tag without quotes, strong; absent: the resource does not exist */
    int64_t modified; /* seconds since the epoch; 0: not known */
    const char *const *suffixes; /* "v7-gzip" stands for "v7", too; NULL-terminated, or NULL */
};

/** What the request's conditions make of the present state: 0 go on, 304, or 412; by §13.2.2. A
 *  malformed entity-tag list matches nothing. */
int gim_conditions(const struct gim_head *h, const struct gim_validators *now);

#endif
