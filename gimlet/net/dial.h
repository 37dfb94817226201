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
 *  number, or -1 with a sentence in `err`. `*ns` gets the time it took. Brackets round an IPv6
 *  address are taken off. "localhost" may give ::1 before 127.0.0.1: dial the next address when one
 *  refuses. */
GIM_MUST_CHECK int gim_resolve(const char *host, int port, struct gim_address *out, int max,
                               int64_t *ns, char *err, size_t err_len);

/** The same for what needs no resolver, and so does not block: an address in numbers, a unix socket's
 *  path. 1; 0 when it is a name; -1 with a sentence in `err`. */
GIM_MUST_CHECK int gim_resolve_literal(const char *host, int port, struct gim_address *out,
                                       char *err, size_t err_len);

#define GIM_ADDRESS_TEXT 128
/** "127.0.0.1:8080", "[::1]:8080" or a unix socket's path, NUL-terminated. */
void gim_address_text(const struct gim_address *a, char out[GIM_ADDRESS_TEXT]);

/** Begins to connect; TCP_NODELAY set. In a later turn `user->on_open` is called once connected, or
 *  on_error with the reason (ECONNREFUSED ...; EAGAIN of a unix socket: its listener's queue is
 *  full). What is written before leaves then. 0; -1 with errno, and nothing to close, when this
 *  machine has no more of something: EMFILE, ENFILE, ENOBUFS, ENOMEM, EADDRNOTAVAIL (local ports), EAFNOSUPPORT.
 *  There is no timeout but the kernel's (ETIMEDOUT after minutes): set a timer and close. */
GIM_MUST_CHECK int gim_dial(struct gim_stream *s, struct gim_loop *l, const struct gim_address *to,
                            const struct gim_stream_user *user);

#endif
