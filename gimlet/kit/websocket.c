/* websocket.c: the life of one WebSocket: opened by its handshake (websocket_handshake.c), fed by the
 * wire, ended once, whatever ended it.
 *
 * A connection that waits holds its request and a few hundred bytes beside it, no buffer: messages
 * are read into the worker's buffer, and only one that is cut when the bytes end keeps it. What is
 * sent from within a function of the application is collected and leaves in one write when the
 * function returns; what is sent to others leaves at once.
 *
 * All ends go through end(), which tells the application, and then hang_up(). Nothing that sends
 * calls back: a caller may walk over connections and send to each. */
#include <gimlet/websocket.h>
#include "websocket_private.h"
#include "../wire/conn.h"

#define MAX_MESSAGE (1 << 20)
#define MAX_UNSENT (1 << 20)
#define PING_MS 30000
#define PONG_MS 10000
#define CLOSE_MS 5000
#define FLUSH 65536 /* collected bytes that leave before the function returns */
#define KEEP 262144 /* a lent buffer that grew beyond this is given back */
#define SPARE 1024  /* bytes that a kept message's buffer may have too many */
#define ARENA_FIRST 4096

static struct gim_exchange *exchange(const struct gim_websocket *ws)
{
    return &ws->c->x;
}

static struct gim_websocket *websocket_of(struct gim_exchange *x)
{
    return gim_ctx_of(x)->pull_arg;
}

static int64_t or_default(int64_t value, int64_t by_default)
{
    return value ? value : by_default;
}

static void set_timer(struct gim_websocket *ws, int64_t ms)
{
    if (ms > 0)
        gim_timer_set(ws->hub->loop, &ws->timer, (uint64_t)ms);
    else
        gim_timer_clear(ws->hub->loop, &ws->timer);
}

/* ---- the hub --------------------------------------------------------------------------------- */

static const char hub_key = 0; /* its address counts */

static void hub_stop(struct gim_part *p)
{
    (void)p; /* the connections have ended */
}

static void hub_release(struct gim_part *p)
{
    struct gim_websocket_hub *h = GIM_CONTAINER(p, struct gim_websocket_hub, part);

    gim_websocket_slots_release(h);
    gim_buf_free(&h->in);
    gim_buf_free(&h->out);
    gim_arena_reset(&h->arena);
    gim_heap_free(h->arena.first);
    gim_heap_free(h);
}

struct gim_websocket_hub *gim_websocket_hub(struct gim_worker *w)
{
    struct gim_part *p = gim_worker_part(w, &hub_key);
    struct gim_websocket_hub *h;

    if (p)
        return GIM_CONTAINER(p, struct gim_websocket_hub, part);
    h = gim_heap_alloc(sizeof *h);
    h->part = (struct gim_part){.key = &hub_key, .stop = hub_stop, .release = hub_release};
    h->app = w->app;
    h->loop = w->wire.loop;
    gim_worker_add(w, &h->part);
    return h;
}

struct gim_arena *gim_websocket_arena(struct gim_websocket *ws)
{
    struct gim_arena *a = &ws->hub->arena;

    if (!a->first)
        gim_arena_init(a, gim_heap_alloc(ARENA_FIRST), ARENA_FIRST);
    return a;
}

/* A function of the application is called between these. */
static void enter(struct gim_websocket_hub *h)
{
    h->depth++;
}

static void leave(struct gim_websocket_hub *h)
{
    if (--h->depth == 0 && h->arena.first)
        gim_arena_reset(&h->arena);
}

/* ---- output ---------------------------------------------------------------------------------- */

static void flush(struct gim_websocket_hub *h)
{
    if (!h->out.len)
        return;
    gim_exchange_send(exchange(h->corked), gim_buf_view(&h->out));
    h->out.len = 0;
    if (h->out.cap > KEEP)
        gim_buf_free(&h->out);
}

