/* service.c: a request's way through the rest floor: route, before, bind, handler, after.
 *
 * `before` middleware and routing need the head only, so they run when the head is there: a 401,
 * 404 or 415 is decided without reading the body. Binding waits for the body and then collects the
 * faults of path, query and body together, so that a client fixes all of them at once. */
#include "../base/clock.h"
#include "../http/media.h"
#include "../http/uri.h"
#include "../wire/conn.h"
#include "form.h"
#include "mistake.h"
#include "observer.h"
#include "peer.h"

#define BIND_LARGE 4096 /* bytes of a body for which there may be no memory */

/* ---- binding ------------------------------------------------------------------------------- */

static void bind_path(struct gim_ctx *c, struct gim_faults *faults)
{
    const struct gim_bound_route *r = c->match.route;
    gim_pair pairs[GIM_ROUTE_PARAMS];

    for (unsigned i = 0; i < r->n_params; i++) {
        pairs[i].key = r->params[i];
        pairs[i].value = gim_param(c, r->params[i]);
    }
    c->path_obj = gim_alloc(&c->x.arena, r->row->path->size);
    (void)!gim_pairs_decode(r->row->path, pairs, r->n_params, c->path_obj, &c->x.arena, faults);
}

/* 0, or -1 with a reply made: a query that cannot be decoded is no query. */
static int bind_query(struct gim_ctx *c, struct gim_faults *faults)
{
    const struct gim_schema *s = c->match.route->row->query;
    gim_pair *pairs = NULL;
    int n = gim_query_split(gim_query_str(c), &c->x.arena, &pairs);

    if (n < 0) {
        gim_problem(c, 400, NULL, "the query has a bad percent escape, or more than 256 pairs");
        return -1;
    }
    c->query = gim_alloc(&c->x.arena, s->size);
    (void)!gim_pairs_decode(s, pairs, (size_t)n, c->query, &c->x.arena, faults);
    return 0;
}

static int bind_body(struct gim_ctx *c, struct gim_faults *faults)
{
    const struct gim_schema *s = c->match.route->row->body;
    struct gim_json_error err;

    c->body = gim_alloc_raw(&c->x.arena, s->size, 16); /* zeroed by the decoder */
    if (gim_json_decode(s, c->x.body, c->body, &c->x.arena, faults, &err) == GIM_BIND_SYNTAX) {
        gim_ctx_problem(c, 400, NULL, gim_str_of(err.reason), NULL, &err);
        return -1;
    }
    if (s == c->match.route->row->form)
        c->form = c->body;
    return 0;
}

/* 0: all schemas hold; else the problem is made. */
static int bind_all(struct gim_ctx *c)
{
    const struct gim_bound_route *route = c->match.route;
    const struct gim_route *row = route->row;
    struct gim_faults faults = {0};
    bool form = false;

    if (row->path)
        bind_path(c, &faults);
    if (row->query && bind_query(c, &faults))
        return -1;
    if (route->form && gim_form_bind(c, &faults, &form))
        return -1;
    if (row->body && !form && bind_body(c, &faults))
        return -1;
    if (!faults.total)
        return 0;
    gim_problem_faults(c, 422, &faults);
    return -1;
}

/* What it takes to bind is a multiple of what the client has sent. Apart, so that a small body pays
 * nothing for the jmp_buf. */
__attribute__((noinline)) static int bind_large(struct gim_ctx *c)
{
    struct gim_arena *a = gim_arena(c);
    jmp_buf empty;
    int result;

    a->empty = &empty;
    if (_setjmp(empty))
        result = gim_problem(c, 503, NULL, "there is no memory for a body of this size now");
    else
        result = bind_all(c);
    a->empty = NULL;
    return result;
}

/* Little is there in any case. */
static int bind(struct gim_ctx *c)
{
    return c->x.received + (int64_t)c->x.body.len < BIND_LARGE ? bind_all(c) : bind_large(c);
}

/* ---- refusing without a route ---------------------------------------------------------------- */

static bool method_is_used(const struct gim_app *app, gim_str method)
{
    size_t n;
    const struct gim_bound_route *routes = gim_router_routes(app->router, &n);

    for (size_t i = 0; i < n; i++) {
        gim_str set = gim_str_of(routes[i].row->method);

        while (set.ptr) {
            if (gim_str_eq(gim_str_cut(&set, '|'), method))
                return true;
        }
    }
    return false;
}

/* 308 to the same target with the slash added or removed; the query stays. A path that begins with
 * two slashes would be read as another host ("//evil.example/../a"): "/." before it says that it is
 * a path (RFC 3986 §4.2). */
