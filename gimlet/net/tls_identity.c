/* tls_identity.c: a server's certificate and key as an SSL_CTX, and the keys of its tickets.
 *
 * A reload builds a new SSL_CTX beside the one in use and exchanges the two under the lock; each
 * connection holds a reference to the one that it began with, so nothing else has to wait. The lock
 * is taken once a handshake.
 *
 * A ticket is the session, encrypted: whoever has its key can read what was said in a TLS 1.2 session
 * that it stands for. So keys are random, are never written down, and are forgotten when the tickets
 * made with them have ended (RFC 5077 §5.5). The newest makes tickets, all of them take tickets. */
#include "tls_identity.h"
#include "../base/arena.h"
#include "../base/clock.h"
#include <gimlet/time.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdio.h>

#define SUITES_1_2 "ECDHE+AESGCM:ECDHE+CHACHA20"
#define SECURITY_LEVEL 2 /* 112 bits: RSA from 2048, SHA-2 */
#define KEY_MS 3600000   /* that a key makes tickets */
#define KEYS 3 /* in use: one that makes tickets, and those whose tickets may still come */
#define TICKET_SECONDS 7200

struct ticket_key {
    unsigned char name[16], aes[32], hmac[32];
};

struct gim_tls_identity {
    struct gim_tls_identity_spec spec;
    pthread_mutex_t lock; /* of all below */
    SSL_CTX *ctx;
    int64_t ends; /* seconds of the wall clock */
    struct ticket_key keys[KEYS];
    uint64_t changed; /* ms */
};

/* ---- tickets ---------------------------------------------------------------------------------- */

static bool new_key(struct ticket_key *k)
{
    return RAND_bytes((unsigned char *)k, sizeof *k) == 1;
}

/* All of them are new. */
static bool new_keys(struct ticket_key keys[KEYS])
{
    for (size_t i = 0; i < KEYS; i++) {
        if (!new_key(&keys[i]))
            return false;
    }
    return true;
}

/* Changes keys whose time is up. Under the lock. */
static bool rotate(struct gim_tls_identity *i)
{
    uint64_t now = gim_clock_ms(), life = i->spec.key_ms ? i->spec.key_ms : KEY_MS;
    uint64_t turns = (now - i->changed) / life;

    if (turns)
        i->changed = now;
    for (uint64_t n = turns < KEYS ? turns : KEYS; n; n--) {
        memmove(&i->keys[1], &i->keys[0], sizeof i->keys - sizeof i->keys[0]);
        if (!new_key(&i->keys[0]))
            return false;
    }
    return true;
}

static bool use_key(const struct ticket_key *k, unsigned char *iv, EVP_CIPHER_CTX *cipher,
                    EVP_MAC_CTX *mac, int encrypts)
{
    static char digest[] = "SHA256";
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, (void *)(uintptr_t)k->hmac,
                                          sizeof k->hmac),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };

    return EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), NULL, k->aes, iv, encrypts) == 1 &&
           EVP_MAC_CTX_set_params(mac, params) == 1;
}

/* Under the lock. As OpenSSL wants it: -1 failed, 0 unknown, 1 good, 2 good and to be renewed. */
static int ticket(struct gim_tls_identity *i, unsigned char name[16], unsigned char *iv,
                  EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int encrypts)
{
    size_t k = 0;

    if (!rotate(i))
        return -1;
    if (encrypts) {
        memcpy(name, i->keys[0].name, sizeof i->keys[0].name);
        if (RAND_bytes(iv, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) != 1)
            return -1;
    } else {
        while (k < KEYS && memcmp(name, i->keys[k].name, sizeof i->keys[k].name) != 0)
            k++;
        if (k == KEYS)
            return 0;
    }
    if (!use_key(&i->keys[k], iv, cipher, mac, encrypts))
        return -1;
    return k ? 2 : 1;
}

