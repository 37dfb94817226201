/* socket.c: a stream over a connected socket, TCP or unix.
 *
 * A request and its answer cost one recv and one send. Reads go into the loop's one buffer; since
 * events are edges, reading stops after a short read (whatever comes later is a new edge), and only
 * a FIN that was announced, or a full buffer, is followed up. READABLE remembers that the kernel
 * may still hold something: after read_stop, or when a stream has had its share of a turn.
 *
 * A callback may close the stream and free it. After each callback the loop is asked whether this
 * io is still the current one; if not, `s` is not touched again. Errors met in `write` are kept and
 * told by on_error in the next turn, so that no callback runs inside write.
 *
 * A dialled socket is added while it connects; its first EPOLLOUT is the connection. Whether one is
 * CONNECTING is asked together with whether it has FAILED, so accepted ones do not pay for it. */
#include "../base/arena.h"
#include "loop_private.h"
#include "stream.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define SCRIBBLE 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SCRIBBLE 1
#endif
#endif

#define READS_A_TURN 4 /* full buffers one stream may take before the others have their turn */
#define PENDING_MIN 4096

enum {
    STOPPED = 1,      /* by read_stop */
    READABLE = 2,     /* the kernel may hold bytes, or the FIN, that we have not read */
    FIN = 4,          /* the peer has ended: read on until recv says 0 */
    ENDED = 8,        /* on_end was called */
    SHUTTING = 16,    /* FIN when pending has left, or already sent: nothing more is written */
    FAILED = 32,      /* on_error was called: only close may follow */
    CONNECTING = 64,  /* dialled, and on_open was not called yet */
    FILE_WAITS = 128, /* a file's part did not go whole: on_drained is due when there is room */
};

static void set(struct gim_stream *s, unsigned flag)
{
    s->flags = (uint8_t)(s->flags | flag);
}

static void unset(struct gim_stream *s, unsigned flag)
{
    s->flags = (uint8_t)(s->flags & ~flag);
}

static void drop_pending(struct gim_stream *s)
{
    gim_heap_free(s->pending_ptr);
    s->pending_ptr = NULL;
    s->pending_len = s->pending_at = s->pending_cap = 0;
}

/* Remembers an error for the next turn. */
static void fail_later(struct gim_stream *s, int err)
{
    s->err = (uint8_t)err;
    drop_pending(s);
    gim_loop_ready(s->loop, &s->io);
}

static void fail_now(struct gim_stream *s, int err)
{
    drop_pending(s);
    set(s, FAILED);
    s->user->on_error(s, err);
}

/* Sends until the kernel takes no more; only that answer promises an EPOLLOUT edge. Returns the
 * bytes taken, or -1 with errno. */
static ssize_t send_some(int fd, const char *ptr, size_t len)
{
    size_t at = 0;

    while (at < len) {
        ssize_t n = send(fd, ptr + at, len - at, MSG_NOSIGNAL);

        if (n >= 0)
            at += (size_t)n;
        else if (errno == EAGAIN || errno == EWOULDBLOCK)
            break;
        else if (errno != EINTR)
            return -1;
    }
    return (ssize_t)at;
}

/* Keeps `data` behind what is pending; false when it would pass 4 GiB, or there is no memory. */
static bool keep(struct gim_stream *s, gim_str data)
{
    size_t have = s->pending_len - s->pending_at;
    size_t cap = s->pending_cap ? s->pending_cap : PENDING_MIN;
    char *grown;

    if (data.len > UINT32_MAX / 2 - have)
        return false;
    if (data.len > s->pending_cap - s->pending_len && s->pending_at) {
        memmove(s->pending_ptr, s->pending_ptr + s->pending_at, have);
        s->pending_at = 0;
        s->pending_len = (uint32_t)have;
    }
    if (data.len > s->pending_cap - s->pending_len) {
        while (cap < have + data.len)
            cap *= 2;
        grown = gim_heap_try_grow(s->pending_ptr, cap);
        if (!grown)
            return false;
        s->pending_ptr = grown;
        s->pending_cap = (uint32_t)cap;
    }
    memcpy(s->pending_ptr + s->pending_len, data.ptr, data.len);
    s->pending_len += (uint32_t)data.len;
    return true;
}

