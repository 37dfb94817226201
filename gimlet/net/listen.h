/* listen.h: listeners as a set: per worker with SO_REUSEPORT for TCP, one shared socket with
 * EPOLLEXCLUSIVE for unix sockets and inherited ones. */
#ifndef NET_LISTEN_H
#define NET_LISTEN_H

#include "loop.h"

#define GIM_ADDRESS_MAX 128
#define GIM_LISTEN_WRONG (-2)

/** Opens the listening sockets of one address for `n` workers, fds[0..n). `host` is an IPv4 or IPv6
 *  address, "localhost" (127.0.0.1), or "unix:/path" (port is ignored; the fds[i] are then
 *  duplicates of one socket, so that each worker closes its own). The first TCP bind goes without
 *  SO_REUSEPORT to find a port in use, then all n bind with it. Port 0 takes a free one, the same
 *  for all. `shown` gets "http://127.0.0.1:8080" or "unix:/path". Returns 0; or,
 *  with a sentence in `err`, GIM_LISTEN_WRONG when `host` is no address at all, -1 when it cannot be
 *  had: "port 8080 is in use (another server is listening); stop it or choose another: --port
 *  8081". A stale unix socket (nobody answers) is replaced. */
GIM_MUST_CHECK int gim_listen(const char *host, int port, int backlog, int *fds, unsigned n,
                              char shown[GIM_ADDRESS_MAX], char *err, size_t err_len);

/** The inode of the socket file of "unix:/path", 0 when there is none (or for TCP). */
uint64_t gim_listen_file(const char *host);
/** At the end: removes that file, if it is still `file` and not that of a server which has taken
 *  over meanwhile. */
void gim_listen_remove(const char *host, uint64_t file);

/** A listener in a loop. Accepts until EAGAIN, `per_turn` a turn at most; sets NODELAY, NONBLOCK,
 *  CLOEXEC. EMFILE/ENFILE: uses a spare fd to refuse one, then backs off 100 ms (no busy loop);
 *  ECONNABORTED and EINTR go on. */
struct gim_listener {
    struct gim_io io;
    struct gim_loop *loop;
    struct gim_timer back_off;
    void (*on_accept)(struct gim_listener *l, int fd); /* the fd is the callee's */
    uint8_t peer[16]; /* during on_accept: whose connection it is, in IPv6 form ... */
    bool peer_known;  /* ... if it has an address */
    uint32_t per_turn;
    int spare;      /* private */
    bool shared;    /* add with EPOLLEXCLUSIVE */
    bool unix_path; /* no NODELAY */
    bool paused;
};
/** `l->io.fd`, on_accept, per_turn, shared and unix_path are set by the caller. 0, or -1. */
GIM_MUST_CHECK int gim_listener_start(struct gim_listener *l, struct gim_loop *loop);
/** Accepts all who wait in the backlog: they have connected, as far as they know, and closing the fd
 *  would reset them. Not from on_accept. */
void gim_listener_drain(struct gim_listener *l);
/** Stops accepting for good and closes the fd (`close_fd`). Safe to call twice. */
void gim_listener_stop(struct gim_listener *l, bool close_fd);

#endif
