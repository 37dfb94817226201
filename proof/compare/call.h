/* call.h: one HTTP call at a time, blocking, timed: for contract checks, first and later calls. */
#ifndef COMPARE_CALL_H
#define COMPARE_CALL_H

#include "../../gimlet/base/buf.h"
#include "../../gimlet/net/dial.h"
#include <stdbool.h>

struct call {
    struct gim_address to;
    int fd; /* -1: none */
    int64_t timeout_ns;
    /* of the last call */
    int status;
    int64_t connect_ns,
        ns; /* connect (0 on a kept connection); first byte sent to last byte of the answer */
    struct gim_buf head, body;
    bool keep_alive;
};

/** Whether the port takes a connection now: connect, then close. For waiting: microseconds a try. */
bool call_port_open(const struct gim_address *to);
/** Sends `request` (whole, serialised) on the kept connection, or on a new one, and reads the answer.
 *  0; -1 with a sentence in `err`. HEAD is not supported. */
GIM_MUST_CHECK int call_make(struct call *c, gim_str request, char *err, size_t err_len);
/** Whether the connection of the last call is still open; if the server closed it, so is our side. */
bool call_is_kept(struct call *c);
/** Ends the connection: the next call makes a new one. */
void call_hang_up(struct call *c);
void call_free(struct call *c);
/** A field of the last answer, absent when there is none. */
gim_str call_field(const struct call *c, const char *name);

#endif
