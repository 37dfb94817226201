/* listen.c: from an address to listening sockets, or to a sentence that says what to do.
 *
 * Several workers bind the same port with SO_REUSEPORT, which would also let a second server in
 * beside a running one, each getting half of the connections. So the first bind goes without it:
 * it fails when anybody listens there. A single worker keeps that first socket; more close it and
 * bind again. Names are not resolved: a static program must not need the resolver of the C library,
 * and a server listens on addresses. */
#include "listen.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define FREE_PORT_TRIES 16

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    struct sockaddr_un un;
};

struct place { /* where to listen, and where to complain */
    union address at;
    socklen_t at_len;
    const char *host; /* as it was given */
    int port;
    char *err;
    size_t err_len;
};

static int complain(const struct place *p, const char *sentence)
{
    snprintf(p->err, p->err_len, "%s", sentence);
    return -1;
}

/* What the kernel says to a bind or a listen, in the words of whoever starts a server. */
static int complain_errno(const struct place *p, int err)
{
    int other = p->port < 65535 ? p->port + 1 : p->port - 1;

    switch (err) {
    case EADDRINUSE:
        snprintf(p->err, p->err_len,
                 "port %d is in use (another server is listening); stop it or choose another: "
                 "--port %d",
                 p->port, other);
        break;
    case EACCES:
        snprintf(p->err, p->err_len,
                 "port %d is reserved for the superuser; choose one above 1023: --port 8080",
                 p->port);
        break;
    case EADDRNOTAVAIL:
        snprintf(p->err, p->err_len,
                 "host \"%s\" is not an address of this machine; choose one that is, or all: "
                 "--host 0.0.0.0",
                 p->host);
        break;
    default:
        snprintf(p->err, p->err_len, "cannot listen on %s port %d: %s", p->host, p->port,
                 strerror(err));
    }
    return -1;
}

/* An IPv6 address may stand in brackets, as in a URL. */
static bool parse_v6(struct place *p)
{
    char bare[INET6_ADDRSTRLEN];
    gim_str host = gim_str_of(p->host);

    if (host.len > 2 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']')
        host = (gim_str){host.ptr + 1, host.len - 2};
    if (host.len >= sizeof bare)
        return false;
    memcpy(bare, host.ptr, host.len);
    bare[host.len] = '\0';
    if (inet_pton(AF_INET6, bare, &p->at.v6.sin6_addr) != 1)
        return false;
    p->at.v6.sin6_family = AF_INET6;
    p->at_len = sizeof p->at.v6;
    return true;
}

static int parse(struct place *p)
{
    const char *host = p->host;

    if (p->port < 0 || p->port > 65535) {
        snprintf(p->err, p->err_len, "port %d is not between 0 and 65535", p->port);
        return -1;
    }
    if (strcmp(host, "localhost") == 0)
        host = "127.0.0.1";
    else if (strcmp(host, "*") == 0 || *host == '\0')
        host = "0.0.0.0";
    if (inet_pton(AF_INET, host, &p->at.v4.sin_addr) == 1) {
        p->at.v4.sin_family = AF_INET;
        p->at_len = sizeof p->at.v4;
    } else if (!parse_v6(p)) {
        snprintf(p->err, p->err_len,
                 "host \"%s\" is not an IPv4 or IPv6 address, \"localhost\", \"*\" or "
                 "\"unix:/path\"",
                 p->host);
        return GIM_LISTEN_WRONG;
    }
    return 0;
}

static void set_port(struct place *p, int port)
{
    if (p->at.any.sa_family == AF_INET6)
        p->at.v6.sin6_port = htons((uint16_t)port);
    else
        p->at.v4.sin_port = htons((uint16_t)port);
}

static void close_all(const int *fds, unsigned n)
{
    int err = errno;

    for (unsigned i = 0; i < n; i++)
        close(fds[i]);
    errno = err;
}

