/* peer.h: who sent a request: the other end of the connection, or whom the trusted proxies name. */
#ifndef REST_PEER_H
#define REST_PEER_H

#include "../http/forwarded.h"
#include "../net/stream.h"
#include "ctx.h"

/** The address of the client, in `text` or in the arena. `trusted` are the proxies whose word counts,
 *  NULL: nobody; `field` is what they write, NULL: X-Forwarded-For. Absent where there is none. */
gim_str gim_ctx_client(struct gim_ctx *c, const struct gim_trusted *trusted, const char *field,
                       char text[GIM_PEER_MAX]);

/** Reads the list of --trusted-proxies: NULL when it is empty or "none", else a block of the heap. An entry that
 *  is wrong is left in `*wrong`. */
struct gim_trusted *gim_trusted_of(const char *list, gim_str *wrong);

#endif
