/**
 * gimlet/stream.h: replies that are made while they are sent: long, endless, or larger than memory.
 *
 * The framework pulls: whenever the client has taken what there was, the handler's `pull` is asked
 * for the next piece. So a slow client makes the source wait (back-pressure), nothing piles up, and a
 * stream costs one piece of memory however long it is. The route says .streams = true. For events to
 * a browser there is gimlet/sse.h, made of this.
 *
 *     static enum gim_pull count(struct gim_ctx *c, struct gim_out *out, void *arg)
 *     {
 *         int *n = arg;
 *
 *         gim_out_printf(out, "%d\n", ++*n);
 *         return *n < 1000000 ? GIM_PULL_MORE : GIM_PULL_END;
 *     }
 *
 *     static int numbers(struct gim_ctx *c)
 *     {
 *         return gim_stream(c, 200, GIM_S("text/plain"), GIM_LENGTH_UNKNOWN, count,
 *                           GIM_NEW(gim_arena(c), int));
 *     }
 *
 * Everything here is for the request's loop thread; gim_stream also for a .blocking handler, whose
 * pull then runs on the loop.
 */
#ifndef GIMLET_STREAM_H
#define GIMLET_STREAM_H

#include <gimlet/ctx.h>
#include <gimlet/pull.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Where a pull puts its piece. */
struct gim_out;

/** Adds the next piece to `out`: gim_out_room bytes or fewer are good; more is taken and held in
 *  memory. It must add something, or WAIT, END or FAIL: MORE with nothing is taken for FAIL. It runs
 *  on the loop and must not block; what it takes from gim_arena(c) stays taken until the stream ends,
 *  so an endless one takes nothing there.
 *
 *  Before WAIT it takes a handle with gim_suspend(c), to be resumed with gim_resume(handle, NULL)
 *  from any thread when there is more; the pull is then asked again. As with any suspended request
 *  every handle must be resumed, also when the client has gone (gim_on_cancel tells of that). WAIT
 *  without a handle is logged and taken for FAIL: nothing could wake it.
 *
 *  It is also asked while the handle is out: when the client ends its side (gim_client_ended), and,
 *  now and then, when the server has begun to stop (gim_stopping). gim_suspend then gives the same
 *  handle once more. */
typedef enum gim_pull gim_pull_fn(struct gim_ctx *c, struct gim_out *out, void *arg);

/** Makes the reply a stream. `length`: bytes of the whole, then the client gets Content-Length and
 *  the pull must add exactly as many (else FAIL); or GIM_LENGTH_UNKNOWN: chunked (RFC 9112 §7.1), to
 *  an HTTP/1.0 client until the connection ends. `media_type` must live as long as the request. The
 *  answer to HEAD, and a 204 or 304, has the head only: `pull` is not called then, so what `arg` owns
 *  goes by gim_defer. FAIL resets the connection. In a route without .streams it logs an error and
 *  the reply is 500. Returns GIM_REPLIED. handler_timeout does not count any more; write_timeout
 *  does for what the client does not take. A stream counts as in flight (max_in_flight). */
int gim_stream(struct gim_ctx *c, int status, gim_str media_type, int64_t length, gim_pull_fn *pull,
               void *arg);

/** Bytes that this piece should still have; 0: it is full. */
size_t gim_out_room(const struct gim_out *out);
/** Adds bytes, copied. */
void gim_out_bytes(struct gim_out *out, gim_str bytes);
/** Adds formatted text. */
void gim_out_printf(struct gim_out *out, const char *fmt, ...) GIM_PRINTF(2, 3);
/** Ends the piece with `len` bytes of the regular file `fd` from `at` on; the kernel sends them by
 *  itself (sendfile(2)) where it can; a disk that must be waited for holds up the loop. Only in a
 *  stream of known length, once a pull. `fd` stays the caller's, open until the request's memory goes
 *  (gim_defer). A file that turns out shorter: FAIL. */
void gim_out_file(struct gim_out *out, int fd, int64_t at, int64_t len);

/** Has the server begun to stop? An endless stream ends then (GIM_PULL_END), or is cut at
 *  stop_timeout. */
bool gim_stopping(const struct gim_ctx *c);
/** Has the client ended its side (FIN), or gone? Mostly the first means the second: browsers close so.
 *  A few clients end their side and still read (`nc -N`), so a stream that ends by itself goes on,
 *  and an endless one ends (GIM_PULL_END). */
bool gim_client_ended(const struct gim_ctx *c);

#ifdef __cplusplus
}
#endif
#endif