static void socket_write(struct gim_stream *s, gim_str data)
{
    ssize_t n = 0;

    if (s->io.fd < 0 || s->err || (s->flags & (SHUTTING | FAILED)) || data.len == 0)
        return;
    if (gim_stream_pending(s) == 0)
        n = send_some(s->io.fd, data.ptr, data.len);
    if (n < 0) {
        fail_later(s, errno);
        return;
    }
    data.ptr += n;
    data.len -= (size_t)n;
    if (data.len && !keep(s, data))
        fail_later(s, ENOBUFS);
}

static ssize_t socket_send_file(struct gim_stream *s, int fd, int64_t at, size_t len)
{
    off_t from = at;
    size_t done = 0;

    if (s->io.fd < 0 || s->err || (s->flags & (SHUTTING | FAILED)) || gim_stream_pending(s))
        return 0;
    while (done < len) {
        ssize_t n = sendfile(s->io.fd, fd, &from, len - done);

        if (n > 0) {
            done += (size_t)n;
        } else if (n == 0 ||
                   (errno != EAGAIN && errno != EINTR && errno != EPIPE && errno != ECONNRESET)) {
            return -1;
        } else if (errno != EINTR) {
            if (errno == EAGAIN)
                set(s, FILE_WAITS);
            else
                fail_later(s, errno);
            break;
        }
    }
    return (ssize_t)done;
}

/* The socket takes bytes again. False when `s` is closed, or to be left alone. */
static bool flush(struct gim_stream *s)
{
    struct gim_loop *l = s->loop;
    struct gim_io *io = &s->io;
    size_t len = gim_stream_pending(s); /* 0 when a file's part waits */
    ssize_t n = len ? send_some(io->fd, s->pending_ptr + s->pending_at, len) : 0;

    unset(s, FILE_WAITS);
    if (n < 0) {
        fail_now(s, errno);
        return false;
    }
    s->pending_at += (uint32_t)n;
    if (gim_stream_pending(s))
        return true;
    drop_pending(s);
    if (s->flags & SHUTTING)
        shutdown(io->fd, SHUT_WR);
    s->user->on_drained(s);
    return l->current == io;
}

/* One read and its callback. False when the stream is closed, failed or at its end. */
static bool read_once(struct gim_stream *s)
{
    struct gim_loop *l = s->loop;
    struct gim_io *io = &s->io;
    char *buf = gim_loop_buf(l);
    ssize_t n;

    do
        n = recv(io->fd, buf, GIM_LOOP_BUF, 0);
    while (n < 0 && errno == EINTR);
    if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK) {
        fail_now(s, errno);
        return false;
    }
    if (n < 0 || (n < GIM_LOOP_BUF && !(s->flags & FIN)))
        unset(s, READABLE);
    if (n < 0)
        return true;
    if (n == 0) {
        unset(s, READABLE);
        set(s, ENDED);
        s->user->on_end(s);
        return false;
    }
    s->user->on_data(s, (gim_str){buf, (size_t)n});
#ifdef SCRIBBLE
    memset(buf, 0xdb, (size_t)n); /* whoever kept a slice shall notice */
#endif
    return l->current == io;
}

static void read_all(struct gim_stream *s)
{
    for (int i = 0; i < READS_A_TURN; i++) {
        if ((s->flags & (READABLE | STOPPED)) != READABLE || s->err)
            return;
        if (!read_once(s))
            return;
    }
    if ((s->flags & (READABLE | STOPPED)) == READABLE)
        gim_loop_ready(s->loop, &s->io);
}

/* HUP without an error is the end of both directions, and read like any end. */
static int socket_error(const struct gim_stream *s)
{
    int err = 0;
    socklen_t len = sizeof err;

    if (getsockopt(s->io.fd, SOL_SOCKET, SO_ERROR, &err, &len) < 0)
        return errno;
    return err;
}

/* A failed write of the turn before, or what the kernel has against the socket. */
static bool failed(struct gim_stream *s, uint32_t events)
{
    int err = s->err;

    if (!err && (events & (EPOLLERR | EPOLLHUP)))
        err = socket_error(s);
    if (err)
        fail_now(s, err);
    return err != 0;
}

