/* tls_engine.c: OpenSSL without a descriptor.
 *
 * Its BIO reads from the slice that the socket has just delivered (s->in) and writes into the
 * context's `out`, which is sent when OpenSSL returns: a flight of the handshake, or a request, is
 * one send, and ciphertext is copied by nobody but OpenSSL. Plaintext is decrypted into the
 * context's `plain`, a record at a time. Both buffers belong to the context and are empty between
 * calls, so a connection owns none.
 *
 * OpenSSL's errors are a queue of the thread: it is emptied before each call whose result is asked. */
#include "tls_engine.h"
#include "../base/arena.h"
#include "tls_identity.h"
#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>

#define OUT_SIZE 65536
#define NAME_MAX_LEN 253 /* RFC 1035 §2.3.4, without the dot at the end */

struct gim_tls {
    struct gim_tls_identity *identity; /* a server's; NULL: a client */
    SSL_CTX *ctx;                      /* a client's */
    BIO_METHOD *method;
    size_t out_len;
    char out[OUT_SIZE];
    char plain[SSL3_RT_MAX_PLAIN_LENGTH];
};

/* ---- what OpenSSL reads and writes ------------------------------------------------------------ */

static void flush(struct gim_tls_stream *s)
{
    gim_str out = {s->tls->out, s->tls->out_len};

    s->tls->out_len = 0;
    if (out.len)
        s->socket.ops->write(&s->socket, out);
}

static int bio_write(BIO *b, const char *data, int len)
{
    struct gim_tls_stream *s = BIO_get_data(b);
    struct gim_tls *t = s->tls;
    size_t n = (size_t)len;

    if (n > OUT_SIZE - t->out_len)
        flush(s);
    if (n > OUT_SIZE)
        n = OUT_SIZE;
    memcpy(t->out + t->out_len, data, n);
    t->out_len += n;
    return (int)n;
}

static int bio_read(BIO *b, char *data, int len)
{
    struct gim_tls_stream *s = BIO_get_data(b);
    size_t n = (size_t)len < s->in.len ? (size_t)len : s->in.len;

    BIO_clear_retry_flags(b);
    if (n == 0) {
        BIO_set_retry_read(b);
        return -1;
    }
    memcpy(data, s->in.ptr, n);
    s->in.ptr += n;
    s->in.len -= n;
    return (int)n;
}

static long bio_ctrl(BIO *b, int cmd, long num, void *ptr)
{
    (void)b;
    (void)num;
    (void)ptr;
    return cmd == BIO_CTRL_FLUSH;
}

static int bio_create(BIO *b)
{
    BIO_set_init(b, 1);
    return 1;
}

static BIO_METHOD *bio_method(void)
{
    BIO_METHOD *m = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "gimlet stream");

    if (m && BIO_meth_set_write(m, bio_write) && BIO_meth_set_read(m, bio_read) &&
        BIO_meth_set_ctrl(m, bio_ctrl) && BIO_meth_set_create(m, bio_create))
        return m;
    BIO_meth_free(m);
    return NULL;
}

/* ---- failures --------------------------------------------------------------------------------- */

bool gim_tls_engine_is_server(const struct gim_tls_stream *s)
{
    return s->tls->identity != NULL;
}

/* What the oldest error of this thread says: the cause comes first in OpenSSL's queue. */
static void say(char *out, size_t len, const char *otherwise)
{
    unsigned long e = ERR_peek_error();
    const char *reason = ERR_SYSTEM_ERROR(e) ? strerror(ERR_GET_REASON(e)) : NULL;

    if (!reason)
        reason = ERR_reason_error_string(e);
    snprintf(out, len, "%s", reason ? reason : otherwise);
}

/* It answered, but not with a certificate. */
static bool speaks_no_tls(const struct gim_tls_stream *s)
{
    unsigned long e = ERR_peek_error();

    return !SSL_get0_peer_certificate(s->ssl) && ERR_GET_LIB(e) == ERR_LIB_SSL &&
           (ERR_GET_REASON(e) == SSL_R_WRONG_VERSION_NUMBER ||
            ERR_GET_REASON(e) == SSL_R_HTTP_REQUEST);
}

static bool certificate_failed(const struct gim_tls_stream *s)
{
    return SSL_get_verify_mode(s->ssl) != SSL_VERIFY_NONE &&
           SSL_get_verify_result(s->ssl) != X509_V_OK;
}

static void say_certificate(struct gim_tls_stream *s)
{
    long result = SSL_get_verify_result(s->ssl);
    bool mismatch =
        result == X509_V_ERR_HOSTNAME_MISMATCH || result == X509_V_ERR_IP_ADDRESS_MISMATCH;

    snprintf(s->why, sizeof s->why, "certificate verify failed: %s%s%.60s",
             X509_verify_cert_error_string(result), mismatch ? ", it is not for " : "",
             mismatch ? s->name : "");
}

static void say_why(struct gim_tls_stream *s)
{
    if (gim_tls_engine_is_server(s))
        say(s->why, sizeof s->why, "TLS failed");
    else if (certificate_failed(s))
        say_certificate(s);
    else if (speaks_no_tls(s))
        snprintf(s->why, sizeof s->why, "the server does not speak TLS on this port");
    else
        say(s->why, sizeof s->why, "TLS failed");
}

/* ---- trust and names -------------------------------------------------------------------------- */

/* As certificates have it: no brackets round IPv6, no dot at the end of a name. */
static int plain_name(const char *name, char out[NAME_MAX_LEN + 1])
{
    size_t len = name ? strlen(name) : 0;

    if (len > 2 && name[0] == '[' && name[len - 1] == ']') {
        name++;
        len -= 2;
    } else if (len > 1 && name[len - 1] == '.') {
        len--;
    }
    if (len == 0 || len > NAME_MAX_LEN)
        return -1;
    memcpy(out, name, len);
    out[len] = '\0';
    return 0;
}

