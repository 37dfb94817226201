/* tls.h: TLS for a client, as a stream over a dialled stream. OpenSSL is included in tls.c only. */
#ifndef NET_TLS_H
#define NET_TLS_H

#include "dial.h"

struct gim_tls; /* a client context: trust, verification; shared by the streams of one thread */

/** `verify` false accepts any certificate (as curl -k). `ca_file` NULL: the system's. NULL with a
 *  sentence in `err`. */
struct gim_tls *gim_tls_new(bool verify, const char *ca_file, char *err, size_t err_len);
void gim_tls_free(struct gim_tls *t);

struct gim_tls_stream {
    struct gim_stream stream; /* what the user talks to */
    struct gim_stream socket; /* below it */
    struct gim_tls *tls;
    void *ssl;
    char why[160];    /* after on_error(EPROTO): what TLS said: "certificate verify failed: ..." */
    const char *name; /* server name for SNI and verification; the caller's */
    uint8_t state;
};

/** As gim_dial; on_open comes after the handshake. */
GIM_MUST_CHECK int gim_tls_dial(struct gim_tls_stream *s, struct gim_tls *t, struct gim_loop *l,
                                const struct gim_address *to, const char *name,
                                const struct gim_stream_user *user);
/** On a socket stream that is open already (a proxy's CONNECT tunnel). Takes it over. */
GIM_MUST_CHECK int gim_tls_start(struct gim_tls_stream *s, struct gim_tls *t, const char *name,
                                 const struct gim_stream_user *user);

#endif
