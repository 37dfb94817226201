/* test_listen.c: from an address to sockets, and what is said when that fails. */
#include "gimlet/net/listen.h"
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static char shown[GIM_ADDRESS_MAX];
static char err[256];

static int port_shown(void)
{
    return (int)strtol(strrchr(shown, ':') + 1, NULL, 10);
}

static int try_listen(const char *host, int port, int *fds, unsigned n)
{
    *shown = *err = '\0';
    return gim_listen(host, port, 128, fds, n, shown, err, sizeof err);
}

static int connect_tcp(int port)
{
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_port = htons((uint16_t)port),
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (connect(fd, (struct sockaddr *)&a, sizeof a) == 0)
        return fd;
    close(fd);
    return -1;
}

static void port_zero_is_one_free_port_for_all_workers(void **state)
{
    int fds[4];
    int c;

    (void)state;
    assert_int_equal(try_listen("127.0.0.1", 0, fds, 4), 0);
    assert_memory_equal(shown, "http://127.0.0.1:", 17);
    for (int i = 0; i < 4; i++) {
        struct sockaddr_in a;
        socklen_t len = sizeof a;

        assert_int_equal(getsockname(fds[i], (struct sockaddr *)&a, &len), 0);
        assert_int_equal(ntohs(a.sin_port), port_shown());
        assert_true(fcntl(fds[i], F_GETFL) & O_NONBLOCK);
        assert_true(fcntl(fds[i], F_GETFD) & FD_CLOEXEC);
    }
    c = connect_tcp(port_shown());
    assert_true(c >= 0);
    close(c);
    for (int i = 0; i < 4; i++)
        close(fds[i]);
}

static void port_in_use_is_said_with_the_mend(void **state)
{
    static const unsigned counts[][2] = {{1, 1}, {1, 2}, {2, 1}, {2, 2}};
    char expected[256];

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        int fds[2], more[2];

        assert_int_equal(try_listen("localhost", 0, fds, counts[i][0]), 0);
        snprintf(expected, sizeof expected,
                 "port %d is in use (another server is listening); stop it or choose another: "
                 "--port %d",
                 port_shown(), port_shown() + 1);
        assert_int_equal(try_listen("localhost", port_shown(), more, counts[i][1]), -1);
        assert_string_equal(err, expected);
        assert_string_equal(shown, "");
        for (unsigned k = 0; k < counts[i][0]; k++)
            close(fds[k]);
    }
}

static void port_is_free_again_right_after_its_server(void **state)
{
    int fds[1], c, a, port;

    (void)state;
    assert_int_equal(try_listen("localhost", 0, fds, 1), 0);
    port = port_shown();
    c = connect_tcp(port);
    while ((a = accept4(fds[0], NULL, NULL, 0)) < 0)
        ;
    close(a); /* the server's end closes first: its port is in TIME_WAIT */
    close(c);
    close(fds[0]);
    assert_int_equal(try_listen("localhost", port, fds, 1), 0);
    close(fds[0]);
}

