/**
 * gimlet/fetch.h: an HTTP/1.1 client for handlers, on the same loop: while one waits for another
 * service, its worker serves everybody else.
 *
 *     static int answered(struct gim_ctx *c)
 *     {
 *         const struct gim_fetched *f = gim_fetched(c);
 *
 *         if (f->status != 200)
 *             return gim_problem(c, 502, NULL, "prices: %s", f->error ? f->error : "no price");
 *         return gim_bytes(c, 200, GIM_S("application/json"), f->body);
 *     }
 *
 *     static int price(struct gim_ctx *c) // in a route with .suspends = true
 *     {
 *         return gim_fetch(c, &(struct gim_fetch){.url = "http://prices.internal/eur"}, answered);
 *     }
 *
 * Connections are kept: per worker and host up to 64, idle ones for 30 s; further requests wait for one.
 * Names are looked up on the pool of threads, and an answer is used for 30 s. Content is not decoded,
 * cookies are not kept, and no proxy is asked.
 *
 * Redirects are followed when asked for (.redirects), within the one deadline: 303, and a POST's 301 and
 * 302, become GET without a body, 307 and 308 are sent as they were (RFC 9110 §15.4). Another host does
 * not get Authorization, Cookie and Proxy-Authorization; https does not become http. Whoever answers
 * then chooses what you ask next: do not follow for services that are not your own.
 *
 * A request is sent again by itself only when a kept connection ended before a byte of the answer came,
 * and then once, and only if sending it twice does no harm: GET, HEAD, OPTIONS, TRACE, PUT, DELETE, or
 * .idempotent (RFC 9112 §9.3.1, RFC 9110 §9.2.2).
 */
#ifndef GIMLET_FETCH_H
#define GIMLET_FETCH_H

#include <gimlet/app.h>

#ifdef __cplusplus
extern "C" {
#endif

struct gim_https;

/** What is asked. Everything is copied; zero means the default. */
struct gim_fetch {
    const char *url;         /* "http://host:port/path?query"; https with .https */
    const char *method;      /* "GET" */
    const gim_pair *headers; /* n_headers of them, see GIM_HEADERS. Not Connection, Content-Length,
                                Transfer-Encoding, Expect, Upgrade */
    size_t n_headers;
    gim_str body;
    gim_str media_type;      /* Content-Type of the body; "application/json" */
    int64_t connect_timeout; /* ms, for name and connection; 3000 */
    int64_t timeout;         /* ms, for the whole; 10000. Below the route's handler_timeout, or that
                                   answers 503 first */
    int64_t max_body;        /* bytes of the answer's; 1 MiB */
    int redirects;           /* followed at most; 0: none, a 3xx is the answer. See below */
    const char *unix_socket; /* connect to this path; the URL's host is only sent as Host */
    bool idempotent;         /* may be sent twice, whatever its method: it has an
                                   Idempotency-Key */
    const struct gim_https *https; /* &gim_https, for https URLs: links OpenSSL */
};

/** The headers: `(struct gim_fetch){.url = "...", GIM_HEADERS({GIM_S("Accept"), GIM_S("text/csv")})}`. In
 *  C; elsewhere set the two members. */
#define GIM_HEADERS(...)                                                                           \
    .headers = (const gim_pair[]){__VA_ARGS__},                                                    \
    .n_headers = sizeof((const gim_pair[]){__VA_ARGS__}) / sizeof(gim_pair)

/** What came of it. */
struct gim_fetched {
    int status;        /* 200 to 999; 0: no answer, see `error` */
    gim_str body;      /* whole; followed by a NUL that is not counted, as is `head` */
    gim_str head;      /* status line and fields as sent */
    const char *error; /* a sentence for people and logs; NULL when there is a status */
    int64_t ms;        /* from the call to the end of the answer */
    bool kept;         /* it went over a connection that had served before */
};

/** Asks, and suspends the request until the answer is there or will not come: then `then(c)` runs on
 *  the request's loop, where gim_fetched(c) says what came. One at a time for a request; the route
 *  has .suspends = true. When the client goes, or handler_timeout answers, it is called off: uses
 *  gim_on_cancel. Returns what the handler returns: GIM_SUSPENDED; or GIM_REPLIED with a 500 in a
 *  route that does not suspend, and then `then` does not run. */
int gim_fetch(struct gim_ctx *c, const struct gim_fetch *f, gim_handler *then);
/** In `then`, until the reply has left. NULL when there was no gim_fetch. */
const struct gim_fetched *gim_fetched(const struct gim_ctx *c);
/** A field of the answer, the first of that name in any case; absent when it has none. */
gim_str gim_fetched_header(const struct gim_fetched *f, gim_str name);

/** Called on the worker's loop; `f` lives during the call. */
typedef void gim_fetch_done(struct gim_app *app, unsigned worker, const struct gim_fetched *f,
                            void *arg);
/** The same without a request: from timers, posted work and the like, on the thread of `worker`. 0,
 *  and `done` runs once, later, before the application's `stop`; or -1: 4096 are under way on this
 *  worker, or the server has stopped. A graceful stop waits for it. */
GIM_MUST_CHECK int gim_fetch_start(struct gim_app *app, unsigned worker, const struct gim_fetch *f,
                                   gim_fetch_done *done, void *arg);

/** TLS 1.2 and later; certificates are checked against the system's (SSL_CERT_FILE, SSL_CERT_DIR).
 *  Only where the library was built with OpenSSL. */
extern const struct gim_https gim_https;

#ifdef __cplusplus
}
#endif
#endif
