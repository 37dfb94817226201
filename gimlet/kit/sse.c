/* sse.c: server-sent events as a streamed reply: gimlet/sse.h.
 *
 * The application's pull is wrapped. The wrapper asks it only while it has no handle out, adds a
 * comment when the heartbeat is due and nothing else was said, and ends the stream when the client or
 * the server does. The heartbeat is one coarse timer of the loop, which costs a store when it is
 * moved; it wakes the stream, and the wrapper finds it due. */
#include <gimlet/sse.h>

#include "../rest/ctx.h"
#include "event.h"

#define HEARTBEAT_MS 15000

struct feed {
    struct gim_ctx *c;
    gim_pull_fn *pull;
    void *arg;
    int64_t heartbeat, retry;
    struct gim_timer timer;
    bool begun;
    bool due; /* the heartbeat */
};

static void rearm(struct feed *f)
{
    if (f->heartbeat > 0)
        gim_timer_set(f->c->x.wire->loop, &f->timer, (uint64_t)f->heartbeat);
}

/* Nobody is told when nobody is there: the memory only waits for a handle to be resumed. */
static void on_due(struct gim_timer *t)
{
    struct feed *f = GIM_CONTAINER(t, struct feed, timer);

    if (!f->c->x.conn)
        return;
    f->due = true;
    rearm(f);
    gim_exchange_wake(&f->c->x);
}

static void begin(struct feed *f, struct gim_out *out)
{
    if (f->begun)
        return;
    f->begun = true;
    if (f->retry > 0)
        gim_event_write(out->buf, &(struct gim_sse){.retry = f->retry});
}

static enum gim_pull pull(struct gim_ctx *c, struct gim_out *out, void *arg)
{
    struct feed *f = arg;
    size_t from = out->buf->len;
    enum gim_pull got = GIM_PULL_WAIT;
    bool over = gim_stopping(c) || gim_client_ended(c);

    begin(f, out);
    if (!c->slot) /* also when it is over: what was published just before the stop is heard */
        got = f->pull(c, out, f->arg);
    if (over) {
        gim_ctx_cancel(c);
        return got == GIM_PULL_FAIL ? GIM_PULL_FAIL : GIM_PULL_END;
    }
    if (f->due && out->buf->len == from)
        gim_event_comment(out->buf, (gim_str){0});
    f->due = false;
    rearm(f);
    return got;
}

static void stop_timer(void *arg)
{
    struct feed *f = arg;

    gim_timer_clear(f->c->x.wire->loop, &f->timer);
}

int gim_sse_stream(struct gim_ctx *c, const struct gim_sse_options *options, gim_pull_fn *source,
                   void *arg)
{
    static const struct gim_sse_options defaults;
    const struct gim_sse_options *o = options ? options : &defaults;
    struct feed *f = GIM_NEW(gim_arena(c), struct feed);

    *f = (struct feed){.c = c,
                       .pull = source,
                       .arg = arg,
                       .heartbeat = o->heartbeat ? o->heartbeat : HEARTBEAT_MS,
                       .retry = o->retry,
                       .timer = {.on_due = on_due}};
    c->pull_is_timed = true;
    gim_defer(c, stop_timer, f);
    (void)gim_set_header(c, GIM_S("Cache-Control"), GIM_S("no-store"));
    (void)gim_set_header(c, GIM_S("X-Accel-Buffering"), GIM_S("no"));
    return gim_stream(c, 200, GIM_S("text/event-stream"), GIM_LENGTH_UNKNOWN, pull, f);
}

gim_str gim_sse_last_id(const struct gim_ctx *c)
{
    gim_str id = gim_header(c, GIM_S("Last-Event-ID"));

    return id.len ? id : (gim_str){0};
}

void gim_sse_put(struct gim_out *out, const struct gim_sse *e)
{
    gim_event_write(out->buf, e);
}

void gim_sse_put_json(struct gim_out *out, const struct gim_sse *e, const struct gim_schema *s,
                      const void *obj)
{
    gim_event_write_json(out->buf, e, s, obj);
}

void gim_sse_comment(struct gim_out *out, gim_str text)
{
    gim_event_comment(out->buf, text);
}
