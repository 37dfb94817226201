/* test_dial.c: names to addresses, and connections that succeed and fail in every way a machine
 * without a network can make them. */
#include "gimlet/net/dial.h"
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/un.h>
#include <unistd.h>

struct side {
    struct gim_stream s;
    int opens, datas, drained, ends, errors, err;
    size_t got;
    bool data_before_open;
    bool close_on_open;
    const char *write_on_open;
};

static struct gim_loop *loop;
static struct side *side;
static bool freed;

static struct side *side_of(struct gim_stream *s)
{
    return GIM_CONTAINER(s, struct side, s);
}

static void on_open(struct gim_stream *s)
{
    struct side *me = side_of(s);

    me->opens++;
    if (me->write_on_open)
        s->ops->write(s, gim_str_of(me->write_on_open));
    if (me->close_on_open) {
        s->ops->close(s, false);
        memset(me, 0xee, sizeof *me);
        free(me);
        freed = true;
    }
}

static void on_data(struct gim_stream *s, gim_str data)
{
    side_of(s)->datas++;
    side_of(s)->got += data.len;
    side_of(s)->data_before_open |= side_of(s)->opens == 0;
}

static void on_drained(struct gim_stream *s)
{
    side_of(s)->drained++;
}

static void on_end(struct gim_stream *s)
{
    side_of(s)->ends++;
}

static void on_error(struct gim_stream *s, int err)
{
    side_of(s)->errors++;
    side_of(s)->err = err;
}

static const struct gim_stream_user user = {.on_open = on_open,
                                            .on_data = on_data,
                                            .on_drained = on_drained,
                                            .on_end = on_end,
                                            .on_error = on_error};

static int open_loop(void **state)
{
    (void)state;
    loop = gim_loop_new();
    side = calloc(1, sizeof *side);
    side->s.io.fd = -1;
    freed = false;
    return 0;
}

static int close_loop(void **state)
{
    (void)state;
    if (!freed) {
        if (side->s.ops)
            side->s.ops->close(&side->s, false);
        free(side);
    }
    gim_loop_free(loop);
    return 0;
}

static void turns(int n)
{
    for (int i = 0; i < n; i++)
        assert_int_equal(gim_loop_turn(loop, 5), 0);
}

static void turn_until(const int *count)
{
    for (int i = 0; i < 400 && *count == 0; i++)
        assert_int_equal(gim_loop_turn(loop, 5), 0);
    assert_int_equal(*count, 1);
}

