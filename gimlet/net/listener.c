/* listener.c: accepting in a loop.
 *
 * Level-triggered, so that a share of accepts a turn is enough and the rest comes back by itself.
 * When the process has no fd left, the kernel goes on saying "readable" although accept cannot
 * succeed: a spare fd is given up to accept and refuse one client (it sees an end, not silence),
 * and then the listener is left alone for a while, so that nothing spins and the connections that
 * exist are served. What every connection wants of TCP is set once on the listener; accepted sockets
 * inherit it. */
#include "listen.h"
#include "loop_private.h"
#include <errno.h>
#include <fcntl.h>
#include <gimlet/log.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#define PER_TURN 64
#define BACK_OFF_MS 100
#define BACKLOG_MAX 65535 /* no listener has a longer one */

/* Bytes the kernel takes that it cannot send yet. Without a bound it takes megabytes and is silent
 * until a third of them is sent: a slow reader's progress could not be told from none. */
#define UNSENT_MAX (128 << 10)

/* A connection that failed before we came to it is not the listener's trouble (accept(2)). */
static bool is_clients(int err)
{
    static const int list[] = {ECONNABORTED, EINTR,        EPROTO, ENETDOWN,    ENOPROTOOPT,
                               EHOSTDOWN,    EHOSTUNREACH, ENONET, ENETUNREACH, EOPNOTSUPP};

    for (size_t i = 0; i < sizeof list / sizeof list[0]; i++)
        if (err == list[i])
            return true;
    return false;
}

/* The address of who has connected, as the kernel gave it with the connection. */
static void take_peer(struct gim_listener *l, const struct sockaddr_storage *from)
{
    const void *address = from;

    l->peer_known = true;
    if (from->ss_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = address;

        memcpy(l->peer, &in6->sin6_addr, sizeof l->peer);
    } else if (from->ss_family == AF_INET) {
        const struct sockaddr_in *in4 = address;

        memset(l->peer, 0, 10);
        memset(l->peer + 10, 0xff, 2);
        memcpy(l->peer + 12, &in4->sin_addr, 4);
    } else {
        l->peer_known = false;
    }
}

/* The next one who waits; -1 with errno. */
static int accept_one(struct gim_listener *l)
{
    struct sockaddr_storage from = {0};
    socklen_t len = sizeof from;
    int fd = accept4(l->io.fd, (struct sockaddr *)&from, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (fd >= 0)
        take_peer(l, &from);
    return fd;
}

static int spare_fd(void)
{
    return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void refuse_one(struct gim_listener *l)
{
    int fd;

    if (l->spare < 0)
        return;
    close(l->spare);
    fd = accept4(l->io.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0)
        close(fd);
    l->spare = spare_fd();
}

static void back_off(struct gim_listener *l, int err)
{
    if (!l->paused)
        gim_log(GIM_LOG_WARN, "listen", "cannot accept: %s; new clients wait", strerror(err));
    l->paused = true;
    if (err == EMFILE || err == ENFILE)
        refuse_one(l);
    gim_loop_remove(l->loop, &l->io);
    gim_timer_set(l->loop, &l->back_off, BACK_OFF_MS);
}

static void on_back_off(struct gim_timer *t)
{
    struct gim_listener *l = GIM_CONTAINER(t, struct gim_listener, back_off);

    if (l->spare < 0)
        l->spare = spare_fd();
    if (gim_loop_add(l->loop, &l->io, true, l->shared) < 0)
        gim_timer_set(l->loop, t, BACK_OFF_MS); /* no memory in the kernel: again later */
}

static void on_readable(struct gim_io *io, uint32_t events)
{
    struct gim_listener *l = GIM_CONTAINER(io, struct gim_listener, io);
    struct gim_loop *loop = l->loop;

    (void)events;
    for (uint32_t i = 0; i < l->per_turn; i++) {
        int fd = accept_one(l);

        if (fd >= 0) {
            l->paused = false;
            l->on_accept(l, fd);
            if (loop->current != io)
                return; /* stopped by the callback */
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            return;
        } else if (!is_clients(errno)) {
            back_off(l, errno);
            return;
        }
    }
}

static void set_tcp(int fd)
{
    const int on = 1, unsent = UNSENT_MAX;

    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof unsent);
}

int gim_listener_start(struct gim_listener *l, struct gim_loop *loop)
{
    l->loop = loop;
    l->io.on_event = on_readable;
    l->back_off = (struct gim_timer){.on_due = on_back_off};
    l->paused = false;
    if (l->per_turn == 0)
        l->per_turn = PER_TURN;
    if (!l->unix_path)
        set_tcp(l->io.fd);
    if (gim_loop_add(loop, &l->io, true, l->shared) < 0) {
        l->loop = NULL;
        return -1;
    }
    l->spare = spare_fd();
    return 0;
}

void gim_listener_drain(struct gim_listener *l)
{
    /* Those who come meanwhile are many where somebody floods us, and the stop must not wait. */
    for (int i = 0; i < BACKLOG_MAX; i++) {
        int fd = accept_one(l);

        if (fd < 0)
            return;
        l->on_accept(l, fd);
    }
}

void gim_listener_stop(struct gim_listener *l, bool close_fd)
{
    if (l->loop) {
        gim_loop_remove(l->loop, &l->io);
        gim_timer_clear(l->loop, &l->back_off);
        if (l->spare >= 0)
            close(l->spare);
        l->spare = -1;
        l->loop = NULL;
    }
    if (close_fd && l->io.fd >= 0) {
        close(l->io.fd);
        l->io.fd = -1;
    }
}
