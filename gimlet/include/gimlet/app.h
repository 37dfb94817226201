/**
 * gimlet/app.h: an application as const data: routes, groups, middleware, and how to run them.
 */
#ifndef GIMLET_APP_H
#define GIMLET_APP_H

#include <gimlet/ctx.h>
#include <gimlet/option.h>
#include <gimlet/schema.h>

#ifdef __cplusplus
extern "C" {
#endif

struct gim_openapi;
struct gim_metrics;
struct gim_tls_server;
struct gim_sandbox;

/** How clients prove who they are, for the documentation (OpenAPI security schemes): a middleware that
 *  asks for it points to one. */
struct gim_security {
    const char *name;       /* "token": the key under components/securitySchemes */
    const char *type;       /* "http" or "apiKey" */
    const char *scheme;     /* http: "basic", "bearer" */
    const char *format;     /* bearer: "JWT" */
    const char *in, *field; /* apiKey: "header" or "cookie", and its name */
    const char *doc;
};

/** Runs around handlers. `before` sees the head only (the body is not read yet) and may reply,
 *  which ends the chain; `after` runs in reverse order for every reply whose `before` ran, errors
 *  included, and may still set header fields. Either may be NULL. */
struct gim_middleware {
    const char *name;
    gim_handler *before, *after;
    const void *with;                    /* what this one was set up with: gim_with */
    const struct gim_security *security; /* what it asks of clients; documentation */
    const struct gim_answer *answers;    /* what it may reply, ends with {0}; documentation. 401 is
                                            known from .security */
    /** Why `with` cannot be right, a static line; NULL: it can. Asked when the application is built,
     *  which then fails. */
    const char *(*wrong)(const void *with);
};

/** Takes bodies as they come, instead of collecting them in memory: the seam of gimlet/upload.h, which
 *  has the ones that there are. Runs on the loop's thread. */
struct gim_intake {
    const char *media_types; /* what it takes, ", "-separated; a range ends in a star */
    /** The head is there: gets ready for the body. 0, or GIM_REPLIED with a reply made. */
    int (*begin)(struct gim_ctx *c, const struct gim_intake *self);
    /** The request is whole; its body may be of another kind, or empty. Adds what is wrong with the
     *  files to `faults`, gives the fields of the form. 0, or GIM_REPLIED with a reply made. */
    int (*end)(struct gim_ctx *c, const struct gim_intake *self, struct gim_faults *faults,
               gim_pair **pairs, size_t *n);
    /** Why it cannot be right, a static line; NULL: it can. Asked when the application is built,
     *  which then fails. May be NULL. */
    const char *(*wrong)(const struct gim_intake *self);
};

/** One more answer that a route may give, for the documentation. */
struct gim_answer {
    int status; /* 0 ends a table */
    const struct gim_schema
        *reply;             /* its JSON; NULL: a problem from 400 on, else no body or text */
    const char *media_type; /* of a body that is not JSON: "text/csv" */
    const char *doc;        /* one sentence */
};

/** A header field that a route reads, or that answers of one status have; for the documentation. */
struct gim_header_note {
    const char *name; /* "Idempotency-Key"; NULL ends a table */
    const char *doc;  /* one sentence */
    int status;       /* of the answers that have it; 0: requests */
    bool required;    /* it must be there; it always is there */
};

/** Built in. Request id: takes X-Request-Id when it is well-formed, else makes one (32 hex digits),
 *  and sends it back; gim_id reads it. Put it first, so that every log line and problem has it. */
extern const struct gim_middleware gim_request_id;

/** A time-out, a ping or a heartbeat that is none. */
#define GIM_NONE (-1)

/** One route. Build rows with GIM_GET ... GIM_ROUTE; a row with NULL pattern ends a table. */
struct gim_route {
    const char *method;  /* one method or a set: "GET", "PUT|PATCH", "PURGE", "*" for any */
    const char *pattern; /* "/posts/:id", "/files/" "*rest"; ':' and '*' count only after '/' */
    gim_handler *handler;
    int status; /* of success; 0: 200 of GET, 201 of POST, else 204 without .reply; documentation */
    bool deprecated, undocumented; /* undocumented: left out of the document */
    /** Why the row cannot be right, a static line; NULL: it can. Set by macros such as GIM_FILES. */
    const char *(*wrong)(const struct gim_route *row);
    const struct gim_schema *body; /* binds the request's JSON body: gim_body */
    const struct gim_schema *form; /* binds an application/x-www-form-urlencoded body: gim_form.
                                       Beside .body the Content-Type chooses; when both name the same
                                       schema, gim_form and gim_body give the same struct */
    const struct gim_intake
        *upload; /* GIM_UPLOAD(...): files, multipart/form-data; gimlet/upload.h */
    const struct gim_schema *query; /* gim_query */
    const struct gim_schema *path;  /* gim_path */
    const struct gim_schema *reply; /* documentation of the reply */
    const char *summary;            /* documentation: a line, "Create a post" */
    const char *doc;                /* more of it, CommonMark */
    const char *tag; /* the heading it stands under; NULL: the first part of the path */
    const char *id;  /* operationId; NULL: made from method and path */
    const struct gim_answer *answers;      /* what else it answers, ends with {0} */
    const struct gim_header_note *headers; /* what it reads and sends, ends with {0} */
    const struct gim_schema *patch;        /* .body_raw takes a merge patch (RFC 7396) of it */
    const void *with;                      /* what the handler was set up with: gim_with */
    const struct gim_middleware *const *middleware; /* NULL-terminated; inside the group's */
    int64_t max_body;                               /* bytes; 0: the app's limit */
    int64_t
        handler_timeout;  /* ms that it may be suspended or on the pool, then 503; 0: the group's,
                                else the app's; GIM_NONE: none, it must end by itself */
    int64_t body_timeout; /* ms for the whole body, then 408; 0 and GIM_NONE as above */
    bool body_raw;        /* takes a body without .body: gim_body_bytes, gim_body_patch */
    bool suspends;        /* may call gim_suspend */
    bool streams;         /* may call gim_stream (and gim_suspend): gimlet/stream.h */
    bool blocking;        /* runs on the bounded pool of threads, not on the loop */
    bool
        queued; /* what it suspends for is a turn in a queue, such as a database's, and no event: when
                    all in it wait longer than --max-queue-age, newcomers get 503 (.blocking too) */
    bool vital; /* never refused because the server is overloaded; it should cost little */
    const char *media_types; /* taken besides JSON, ", "-separated: "application/merge-patch+json";
                                a request with any other Content-Type gets 415 when the app is
                                strict_content_type or this is set */
    const char *file;        /* where the row stands; set by the macros */
    int line;
};

#define GIM_ROUTE_(verb, path_, fn, ...)                                                           \
    {                                                                                              \
        .method = verb, .pattern = path_, .handler = fn, __VA_ARGS__                               \
    }
#define GIM_HERE_ .file = __FILE__, .line = __LINE__
/** A row of a route table: GIM_GET("/posts/:id", read_post, options...); the options are the names of
 *  struct gim_route: .reply = &post_schema. */
#define GIM_GET(...) GIM_ROUTE_("GET", __VA_ARGS__, GIM_HERE_)
#define GIM_POST(...) GIM_ROUTE_("POST", __VA_ARGS__, GIM_HERE_)
#define GIM_PUT(...) GIM_ROUTE_("PUT", __VA_ARGS__, GIM_HERE_)
#define GIM_PATCH(...) GIM_ROUTE_("PATCH", __VA_ARGS__, GIM_HERE_)
#define GIM_DELETE(...) GIM_ROUTE_("DELETE", __VA_ARGS__, GIM_HERE_)
/** GIM_ROUTE("PUT|PATCH", "/x", handler, options...) */
#define GIM_ROUTE(...) GIM_ROUTE_(__VA_ARGS__, GIM_HERE_)

/** Routes under one prefix. Groups nest, at most 16 deep. Middleware of the outer one runs first;
 *  the innermost max_body, handler_timeout and body_timeout that is not 0 holds. */
struct gim_group {
    const char *prefix; /* "/v1"; NULL ends a table of groups */
    const struct gim_route *routes;
    const struct gim_group *groups;
    const struct gim_middleware *const *middleware;
    int64_t max_body;
    int64_t handler_timeout, body_timeout; /* ms; see struct gim_route */
};

/** Work on the loop of a worker: gimlet/task.h. On that worker's thread; it must not block. */
typedef void gim_work(struct gim_app *app, unsigned worker, void *arg);

/** For a timer row: every worker runs it. */
#define GIM_EACH_WORKER (-1)

/** Work at intervals, for as long as the application serves. Build rows with GIM_EVERY
 *  (gimlet/task.h); a row without `run` ends a table. */
struct gim_timer_row {
    gim_work *run;
    int64_t every;    /* ms from one run to the next, 1 or more */
    const char *name; /* for messages */
    void *arg;
    int64_t first;  /* ms to the first run; 0: `every` */
    int64_t jitter; /* ms, less than `every`: each run is later by a random part of it, so that many
                       do not meet */
    int worker;     /* which runs it, modulo their number; GIM_EACH_WORKER: each */
    void (*begin)(struct gim_app *app, unsigned worker, const struct gim_timer_row *row);
    const char *file;
    int line;
};

/** What /posts/ is when only /posts is served, and the other way round. */
enum gim_slash {
    GIM_SLASH_STRICT,   /* /posts/ is not /posts: 404 */
    GIM_SLASH_REDIRECT, /* 308 to the other form when that one exists */
    GIM_SLASH_IGNORE,   /* the same route */
};

/** Everything an application is. `gim_main` and `gim_app_new` take one. */
struct gim_app_spec {
    const char *name;    /* "posts": log lines, the environment's prefix, --help. Default "app" */
    const char *version; /* --version */
    const char *about;   /* the first line of --help */
    const struct gim_route *routes;
    const struct gim_group *groups;
    const struct gim_middleware *const *middleware; /* NULL-terminated, outermost first */
    void *state;                      /* gim_state; also the struct that .options rows fill */
    const struct gim_option *options; /* the application's own rows, offsets into *state */
    /** Runs once the options are read, before anything is checked or opened (also for --routes and
     *  --openapi, and in gim_app_new): may choose by them what `spec`, a copy, is: other routes, groups
     *  or middleware. What is off by option then costs nothing and is not in the documentation. Not
     *  .name, .options, .state, .metrics, .tls and .sandbox, whose options are read by then. */
    void (*arrange)(struct gim_app_spec *spec, void *state);
    enum gim_slash slash;
    bool
        strict_content_type; /* 415 unless the body says application/json; off: any is read as it */
    const struct gim_tls_server *tls; /* HTTPS: gimlet/tls.h */
    /** Runs once the options are read and checked, on the main thread, before anything is opened: the
     *  time for a program to put another one in its place (execve). 0 to go on; else the program
     *  exits with that code, having said why on stderr. --help, --routes and the like do not run it. */
    int (*configured)(struct gim_app *app, void *state);
    /** Runs once after the options are read, on the main thread, before anything is served (the
     *  socket is bound, connections wait). 0 to go on; else the program exits with that code (1 to
     *  125), having said why on stderr by itself; `stop` does not run then. Threads made here block
     *  SIGTERM and SIGINT (pthread_sigmask), or a stop signal may end the process at once. */
    int (*start)(struct gim_app *app, void *state);
    /** SIGHUP came: reads again what `start` read from files. On worker 0's thread, while all workers
     *  serve, and its requests wait meanwhile: read and check first, then put the new in the old one's
     *  place, for all threads. 0; else, having logged why (gim_log), the old stays. Parts of the
     *  framework that have files of their own reload before it. NULL: nothing of its own. */
    int (*reload)(struct gim_app *app, void *state);
    /** Runs once after the last request, on the main thread; no handler runs any more. Requests
     *  still suspended are resumed by now or by it; their gim_defer clean-ups run behind it. */
    void (*stop)(void *state);
    /** More words for the start line: "memory:, not durable". Must live as long as the program. */
    const char *(*describe)(void *state);
    /** NULL when ready, else the reason, for /readyz. Called on any worker's thread. */
    const char *(*ready)(void *state);
    const struct gim_openapi *openapi;  /* the API describes itself: gimlet/openapi.h */
    const struct gim_metrics *metrics;  /* figures for Prometheus: gimlet/metrics.h */
    const struct gim_sandbox *sandbox;  /* gives up what it does not need: gimlet/sandbox.h */
    const struct gim_timer_row *timers; /* begin with the workers, have ended when `stop` runs */
    unsigned workers; /* what --workers 0, the default, means; 0: one per CPU that we may use */
    bool no_health;   /* do not add GET /livez and GET /readyz */
};

/** Builds and checks: bad schemas, clashing routes, missing handlers. NULL on failure, with all the
 *  reasons (each with file:line) in `err`, `err_len` bytes at most, NUL-terminated. For the test
 *  client; programs use gim_main. Options have their defaults (those of `spec->options` are written
 *  to `*spec->state`), `start` does not run, nothing is opened. What `spec` points at must outlive
 *  the application; free it with gim_app_free. */
struct gim_app *gim_app_new(const struct gim_app_spec *spec, char *err, size_t err_len);
/** Frees the application and what the test client made for it. NULL is allowed. */
void gim_app_free(struct gim_app *app);
/** The number of workers it will run with; known in `start`. Any thread. */
unsigned gim_app_workers(const struct gim_app *app);
/** What it was given as .state. Any thread. */
void *gim_app_state(const struct gim_app *app);
/** The application that serves a request. */
struct gim_app *gim_app_of(const struct gim_ctx *c);

/**
 * The program wrapper: options, start, workers, signals, graceful stop; returns main's exit code.
 *
 *     int main(int argc, char **argv)
 *     {
 *         return gim_main(argc, argv, .name = "hello", .routes = routes);
 *     }
 *
 * The only part of the library that prints, exits or touches signals. 0: stopped in good order;
 * 1: could not start (port in use ...); 2: wrong option.
 */
#ifdef __cplusplus
#define gim_main(argc, argv, ...)                                                                  \
    ([&] {                                                                                         \
        const struct gim_app_spec spec = {__VA_ARGS__};                                            \
        return gim_main_run((argc), (argv), &spec);                                                \
    }())
#else
#define gim_main(argc, argv, ...)                                                                  \
    gim_main_run((argc), (argv), &(const struct gim_app_spec){__VA_ARGS__})
#endif
/** gim_main with a spec of one's own. */
int gim_main_run(int argc, char **argv, const struct gim_app_spec *spec);

#ifdef __cplusplus
}
#endif
#endif
