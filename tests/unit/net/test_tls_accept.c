/* test_tls_accept.c: the server's side of the TLS stream, and its certificate: against our own client
 * and against OpenSSL's, fed as it is told. */
#include "gimlet/net/tls.h"
#include "gimlet/net/tls_identity.h"
#include "certificates.h"
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* The server: says back what it hears. */
struct echo {
    struct gim_tls_stream s;
    int datas, ends, errors, err, drained;
    size_t got;
    bool deaf; /* says nothing back */
};

/* The client: OpenSSL between two memory BIOs, and a plain socket that the test moves bytes on. */
struct peer {
    SSL *ssl;
    int fd;
    size_t piece; /* bytes a send; 0: all */
    bool ended;
};

static struct gim_loop *loop;
static struct gim_tls_identity *identity;
static struct gim_tls *context;
static SSL_CTX *client_ctx;
static struct echo *served;
static struct peer peer;
static char dir[] = "/tmp/gimlet-tls-XXXXXX";
static char cert_path[64], key_path[64];
static X509 *first, *second;

/* ---- the server ------------------------------------------------------------------------------- */

static struct echo *of(struct gim_stream *s)
{
    return GIM_CONTAINER(s, struct echo, s.stream);
}

static void on_data(struct gim_stream *s, gim_str data)
{
    of(s)->datas++;
    of(s)->got += data.len;
    if (!of(s)->deaf)
        s->ops->write(s, data);
}

static void on_drained(struct gim_stream *s)
{
    of(s)->drained++;
    assert_int_equal(gim_stream_pending(s), 0);
}

static void on_end(struct gim_stream *s)
{
    of(s)->ends++;
    s->ops->shut_write(s);
}

static void on_error(struct gim_stream *s, int err)
{
    of(s)->errors++;
    of(s)->err = err;
    s->ops->close(s, true); /* as conn.c does */
}

static const struct gim_stream_user user = {
    .on_data = on_data, .on_drained = on_drained, .on_end = on_end, .on_error = on_error};

/* ---- the client ------------------------------------------------------------------------------- */

static void send_all(const char *ptr, size_t len)
{
    while (len) {
        size_t n = peer.piece && peer.piece < len ? peer.piece : len;
        ssize_t sent = send(peer.fd, ptr, n, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (sent > 0) {
            ptr += sent;
            len -= (size_t)sent;
        }
        if (sent < 0 && errno != EAGAIN)
            return;
        if (peer.piece || sent < 0)
            assert_int_equal(gim_loop_turn(loop, 0), 0);
    }
}

/* Moves what OpenSSL wants to send, and what the server sent. */
static void move(void)
{
    char buf[20000];
    int n;
    ssize_t got;

    while ((n = BIO_read(SSL_get_wbio(peer.ssl), buf, sizeof buf)) > 0)
        send_all(buf, (size_t)n);
    assert_int_equal(gim_loop_turn(loop, 0), 0);
    while ((got = recv(peer.fd, buf, sizeof buf, MSG_DONTWAIT)) > 0)
        BIO_write(SSL_get_rbio(peer.ssl), buf, (int)got);
    peer.ended |= got == 0;
}

/* TCP, since a unix socket knows no reset. */
static void tcp_pair(int fd[2])
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    int listener = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(bind(listener, (struct sockaddr *)&at, len), 0);
    assert_int_equal(listen(listener, 1), 0);
    getsockname(listener, (struct sockaddr *)&at, &len);
    fd[1] = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd[1], (struct sockaddr *)&at, len), 0);
    fd[0] = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
    close(listener);
}

static void begin_on(int fd[2])
{
    served = calloc(1, sizeof *served);
    assert_int_equal(gim_tls_accept(&served->s, context, loop, fd[0], &user), 0);
    peer = (struct peer){.ssl = SSL_new(client_ctx), .fd = fd[1]};
    SSL_set_bio(peer.ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_connect_state(peer.ssl);
}

static void begin(void)
{
    int fd[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd), 0);
    begin_on(fd);
}

static void end(void)
{
    if (served->s.stream.ops)
        served->s.stream.ops->close(&served->s.stream, false);
    SSL_set_shutdown(peer.ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN); /* it ended in order */
    SSL_free(peer.ssl);
    close(peer.fd);
    free(served);
}

