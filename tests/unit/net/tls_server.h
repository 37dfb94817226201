/* tls_server.h: a TLS server for the tests: a thread that serves one connection on loopback the way
 * it is told. */
#ifndef TEST_TLS_SERVER_H
#define TEST_TLS_SERVER_H

#include "certificates.h"
#include "gimlet/net/dial.h"
#include <errno.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum serve {
    SERVE_ECHO,       /* until close_notify, answered by one */
    SERVE_ECHO_KEYS,  /* the same, with new keys asked for after each piece */
    SERVE_CUT,        /* "cut", then FIN without close_notify */
    SERVE_END,        /* "bye", close_notify, and not one read before */
    SERVE_LAST_WORD,  /* reads to close_notify, then "last", close_notify */
    SERVE_PLAIN,      /* an HTTP answer in the clear */
    SERVE_HANG_UP,    /* FIN instead of a handshake */
    SERVE_RESET,      /* RST after the handshake */
    SERVE_GARBAGE,    /* bytes that are no record, after the handshake */
    SERVE_CERTIFICATE /* wants one of the client, which has none */
};

struct server {
    enum serve how;
    int max_version; /* 0: any */
    int listener, fd;
    SSL_CTX *ctx;
    pthread_t thread;
    struct gim_address at;
    /* what it saw; after server_join */
    char sni[64];
    size_t got;
    bool clean_end; /* the client's close_notify came */
};

static int see_sni(SSL *ssl, int *alert, void *server)
{
    struct server *s = server;
    const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);

    (void)alert;
    snprintf(s->sni, sizeof s->sni, "%s", name ? name : "");
    return SSL_TLSEXT_ERR_OK;
}

static void echo(struct server *s, SSL *ssl)
{
    static char buf[40000];
    int n;

    while ((n = SSL_read(ssl, buf, sizeof buf)) > 0) {
        s->got += (size_t)n;
        if (s->how != SERVE_LAST_WORD)
            SSL_write(ssl, buf, n);
        if (s->how == SERVE_ECHO_KEYS)
            SSL_key_update(ssl, SSL_KEY_UPDATE_REQUESTED);
    }
    s->clean_end = SSL_get_error(ssl, n) == SSL_ERROR_ZERO_RETURN;
}

static void talk(struct server *s, SSL *ssl)
{
    const struct linger now = {.l_onoff = 1};

    switch (s->how) {
    case SERVE_CUT:
        SSL_write(ssl, "cut", 3);
        return;
    case SERVE_END:
        SSL_write(ssl, "bye", 3);
        break;
    case SERVE_RESET:
        setsockopt(s->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
        return;
    case SERVE_GARBAGE:
        (void)!write(s->fd, "this is no record at all", 24);
        echo(s, ssl);
        return;
    default:
        echo(s, ssl);
        if (s->how == SERVE_LAST_WORD)
            SSL_write(ssl, "last", 4);
        break;
    }
    SSL_shutdown(ssl);
}

static void *serve(void *arg)
{
    static const char http[] = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
    struct server *s = arg;
    SSL *ssl = SSL_new(s->ctx);
    char byte;

    if (s->listener >= 0)
        s->fd = accept(s->listener, NULL, NULL);
    SSL_set_fd(ssl, s->fd);
    if (s->how == SERVE_PLAIN)
        (void)!write(s->fd, http, sizeof http - 1);
    else if (s->how != SERVE_HANG_UP && SSL_accept(ssl) == 1)
        talk(s, ssl);
    if (s->how != SERVE_RESET) {
        shutdown(s->fd, SHUT_WR);
        while (read(s->fd, &byte, 1) > 0) /* so that closing is no reset */
            continue;
    }
    SSL_free(ssl);
    close(s->fd);
    return NULL;
}

static void server_listen(struct server *s)
{
    struct sockaddr_in *a = (struct sockaddr_in *)(void *)&s->at.sockaddr;

    *a = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    s->at.len = sizeof *a;
    s->listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(s->listener, (struct sockaddr *)a, sizeof *a) || listen(s->listener, 4))
        abort();
    getsockname(s->listener, (struct sockaddr *)a, &s->at.len);
}

/* On `fd`, or, with -1, on the next connection to s->at. */
static void server_start(struct server *s, int fd, X509 *certificate)
{
    s->ctx = SSL_CTX_new(TLS_server_method());
    SSL_CTX_use_certificate(s->ctx, certificate);
    SSL_CTX_use_PrivateKey(s->ctx, test_key);
    SSL_CTX_set_security_level(s->ctx, 0); /* so that it can be made to speak TLS 1.1 */
    if (s->max_version)
        SSL_CTX_set_max_proto_version(s->ctx, s->max_version);
    if (s->how == SERVE_CERTIFICATE)
        SSL_CTX_set_verify(s->ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    SSL_CTX_set_tlsext_servername_callback(s->ctx, see_sni);
    SSL_CTX_set_tlsext_servername_arg(s->ctx, s);
    s->fd = fd;
    s->listener = -1;
    if (fd < 0)
        server_listen(s);
    pthread_create(&s->thread, NULL, serve, s);
}

static void server_join(struct server *s)
{
    if (!s->ctx)
        return;
    pthread_join(s->thread, NULL);
    if (s->listener >= 0)
        close(s->listener);
    SSL_CTX_free(s->ctx);
    s->ctx = NULL;
}

#endif