/* A listener on loopback, and its address. `family` AF_INET or AF_UNIX (abstract name). */
static int listen_on(int family, int backlog, struct gim_address *a)
{
    int fd = socket(family, SOCK_STREAM, 0);
    struct sockaddr_in *v4 = (struct sockaddr_in *)(void *)&a->sockaddr;
    struct sockaddr_un *un = (struct sockaddr_un *)(void *)&a->sockaddr;

    *a = (struct gim_address){0};
    if (family == AF_INET) {
        *v4 =
            (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        a->len = sizeof *v4;
    } else {
        un->sun_family = AF_UNIX;
        a->len = sizeof(sa_family_t); /* autobind */
    }
    assert_int_equal(bind(fd, (struct sockaddr *)&a->sockaddr, a->len), 0);
    assert_int_equal(listen(fd, backlog), 0);
    a->len = sizeof a->sockaddr;
    getsockname(fd, (struct sockaddr *)&a->sockaddr, &a->len);
    return fd;
}

static void opens_and_talks(int family)
{
    struct gim_address to;
    int listener = listen_on(family, 8, &to);
    char got[16] = {0};
    int peer;

    side->s.owner = side;
    assert_int_equal(gim_dial(&side->s, loop, &to, &user), 0);
    assert_ptr_equal(side->s.owner, side); /* the user's own */
    assert_int_equal(side->opens, 0);      /* not inside gim_dial */
    turn_until(&side->opens);
    peer = accept(listener, NULL, NULL);
    side->s.ops->write(&side->s, GIM_S("hello"));
    assert_int_equal(read(peer, got, sizeof got), 5);
    assert_int_equal(write(peer, "back", 4), 4);
    shutdown(peer, SHUT_WR);
    turn_until(&side->ends);
    assert_int_equal(side->got, 4);
    turns(3);
    assert_int_equal(side->opens, 1);
    assert_int_equal(side->ends, 1);
    assert_int_equal(side->errors, 0);
    assert_int_equal(side->drained, 0);
    close(peer);
    close(listener);
}

static void tcp_connection_opens_once_and_talks(void **state)
{
    (void)state;
    opens_and_talks(AF_INET);
}

static void unix_connection_opens_once_and_talks(void **state)
{
    (void)state;
    opens_and_talks(AF_UNIX);
}

static void tcp_connection_does_not_wait_to_fill_segments(void **state)
{
    struct gim_address to;
    int listener = listen_on(AF_INET, 8, &to);
    int on = 0;
    socklen_t len = sizeof on;

    (void)state;
    assert_int_equal(gim_dial(&side->s, loop, &to, &user), 0);
    getsockopt(side->s.io.fd, IPPROTO_TCP, TCP_NODELAY, &on, &len);
    assert_true(on);
    assert_true(fcntl(side->s.io.fd, F_GETFD) & FD_CLOEXEC);
    close(listener);
}

static void bytes_written_before_it_is_open_leave_then(void **state)
{
    struct gim_address to;
    int listener = listen_on(AF_INET, 8, &to);
    char got[16] = {0};
    int peer;

    (void)state;
    assert_int_equal(gim_dial(&side->s, loop, &to, &user), 0);
    side->s.ops->write(&side->s, GIM_S("early "));
    side->write_on_open = "open";
    turn_until(&side->opens);
    peer = accept(listener, NULL, NULL);
    turns(2);
    assert_int_equal(recv(peer, got, 10, MSG_WAITALL), 10);
    assert_string_equal(got, "early open");
    assert_int_equal(gim_stream_pending(&side->s), 0);
    close(peer);
    close(listener);
}

static void peer_that_speaks_and_leaves_at_once_is_heard_after_on_open(void **state)
{
    struct gim_address to;
    int listener = listen_on(AF_INET, 8, &to);
    int peer;

    (void)state;
    assert_int_equal(gim_dial(&side->s, loop, &to, &user), 0);
    peer = accept(listener, NULL, NULL);
    assert_int_equal(write(peer, "busy", 4), 4);
    close(peer);
    turn_until(&side->ends);
    assert_int_equal(side->opens, 1);
    assert_int_equal(side->got, 4);
    assert_false(side->data_before_open);
    close(listener);
}

static void stream_may_be_closed_and_freed_inside_on_open(void **state)
{
    struct gim_address to;
    int listener = listen_on(AF_INET, 8, &to);
    int peer;

    (void)state;
    side->close_on_open = true;
    assert_int_equal(gim_dial(&side->s, loop, &to, &user), 0);
    peer = accept(listener, NULL, NULL);
    assert_int_equal(write(peer, "x", 1), 1);
    turns(3);
    assert_true(freed);
    close(peer);
    close(listener);
}

static void fails_with(const struct gim_address *to, int err)
{
    assert_int_equal(gim_dial(&side->s, loop, to, &user), 0);
    assert_int_equal(side->errors, 0); /* not inside gim_dial */
    turn_until(&side->errors);
    assert_int_equal(side->err, err);
    turns(2);
    assert_int_equal(side->errors, 1);
    assert_int_equal(side->opens, 0);
}

static void nobody_listening_is_told_later_on_tcp(void **state)
{
    struct gim_address to;

    (void)state;
    close(listen_on(AF_INET, 1, &to));
    fails_with(&to, ECONNREFUSED);
}

static void nobody_listening_is_told_later_on_a_unix_socket(void **state)
{
    struct gim_address to;

    (void)state;
    close(listen_on(AF_UNIX, 1, &to));
    fails_with(&to, ECONNREFUSED);
}

static void path_that_is_not_there_is_told_later(void **state)
{
    struct gim_address to;
    char err[128];
    int64_t ns;

    (void)state;
    assert_int_equal(gim_resolve("unix:/nowhere/at/all", 0, &to, 1, &ns, err, sizeof err), 1);
    fails_with(&to, ENOENT);
}

static void full_queue_of_a_unix_listener_is_told_later(void **state)
{
    struct gim_address to;
    int listener = listen_on(AF_UNIX, 0, &to);
    int first = socket(AF_UNIX, SOCK_STREAM, 0);

    (void)state;
    assert_int_equal(connect(first, (struct sockaddr *)&to.sockaddr, to.len), 0);
    fails_with(&to, EAGAIN);
    close(first);
    close(listener);
}

static void write_to_a_connection_that_fails_does_no_harm(void **state)
{
    struct gim_address to;

    (void)state;
    close(listen_on(AF_INET, 1, &to));
    assert_int_equal(gim_dial(&side->s, loop, &to, &user), 0);
    side->s.ops->write(&side->s, GIM_S("into the void"));
    turn_until(&side->errors);
    assert_true(side->err == ECONNREFUSED || side->err == EPIPE);
    assert_int_equal(gim_stream_pending(&side->s), 0);
}

static void running_out_of_descriptors_is_told_at_once(void **state)
{
    struct gim_address to;
    int listener = listen_on(AF_INET, 1, &to);
    struct rlimit was, none;

    (void)state;
    getrlimit(RLIMIT_NOFILE, &was);
    none = was;
    none.rlim_cur = 3;
    setrlimit(RLIMIT_NOFILE, &none);
    assert_int_equal(gim_dial(&side->s, loop, &to, &user), -1);
    assert_int_equal(errno, EMFILE);
    setrlimit(RLIMIT_NOFILE, &was);
    close(listener);
}

static void closing_while_it_connects_is_quiet(void **state)
{
    struct gim_address to;
    int listener = listen_on(AF_INET, 8, &to);

    (void)state;
    assert_int_equal(gim_dial(&side->s, loop, &to, &user), 0);
    side->s.ops->close(&side->s, true);
    turns(3);
    assert_int_equal(side->opens + side->errors + side->ends, 0);
    close(listener);
}

static void dialled_again_inside_the_same_memory_it_works_again(void **state)
{
    struct gim_address to;
    int listener;

    (void)state;
    close(listen_on(AF_INET, 1, &to));
    fails_with(&to, ECONNREFUSED);
    side->s.ops->close(&side->s, false);
    listener = listen_on(AF_INET, 8, &to);
    assert_int_equal(gim_dial(&side->s, loop, &to, &user), 0);
    turn_until(&side->opens);
    close(listener);
}

/* ---- names ------------------------------------------------------------------------------------ */

struct name_row {
    const char *host;
    int port;
    const char *numeric; /* the first address; NULL: fails */
    const char *err;     /* part of what is said */
};

static const struct name_row names[] = {
    {"127.0.0.1", 8080, "127.0.0.1", NULL},
    {"::1", 80, "::1", NULL},
    {"[::1]", 80, "::1", NULL},
    {"[2001:db8::7]", 65535, "2001:db8::7", NULL},
    {"::ffff:10.0.0.1", 0, "::ffff:10.0.0.1", NULL},
    {"", 80, NULL, "1 to 255 bytes"},
    {"127.0.0.1", 65536, NULL, "port 65536"},
    {"127.0.0.1", -1, NULL, "port -1"},
    {"a..b", 80, NULL, "lookup a..b: "}, /* not a name: no server is asked */
    {"[a..b]", 80, NULL, "lookup a..b: "},
    {"unix:", 0, NULL, "needs a path"},
};

static void addresses_as_rows_say(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const struct name_row *r = &names[i];
        const struct sockaddr_in *v4;
        const struct sockaddr_in6 *v6;
        struct gim_address a[4];
        char err[160] = "", text[INET6_ADDRSTRLEN] = "";
        int64_t ns = -1;
        int n = gim_resolve(r->host, r->port, a, 4, &ns, err, sizeof err);

        assert_true(ns >= 0);
        assert_int_equal(n, r->numeric ? 1 : -1);
        if (!r->numeric) {
            assert_non_null(strstr(err, r->err));
            continue;
        }
        v4 = (const struct sockaddr_in *)(const void *)&a->sockaddr;
        v6 = (const struct sockaddr_in6 *)(const void *)&a->sockaddr;
        inet_ntop(v4->sin_family,
                  v4->sin_family == AF_INET ? (const void *)&v4->sin_addr
                                            : (const void *)&v6->sin6_addr,
                  text, sizeof text);
        assert_string_equal(text, r->numeric);
        assert_int_equal(ntohs(v4->sin_port), r->port);
        assert_int_equal(a->len, v4->sin_family == AF_INET ? sizeof *v4 : sizeof *v6);
    }
}

