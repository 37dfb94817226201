/* conn_stream.c: replies that are pulled while they are sent, and connections that stop being HTTP.
 *
 * The source is asked only when the stream holds nothing, so a slow client is what slows it down. One
 * piece is framed in the wire's output in place: the chunk's size is a fixed eight digits, written
 * when the piece is known. A file's part goes from the kernel to the kernel. A fast client must not
 * keep the loop to itself: after a few steps the stream goes to the back of the queue.
 *
 * What the owner of an upgrade asks for may come at any time, also while another connection is being
 * served: nothing it calls touches the wire's output. */
#include "conn_private.h"
#include <unistd.h>

#define STEPS_A_TURN 16
#define FILE_STEP 262144 /* bytes of a file in one step */
#define CHUNK_SIZE "00000000\r\n"
#define CHUNK_DIGITS 8

/* ---- beginning and end ----------------------------------------------------------------------- */

/* A stream counts. An upgrade, which may last for hours, does not: a crowd of them would be in the way
 * of all requests that suspend. What bounds it is that it is a connection. */
static void count_in_flight(struct gim_exchange *x, bool counts)
{
    x->wire->in_flight += counts;
    x->wire->in_flight -= x->in_flight;
    x->in_flight = counts;
}

/* Tells the owner of an upgrade. May free `c`. */
static void upgraded(struct gim_conn *c, void (*fn)(struct gim_exchange *x))
{
    struct gim_exchange *x = c->x;

    gim_exchange_ref(x);
    fn(x);
    if (x->conn)
        gim_conn_settle(x->conn);
    gim_exchange_unref(x);
}

static void run_again(struct gim_task *t)
{
    struct gim_exchange *x = GIM_CONTAINER(t, struct gim_exchange, again);

    x->queued = false;
    if (x->conn && x->conn->streaming)
        gim_conn_go_on(x->conn);
    else if (x->conn && x->conn->upgraded && x->conn->ended)
        upgraded(x->conn, x->reply.upgrade->on_end);
    else if (x->conn && x->conn->upgraded && x->wire->draining)
        upgraded(x->conn, x->reply.upgrade->on_drain);
    gim_exchange_unref(x);
}

static void queue(struct gim_exchange *x)
{
    if (x->queued)
        return;
    x->queued = true;
    x->again.run = run_again;
    gim_exchange_ref(x);
    gim_loop_post(x->wire->loop, &x->again);
}

bool gim_conn_begin_stream(struct gim_conn *c, bool close)
{
    struct gim_exchange *x = c->x;
    struct gim_reply_parts *r = &x->reply;
    bool http11 = x->head.size && x->head.minor >= 1;

    if (!r->upgrade && (x->head.method_id == GIM_METHOD_HEAD || gim_status_is_empty(r->status)))
        return false;
    x->chunked = !r->upgrade && r->length < 0 && http11;
    r->close = close || (!r->upgrade && r->length < 0 && !http11);
    gim_wire_write_head(c->wire, x, &c->wire->out, r->close);
    c->streaming = !r->upgrade;
    c->upgraded = r->upgrade;
    count_in_flight(x, c->streaming);
    if (c->upgraded && c->ended)
        queue(x);
    return true;
}

/* The reply is whole, and the connection HTTP's again; or it was an upgrade's, and ends. */
static void let_go(struct gim_conn *c)
{
    struct gim_exchange *x = c->x;

    c->wire->service->on_done(x, (size_t)x->sent, false);
    c->closing = c->closing || c->upgraded || x->reply.close || c->wire->draining;
    c->streaming = c->upgraded = false;
    c->moved = true;
    c->x = NULL;
    x->conn = NULL;
    gim_exchange_unref(x);
}

/* ---- one piece ------------------------------------------------------------------------------- */

static void put_size(char *at, size_t n)
{
    for (int i = CHUNK_DIGITS - 1; i >= 0; i--, n >>= 4)
        at[i] = "0123456789abcdef"[n & 15];
}

/* Is what the pull gave what was promised? */
static bool holds(const struct gim_exchange *x, enum gim_pull got, int64_t n)
{
    int64_t length = x->reply.length;

    if (got == GIM_PULL_FAIL || x->span.buf->full || x->span.len < 0 ||
        (got == GIM_PULL_MORE && !n))
        return false;
    if (length < 0)
        return !x->span.len; /* a chunk's end could not follow a file's part */
    return got == GIM_PULL_END ? x->sent + n == length : x->sent + n <= length;
}

/* Asks for a piece and frames it. False: the reply cannot be completed. */
static bool pull(struct gim_conn *c)
{
    struct gim_exchange *x = c->x;
    struct gim_buf *out = &c->wire->out;
    size_t frame = out->len, n;
    enum gim_pull got;

    if (x->chunked)
        gim_buf_lit(out, CHUNK_SIZE);
    x->span = (struct gim_out){.buf = out, .from = out->len, .fd = -1};
    got = x->reply.pull(x, &x->span);
    n = out->len - x->span.from;
    if (!holds(x, got, (int64_t)n + x->span.len)) {
        out->len = frame;
        out->full = false;
        x->span.len = 0;
        return false;
    }
    if (x->chunked && n) {
        put_size(out->ptr + frame, n);
        gim_buf_lit(out, "\r\n");
    } else if (x->chunked) {
        out->len = frame;
    }
    if (x->chunked && got == GIM_PULL_END)
        gim_buf_lit(out, "0\r\n\r\n");
    x->sent += (int64_t)n + x->span.len;
    x->last = got == GIM_PULL_END;
    x->waiting = got == GIM_PULL_WAIT;
    c->moved = true;
    return true;
}

