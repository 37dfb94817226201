/* resolve.c: names to addresses.
 *
 * What needs no resolver does not ask it: paths of unix sockets and addresses written as numbers.
 * It stands apart from dial.c, and both apart from the library of the floor, because getaddrinfo
 * brings the C library's name service with it, which a static program cannot use and a server that
 * never dials shall not carry. */
#include "../base/clock.h"
#include "dial.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/un.h>
#include <unistd.h>

#define HOST_MAX 256 /* a DNS name has at most 253 bytes, an IPv6 address with its scope fewer */

struct question {
    const char *host; /* as given: for messages */
    int port;
    char name[HOST_MAX]; /* without brackets */
    struct gim_address *out;
    int max;
    char *err;
    size_t err_len;
};

static int resolve_unix(const struct question *q)
{
    const char *path = q->host + strlen("unix:");
    struct sockaddr_un *a = (struct sockaddr_un *)(void *)&q->out->sockaddr;
    size_t len = strlen(path);

    if (len == 0) {
        snprintf(q->err, q->err_len, "a unix socket needs a path: unix:/run/posts.sock");
        return -1;
    }
    if (len >= sizeof a->sun_path) {
        snprintf(q->err, q->err_len,
                 "the path of a unix socket has at most %zu bytes, this has %zu: \"%s\"",
                 sizeof a->sun_path - 1, len, path);
        return -1;
    }
    *q->out = (struct gim_address){.len = sizeof *a};
    a->sun_family = AF_UNIX;
    memcpy(a->sun_path, path, len);
    return 1;
}

static bool resolve_number(const struct question *q)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)(void *)&q->out->sockaddr;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)(void *)&q->out->sockaddr;

    *q->out = (struct gim_address){0};
    if (inet_pton(AF_INET, q->name, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons((uint16_t)q->port);
        q->out->len = sizeof *v4;
    } else if (inet_pton(AF_INET6, q->name, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons((uint16_t)q->port);
        q->out->len = sizeof *v6;
    }
    return q->out->len != 0;
}

static const char *why_not(int result)
{
    if (result == EAI_NONAME || result == EAI_NODATA)
        return "no such host";
    return result == EAI_SYSTEM ? strerror(errno) : gai_strerror(result);
}

/* Has this machine an address to come from, and a way there? Asks the routing table: connecting a
 * datagram socket sends nothing. */
static bool has_way(const struct addrinfo *a)
{
    int fd = socket(a->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool has = fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen) == 0;

    if (fd >= 0)
        close(fd);
    return has;
}

static int take(const struct question *q, const struct addrinfo *all, bool any)
{
    int n = 0;

    for (const struct addrinfo *a = all; a && n < q->max; a = a->ai_next) {
        if (a->ai_addrlen > sizeof q->out->sockaddr || !(any || has_way(a)))
            continue;
        q->out[n] = (struct gim_address){.len = a->ai_addrlen};
        memcpy(&q->out[n++].sockaddr, a->ai_addr, a->ai_addrlen);
    }
    return n;
}

static int resolve_name(const struct question *q)
{
    const struct addrinfo hints = {
        /* Addresses of a family that this machine has. Loopback does not count for the resolver, so
         * for the one name that means it the flag would hide a server on ::1. */
        .ai_flags = AI_NUMERICSERV | (strcmp(q->name, "localhost") == 0 ? 0 : AI_ADDRCONFIG),
        .ai_socktype = SOCK_STREAM,
    };
    struct addrinfo *all;
    char port[8];
    int n, result;

    snprintf(port, sizeof port, "%d", q->port);
    result = getaddrinfo(q->name, port, &hints, &all);
    if (result) {
        snprintf(q->err, q->err_len, "lookup %s: %s", q->name, why_not(result));
        return -1;
    }
    /* Where IPv6 is switched off, hosts files still have ::1 for localhost; to dial it would look
     * like having no local port left. When there is no way at all, dialling shall say so. */
    n = take(q, all, false);
    if (n == 0)
        n = take(q, all, true);
    freeaddrinfo(all);
    return n;
}

/* 1, 0 when it is a name, or -1. */
static int resolve_literal(struct question *q)
{
    size_t len = strlen(q->host);
    bool bracketed = len > 2 && q->host[0] == '[' && q->host[len - 1] == ']';

    if (strncmp(q->host, "unix:", strlen("unix:")) == 0)
        return resolve_unix(q);
    if (q->port < 0 || q->port > UINT16_MAX) {
        snprintf(q->err, q->err_len, "port %d: ports go from 0 to 65535", q->port);
        return -1;
    }
    if (len == 0 || len >= sizeof q->name) {
        snprintf(q->err, q->err_len, "lookup \"%.40s%s\": a host name has 1 to %d bytes", q->host,
                 len > 40 ? "..." : "", HOST_MAX - 1);
        return -1;
    }
    snprintf(q->name, sizeof q->name, "%.*s", (int)(len - 2 * bracketed), q->host + bracketed);
    return resolve_number(q);
}

static int resolve(struct question *q)
{
    int n = resolve_literal(q);

    return n ? n : resolve_name(q);
}

int gim_resolve_literal(const char *host, int port, struct gim_address *out, char *err,
                        size_t err_len)
{
    struct question q = {
        .host = host, .port = port, .out = out, .max = 1, .err = err, .err_len = err_len};

    return resolve_literal(&q);
}

int gim_resolve(const char *host, int port, struct gim_address *out, int max, int64_t *ns,
                char *err, size_t err_len)
{
    struct question q = {
        .host = host, .port = port, .out = out, .max = max, .err = err, .err_len = err_len};
    uint64_t start = gim_clock_ns();
    int n = max > 0 ? resolve(&q) : 0;

    *ns = (int64_t)(gim_clock_ns() - start);
    return n;
}
