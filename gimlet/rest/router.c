/* router.c: finding: from method and path to a route, without allocation.
 *
 * The places that a path fits are visited in order of precedence until one serves the method: first
 * the static path by its hash, then the tree, level by level static child, ":name", "*rest", with
 * backtracking. A place that lacks the method is remembered (405) and the walk goes on, so DELETE
 * /posts/:id serves "/posts/new" although only GET /posts/new is written out.
 *
 * Why backtracking is not exponential here: a node of depth d is only entered from its one parent,
 * with exactly d segments of the path consumed, and each of its three alternatives is tried once.
 * So one walk enters a node at most once: its cost is bounded by the tree, which the application's
 * patterns fix (one node a segment at most), times the bytes of a segment; no path a client can
 * send makes it more. Depth is bounded by GIM_ROUTE_SEGMENTS, hence the fixed stack. */
#include "router.h"
#include "../base/unset.h"
#include "router_private.h"

/* ---- the table of static paths ------------------------------------------------------------- */

/* The table is filled from the application's constants only: what is wanted is speed on short
 * paths, not resistance to chosen keys. Eight bytes a step, the last eight overlapping. */
uint32_t gim_path_hash(gim_str path)
{
    const uint64_t k = UINT64_C(0x9e3779b97f4a7c15);
    uint64_t h = path.len * k;
    uint64_t word = 0;
    const char *at = path.ptr;
    size_t left = path.len;

    for (; left > 8; left -= 8, at += 8) {
        memcpy(&word, at, 8);
        h = (h ^ word) * k;
        h ^= h >> 32;
    }
    if (path.len >= 8) {
        memcpy(&word, path.ptr + path.len - 8, 8);
    } else {
        for (word = 0; left; left--)
            word = word << 8 | (unsigned char)*at++;
    }
    h = (h ^ word) * k;
    return (uint32_t)(h >> 32);
}

static const struct gim_place *fixed_find(const struct gim_router *r, gim_str path)
{
    uint32_t hash;

    if (!(r->fixed_lengths >> (path.len & 63) & 1))
        return NULL;
    hash = gim_path_hash(path);
    for (size_t i = hash & r->fixed_mask; r->fixed[i].place; i = (i + 1) & r->fixed_mask) {
        const struct gim_fixed_path *f = &r->fixed[i];

        if (f->hash == hash && gim_str_eq(f->path, path))
            return f->place;
    }
    return NULL;
}

/* The same with a '/' behind the path. */
static const struct gim_place *fixed_find_slashed(const struct gim_router *r, gim_str path)
{
    char with[GIM_ROUTE_BYTES];

    if (path.len >= sizeof with)
        return NULL;
    memcpy(with, path.ptr, path.len);
    with[path.len] = '/';
    return fixed_find(r, (gim_str){with, path.len + 1});
}

/* ---- the walk ------------------------------------------------------------------------------ */

enum stage {
    STAGE_STATIC,
    STAGE_PARAM,
    STAGE_REST,
    STAGE_SLASH, /* the path is consumed, the pattern may still have the slash added to it */
    STAGE_LEAVE,
};

struct step {
    const struct gim_node *node;
    size_t at, end; /* of the segment that follows the node */
    enum stage stage;
};

struct walk {
    const struct gim_router *router;
    gim_str path;
    gim_str *params; /* of the places that come from the tree; written as the walk goes */
    bool add_slash;  /* look for path + "/" instead */
    bool fixed_done;
    int depth; /* -1: at its end */
    struct step steps[GIM_ROUTE_SEGMENTS + 1];
};

static int compare(gim_str a, gim_str b)
{
    if (a.len != b.len)
        return a.len < b.len ? -1 : 1;
    return a.len ? memcmp(a.ptr, b.ptr, a.len) : 0;
}

struct gim_node *gim_node_child(const struct gim_node *n, gim_str segment, uint32_t *at)
{
    uint32_t low = 0;
    uint32_t high = n->n_children;

    while (low < high) {
        uint32_t mid = (low + high) / 2;
        int order = compare(n->children[mid]->segment, segment);

        if (order == 0)
            return n->children[mid];
        if (order < 0)
            low = mid + 1;
        else
            high = mid;
    }
    if (at)
        *at = low;
    return NULL;
}