static void localhost_has_an_address_and_max_is_kept(void **state)
{
    struct gim_address a[3];
    char err[160];
    int64_t ns;
    int n = gim_resolve("localhost", 8080, a, 3, &ns, err, sizeof err);

    (void)state;
    assert_in_range(n, 1, 3);
    for (int i = 0; i < n; i++)
        assert_true(a[i].len > 0);
    memset(a, 0xaa, sizeof a);
    assert_int_equal(gim_resolve("localhost", 8080, a, 1, &ns, err, sizeof err), 1);
    assert_int_equal(a[1].len, 0xaaaaaaaa);
}

static void unix_path_fits_or_is_refused_by_its_length(void **state)
{
    struct gim_address a;
    const struct sockaddr_un *un = (const struct sockaddr_un *)(const void *)&a.sockaddr;
    char path[200] = "unix:/", err[300];
    int64_t ns;

    (void)state;
    memset(path + 6, 'p', 106);
    assert_int_equal(gim_resolve(path, 0, &a, 1, &ns, err, sizeof err), 1);
    assert_string_equal(un->sun_path, path + 5);
    path[6 + 106] = 'p';
    assert_int_equal(gim_resolve(path, 0, &a, 1, &ns, err, sizeof err), -1);
    assert_non_null(strstr(err, "at most 107 bytes, this has 108"));
}

