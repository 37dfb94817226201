/* target.h: a URL taken apart, and where its bytes go. */
#ifndef LOAD_TARGET_H
#define LOAD_TARGET_H

#include "../../gimlet/net/dial.h"
#include "plan.h"

#define TARGET_ADDRESSES 8

struct load_target {
    bool tls;
    int port;
    char host[256];      /* name or address, IPv6 without brackets */
    char authority[272]; /* as it stands in the Host field: "a:8080", "[::1]" */
    gim_str path;        /* origin-form, "/posts?x=1"; a slice of the URL, or "/" */
};

/* Where connections go: the target's host, a proxy or a unix socket. */
struct load_route {
    struct gim_address addresses[TARGET_ADDRESSES];
    int n;
    int64_t resolve_ns;
    bool proxy;           /* absolute-form requests, or CONNECT before TLS */
    char proxy_auth[512]; /* a Proxy-Authorization line, or empty */
};

/** http or https URLs; a missing scheme is http. 0; -1 with a sentence. `t->path` points into
 *  `url`. */
GIM_MUST_CHECK int target_parse(const char *url, struct load_target *t, char *err, size_t err_len);
/** The addresses for `t` by the plan's proxy or unix socket. Blocking. 0; -1 with a sentence. */
GIM_MUST_CHECK int target_route(const struct load_plan *p, const struct load_target *t,
                                struct load_route *r, char *err, size_t err_len);

#endif