static int redirect_slash(struct gim_ctx *c)
{
    gim_str path = gim_head_str(&c->x.head, c->x.head.path);
    gim_str query = gim_query_str(c);
    bool has = path.len && path.ptr[path.len - 1] == '/';
    const char *guard = path.len > 1 && path.ptr[1] == '/' ? "/." : "";
    gim_str to = gim_printf(&c->x.arena, "%s%.*s%s%s%.*s", guard, (int)(path.len - (has ? 1 : 0)),
                            path.ptr, has ? "" : "/", query.ptr ? "?" : "", (int)query.len,
                            query.ptr ? query.ptr : "");

    return gim_redirect(c, 308, to);
}

static int reply_allow(struct gim_ctx *c, int status)
{
    struct gim_buf allow = {0};

    gim_router_allow(gim_ctx_app(c)->router, c->path, &allow);
    if (status == 204)
        gim_empty(c, 204);
    else
        gim_problem(c, status, NULL, "%.*s is not served here; Allow lists what is",
                    GIM_FMT(gim_method(c)));
    gim_set_header(c, GIM_S("Allow"), gim_buf_view(&allow));
    gim_buf_free(&allow);
    return GIM_REPLIED;
}

static int reply_no_route(struct gim_ctx *c)
{
    const struct gim_head *h = &c->x.head;
    enum gim_slash slash = gim_ctx_app(c)->spec.slash;

    if (h->method_id == GIM_METHOD_OPTIONS && gim_str_eq(c->path, GIM_S("*")))
        return gim_empty(c, 204);
    if (h->method_id == GIM_METHOD_CONNECT ||
        (h->method_id == GIM_METHOD_OTHER && !method_is_used(gim_ctx_app(c), gim_method(c))))
        return gim_problem(c, 501, NULL, "the method is not implemented");
    if (c->match.path_known)
        return reply_allow(c, h->method_id == GIM_METHOD_OPTIONS ? 204 : 405);
    if (c->match.slash_other && slash == GIM_SLASH_REDIRECT)
        return redirect_slash(c);
    return gim_problem(c, 404, NULL, "nothing is served at this path");
}

/* ---- the media type of the body -------------------------------------------------------------- */

static bool is_json(gim_str type)
{
    return gim_str_eq_fold(type, GIM_S("application/json"));
}

/* "application/vnd.api+json" is JSON too (RFC 6839). */
static bool is_json_type(gim_str type)
{
    return is_json(type) ||
           (type.len > 5 && gim_str_eq_fold((gim_str){type.ptr + type.len - 5, 5}, GIM_S("+json")));
}

/* Is the body of a type that the route takes? Without strictness any type is read as JSON, since
 * the common load generators send text/html or nothing. A route with .media_types chooses between
 * kinds of JSON (a merge patch is no JSON patch), so there +json alone says too little. */
static bool type_is_taken(const struct gim_ctx *c)
{
    const struct gim_bound_route *route = c->match.route;
    const struct gim_route *row = route->row;
    bool strict = gim_ctx_app(c)->settings.strict_content_type;
    gim_str type;

    if (!strict && !route->form && !row->media_types)
        return true;
    type = gim_body_type(c);
    if (!row->body && !row->body_raw)
        return !route->form || gim_form_takes(row, type);
    if (route->form && gim_form_takes(row, type))
        return true;
    if (!type.len && !strict)
        return true;
    if (row->media_types)
        return is_json(type) || gim_media_in(gim_str_of(row->media_types), type);
    return is_json_type(type); /* with a form the type chooses: a wrong one is not JSON either */
}

static int reply_unsupported_type(struct gim_ctx *c)
{
    const struct gim_route *row = c->match.route->row;
    const char *types = c->match.route->form ? gim_form_types(row, gim_arena(c))
                        : row->media_types   ? row->media_types
                                             : "application/json";
    bool patch = c->x.head.method_id == GIM_METHOD_PATCH;

    gim_problem(c, 415, NULL, "the body's Content-Type is not taken here; send %s", types);
    gim_set_header(c, patch ? GIM_S("Accept-Patch") : GIM_S("Accept"), gim_str_of(types));
    return GIM_REPLIED;
}

/* A body comes: may it, and who looks at it? */
static void admit_body(struct gim_ctx *c)
{
    if (!type_is_taken(c))
        reply_unsupported_type(c);
    else if (c->match.route->form)
        (void)gim_form_begin(c);
}

