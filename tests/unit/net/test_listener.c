/* test_listener.c: accepting in a loop, and the day the fds run out. */
#include "gimlet/net/listen.h"
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX 64

static struct gim_loop *loop;
static struct gim_listener listener;
static int accepted[MAX], n_accepted;
static int clients[MAX], n_clients;
static bool stop_at_once;
static int port;

static void on_accept(struct gim_listener *l, int fd)
{
    accepted[n_accepted++] = fd;
    if (stop_at_once)
        gim_listener_stop(l, true);
}

static int open_listener(void **state)
{
    char shown[GIM_ADDRESS_MAX], err[256];

    (void)state;
    n_accepted = n_clients = 0;
    stop_at_once = false;
    listener = (struct gim_listener){.on_accept = on_accept};
    loop = gim_loop_new();
    assert_int_equal(gim_listen("127.0.0.1", 0, 128, &listener.io.fd, 1, shown, err, sizeof err),
                     0);
    port = (int)strtol(strrchr(shown, ':') + 1, NULL, 10);
    assert_int_equal(gim_listener_start(&listener, loop), 0);
    return 0;
}

static int close_listener(void **state)
{
    (void)state;
    gim_listener_stop(&listener, true);
    gim_listener_stop(&listener, true);
    for (int i = 0; i < n_accepted; i++)
        close(accepted[i]);
    for (int i = 0; i < n_clients; i++)
        close(clients[i]);
    gim_loop_free(loop);
    return 0;
}

static void connect_some(int n)
{
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_port = htons((uint16_t)port),
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    for (int i = 0; i < n; i++) {
        int fd = socket(AF_INET, SOCK_STREAM, 0);

        assert_true(fd >= 0);
        assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
        clients[n_clients++] = fd;
    }
}

static unsigned turns_for(uint64_t ms)
{
    unsigned n = 0;
    uint64_t until;

    assert_int_equal(gim_loop_turn(loop, 0), 0);
    until = gim_loop_ms(loop) + ms;
    for (; gim_loop_ms(loop) < until; n++)
        assert_int_equal(gim_loop_turn(loop, (int)(until - gim_loop_ms(loop))), 0);
    return n;
}

static void accepted_sockets_are_nonblocking_cloexec_nodelay(void **state)
{
    int on = 0;
    socklen_t len = sizeof on;

    (void)state;
    connect_some(1);
    turns_for(10);
    assert_int_equal(n_accepted, 1);
    assert_true(fcntl(accepted[0], F_GETFL) & O_NONBLOCK);
    assert_true(fcntl(accepted[0], F_GETFD) & FD_CLOEXEC);
    assert_int_equal(getsockopt(accepted[0], IPPROTO_TCP, TCP_NODELAY, &on, &len), 0);
    assert_true(on);
}

static void listener_takes_its_share_a_turn_and_the_rest_later(void **state)
{
    (void)state;
    listener.per_turn = 4;
    connect_some(10);
    for (int expected = 4; expected <= 12; expected += 4) {
        assert_int_equal(gim_loop_turn(loop, 1000), 0);
        assert_int_equal(n_accepted, expected < 10 ? expected : 10);
    }
}

static void on_accept_may_stop_the_listener(void **state)
{
    (void)state;
    stop_at_once = true;
    connect_some(3);
    turns_for(20);
    assert_int_equal(n_accepted, 1);
    assert_int_equal(listener.io.fd, -1);
}

static void without_fds_the_listener_neither_spins_nor_dies(void **state)
{
    struct rlimit before, low;
    int top, held;
    char byte;

    (void)state;
    connect_some(2);
    turns_for(10);
    assert_int_equal(n_accepted, 2);
    connect_some(6);
    top = dup(0);
    close(top);
    getrlimit(RLIMIT_NOFILE, &before);
    low = before;
    low.rlim_cur = (rlim_t)top + 1;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
    held = dup(0); /* takes the last number: accept is EMFILE from now on */
    assert_int_equal(held, top);

    assert_in_range(turns_for(350), 1, 24); /* a loop that spins makes 100,000 */
    assert_int_equal(n_accepted, 2);
    assert_int_equal(recv(clients[2], &byte, 1, MSG_DONTWAIT), 0); /* refused, and knows it */
    assert_int_equal(recv(clients[7], &byte, 1, MSG_DONTWAIT), -1);
    assert_int_equal(errno, EAGAIN); /* waits */

    close(held);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    turns_for(250);
    assert_in_range(n_accepted, 2 + 1, 2 + 5); /* the rest is served by itself */
    assert_false(listener.paused);
    assert_true(listener.spare >= 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(accepted_sockets_are_nonblocking_cloexec_nodelay,
                                        open_listener, close_listener),
        cmocka_unit_test_setup_teardown(listener_takes_its_share_a_turn_and_the_rest_later,
                                        open_listener, close_listener),
        cmocka_unit_test_setup_teardown(on_accept_may_stop_the_listener, open_listener,
                                        close_listener),
        cmocka_unit_test_setup_teardown(without_fds_the_listener_neither_spins_nor_dies,
                                        open_listener, close_listener),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