static int on_ticket(SSL *ssl, unsigned char name[16], unsigned char *iv, EVP_CIPHER_CTX *cipher,
                     EVP_MAC_CTX *mac, int encrypts)
{
    struct gim_tls_identity *i = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    int result;

    pthread_mutex_lock(&i->lock);
    result = ticket(i, name, iv, cipher, mac, encrypts);
    pthread_mutex_unlock(&i->lock);
    return result;
}

/* ---- ALPN ------------------------------------------------------------------------------------- */

/* Who asks for HTTP/2 only must not be answered in HTTP/1.1 (RFC 7301 §3.2). */
static int on_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len,
                   const unsigned char *in, unsigned in_len, void *arg)
{
    static const unsigned char ours[] = "\x08http/1.1";
    unsigned char *chosen = NULL;

    (void)ssl;
    (void)arg;
    if (SSL_select_next_proto(&chosen, out_len, ours, sizeof ours - 1, in, in_len) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL; /* no_application_protocol */
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

/* ---- the files -------------------------------------------------------------------------------- */

/* What OpenSSL says: the cause comes first in its queue. */
static const char *reason(void)
{
    unsigned long e = ERR_peek_error();
    const char *why =
        ERR_SYSTEM_ERROR(e) ? strerror(ERR_GET_REASON(e)) : ERR_reason_error_string(e);

    return why ? why : "OpenSSL does not say why";
}

static int refuse(char *err, size_t err_len, const char *flag, const char *file, const char *why)
{
    snprintf(err, err_len, "%s %s: %s", flag, file, why);
    return -1;
}

/* Is that the cause? */
static bool is_error(int lib, int why)
{
    unsigned long e = ERR_peek_error();

    return ERR_GET_LIB(e) == lib && ERR_GET_REASON(e) == why;
}

static int no_password(char *buf, int size, int writes, void *arg)
{
    bool *asked = arg;

    (void)buf;
    (void)size;
    (void)writes;
    *asked = true;
    return -1;
}

static int refuse_certificate(const char *file, char *err, size_t err_len)
{
    const char *why = is_error(ERR_LIB_PEM, PEM_R_NO_START_LINE)
                          ? "it holds no certificate in PEM (-----BEGIN CERTIFICATE-----)"
                          : reason();

    return refuse(err, err_len, "--tls-cert", file, why);
}

static int refuse_key(const struct gim_tls_identity_spec *spec, bool encrypted, char *err,
                      size_t err_len)
{
    char other[256];
    const char *why = other;

    if (encrypted)
        why = "the key has a pass phrase, which nobody could type here; take it off: "
              "openssl pkey -in KEY -out NEW";
    else if (is_error(ERR_LIB_X509, X509_R_KEY_VALUES_MISMATCH) ||
             is_error(ERR_LIB_X509, X509_R_KEY_TYPE_MISMATCH) ||
             is_error(ERR_LIB_SSL, SSL_R_NO_CERTIFICATE_ASSIGNED))
        snprintf(other, sizeof other, "it is not the key of the certificate in %.160s", spec->cert);
    else if (is_error(ERR_LIB_PEM, PEM_R_NO_START_LINE) ||
             is_error(ERR_LIB_OSSL_DECODER, ERR_R_UNSUPPORTED))
        why = "it holds no private key in PEM (-----BEGIN PRIVATE KEY-----)";
    else
        why = reason();
    return refuse(err, err_len, "--tls-key", spec->key, why);
}

static int load(SSL_CTX *ctx, const struct gim_tls_identity_spec *spec, char *err, size_t err_len)
{
    bool asked = false;
    int ok;

    ERR_clear_error();
    if (SSL_CTX_use_certificate_chain_file(ctx, spec->cert) != 1)
        return refuse_certificate(spec->cert, err, err_len);
    SSL_CTX_set_default_passwd_cb(ctx, no_password);
    SSL_CTX_set_default_passwd_cb_userdata(ctx, &asked);
    ERR_clear_error();
    ok = SSL_CTX_use_PrivateKey_file(ctx, spec->key, SSL_FILETYPE_PEM) == 1 &&
         SSL_CTX_check_private_key(ctx) == 1;
    SSL_CTX_set_default_passwd_cb_userdata(ctx, NULL);
    return ok ? 0 : refuse_key(spec, asked, err, err_len);
}

static int64_t seconds_left(const X509 *c)
{
    int days = 0, seconds = 0;

    if (!ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(c)))
        return 0;
    return days * (int64_t)86400 + seconds;
}

/* When the certificate, or one of its chain, ends. */
static int64_t end_of(SSL_CTX *ctx, int64_t now)
{
    STACK_OF(X509) *chain = NULL;
    int64_t least = seconds_left(SSL_CTX_get0_certificate(ctx));

    SSL_CTX_get0_chain_certs(ctx, &chain);
    for (int k = 0; k < sk_X509_num(chain); k++) {
        int64_t left = seconds_left(sk_X509_value(chain, k));

        if (left < least)
            least = left;
    }
    return now + least;
}

/* ---- the context ------------------------------------------------------------------------------ */

static bool configure(SSL_CTX *ctx, struct gim_tls_identity *i)
{
    static const unsigned char id[] = "gimlet";

    SSL_CTX_set_security_level(ctx, SECURITY_LEVEL);
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                 SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS); /* an idle connection holds none */
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_timeout(ctx, TICKET_SECONDS);
    SSL_CTX_set_alpn_select_cb(ctx, on_alpn, NULL);
    SSL_CTX_set_app_data(ctx, i);
    return SSL_CTX_set_session_id_context(ctx, id, sizeof id - 1) == 1 &&
           SSL_CTX_set_cipher_list(ctx, SUITES_1_2) == 1 &&
           SSL_CTX_set_tlsext_ticket_key_evp_cb(ctx, on_ticket) == 1 &&
           SSL_CTX_set_min_proto_version(ctx, i->spec.only_1_3 ? TLS1_3_VERSION : TLS1_2_VERSION) ==
               1;
}