/* ---- what the wire calls --------------------------------------------------------------------- */

static void begin(struct gim_ctx *c)
{
    memset((char *)c + offsetof(struct gim_ctx, path), 0,
           offsetof(struct gim_ctx, match) - offsetof(struct gim_ctx, path));
    c->match.route = NULL;
    c->begun = true;
}

/* The decoded path and its route. 0, or -1 with a reply made. */
static int route(struct gim_ctx *c)
{
    const struct gim_head *h = &c->x.head;
    gim_str raw = gim_head_str(h, h->path);

    c->path = raw;
    if (!h->path_plain && gim_path_decode(raw, &c->x.arena, &c->path)) {
        gim_problem(c, 400, NULL, "the path has a bad percent escape, a control or no UTF-8");
        return -1;
    }
    gim_router_find(gim_ctx_app(c)->router, h->method_id, gim_method(c), c->path, &c->match);
    return 0;
}

/* The request will outlive its input, so its head moves to the arena. Slices of the path, where it is
 * the head's own text, move along; a decoded one lies in the arena already. */
static void keep(struct gim_ctx *c)
{
    struct gim_exchange *x = &c->x;
    const char *from = x->head.base;
    bool moves = c->path.ptr == gim_head_str(&x->head, x->head.path).ptr;

    x->keep = true;
    gim_exchange_keep(x);
    if (!moves)
        return;
    c->path.ptr = x->head.base + (c->path.ptr - from);
    for (unsigned i = 0; i < c->match.route->n_params; i++)
        c->match.params[i].ptr = x->head.base + (c->match.params[i].ptr - from);
}

static int run_befores(struct gim_ctx *c)
{
    const struct gim_bound_route *r = c->match.route;

    c->chain = r ? r->chain : gim_ctx_app(c)->spec.middleware;
    if (!c->chain)
        return GIM_OK;
    while (c->chain[c->ran]) {
        const struct gim_middleware *m = c->chain[c->ran++];
        int result;

        c->now = m;
        result = m->before ? m->before(c) : GIM_OK;

        if (result && !c->x.reply.status) {
            gim_mistake(c, GIM_MISTAKE_NO_REPLY,
                        "the before of middleware %s returned %d and made no reply, so the client "
                        "got 500",
                        m->name ? m->name : "(no name)", result);
            gim_problem(c, 500, NULL, "the request could not be handled");
        }
        if (result || c->x.reply.status)
            return GIM_REPLIED;
    }
    c->now = NULL;
    return GIM_OK;
}

static int refuse_early(struct gim_ctx *c, enum gim_refused why)
{
    gim_wire_count(c->x.wire, why);
    gim_problem(c, 503, "overloaded", "more comes than can be done in time; try again");
    gim_set_header(c, GIM_S("Retry-After"), GIM_S("1"));
    return GIM_REPLIED;
}

/* What would wait too long is told so at once: 0, or with a reply made. */
static int shed(struct gim_ctx *c, const struct gim_route *row)
{
    struct gim_shed *s = &gim_ctx_worker(c)->shed;
    struct gim_shed_queue *q = row->queued ? &s->suspended : row->blocking ? &s->blocking : NULL;

    if (!s->target || row->vital)
        return GIM_OK;
    if (!gim_shed_admit(s))
        return refuse_early(c, GIM_REFUSED_LOOP_OLD);
    if (q && gim_shed_is_full(q, gim_loop_ms(c->x.wire->loop), s->target))
        return refuse_early(c, GIM_REFUSED_QUEUE_OLD);
    return GIM_OK;
}

static enum gim_body_plan on_head(struct gim_exchange *x)
{
    struct gim_ctx *c = gim_ctx_of(x);
    const struct gim_head *h = &x->head;
    const struct gim_bound_route *r;

    begin(c);
    if (gim_ctx_worker(c)->observer)
        c->start_ns = gim_loop_ns(x->wire->loop);
    if (route(c))
        return GIM_BODY_REFUSE;
    r = c->match.route;
    if (r && shed(c, r->row))
        return GIM_BODY_REFUSE;
    if (r && r->keep)
        keep(c);
    x->max_body = r && r->max_body ? r->max_body : gim_ctx_app(c)->settings.limits.max_body;
    x->handler_timeout = r ? (int32_t)r->handler_timeout : 0;
    x->body_timeout = r ? (int32_t)r->body_timeout : 0;
    if (run_befores(c))
        return GIM_BODY_REFUSE;
    if (!r)
        reply_no_route(c);
    else if (h->chunked || h->content_length > 0)
        admit_body(c);
    return x->reply.status ? GIM_BODY_REFUSE : GIM_BODY_TAKE;
}

