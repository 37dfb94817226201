/* launch.h: one start of one service: a fresh directory, a port, the command with its places filled in,
 * and all of it gone again afterwards. */
#ifndef COMPARE_LAUNCH_H
#define COMPARE_LAUNCH_H

#include "call.h"
#include "host.h"
#include "process.h"

struct launch {
    const struct compare_plan *plan;
    const struct compare_service *service;
    const struct host *host;
    struct process process;
    struct gim_address to;
    int port;
    char host_port[96]; /* of the Host field: "127.0.0.1:8080" */
    char scratch[200];  /* the directory of the launch: data and log; "" none */
    char data[256];     /* the fresh directory; "" none */
    char log[288];
    int64_t connect_ns; /* from exec to the first connect that was taken */
    int64_t log_bytes;  /* after launch_close */
    bool open;
};

/** Starts it and waits until its port takes connections. 0; -1 with a sentence in `err` (and nothing
 *  is left behind). */
GIM_MUST_CHECK int launch_open(struct launch *l, const struct compare_plan *p,
                               const struct compare_service *s, const struct host *h, char *err,
                               size_t err_len);
/** Ends it. False when it had to be killed or had died before; `err` then says so. */
bool launch_close(struct launch *l, char *err, size_t err_len);
/** `text` with {port}, {data} and {cpus} filled in. */
void launch_fill(struct gim_buf *out, const char *text, const struct launch *l);

#endif
