/* call.c: one request, one answer, two clock readings. Sending and receiving go on together, since a
 * server may answer (413, 401) and reset before it has read all of a large body. */
#include "call.h"
#include "../../gimlet/base/clock.h"
#include "../../gimlet/http/response.h"
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define READ_SIZE 65536
#define BODY_MAX (64 << 20)
#define OPEN_MS 50 /* a connect that hangs is none */

static int dial(const struct gim_address *to)
{
    int fd = socket(to->sockaddr.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd >= 0 && connect(fd, (const struct sockaddr *)&to->sockaddr, to->len) &&
        errno != EINPROGRESS) {
        int err = errno;

        close(fd);
        errno = err;
        return -1;
    }
    return fd;
}

static int connected(int fd, int ms)
{
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    socklen_t len = sizeof errno;
    int err = 0;

    if (poll(&p, 1, ms) <= 0) {
        errno = ETIMEDOUT;
        return -1;
    }
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len);
    errno = err;
    return err ? -1 : 0;
}

bool call_port_open(const struct gim_address *to)
{
    int fd = dial(to);
    bool open = fd >= 0 && connected(fd, OPEN_MS) == 0;

    if (fd >= 0)
        close(fd);
    return open;
}

void call_hang_up(struct call *c)
{
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
}

void call_free(struct call *c)
{
    call_hang_up(c);
    gim_buf_free(&c->head);
    gim_buf_free(&c->body);
}

static int left_ms(const struct call *c, int64_t start)
{
    int64_t left = (c->timeout_ns - ((int64_t)gim_clock_ns() - start)) / 1000000;

    return left > 0 ? (int)left : 0;
}

static int open_connection(struct call *c, char *err, size_t err_len)
{
    int64_t start = (int64_t)gim_clock_ns();
    int one = 1;

    c->connect_ns = 0;
    if (c->fd >= 0)
        return 0;
    c->fd = dial(&c->to);
    if (c->fd < 0 || connected(c->fd, left_ms(c, start))) {
        snprintf(err, err_len, "no connection: %s", strerror(errno));
        call_hang_up(c);
        return -1;
    }
    (void)setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    c->connect_ns = (int64_t)gim_clock_ns() - start;
    return 0;
}

/* One exchange under way. */
struct exchange {
    struct call *call;
    gim_str unsent;
    struct gim_response response;
    struct gim_buf in; /* what was received and not yet used: a partial head */
    bool done;
};

static int fail(char *err, size_t err_len, const char *why)
{
    snprintf(err, err_len, "%s", why);
    return -1;
}

/* Uses what is in x->in. 0; -1: bad. */
static int use(struct exchange *x, char *err, size_t err_len)
{
    gim_str at = {x->in.ptr, x->in.len};
    struct call *c = x->call;

    while (!x->done) {
        switch (gim_response_next(&x->response, &at)) {
        case GIM_RESPONSE_MORE:
            memmove(x->in.ptr, at.ptr, at.len);
            x->in.len = at.len;
            return 0;
        case GIM_RESPONSE_HEAD:
            c->status = x->response.status;
            gim_buf_str(&c->head, x->response.head);
            break;
        case GIM_RESPONSE_DATA:
            gim_buf_str(&c->body, x->response.data);
            break;
        case GIM_RESPONSE_END:
            x->done = true;
            break;
        case GIM_RESPONSE_BAD:
            return fail(err, err_len, x->response.reason);
        }
    }
    return 0;
}

static int at_eof(struct exchange *x, int error, char *err, size_t err_len)
{
    if (error) {
        snprintf(err, err_len, "the connection broke: %s", strerror(error));
        return -1;
    }
    if (gim_response_eof(&x->response) != GIM_RESPONSE_END)
        return fail(err, err_len,
                    gim_response_begun(&x->response)
                        ? "the answer was cut short"
                        : "the connection was closed without an answer");
    x->done = true;
    return 0;
}

static int receive(struct exchange *x, char *err, size_t err_len)
{
    char *to = gim_buf_reserve(&x->in, READ_SIZE);
    ssize_t n = to ? recv(x->call->fd, to, READ_SIZE, 0) : -1;

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    if (n <= 0)
        return at_eof(x, n < 0 ? errno : 0, err, err_len);
    x->in.len += (size_t)n;
    return use(x, err, err_len);
}

/* A broken pipe is no failure yet: the answer may lie in the socket. */
static void transmit(struct exchange *x)
{
    ssize_t n = send(x->call->fd, x->unsent.ptr, x->unsent.len, MSG_NOSIGNAL);

    if (n < 0 && errno != EAGAIN && errno != EINTR)
        x->unsent.len = 0;
    if (n > 0) {
        x->unsent.ptr += n;
        x->unsent.len -= (size_t)n;
    }
}

static int talk(struct exchange *x, int64_t start, char *err, size_t err_len)
{
    while (!x->done) {
        struct pollfd p = {.fd = x->call->fd, .events = POLLIN};
        int ready;

        if (x->unsent.len) {
            transmit(x);
            p.events |= x->unsent.len ? POLLOUT : 0;
        }
        ready = poll(&p, 1, left_ms(x->call, start));
        if (ready == 0) {
            snprintf(err, err_len, "no answer within %.0f ms", (double)x->call->timeout_ns / 1e6);
            return -1;
        }
        if (ready > 0 && (p.revents & (POLLIN | POLLHUP | POLLERR)) && receive(x, err, err_len))
            return -1;
    }
    return 0;
}

int call_make(struct call *c, gim_str request, char *err, size_t err_len)
{
    struct exchange x = {.call = c, .unsent = request};
    int64_t start;
    int failed;

    c->head.len = c->body.len = 0;
    c->body.max = BODY_MAX;
    c->status = 0;
    if (open_connection(c, err, err_len))
        return -1;
    start = (int64_t)gim_clock_ns();
    gim_response_start(&x.response, false);
    failed = talk(&x, start, err, err_len);
    c->ns = (int64_t)gim_clock_ns() - start;
    c->keep_alive = !failed && x.response.keep_alive && !x.unsent.len;
    if (!c->keep_alive)
        call_hang_up(c);
    gim_buf_free(&x.in);
    return failed;
}

gim_str call_field(const struct call *c, const char *name)
{
    return gim_response_field(gim_buf_view(&c->head), gim_str_of(name));
}