/* The first event of a dialled socket. False when it is not connected yet, or closed by on_open. */
static bool connected(struct gim_stream *s, uint32_t events)
{
    struct gim_loop *l = s->loop;
    struct gim_io *io = &s->io;

    if (failed(s, events) || !(events & EPOLLOUT))
        return false;
    unset(s, CONNECTING);
    if (s->user->on_open)
        s->user->on_open(s);
    return l->current == io;
}

static void on_event(struct gim_io *io, uint32_t events)
{
    struct gim_stream *s = GIM_CONTAINER(io, struct gim_stream, io);

    if ((s->flags & (FAILED | CONNECTING)) && ((s->flags & FAILED) || !connected(s, events)))
        return;
    if (failed(s, events))
        return;
    if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP)) && !(s->flags & ENDED))
        set(s, READABLE);
    if (events & (EPOLLRDHUP | EPOLLHUP))
        set(s, FIN);
    if ((gim_stream_pending(s) || (s->flags & FILE_WAITS)) && (events & EPOLLOUT) && !flush(s))
        return;
    read_all(s);
}

static void socket_read_stop(struct gim_stream *s)
{
    set(s, STOPPED);
}

static void socket_read_start(struct gim_stream *s)
{
    unset(s, STOPPED);
    if (s->io.fd >= 0 && (s->flags & READABLE) && s->loop->current != &s->io)
        gim_loop_ready(s->loop, &s->io); /* the current one reads on by itself */
}

static void socket_shut_write(struct gim_stream *s)
{
    if (s->io.fd < 0 || (s->flags & SHUTTING))
        return;
    set(s, SHUTTING);
    if (gim_stream_pending(s) == 0)
        shutdown(s->io.fd, SHUT_WR);
}

static void socket_close(struct gim_stream *s, bool reset)
{
    const struct linger now = {.l_onoff = 1, .l_linger = 0};

    if (s->io.fd < 0)
        return;
    gim_loop_remove(s->loop, &s->io);
    if (reset)
        setsockopt(s->io.fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(s->io.fd);
    s->io.fd = -1;
    drop_pending(s);
}

static const struct gim_stream_ops socket_ops = {
    .write = socket_write,
    .send_file = socket_send_file,
    .read_stop = socket_read_stop,
    .read_start = socket_read_start,
    .shut_write = socket_shut_write,
    .close = socket_close,
};

int gim_socket_open(struct gim_stream *s, struct gim_loop *l, int fd,
                    const struct gim_stream_user *user)
{
    s->ops = &socket_ops;
    s->user = user;
    s->loop = l;
    s->io = (struct gim_io){.on_event = on_event, .fd = fd};
    s->pending_ptr = NULL;
    s->pending_len = s->pending_at = s->pending_cap = 0;
    s->flags = s->err = 0;
    return gim_loop_add(l, &s->io, false, false);
}

int gim_socket_open_dialled(struct gim_stream *s, struct gim_loop *l, int fd, int err,
                            const struct gim_stream_user *user)
{
    if (gim_socket_open(s, l, fd, user) < 0)
        return -1;
    set(s, CONNECTING);
    if (err)
        fail_later(s, err);
    return 0;
}

size_t gim_socket_peer(const struct gim_stream *s, char out[GIM_PEER_MAX])
{
    const struct gim_stream *below = gim_stream_below(s);
    struct sockaddr_storage peer;
    socklen_t len = sizeof peer;
    const void *address = NULL;

    if (below)
        s = below;
    if (s->io.fd < 0 || getpeername(s->io.fd, (struct sockaddr *)&peer, &len) < 0)
        return 0;
    if (peer.ss_family == AF_INET)
        address = &((const struct sockaddr_in *)(const void *)&peer)->sin_addr;
    else if (peer.ss_family == AF_INET6)
        address = &((const struct sockaddr_in6 *)(const void *)&peer)->sin6_addr;
    if (!address || !inet_ntop(peer.ss_family, address, out, GIM_PEER_MAX))
        return 0;
    return strlen(out);
}

void gim_socket_close(int fd)
{
    close(fd);
}