/* 1: done; else what SSL_get_error says. */
static int shake(void)
{
    for (int i = 0; i < 50; i++) {
        int n = SSL_do_handshake(peer.ssl);

        if (n == 1) {
            move();
            return 1;
        }
        if (SSL_get_error(peer.ssl, n) != SSL_ERROR_WANT_READ) {
            move();
            return SSL_get_error(peer.ssl, n);
        }
        move();
        if (peer.ended && !BIO_pending(SSL_get_rbio(peer.ssl)))
            return SSL_ERROR_ZERO_RETURN;
    }
    return SSL_ERROR_WANT_READ;
}

static int read_some(char *out, int len)
{
    int n = -1;

    for (int i = 0; i < 50 && n <= 0; i++) {
        move();
        n = SSL_read(peer.ssl, out, len);
        if (n <= 0 && SSL_get_error(peer.ssl, n) != SSL_ERROR_WANT_READ)
            break;
    }
    return n;
}

static void talks(void)
{
    char got[16] = "";

    assert_int_equal(SSL_write(peer.ssl, "hello", 5), 5);
    assert_int_equal(read_some(got, sizeof got), 5);
    assert_string_equal(got, "hello");
}

/* What the server said why, as an alert. */
static const char *alert(void)
{
    return SSL_alert_desc_string_long((int)ERR_GET_REASON(ERR_peek_error()) - SSL_AD_REASON_OFFSET);
}

/* ---- files ------------------------------------------------------------------------------------ */

static void write_key(const char *path, EVP_PKEY *key, const char *password)
{
    FILE *f = fopen(path, "w");

    PEM_write_PrivateKey(f, key, password ? EVP_aes_128_cbc() : NULL, NULL, 0, NULL,
                         (void *)(uintptr_t)password);
    fclose(f);
}

static void write_certificate(const char *path, X509 *c)
{
    unlink(path);
    append_pem(path, c);
}

static int set_up(void **state)
{
    const struct gim_tls_identity_spec spec = {cert_path, key_path, .only_1_3 = false};
    char err[400];

    (void)state;
    signal(SIGPIPE, SIG_IGN);
    if (!mkdtemp(dir))
        return -1;
    snprintf(cert_path, sizeof cert_path, "%s/cert.pem", dir);
    snprintf(key_path, sizeof key_path, "%s/key.pem", dir);
    first = make_certificate("first", "DNS:good.test", 30);
    second = make_certificate("second", "DNS:good.test", 10);
    write_certificate(cert_path, first);
    write_key(key_path, test_key, NULL);
    loop = gim_loop_new();
    identity = gim_tls_identity_new(&spec, err, sizeof err);
    context = gim_tls_serve(identity);
    client_ctx = SSL_CTX_new(TLS_client_method());
    return 0;
}

static int tear_down(void **state)
{
    char command[64];

    (void)state;
    gim_tls_free(context);
    gim_tls_identity_free(identity);
    SSL_CTX_free(client_ctx);
    gim_loop_free(loop);
    X509_free(first);
    X509_free(second);
    EVP_PKEY_free(test_key);
    snprintf(command, sizeof command, "rm -r %s", dir);
    return system(command);
}

/* ---- handshakes ------------------------------------------------------------------------------- */