static bool on_request(struct gim_exchange *x)
{
    struct gim_ctx *c = gim_ctx_of(x);
    const struct gim_route *row = c->match.route->row;

    if (bind(c))
        return true;
    if (!row->blocking)
        return gim_ctx_run(c, row->handler);
    if (gim_ctx_block(c, row->handler))
        return false;
    gim_wire_count(x->wire, GIM_REFUSED_QUEUE_FULL);
    gim_problem(c, 503, NULL, "too many blocking requests are waiting; try again");
    gim_set_header(c, GIM_S("Retry-After"), GIM_S("1"));
    return true;
}

static void on_refused(struct gim_exchange *x, int status, const char *detail)
{
    struct gim_ctx *c = gim_ctx_of(x);

    if (!x->head.size || !c->begun)
        begin(c);
    if (x->reply.status) { /* a reply that cannot be sent: what it said of itself goes with it */
        gim_set_header(c, GIM_S("ETag"), (gim_str){0});
        gim_set_header(c, GIM_S("Location"), (gim_str){0});
    }
    x->reply.status = 0; /* fields that a `before` has set stay */
    gim_problem(c, status, NULL, "%s", detail);
    if (status == 503)
        gim_set_header(c, GIM_S("Retry-After"), GIM_S("1"));
}

/* Only what the handler, perhaps on another thread, never writes: so not the fields of the reply. */
static void on_late(struct gim_exchange *x, struct gim_exchange *late)
{
    struct gim_ctx *c = gim_ctx_of(x);
    const struct gim_ctx *from = gim_ctx_of(late);

    gim_mistake(from, GIM_MISTAKE_LATE,
                "the handler %s %lld ms after the request began, so the "
                "client got 503; answer sooner or raise .handler_timeout",
                from->on_pool ? "was still at work in its thread" : "was still suspended",
                (long long)(gim_loop_ms(x->wire->loop) - late->start_ms));
    begin(c);
    c->path = from->path;
    c->match = from->match;
    c->id = from->id;
    c->trace_id = from->trace_id;
    c->principal = from->principal;
    c->start_ns = from->start_ns;
    c->chain = from->chain;
    c->ran = from->ran;
    c->values = from->values_before;
}

static void on_reply(struct gim_exchange *x)
{
    struct gim_ctx *c = gim_ctx_of(x);

    while (c->ran) {
        const struct gim_middleware *m = c->chain[--c->ran];

        c->now = m;
        if (m->after)
            (void)m->after(c);
    }
}

static void on_done(struct gim_exchange *x, size_t sent, bool aborted)
{
    struct gim_ctx *c = gim_ctx_of(x);
    struct gim_worker *w = gim_ctx_worker(c);
    int status = aborted ? 0 : x->reply.status;
    bool known = x->head.size;
    char remote[GIM_PEER_MAX];

    if (w->observer)
        w->observer->done(w, c, status);
    if (!gim_access_log_wants(&w->log, status))
        return;
    gim_access_log_add(&w->log,
                       &(struct gim_access_entry){
                           .time = gim_now(),
                           .remote = gim_ctx_client(c, w->app->trusted, NULL, remote),
                           .method = known ? gim_method(c) : (gim_str){0},
                           .target = known ? gim_head_str(&x->head, x->head.target) : (gim_str){0},
                           .route = known ? gim_route_pattern(c) : (gim_str){0},
                           .id = c->id,
                           .trace = c->trace_id,
                           .principal = c->principal,
                           .status = status,
                           .bytes = (int64_t)sent,
                           .ms = (int64_t)(gim_clock_ms() - x->start_ms),
                       });
}

static void on_release(struct gim_exchange *x)
{
    struct gim_ctx *c = gim_ctx_of(x);

    if (!c->begun)
        return;
    for (struct gim_deferred *d = c->deferred; d; d = d->next)
        d->fn(d->arg);
    c->deferred = NULL;
    c->begun = false;
}

static void on_cancel(struct gim_exchange *x)
{
    gim_ctx_cancel(gim_ctx_of(x));
}

const struct gim_service gim_rest_service = {
    .exchange_size = sizeof(struct gim_ctx),
    .on_head = on_head,
    .on_request = on_request,
    .on_refused = on_refused,
    .on_late = on_late,
    .on_reply = on_reply,
    .on_done = on_done,
    .on_cancel = on_cancel,
    .on_release = on_release,
};