/* Where the kernel cannot do it by itself: a stream in memory, an encrypted one. */
static ssize_t copy_file(struct gim_conn *c, int fd, int64_t at, size_t len)
{
    struct gim_buf *out = &c->wire->out;
    size_t want = len < GIM_LOOP_BUF ? len : GIM_LOOP_BUF;
    char *to = gim_buf_reserve(out, want);
    ssize_t n = to ? pread(fd, to, want, at) : -1;

    if (n <= 0)
        return -1;
    out->len += (size_t)n;
    gim_conn_flush(c);
    return n;
}

/* Sends of the file's part what the client takes, up to one step. 0: nothing now; -1: the file is not
 * what it was. */
static int push_file(struct gim_conn *c)
{
    struct gim_out *span = &c->x->span;
    const struct gim_stream_ops *ops = c->stream->ops;
    size_t len = span->len < FILE_STEP ? (size_t)span->len : FILE_STEP;
    ssize_t n = ops->send_file ? ops->send_file(c->stream, span->fd, span->at, len)
                               : copy_file(c, span->fd, span->at, len);

    if (n <= 0)
        return (int)n;
    span->at += n;
    span->len -= n;
    c->moved = true;
    return 1;
}

/* ---- going on -------------------------------------------------------------------------------- */

/* Never at once: the caller may be inside another connection's piece. */
void gim_exchange_wake(struct gim_exchange *x)
{
    x->waiting = false;
    if (x->conn)
        queue(x);
}

/* 1: something was sent; 0: nothing can be; -1: the reply cannot be completed. */
static int step(struct gim_conn *c)
{
    struct gim_exchange *x = c->x;

    if (gim_stream_pending(c->stream))
        return 0;
    if (x->span.len)
        return push_file(c);
    if (x->waiting)
        return 0;
    if (!pull(c))
        return -1;
    gim_conn_flush(c);
    return 1;
}

enum gim_pumped gim_conn_pump(struct gim_conn *c)
{
    for (int i = 0; !c->x->last || c->x->span.len; i++) {
        int moved;

        if (i == STEPS_A_TURN) {
            queue(c->x);
            return GIM_PUMP_WAITS;
        }
        moved = step(c);
        if (moved == 0)
            return GIM_PUMP_WAITS;
        if (moved < 0) {
            gim_conn_flush(c);
            gim_conn_close(c, true);
            return GIM_PUMP_DEAD;
        }
    }
    let_go(c);
    return GIM_PUMP_ENDED;
}

/* ---- upgrades -------------------------------------------------------------------------------- */

void gim_conn_upgraded_data(struct gim_conn *c, gim_str in)
{
    struct gim_exchange *x = c->x;

    gim_exchange_ref(x);
    x->reply.upgrade->on_data(x, in);
    if (x->conn)
        gim_conn_settle(x->conn);
    gim_exchange_unref(x);
}

void gim_conn_upgraded_carry(struct gim_conn *c)
{
    gim_str in = {c->carry, c->carry_len};

    c->carry = NULL;
    c->carry_len = c->carry_cap = 0;
    gim_conn_upgraded_data(c, in);
    gim_heap_free((void *)(uintptr_t)in.ptr);
}

void gim_conn_upgraded_drained(struct gim_conn *c)
{
    upgraded(c, c->x->reply.upgrade->on_drained);
}

void gim_conn_upgraded_end(struct gim_conn *c)
{
    upgraded(c, c->x->reply.upgrade->on_end);
}

/* Straight to the stream: the wire's output may hold another connection's replies just now. */
void gim_exchange_send(struct gim_exchange *x, gim_str data)
{
    struct gim_conn *c = x->conn;
    uint32_t held, before;

    if (!c || !c->upgraded)
        return;
    held = c->held;
    before = (uint32_t)gim_stream_pending(c->stream);
    x->sent += (int64_t)data.len;
    c->stream->ops->write(c->stream, data);
    c->held = (uint32_t)gim_stream_pending(c->stream);
    (void)gim_wire_charge(c->wire, held, c->held);
    if (c->phase == GIM_CONN_WRITE && c->held > before)
        c->progress += c->held - before; /* what is added is not what was not taken */
    gim_conn_set_deadline(c);
}

size_t gim_exchange_unsent(const struct gim_exchange *x)
{
    return x->conn ? gim_stream_pending(x->conn->stream) : 0;
}

void gim_exchange_hang_up(struct gim_exchange *x, bool reset)
{
    struct gim_conn *c = x->conn;

    if (!c || !c->upgraded)
        return;
    if (reset) {
        gim_conn_close(c, true);
        return;
    }
    c->unread = !c->ended;
    let_go(c);
    gim_conn_decide(c);
}
