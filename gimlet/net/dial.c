/* dial.c: a connection begun without waiting for it.
 *
 * The socket goes into the loop after connect was called (one that is not connecting would report a
 * hang-up at once) and before anybody knows how it ends; adding it reports what happened meanwhile,
 * so no edge is lost. Only what says that this machine has run out of something is told at once:
 * a caller that retried it in the next turn would spin. What the peer or the way to it is to blame
 * for comes by on_error, whether connect knew it at once (a unix socket) or not (TCP). */
#include "dial.h"
#include <arpa/inet.h>
#include <stdio.h>
#include <sys/un.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

static bool is_ours(int err)
{
    switch (err) {
    case EADDRNOTAVAIL: /* every local port to that address is taken */
    case ENOMEM:
    case ENOBUFS:
        return true;
    default:
        return false;
    }
}

static int give_up(int fd, int err)
{
    close(fd);
    errno = err;
    return -1;
}

int gim_dial(struct gim_stream *s, struct gim_loop *l, const struct gim_address *to,
             const struct gim_stream_user *user)
{
    const struct sockaddr *address = (const struct sockaddr *)&to->sockaddr;
    const int on = 1;
    int fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int err = 0;

    if (fd < 0)
        return -1;
    if (address->sa_family != AF_UNIX)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(fd, address, to->len) < 0 && errno != EINPROGRESS && errno != EINTR)
        err = errno;
    if (is_ours(err))
        return give_up(fd, err);
    if (gim_socket_open_dialled(s, l, fd, err, user) < 0) {
        s->io.fd = -1;
        return give_up(fd, errno);
    }
    return 0;
}

void gim_address_text(const struct gim_address *a, char out[GIM_ADDRESS_TEXT])
{
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)&a->sockaddr;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)&a->sockaddr;
    const struct sockaddr_un *un = (const struct sockaddr_un *)(const void *)&a->sockaddr;
    char text[INET6_ADDRSTRLEN] = "";

    switch (a->sockaddr.ss_family) {
    case AF_INET:
        inet_ntop(AF_INET, &v4->sin_addr, text, sizeof text);
        snprintf(out, GIM_ADDRESS_TEXT, "%s:%d", text, ntohs(v4->sin_port));
        break;
    case AF_INET6:
        inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof text);
        snprintf(out, GIM_ADDRESS_TEXT, "[%s]:%d", text, ntohs(v6->sin6_port));
        break;
    default:
        snprintf(out, GIM_ADDRESS_TEXT, "%.107s", un->sun_path);
    }
}