static const struct {
    int min, max; /* the client's */
    const char *suites;
    const char *alpn;
    const char *chosen; /* protocol; NULL: the handshake is refused */
    const char *alert;
    size_t piece;
} handshakes[] = {
    {0, 0, NULL, NULL, "", NULL, 0},
    {0, TLS1_2_VERSION, NULL, NULL, "", NULL, 0},
    {0, 0, NULL, "\x08http/1.1", "http/1.1", NULL, 0},
    {0, 0, NULL, "\x02h2\x08http/1.1", "http/1.1", NULL, 0},
    {0, TLS1_2_VERSION, NULL, "\x02h2\x08http/1.1", "http/1.1", NULL, 0},
    {0, 0, NULL, "\x02h2", NULL, "no application protocol", 0},
    {0, TLS1_2_VERSION, NULL, "\x02h2\x08http/1.0", NULL, "no application protocol", 0},
    {0, TLS1_1_VERSION, "ALL:@SECLEVEL=0", NULL, NULL, "protocol version", 0},
    {0, TLS1_2_VERSION, "AES128-SHA256", NULL, NULL, "handshake failure", 0},
    {0, TLS1_2_VERSION, "ECDHE-ECDSA-AES128-SHA256", NULL, NULL, "handshake failure", 0},
    {0, TLS1_2_VERSION, "ECDHE-ECDSA-CHACHA20-POLY1305", NULL, "", NULL, 0},
    {0, 0, NULL, "\x02h2\x08http/1.1", "http/1.1", NULL, 1},
    {0, TLS1_2_VERSION, NULL, NULL, "", NULL, 1},
    {0, 0, NULL, "\x02h2", NULL, "no application protocol", 7},
};

static void handshakes_go_as_rows_say(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof handshakes / sizeof handshakes[0]; i++) {
        const char *alpn = handshakes[i].alpn;
        const unsigned char *chosen = NULL;
        unsigned len = 0;
        int result;

        begin();
        peer.piece = handshakes[i].piece;
        SSL_set_max_proto_version(peer.ssl, handshakes[i].max);
        if (handshakes[i].suites)
            SSL_set_cipher_list(peer.ssl, handshakes[i].suites);
        if (alpn)
            SSL_set_alpn_protos(peer.ssl, (const unsigned char *)alpn, (unsigned)strlen(alpn));
        ERR_clear_error();
        result = shake();
        if (handshakes[i].chosen) {
            assert_int_equal(result, 1);
            SSL_get0_alpn_selected(peer.ssl, &chosen, &len);
            assert_int_equal(len, strlen(handshakes[i].chosen));
            assert_memory_equal(chosen ? (const char *)chosen : "", handshakes[i].chosen, len);
            talks();
            assert_int_equal(served->errors, 0);
        } else {
            assert_int_equal(result, SSL_ERROR_SSL);
            assert_string_equal(alert(), handshakes[i].alert);
            assert_int_equal(served->errors, 1);
            assert_int_equal(served->err, EPROTO);
            assert_int_equal(served->datas, 0);
        }
        end();
    }
}

static const char in_the_clear[] = "HTTP/1.1 400 Bad Request\r\n";

static const struct {
    const char *bytes;
    const char *answer; /* what it begins with; NULL: an alert, or nothing */
} strangers[] = {
    {"GET / HTTP/1.1\r\nHost: h\r\n\r\n", in_the_clear},
    {"DELETE /x HTTP/1.1\r\n", in_the_clear},
    {"ACL /x HTTP/1.1\r\n", in_the_clear},
    {"ZAP /x HTTP/1.1\r\n", in_the_clear},
    {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", in_the_clear},
    {"G", in_the_clear},
    {"SSH-2.0-OpenSSH_9.2\r\n", in_the_clear},
    {"\r\n\r\n", NULL},
    {"\x16\x03\x01\xff\xff\x01", NULL},
    {"\x16\x02", NULL},
    {"\x80\x2e\x01\x03\x01", NULL},
    {"\x17\x03\x03\x00\x05hello", NULL},
};

static void who_speaks_no_tls_is_told_or_cut_off(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof strangers / sizeof strangers[0]; i++) {
        char got[400] = "";
        size_t len = 0;
        int fd[2];

        tcp_pair(fd);
        begin_on(fd);
        send_all(strangers[i].bytes, strlen(strangers[i].bytes));
        shutdown(peer.fd, SHUT_WR);
        for (int k = 0; k < 1000 && !served->errors; k++)
            assert_int_equal(gim_loop_turn(loop, 5), 0);
        for (ssize_t n = 1; n > 0; len += (size_t)n) {
            n = recv(peer.fd, got + len, sizeof got - 1 - len, 0);
            assert_true(n >= 0); /* no reset */
        }
        assert_int_equal(strncmp(got, in_the_clear, strlen(in_the_clear)) == 0,
                         strangers[i].answer != NULL);
        assert_int_equal(served->errors, 1);
        assert_int_equal(served->err, EPROTO);
        assert_int_equal(served->datas + served->ends, 0);
        assert_true(served->s.why[0] != '\0');
        end();
    }
}