/* Goes on at `node` with the segment that starts at `at`; beyond the path's end there is none. */
static void enter(struct walk *w, const struct gim_node *node, size_t at)
{
    struct step *s = &w->steps[++w->depth];

    s->node = node;
    s->at = at;
    if (at > w->path.len) {
        s->stage = STAGE_SLASH;
        return;
    }
    s->stage = STAGE_STATIC;
    s->end = at + gim_str_find((gim_str){w->path.ptr + at, w->path.len - at}, '/');
}

static void walk_start(struct walk *w, const struct gim_router *r, gim_str path, bool add_slash,
                       gim_str *params)
{
    w->router = r;
    w->path = path;
    w->params = params;
    w->add_slash = add_slash;
    w->fixed_done = false;
    w->depth = -1;
}

/* The places at the end of a consumed path. */
static const struct gim_place *at_end(struct walk *w, struct step *s)
{
    const struct gim_node *n = s->node;

    if (!w->add_slash) {
        s->stage = STAGE_LEAVE;
        return n->place;
    }
    if (s->stage == STAGE_SLASH) {
        const struct gim_node *slash = gim_node_child(n, GIM_S(""), NULL);

        s->stage = STAGE_REST;
        if (slash && slash->place)
            return slash->place;
    }
    s->stage = STAGE_LEAVE;
    if (n->rest)
        w->params[n->n_params] = (gim_str){w->path.ptr + w->path.len, 0};
    return n->rest;
}

/* One alternative of one node: enters a child, or gives the place of a "*rest". */
static const struct gim_place *try_next(struct walk *w, struct step *s)
{
    gim_str segment = {w->path.ptr + s->at, s->end - s->at};
    const struct gim_node *n = s->node;
    const struct gim_node *child;

    switch (s->stage) {
    case STAGE_STATIC:
        s->stage = STAGE_PARAM;
        child = n->n_children ? gim_node_child(n, segment, NULL) : NULL;
        if (child)
            enter(w, child, s->end + 1);
        return NULL;
    case STAGE_PARAM:
        s->stage = STAGE_REST;
        if (n->param && segment.len) {
            w->params[n->n_params] = segment;
            enter(w, n->param, s->end + 1);
        }
        return NULL;
    default:
        s->stage = STAGE_LEAVE;
        if (n->rest)
            w->params[n->n_params] = (gim_str){segment.ptr, w->path.len - s->at};
        return n->rest;
    }
}

/* The next place that the path fits, NULL when there is none. */
static const struct gim_place *walk_next(struct walk *w)
{
    const struct gim_place *place;

    if (!w->fixed_done) {
        w->fixed_done = true;
        if (w->path.len && w->path.ptr[0] == '/')
            enter(w, w->router->root, 1);
        place =
            w->add_slash ? fixed_find_slashed(w->router, w->path) : fixed_find(w->router, w->path);
        if (place)
            return place;
    }
    while (w->depth >= 0) {
        struct step *s = &w->steps[w->depth];

        if (s->stage == STAGE_LEAVE) {
            w->depth--;
            continue;
        }
        place = s->at > w->path.len ? at_end(w, s) : try_next(w, s);
        if (place)
            return place;
    }
    return NULL;
}

/* ---- methods of a place -------------------------------------------------------------------- */

static const struct gim_bound_route *custom_find(const struct gim_place *p, gim_str name)
{
    for (const struct gim_custom_method *c = p->custom; c; c = c->next) {
        if (gim_str_eq(c->name, name))
            return c->route;
    }
    return NULL;
}

static bool serve(const struct gim_place *p, enum gim_method method, gim_str name,
                  struct gim_match *m)
{
    m->route = method == GIM_METHOD_OTHER ? custom_find(p, name) : p->by_method[method];
    if (!m->route && method == GIM_METHOD_HEAD) {
        m->route = p->by_method[GIM_METHOD_GET];
        m->head_of_get = m->route != NULL;
    }
    if (!m->route)
        m->route = p->by_method[GIM_METHOD_OTHER];
    return m->route != NULL;
}

static bool find_at(const struct gim_router *r, enum gim_method method, gim_str name, gim_str path,
                    bool add_slash, struct gim_match *m)
{
    struct walk w GIM_UNSET;
    const struct gim_place *place;

    walk_start(&w, r, path, add_slash, m->params);
    while ((place = walk_next(&w)) != NULL) {
        m->path_known = true;
        if (serve(place, method, name, m))
            return true;
    }
    return false;
}

