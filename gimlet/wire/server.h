/* server.h: listeners, one loop a worker, and the graceful stop.
 *
 * Worker 0 runs on the calling thread, the others on threads of their own; each has its own loop,
 * listener and connections. Stopping goes: drain delay (listeners still open, the application says
 * "not ready"), listeners closed, answers say Connection: close, idle connections end after a short
 * grace, the rest when their request is answered, and work beside them (wire.shared->background) is
 * waited for; all at the latest at the deadline. */
#ifndef WIRE_SERVER_H
#define WIRE_SERVER_H

#include "../net/listen.h"
#include "wire.h"

struct gim_server;

struct gim_server_spec {
    const char *host;
    int port, backlog;
    int inherited; /* a listening socket to serve instead of `host`, see net/supervisor.h; 0: none */
    unsigned workers;
    int64_t drain_delay, stop_timeout; /* ms */
    void *user;
    /** On the worker's own thread: makes its wire, and ends it. */
    struct gim_wire *(*worker_start)(void *user, struct gim_loop *loop, unsigned index);
    void (*worker_stop)(void *user, struct gim_wire *wire);
    /** From here on a stop signal is a graceful one: the time to tell "http://127.0.0.1:8080". */
    void (*started)(void *user, const char *address);
    /** The first stop signal came (worker 0's thread). */
    void (*stopping)(void *user);
    /** SIGHUP came, and no stop signal yet (worker 0's thread). True: it is one. NULL: SIGHUP is left
     *  as it was. */
    bool (*hung_up)(void *user);
    /** All loops have ended, all clients are cut off; pending work elsewhere must be brought to its
     *  end now: what it posts to the loops is still dealt with. Called however the run went. */
    void (*stopped)(void *user);
};

/** Binds, and makes the loops. NULL with a sentence in `err`; errno is EINVAL when the host is no
 *  address. `spec` must outlive the server. */
struct gim_server *gim_server_new(const struct gim_server_spec *spec, char *err, size_t err_len);
/** The loop of a worker: tasks may be posted to it before it runs. */
struct gim_loop *gim_server_loop(const struct gim_server *s, unsigned index);
/** Serves until SIGTERM or SIGINT, then stops gracefully; a second signal, also one that comes after
 *  the return, ends the process with 128 + its number. Blocks these signals in the threads it
 *  starts. Returns 0; or -1 when a worker could not run, which ends the others too, and is logged. */
int gim_server_run(struct gim_server *s);
void gim_server_free(struct gim_server *s);

#endif
