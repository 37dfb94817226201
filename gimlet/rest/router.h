/* router.h: pattern and method to route. Static paths by hash, parameters by a tree of segments;
 * one walk gives the route, or 404, or 405 with Allow. Built once, read by all workers.
 *
 * Precedence at each segment: static, then ":name", then "*rest"; the walk backtracks, so that
 * "/posts/new/x" does not hide "/posts/:id/y". Patterns end in a segment; '*' only in the last. */
#ifndef REST_ROUTER_H
#define REST_ROUTER_H

#include "../base/arena.h"
#include "../base/buf.h"
#include "../http/method.h"
#include <gimlet/app.h>

#define GIM_ROUTE_PARAMS 16 /* ":name" and "*rest" parts of one pattern at most */

/* A route as the router keeps it: the row with what its groups add. */
struct gim_bound_route {
    const struct gim_route *row;
    gim_str pattern; /* prefix and pattern */
    const struct gim_middleware *const
        *chain;                            /* all that apply, outermost first, NULL-terminated */
    int64_t max_body;                      /* innermost limit that was set; 0: the app's */
    int64_t handler_timeout, body_timeout; /* the same, ms; GIM_NONE: none */
    uint8_t n_params;
    bool keep;                        /* its request may outlive the call that brought it */
    bool form;                        /* it has .form or .upload */
    gim_str params[GIM_ROUTE_PARAMS]; /* names */
};

struct gim_router;

/** Builds from the spec's routes and groups (iterative, groups nest at most 16). Every defect is a
 *  line in `why`: "posts/routes.c:12: GET /posts/:id clashes with GET /posts/:key at
 *  posts/routes.c:9", missing handler, pattern that does not start with '/', ... NULL if any. */
struct gim_router *gim_router_new(const struct gim_app_spec *spec, struct gim_buf *why);
void gim_router_free(struct gim_router *r);

struct gim_match {
    const struct gim_bound_route *route; /* NULL: none */
    bool path_known;                     /* some method is served at this path: 405, not 404 */
    bool head_of_get;                    /* HEAD answered by the GET route */
    bool slash_other; /* no route, but one exists with the trailing slash added or removed */
    gim_str params[GIM_ROUTE_PARAMS]; /* raw (still percent-encoded where the path kept %2F) slices
                                         of the path, in the order of route->params */
};

/** Finds the route of a decoded path. `m` is filled whatever the outcome. 0 allocations. */
void gim_router_find(const struct gim_router *r, enum gim_method method, gim_str method_name,
                     gim_str path, struct gim_match *m);
/** "GET, HEAD, OPTIONS, POST": the methods of a path, HEAD and OPTIONS included; in `b`. */
void gim_router_allow(const struct gim_router *r, gim_str path, struct gim_buf *b);
/** All routes in the order given, for --routes, documentation and checks. */
const struct gim_bound_route *gim_router_routes(const struct gim_router *r, size_t *n);
/** The table of --routes: method, pattern, handler's place, middleware; aligned. */
void gim_router_print(const struct gim_router *r, struct gim_buf *b);

#endif
