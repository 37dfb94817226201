/**
 * gimlet/test.h: call an application without a socket, through the real parser, router and writer.
 *
 *     struct gim_test_reply r = gim_test_call(app, "POST", "/posts", NULL, "{\"title\":\"t\"}");
 *     assert(r.status == 201 && gim_str_eq(gim_test_header(&r, "Location"), GIM_S("/posts/1")));
 *     gim_test_free(&r);
 *
 * One thread at a time. Suspended and blocking handlers work: the call runs the loop until the
 * reply is there (30 s at most, then status 0). What has no end, or is no request and reply any
 * more, is driven step by step on a connection that stays open:
 *
 *     struct gim_test_conn *t = gim_test_open(app);
 *     gim_test_send(t, GIM_S("GET /events HTTP/1.1\r\nHost: a\r\n\r\n"));
 *     gim_str first = gim_test_read_to(t, "\n\n", 1000);
 *     gim_test_close(t);
 */
#ifndef GIMLET_TEST_H
#define GIMLET_TEST_H

#include <gimlet/app.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What the client got. */
struct gim_test_reply {
    int status;   /* 0: the connection ended without an answer */
    gim_str head; /* status line and fields, as sent */
    gim_str body; /* without the chunked coding */
    gim_str raw;  /* every byte sent on the connection */
    bool closed;  /* the server ended the connection after it */
};

/** One request on a connection of its own. `headers`: "Name: value\r\n..." or NULL (Host is added
 *  unless given); `body`: NUL-terminated, with its Content-Length, or NULL for none. Free the reply
 *  with gim_test_free. */
struct gim_test_reply gim_test_call(struct gim_app *app, const char *method, const char *target,
                                    const char *headers, const char *body);
/** Raw bytes, one on_data per `chunk` bytes (0: all in one). For parsers and pipelining; `status`,
 *  `head` and `body` are of the first answer, `raw` holds all. */
struct gim_test_reply gim_test_bytes(struct gim_app *app, gim_str bytes, size_t chunk);
/** Runs the application's loop for `ms` (0: one turn) without a request: timers, what was posted, ends
 *  of background work. The rows of .timers begin at the first call. */
void gim_test_run(struct gim_app *app, int64_t ms);
/** The value of a field of the head, name in any case; absent when it has none. A slice of `r`. */
gim_str gim_test_header(const struct gim_test_reply *r, const char *name);
/** Frees the bytes of a reply; `*r` is {0} afterwards. The application stays the caller's. */
void gim_test_free(struct gim_test_reply *r);

/* ---- step by step ---------------------------------------------------------------------------- */

/** A client's end of one connection. Several may be open; all are closed before the application is
 *  freed. Every call but gim_test_ended turns the loop, so that all of them go on. */
struct gim_test_conn;
/** Opens one. Never NULL. */
struct gim_test_conn *gim_test_open(struct gim_app *app);
/** The client sends bytes, in one segment. */
void gim_test_send(struct gim_test_conn *t, gim_str bytes);
/** What came since the last read; waits until there is something, the server has ended, or `ms` have
 *  passed. A view, valid until the next call with `t`. */
gim_str gim_test_read(struct gim_test_conn *t, int ms);
/** The same up to and with `text`; what came behind it is for the next read. When it does not come,
 *  all there is. */
gim_str gim_test_read_to(struct gim_test_conn *t, const char *text, int ms);
/** From now on the client takes only `n` bytes more, as one with a full window does; a later call
 *  lets it take more. */
void gim_test_take(struct gim_test_conn *t, size_t n);
/** The client ends its side (FIN) and still reads. */
void gim_test_end(struct gim_test_conn *t);
/** Has the server ended its side, or cut the connection? */
bool gim_test_ended(const struct gim_test_conn *t);
/** The client is gone (RST). Frees `t`; NULL is allowed. */
void gim_test_close(struct gim_test_conn *t);

/** Turns the loop for `ms`, for its timers; 0: once, for what is ready. */
void gim_test_wait(struct gim_app *app, int ms);
/** The application begins to stop, as upon SIGTERM: open connections are told. For good. */
void gim_test_stop(struct gim_app *app);

#ifdef __cplusplus
}
#endif
#endif
