/* conn.c: the life of one connection, as a loop over the session's events.
 *
 * Input comes as slices that are valid during the call. Whole requests are served from the slice in
 * place; only what is incomplete when the slice ends is kept: a partial head in `carry`, a request
 * whose body is still to come in its exchange's arena. So an idle connection holds no buffer.
 *
 * One request of a connection runs at a time. While it is suspended, or while the client does not
 * take its answers, input is kept up to one head limit and then reading stops: a client can make us
 * hold a bounded number of bytes, and no more.
 *
 * Every entry (data, drained, FIN, timer, a finished exchange) ends in settle(), the one place that
 * sends what was produced, decides whether the connection goes on, and sets its one deadline. */
#include "conn.h"
#include "conn_private.h"
#include "crowd.h"
#include <errno.h>

#define SMALL_BODY 65536        /* an unwanted body up to this is read past, not hung up on */
#define LINGER_BYTES (16 << 20) /* discarded after the last reply, then the connection is cut */

/* ---- ending -------------------------------------------------------------------------------- */

/* Lets go of the present request without an answer. */
static void abandon(struct gim_conn *c)
{
    struct gim_exchange *x = c->x;
    const struct gim_service *service = c->wire->service;

    c->x = NULL;
    if (!x)
        return;
    if (c->suspended || c->streaming || c->upgraded) {
        c->suspended = c->streaming = c->upgraded = false;
        service->on_cancel(x);
    }
    x->conn = c;
    if (c->in_body || x->head.size)
        service->on_done(x, (size_t)(x->sent - x->span.len), true);
    x->conn = NULL;
    gim_exchange_unref(x);
}

void gim_conn_close(struct gim_conn *c, bool reset)
{
    abandon(c);
    gim_timer_clear(c->wire->loop, &c->timer);
    gim_list_remove(&c->node);
    gim_conn_unshare(c);
    gim_wire_leave(c->wire);
    if (c->from)
        gim_crowd_leave(c->wire->shared->crowd, c->from);
    (void)gim_wire_charge(c->wire, c->held, 0);
    c->stream->ops->close(c->stream, reset);
    gim_heap_free(c->carry);
    gim_heap_free(c);
}

/* ---- replies ------------------------------------------------------------------------------- */

/* Appends the present request's reply to the output and lets go of it. */
static void answer(struct gim_conn *c)
{
    struct gim_exchange *x = c->x;
    struct gim_wire *w = c->wire;
    bool close;
    size_t sent;

    if (x->reply.body.len > SMALL_BODY && gim_wire_is_spent(w)) {
        gim_wire_count(w, GIM_REFUSED_ANSWERS_FULL);
        w->service->on_refused(x, 503, "too much waits for clients that are slow; try again");
    }
    w->service->on_reply(x);
    close = x->reply.close || w->draining || !x->head.size || !x->head.keep_alive;
    if ((x->reply.pull || x->reply.upgrade) && gim_conn_begin_stream(c, close))
        return;
    sent = gim_wire_write_reply(w, x, &w->out, close);
    w->service->on_done(x, sent, false);
    c->closing = c->closing || close;
    c->moved = true;
    c->x = NULL;
    x->conn = NULL;
    gim_exchange_unref(x);
}

/* The wire's own answer; the connection ends after it. */
void gim_conn_answer_refused(struct gim_conn *c, enum gim_refused why, int status,
                             const char *detail)
{
    gim_wire_count(c->wire, why);
    if (!c->x)
        c->x = gim_wire_exchange(c->wire);
    c->x->conn = c;
    c->wire->service->on_refused(c->x, status, detail);
    c->x->reply.close = true;
    c->unread = true;
    answer(c);
}

/* The handler's time is up. Its exchange may be in use by another thread, so the answer is made in
 * a fresh one that borrows the head; the late result will find no connection. */
void gim_conn_answer_late(struct gim_conn *c)
{
    struct gim_exchange *late = c->x;
    struct gim_exchange *x = gim_wire_exchange(c->wire);

    x->head = late->head;
    x->start_ms = late->start_ms;
    x->conn = c;
    c->x = x;
    c->suspended = false;
    late->conn = NULL;
    c->wire->service->on_cancel(late);
    if (c->wire->service->on_late)
        c->wire->service->on_late(x, late);
    gim_wire_count(c->wire, GIM_REFUSED_HANDLER_TIMEOUT);
    c->wire->service->on_refused(x, 503, "the handler did not answer in time");
    answer(c);
    gim_exchange_unref(late);
}

/* ---- requests ------------------------------------------------------------------------------ */

static bool body_outstanding(const struct gim_head *h, size_t here)
{
    return h->chunked || h->content_length > (int64_t)here;
}

