/* call.c: one HTTP call at a time.
 *
 * The socket does not block: poll waits, so that a call has one deadline for all its parts, and so that
 * an answer is read while the request is still being sent. That matters for large bodies: a server may
 * answer 413 and close after the first bytes, and the answer lies in our receive buffer although the
 * next send meets a reset. A kept connection that the server has closed meanwhile is seen before
 * anything is sent, and a new one is made; no request is ever sent twice. */
#include "call.h"
#include "../../gimlet/base/clock.h"
#include "../../gimlet/http/response.h"
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PATIENCE_NS INT64_C(10000000000) /* for who sets no timeout */
#define PROBE_NS INT64_C(200000000)
#define ROOM 16384
#define BODY_MAX ((size_t)64 << 20)

static int64_t now_ns(void)
{
    return (int64_t)gim_clock_ns();
}

/* ---- connections -------------------------------------------------------------------------------- */

/* The events that came; 0 when the deadline did. */
static short wait_for(int fd, short events, int64_t deadline)
{
    struct pollfd p = {.fd = fd, .events = events};
    int n;

    do {
        int64_t left = deadline - now_ns();
        struct timespec t = {.tv_sec = left / 1000000000, .tv_nsec = left % 1000000000};

        if (left <= 0)
            return 0;
        n = ppoll(&p, 1, &t, NULL);
    } while (n < 0 && errno == EINTR);
    return n > 0 ? p.revents : 0;
}

/* Connecting to a port of our own range on which nobody listens can meet itself: TCP's simultaneous
 * open. That is no server, and while it lasts no server could bind there. */
static bool met_itself(int fd)
{
    struct sockaddr_storage us = {0}, them = {0};
    socklen_t n = sizeof us, m = sizeof them;

    return getsockname(fd, (struct sockaddr *)&us, &n) == 0 &&
           getpeername(fd, (struct sockaddr *)&them, &m) == 0 && us.ss_family != AF_UNIX &&
           n == m && memcmp(&us, &them, n) == 0;
}

static int finish_connect(int fd, int64_t deadline)
{
    socklen_t len = sizeof(int);
    int why = 0;

    if (!wait_for(fd, POLLOUT, deadline))
        return ETIMEDOUT;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &why, &len) ? errno : why;
}

/* The fd; -1 with errno. */
static int dial(const struct gim_address *to, int64_t deadline)
{
    int family = to->sockaddr.ss_family, on = 1, why = 0;
    int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -1;
    if (family != AF_UNIX)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(fd, (const struct sockaddr *)&to->sockaddr, to->len))
        why = errno == EINPROGRESS ? finish_connect(fd, deadline) : errno;
    if (!why && met_itself(fd))
        why = ECONNREFUSED;
    if (!why)
        return fd;
    close(fd);
    errno = why;
    return -1;
}

bool call_port_open(const struct gim_address *to)
{
    int fd = dial(to, now_ns() + PROBE_NS);

    if (fd < 0)
        return false;
    close(fd);
    return true;
}

void call_hang_up(struct call *c)
{
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
    c->keep_alive = false;
}

void call_free(struct call *c)
{
    call_hang_up(c);
    gim_buf_free(&c->head);
    gim_buf_free(&c->body);
}

