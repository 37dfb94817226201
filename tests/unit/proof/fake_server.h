/* fake_server.h: a server in a process of its own that does to each connection what a test says. */
#ifndef FAKE_SERVER_H
#define FAKE_SERVER_H

#include "../../../gimlet/net/dial.h"
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

typedef void fake_serve(int fd);

struct fake {
    pid_t pid;
    int port;
    struct gim_address at;
};

static void fake_open(struct fake *f, fake_serve *serve)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_int_equal(bind(fd, (const struct sockaddr *)&at, len), 0);
    assert_int_equal(listen(fd, 64), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    *f = (struct fake){.port = ntohs(at.sin_port), .at = {.len = len}};
    memcpy(&f->at.sockaddr, &at, len);
    f->pid = fork();
    if (f->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        signal(SIGPIPE, SIG_IGN);
        for (;;) {
            int c = accept(fd, NULL, NULL);

            serve(c);
            close(c);
        }
    }
    close(fd);
}

static void fake_close(struct fake *f)
{
    kill(f->pid, SIGKILL);
    waitpid(f->pid, NULL, 0);
}

/* A request's head, or what came of it: NUL-terminated; false at the end of the connection. */
static bool fake_read(int fd, char *text, size_t size)
{
    size_t len = 0;

    text[0] = '\0';
    while (!strstr(text, "\r\n\r\n") && len + 1 < size) {
        ssize_t n = read(fd, text + len, 1);

        if (n <= 0)
            return false;
        len += (size_t)n;
        text[len] = '\0';
    }
    return true;
}

static void fake_write(int fd, const char *text)
{
    (void)!write(fd, text, strlen(text));
}

#endif
