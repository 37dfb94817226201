/**
 * gimlet/ctx.h: one request and its reply, as a handler sees it.
 *
 * A handler reads the request, makes one reply and returns; the framework sends. All slices and
 * pointers got from a context live until the reply has left (the request arena). Every call here is
 * for the thread that runs the handler, unless it says otherwise.
 */
#ifndef GIMLET_CTX_H
#define GIMLET_CTX_H

#include <gimlet/arena.h>
#include <gimlet/json.h>
#include <gimlet/schema.h>
#include <gimlet/str.h>
#include <gimlet/time.h>

#ifdef __cplusplus
extern "C" {
#endif

struct gim_ctx;
struct gim_app;

/** A handler, and a middleware's before/after. Returns what the gim_reply family returned, 0
 *  (before/after: go on) or GIM_SUSPENDED. A handler that returns 0 without having replied gives
 *  204. Any other value without a reply gives 500. */
typedef int gim_handler(struct gim_ctx *c);

/** What handlers and middleware return. */
enum gim_result {
    GIM_OK = 0,
    GIM_REPLIED = 1,   /* a reply is made; a before that returns it ends the chain */
    GIM_SUSPENDED = 2, /* returned by a handler that called gim_suspend */
};

/* ---- request --------------------------------------------------------------------------------- */

/** "GET", "PURGE": as sent (methods are case-sensitive, RFC 9110 §9.1); HEAD shows as "HEAD". */
gim_str gim_method(const struct gim_ctx *c);
/** The path, percent-decoded once and with dot segments removed (RFC 3986 §6); "/posts/7". */
gim_str gim_path_str(const struct gim_ctx *c);
/** The raw query, without `?`; absent when there was none. */
gim_str gim_query_str(const struct gim_ctx *c);
/** The route's pattern, "/posts/:id"; absent in an error before routing. */
gim_str gim_route_pattern(const struct gim_ctx *c);

/** A header's value, OWS trimmed; absent (ptr NULL) when the request has none. Names match in any
 *  case. A repeated list field gives its first line; gim_header_next walks them (`*at` starts at 0;
 *  absent ends the walk). */
gim_str gim_header(const struct gim_ctx *c, gim_str name);
gim_str gim_header_next(const struct gim_ctx *c, gim_str name, size_t *at);

/** The peer's IP address, "127.0.0.1"; absent on unix sockets, in the test client, and once the
 *  client has gone. No Forwarded field is believed. Loop thread only (not in .blocking handlers).
 */
gim_str gim_remote(struct gim_ctx *c);

/** The value of `:name` or `*name`, percent-decoded; absent when the route has no such part. */
gim_str gim_param(const struct gim_ctx *c, gim_str name);
/** `:name` as a decimal int64. Returns 0; or -1 when it is not one, and then a 404 problem that
 *  names the parameter is the reply: `if (gim_param_int(c, GIM_S("id"), &id)) return GIM_REPLIED;`
 */
GIM_MUST_CHECK int gim_param_int(struct gim_ctx *c, gim_str name, int64_t *out);

/** The structs bound by the route's .body, .form, .query and .path schemas. NULL when the route has
 *  none, or when a route with both .body and .form got the other one. A handler only runs when all
 *  that came hold. */
void *gim_body(const struct gim_ctx *c);
void *gim_form(const struct gim_ctx *c);
void *gim_query(const struct gim_ctx *c);
void *gim_path(const struct gim_ctx *c);
/** The body's bytes as received (chunked coding undone); empty when there is none. Complete in a
 *  handler; a `before` runs earlier and sees none. */
gim_str gim_body_bytes(const struct gim_ctx *c);

/** A body schema bound over a state the handler has loaded: JSON merge patch (RFC 7396). The route
 *  has .body_raw = true. Returns 0, or -1 with the 400 or 422 problem made and `*obj` as it was. */
GIM_MUST_CHECK int gim_body_patch(struct gim_ctx *c, const struct gim_schema *s, void *obj);
/** Binds the body as .body would have done; for handlers that choose the schema themselves. The
 *  route has .body_raw = true. Returns 0, or -1 with the 400 or 422 problem made. */
GIM_MUST_CHECK int gim_body_bind(struct gim_ctx *c, const struct gim_schema *s, void *obj);

/** The request's memory: gimlet/arena.h. */
struct gim_arena *gim_arena(struct gim_ctx *c);
/** What the application was given as .state. */
void *gim_state(const struct gim_ctx *c);
/** In a middleware's before and after: its .with; in a handler: the route's. */
const void *gim_with(const struct gim_ctx *c);
/** 0 .. workers-1: which loop runs this request. */
unsigned gim_worker(const struct gim_ctx *c);
/** The request id: X-Request-Id when it came well-formed (1 to 128 of [A-Za-z0-9._-]), else made.
 *  Absent unless the gim_request_id middleware runs. */
gim_str gim_id(const struct gim_ctx *c);
/** Who makes the request: a name for logs, limits and keys, never a secret; absent when nobody has
 *  said so. gim_tokens_check does; any guard may, by gim_principal_set in its check (on the loop; the
 *  name is copied). The access log has it. */
gim_str gim_principal(const struct gim_ctx *c);
void gim_principal_set(struct gim_ctx *c, gim_str name);
/** Per-request values, from middleware to handler or over a suspension: `key` is compared by
 *  address. A second put replaces. The value is not copied: let it live in the arena. */
void gim_put(struct gim_ctx *c, const void *key, void *value);
/** What was put under `key`; NULL when nothing was. */
void *gim_get(const struct gim_ctx *c, const void *key);

/* ---- reply: each returns GIM_REPLIED; a second one replaces the first ----------------------
 * A status outside 200 to 599 is not sent: the log says so with the route, the client gets 500. */

/** `obj` in JSON by `s`. 201, 200 ... Encoded at once: `obj` may go or change afterwards. A NULL is
 *  logged and gives 500. */
int gim_reply(struct gim_ctx *c, int status, const struct gim_schema *s, const void *obj);
/** Text (text/plain; charset=utf-8), copied. */
int gim_text(struct gim_ctx *c, int status, gim_str text);
/** Bytes of any media type; both must live as long as the request (static, or in the arena). */
int gim_bytes(struct gim_ctx *c, int status, gim_str media_type, gim_str bytes);
/** No content: 204, 304, or any status with an empty body. */
int gim_empty(struct gim_ctx *c, int status);
/** Location and an empty body; `status` one of 301, 302, 303, 307, 308. Any other one, and a
 *  location that is absent or that no field may hold, give 500. */
int gim_redirect(struct gim_ctx *c, int status, gim_str location);
/** RFC 9457 problem. `slug` becomes the type ("about:blank" when NULL, else "/problems/SLUG") and
 *  `detail` is a printf format for people, cut at 1023 bytes (what is not UTF-8 becomes U+FFFD),
 *  or NULL for none;
 *  the title is the status's phrase, `instance` the request id if there is one. */
int gim_problem(struct gim_ctx *c, int status, const char *slug, const char *detail, ...)
    GIM_PRINTF(4, 5);
/** 422 (or the status given) with `errors` from faults that the handler found by itself. */
int gim_problem_faults(struct gim_ctx *c, int status, const struct gim_faults *f);

/** Response fields. Returns 0; or -1 and sets nothing when the name is no token, the value holds
 *  CR, LF, NUL or another control (RFC 9110 §5.5), or the name is one the framework writes
 *  (Content-Length, Transfer-Encoding, Connection, Date, and Content-Type, which comes with the
 *  body: gim_bytes). Copied. set replaces, an absent value (ptr NULL) removes, add appends. Fields
 *  stay when a later reply replaces the one before. */
int gim_set_header(struct gim_ctx *c, gim_str name, gim_str value);
int gim_add_header(struct gim_ctx *c, gim_str name, gim_str value);

/** The reply's status so far, 0 when there is none; for after-middleware. */
int gim_status(const struct gim_ctx *c);

/* ---- conditional requests (RFC 9110 §13) --------------------------------------------------- */

/** Checks If-Match, If-Unmodified-Since, If-None-Match and If-Modified-Since in the order of
 *  §13.2.2 against the present representation, and sets its ETag (and Last-Modified) field.
 *  `etag` is the opaque tag without quotes, absent when the resource does not exist; `modified`
 *  may be {0}. Returns 0 to go on, or GIM_REPLIED when a 304 or 412 is the reply. */
GIM_MUST_CHECK int gim_preconditions(struct gim_ctx *c, gim_str etag, gim_time modified);
/** Sets the ETag field (strong): quotes are added. A tag of more than 126 bytes is not set. */
void gim_etag(struct gim_ctx *c, gim_str etag);

/* ---- later, and elsewhere ------------------------------------------------------------------ */

/** Names one suspended request. A value: copy it freely, resume it once. */
typedef struct gim_handle {
    void *slot;
    uint32_t generation;
} gim_handle;

/** Takes the request off the handler's stack: return GIM_SUSPENDED next. Only in routes with
 *  .suspends = true (their head and body are kept in the arena). The request's memory lives at
 *  least until the handle is resumed, whatever happens to the client: so every handle must be. In
 *  any other route it logs an error and returns a handle whose resume does nothing; the reply is
 *  500. A second call before the resume logs and returns such a handle too. */
gim_handle gim_suspend(struct gim_ctx *c);

/** From any thread: runs `then(c)` on the request's own loop, which replies (or suspends again).
 *  When the client has gone or the handler deadline has answered 503 meanwhile, `then` does not
 *  run, the deferred clean-ups do. A second resume of one handle does nothing. Wakes the loop at
 *  most once for all that is queued meanwhile. `then` is NULL for a handle that was taken by the pull
 *  of a stream (gimlet/stream.h): it is asked again. */
void gim_resume(gim_handle h, gim_handler *then);
/** One of many to be resumed. */
struct gim_resumption {
    gim_handle handle;
    gim_handler *then;
};
/** As gim_resume for `n` of them, waking each loop once. Any thread; `r` may go afterwards. */
void gim_resume_all(const struct gim_resumption *r, size_t n);

/** Calls `fn(arg)` once, on the loop, if the client goes away or the handler deadline answers 503
 *  while the request is suspended. Whoever works for the request may still be using its memory
 *  then: `fn` may tell it to stop, no more. A second call replaces the first. Not in .blocking
 *  handlers, which run to their end once they have begun (it logs an error and does nothing). */
void gim_on_cancel(struct gim_ctx *c, void (*fn)(void *arg), void *arg);
/** Calls `fn(arg)` once, on the loop, when the request's memory is about to go; last in, first out.
 *  For what the arena does not own. */
void gim_defer(struct gim_ctx *c, void (*fn)(void *arg), void *arg);

#ifdef __cplusplus
}
#endif
#endif
