/* health.c: `posts health [ADDRESS:PORT]`: is the service there alive?
 *
 * For a container's health check, where there is no shell and no curl: one GET /livez on a connection of its
 * own. It asks about the process, not about the disk (/readyz): who restarts what is not alive does not make
 * a full disk larger. Plain HTTP only. */
#include "command.h"

#include <arpa/inet.h>
#include <errno.h>
#include <gimlet.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define DEFAULT "127.0.0.1:8080"
#define PATIENCE 5 /* seconds */

static const char request[] = "GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/* 0, or -1 when `text` is no IPv4 address and port. */
static int read_address(const char *text, struct sockaddr_in *to)
{
    char host[INET_ADDRSTRLEN];
    const char *colon = strrchr(text, ':');
    int64_t port;

    if (!colon || (size_t)(colon - text) >= sizeof host ||
        gim_str_to_int(gim_str_of(colon + 1), &port) != 0 || port < 1 || port > 65535)
        return -1;
    memcpy(host, text, (size_t)(colon - text));
    host[colon - text] = '\0';
    *to = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    return inet_pton(AF_INET, host, &to->sin_addr) == 1 ? 0 : -1;
}

/* The answer's status line, 0; or errno. */
static int ask(const struct sockaddr_in *to, char *line, int size)
{
    const struct timeval patience = {.tv_sec = PATIENCE};
    int code = 0, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    FILE *f = fd < 0 ? NULL : fdopen(fd, "r+");

    if (!f)
        return errno;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    errno = 0;
    if (connect(fd, (const struct sockaddr *)to, sizeof *to) != 0 ||
        fwrite(request, sizeof request - 1, 1, f) != 1 || fflush(f) != 0 || !fgets(line, size, f))
        code = errno ? errno : ECONNRESET;
    fclose(f);
    return code == EAGAIN || code == EINPROGRESS ? ETIMEDOUT : code;
}

int posts_health(int argc, char **argv, char *said, size_t size)
{
    const char *where = argc > 1 ? argv[1] : DEFAULT;
    struct sockaddr_in to;
    char line[256] = "";
    int code;

    if (argc > 2 || read_address(where, &to) != 0) {
        snprintf(said, size, "posts health: use: posts health [ADDRESS:PORT], %s if not given",
                 DEFAULT);
        return 2;
    }
    signal(SIGPIPE, SIG_IGN); /* who hangs up is told of like the others */
    code = ask(&to, line, sizeof line);
    line[strcspn(line, "\r\n")] = '\0';
    if (code || strncmp(line, "HTTP/1.1 200 ", 13) != 0) {
        snprintf(said, size, "posts health: %s: %s", where, code ? strerror(code) : line);
        return 1;
    }
    snprintf(said, size, "%s is alive", where);
    return 0;
}