/* The kept connection, when it is still one: nothing may have come on it since the last answer. */
bool call_is_kept(struct call *c)
{
    char byte;

    if (c->fd < 0)
        return false;
    if (recv(c->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN)
        return true;
    call_hang_up(c);
    return false;
}

static int connect_or_keep(struct call *c, int64_t deadline, char *err, size_t err_len)
{
    char where[GIM_ADDRESS_TEXT];
    int64_t from;

    c->connect_ns = 0;
    if (call_is_kept(c))
        return 0;
    from = now_ns();
    c->fd = dial(&c->to, deadline);
    c->connect_ns = now_ns() - from;
    if (c->fd >= 0)
        return 0;
    gim_address_text(&c->to, where);
    snprintf(err, err_len, "cannot connect to %s: %s", where, strerror(errno));
    return -1;
}

/* ---- one exchange ------------------------------------------------------------------------------- */

struct exchange {
    struct call *c;
    gim_str request;
    size_t sent;
    bool deaf; /* the server takes no more of the request */
    struct gim_response response;
    char in[GIM_RESPONSE_HEAD_MAX + ROOM];
    size_t len; /* bytes in `in` that are not used yet */
    char *err;
    size_t err_len;
};

enum progress {
    GOES_ON,
    COMPLETE,
    FAILED
};

static enum progress fail(struct exchange *x, const char *what)
{
    size_t all = x->request.len;

    if (x->sent < all)
        snprintf(x->err, x->err_len, "%s (%zu of %zu bytes of the request were sent)", what,
                 x->sent, all);
    else
        snprintf(x->err, x->err_len, "%s", what);
    return FAILED;
}

static enum progress fail_bad(struct exchange *x)
{
    char text[200];

    snprintf(text, sizeof text, "the answer is not HTTP/1.1: %s", x->response.reason);
    return fail(x, text);
}

/* Takes the events of what is in `in`. */
static enum progress read_events(struct exchange *x)
{
    gim_str in = {x->in, x->len};
    enum progress done = GOES_ON;

    while (done == GOES_ON) {
        switch (gim_response_next(&x->response, &in)) {
        case GIM_RESPONSE_HEAD:
            gim_buf_str(&x->c->head, x->response.head);
            break;
        case GIM_RESPONSE_DATA:
            gim_buf_str(&x->c->body, x->response.data);
            if (x->c->body.full)
                return fail(x, "the answer has more than 64 MiB");
            break;
        case GIM_RESPONSE_END:
            done = COMPLETE;
            break;
        case GIM_RESPONSE_BAD:
            return fail_bad(x);
        case GIM_RESPONSE_MORE:
            memmove(x->in, in.ptr, in.len);
            x->len = in.len;
            return GOES_ON;
        }
    }
    x->len = in.len; /* what follows an answer makes the connection useless */
    return done;
}

static enum progress read_end(struct exchange *x)
{
    if (!gim_response_begun(&x->response))
        return fail(x, "the connection was closed before an answer came");
    if (gim_response_eof(&x->response) == GIM_RESPONSE_END)
        return COMPLETE;
    return fail(x, "the connection was closed in the middle of the answer");
}

static enum progress receive(struct exchange *x)
{
    ssize_t n = recv(x->c->fd, x->in + x->len, sizeof x->in - x->len, 0);

    if (n > 0) {
        x->len += (size_t)n;
        return read_events(x);
    }
    if (n == 0)
        return read_end(x);
    if (errno == EAGAIN || errno == EINTR)
        return GOES_ON;
    if (!x->deaf &&
        x->sent < x->request.len) { /* a reset: what had come before can still be read */
        x->deaf = true;
        return GOES_ON;
    }
    return fail(x, errno == ECONNRESET ? "the connection was reset before the answer was complete"
                                       : strerror(errno));
}

/* A reset is told by the reading, which may find the answer first. */
static void transmit(struct exchange *x)
{
    ssize_t n = send(x->c->fd, x->request.ptr + x->sent, x->request.len - x->sent, MSG_NOSIGNAL);

    if (n > 0)
        x->sent += (size_t)n;
    else if (n < 0 && errno != EAGAIN && errno != EINTR)
        x->deaf = true;
}

static enum progress step(struct exchange *x, int64_t deadline)
{
    bool sending = x->sent < x->request.len && !x->deaf;
    short events = wait_for(x->c->fd, sending ? POLLIN | POLLOUT : POLLIN, deadline);
    enum progress done = GOES_ON;

    if (!events)
        return fail(x, x->c->head.len ? "no complete answer in time" : "no answer in time");
    if (events & (POLLIN | POLLHUP | POLLERR))
        done = receive(x);
    if (done == GOES_ON && sending && (events & POLLOUT))
        transmit(x);
    return done;
}

static enum progress exchange(struct exchange *x, int64_t deadline)
{
    enum progress done = GOES_ON;

    transmit(x);
    while (done == GOES_ON)
        done = step(x, deadline);
    return done;
}

int call_make(struct call *c, gim_str request, char *err, size_t err_len)
{
    int64_t from = now_ns(), deadline = from + (c->timeout_ns > 0 ? c->timeout_ns : PATIENCE_NS);
    struct exchange x;
    enum progress done;

    c->status = 0;
    c->head.len = c->body.len = 0;
    c->body.max = BODY_MAX;
    c->body.full = c->keep_alive = false;
    if (connect_or_keep(c, deadline, err, err_len))
        return -1;
    x.c = c; /* not as a whole: the buffer need not be cleared */
    x.request = request;
    x.sent = x.len = 0;
    x.deaf = false;
    x.err = err;
    x.err_len = err_len;
    gim_response_start(&x.response, false);
    from = now_ns();
    done = exchange(&x, deadline);
    c->ns = now_ns() - from;
    c->status = done == COMPLETE ? x.response.status : 0;
    c->keep_alive =
        done == COMPLETE && x.response.keep_alive && x.sent == request.len && x.len == 0;
    if (!c->keep_alive)
        call_hang_up(c);
    return done == COMPLETE ? 0 : -1;
}

gim_str call_field(const struct call *c, const char *name)
{
    return c->head.len ? gim_response_field(gim_buf_view(&c->head), gim_str_of(name))
                       : (gim_str){0};
}
