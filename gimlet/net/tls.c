/* tls.c: TLS between a socket stream and its user; the TLS in it is tls_engine.c's.
 *
 * When the user stops reading in the middle of a slice, the rest is copied (`held`) and the socket
 * is stopped until all of it was read; the stream's own `io`, which has no descriptor, is then how
 * it asks the loop for a turn. What is pending is the socket's, in ciphertext; before the handshake
 * is over it is plaintext that waits here. As in socket.c, a callback may close and free the stream:
 * afterwards the loop is asked whether the io at work is still the current one. */
#include "tls.h"
#include "../base/arena.h"
#include "loop_private.h"
#include "tls_engine.h"
#include <errno.h>
#include <gimlet/log.h>
#include <stdio.h>

#define CLEAR_TEXT "This port speaks HTTPS. Use https:// in the address.\n"
#define CLEAR_ANSWER                                                                               \
    "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 53\r\n"               \
    "Connection: close\r\n\r\n" CLEAR_TEXT

_Static_assert(sizeof CLEAR_TEXT - 1 == 53, "the answer in the clear says how long it is");

#define UNTAKEN_MAX 8

enum {
    OPEN = 1,    /* the handshake is over */
    STOPPED = 2, /* by read_stop */
    PUMPING = 4, /* reading: read_start has nothing to do */
    ENDED = 8,   /* on_end was called */
    SHUT = 16,   /* by shut_write */
    FAILED = 32, /* on_error was called: only close may follow */
    HEARD = 128, /* the first bytes were TLS's to judge */
    LAST = 64,   /* what is on its way now, an alert or an answer in the clear, shall arrive */
};

static struct gim_tls_stream *of_stream(struct gim_stream *s)
{
    return GIM_CONTAINER(s, struct gim_tls_stream, stream);
}

static struct gim_tls_stream *of_socket(struct gim_stream *s)
{
    return GIM_CONTAINER(s, struct gim_tls_stream, socket);
}

static void set(struct gim_tls_stream *s, unsigned flag)
{
    s->state = (uint8_t)(s->state | flag);
}

static void unset(struct gim_tls_stream *s, unsigned flag)
{
    s->state = (uint8_t)(s->state & ~flag);
}

/* ---- failures --------------------------------------------------------------------------------- */

static void log_refused(const struct gim_tls_stream *s)
{
    char peer[GIM_PEER_MAX];
    size_t len = gim_socket_peer(&s->socket, peer);

    gim_log(GIM_LOG_DEBUG, "tls", "no connection with %.*s: %s", (int)len, peer, s->why);
}

/* Only called from callbacks, never inside write and close. */
static void fail(struct gim_tls_stream *s, int err)
{
    if (err == EPROTO && gim_tls_engine_is_server(s)) {
        set(s, LAST);
        log_refused(s);
    }
    set(s, FAILED);
    s->stream.user->on_error(&s->stream, err);
}

static void fail_later(struct gim_tls_stream *s, int err)
{
    s->stream.err = (uint8_t)err;
    gim_loop_ready(s->stream.loop, &s->stream.io);
}

/* ---- writing ---------------------------------------------------------------------------------- */

static void encrypt(struct gim_tls_stream *s, gim_str data)
{
    if (gim_tls_engine_write(s, data) != TLS_DONE)
        fail_later(s, EPROTO);
}

/* Before the handshake is over, plaintext waits in the stream's own pending. */
static void keep(struct gim_stream *s, gim_str data)
{
    if (data.len > UINT32_MAX / 2 - s->pending_len) {
        fail_later(of_stream(s), ENOBUFS);
        return;
    }
    if (data.len > s->pending_cap - s->pending_len) {
        s->pending_cap = (uint32_t)(s->pending_len + data.len);
        s->pending_ptr = gim_heap_grow(s->pending_ptr, s->pending_cap);
    }
    memcpy(s->pending_ptr + s->pending_len, data.ptr, data.len);
    s->pending_len += (uint32_t)data.len;
}

static void tls_write(struct gim_stream *stream, gim_str data)
{
    struct gim_tls_stream *s = of_stream(stream);

    if (!s->ssl || stream->err || (s->state & (SHUT | FAILED)) || data.len == 0)
        return;
    if (s->state & OPEN)
        encrypt(s, data);
    else
        keep(stream, data);
}

static void shut_now(struct gim_tls_stream *s)
{
    gim_tls_engine_goodbye(s);
    s->socket.ops->shut_write(&s->socket);
}

static void tls_shut_write(struct gim_stream *stream)
{
    struct gim_tls_stream *s = of_stream(stream);

    if (!s->ssl || (s->state & (SHUT | FAILED)))
        return;
    set(s, SHUT);
    if (!(s->state & OPEN))
        return; /* once it is */
    shut_now(s);
}

/* ---- reading ---------------------------------------------------------------------------------- */