static void addresses_are_shown_as_they_can_be_called(void **state)
{
    static const char *const rows[][2] = {
        {"127.0.0.1", "http://127.0.0.1:"},
        {"localhost", "http://127.0.0.1:"},
        {"*", "http://0.0.0.0:"},
        {"0.0.0.0", "http://0.0.0.0:"},
        {"::", "http://[::]:"},
        {"::1", "http://[::1]:"},
        {"[::1]", "http://[::1]:"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int fds[2];

        if (try_listen(rows[i][0], 0, fds, 2) < 0 && strchr(rows[i][0], ':'))
            continue; /* a host without IPv6 */
        assert_string_equal(err, "");
        assert_memory_equal(shown, rows[i][1], strlen(rows[i][1]));
        assert_true(port_shown() > 0);
        close(fds[0]);
        close(fds[1]);
    }
}

static void wrong_address_gets_one_clear_sentence(void **state)
{
    static const struct {
        const char *host;
        int port;
        int result;
        const char *says;
    } rows[] = {
        {"example.com", 0, GIM_LISTEN_WRONG, "host \"example.com\" is not an IPv4 or IPv6 address"},
        {"1.2.3", 0, GIM_LISTEN_WRONG, "is not an IPv4 or IPv6 address"},
        {"[", 0, GIM_LISTEN_WRONG, "is not an IPv4 or IPv6 address"},
        {"192.0.2.77", 0, -1, "is not an address of this machine"},
        {"localhost", 65536, -1, "port 65536 is not between 0 and 65535"},
        {"localhost", -1, -1, "port -1 is not between 0 and 65535"},
        {"unix:", 0, GIM_LISTEN_WRONG, "a unix socket needs a path"},
        {"unix:/no/such/folder/s", 0, -1, "No such file or directory"},
        {"unix:/aaaaaaaaaabbbbbbbbbbaaaaaaaaaabbbbbbbbbbaaaaaaaaaabbbbbbbbbbaaaaaaaaaabbbbbbbbbb"
         "aaaaaaaaaabbbbbbbbbbaaaaaaaaaa",
         0, GIM_LISTEN_WRONG, "has at most 107 bytes"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int fds[1];

        assert_int_equal(try_listen(rows[i].host, rows[i].port, fds, 1), rows[i].result);
        if (!strstr(err, rows[i].says))
            fail_msg("%s: said \"%s\"", rows[i].host, err);
        assert_null(strchr(err, '\n'));
    }
}

/* The file is the test's own: if the check were broken, it is what would be lost. */
static void file_that_is_not_a_socket_is_left_alone(void **state)
{
    char path[] = "/tmp/gim-listen-XXXXXX", host[64], expected[128];
    int fds[1];
    int file = mkstemp(path);
    struct stat st;

    (void)state;
    assert_true(file >= 0);
    close(file);
    snprintf(host, sizeof host, "unix:%s", path);
    snprintf(expected, sizeof expected, "%s exists and is not a socket; choose another path", path);
    assert_int_equal(try_listen(host, 0, fds, 1), -1);
    assert_string_equal(err, expected);
    assert_int_equal(lstat(path, &st), 0);
    assert_true(S_ISREG(st.st_mode));
    unlink(path);
}

/* Under two numbers. */
static bool is_same_socket(int a, int b)
{
    struct stat of_a, of_b;

    assert_int_equal(fstat(a, &of_a), 0);
    assert_int_equal(fstat(b, &of_b), 0);
    return a != b && of_a.st_ino == of_b.st_ino;
}

static void stale_unix_socket_is_replaced_and_a_live_one_is_not(void **state)
{
    char dir[] = "/tmp/gim-listen-XXXXXX", host[64];
    int fds[3], more[1];
    struct stat st;

    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(host, sizeof host, "unix:%s/s", dir);
    assert_int_equal(try_listen(host, 0, fds, 3), 0);
    assert_string_equal(shown, host);
    assert_true(is_same_socket(fds[0], fds[1]));
    assert_true(is_same_socket(fds[0], fds[2]));
    assert_int_equal(try_listen(host, 0, more, 1), -1);
    assert_non_null(strstr(err, "is in use (another server is listening)"));
    for (int i = 0; i < 3; i++)
        close(fds[i]);
    assert_int_equal(stat(host + 5, &st), 0); /* it lies there, and nobody answers */
    assert_int_equal(try_listen(host, 0, more, 1), 0);
    close(more[0]);
    unlink(host + 5);
    rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(port_zero_is_one_free_port_for_all_workers),
        cmocka_unit_test(port_in_use_is_said_with_the_mend),
        cmocka_unit_test(port_is_free_again_right_after_its_server),
        cmocka_unit_test(addresses_are_shown_as_they_can_be_called),
        cmocka_unit_test(wrong_address_gets_one_clear_sentence),
        cmocka_unit_test(file_that_is_not_a_socket_is_left_alone),
        cmocka_unit_test(stale_unix_socket_is_replaced_and_a_live_one_is_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