/* A reply was made from the head alone. A small body is read past; where a large one was announced,
 * or the client waits for our word before it sends one, we hang up. */
static void answer_early(struct gim_conn *c)
{
    const struct gim_head *h = &c->x->head;

    if (h->expect_continue || h->content_length > SMALL_BODY) {
        c->x->reply.close = true;
        c->unread = true;
    }
    answer(c);
}

static void read_past(struct gim_conn *c, size_t n)
{
    c->progress += (uint32_t)n;
    if (c->progress > SMALL_BODY)
        c->closing = c->unread = true;
}

static void refuse_for_memory(struct gim_conn *c)
{
    gim_conn_answer_refused(c, GIM_REFUSED_MEMORY, 503, "there is no memory for it now; try again");
}

static void on_head(struct gim_conn *c, gim_str rest)
{
    struct gim_exchange *x = c->x;
    bool outstanding = body_outstanding(&x->head, rest.len);

    c->in_body = true;
    c->progress = 0;
    x->conn = c;
    if (gim_heap_is_low()) {
        refuse_for_memory(c);
        return;
    }
    if (x->head.expect_other) {
        gim_conn_answer_refused(c, GIM_REFUSED_EXPECTATION, 417,
                                "the only expectation we know is 100-continue");
        return;
    }
    if (outstanding)
        gim_exchange_keep(x);
    if (c->wire->service->on_head(x) == GIM_BODY_REFUSE)
        answer_early(c);
    else if (x->head.content_length > x->max_body)
        gim_conn_answer_refused(c, GIM_REFUSED_BODY_LARGE, 413,
                                "the body is larger than this resource takes");
    else if (outstanding && x->head.expect_continue && rest.len == 0)
        gim_buf_lit(&c->wire->out, "HTTP/1.1 100 Continue\r\n\r\n");
}

/* Counts what `x` holds while its body comes against the process's budget. False: it is spent. */
static bool charge(struct gim_wire *w, struct gim_exchange *x)
{
    int64_t held = x->charged;

    x->charged = (int64_t)(w->service->exchange_size + GIM_EXCHANGE_FIRST + x->collected.cap);
    return gim_wire_charge(w, held, x->charged);
}

/* Hands a piece to who takes the body as it comes. */
static void pour(struct gim_conn *c, gim_str data)
{
    if (!c->x->sink(c->x, data))
        return;
    c->x->reply.close = true;
    c->unread = true;
    answer(c);
}

/* Keeps a piece of a body that comes in several. */
static void collect(struct gim_conn *c, gim_str data)
{
    struct gim_exchange *x = c->x;
    size_t max = x->collected.max ? x->collected.max : GIM_BUF_MAX;

    gim_buf_str(&x->collected, data);
    x->body = gim_buf_view(&x->collected);
    if (!charge(c->wire, x))
        gim_conn_answer_refused(c, GIM_REFUSED_BODIES_FULL, 503,
                                "the server holds too many unfinished bodies; try again");
    else if (x->collected.full && x->received <= (int64_t)max)
        refuse_for_memory(c);
    else if (x->collected.full) /* max_body lies above a buffer's own cap */
        gim_conn_answer_refused(c, GIM_REFUSED_BODY_LARGE, 413,
                                "the body is larger than this server takes");
}

static void on_body(struct gim_conn *c, gim_str data)
{
    struct gim_exchange *x = c->x;

    if (!x) {
        read_past(c, data.len);
        return;
    }
    x->received += (int64_t)data.len;
    if (x->received > x->max_body)
        gim_conn_answer_refused(c, GIM_REFUSED_BODY_LARGE, 413,
                                "the body is larger than this resource takes");
    else if (x->sink)
        pour(c, data);
    else if (!x->head.chunked && (int64_t)data.len == x->head.content_length)
        x->body = data; /* whole, in place */
    else
        collect(c, data);
}

/* A body that lies whole in the input, which the handler may outlive. False: there is no memory. */
static bool keep_body(struct gim_exchange *x)
{
    char *copy = gim_alloc_try(&x->arena, x->body.len, 1);

    if (copy)
        x->body.ptr = memcpy(copy, x->body.ptr, x->body.len);
    return copy;
}

static void on_end_of_request(struct gim_conn *c)
{
    struct gim_exchange *x = c->x;
    const struct gim_limits *limits = c->wire->limits;

    c->in_body = false;
    if (!x)
        return;
    if (x->keep && limits->max_in_flight && c->wire->in_flight >= limits->max_in_flight) {
        gim_wire_count(c->wire, GIM_REFUSED_IN_FLIGHT_FULL);
        c->wire->service->on_refused(x, 503, "too many requests are in flight; try again");
        answer(c);
        return;
    }
    if (x->keep && !x->collected.len && x->body.len && !keep_body(x)) {
        refuse_for_memory(c);
        return;
    }
    if (c->wire->service->on_request(x)) {
        answer(c);
        return;
    }
    c->suspended = true;
    x->in_flight = true;
    c->wire->in_flight++;
}

