/* router_build.c: from the application's const tables to the router, and its table for --routes.
 *
 * Three steps. Flatten: groups nest, so routes are copied out in the order given, each with its
 * full pattern, the middleware of all that encloses it and the innermost limit; a stack of groups
 * instead of recursion. Check: pattern and methods (router_check.c). Place: the table of static
 * paths and the tree. Defects do not stop a step's loop, so that one start shows them all. */
#include "router_build.h"
#include "router_private.h"

#define GROUPS_DEEP 16
#define CHAIN_MAX 64

/* ---- flatten ------------------------------------------------------------------------------- */

struct flat {
    struct gim_router *router;
    const struct gim_app_spec *spec;
    const struct gim_group *open[GROUPS_DEEP]; /* the group that is being read, at each depth */
    int n_open;
    struct gim_buf bound; /* of struct gim_bound_route */
    struct gim_buf *why;
    unsigned defects;
};

static void append_chain(struct gim_buf *chain, const struct gim_middleware *const *more)
{
    for (; more && *more; more++)
        gim_buf_add(chain, (const char *)more, sizeof *more);
}

/* App, groups from the outermost in, route. */
static void make_chain(struct flat *f, struct gim_bound_route *bound)
{
    struct gim_buf chain = {0};
    const struct gim_middleware **kept;
    size_t n;

    append_chain(&chain, f->spec->middleware);
    for (int i = 0; i < f->n_open; i++)
        append_chain(&chain, f->open[i]->middleware);
    append_chain(&chain, bound->row->middleware);
    n = chain.len / sizeof *kept;
    if (n > CHAIN_MAX)
        f->defects += gim_route_defect(f->why, bound, "more than %d middleware", CHAIN_MAX);
    kept = gim_alloc_n(&f->router->arena, n + 1, sizeof *kept);
    if (n)
        memcpy((void *)kept, chain.ptr, chain.len);
    bound->chain = kept;
    gim_buf_free(&chain);
}

static gim_str full_pattern(struct flat *f, const struct gim_route *row)
{
    struct gim_buf text = {0};
    gim_str kept;

    for (int i = 0; i < f->n_open; i++)
        gim_buf_str(&text, gim_str_of(f->open[i]->prefix));
    gim_buf_str(&text, gim_str_of(row->pattern));
    kept = gim_dup(&f->router->arena, text.len ? gim_buf_view(&text) : GIM_S(""));
    gim_buf_free(&text);
    return kept;
}

static int64_t inner(int64_t own, int64_t outer)
{
    return own ? own : outer;
}

/* The innermost limit of each kind that is not 0. */
static void set_limits(struct flat *f, struct gim_bound_route *bound)
{
    const struct gim_route *row = bound->row;

    bound->max_body = row->max_body;
    bound->handler_timeout = row->handler_timeout;
    bound->body_timeout = row->body_timeout;
    for (int i = f->n_open; i-- > 0;) {
        const struct gim_group *g = f->open[i];

        bound->max_body = inner(bound->max_body, g->max_body);
        bound->handler_timeout = inner(bound->handler_timeout, g->handler_timeout);
        bound->body_timeout = inner(bound->body_timeout, g->body_timeout);
    }
}

static void add_rows(struct flat *f, const struct gim_route *rows)
{
    for (; rows && rows->pattern; rows++) {
        struct gim_bound_route bound = {.row = rows};

        bound.keep = rows->suspends || rows->streams || rows->blocking;
        bound.form = rows->form || rows->upload;
        set_limits(f, &bound);
        bound.pattern = full_pattern(f, rows);
        make_chain(f, &bound);
        gim_buf_add(&f->bound, (const char *)&bound, sizeof bound);
    }
}

static void too_deep(struct flat *f)
{
    struct gim_buf *why = f->why;

    gim_buf_lit(why, "groups nest deeper than 16 at ");
    for (int i = 0; i < f->n_open; i++)
        gim_buf_str(why, gim_str_of(f->open[i]->prefix));
    gim_buf_lit(why, ": flatten them\n");
    f->defects++;
}