/* Collects what is sent to `ws` until uncork. False: another's frames are being collected. */
static bool cork(struct gim_websocket *ws)
{
    if (ws->hub->corked)
        return false;
    ws->hub->corked = ws;
    return true;
}

static void uncork(struct gim_websocket *ws)
{
    flush(ws->hub);
    ws->hub->corked = NULL;
}

/* Sends what was added to the hub's output from `from` on, now or with the rest. */
static void push(struct gim_websocket *ws, size_t from)
{
    struct gim_buf *out = &ws->hub->out;

    if (ws->hub->corked == ws) {
        if (out->len >= FLUSH)
            flush(ws->hub);
        return;
    }
    gim_exchange_send(exchange(ws), (gim_str){out->ptr + from, out->len - from});
    out->len = from;
}

static void send_frame(struct gim_websocket *ws, enum gim_ws_opcode opcode, gim_str payload)
{
    size_t from = ws->hub->out.len;

    gim_ws_frame_write(&ws->hub->out, opcode, payload);
    push(ws, from);
}

static void send_close(struct gim_websocket *ws, unsigned code, gim_str reason)
{
    size_t from = ws->hub->out.len;

    gim_ws_close_write(&ws->hub->out, code, reason);
    push(ws, from);
}

/* Our half of the closing handshake. */
static void start_closing(struct gim_websocket *ws, unsigned code, gim_str reason)
{
    if (ws->state != GIM_WEBSOCKET_OPEN)
        return;
    ws->state = GIM_WEBSOCKET_CLOSING;
    ws->code = (uint16_t)code;
    ws->reason = gim_dup(&exchange(ws)->arena, reason);
    send_close(ws, code, reason);
    set_timer(ws, or_default(ws->events->close, CLOSE_MS));
}

/* May more be sent? Where too much waits already, the client has to go, or the message. Once the
 * process's budget is spent, any bytes are too many. */
static bool has_room(struct gim_websocket *ws)
{
    size_t max = gim_wire_is_spent(exchange(ws)->wire)
                     ? 0
                     : (size_t)or_default(ws->events->max_unsent, MAX_UNSENT);

    if (gim_websocket_unsent(ws) <= max)
        return true;
    if (ws->hub->corked == ws)
        flush(ws->hub);
    if (gim_websocket_unsent(ws) <= max)
        return true;
    if (!ws->events->drop)
        start_closing(ws, GIM_WEBSOCKET_BUSY, GIM_S("too many messages wait for this client"));
    return false;
}

/* ---- the end --------------------------------------------------------------------------------- */

/* Nothing is sent or delivered any more. Tells the application, once. */
static void end(struct gim_websocket *ws, int code, gim_str reason)
{
    bool opened = ws->state == GIM_WEBSOCKET_OPEN || ws->state == GIM_WEBSOCKET_CLOSING;

    ws->state = GIM_WEBSOCKET_ENDED;
    gim_timer_clear(ws->hub->loop, &ws->timer);
    gim_websocket_leave_all(ws);
    gim_websocket_forget(ws);
    gim_buf_free(&ws->reader.message);
    if (!opened || !ws->events->on_close)
        return;
    enter(ws->hub);
    if (ws->code)
        ws->events->on_close(ws, ws->code, ws->reason);
    else
        ws->events->on_close(ws, code, reason);
    leave(ws->hub);
}

static void hang_up(struct gim_websocket *ws, bool reset)
{
    if (ws->hub->corked == ws)
        flush(ws->hub);
    gim_exchange_hang_up(exchange(ws), reset);
}

/* What the client said cannot be gone on with, or was its Close: answers with the code and ends. */
static void conclude(struct gim_websocket *ws, unsigned code, gim_str reason, gim_str answer)
{
    if (ws->state == GIM_WEBSOCKET_OPEN)
        send_close(ws, code, answer);
    end(ws, (int)code, reason);
    hang_up(ws, false);
}