/* A socket bound to p->at, listening when there is a backlog; or -1 with errno. */
static int open_tcp(const struct place *p, bool reuseport, int backlog)
{
    const int on = 1, off = 0;
    int fd = socket(p->at.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (p->at.any.sa_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    if ((!reuseport || setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) == 0) &&
        bind(fd, &p->at.any, p->at_len) == 0 && (backlog == 0 || listen(fd, backlog) == 0))
        return fd;
    close_all(&fd, 1);
    return -1;
}

static int bound_port(int fd)
{
    union address at = {0};
    socklen_t len = sizeof at;

    if (getsockname(fd, &at.any, &len) < 0)
        return 0;
    return ntohs(at.any.sa_family == AF_INET6 ? at.v6.sin6_port : at.v4.sin_port);
}

/* All n sockets, or -1 with errno. The first one settles the port and finds it in use or not. */
static int open_set(struct place *p, int backlog, int *fds, unsigned n)
{
    set_port(p, p->port);
    fds[0] = open_tcp(p, false, n == 1 ? backlog : 0);
    if (fds[0] < 0)
        return -1;
    set_port(p, bound_port(fds[0]));
    if (n == 1)
        return 0;
    close(fds[0]);
    for (unsigned i = 0; i < n; i++) {
        fds[i] = open_tcp(p, true, backlog);
        if (fds[i] < 0) {
            close_all(fds, i);
            return -1;
        }
    }
    return 0;
}

static int listen_tcp(struct place *p, int backlog, int *fds, unsigned n,
                      char shown[GIM_ADDRESS_MAX])
{
    char text[INET6_ADDRSTRLEN] = "";
    bool v6;

    int result = parse(p);

    if (result)
        return result;
    for (int tries = 1; open_set(p, backlog, fds, n) < 0; tries++)
        if (p->port != 0 || errno != EADDRINUSE || tries == FREE_PORT_TRIES)
            return complain_errno(p, errno);
    v6 = p->at.any.sa_family == AF_INET6;
    inet_ntop(p->at.any.sa_family,
              v6 ? (const void *)&p->at.v6.sin6_addr : (const void *)&p->at.v4.sin_addr, text,
              sizeof text);
    snprintf(shown, GIM_ADDRESS_MAX, v6 ? "http://[%s]:%d" : "http://%s:%d", text,
             bound_port(fds[0]));
    return 0;
}

/* Removes a socket nobody answers on. Anything else in that place is somebody's. */
static int clear_path(const struct place *p, const char *path)
{
    struct stat st;
    int fd, err;

    if (lstat(path, &st) < 0)
        return 0; /* nothing there, or bind will say why not */
    if (!S_ISSOCK(st.st_mode)) {
        snprintf(p->err, p->err_len, "%s exists and is not a socket; choose another path", path);
        return -1;
    }
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return complain(p, strerror(errno));
    err = connect(fd, &p->at.any, p->at_len) < 0 ? errno : 0;
    close(fd);
    if (err == ECONNREFUSED) {
        if (unlink(path) == 0 || errno == ENOENT)
            return 0;
        snprintf(p->err, p->err_len, "cannot replace the stale socket %s: %s", path,
                 strerror(errno));
    } else if (err == 0 || err == EAGAIN) {
        snprintf(p->err, p->err_len,
                 "socket %s is in use (another server is listening); stop it or choose another "
                 "path",
                 path);
    } else {
        snprintf(p->err, p->err_len, "cannot use the socket %s: %s", path, strerror(err));
    }
    return -1;
}

static int listen_unix(struct place *p, int backlog, int *fds, unsigned n,
                       char shown[GIM_ADDRESS_MAX])
{
    const char *path = p->host + strlen("unix:");
    size_t len = strlen(path);
    int fd;

    if (len == 0) {
        (void)complain(p, "a unix socket needs a path: unix:/run/posts.sock");
        return GIM_LISTEN_WRONG;
    }
    if (len >= sizeof p->at.un.sun_path) {
        snprintf(p->err, p->err_len,
                 "the path of a unix socket has at most %zu bytes, this has %zu",
                 sizeof p->at.un.sun_path - 1, len);
        return GIM_LISTEN_WRONG;
    }
    p->at.un.sun_family = AF_UNIX;
    memcpy(p->at.un.sun_path, path, len + 1);
    p->at_len = sizeof p->at.un;
    if (clear_path(p, path) < 0)
        return -1;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, &p->at.any, p->at_len) < 0 || listen(fd, backlog) < 0) {
        snprintf(p->err, p->err_len, "cannot listen on %s: %s", path, strerror(errno));
        if (fd >= 0)
            close(fd);
        return -1;
    }
    fds[0] = fd;
    for (unsigned i = 1; i < n; i++) {
        fds[i] = fcntl(fd, F_DUPFD_CLOEXEC, 0);
        if (fds[i] < 0) {
            close_all(fds, i);
            return complain(p, "cannot listen: too many files are open");
        }
    }
    snprintf(shown, GIM_ADDRESS_MAX, "unix:%s", path);
    return 0;
}

int gim_listen(const char *host, int port, int backlog, int *fds, unsigned n,
               char shown[GIM_ADDRESS_MAX], char *err, size_t err_len)
{
    struct place p = {.host = host, .port = port, .err = err, .err_len = err_len};

    if (backlog <= 0)
        backlog = SOMAXCONN;
    if (strncmp(host, "unix:", strlen("unix:")) == 0)
        return listen_unix(&p, backlog, fds, n, shown);
    return listen_tcp(&p, backlog, fds, n, shown);
}

uint64_t gim_listen_file(const char *host)
{
    struct stat st;

    if (strncmp(host, "unix:", strlen("unix:")) != 0 || lstat(host + strlen("unix:"), &st) < 0)
        return 0;
    return S_ISSOCK(st.st_mode) ? st.st_ino : 0;
}

void gim_listen_remove(const char *host, uint64_t file)
{
    if (file && gim_listen_file(host) == file)
        unlink(host + strlen("unix:"));
}