static void flatten(struct flat *f)
{
    const struct gim_group *next[GROUPS_DEEP + 1] = {f->spec->groups};
    int depth = 0;

    add_rows(f, f->spec->routes);
    while (depth >= 0) {
        const struct gim_group *g = next[depth];

        if (!g || !g->prefix) {
            depth--;
            f->n_open = depth < 0 ? 0 : depth;
            continue;
        }
        next[depth]++;
        f->open[depth] = g;
        f->n_open = depth + 1;
        add_rows(f, g->routes);
        if (g->groups && depth + 1 == GROUPS_DEEP)
            too_deep(f);
        else
            next[++depth] = g->groups;
    }
}

/* ---- place --------------------------------------------------------------------------------- */

static struct gim_node *add_child(struct gim_router *r, struct gim_node *n, gim_str segment)
{
    uint32_t at = 0;
    struct gim_node *child = gim_node_child(n, segment, &at);

    if (child)
        return child;
    if (n->n_children == n->room) {
        uint32_t room = n->room ? n->room * 2 : 4;
        struct gim_node **grown = gim_alloc_n(&r->arena, room, sizeof(struct gim_node *));

        if (n->n_children)
            memcpy((void *)grown, (void *)n->children, n->n_children * sizeof(struct gim_node *));
        n->children = grown;
        n->room = room;
    }
    memmove((void *)(n->children + at + 1), (void *)(n->children + at),
            (n->n_children - at) * sizeof(struct gim_node *));
    child = GIM_NEW(&r->arena, struct gim_node);
    child->segment = segment;
    child->n_params = n->n_params;
    n->children[at] = child;
    n->n_children++;
    return child;
}

static struct gim_node *add_param(struct gim_router *r, struct gim_node *n)
{
    if (!n->param) {
        n->param = GIM_NEW(&r->arena, struct gim_node);
        n->param->n_params = (uint8_t)(n->n_params + 1);
    }
    return n->param;
}

static struct gim_place *place_in(struct gim_router *r, struct gim_place **slot)
{
    if (!*slot)
        *slot = GIM_NEW(&r->arena, struct gim_place);
    return *slot;
}

static struct gim_place *place_in_tree(struct gim_router *r, gim_str pattern)
{
    gim_str left = {pattern.ptr + 1, pattern.len - 1};
    struct gim_node *n = r->root;

    while (left.ptr) {
        gim_str segment = gim_str_cut(&left, '/');

        if (segment.len && segment.ptr[0] == '*')
            return place_in(r, &n->rest);
        n = segment.len && segment.ptr[0] == ':' ? add_param(r, n) : add_child(r, n, segment);
    }
    return place_in(r, &n->place);
}

static struct gim_place *place_in_table(struct gim_router *r, gim_str pattern)
{
    uint32_t hash = gim_path_hash(pattern);
    size_t i = hash & r->fixed_mask;

    while (r->fixed[i].place && !gim_str_eq(r->fixed[i].path, pattern))
        i = (i + 1) & r->fixed_mask;
    r->fixed[i].hash = hash;
    r->fixed[i].path = pattern;
    r->fixed_lengths |= UINT64_C(1) << (pattern.len & 63);
    return place_in(r, &r->fixed[i].place);
}

/* Gives the method of the place to the route, or returns the route that has it. */
static const struct gim_bound_route *claim(struct gim_router *r, struct gim_place *p, gim_str name,
                                           const struct gim_bound_route *route)
{
    enum gim_method method = gim_method_of(name);
    struct gim_custom_method *c;

    if (method != GIM_METHOD_OTHER || gim_str_eq(name, GIM_S("*"))) {
        if (!p->by_method[method])
            p->by_method[method] = route;
        return p->by_method[method] == route ? NULL : p->by_method[method];
    }
    for (c = p->custom; c; c = c->next) {
        if (gim_str_eq(c->name, name))
            return c->route;
    }
    c = GIM_NEW(&r->arena, struct gim_custom_method);
    *c = (struct gim_custom_method){p->custom, name, route};
    p->custom = c;
    return NULL;
}