/* The handshake is over. */
static void opened(struct gim_tls_stream *s)
{
    struct gim_loop *l = s->stream.loop;
    const struct gim_io *io = l->current;
    char *early = s->stream.pending_ptr;
    size_t early_len = s->stream.pending_len;

    set(s, OPEN);
    s->stream.pending_ptr = NULL;
    s->stream.pending_len = s->stream.pending_cap = 0;
    if (early_len)
        encrypt(s, (gim_str){early, early_len});
    gim_heap_free(early);
    if (s->state & SHUT)
        shut_now(s);
    if (s->state & STOPPED)
        s->socket.ops->read_stop(&s->socket);
    if (s->stream.user->on_open)
        s->stream.user->on_open(&s->stream);
    if (l->current == io && early_len && gim_stream_pending(&s->socket) == 0)
        s->stream.user->on_drained(&s->stream);
}

/* No record of TLS begins with a letter; the request line of HTTP does. */
static bool is_clear(const struct gim_tls_stream *s)
{
    return gim_tls_engine_is_server(s) && !(s->state & HEARD) && s->in.len && s->in.ptr[0] >= 'A' &&
           s->in.ptr[0] <= 'Z';
}

static void answer_clear(struct gim_tls_stream *s)
{
    snprintf(s->why, sizeof s->why, "it speaks HTTP without TLS");
    s->socket.ops->write(&s->socket, GIM_S(CLEAR_ANSWER));
    s->socket.ops->shut_write(&s->socket);
    fail(s, EPROTO);
}

static void shake_hands(struct gim_tls_stream *s)
{
    enum gim_tls_result result;

    if (is_clear(s)) {
        answer_clear(s);
        return;
    }
    if (s->in.len)
        set(s, HEARD);
    result = gim_tls_engine_shake(s);
    if (result == TLS_DONE)
        opened(s);
    else if (result != TLS_WANT)
        fail(s, EPROTO);
}

/* TLS answers by itself what it is asked (new keys). Who asks and never reads could make us keep any
 * number of answers, while the user above, who bounds what is pending, hears nothing of it. */
static bool asks_too_much(struct gim_tls_stream *s, enum gim_tls_result result, size_t before)
{
    if (result == TLS_DONE)
        s->untaken = 0; /* there was data: the user hears of it */
    else if (before && gim_stream_pending(&s->socket) > before)
        s->untaken++;
    return s->untaken > UNTAKEN_MAX;
}

/* One record and its callback. False when there is nothing more to read now. */
static bool read_once(struct gim_tls_stream *s)
{
    size_t before = gim_stream_pending(&s->socket);
    enum gim_tls_result result;
    gim_str data;

    result = gim_tls_engine_read(s, &data);
    if (asks_too_much(s, result, before)) {
        snprintf(s->why, sizeof s->why, "the peer asks for new keys and takes no answer");
        fail(s, EPROTO);
        return false;
    }
    switch (result) {
    case TLS_DONE:
        s->stream.user->on_data(&s->stream, data);
        return true;
    case TLS_WANT:
        return false;
    case TLS_END:
        set(s, ENDED);
        s->stream.user->on_end(&s->stream);
        return false;
    default:
        fail(s, EPROTO);
        return false;
    }
}

/* After reading: what is left waits for read_start. */
static void settle(struct gim_tls_stream *s)
{
    if (s->in.len && !(s->state & (ENDED | FAILED))) {
        if (!s->held) {
            s->held = gim_heap_alloc(s->in.len);
            memcpy(s->held, s->in.ptr, s->in.len);
            s->in.ptr = s->held;
        }
        return;
    }
    gim_heap_free(s->held);
    s->held = NULL;
    s->in = (gim_str){0};
    if (!(s->state & STOPPED))
        s->socket.ops->read_start(&s->socket);
}

static bool reads(const struct gim_tls_stream *s)
{
    return (s->state & (OPEN | STOPPED | ENDED | FAILED)) == OPEN;
}

/* Lets OpenSSL read what came. */
static void pump(struct gim_tls_stream *s)
{
    struct gim_loop *l = s->stream.loop;
    const struct gim_io *io = l->current;
    bool more = true;

    set(s, PUMPING);
    if (!(s->state & OPEN))
        shake_hands(s);
    while (more && l->current == io && reads(s))
        more = read_once(s);
    if (l->current != io)
        return;
    unset(s, PUMPING);
    settle(s);
}

static void tls_read_stop(struct gim_stream *stream)
{
    struct gim_tls_stream *s = of_stream(stream);

    set(s, STOPPED);
    if (s->ssl && (s->state & OPEN)) /* the handshake reads on */
        s->socket.ops->read_stop(&s->socket);
}

static void tls_read_start(struct gim_stream *stream)
{
    struct gim_tls_stream *s = of_stream(stream);

    unset(s, STOPPED);
    if (!s->ssl || (s->state & PUMPING))
        return;
    if (s->held)
        gim_loop_ready(stream->loop, &stream->io);
    else
        s->socket.ops->read_start(&s->socket);
}

/* ---- the socket's user ------------------------------------------------------------------------ */

static void socket_open(struct gim_stream *socket)
{
    pump(of_socket(socket));
}

static void socket_data(struct gim_stream *socket, gim_str data)
{
    struct gim_tls_stream *s = of_socket(socket);

    if (s->state & (ENDED | FAILED))
        return;
    s->in = data;
    pump(s);
}