/* The path with its trailing slash removed, or else the path itself to be walked with one added. */
static gim_str other_form(gim_str path, bool *add_slash)
{
    *add_slash = !path.len || path.ptr[path.len - 1] != '/';
    if (!*add_slash)
        path.len--;
    return path;
}

void gim_router_find(const struct gim_router *r, enum gim_method method, gim_str method_name,
                     gim_str path, struct gim_match *m)
{
    bool add_slash;
    bool known;
    gim_str other;

    m->route = NULL;
    m->path_known = m->head_of_get = m->slash_other = false;
    if (find_at(r, method, method_name, path, false, m))
        return;
    known = m->path_known;
    other = other_form(path, &add_slash);
    if (find_at(r, method, method_name, other, add_slash, m) && r->slash != GIM_SLASH_IGNORE) {
        m->slash_other = true;
        m->route = NULL;
        m->head_of_get = false;
    }
    if (r->slash != GIM_SLASH_IGNORE)
        m->path_known = known;
}

/* ---- Allow --------------------------------------------------------------------------------- */

/* In the order of Allow: by name, so that the field reads the same whatever the routes' order. */
static const uint8_t allow_order[] = {
    GIM_METHOD_CONNECT, GIM_METHOD_DELETE, GIM_METHOD_GET, GIM_METHOD_HEAD,  GIM_METHOD_OPTIONS,
    GIM_METHOD_PATCH,   GIM_METHOD_POST,   GIM_METHOD_PUT, GIM_METHOD_TRACE,
};

#define BIT(method) (1u << (method))
#define ALL_BUT_CONNECT (BIT(GIM_METHODS) - 2 - BIT(GIM_METHOD_CONNECT))

static unsigned method_bits(const struct gim_place *p)
{
    unsigned bits = BIT(GIM_METHOD_OPTIONS);

    for (unsigned m = 1; m < GIM_METHODS; m++) {
        if (p->by_method[m])
            bits |= BIT(m);
    }
    if (p->by_method[GIM_METHOD_GET])
        bits |= BIT(GIM_METHOD_HEAD);
    if (p->by_method[GIM_METHOD_OTHER])
        bits |= ALL_BUT_CONNECT;
    return bits;
}

/* Is `name` already in the list "A, B, C"? */
static bool is_listed(gim_str list, gim_str name)
{
    while (list.ptr) {
        if (gim_str_eq(gim_str_trim(gim_str_cut(&list, ',')), name))
            return true;
    }
    return false;
}

static void put_name(struct gim_buf *b, size_t start, gim_str name)
{
    if (b->len > start)
        gim_buf_lit(b, ", ");
    gim_buf_str(b, name);
}

/* The two walks of Allow: one gathers the known methods, one appends the custom ones. */
static unsigned known_at(const struct gim_router *r, gim_str path, bool add_slash)
{
    gim_str unused[GIM_ROUTE_PARAMS];
    const struct gim_place *place;
    struct walk w;
    unsigned bits = 0;

    walk_start(&w, r, path, add_slash, unused);
    while ((place = walk_next(&w)) != NULL)
        bits |= method_bits(place);
    return bits;
}

static void custom_at(const struct gim_router *r, gim_str path, bool add_slash, struct gim_buf *b,
                      size_t start)
{
    gim_str unused[GIM_ROUTE_PARAMS];
    const struct gim_place *place;
    struct walk w;

    walk_start(&w, r, path, add_slash, unused);
    while ((place = walk_next(&w)) != NULL) {
        for (const struct gim_custom_method *c = place->custom; c; c = c->next) {
            gim_str listed = {b->ptr + start, b->len - start};

            if (!is_listed(listed, c->name))
                put_name(b, start, c->name);
        }
    }
}

void gim_router_allow(const struct gim_router *r, gim_str path, struct gim_buf *b)
{
    bool both = r->slash == GIM_SLASH_IGNORE;
    bool add_slash;
    gim_str other = other_form(path, &add_slash);
    size_t start = b->len;
    unsigned bits = known_at(r, path, false);

    if (both)
        bits |= known_at(r, other, add_slash);
    for (size_t i = 0; i < sizeof allow_order; i++) {
        if (bits & BIT(allow_order[i]))
            put_name(b, start, gim_method_name((enum gim_method)allow_order[i]));
    }
    custom_at(r, path, false, b, start);
    if (both)
        custom_at(r, other, add_slash, b, start);
}

const struct gim_bound_route *gim_router_routes(const struct gim_router *r, size_t *n)
{
    *n = r->n_routes;
    return r->routes;
}
