/* tls.h: TLS for a client, as a stream over a dialled stream. OpenSSL is included in tls_engine.c only.
 *
 * TLS 1.2 and later; no renegotiation, no session resumption (each connection is a full handshake).
 * The stream keeps the contract of stream.h, with two additions. What TLS says is in `why` after
 * on_error(EPROTO). And an end without close_notify, which anybody on the way could have forged, is
 * told by on_end with `why` not empty: a body whose end only the connection's end marks may be cut. */
#ifndef NET_TLS_H
#define NET_TLS_H

#include "dial.h"

struct gim_tls; /* a client context: trust, verification; shared by the streams of one thread */

/** `verify` false accepts any certificate (as curl -k). `ca_file` NULL: the system's (SSL_CERT_FILE
 *  and SSL_CERT_DIR, if they are set). NULL with a sentence in `err`. */
struct gim_tls *gim_tls_new(bool verify, const char *ca_file, char *err, size_t err_len);
/** After the last of its streams was closed. NULL is none. */
void gim_tls_free(struct gim_tls *t);

struct gim_tls_stream {
    struct gim_stream stream; /* what the user talks to; its fd is -1 */
    struct gim_stream socket; /* below it */
    struct gim_tls *tls;
    void *ssl;        /* NULL: closed */
    char why[160];    /* after on_error(EPROTO): what TLS said: "certificate verify failed: ..." */
    const char *name; /* server name for SNI and verification; the caller's */
    gim_str in;       /* private: ciphertext that TLS has not taken yet */
    char *held;       /* private: what `in` points into while reading is stopped; heap */
    uint8_t state;    /* private */
};

/** As gim_dial; on_open comes after the handshake. `name` is the host of the URL: a DNS name (sent
 *  as SNI) or an IP address (with or without brackets; not sent), verified in both cases. EINVAL for
 *  a name that cannot be one. */
GIM_MUST_CHECK int gim_tls_dial(struct gim_tls_stream *s, struct gim_tls *t, struct gim_loop *l,
                                const struct gim_address *to, const char *name,
                                const struct gim_stream_user *user);
/** On `s->socket`, which is open already (a proxy's CONNECT tunnel): takes it over, and is its user
 *  from now on; may be called inside its on_data. Then as gim_tls_dial. On -1 (errno, `why`) the
 *  socket is still the caller's. */
GIM_MUST_CHECK int gim_tls_start(struct gim_tls_stream *s, struct gim_tls *t, const char *name,
                                 const struct gim_stream_user *user);

#endif