static enum gim_refused reason_of(int status)
{
    return status == 414   ? GIM_REFUSED_TARGET_LONG
           : status == 431 ? GIM_REFUSED_HEAD_LARGE
           : status == 413 ? GIM_REFUSED_BODY_LARGE
                           : GIM_REFUSED_MALFORMED;
}

/* The bytes are not HTTP as we take it. Where the request they belong to is answered already, a
 * second answer would be taken for that of the next one: we only hang up. */
static void on_refused(struct gim_conn *c)
{
    const struct gim_refusal *why = &c->session.why;

    if (c->in_body && !c->x) {
        c->closing = c->unread = true;
        return;
    }
    if (c->x && !c->in_body)
        c->x->head.size = 0; /* whatever was parsed is not a request */
    gim_conn_answer_refused(c, reason_of(why->status), why->status, why->detail);
}

static bool paused(const struct gim_conn *c)
{
    return c->suspended || c->closing || c->streaming || c->upgraded || c->shared ||
           gim_stream_pending(c->stream);
}

static inline void flush(struct gim_conn *c)
{
    struct gim_buf *out = &c->wire->out;

    if (out->full) { /* a part of a reply is none */
        c->broken = c->closing = true;
        gim_wire_count(c->wire, GIM_REFUSED_MEMORY);
        gim_buf_free(out);
        return;
    }
    if (!out->len)
        return;
    c->stream->ops->write(c->stream, gim_buf_view(out));
    out->len = 0;
    if (out->cap > 4 * GIM_LOOP_BUF || gim_heap_is_lent(out->ptr))
        gim_buf_free(out);
}

/* Serves what `in` holds; advances it past what was used. */
static void serve(struct gim_conn *c, gim_str *in)
{
    struct gim_session *s = &c->session;
    struct gim_wire *w = c->wire;
    struct gim_head_limits limits = {(uint32_t)w->limits->max_head,
                                     (uint32_t)w->limits->max_target};
    struct gim_head *head = NULL;

    while (!paused(c) && (in->len || c->in_body)) {
        if (!c->in_body && !c->x)
            c->x = gim_wire_exchange(w);
        head = c->x ? &c->x->head : NULL;
        switch (s->ops->next(s, in, head, &limits)) {
        case GIM_EVENT_HEAD:
            on_head(c, *in);
            break;
        case GIM_EVENT_DATA:
            on_body(c, s->data);
            break;
        case GIM_EVENT_END:
            on_end_of_request(c);
            if (in->len && !c->closing)
                gim_conn_share(c);
            break;
        case GIM_EVENT_REFUSED:
            on_refused(c);
            break;
        case GIM_EVENT_MORE:
            if (c->x && !c->in_body) {
                c->x->head.size = 0;
                gim_exchange_unref(c->x);
                c->x = NULL;
            }
            return;
        }
        if (w->out.len >= GIM_LOOP_BUF)
            flush(c);
    }
}

/* ---- input kept for later ------------------------------------------------------------------ */

static void carry_add(struct gim_conn *c, gim_str s)
{
    size_t need = c->carry_len + s.len;

    if (!s.len)
        return;
    if (need > c->carry_cap) {
        size_t cap = need < 1024 ? 1024 : need * 2;
        char *grown = gim_heap_try_grow(c->carry, cap);

        if (!grown) { /* what it has said is lost: so is the connection */
            c->broken = c->closing = true;
            gim_wire_count(c->wire, GIM_REFUSED_MEMORY);
            return;
        }
        c->carry = grown;
        c->carry_cap = (uint32_t)cap;
    }
    memcpy(c->carry + c->carry_len, s.ptr, s.len);
    c->carry_len = (uint32_t)need;
}

/* Serves the carried bytes and keeps what is left of them. */
static void serve_carry(struct gim_conn *c)
{
    gim_str in = {c->carry, c->carry_len};

    serve(c, &in);
    if (in.len && !c->closing) {
        memmove(c->carry, in.ptr, in.len);
        c->carry_len = (uint32_t)in.len;
        return;
    }
    c->unread = c->unread || in.len;
    gim_heap_free(c->carry);
    c->carry = NULL;
    c->carry_len = c->carry_cap = 0;
}

/* ---- the one way out of every entry -------------------------------------------------------- */

