/* url.h: an http or https URL taken apart (RFC 3986, RFC 9110 §4.2), as clients are given them. */
#ifndef HTTP_URL_H
#define HTTP_URL_H

#include "../base/buf.h"

struct gim_url {       /* slices of the text */
    gim_str authority; /* as it stands in the Host field: "a:8080", "[::1]" */
    gim_str host;      /* name or address, IPv6 without its brackets */
    gim_str target;    /* path and query; may be empty, or begin with '?': put a '/' before it */
    int port;          /* 1 to 65535; 80 or 443 when none is given */
    bool tls;
};

/** Takes `text` apart. A missing scheme is http; a fragment is dropped, for it is never sent. NULL; or
 *  what is wrong, for people (static). */
const char *gim_url_parse(gim_str text, struct gim_url *out);

/** Appends the absolute URL of `to`, a Location field met at `base` (RFC 3986 §5.2, without removing dot
 *  segments: the server does). */
void gim_url_join(struct gim_buf *out, const struct gim_url *base, gim_str to);

#endif