static void silence_is_no_error_and_closing_it_is_quiet(void **state)
{
    (void)state;
    begin();
    for (int i = 0; i < 3; i++)
        assert_int_equal(gim_loop_turn(loop, 0), 0);
    assert_int_equal(served->errors + served->ends, 0);
    end();
}

static void renegotiation_is_refused_and_the_connection_lives(void **state)
{
    (void)state;
    begin();
    SSL_set_max_proto_version(peer.ssl, TLS1_2_VERSION);
    assert_int_equal(shake(), 1);
    SSL_renegotiate(peer.ssl);
    SSL_do_handshake(peer.ssl);
    move();
    assert_int_equal(served->errors, 0);
    assert_int_equal(served->datas, 0);
    end();
}

static void end_is_answered_by_an_end(void **state)
{
    char byte;

    (void)state;
    begin();
    assert_int_equal(shake(), 1);
    talks();
    SSL_shutdown(peer.ssl);
    assert_int_equal(read_some(&byte, 1), 0);
    assert_int_equal(SSL_get_error(peer.ssl, 0), SSL_ERROR_ZERO_RETURN); /* its close_notify */
    assert_int_equal(served->ends, 1);
    assert_string_equal(served->s.why, "");
    move();
    assert_true(peer.ended);
    end();
}

static void end_without_close_notify_is_an_end_too(void **state)
{
    (void)state;
    begin();
    assert_int_equal(shake(), 1);
    talks();
    shutdown(peer.fd, SHUT_WR);
    move();
    assert_int_equal(served->ends, 1);
    assert_string_equal(served->s.why, "closed without close_notify");
    end();
}

/* ---- what is pending -------------------------------------------------------------------------- */

static void what_the_peer_does_not_take_is_pending_and_goes_down_with_it(void **state)
{
    static char large[2 << 20], got[1 << 16];
    size_t pending;

    (void)state;
    begin();
    assert_int_equal(shake(), 1);
    talks();
    served->s.stream.ops->write(&served->s.stream, (gim_str){large, sizeof large});
    pending = gim_stream_pending(&served->s.stream);
    assert_true(pending > sizeof large / 2);
    for (int i = 0; i < 1000 && gim_stream_pending(&served->s.stream) == pending; i++) {
        assert_true(recv(peer.fd, got, sizeof got, MSG_DONTWAIT) > 0);
        assert_int_equal(gim_loop_turn(loop, 0), 0);
    }
    assert_in_range(gim_stream_pending(&served->s.stream), 1, pending - 1); /* progress is seen */
    for (int i = 0; i < 100000 && !served->drained; i++) {
        (void)!recv(peer.fd, got, sizeof got, MSG_DONTWAIT);
        assert_int_equal(gim_loop_turn(loop, 0), 0);
    }
    assert_int_equal(served->drained, 1);
    assert_int_equal(gim_stream_pending(&served->s.stream), 0);
    end();
}

static void who_asks_for_new_keys_and_reads_nothing_is_cut_off(void **state)
{
    size_t most = 0;

    (void)state;
    begin();
    assert_int_equal(shake(), 1);
    talks();
    for (int i = 0; i < 100000 && !served->errors; i++) {
        char buf[4096];
        int n;

        SSL_key_update(peer.ssl, SSL_KEY_UPDATE_REQUESTED);
        SSL_do_handshake(peer.ssl);
        while ((n = BIO_read(SSL_get_wbio(peer.ssl), buf, sizeof buf)) > 0)
            send_all(buf, (size_t)n);
        assert_int_equal(gim_loop_turn(loop, 0), 0);
        if (!served->errors && gim_stream_pending(&served->s.stream) > most)
            most = gim_stream_pending(&served->s.stream);
    }
    assert_int_equal(served->errors, 1);
    assert_in_range(most, 1, 1 << 20);
    end();
}

/* ---- sessions and certificates ---------------------------------------------------------------- */

static SSL_SESSION *kept;

static int keep(SSL *ssl, SSL_SESSION *session)
{
    (void)ssl;
    SSL_SESSION_free(kept);
    kept = session;
    return 1;
}

