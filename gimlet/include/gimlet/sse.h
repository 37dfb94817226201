/**
 * gimlet/sse.h: server-sent events (WHATWG HTML §9.2), what EventSource in a browser reads.
 *
 * An event stream is a streamed reply (gimlet/stream.h) that says text/event-stream, keeps proxies
 * from storing or holding it back, sends a comment when nothing else was sent for a while, and ends
 * by itself when the client leaves or the server stops. For many readers of the same events, with
 * resuming, use gimlet/topic.h.
 *
 *     static enum gim_pull count(struct gim_ctx *c, struct gim_out *out, void *arg)
 *     {
 *         int *n = arg;
 *         char data[16];
 *
 *         gim_sse_put(out, &(struct gim_sse){.event = GIM_S("count"),
 *                                            .data = {data, gim_int_write(data, ++*n)}});
 *         return *n < 10 ? GIM_PULL_MORE : GIM_PULL_END;
 *     }
 *
 *     static int counting(struct gim_ctx *c)
 *     {
 *         return gim_sse_stream(c, NULL, count, GIM_NEW(gim_arena(c), int));
 *     }
 *
 *     GIM_GET("/count", counting, .streams = true)
 *
 * All of it runs on the request's loop thread.
 */
#ifndef GIMLET_SSE_H
#define GIMLET_SSE_H

#include <gimlet/stream.h>

#ifdef __cplusplus
extern "C" {
#endif

/** One event. Absent parts (ptr NULL) are left out; {0} is an empty comment. Text is UTF-8: it is
 *  passed on as it is. */
struct gim_sse {
    gim_str event; /* its name; absent: "message". Cut at a line's end */
    gim_str data;  /* any lines; absent: the client hears of no event, but keeps the id */
    gim_str id;    /* comes back as Last-Event-ID. One with a line's end or NUL is left out */
    int64_t retry; /* milliseconds until the client connects again; 0: not said */
};

/** Adds an event to a pull's piece. */
void gim_sse_put(struct gim_out *out, const struct gim_sse *e);
/** The same, `e->data` being `obj` in JSON by `s`. */
void gim_sse_put_json(struct gim_out *out, const struct gim_sse *e, const struct gim_schema *s,
                      const void *obj);
/** Adds a comment, which clients ignore. */
void gim_sse_comment(struct gim_out *out, gim_str text);

/** How a stream of events is kept alive. */
struct gim_sse_options {
    int64_t heartbeat; /* ms of silence until a comment is sent; 0: 15 s; GIM_NONE (-1): never */
    int64_t retry;     /* ms; told once at the beginning; 0: the client's own, about 3 s */
};

/** Makes the reply an event stream (`options` may be NULL: defaults). `pull` is as for gim_stream and
 *  adds events; but it is asked only when it has no handle out, and need not look at gim_stopping or
 *  gim_client_ended: the stream then ends behind what it adds once more, and what gim_on_cancel was
 *  given is called. A pull that says WAIT without a handle is asked again at the next heartbeat.
 *
 *  A client that has gone without a word is noticed when heartbeats are not taken. The route says
 *  .streams = true. Returns GIM_REPLIED. */
int gim_sse_stream(struct gim_ctx *c, const struct gim_sse_options *options, gim_pull_fn *pull,
                   void *arg);

/** The last id that the client has seen, when it connects again (Last-Event-ID); absent when it said
 *  none. */
gim_str gim_sse_last_id(const struct gim_ctx *c);

#ifdef __cplusplus
}
#endif
#endif