/* Whom the server must prove to be. SNI is for names only (RFC 6066 §3). */
static int set_name(SSL *ssl, const char *name)
{
    X509_VERIFY_PARAM *verify = SSL_get0_param(ssl);
    char host[NAME_MAX_LEN + 1];
    unsigned char ip[16];

    if (plain_name(name, host))
        return -1;
    if (inet_pton(AF_INET, host, ip) == 1 || inet_pton(AF_INET6, host, ip) == 1)
        return X509_VERIFY_PARAM_set1_ip_asc(verify, host) ? 0 : -1;
    X509_VERIFY_PARAM_set_hostflags(verify, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return SSL_set1_host(ssl, host) && SSL_set_tlsext_host_name(ssl, host) ? 0 : -1;
}

static SSL *new_ssl(struct gim_tls_stream *s)
{
    bool serves = gim_tls_engine_is_server(s);
    SSL *ssl = serves ? gim_tls_identity_ssl(s->tls->identity) : SSL_new(s->tls->ctx);
    BIO *bio = ssl ? BIO_new(s->tls->method) : NULL;

    if (!bio) {
        SSL_free(ssl);
        errno = ENOMEM;
        return NULL;
    }
    BIO_set_data(bio, s);
    SSL_set_bio(ssl, bio, bio);
    if (serves) {
        SSL_set_accept_state(ssl);
        return ssl;
    }
    SSL_set_connect_state(ssl);
    if (set_name(ssl, s->name)) {
        SSL_free(ssl);
        errno = EINVAL;
        return NULL;
    }
    return ssl;
}

/* ---- the calls -------------------------------------------------------------------------------- */

int gim_tls_engine_open(struct gim_tls_stream *s)
{
    s->why[0] = '\0';
    s->ssl = new_ssl(s);
    if (s->ssl)
        return 0;
    if (errno == EINVAL)
        snprintf(s->why, sizeof s->why, "\"%.100s\" is no server name", s->name ? s->name : "");
    else
        snprintf(s->why, sizeof s->why, "no memory for TLS");
    return -1;
}

void gim_tls_engine_close(struct gim_tls_stream *s)
{
    SSL_free(s->ssl);
    s->ssl = NULL;
}

/* What a call came to. Sends what it left, an alert too. */
static enum gim_tls_result result_of(struct gim_tls_stream *s, int returned)
{
    int error = returned > 0 ? SSL_ERROR_NONE : SSL_get_error(s->ssl, returned);

    flush(s);
    switch (error) {
    case SSL_ERROR_NONE:
        return TLS_DONE;
    case SSL_ERROR_WANT_READ:
        return TLS_WANT;
    case SSL_ERROR_ZERO_RETURN:
        return TLS_END;
    default:
        say_why(s);
        return TLS_FAILED;
    }
}

enum gim_tls_result gim_tls_engine_shake(struct gim_tls_stream *s)
{
    ERR_clear_error();
    return result_of(s, SSL_do_handshake(s->ssl));
}

enum gim_tls_result gim_tls_engine_read(struct gim_tls_stream *s, gim_str *out)
{
    ERR_clear_error();
    out->ptr = s->tls->plain;
    return result_of(s, SSL_read_ex(s->ssl, s->tls->plain, sizeof s->tls->plain, &out->len));
}

enum gim_tls_result gim_tls_engine_write(struct gim_tls_stream *s, gim_str data)
{
    size_t n;

    ERR_clear_error();
    return result_of(s, SSL_write_ex(s->ssl, data.ptr, data.len, &n));
}

void gim_tls_engine_goodbye(struct gim_tls_stream *s)
{
    ERR_clear_error();
    SSL_shutdown(s->ssl);
    flush(s);
}

static int trust(SSL_CTX *ctx, const char *ca_file, char *err, size_t err_len)
{
    char why[120];
    int ok =
        ca_file ? SSL_CTX_load_verify_file(ctx, ca_file) : SSL_CTX_set_default_verify_paths(ctx);

    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    if (ok)
        return 0;
    say(why, sizeof why, "it holds no certificate in PEM");
    snprintf(err, err_len, "%s: %s", ca_file ? ca_file : "the system's certificates", why);
    return -1;
}

static bool configure(struct gim_tls *t)
{
    t->ctx = SSL_CTX_new(TLS_client_method());
    t->method = bio_method();
    if (!t->ctx || !t->method || !SSL_CTX_set_min_proto_version(t->ctx, TLS1_2_VERSION))
        return false;
    SSL_CTX_set_options(t->ctx, SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_session_cache_mode(t->ctx, SSL_SESS_CACHE_OFF);
    return true;
}

struct gim_tls *gim_tls_new(bool verify, const char *ca_file, char *err, size_t err_len)
{
    struct gim_tls *t = gim_heap_alloc(sizeof *t);

    ERR_clear_error();
    if (!configure(t)) {
        say(err, err_len, "OpenSSL could not be set up");
        gim_tls_free(t);
        return NULL;
    }
    if (verify && trust(t->ctx, ca_file, err, err_len)) {
        gim_tls_free(t);
        return NULL;
    }
    return t;
}

struct gim_tls *gim_tls_serve(struct gim_tls_identity *who)
{
    struct gim_tls *t = gim_heap_alloc(sizeof *t);

    t->identity = who;
    t->method = bio_method();
    if (t->method)
        return t;
    gim_tls_free(t);
    return NULL;
}

void gim_tls_free(struct gim_tls *t)
{
    if (!t)
        return;
    SSL_CTX_free(t->ctx);
    BIO_meth_free(t->method);
    gim_heap_free(t);
}