static inline void set_reading(struct gim_conn *c)
{
    bool stop =
        paused(c) && !c->closing && !c->upgraded && c->carry_len >= c->wire->limits->max_head;

    if (stop == c->stopped)
        return;
    c->stopped = stop;
    if (stop)
        c->stream->ops->read_stop(c->stream);
    else
        c->stream->ops->read_start(c->stream);
}

/* Goes on with a streamed reply, and with what is carried behind it. Its head leaves with its first
 * piece. False: `c` is gone. */
static bool stream(struct gim_conn *c)
{
    while (c->streaming) {
        enum gim_pumped pumped = gim_conn_pump(c);

        if (pumped == GIM_PUMP_DEAD)
            return false;
        if (pumped == GIM_PUMP_WAITS)
            break;
        if ((c->carry_len || c->in_body) && !paused(c))
            serve_carry(c);
    }
    flush(c);
    return true;
}

/* What is carried behind the last reply would be met by a reset too. */
static bool is_over(const struct gim_conn *c)
{
    return c->ended || (c->closing && !c->unread && !c->carry_len);
}

static inline void decide(struct gim_conn *c)
{
    bool was_lingering = c->phase == GIM_CONN_LINGER;
    uint32_t held = c->held;

    if (c->broken) {
        gim_conn_close(c, true);
        return;
    }
    c->held = (uint32_t)gim_stream_pending(c->stream);
    (void)gim_wire_charge(c->wire, held, c->held);
    if (!c->held && !c->suspended && !c->streaming && !c->upgraded && !c->shared) {
        if (is_over(c)) {
            gim_conn_close(c, false);
            return;
        }
        if (c->closing && !was_lingering)
            c->stream->ops->shut_write(c->stream);
    }
    set_reading(c);
    gim_conn_set_deadline(c);
}

/* May free `c`. */
static void settle(struct gim_conn *c)
{
    if (!c->streaming)
        flush(c);
    else if (!stream(c))
        return;
    if (c->upgraded && c->carry_len)
        gim_conn_upgraded_carry(c);
    else
        decide(c);
}

static void go_on(struct gim_conn *c)
{
    if ((c->carry_len || c->in_body) && !paused(c))
        serve_carry(c);
    settle(c);
}

void gim_conn_flush(struct gim_conn *c)
{
    flush(c);
}

void gim_conn_decide(struct gim_conn *c)
{
    decide(c);
}

void gim_conn_settle(struct gim_conn *c)
{
    settle(c);
}

void gim_conn_go_on(struct gim_conn *c)
{
    go_on(c);
}

void gim_exchange_finish(struct gim_exchange *x)
{
    struct gim_conn *c = x->conn;

    if (!c)
        return;
    c->suspended = false;
    answer(c);
    go_on(c);
}

/* ---- what the stream says ------------------------------------------------------------------ */

static void on_data(struct gim_stream *s, gim_str in)
{
    struct gim_conn *c = s->owner;

    if (c->upgraded) {
        gim_conn_upgraded_data(c, in);
        return;
    }
    if (c->closing) {
        if (c->phase != GIM_CONN_LINGER)
            return;
        c->progress += (uint32_t)in.len;
        if (c->progress > LINGER_BYTES)
            gim_conn_close(c, true);
        return;
    }
    if (c->carry_len || paused(c)) {
        carry_add(c, in);
        go_on(c);
        return;
    }
    serve(c, &in);
    if (c->closing)
        c->unread = c->unread || in.len;
    else
        carry_add(c, in);
    settle(c);
}

static void on_drained(struct gim_stream *s)
{
    struct gim_conn *c = s->owner;

    if (c->upgraded)
        gim_conn_upgraded_drained(c);
    else
        go_on(c);
}

/* FIN alone is not "client gone": what was asked is answered, also what is carried until the client
 * takes its answers. Half a request is not a request: it goes when nothing is left to answer. A
 * stream's source is asked, since an endless one may want to end. */
static void on_fin(struct gim_stream *s)
{
    struct gim_conn *c = s->owner;

    c->ended = true;
    if (c->streaming)
        gim_exchange_wake(c->x);
    if (c->upgraded)
        gim_conn_upgraded_end(c);
    else
        settle(c);
}

static void on_error(struct gim_stream *s, int err)
{
    struct gim_conn *c = s->owner;

    if (err == EPROTO && c->phase == GIM_CONN_NEW)
        gim_wire_count(c->wire, GIM_REFUSED_HANDSHAKE);
    gim_conn_close(c, true);
}

const struct gim_stream_user gim_conn_user = {
    .on_data = on_data,
    .on_drained = on_drained,
    .on_end = on_fin,
    .on_error = on_error,
};