static const char *who(void)
{
    static char name[64];
    X509 *c = SSL_get1_peer_certificate(peer.ssl);

    X509_NAME_get_text_by_NID(X509_get_subject_name(c), NID_commonName, name, sizeof name);
    X509_free(c);
    return name;
}

/* Opens a connection that offers the kept session. Was it resumed? */
static bool comes_back(int version)
{
    bool resumed;

    begin();
    SSL_set_max_proto_version(peer.ssl, version);
    if (kept)
        SSL_set_session(peer.ssl, kept);
    assert_int_equal(shake(), 1);
    talks();
    resumed = SSL_session_reused(peer.ssl);
    end();
    return resumed;
}

static void sessions_resume_by_tickets_until_the_certificate_changes(void **state)
{
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    char err[400];

    (void)state;
    SSL_CTX_set_session_cache_mode(client_ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(client_ctx, keep);
    for (size_t i = 0; i < 2; i++) {
        assert_false(comes_back(versions[i]));
        assert_non_null(kept);
        assert_true(SSL_SESSION_get_ticket_lifetime_hint(kept) <= 7200);
        assert_true(comes_back(versions[i]));
        assert_int_equal(gim_tls_identity_reload(identity, err, sizeof err), 0);
        assert_false(comes_back(versions[i]));
        SSL_SESSION_free(kept);
        kept = NULL;
    }
    SSL_CTX_sess_set_new_cb(client_ctx, NULL);
}

static void reload_gives_the_new_certificate_and_lets_old_connections_live(void **state)
{
    char err[400];
    SSL *old;
    int old_fd;
    struct echo *old_served;

    (void)state;
    begin();
    assert_int_equal(shake(), 1);
    assert_string_equal(who(), "first");
    old = peer.ssl;
    old_fd = peer.fd;
    old_served = served;
    write_certificate(cert_path, second);
    assert_int_equal(gim_tls_identity_reload(identity, err, sizeof err), 0);
    assert_in_range(gim_tls_identity_left(identity), 9 * 86400, 10 * 86400);
    begin();
    assert_int_equal(shake(), 1);
    assert_string_equal(who(), "second");
    talks();
    end();
    peer = (struct peer){.ssl = old, .fd = old_fd};
    served = old_served;
    talks();
    end();
    write_certificate(cert_path, first);
    assert_int_equal(gim_tls_identity_reload(identity, err, sizeof err), 0);
}

static EVP_PKEY *rsa, *other;

static const struct {
    const char *cert, *key;  /* names in the directory, or "/..." */
    const char *flag, *says; /* behind the flag and the directory */
} wrongs[] = {
    {"gone", "key.pem", "--tls-cert", "gone: No such file or directory"},
    {"cert.pem", "gone", "--tls-key", "gone: No such file or directory"},
    {"empty", "key.pem", "--tls-cert", "empty: it holds no certificate in PEM"},
    {"key.pem", "key.pem", "--tls-cert", "key.pem: it holds no certificate in PEM"},
    {"cert.pem", "cert.pem", "--tls-key", "cert.pem: it holds no private key in PEM"},
    {"cert.pem", "empty", "--tls-key", "empty: it holds no private key in PEM"},
    {"cert.pem", "rsa.pem", "--tls-key", "rsa.pem: it is not the key of the certificate in "},
    {"cert.pem", "other.pem", "--tls-key", "other.pem: it is not the key of the certificate in "},
    {"cert.pem", "locked.pem", "--tls-key", "locked.pem: the key has a pass phrase"},
};

static void files_that_cannot_be_used_are_told_and_the_old_ones_stay(void **state)
{
    char err[400], says[200], cert[64], key[64], path[64];

    (void)state;
    rsa = EVP_RSA_gen(2048);
    other = EVP_EC_gen("P-256");
    snprintf(path, sizeof path, "%s/rsa.pem", dir);
    write_key(path, rsa, NULL);
    snprintf(path, sizeof path, "%s/other.pem", dir);
    write_key(path, other, NULL);
    snprintf(path, sizeof path, "%s/locked.pem", dir);
    write_key(path, test_key, "secret");
    snprintf(path, sizeof path, "%s/empty", dir);
    fclose(fopen(path, "w"));
    for (size_t i = 0; i < sizeof wrongs / sizeof wrongs[0]; i++) {
        const struct gim_tls_identity_spec spec = {cert, key, .only_1_3 = false};

        snprintf(cert, sizeof cert, "%s/%s", dir, wrongs[i].cert);
        snprintf(key, sizeof key, "%s/%s", dir, wrongs[i].key);
        snprintf(says, sizeof says, "%s %s/%s", wrongs[i].flag, dir, wrongs[i].says);
        assert_null(gim_tls_identity_new(&spec, err, sizeof err));
        if (strncmp(err, says, strlen(says)) != 0)
            assert_string_equal(err, says);
    }
    EVP_PKEY_free(rsa);
    EVP_PKEY_free(other);
    snprintf(path, sizeof path, "%s/empty", dir);
    assert_int_equal(rename(path, cert_path), 0);
    assert_int_equal(gim_tls_identity_reload(identity, err, sizeof err), -1);
    write_certificate(cert_path, first);
    begin();
    assert_int_equal(shake(), 1);
    assert_string_equal(who(), "first");
    end();
}

static void tickets_are_good_while_their_key_lives(void **state)
{
    const struct gim_tls_identity_spec spec = {cert_path, key_path, .key_ms = 40};
    struct gim_tls_identity *hasty;
    struct gim_tls *all = context;
    bool resumed = false;
    char err[400];

    (void)state;
    hasty = gim_tls_identity_new(&spec, err, sizeof err);
    context = gim_tls_serve(hasty);
    SSL_CTX_sess_set_new_cb(client_ctx, keep);
    for (int i = 0; i < 50 && !resumed; i++) { /* a busy host may sleep longer than keys live */
        (void)comes_back(TLS1_2_VERSION);
        usleep(45000);
        resumed =
            comes_back(TLS1_2_VERSION); /* by the second key, and gets a ticket of the first */
    }
    assert_true(resumed);
    usleep(130000);
    assert_false(comes_back(TLS1_2_VERSION));
    SSL_CTX_sess_set_new_cb(client_ctx, NULL);
    SSL_SESSION_free(kept);
    kept = NULL;
    gim_tls_free(context);
    gim_tls_identity_free(hasty);
    context = all;
}

static void only_1_3_when_told(void **state)
{
    const struct gim_tls_identity_spec spec = {cert_path, key_path, .only_1_3 = true};
    struct gim_tls_identity *strict;
    struct gim_tls *all = context;
    char err[400];

    (void)state;
    strict = gim_tls_identity_new(&spec, err, sizeof err);
    context = gim_tls_serve(strict);
    begin();
    assert_int_equal(shake(), 1);
    end();
    begin();
    SSL_set_max_proto_version(peer.ssl, TLS1_2_VERSION);
    ERR_clear_error();
    assert_int_equal(shake(), SSL_ERROR_SSL);
    assert_string_equal(alert(), "protocol version");
    end();
    gim_tls_free(context);
    gim_tls_identity_free(strict);
    gim_tls_identity_free(NULL);
    context = all;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(handshakes_go_as_rows_say),
        cmocka_unit_test(who_speaks_no_tls_is_told_or_cut_off),
        cmocka_unit_test(silence_is_no_error_and_closing_it_is_quiet),
        cmocka_unit_test(renegotiation_is_refused_and_the_connection_lives),
        cmocka_unit_test(end_is_answered_by_an_end),
        cmocka_unit_test(end_without_close_notify_is_an_end_too),
        cmocka_unit_test(what_the_peer_does_not_take_is_pending_and_goes_down_with_it),
        cmocka_unit_test(who_asks_for_new_keys_and_reads_nothing_is_cut_off),
        cmocka_unit_test(sessions_resume_by_tickets_until_the_certificate_changes),
        cmocka_unit_test(reload_gives_the_new_certificate_and_lets_old_connections_live),
        cmocka_unit_test(files_that_cannot_be_used_are_told_and_the_old_ones_stay),
        cmocka_unit_test(tickets_are_good_while_their_key_lives),
        cmocka_unit_test(only_1_3_when_told),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