int gim_tls_identity_reload(struct gim_tls_identity *i, char *err, size_t err_len)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    SSL_CTX *before;
    struct ticket_key keys[KEYS];
    int result = 0;

    if (!ctx || !configure(ctx, i) || !new_keys(keys)) {
        snprintf(err, err_len, "OpenSSL could not be set up: %s", reason());
        result = -1;
    } else {
        result = load(ctx, &i->spec, err, err_len);
    }
    if (result) {
        SSL_CTX_free(ctx);
        return -1;
    }
    pthread_mutex_lock(&i->lock);
    before = i->ctx;
    i->ctx = ctx;
    i->ends = end_of(ctx, gim_now().us / 1000000);
    memcpy(i->keys, keys, sizeof keys);
    i->changed = gim_clock_ms();
    pthread_mutex_unlock(&i->lock);
    OPENSSL_cleanse(keys, sizeof keys);
    SSL_CTX_free(before);
    return 0;
}

struct gim_tls_identity *gim_tls_identity_new(const struct gim_tls_identity_spec *spec, char *err,
                                              size_t err_len)
{
    struct gim_tls_identity *i = gim_heap_alloc(sizeof *i);

    i->spec = *spec;
    pthread_mutex_init(&i->lock, NULL);
    if (gim_tls_identity_reload(i, err, err_len) == 0)
        return i;
    gim_tls_identity_free(i);
    return NULL;
}

int64_t gim_tls_identity_left(struct gim_tls_identity *i)
{
    int64_t ends;

    pthread_mutex_lock(&i->lock);
    ends = i->ends;
    pthread_mutex_unlock(&i->lock);
    return ends - gim_now().us / 1000000;
}

void gim_tls_identity_free(struct gim_tls_identity *i)
{
    if (!i)
        return;
    SSL_CTX_free(i->ctx);
    pthread_mutex_destroy(&i->lock);
    OPENSSL_cleanse(i->keys, sizeof i->keys);
    gim_heap_free(i);
}

void *gim_tls_identity_ssl(struct gim_tls_identity *i)
{
    SSL *ssl;

    pthread_mutex_lock(&i->lock);
    ssl = SSL_new(i->ctx);
    pthread_mutex_unlock(&i->lock);
    return ssl;
}
