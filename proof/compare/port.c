/* port.c: asked by binding, which is the only answer that counts. */
#include "port.h"
#include <netinet/in.h>
#include <unistd.h>

static int bound(const struct sockaddr *at, socklen_t len)
{
    int fd = socket(at->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

    if (fd >= 0)
        (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (fd >= 0 && (bind(fd, at, len) || listen(fd, 1))) {
        close(fd);
        return -1;
    }
    return fd;
}

bool port_free(const struct gim_address *at)
{
    int fd = bound((const struct sockaddr *)&at->sockaddr, at->len);

    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

int port_find(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    int fd = bound((const struct sockaddr *)&a, sizeof a), port = -1;

    if (fd >= 0 && getsockname(fd, (struct sockaddr *)&a, &len) == 0)
        port = ntohs(a.sin_port);
    if (fd >= 0)
        close(fd);
    return port;
}
