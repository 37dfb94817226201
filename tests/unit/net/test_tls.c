/* test_tls.c: the TLS stream against a server thread that behaves, and ones that do not. */
#include "gimlet/net/tls.h"
#include "tls_server.h"
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>

#define NAMES "DNS:good.test,DNS:*.wild.test,IP:127.0.0.1,IP:::1"

struct side {
    struct gim_tls_stream s;
    int opens, datas, drained, ends, errors, err;
    char got[64];
    size_t got_len;
    bool data_while_stopped, wrong_byte, stopped;
    size_t to_send, sent; /* the pattern, written while little is pending */
    int stop_every;       /* on_data calls; 0: never */
    size_t stops;
    const char *write_on_open;
    int close_on; /* 'o'pen, 'd'ata, 'e'nd: closes and frees */
    bool close_when_got_all;
};

static struct gim_loop *loop;
static struct side *side;
static bool freed;
static struct server server;
static struct gim_tls *trusting, *blind; /* verifies with our CA; does not verify */
static X509 *certificate, *expired;
static char ca_path[] = "/tmp/gimlet-ca-XXXXXX";

static struct side *side_of(struct gim_stream *s)
{
    return GIM_CONTAINER(s, struct side, s.stream);
}

static char pattern(size_t i)
{
    return (char)(i * 31 + (i >> 8) * 7 + (i >> 16));
}

static void maybe_close(struct side *me, int where)
{
    if (me->close_on != where)
        return;
    me->s.stream.ops->close(&me->s.stream, false);
    memset(me, 0xee, sizeof *me);
    free(me);
    freed = true;
}

static void send_more(struct side *me)
{
    static char chunk[150000]; /* more than the context sends in one piece */

    while (me->sent < me->to_send && gim_stream_pending(&me->s.stream) < 200000) {
        size_t n = me->to_send - me->sent < sizeof chunk ? me->to_send - me->sent : sizeof chunk;

        for (size_t i = 0; i < n; i++)
            chunk[i] = pattern(me->sent + i);
        me->s.stream.ops->write(&me->s.stream, (gim_str){chunk, n});
        me->sent += n;
    }
}

static void on_open(struct gim_stream *s)
{
    struct side *me = side_of(s);

    me->opens++;
    if (me->write_on_open)
        s->ops->write(s, gim_str_of(me->write_on_open));
    send_more(me);
    maybe_close(me, 'o');
}

static void on_data(struct gim_stream *s, gim_str data)
{
    struct side *me = side_of(s);

    me->datas++;
    me->data_while_stopped |= me->stopped;
    for (size_t i = 0; i < data.len; i++) {
        if (me->got_len + i < sizeof me->got - 1)
            me->got[me->got_len + i] = data.ptr[i];
        if (me->to_send)
            me->wrong_byte |= data.ptr[i] != pattern(me->got_len + i);
    }
    me->got_len += data.len;
    if (me->stop_every && me->datas % me->stop_every == 0) {
        me->stopped = true;
        me->stops++;
        s->ops->read_stop(s);
    }
    send_more(me);
    maybe_close(me, 'd');
}

static void on_drained(struct gim_stream *s)
{
    side_of(s)->drained++;
    assert_int_equal(gim_stream_pending(s), 0);
    send_more(side_of(s));
}

static void on_end(struct gim_stream *s)
{
    side_of(s)->ends++;
    side_of(s)->data_while_stopped |= side_of(s)->stopped;
    maybe_close(side_of(s), 'e');
}

static void on_error(struct gim_stream *s, int err)
{
    side_of(s)->errors++;
    side_of(s)->err = err;
    maybe_close(side_of(s), 'x');
}

static const struct gim_stream_user user = {.on_open = on_open,
                                            .on_data = on_data,
                                            .on_drained = on_drained,
                                            .on_end = on_end,
                                            .on_error = on_error};

static int open_all(void **state)
{
    (void)state;
    loop = gim_loop_new();
    side = calloc(1, sizeof *side);
    freed = false;
    server = (struct server){0};
    return 0;
}

static void hang_up(void)
{
    if (!freed && side->s.stream.ops)
        side->s.stream.ops->close(&side->s.stream, false);
    if (!freed && side->s.stream.ops)
        side->s.stream.ops->close(&side->s.stream, false); /* twice is once */
    server_join(&server);
}

static int close_all(void **state)
{
    (void)state;
    hang_up();
    if (!freed)
        free(side);
    gim_loop_free(loop);
    return 0;
}

