/* null.c: proof-null, the do-nothing server: what a request costs before anybody does anything.
 *
 * It is the ceiling of a host and the floor that posts is measured against, so it must be bare: for
 * each readable event one recv and one send of an answer built at the start. It does not look at
 * what came, counts nothing, keeps nothing of a connection but its fd. A slow null would flatter
 * everything measured beside it: before adding anything to serve(), strace it. With --delay or
 * --stall another loop runs (delay.c), which tests load generators and measures nothing.
 *
 * The answer has the fields and the size (--bytes) of a 201 from posts. It takes a request to be
 * one small segment, as the load tools send it, and is of no use for anything else. Threads share
 * nothing but the answer: each has its own listener (SO_REUSEPORT) and epoll. */
#include "null.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BYTES_MAX 65536
#define BYTES_DEFAULT 420
#define PORT_DEFAULT 8080
#define THREADS_MAX 256

static const char help[] =
    "usage: proof null [option...]\n"
    "\n"
    "A server that does nothing: one recv, one send of a prebuilt answer.\n"
    "  --port N        port to listen on, 0 takes a free one (8080)\n"
    "  --host ADDRESS  IPv4 address or \"localhost\" (127.0.0.1)\n"
    "  --bytes N       bytes of an answer, head and body together (420)\n"
    "  --threads N     threads, each with its own listener (1)\n"
    "  --help          this text\n"
    "\n"
    "To test load generators (slower, it may spin; draws are the same for a seed):\n"
    "  --delay KIND    each answer waits: fixed:5ms, exp:5ms (the mean) or\n"
    "                  uniform:1ms-9ms; units are us, ms and s\n"
    "  --stall A/B     answers due in the middle A of each B wait for its end:\n"
    "                  1s/10s; counted from the first request\n"
    "  --seed N        of the draws (1)\n";

static const char before_body[] = "{\"id\":\"1\",\"title\":\"null\",\"body\":\"";
static const char after_body[] = "\"}";

struct settings {
    struct in_addr host;
    int port;
    size_t bytes;
    int threads;
    struct null_delay delay;
};

_Noreturn void null_quit(int status, const char *what, const char *why)
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

static long number(const char *flag, const char *text, long min, long max)
{
    char *end;
    long n;

    errno = 0;
    n = strtol(text, &end, 10);
    if (end == text || *end || errno || n < min || n > max)
        null_quit(2, flag, "expected a number in its range; see --help");
    return n;
}

static void set_port(struct settings *s, const char *flag, const char *value)
{
    s->port = (int)number(flag, value, 0, 65535);
}

static void set_host(struct settings *s, const char *flag, const char *value)
{
    if (inet_pton(AF_INET, strcmp(value, "localhost") ? value : "127.0.0.1", &s->host) != 1)
        null_quit(2, flag, "expected an IPv4 address or \"localhost\"");
}

static void set_bytes(struct settings *s, const char *flag, const char *value)
{
    s->bytes = (size_t)number(flag, value, 0, BYTES_MAX);
}

static void set_threads(struct settings *s, const char *flag, const char *value)
{
    s->threads = (int)number(flag, value, 1, THREADS_MAX);
}

static void set_delay(struct settings *s, const char *flag, const char *value)
{
    if (!null_delay_read(&s->delay, value))
        null_quit(2, flag, "expected fixed:5ms, exp:5ms or uniform:1ms-9ms");
}

static void set_stall(struct settings *s, const char *flag, const char *value)
{
    if (!null_stall_read(&s->delay, value))
        null_quit(2, flag, "expected its length and its period, as 1s/10s");
}

static void set_seed(struct settings *s, const char *flag, const char *value)
{
    s->delay.seed = (uint64_t)number(flag, value, 0, LONG_MAX);
}

static const struct {
    const char *name;
    void (*set)(struct settings *s, const char *flag, const char *value);
} flags[] = {
    {"--port", set_port},       {"--host", set_host},   {"--bytes", set_bytes},
    {"--threads", set_threads}, {"--delay", set_delay}, {"--stall", set_stall},
    {"--seed", set_seed},
};

static void read_flag(struct settings *s, const char *flag, const char *value)
{
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        if (strcmp(flag, flags[i].name) != 0)
            continue;
        if (!value)
            null_quit(2, flag, "needs a value; see --help");
        flags[i].set(s, flag, value);
        return;
    }
    null_quit(2, flag, "unknown flag; see --help");
}

