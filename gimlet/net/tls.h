/* tls.h: TLS as a stream over a socket: dialled by a client, or accepted by a server. OpenSSL is
 * included in tls_engine.c and tls_identity.c only.
 *
 * TLS 1.2 and later; no renegotiation, no compression. A client resumes no session. The stream keeps the contract of stream.h, with two additions. What TLS says is in `why` after
 * on_error(EPROTO). And an end without close_notify, which anybody on the way could have forged, is
 * told by on_end with `why` not empty: a body whose end only the connection's end marks may be cut. */
#ifndef NET_TLS_H
#define NET_TLS_H

#include "dial.h"

struct gim_tls;          /* a client's or a server's context; shared by the streams of one thread */
struct gim_tls_identity; /* what a server proves itself by; any thread: tls_identity.h */

/** `verify` false accepts any certificate (as curl -k). `ca_file` NULL: the system's (SSL_CERT_FILE
 *  and SSL_CERT_DIR, if they are set). NULL with a sentence in `err`. */
struct gim_tls *gim_tls_new(bool verify, const char *ca_file, char *err, size_t err_len);
/** A server's: for gim_tls_accept. `who` must outlive it. NULL when there is no memory. */
struct gim_tls *gim_tls_serve(struct gim_tls_identity *who);
/** After the last of its streams was closed. NULL is none. */
void gim_tls_free(struct gim_tls *t);

struct gim_tls_stream {
    struct gim_stream stream; /* what the user talks to; its fd is -1 */
    struct gim_stream socket; /* below it */
    struct gim_tls *tls;
    void *ssl;        /* NULL: closed */
    char why[160];    /* after on_error(EPROTO): what TLS said: "certificate verify failed: ..." */
    const char *name; /* a client's: server name for SNI and verification; the caller's */
    gim_str in;       /* private: ciphertext that TLS has not taken yet */
    char *held;       /* private: what `in` points into while reading is stopped; heap */
    uint8_t state;    /* private */
    uint8_t untaken;  /* private: TLS's own answers that had to wait behind others */
};

/** As gim_dial; on_open comes after the handshake. `name` is the host of the URL: a DNS name (sent
 *  as SNI) or an IP address (with or without brackets; not sent), verified in both cases. EINVAL for
 *  a name that cannot be one. */
GIM_MUST_CHECK int gim_tls_dial(struct gim_tls_stream *s, struct gim_tls *t, struct gim_loop *l,
                                const struct gim_address *to, const char *name,
                                const struct gim_stream_user *user);
/** On an accepted, non-blocking socket. There is no on_open: the first on_data, or on_end, comes after
 *  the handshake. One that fails is on_error(EPROTO), and then `close` sends the alert whatever it is
 *  told; a client that speaks HTTP in the clear gets a 400 that says so. There is no timeout: set a
 *  timer and close. 0, or -1 with errno (the fd stays the caller's). */
GIM_MUST_CHECK int gim_tls_accept(struct gim_tls_stream *s, struct gim_tls *t, struct gim_loop *l,
                                  int fd, const struct gim_stream_user *user);
/** On `s->socket`, which is open already (a proxy's CONNECT tunnel): takes it over, and is its user
 *  from now on; may be called inside its on_data. Then as gim_tls_dial. On -1 (errno, `why`) the
 *  socket is still the caller's. */
GIM_MUST_CHECK int gim_tls_start(struct gim_tls_stream *s, struct gim_tls *t, const char *name,
                                 const struct gim_stream_user *user);

#endif