/* Returns the number of clashes: one at most, since one line names both routes. */
static unsigned place(struct gim_router *r, const struct gim_bound_route *route,
                      struct gim_buf *why)
{
    gim_str methods = gim_str_of(route->row->method);
    struct gim_place *p =
        route->n_params ? place_in_tree(r, route->pattern) : place_in_table(r, route->pattern);
    const struct gim_bound_route *other = NULL;

    while (methods.ptr && !other)
        other = claim(r, p, gim_str_cut(&methods, '|'), route);
    if (!other)
        return 0;
    return gim_route_clash(why, route, other);
}

static void make_table(struct gim_router *r)
{
    size_t size = 4;

    while (size < r->n_routes * 2)
        size *= 2;
    r->fixed = GIM_NEW_N(&r->arena, struct gim_fixed_path, size);
    r->fixed_mask = size - 1;
    r->root = GIM_NEW(&r->arena, struct gim_node);
}

struct gim_router *gim_router_new(const struct gim_app_spec *spec, struct gim_buf *why)
{
    struct gim_router *r = gim_heap_alloc(sizeof *r);
    struct flat f = {.router = r, .spec = spec, .why = why};

    r->slash = spec->slash;
    flatten(&f);
    r->routes = (struct gim_bound_route *)(void *)f.bound.ptr;
    r->n_routes = f.bound.len / sizeof *r->routes;
    make_table(r);
    for (size_t i = 0; i < r->n_routes; i++) {
        unsigned defects = gim_route_check(&r->routes[i], why);

        f.defects += defects ? defects : place(r, &r->routes[i], why);
    }
    if (!f.defects)
        return r;
    gim_router_free(r);
    return NULL;
}

void gim_router_free(struct gim_router *r)
{
    if (!r)
        return;
    gim_heap_free(r->routes);
    gim_arena_reset(&r->arena);
    gim_heap_free(r);
}

/* ---- the table of --routes ----------------------------------------------------------------- */

struct widths {
    int method, pattern, handler;
};

static int longer(int width, size_t len)
{
    return (size_t)width < len ? (int)len : width;
}

static gim_str place_of(const struct gim_bound_route *route, char *room, size_t size)
{
    return (gim_str){room, gim_route_place(route, room, size)};
}

static struct widths measure(const struct gim_router *r)
{
    struct widths w = {(int)strlen("METHOD"), (int)strlen("PATTERN"), (int)strlen("DECLARED")};
    char room[GIM_ROUTE_PLACE];

    for (size_t i = 0; i < r->n_routes; i++) {
        const struct gim_bound_route *route = &r->routes[i];

        w.method = longer(w.method, strlen(route->row->method));
        w.pattern = longer(w.pattern, route->pattern.len);
        w.handler = longer(w.handler, place_of(route, room, sizeof room).len);
    }
    return w;
}

static void print_chain(struct gim_buf *b, const struct gim_middleware *const *chain)
{
    const char *between = "  ";

    for (; *chain; chain++) {
        gim_buf_printf(b, "%s%s", between, (*chain)->name ? (*chain)->name : "(no name)");
        between = " > ";
    }
    gim_buf_char(b, '\n');
}

void gim_router_print(const struct gim_router *r, struct gim_buf *b)
{
    struct widths w = measure(r);
    char room[GIM_ROUTE_PLACE];

    gim_buf_printf(b, "%-*s  %-*s  %-*s  %s\n", w.method, "METHOD", w.pattern, "PATTERN", w.handler,
                   "DECLARED", "MIDDLEWARE");
    for (size_t i = 0; i < r->n_routes; i++) {
        const struct gim_bound_route *route = &r->routes[i];
        gim_str declared = place_of(route, room, sizeof room);
        int width = route->chain[0] ? w.handler : 0; /* no blanks at the line's end */

        gim_buf_printf(b, "%-*s  %-*s  %-*s", w.method, route->row->method, w.pattern,
                       route->pattern.ptr, width, declared.ptr);
        print_chain(b, route->chain);
    }
}
