/* supervisor.h: what a service manager and its services say to each other, in systemd's two small
 * protocols (sd_listen_fds(3), sd_notify(3)), which other supervisors speak too. No library. */
#ifndef NET_SUPERVISOR_H
#define NET_SUPERVISOR_H

#include "listen.h"

/** The listening socket that was handed to this process: LISTEN_PID is its id, LISTEN_FDS is 1, and
 *  the socket is descriptor 3. Returns it, close-on-exec, and takes the variables out of the
 *  environment, so that no child believes they are meant for it; 0 when none was handed over. -1 with
 *  a sentence in `err`: more than one was, or the variables are no numbers. Call it before there are
 *  threads. */
GIM_MUST_CHECK int gim_inherited(char *err, size_t err_len);

/** As gim_listen for that socket, TCP or unix: fds[0..n) are duplicates of it, to be closed by their
 *  workers, which share it with EPOLLEXCLUSIVE. The socket itself is closed, also on -1. */
GIM_MUST_CHECK int gim_listen_inherited(int fd, int *fds, unsigned n, char shown[GIM_ADDRESS_MAX],
                                        char *err, size_t err_len);

/** Tells the manager at $NOTIFY_SOCKET, if there is one: "READY=1", "STOPPING=1". Lost when nobody
 *  reads it: it never waits. */
void gim_notify(const char *state);

#endif