/* The connection has gone: reset, write_timeout, the server's end. */
static void on_cancel(void *arg)
{
    end(arg, GIM_WEBSOCKET_LOST, (gim_str){0});
}

/* ---- time ------------------------------------------------------------------------------------ */

/* An unfinished message holds memory, so it has the time that a request's body has: the route's own,
 * or the server's. 0: for ever. */
static int64_t message_ms(const struct gim_websocket *ws)
{
    const struct gim_exchange *x = exchange(ws);
    int32_t own = x->body_timeout;

    if (!ws->begun)
        return 0;
    return own < 0 ? 0 : own ? own : x->wire->limits->body_timeout;
}

static bool is_overdue(const struct gim_websocket *ws)
{
    int64_t ms = message_ms(ws), rate = exchange(ws)->wire->limits->body_min_rate;

    if (!ms)
        return false;
    if (rate)
        ms += (int64_t)ws->reader.message.len * 1000 / rate;
    return gim_loop_ms(ws->hub->loop) - ws->begun >= (uint64_t)ms;
}

static void end_overdue(struct gim_websocket *ws)
{
    gim_str why = GIM_S("a message did not arrive whole in time");

    conclude(ws, GIM_WEBSOCKET_POLICY, why, why);
}

/* `ms` (0: never), or sooner, when an unfinished message is to be looked at. */
static int64_t soonest(const struct gim_websocket *ws, int64_t ms)
{
    int64_t message = message_ms(ws);

    return message && (ms <= 0 || message < ms) ? message : ms;
}

/* While bytes wait for the client, write_timeout watches it: a ping would wait behind them. */
static void watch(struct gim_websocket *ws)
{
    int64_t ping = or_default(ws->events->ping, PING_MS);
    int64_t silence = (int64_t)(gim_loop_ms(ws->hub->loop) - ws->heard);

    if (is_overdue(ws)) {
        end_overdue(ws);
    } else if (ping < 0) { /* only a message's time was to be looked at */
        set_timer(ws, soonest(ws, 0));
    } else if (gim_websocket_unsent(ws)) {
        set_timer(ws, ping);
    } else if (ws->pinged) {
        end(ws, GIM_WEBSOCKET_LOST, GIM_S("no answer to a ping"));
        hang_up(ws, true);
    } else if (silence < ping) {
        set_timer(ws, soonest(ws, ping - silence));
    } else {
        ws->pinged = true;
        send_frame(ws, GIM_WS_PING, (gim_str){0});
        set_timer(ws, or_default(ws->events->pong, PONG_MS));
    }
}

static void on_due(struct gim_timer *t)
{
    struct gim_websocket *ws = GIM_CONTAINER(t, struct gim_websocket, timer);
    struct gim_exchange *x = exchange(ws);

    gim_exchange_ref(x);
    if (ws->state == GIM_WEBSOCKET_OPEN) {
        watch(ws);
    } else {
        end(ws, GIM_WEBSOCKET_LOST, (gim_str){0});
        hang_up(ws, true);
    }
    gim_exchange_unref(x);
}

/* ---- the beginning --------------------------------------------------------------------------- */

static void start(struct gim_websocket *ws)
{
    bool corked;

    ws->state = GIM_WEBSOCKET_OPEN;
    ws->heard = gim_loop_ms(ws->hub->loop);
    set_timer(ws, or_default(ws->events->ping, PING_MS));
    if (!ws->events->on_open)
        return;
    corked = cork(ws);
    enter(ws->hub);
    ws->events->on_open(ws);
    leave(ws->hub);
    if (corked)
        uncork(ws);
}

/* The 101 is written by now, unless an after-middleware has made another reply of it. */
static void run_opening(struct gim_task *t)
{
    struct gim_websocket *ws = GIM_CONTAINER(t, struct gim_websocket, opening);
    struct gim_exchange *x = exchange(ws);

    if (ws->state == GIM_WEBSOCKET_NEW && x->conn && x->conn->upgraded)
        start(ws);
    gim_exchange_unref(x);
}

