/* wire.c: the recycler of exchanges and the writing of replies.
 *
 * An exchange and the first 4 KiB of its arena are one heap block. A small number of blocks is kept
 * per loop, so that a steady load never reaches the heap; more than that go back, so that a burst
 * does not hold memory for ever. A reply is one run of bytes in the wire's output buffer: head
 * pre-rendered where it can be, body behind it, one send for all that a turn produced. */
#include "wire.h"
#include "../base/footprint.h"
#include "../http/message.h"
#include "conn.h"

#define KEEP_FREE 64 /* idle exchanges kept per loop */
#define CROWD 256    /* connections that are worth a trim when they have gone */
#define TRIM_MS 1000
#define HEAP_WORTH (4 << 20) /* bytes given back that are worth one too */

const char *const gim_refused_names[GIM_REFUSALS] = {
    [GIM_REFUSED_MALFORMED] = "malformed",
    [GIM_REFUSED_HEAD_LARGE] = "head_too_large",
    [GIM_REFUSED_TARGET_LONG] = "target_too_long",
    [GIM_REFUSED_EXPECTATION] = "expectation",
    [GIM_REFUSED_BODY_LARGE] = "body_too_large",
    [GIM_REFUSED_HEAD_TIMEOUT] = "head_timeout",
    [GIM_REFUSED_BODY_TIMEOUT] = "body_timeout",
    [GIM_REFUSED_HANDLER_TIMEOUT] = "handler_timeout",
    [GIM_REFUSED_WRITE_TIMEOUT] = "write_timeout",
    [GIM_REFUSED_BODIES_FULL] = "unfinished_bodies",
    [GIM_REFUSED_ANSWERS_FULL] = "untaken_answers",
    [GIM_REFUSED_IN_FLIGHT_FULL] = "too_many_in_flight",
    [GIM_REFUSED_QUEUE_OLD] = "queue_age",
    [GIM_REFUSED_LOOP_OLD] = "loop_age",
    [GIM_REFUSED_QUEUE_FULL] = "blocking_queue_full",
    [GIM_REFUSED_HANDSHAKE] = "tls_handshake",
    [GIM_REFUSED_CONNECTIONS_FULL] = "too_many_connections",
    [GIM_REFUSED_ADDRESS_FULL] = "too_many_from_address",
    [GIM_REFUSED_CONNECTIONS_CUT] = "connections_cut",
    [GIM_REFUSED_MEMORY] = "no_memory",
};

static void on_trim(struct gim_timer *t)
{
    struct gim_wire *w = GIM_CONTAINER(t, struct gim_wire, trim);

    w->peak = w->n_conns;
    w->given_back = 0;
    gim_heap_trim();
}

void gim_wire_init(struct gim_wire *w, struct gim_loop *loop, const struct gim_service *service,
                   const struct gim_limits *limits, struct gim_wire_shared *shared)
{
    *w = (struct gim_wire){
        .loop = loop,
        .service = service,
        .limits = limits,
        .shared = shared,
        .date_second = -1,
        .trim = {.on_due = on_trim},
    };
    gim_list_init(&w->conns);
    gim_list_init(&w->sharing);
}

void gim_wire_hang_up(struct gim_wire *w)
{
    while (!gim_list_empty(&w->conns))
        gim_conn_close(GIM_CONTAINER(w->conns.next, struct gim_conn, node), true);
}

void gim_wire_release(struct gim_wire *w)
{
    gim_wire_hang_up(w);
    while (w->free) {
        struct gim_exchange *x = w->free;

        w->free = x->next_free;
        gim_heap_free(x);
    }
    gim_timer_clear(w->loop, &w->trim);
    gim_buf_free(&w->out);
}

/* One thread writes. */
static void count(_Atomic uint64_t *n)
{
    uint64_t now = atomic_load_explicit(n, memory_order_relaxed);

    atomic_store_explicit(n, now + 1, memory_order_relaxed);
}

void gim_wire_count(struct gim_wire *w, enum gim_refused why)
{
    count(&w->counts.refused[why]);
}

void gim_wire_enter(struct gim_wire *w)
{
    count(&w->counts.accepted);
    if (++w->n_conns > w->peak)
        w->peak = w->n_conns;
}

void gim_wire_leave(struct gim_wire *w)
{
    w->n_conns--;
    if (w->peak >= CROWD && w->n_conns <= w->peak / 4 && !w->trim.due)
        gim_timer_set(w->loop, &w->trim, TRIM_MS);
}

