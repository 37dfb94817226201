/* null.c: proof-null, the do-nothing server: what a request costs before anybody does anything.
 *
 * It is the ceiling of a host and the floor that posts is measured against, so it must be bare: for
 * each readable event one recv and one send of an answer built at the start. It does not look at
 * what came, counts nothing, keeps nothing of a connection but its fd. A slow null would flatter
 * everything measured beside it: before adding anything here, strace it.
 *
 * The answer has the fields and the size (--bytes) of a 201 from posts. It takes a request to be
 * one small segment, as the load tools send it, and is of no use for anything else. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BATCH 256
#define BYTES_MAX 65536
#define BYTES_DEFAULT 420
#define PORT_DEFAULT 8080

static const char help[] = "usage: proof-null [--port N] [--host ADDRESS] [--bytes N]\n"
                           "\n"
                           "A server that does nothing: one recv, one send of a prebuilt answer.\n"
                           "  --port N        port to listen on, 0 takes a free one (8080)\n"
                           "  --host ADDRESS  IPv4 address or \"localhost\" (127.0.0.1)\n"
                           "  --bytes N       bytes of an answer, head and body together (420)\n"
                           "  --help          this text\n";

static const char before_body[] = "{\"id\":\"1\",\"title\":\"null\",\"body\":\"";
static const char after_body[] = "\"}";

struct settings {
    struct in_addr host;
    int port;
    size_t bytes;
};

/* One line, then the end: 2 for a wrong call, 1 for what the system refuses. */
static _Noreturn void quit(int status, const char *what, const char *why)
{
    fprintf(stderr, "proof-null: %s%s%s\n", what, *why ? ": " : "", why);
    exit(status);
}

static size_t head_write(char *out, size_t room, const char *date, const char *tag, size_t body)
{
    return (size_t)snprintf(out, room,
                            "HTTP/1.1 201 Created\r\n"
                            "Date: %s\r\n"
                            "Content-Type: application/json\r\n"
                            "Content-Length: %zu\r\n"
                            "Location: /posts/1\r\n"
                            "ETag: \"%s\"\r\n"
                            "\r\n",
                            date, body, tag);
}

/* The answer at `out`, BYTES_MAX wide, exactly `bytes` long. False when that is too few. */
static bool answer_build(char *out, size_t bytes)
{
    const size_t least = sizeof before_body - 1 + sizeof after_body - 1;
    time_t now = time(NULL);
    struct tm tm;
    char date[64];
    size_t body = bytes, head;

    strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&now, &tm));
    head = head_write(out, BYTES_MAX, date, "1", body);
    while (body > 0 && head + body > bytes) /* the head's length hangs on the body's */
        head = head_write(out, BYTES_MAX, date, "1", --body);
    if (head + body + 1 == bytes) /* between 99 and 100 a size is left out: the tag fills it */
        head = head_write(out, BYTES_MAX, date, "10", body);
    if (body < least)
        return false;
    memcpy(out + head, before_body, sizeof before_body - 1);
    memset(out + head + sizeof before_body - 1, 'x', body - least);
    memcpy(out + bytes - (sizeof after_body - 1), after_body, sizeof after_body - 1);
    return head + body == bytes;
}

static long number(const char *flag, const char *text, long max)
{
    char *end;
    long n;

    errno = 0;
    n = strtol(text, &end, 10);
    if (end == text || *end || errno || n < 0 || n > max)
        quit(2, flag, "expected a number in its range; see --help");
    return n;
}

static void read_flags(struct settings *s, int argc, char **argv)
{
    for (int i = 1; i < argc; i += 2) {
        const char *flag = argv[i], *value = argv[i + 1];

        if (strcmp(flag, "--help") == 0) {
            fputs(help, stdout);
            exit(0);
        }
        if (strcmp(flag, "--port") && strcmp(flag, "--host") && strcmp(flag, "--bytes"))
            quit(2, flag, "unknown flag; see --help");
        if (!value)
            quit(2, flag, "needs a value; see --help");
        if (strcmp(flag, "--port") == 0)
            s->port = (int)number(flag, value, 65535);
        else if (strcmp(flag, "--bytes") == 0)
            s->bytes = (size_t)number(flag, value, BYTES_MAX);
        else if (inet_pton(AF_INET, strcmp(value, "localhost") ? value : "127.0.0.1", &s->host) !=
                 1)
            quit(2, flag, "expected an IPv4 address or \"localhost\"");
    }
}

static int open_listener(const struct settings *s)
{
    const int on = 1;
    struct sockaddr_in at = {
        .sin_family = AF_INET, .sin_addr = s->host, .sin_port = htons((uint16_t)s->port)};
    socklen_t len = sizeof at;
    char text[INET_ADDRSTRLEN];
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        quit(1, "socket", strerror(errno));
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* accepted sockets inherit it */
    if (bind(fd, (const struct sockaddr *)&at, sizeof at) < 0 || listen(fd, SOMAXCONN) < 0 ||
        getsockname(fd, (struct sockaddr *)&at, &len) < 0)
        quit(1, "cannot listen (choose another --port?)", strerror(errno));
    printf("proof-null: http://%s:%d\n", inet_ntop(AF_INET, &at.sin_addr, text, sizeof text),
           ntohs(at.sin_port));
    fflush(stdout);
    return fd;
}

static void watch(int epoll, int fd, uint32_t events)
{
    struct epoll_event ev = {.events = events, .data.fd = fd};

    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &ev) < 0)
        quit(1, "epoll_ctl", strerror(errno));
}

static void accept_all(int epoll, int listener)
{
    for (;;) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd < 0 && (errno == EMFILE || errno == ENFILE))
            quit(1, "cannot accept", strerror(errno)); /* a measurement with refusals is none */
        if (fd < 0)
            return;
        watch(epoll, fd, EPOLLIN | EPOLLRDHUP | EPOLLET);
    }
}

static void serve(int epoll, int listener, const char *answer, size_t bytes)
{
    static struct epoll_event events[BATCH];
    static char in[65536];

    for (;;) {
        int n = epoll_wait(epoll, events, BATCH, -1);

        for (int i = 0; i < n; i++) {
            int fd = events[i].data.fd;
            bool over;

            if (fd == listener) {
                accept_all(epoll, listener);
                continue;
            }
            over = recv(fd, in, sizeof in, 0) <= 0 ||
                   send(fd, answer, bytes, MSG_NOSIGNAL) != (ssize_t)bytes;
            if (over || (events[i].events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)))
                close(fd);
        }
    }
}

int main(int argc, char **argv)
{
    static char answer[BYTES_MAX];
    struct settings s = {
        .host.s_addr = htonl(INADDR_LOOPBACK), .port = PORT_DEFAULT, .bytes = BYTES_DEFAULT};
    struct rlimit files;
    int epoll, listener;

    read_flags(&s, argc, argv);
    if (!answer_build(answer, s.bytes))
        quit(2, "--bytes", "that is too few for a head and a body");
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0)
        quit(1, "epoll_create1", strerror(errno));
    listener = open_listener(&s);
    watch(epoll, listener, EPOLLIN);
    serve(epoll, listener, answer, s.bytes);
}