static void name_longer_than_any_is_refused(void **state)
{
    struct gim_address a;
    char name[400], err[160];
    int64_t ns;

    (void)state;
    memset(name, 'n', sizeof name);
    name[sizeof name - 1] = '\0';
    assert_int_equal(gim_resolve(name, 80, &a, 1, &ns, err, sizeof err), -1);
    assert_non_null(strstr(err, "nnn...\": a host name has 1 to 255 bytes"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_loop, close_loop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(tcp_connection_opens_once_and_talks),
        TEST(unix_connection_opens_once_and_talks),
        TEST(tcp_connection_does_not_wait_to_fill_segments),
        TEST(bytes_written_before_it_is_open_leave_then),
        TEST(peer_that_speaks_and_leaves_at_once_is_heard_after_on_open),
        TEST(stream_may_be_closed_and_freed_inside_on_open),
        TEST(nobody_listening_is_told_later_on_tcp),
        TEST(nobody_listening_is_told_later_on_a_unix_socket),
        TEST(path_that_is_not_there_is_told_later),
        TEST(full_queue_of_a_unix_listener_is_told_later),
        TEST(write_to_a_connection_that_fails_does_no_harm),
        TEST(running_out_of_descriptors_is_told_at_once),
        TEST(closing_while_it_connects_is_quiet),
        TEST(dialled_again_inside_the_same_memory_it_works_again),
        cmocka_unit_test(addresses_as_rows_say),
        cmocka_unit_test(localhost_has_an_address_and_max_is_kept),
        cmocka_unit_test(unix_path_fits_or_is_refused_by_its_length),
        cmocka_unit_test(name_longer_than_any_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