static void socket_drained(struct gim_stream *socket)
{
    struct gim_tls_stream *s = of_socket(socket);

    s->untaken = 0;
    if ((s->state & (OPEN | FAILED)) == OPEN)
        s->stream.user->on_drained(&s->stream); /* also of TLS's own words: they are pending, too */
}

static void socket_end(struct gim_stream *socket)
{
    struct gim_tls_stream *s = of_socket(socket);

    if (s->state & (ENDED | FAILED))
        return;
    if (!(s->state & OPEN)) {
        snprintf(s->why, sizeof s->why, "the %s closed the connection during the handshake",
                 gim_tls_engine_is_server(s) ? "client" : "server");
        fail(s, EPROTO);
        return;
    }
    snprintf(s->why, sizeof s->why, "closed without close_notify");
    set(s, ENDED);
    s->stream.user->on_end(&s->stream);
}

static void socket_error(struct gim_stream *socket, int err)
{
    struct gim_tls_stream *s = of_socket(socket);

    if (!(s->state & FAILED))
        fail(s, err);
}

static const struct gim_stream_user socket_user = {
    .on_open = socket_open,
    .on_data = socket_data,
    .on_drained = socket_drained,
    .on_end = socket_end,
    .on_error = socket_error,
};

/* The turn that fail_later or read_start asked for. */
static void on_ready(struct gim_io *io, uint32_t events)
{
    struct gim_tls_stream *s = of_stream(GIM_CONTAINER(io, struct gim_stream, io));

    (void)events;
    if (s->state & FAILED)
        return;
    if (s->stream.err)
        fail(s, s->stream.err);
    else
        pump(s);
}

/* ---- beginning and end ------------------------------------------------------------------------ */

static void release(struct gim_tls_stream *s)
{
    gim_tls_engine_close(s);
    gim_heap_free(s->held);
    s->held = NULL;
    s->in = (gim_str){0};
    gim_heap_free(s->stream.pending_ptr);
    s->stream.pending_ptr = NULL;
    s->stream.pending_len = s->stream.pending_cap = 0;
}

static void tls_close(struct gim_stream *stream, bool reset)
{
    struct gim_tls_stream *s = of_stream(stream);
    struct gim_loop *l = stream->loop;

    if (!s->ssl)
        return;
    if (!reset && (s->state & (OPEN | SHUT | FAILED)) == OPEN && !stream->err)
        gim_tls_engine_goodbye(s);
    release(s);
    s->socket.ops->close(&s->socket, reset && !(s->state & LAST));
    if (stream->io.ready_at || l->current == &stream->io)
        gim_loop_remove(l, &stream->io);
}

static const struct gim_stream *tls_below(const struct gim_stream *stream)
{
    const struct gim_tls_stream *s = GIM_CONTAINER(stream, const struct gim_tls_stream, stream);

    return s->state & OPEN ? &s->socket : NULL;
}

static const struct gim_stream_ops tls_ops = {
    .write = tls_write,
    .read_stop = tls_read_stop,
    .read_start = tls_read_start,
    .shut_write = tls_shut_write,
    .close = tls_close,
    .below = tls_below,
};

/* Everything but the socket, and the owner, which is the user's. */
static int prepare(struct gim_tls_stream *s, struct gim_tls *t, struct gim_loop *l,
                   const char *name, const struct gim_stream_user *user)
{
    s->stream.ops = &tls_ops;
    s->stream.user = user;
    s->stream.loop = l;
    s->stream.io = (struct gim_io){.on_event = on_ready, .fd = -1};
    s->stream.pending_ptr = NULL;
    s->stream.pending_len = s->stream.pending_at = s->stream.pending_cap = 0;
    s->stream.flags = s->stream.err = 0;
    s->tls = t;
    s->name = name;
    s->in = (gim_str){0};
    s->held = NULL;
    s->state = s->untaken = 0;
    return gim_tls_engine_open(s);
}

int gim_tls_dial(struct gim_tls_stream *s, struct gim_tls *t, struct gim_loop *l,
                 const struct gim_address *to, const char *name, const struct gim_stream_user *user)
{
    if (prepare(s, t, l, name, user) < 0)
        return -1;
    if (gim_dial(&s->socket, l, to, &socket_user) < 0) {
        int err = errno;

        release(s);
        errno = err;
        return -1;
    }
    return 0;
}

int gim_tls_start(struct gim_tls_stream *s, struct gim_tls *t, const char *name,
                  const struct gim_stream_user *user)
{
    if (prepare(s, t, s->socket.loop, name, user) < 0)
        return -1;
    s->socket.user = &socket_user;
    gim_loop_ready(s->stream.loop, &s->stream.io); /* the handshake begins in the next turn */
    return 0;
}

int gim_tls_accept(struct gim_tls_stream *s, struct gim_tls *t, struct gim_loop *l, int fd,
                   const struct gim_stream_user *user)
{
    if (prepare(s, t, l, NULL, user) < 0)
        return -1;
    if (gim_socket_open(&s->socket, l, fd, &socket_user) < 0) {
        int err = errno;

        s->socket.io.fd = -1;
        release(s);
        errno = err;
        return -1;
    }
    return 0;
}