void gim_websocket_begin(struct gim_websocket *ws)
{
    struct gim_exchange *x = exchange(ws);

    ws->timer.on_due = on_due;
    ws->reader.max_message = (uint64_t)or_default(ws->events->max_message, MAX_MESSAGE);
    ws->reader.max_frame = (uint64_t)ws->events->max_frame;
    ws->c->pull_arg = ws;
    x->reply.upgrade = &gim_websocket_upgrade;
    gim_on_cancel(ws->c, on_cancel, ws);
    ws->opening.run = run_opening;
    gim_exchange_ref(x);
    gim_loop_post(ws->hub->loop, &ws->opening);
}

/* ---- input ----------------------------------------------------------------------------------- */

static void deliver(struct gim_websocket *ws, gim_str bytes)
{
    if (ws->state != GIM_WEBSOCKET_OPEN)
        return;
    if (!ws->events->on_message) {
        start_closing(ws, GIM_WEBSOCKET_NOT_TAKEN, GIM_S("no messages are taken here"));
        return;
    }
    ws->begun = 0;
    enter(ws->hub);
    ws->events->on_message(ws, (enum gim_websocket_kind)ws->reader.kind, bytes);
    leave(ws->hub);
}

static void control(struct gim_websocket *ws, gim_str payload)
{
    if (ws->reader.opcode == GIM_WS_CLOSE)
        conclude(ws, ws->reader.code, payload, (gim_str){0});
    else if (ws->reader.opcode == GIM_WS_PING && ws->state == GIM_WEBSOCKET_OPEN && has_room(ws))
        send_frame(ws, GIM_WS_PONG, payload);
}

static void read_all(struct gim_websocket *ws, gim_str in)
{
    while (ws->state != GIM_WEBSOCKET_ENDED) {
        struct gim_ws_reader *r = &ws->reader;
        gim_str data;

        switch (gim_ws_next(r, &in, &data)) {
        case GIM_WS_MORE:
            return;
        case GIM_WS_MESSAGE:
            deliver(ws, data);
            break;
        case GIM_WS_CONTROL:
            control(ws, data);
            break;
        case GIM_WS_BAD:
            conclude(ws, r->code, gim_str_of(r->why), gim_str_of(r->why));
            break;
        }
    }
}

/* Counts what is kept of a message against the process's budget. False: it is spent. */
static bool charge(struct gim_websocket *ws)
{
    struct gim_exchange *x = exchange(ws);
    int64_t held = x->charged;

    x->charged = (int64_t)ws->reader.message.cap;
    return gim_wire_charge(x->wire, held, x->charged);
}

static void borrow(struct gim_websocket *ws)
{
    if (ws->reader.message.ptr)
        return;
    ws->reader.message = ws->hub->in;
    ws->hub->in = (struct gim_buf){0};
}

/* Gives the buffer back, or keeps one that is as large as what it holds. */
static void give_back(struct gim_websocket *ws)
{
    struct gim_buf *m = &ws->reader.message;

    if (gim_ws_is_partial(&ws->reader) && m->len) {
        if (m->cap - m->len > SPARE && m->cap > 2 * m->len) {
            char *fit = gim_heap_try_grow(m->ptr, m->len);

            m->ptr = fit ? fit : m->ptr;
            m->cap = fit ? m->len : m->cap;
        }
    } else if (!ws->hub->in.ptr && m->cap <= KEEP) {
        ws->hub->in = *m;
        *m = (struct gim_buf){0};
    } else {
        gim_buf_free(m);
    }
}

