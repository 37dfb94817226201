/* tls_identity.h: what a server proves itself by: a certificate with its chain, and the key. Read again
 * while it serves (reload), for the handshakes from then on.
 *
 * TLS 1.2 and 1.3 at OpenSSL's security level 2; in 1.2 only suites with forward secrecy and AEAD. ALPN:
 * "http/1.1"; a client that asks for others only is refused. One certificate, whatever name the client
 * asks for. Sessions are resumed by stateless tickets, whose keys live here and are changed every hour:
 * a ticket is good for two. No early data, no client certificates.
 *
 * One of them serves all threads. */
#ifndef NET_TLS_IDENTITY_H
#define NET_TLS_IDENTITY_H

#include "../base/buf.h"

struct gim_tls_identity;

struct gim_tls_identity_spec {
    const char *cert, *key; /* PEM files: the server's certificate first, then its chain; its key */
    bool only_1_3;
    uint32_t key_ms; /* how long a key makes tickets; 0: an hour */
};

/** What the spec points at must outlive it. NULL with a sentence in `err` that names the file. */
struct gim_tls_identity *gim_tls_identity_new(const struct gim_tls_identity_spec *spec, char *err,
                                              size_t err_len);
/** Reads the files again. On -1, with a sentence, everything stays as it is. Connections that are there
 *  are not touched; old tickets are void, so that whoever comes back sees the new certificate. */
GIM_MUST_CHECK int gim_tls_identity_reload(struct gim_tls_identity *i, char *err, size_t err_len);
/** Seconds until the certificate ends, negative afterwards; of a chain the earliest. */
int64_t gim_tls_identity_left(struct gim_tls_identity *i);
/** After the last connection. NULL is none. */
void gim_tls_identity_free(struct gim_tls_identity *i);

/** For tls_engine.c: an SSL of a new connection; NULL when there is no memory. */
void *gim_tls_identity_ssl(struct gim_tls_identity *i);

#endif