/* Starts a server that does `how`, and dials it as `name`. */
static void dial(enum serve how, struct gim_tls *t, X509 *c, const char *name)
{
    server.how = how;
    server_start(&server, -1, c);
    side->s.stream.owner = side;
    assert_int_equal(gim_tls_dial(&side->s, t, loop, &server.at, name, &user), 0);
    assert_ptr_equal(side->s.stream.owner, side); /* the user's own */
    assert_int_equal(side->opens + side->errors, 0);
}

static void turns(int n)
{
    for (int i = 0; i < n; i++)
        assert_int_equal(gim_loop_turn(loop, 5), 0);
}

static void turn_until(const int *count)
{
    for (int i = 0; i < 2000 && *count == 0; i++)
        assert_int_equal(gim_loop_turn(loop, 5), 0);
    if (*count != 1)
        print_error("opens %d ends %d errors %d (%d) why: %s\n", side->opens, side->ends,
                    side->errors, side->err, side->s.why);
    assert_int_equal(*count, 1);
}

static void turn_until_got(size_t n)
{
    for (int i = 0; i < 20000 && side->got_len < n && !side->errors; i++)
        assert_int_equal(gim_loop_turn(loop, 5), 0);
    assert_int_equal(side->got_len, n);
}

static void fails_saying(const char *why)
{
    turn_until(&side->errors);
    assert_int_equal(side->err, EPROTO);
    assert_string_equal(side->s.why, why);
    turns(3);
    assert_int_equal(side->errors, 1);
    assert_int_equal(side->ends, 0);
}

/* ---- talking ---------------------------------------------------------------------------------- */

static void talks_and_ends(int version)
{
    server.max_version = version;
    dial(SERVE_ECHO, trusting, certificate, "good.test");
    turn_until(&side->opens);
    side->s.stream.ops->write(&side->s.stream, GIM_S("hello"));
    turn_until_got(5);
    assert_string_equal(side->got, "hello");
    side->s.stream.ops->shut_write(&side->s.stream);
    turn_until(&side->ends);
    assert_string_equal(side->s.why, "");
    assert_int_equal(side->opens, 1);
    assert_int_equal(side->errors + side->drained, 0);
    server_join(&server);
    assert_true(server.clean_end);
    assert_string_equal(server.sni, "good.test");
}

static void tls_1_3_opens_talks_and_ends(void **state)
{
    (void)state;
    talks_and_ends(TLS1_3_VERSION);
}

static void tls_1_2_opens_talks_and_ends(void **state)
{
    (void)state;
    talks_and_ends(TLS1_2_VERSION);
}

static void older_versions_are_refused(void **state)
{
    (void)state;
    server.max_version = TLS1_1_VERSION;
    dial(SERVE_ECHO, blind, certificate, "good.test");
    fails_saying("tlsv1 alert protocol version");
}

#define LARGE (6u << 20)

