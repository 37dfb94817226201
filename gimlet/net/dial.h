/* dial.h: names to addresses, and connections begun. */
#ifndef NET_DIAL_H
#define NET_DIAL_H

#include "stream.h"
#include <sys/socket.h>

struct gim_address {
    struct sockaddr_storage sockaddr;
    socklen_t len; /* 0: none */
};

/** Resolves `host` (name, IPv4, IPv6 without brackets; or "unix:/path", port ignored). Blocking (the
 *  resolver): call before the loop runs. Up to `max` addresses in the resolver's order. Returns the
 *  number, or -1 with a sentence in `err`. `*ns` gets the time it took. */
GIM_MUST_CHECK int gim_resolve(const char *host, int port, struct gim_address *out, int max,
                               int64_t *ns, char *err, size_t err_len);

/** Begins to connect; TCP_NODELAY set. `user->on_open` is called once connected, or on_error with
 *  the reason (ECONNREFUSED ...). 0; -1 with errno when not even a socket could be had (EMFILE,
 *  EADDRNOTAVAIL: out of ports). */
GIM_MUST_CHECK int gim_dial(struct gim_stream *s, struct gim_loop *l, const struct gim_address *to,
                            const struct gim_stream_user *user);

#endif
