/* tls_engine.h: what OpenSSL does for a TLS stream; for tls.c only. The engine reads ciphertext from the front of s->in, hands what is to be sent
 * to s->socket before it returns, and says why it failed in s->why. It calls nobody back. */
#ifndef NET_TLS_ENGINE_H
#define NET_TLS_ENGINE_H

#include "tls.h"

enum gim_tls_result {
    TLS_DONE,
    TLS_WANT, /* all of s->in is taken, and it is not enough */
    TLS_END,  /* the peer's close_notify */
    TLS_FAILED
};

/** Is it a server's? */
bool gim_tls_engine_is_server(const struct gim_tls_stream *s);
/** s->tls, s->name and s->in are set. -1 with errno (EINVAL: the name) and `why`. */
GIM_MUST_CHECK int gim_tls_engine_open(struct gim_tls_stream *s);
void gim_tls_engine_close(struct gim_tls_stream *s);

enum gim_tls_result gim_tls_engine_shake(struct gim_tls_stream *s);
/** One record; `out` is valid until the next call with the same context. */
enum gim_tls_result gim_tls_engine_read(struct gim_tls_stream *s, gim_str *out);
/** DONE or FAILED. */
enum gim_tls_result gim_tls_engine_write(struct gim_tls_stream *s, gim_str data);
/** close_notify. Not after a failure. */
void gim_tls_engine_goodbye(struct gim_tls_stream *s);

#endif