static void goes_both_ways(int version, enum serve how, int stop_every)
{
    const int small = 16384;

    server.max_version = version;
    side->to_send = LARGE;
    side->stop_every = stop_every;
    dial(how, trusting, certificate, "good.test");
    setsockopt(side->s.socket.io.fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
    for (int i = 0; i < 200000 && side->got_len < LARGE && !side->errors; i++) {
        assert_int_equal(gim_loop_turn(loop, side->stopped ? 0 : 5), 0);
        if (side->stopped && i % 2) {
            side->stopped = false;
            side->s.stream.ops->read_start(&side->s.stream);
        }
    }
    assert_int_equal(side->errors, 0);
    assert_int_equal(side->got_len, LARGE);
    assert_false(side->wrong_byte);
    assert_false(side->data_while_stopped);
    assert_true(side->drained > 0);
    assert_true((stop_every != 0) == (side->stops > 0));
    assert_int_equal(gim_stream_pending(&side->s.stream), 0);
    assert_null(side->s.held);
}

static void large_transfer_goes_both_ways(void **state)
{
    (void)state;
    goes_both_ways(0, SERVE_ECHO, 0);
}

static void large_transfer_goes_both_ways_while_reading_stops(void **state)
{
    (void)state;
    goes_both_ways(0, SERVE_ECHO, 3);
}

static void large_transfer_goes_both_ways_in_tls_1_2_one_record_a_turn(void **state)
{
    (void)state;
    goes_both_ways(TLS1_2_VERSION, SERVE_ECHO, 1);
}

static void keys_change_in_the_middle(void **state)
{
    (void)state;
    goes_both_ways(TLS1_3_VERSION, SERVE_ECHO_KEYS, 7);
}

static void bytes_written_before_it_is_open_leave_first(void **state)
{
    (void)state;
    dial(SERVE_ECHO, trusting, certificate, "good.test");
    side->s.stream.ops->write(&side->s.stream, GIM_S("early "));
    side->s.stream.ops->write(&side->s.stream, GIM_S("words "));
    assert_int_equal(gim_stream_pending(&side->s.stream), 12);
    side->write_on_open = "open";
    turn_until_got(16);
    assert_string_equal(side->got, "early words open");
    assert_int_equal(side->drained, 1);
}

static void end_written_before_it_is_open_is_sent_then(void **state)
{
    (void)state;
    dial(SERVE_LAST_WORD, trusting, certificate, "good.test");
    side->s.stream.ops->write(&side->s.stream, GIM_S("all I say"));
    side->s.stream.ops->shut_write(&side->s.stream);
    side->s.stream.ops->write(&side->s.stream, GIM_S("not this"));
    turn_until(&side->ends);
    assert_string_equal(side->got, "last");
    server_join(&server);
    assert_int_equal(server.got, 9);
    assert_true(server.clean_end);
}

static void reading_stopped_before_it_is_open_starts_when_told(void **state)
{
    (void)state;
    dial(SERVE_END, trusting, certificate, "good.test");
    side->s.stream.ops->read_stop(&side->s.stream);
    turn_until(&side->opens);
    turns(10);
    assert_int_equal(side->datas + side->ends, 0);
    side->s.stream.ops->read_start(&side->s.stream);
    assert_int_equal(side->datas, 0); /* not inside read_start */
    turn_until(&side->ends);
    assert_string_equal(side->got, "bye");
}

/* ---- ends ------------------------------------------------------------------------------------- */

static void end_with_close_notify_is_an_end(void **state)
{
    (void)state;
    dial(SERVE_END, trusting, certificate, "good.test");
    turn_until(&side->ends);
    assert_string_equal(side->got, "bye");
    assert_string_equal(side->s.why, "");
    turns(3);
    assert_int_equal(side->ends, 1);
}

static void end_without_close_notify_says_so(void **state)
{
    (void)state;
    dial(SERVE_CUT, trusting, certificate, "good.test");
    turn_until(&side->ends);
    assert_string_equal(side->got, "cut");
    assert_string_equal(side->s.why, "closed without close_notify");
    assert_int_equal(side->errors, 0);
}

static void closing_says_goodbye_and_resetting_does_not(void **state)
{
    (void)state;
    for (int reset = 0; reset < 2; reset++) {
        side->opens = 0;
        dial(SERVE_ECHO, trusting, certificate, "good.test");
        turn_until(&side->opens);
        side->s.stream.ops->close(&side->s.stream, reset);
        server_join(&server);
        assert_int_equal(server.clean_end, !reset);
    }
}

static void reset_is_an_error_of_the_socket(void **state)
{
    (void)state;
    dial(SERVE_RESET, trusting, certificate, "good.test");
    turn_until(&side->errors);
    assert_int_equal(side->err, ECONNRESET);
}

static void stream_may_be_closed_and_freed_in_each_callback(void **state)
{
    static const char where[] = "odex";

    for (const char *w = where; *w; w++) {
        side->close_on = *w;
        dial(SERVE_END, trusting, certificate, *w == 'x' ? "bad.test" : "good.test");
        for (int i = 0; i < 400 && !freed; i++)
            turns(1);
        assert_true(freed);
        turns(2);
        close_all(state);
        open_all(state);
    }
}

static void closing_during_the_handshake_is_quiet(void **state)
{
    (void)state;
    dial(SERVE_ECHO, trusting, certificate, "good.test");
    turns(1);
    side->s.stream.ops->write(&side->s.stream, GIM_S("never sent"));
    side->s.stream.ops->close(&side->s.stream, false);
    turns(3);
    assert_int_equal(side->opens + side->errors + side->ends, 0);
    side->s.stream.ops->write(&side->s.stream, GIM_S("to nobody"));
    side->s.stream.ops->shut_write(&side->s.stream);
    side->s.stream.ops->read_stop(&side->s.stream);
    side->s.stream.ops->read_start(&side->s.stream);
}

/* ---- trust ------------------------------------------------------------------------------------ */

static void self_signed_certificate_nobody_trusts_is_refused(void **state)
{
    char err[160];
    struct gim_tls *t = gim_tls_new(true, NULL, err, sizeof err);

    (void)state;
    assert_non_null(t);
    dial(SERVE_ECHO, t, certificate, "good.test");
    fails_saying("certificate verify failed: self-signed certificate");
    assert_int_equal(side->opens, 0);
    hang_up();
    gim_tls_free(t);
}

static void expired_certificate_is_refused(void **state)
{
    (void)state;
    dial(SERVE_ECHO, trusting, expired, "good.test");
    fails_saying("certificate verify failed: certificate has expired");
}

static const struct name_row {
    const char *name, *sni;
    const char *why; /* NULL: accepted */
} rows[] = {
    {"good.test", "good.test", NULL},
    {"GOOD.test", "GOOD.test", NULL},
    {"good.test.", "good.test", NULL},
    {"a.wild.test", "a.wild.test", NULL},
    {"127.0.0.1", "", NULL},
    {"::1", "", NULL},
    {"[::1]", "", NULL},
    {"bad.test", NULL, "certificate verify failed: hostname mismatch, it is not for bad.test"},
    {"test", NULL, "certificate verify failed: hostname mismatch, it is not for test"},
    {"a.b.wild.test", NULL,
     "certificate verify failed: hostname mismatch, it is not for a.b.wild.test"},
    {"127.0.0.2", NULL, "certificate verify failed: IP address mismatch, it is not for 127.0.0.2"},
    {"::2", NULL, "certificate verify failed: IP address mismatch, it is not for ::2"},
};

static void names_are_verified_as_rows_say(void **state)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        dial(SERVE_ECHO, trusting, certificate, rows[i].name);
        if (rows[i].why)
            fails_saying(rows[i].why);
        else
            turn_until(&side->opens);
        hang_up();
        if (rows[i].sni)
            assert_string_equal(server.sni, rows[i].sni);
        close_all(state);
        open_all(state);
    }
}

