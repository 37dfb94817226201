/* supervisor.c: the socket that a service manager hands over, and the words it waits for.
 *
 * Who holds the listening socket decides whether a restart loses connections. Held by the manager it
 * outlives its servers: clients that come while none runs wait in its backlog, and while two run
 * both accept. So the server only duplicates what it was given and never ends it. */
#include "supervisor.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define FIRST_FD 3 /* SD_LISTEN_FDS_START */

union name {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    struct sockaddr_un un;
};

int gim_inherited(char *err, size_t err_len)
{
    const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
    int64_t n = 0, whose = 0;
    int result = 0;

    if (!pid || !fds)
        return 0;
    if (gim_str_to_int(gim_str_of(pid), &whose) || gim_str_to_int(gim_str_of(fds), &n) || n < 0) {
        snprintf(err, err_len, "LISTEN_PID=%s LISTEN_FDS=%s: these are no numbers", pid, fds);
        result = -1;
    } else if (whose == getpid() && n > 1) {
        snprintf(err, err_len,
                 "%lld sockets were handed over, and one can be served; keep one ListenStream= in "
                 "the socket unit",
                 (long long)n);
        result = -1;
    } else if (whose == getpid() && n == 1) {
        result = FIRST_FD;
        (void)fcntl(FIRST_FD, F_SETFD, FD_CLOEXEC);
    }
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_FDNAMES");
    return result;
}

/* What the socket is bound to, as gim_listen shows it. False: no place that HTTP is served at. */
static bool show(int fd, char shown[GIM_ADDRESS_MAX])
{
    union name at = {0};
    socklen_t len = sizeof at;
    char text[INET6_ADDRSTRLEN] = "";

    if (getsockname(fd, &at.any, &len) < 0)
        return false;
    switch (at.any.sa_family) {
    case AF_INET:
        inet_ntop(AF_INET, &at.v4.sin_addr, text, sizeof text);
        snprintf(shown, GIM_ADDRESS_MAX, "http://%s:%d", text, ntohs(at.v4.sin_port));
        return true;
    case AF_INET6:
        inet_ntop(AF_INET6, &at.v6.sin6_addr, text, sizeof text);
        snprintf(shown, GIM_ADDRESS_MAX, "http://[%s]:%d", text, ntohs(at.v6.sin6_port));
        return true;
    case AF_UNIX:
        len -= (socklen_t)offsetof(struct sockaddr_un, sun_path);
        if (len && !at.un.sun_path[0])
            at.un.sun_path[0] = '@'; /* abstract */
        snprintf(shown, GIM_ADDRESS_MAX, "unix:%.*s", (int)len, at.un.sun_path);
        return true;
    default:
        return false;
    }
}

static bool listens(int fd)
{
    int on = 0, type = 0;
    socklen_t len = sizeof on;

    return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &on, &len) == 0 && on &&
           getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && type == SOCK_STREAM;
}

static int refuse(int fd, char *err, size_t err_len, const char *what)
{
    snprintf(err, err_len, "descriptor %d, which was handed over, %s", fd, what);
    close(fd);
    return -1;
}

int gim_listen_inherited(int fd, int *fds, unsigned n, char shown[GIM_ADDRESS_MAX], char *err,
                         size_t err_len)
{
    int flags = fcntl(fd, F_GETFL);

    if (flags < 0 || !listens(fd))
        return refuse(fd, err, err_len,
                      "is not a listening socket; the socket unit needs ListenStream= and "
                      "Accept=no");
    if (!show(fd, shown))
        return refuse(fd, err, err_len, "is neither TCP nor a unix socket");
    (void)fcntl(fd, F_SETFL, flags | O_NONBLOCK);
    for (unsigned i = 0; i < n; i++) {
        fds[i] = fcntl(fd, F_DUPFD_CLOEXEC, 0);
        if (fds[i] >= 0)
            continue;
        while (i-- > 0)
            close(fds[i]);
        return refuse(fd, err, err_len, "cannot be shared: too many files are open");
    }
    close(fd);
    return 0;
}

void gim_notify(const char *state)
{
    gim_str path = gim_str_of(getenv("NOTIFY_SOCKET"));
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    int fd;

    if (path.len < 2 || path.len >= sizeof to.sun_path)
        return;
    memcpy(to.sun_path, path.ptr, path.len);
    if (to.sun_path[0] == '@')
        to.sun_path[0] = '\0'; /* abstract */
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return;
    (void)sendto(fd, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&to,
                 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + path.len));
    close(fd);
}