bool gim_wire_charge(struct gim_wire *w, int64_t held, int64_t now)
{
    int64_t more = now - held, max = w->limits->max_buffered, total;

    if (!more)
        return true;
    total = atomic_fetch_add_explicit(&w->shared->buffered, more, memory_order_relaxed) + more;
    if (more < 0)
        w->given_back -= more;
    if (w->given_back >= HEAP_WORTH && !w->trim.due)
        gim_timer_set(w->loop, &w->trim, TRIM_MS);
    return !max || total <= max;
}

bool gim_wire_is_spent(const struct gim_wire *w)
{
    int64_t max = w->limits->max_buffered;

    return max && atomic_load_explicit(&w->shared->buffered, memory_order_relaxed) > max;
}

struct gim_exchange *gim_wire_exchange(struct gim_wire *w)
{
    struct gim_exchange *x = w->free;
    size_t size = w->service->exchange_size;

    if (x) {
        w->free = x->next_free;
        w->n_free--;
    } else {
        x = gim_heap_alloc(size + GIM_EXCHANGE_FIRST);
        x->wire = w;
        gim_arena_init(&x->arena, (char *)x + size, GIM_EXCHANGE_FIRST);
    }
    x->refs = 1;
    x->start_ms = gim_loop_ms(w->loop);
    return x;
}

void gim_exchange_ref(struct gim_exchange *x)
{
    x->refs++;
}

void gim_exchange_unref(struct gim_exchange *x)
{
    struct gim_wire *w = x->wire;

    if (--x->refs)
        return;
    w->service->on_release(x);
    w->in_flight -= x->in_flight;
    x->in_flight = false;
    if (x->charged) {
        (void)gim_wire_charge(w, x->charged, 0);
        x->charged = 0;
        gim_buf_free(&x->collected);
    }
    gim_arena_reset(&x->arena);
    x->conn = NULL;
    x->body = (gim_str){0};
    x->reply = (struct gim_reply_parts){0};
    x->sink = NULL;
    x->handler_timeout = x->body_timeout = 0;
    x->received = x->sent = 0;
    x->span.len = 0;
    x->chunked = x->last = x->waiting = false;
    x->keep = x->stable = false;
    x->head.size = 0;
    if (w->n_free >= KEEP_FREE || gim_heap_is_lent(x)) {
        gim_heap_free(x);
        return;
    }
    x->next_free = w->free;
    w->free = x;
    w->n_free++;
}

void gim_exchange_keep(struct gim_exchange *x)
{
    if (x->stable)
        return;
    x->head.base = gim_dup(&x->arena, (gim_str){x->head.base, x->head.size}).ptr;
    x->stable = true;
}

const char *gim_wire_date(struct gim_wire *w)
{
    int64_t now = gim_loop_wall(w->loop);

    if (now != w->date_second) {
        gim_http_date_write(w->date, now);
        w->date_second = now;
    }
    return w->date;
}

static inline void write_fields(const struct gim_reply_parts *r, struct gim_buf *out)
{
    for (const struct gim_header_line *l = r->first; l; l = l->next) {
        gim_buf_str(out, l->name);
        gim_buf_lit(out, ": ");
        gim_buf_str(out, l->value);
        gim_buf_lit(out, "\r\n");
    }
    gim_buf_lit(out, "\r\n");
}

/* A 1.0 client must be told. */
static inline void write_keep_alive(const struct gim_exchange *x, struct gim_buf *out)
{
    if (x->head.size && x->head.minor == 0)
        gim_buf_lit(out, "Connection: keep-alive\r\n");
}

void gim_wire_write_head(struct gim_wire *w, struct gim_exchange *x, struct gim_buf *out,
                         bool close)
{
    const struct gim_reply_parts *r = &x->reply;

    gim_reply_head(out, r->status, gim_wire_date(w), r->media_type, r->upgrade ? -1 : r->length,
                   close && !r->upgrade);
    if (r->upgrade)
        gim_buf_lit(out, "Connection: Upgrade\r\n");
    else if (!close)
        write_keep_alive(x, out);
    if (x->chunked)
        gim_buf_lit(out, "Transfer-Encoding: chunked\r\n");
    write_fields(r, out);
}

size_t gim_wire_write_reply(struct gim_wire *w, struct gim_exchange *x, struct gim_buf *out,
                            bool close)
{
    const struct gim_reply_parts *r = &x->reply;
    bool empty = gim_status_is_empty(r->status);
    int64_t length = empty ? -1 : r->pull ? r->length : (int64_t)r->body.len;

    gim_reply_head(out, r->status, gim_wire_date(w), r->media_type, length, close);
    if (!close)
        write_keep_alive(x, out);
    write_fields(r, out);
    if (empty || (x->head.size && x->head.method_id == GIM_METHOD_HEAD))
        return 0;
    gim_buf_str(out, r->body);
    return r->body.len;
}