static void unverified_anything_goes(void **state)
{
    (void)state;
    dial(SERVE_ECHO, blind, expired, "bad.test");
    turn_until(&side->opens);
    side->s.stream.ops->write(&side->s.stream, GIM_S("x"));
    turn_until_got(1);
}

static void name_that_cannot_be_one_is_refused_at_once(void **state)
{
    static const char *const names[] = {"", NULL};
    char longest[300];

    (void)state;
    server_listen(&server);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(gim_tls_dial(&side->s, trusting, loop, &server.at, names[i], &user), -1);
        assert_int_equal(errno, EINVAL);
        assert_string_equal(side->s.why, "\"\" is no server name");
    }
    memset(longest, 'n', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    assert_int_equal(gim_tls_dial(&side->s, trusting, loop, &server.at, longest, &user), -1);
    assert_int_equal(errno, EINVAL);
    close(server.listener);
}

static void file_of_certificates_that_is_none_is_named(void **state)
{
    char err[160];

    (void)state;
    assert_null(gim_tls_new(true, "/nowhere/ca.pem", err, sizeof err));
    assert_string_equal(err, "/nowhere/ca.pem: No such file or directory");
    assert_null(gim_tls_new(true, "/dev/null", err, sizeof err));
    assert_non_null(strstr(err, "/dev/null: "));
    gim_tls_free(NULL);
}

/* ---- servers that are none -------------------------------------------------------------------- */

static void plain_server_is_named(void **state)
{
    (void)state;
    dial(SERVE_PLAIN, trusting, certificate, "good.test");
    fails_saying("the server does not speak TLS on this port");
}

static void end_during_the_handshake_is_named(void **state)
{
    (void)state;
    dial(SERVE_HANG_UP, trusting, certificate, "good.test");
    fails_saying("the server closed the connection during the handshake");
}

static void garbage_after_the_handshake_is_an_error(void **state)
{
    (void)state;
    dial(SERVE_GARBAGE, trusting, certificate, "good.test");
    fails_saying("wrong version number");
    assert_int_equal(side->opens, 1);
    side->s.stream.ops->write(&side->s.stream, GIM_S("who failed writes no more"));
    turns(2);
    assert_int_equal(side->errors, 1);
}

static void certificate_of_ours_that_is_missing_is_named(void **state)
{
    (void)state;
    dial(SERVE_CERTIFICATE, trusting, certificate, "good.test");
    fails_saying("tlsv13 alert certificate required");
}

