/* test_supervisor.c: a listening socket that a service manager hands over, and what it is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "gimlet/net/supervisor.h"

static char err[256];

static void set_env(const char *pid, const char *fds)
{
    if (pid)
        setenv("LISTEN_PID", pid, 1);
    if (fds)
        setenv("LISTEN_FDS", fds, 1);
    setenv("LISTEN_FDNAMES", "posts", 1);
}

static void the_variables_say_whether_a_socket_was_handed_over(void **state)
{
    char self[24], other[24];
    const struct {
        const char *pid, *fds;
        int result;
        const char *says;
    } rows[] = {
        {NULL, NULL, 0, ""},
        {self, NULL, 0, ""},
        {NULL, "1", 0, ""},
        {self, "1", 3, ""},
        {self, "0", 0, ""},
        {other, "1", 0, ""},
        {other, "2", 0, ""},
        {self, "2", -1, "2 sockets"},
        {self, "x", -1, "no numbers"},
        {"x", "1", -1, "no numbers"},
        {self, "-1", -1, "no numbers"},
        {"", "", -1, "no numbers"},
    };

    (void)state;
    snprintf(self, sizeof self, "%d", getpid());
    snprintf(other, sizeof other, "%d", getppid());
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        unsetenv("LISTEN_PID");
        unsetenv("LISTEN_FDS");
        set_env(rows[i].pid, rows[i].fds);
        *err = '\0';
        assert_int_equal(gim_inherited(err, sizeof err), rows[i].result);
        if (!strstr(err, rows[i].says))
            fail_msg("row %zu: %s", i, err);
        if (rows[i].pid && rows[i].fds) { /* no child shall take them for its own */
            assert_null(getenv("LISTEN_PID"));
            assert_null(getenv("LISTEN_FDS"));
            assert_null(getenv("LISTEN_FDNAMES"));
        }
    }
}

static int tcp(int family, int *port)
{
    struct sockaddr_storage at = {.ss_family = (sa_family_t)family};
    socklen_t len = family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
    int fd = socket(family, SOCK_STREAM, 0);
    struct sockaddr_in *v4 = (struct sockaddr_in *)(void *)&at;

    if (family == AF_INET)
        v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    else
        ((struct sockaddr_in6 *)(void *)&at)->sin6_addr = in6addr_loopback;
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, len) || listen(fd, 8))
        return -1;
    getsockname(fd, (struct sockaddr *)&at, &len);
    *port = ntohs(v4->sin_port); /* at the same place in both */
    return fd;
}

static void a_tcp_socket_is_shared_by_all_workers(void **state)
{
    (void)state;
    for (int v6 = 0; v6 < 2; v6++) {
        char shown[GIM_ADDRESS_MAX], want[64];
        int fds[3], port, fd = tcp(v6 ? AF_INET6 : AF_INET, &port);

        if (fd < 0)
            continue; /* no IPv6 here */
        assert_int_equal(gim_listen_inherited(fd, fds, 3, shown, err, sizeof err), 0);
        snprintf(want, sizeof want, v6 ? "http://[::1]:%d" : "http://127.0.0.1:%d", port);
        assert_string_equal(shown, want);
        assert_int_equal(fcntl(fd, F_GETFD), -1); /* the workers have their own */
        for (int i = 0; i < 3; i++) {
            assert_true(fcntl(fds[i], F_GETFL) & O_NONBLOCK);
            assert_true(fcntl(fds[i], F_GETFD) & FD_CLOEXEC);
            close(fds[i]);
        }
    }
}

static void a_unix_socket_is_shown_by_its_path(void **state)
{
    char shown[GIM_ADDRESS_MAX];
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0), one;

    (void)state;
    snprintf(at.sun_path + 1, sizeof at.sun_path - 1, "gimlet-%d", getpid()); /* abstract */
    assert_int_equal(
        bind(fd, (struct sockaddr *)&at,
             (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(at.sun_path + 1))),
        0);
    assert_int_equal(listen(fd, 8), 0);
    assert_int_equal(gim_listen_inherited(fd, &one, 1, shown, err, sizeof err), 0);
    assert_memory_equal(shown, "unix:@gimlet-", 13);
    close(one);
}

static void what_is_no_listener_is_refused(void **state)
{
    char shown[GIM_ADDRESS_MAX];
    int one, pair[2];
    int file = open("/dev/null", O_RDONLY), datagram = socket(AF_INET, SOCK_DGRAM, 0);

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    for (int i = 0; i < 3; i++) {
        int fd = i == 0 ? file : i == 1 ? datagram : pair[0];

        assert_int_equal(gim_listen_inherited(fd, &one, 1, shown, err, sizeof err), -1);
        assert_non_null(strstr(err, "is not a listening socket"));
        assert_int_equal(fcntl(fd, F_GETFD), -1);
    }
    close(pair[1]);
    assert_int_equal(gim_listen_inherited(99, &one, 1, shown, err, sizeof err), -1);
}

static void the_manager_is_told(void **state)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    char got[32] = "", name[128];

    (void)state;
    snprintf(at.sun_path + 1, sizeof at.sun_path - 1, "gimlet-notify-%d", getpid());
    assert_int_equal(
        bind(fd, (struct sockaddr *)&at,
             (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(at.sun_path + 1))),
        0);
    gim_notify("READY=1"); /* nobody is named */
    snprintf(name, sizeof name, "@%s", at.sun_path + 1);
    setenv("NOTIFY_SOCKET", name, 1);
    gim_notify("STOPPING=1");
    assert_int_equal(recv(fd, got, sizeof got, 0), 10);
    assert_string_equal(got, "STOPPING=1");
    close(fd);
    gim_notify("READY=1"); /* nobody reads */
    setenv("NOTIFY_SOCKET", "@", 1);
    gim_notify("READY=1");
    unsetenv("NOTIFY_SOCKET");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_variables_say_whether_a_socket_was_handed_over),
        cmocka_unit_test(a_tcp_socket_is_shared_by_all_workers),
        cmocka_unit_test(a_unix_socket_is_shown_by_its_path),
        cmocka_unit_test(what_is_no_listener_is_refused),
        cmocka_unit_test(the_manager_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