/* What is kept of a message, and since when, is bounded. */
static void bound(struct gim_websocket *ws)
{
    gim_str full = GIM_S("the server holds too many unfinished messages");
    bool partial = ws->reader.message.len > 0, begins = partial && !ws->begun;

    if (begins || !partial)
        ws->begun = partial ? ws->heard : 0;
    if (!charge(ws))
        conclude(ws, GIM_WEBSOCKET_BUSY, full, full);
    else if (is_overdue(ws))
        end_overdue(ws);
    else if (begins && ws->state == GIM_WEBSOCKET_OPEN)
        set_timer(ws, soonest(ws, or_default(ws->events->ping, PING_MS)));
}

static void on_data(struct gim_exchange *x, gim_str in)
{
    struct gim_websocket *ws = websocket_of(x);
    bool corked;

    if (ws->state == GIM_WEBSOCKET_NEW)
        start(ws);
    ws->heard = gim_loop_ms(ws->hub->loop);
    ws->pinged = false;
    borrow(ws);
    corked = cork(ws);
    read_all(ws, in);
    if (corked)
        uncork(ws);
    give_back(ws);
    if (ws->state != GIM_WEBSOCKET_ENDED)
        bound(ws);
}

static void on_drained(struct gim_exchange *x)
{
    struct gim_websocket *ws = websocket_of(x);
    bool corked;

    if (ws->state != GIM_WEBSOCKET_OPEN || !ws->events->on_drained)
        return;
    corked = cork(ws);
    enter(ws->hub);
    ws->events->on_drained(ws);
    leave(ws->hub);
    if (corked)
        uncork(ws);
}

static void on_end(struct gim_exchange *x)
{
    struct gim_websocket *ws = websocket_of(x);

    end(ws, GIM_WEBSOCKET_LOST, (gim_str){0});
    hang_up(ws, false);
}

static void on_drain(struct gim_exchange *x)
{
    struct gim_websocket *ws = websocket_of(x);

    if (ws->state == GIM_WEBSOCKET_NEW)
        start(ws);
    start_closing(ws, GIM_WEBSOCKET_GOING_AWAY, GIM_S("the server is stopping"));
}

const struct gim_upgrade gim_websocket_upgrade = {
    .on_data = on_data,
    .on_drained = on_drained,
    .on_end = on_end,
    .on_drain = on_drain,
};

/* ---- what the application calls -------------------------------------------------------------- */

int gim_websocket_put(struct gim_websocket *ws, gim_str frame)
{
    size_t from;

    if (ws->state != GIM_WEBSOCKET_OPEN || !has_room(ws))
        return -1;
    if (ws->hub->corked != ws) {
        gim_exchange_send(exchange(ws), frame);
        return 0;
    }
    from = ws->hub->out.len;
    gim_buf_str(&ws->hub->out, frame);
    push(ws, from);
    return 0;
}

int gim_websocket_send(struct gim_websocket *ws, enum gim_websocket_kind kind, gim_str bytes)
{
    if (ws->state != GIM_WEBSOCKET_OPEN || bytes.len > GIM_BUF_MAX / 2)
        return -1;
    if ((kind == GIM_WEBSOCKET_TEXT && !gim_ws_text_ok(bytes)) || !has_room(ws))
        return -1;
    send_frame(ws, (enum gim_ws_opcode)kind, bytes);
    return 0;
}

void gim_websocket_close(struct gim_websocket *ws, int code, gim_str reason)
{
    bool ok = code > 0 && gim_ws_code_ok((unsigned)code) && gim_ws_text_ok(reason);

    start_closing(ws, ok ? (unsigned)code : GIM_WEBSOCKET_FAILED, ok ? reason : (gim_str){0});
}

void *gim_websocket_data(const struct gim_websocket *ws)
{
    return ws->data;
}

struct gim_ctx *gim_websocket_request(const struct gim_websocket *ws)
{
    return ws->c;
}

gim_str gim_websocket_protocol(const struct gim_websocket *ws)
{
    return ws->protocol;
}

size_t gim_websocket_unsent(const struct gim_websocket *ws)
{
    return gim_exchange_unsent(exchange(ws)) + (ws->hub->corked == ws ? ws->hub->out.len : 0);
}