static void nobody_listening_is_refused(void **state)
{
    (void)state;
    server_listen(&server);
    close(server.listener);
    assert_int_equal(gim_tls_dial(&side->s, trusting, loop, &server.at, "good.test", &user), 0);
    turn_until(&side->errors);
    assert_int_equal(side->err, ECONNREFUSED);
    assert_string_equal(side->s.why, "");
}

static void dialled_again_in_the_same_memory_it_works_again(void **state)
{
    (void)state;
    dial(SERVE_ECHO, trusting, certificate, "bad.test");
    turn_until(&side->errors);
    hang_up();
    side->errors = 0;
    side->close_on = 0;
    talks_and_ends(0);
}

/* ---- over an open socket ---------------------------------------------------------------------- */

static void proxy_data(struct gim_stream *socket, gim_str data)
{
    struct side *me = GIM_CONTAINER(socket, struct side, s.socket);

    assert_int_equal(data.len, 2);
    assert_int_equal(gim_tls_start(&me->s, trusting, "good.test", &user), 0);
    me->s.stream.ops->write(&me->s.stream, GIM_S("through the tunnel"));
}

static const struct gim_stream_user proxy_user = {.on_data = proxy_data};

static void tls_starts_on_an_open_socket_inside_its_on_data(void **state)
{
    int fd[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
    fcntl(fd[0], F_SETFL, O_NONBLOCK);
    assert_int_equal(gim_socket_open(&side->s.socket, loop, fd[0], &proxy_user), 0);
    assert_int_equal(write(fd[1], "ok", 2), 2);
    server.how = SERVE_ECHO;
    server_start(&server, fd[1], certificate);
    turn_until_got(18);
    assert_string_equal(side->got, "through the tunnel");
    assert_int_equal(side->opens, 1);
    side->s.stream.ops->shut_write(&side->s.stream);
    turn_until(&side->ends);
}

static int make_certificates(void **state)
{
    char err[160];

    (void)state;
    signal(SIGPIPE, SIG_IGN); /* the server's; streams do not need it */
    certificate = make_certificate("good", NAMES, 30);
    expired = make_certificate("expired", NAMES, -1);
    close(mkstemp(ca_path));
    append_pem(ca_path, certificate);
    append_pem(ca_path, expired);
    trusting = gim_tls_new(true, ca_path, err, sizeof err);
    blind = gim_tls_new(false, NULL, err, sizeof err);
    return trusting && blind ? 0 : -1;
}

static int free_certificates(void **state)
{
    (void)state;
    gim_tls_free(trusting);
    gim_tls_free(blind);
    X509_free(certificate);
    X509_free(expired);
    EVP_PKEY_free(test_key);
    unlink(ca_path);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_all, close_all)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(tls_1_3_opens_talks_and_ends),
        TEST(tls_1_2_opens_talks_and_ends),
        TEST(older_versions_are_refused),
        TEST(large_transfer_goes_both_ways),
        TEST(large_transfer_goes_both_ways_while_reading_stops),
        TEST(large_transfer_goes_both_ways_in_tls_1_2_one_record_a_turn),
        TEST(keys_change_in_the_middle),
        TEST(bytes_written_before_it_is_open_leave_first),
        TEST(end_written_before_it_is_open_is_sent_then),
        TEST(reading_stopped_before_it_is_open_starts_when_told),
        TEST(end_with_close_notify_is_an_end),
        TEST(end_without_close_notify_says_so),
        TEST(closing_says_goodbye_and_resetting_does_not),
        TEST(reset_is_an_error_of_the_socket),
        TEST(stream_may_be_closed_and_freed_in_each_callback),
        TEST(closing_during_the_handshake_is_quiet),
        TEST(self_signed_certificate_nobody_trusts_is_refused),
        TEST(expired_certificate_is_refused),
        TEST(names_are_verified_as_rows_say),
        TEST(unverified_anything_goes),
        TEST(name_that_cannot_be_one_is_refused_at_once),
        TEST(file_of_certificates_that_is_none_is_named),
        TEST(plain_server_is_named),
        TEST(end_during_the_handshake_is_named),
        TEST(garbage_after_the_handshake_is_an_error),
        TEST(certificate_of_ours_that_is_missing_is_named),
        TEST(nobody_listening_is_refused),
        TEST(dialled_again_in_the_same_memory_it_works_again),
        TEST(tls_starts_on_an_open_socket_inside_its_on_data),
    };

    return cmocka_run_group_tests(tests, make_certificates, free_certificates);
}