static void read_flags(struct settings *s, int argc, char **argv)
{
    for (int i = 1; i < argc; i += 2) {
        if (strcmp(argv[i], "--help") == 0) {
            fputs(help, stdout);
            exit(0);
        }
        read_flag(s, argv[i], argv[i + 1]);
    }
}

/* The first one finds the port, which the others share. Alone it does not share: a port in use is
 * told. */
static int open_listener(struct settings *s)
{
    const int on = 1;
    struct sockaddr_in at = {
        .sin_family = AF_INET, .sin_addr = s->host, .sin_port = htons((uint16_t)s->port)};
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        null_quit(1, "socket", strerror(errno));
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (s->threads > 1)
        setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* accepted sockets inherit it */
    if (bind(fd, (const struct sockaddr *)&at, sizeof at) < 0 || listen(fd, SOMAXCONN) < 0 ||
        getsockname(fd, (struct sockaddr *)&at, &len) < 0)
        null_quit(1, "cannot listen (choose another --port?)", strerror(errno));
    s->port = ntohs(at.sin_port);
    return fd;
}

void null_watch(int epoll, int fd, uint32_t events)
{
    struct epoll_event ev = {.events = events, .data.fd = fd};

    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &ev) < 0)
        null_quit(1, "epoll_ctl", strerror(errno));
}

void null_accept(int epoll, int listener)
{
    for (;;) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd < 0 && (errno == EMFILE || errno == ENFILE))
            null_quit(1, "cannot accept",
                      strerror(errno)); /* with refusals there is no measuring */
        if (fd < 0)
            return;
        null_watch(epoll, fd, EPOLLIN | EPOLLRDHUP | EPOLLET);
    }
}

static _Noreturn void serve(int epoll, int listener, const char *answer, size_t bytes)
{
    struct epoll_event events[NULL_BATCH];
    static _Thread_local char in[65536];

    for (;;) {
        int n = epoll_wait(epoll, events, NULL_BATCH, -1);

        for (int i = 0; i < n; i++) {
            int fd = events[i].data.fd;
            bool over;

            if (fd == listener) {
                null_accept(epoll, listener);
                continue;
            }
            over = recv(fd, in, sizeof in, 0) <= 0 ||
                   send(fd, answer, bytes, MSG_NOSIGNAL) != (ssize_t)bytes;
            if (over || (events[i].events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)))
                close(fd);
        }
    }
}

static void *run(void *arg)
{
    const struct null_lane *lane = arg;

    if (lane->delay->kind != NULL_NONE || lane->delay->stall)
        null_serve_delayed(lane);
    serve(lane->epoll, lane->listener, lane->answer, lane->bytes);
}

static void raise_fd_limit(void)
{
    struct rlimit files;

    if (getrlimit(RLIMIT_NOFILE, &files) < 0)
        return;
    files.rlim_cur = files.rlim_max < NULL_FDS_MAX ? files.rlim_max : NULL_FDS_MAX;
    setrlimit(RLIMIT_NOFILE, &files);
}

int null_main(int argc, char **argv)
{
    static char answer[BYTES_MAX];
    static struct null_lane lanes[THREADS_MAX];
    struct settings s = {.host.s_addr = htonl(INADDR_LOOPBACK),
                         .port = PORT_DEFAULT,
                         .bytes = BYTES_DEFAULT,
                         .threads = 1,
                         .delay.seed = 1};
    char text[INET_ADDRSTRLEN];
    pthread_t thread;

    read_flags(&s, argc, argv);
    if (!answer_build(answer, s.bytes))
        null_quit(2, "--bytes", "that is too few for a head and a body");
    raise_fd_limit();
    for (int i = 0; i < s.threads; i++) {
        lanes[i] = (struct null_lane){.epoll = epoll_create1(EPOLL_CLOEXEC),
                                      .listener = open_listener(&s),
                                      .number = i,
                                      .answer = answer,
                                      .bytes = s.bytes,
                                      .delay = &s.delay};
        if (lanes[i].epoll < 0)
            null_quit(1, "epoll_create1", strerror(errno));
        null_watch(lanes[i].epoll, lanes[i].listener, EPOLLIN);
    }
    printf("proof-null: http://%s:%d\n", inet_ntop(AF_INET, &s.host, text, sizeof text), s.port);
    fflush(stdout);
    for (int i = 1; i < s.threads; i++) {
        if (pthread_create(&thread, NULL, run, &lanes[i]) != 0)
            null_quit(1, "--threads", "the system allows no more threads");
    }
    run(&lanes[0]);
    return 0;
}
