/* port.h: TCP ports of this machine. */
#ifndef COMPARE_PORT_H
#define COMPARE_PORT_H

#include "../../gimlet/net/dial.h"

/** Whether nobody listens on it. */
bool port_free(const struct gim_address *at);
/** One that is free now; -1 with errno. */
int port_find(void);

#endif
