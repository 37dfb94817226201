/* request.c: reading a request: the accessors of gimlet/ctx.h. All are views; nothing is copied
 * unless a parameter was escaped. */
#include "../http/uri.h"
#include "../wire/conn.h"
#include "ctx.h"

gim_str gim_method(const struct gim_ctx *c)
{
    return gim_head_str(&c->x.head, c->x.head.method);
}

gim_str gim_path_str(const struct gim_ctx *c)
{
    return c->path;
}

gim_str gim_query_str(const struct gim_ctx *c)
{
    return c->x.head.has_query ? gim_head_str(&c->x.head, c->x.head.query) : (gim_str){0};
}

gim_str gim_route_pattern(const struct gim_ctx *c)
{
    return c->begun && c->match.route ? c->match.route->pattern : (gim_str){0};
}

gim_str gim_header_next(const struct gim_ctx *c, gim_str name, size_t *at)
{
    return gim_head_find(&c->x.head, name, at);
}

gim_str gim_header(const struct gim_ctx *c, gim_str name)
{
    size_t at = 0;

    return gim_head_find(&c->x.head, name, &at);
}

/* The router cuts parameters from the decoded path, in which %2F and %25 are still escaped. */
gim_str gim_param(const struct gim_ctx *c, gim_str name)
{
    const struct gim_bound_route *r = c->match.route;
    struct gim_arena *a = gim_arena((struct gim_ctx *)(uintptr_t)c);

    for (unsigned i = 0; r && i < r->n_params; i++) {
        gim_str out;

        if (!gim_str_eq(r->params[i], name))
            continue;
        return gim_percent_decode(c->match.params[i], a, &out) ? c->match.params[i] : out;
    }
    return (gim_str){0};
}

int gim_param_int(struct gim_ctx *c, gim_str name, int64_t *out)
{
    if (!gim_str_to_int(gim_param(c, name), out))
        return 0;
    gim_problem(c, 404, NULL, "nothing is served at this path: %.*s is not an integer",
                GIM_FMT(name));
    return -1;
}

void *gim_body(const struct gim_ctx *c)
{
    return c->body;
}

void *gim_form(const struct gim_ctx *c)
{
    return c->form;
}

void *gim_query(const struct gim_ctx *c)
{
    return c->query;
}

void *gim_path(const struct gim_ctx *c)
{
    return c->path_obj;
}

gim_str gim_body_bytes(const struct gim_ctx *c)
{
    return c->x.body;
}

typedef enum gim_bind bind_fn(const struct gim_schema *s, gim_str json, void *obj,
                              struct gim_arena *a, struct gim_faults *faults,
                              struct gim_json_error *err);

/* In what memory there is: what it takes is a multiple of what the client has sent. */
static bool binds(struct gim_ctx *c, bind_fn *fn, const struct gim_schema *s, void *obj,
                  struct gim_faults *faults, struct gim_json_error *err, enum gim_bind *result)
{
    jmp_buf empty;
    bool fits = true;

    c->x.arena.empty = &empty;
    if (_setjmp(empty) == 0)
        *result = fn(s, c->x.body, obj, &c->x.arena, faults, err);
    else
        fits = false;
    c->x.arena.empty = NULL;
    return fits;
}

static int bind_with(struct gim_ctx *c, bind_fn *fn, const struct gim_schema *s, void *obj)
{
    struct gim_faults faults = {0};
    struct gim_json_error err = {0};
    enum gim_bind result = GIM_BIND_OK;

    if (!binds(c, fn, s, obj, &faults, &err, &result)) {
        gim_problem(c, 503, NULL, "there is no memory for a body of this size now");
        return -1;
    }
    switch (result) {
    case GIM_BIND_OK:
        return 0;
    case GIM_BIND_SYNTAX:
        gim_ctx_problem(c, 400, NULL, gim_str_of(err.reason), NULL, &err);
        return -1;
    case GIM_BIND_FAULTS:
        break;
    }
    gim_problem_faults(c, 422, &faults);
    return -1;
}

int gim_body_patch(struct gim_ctx *c, const struct gim_schema *s, void *obj)
{
    return bind_with(c, gim_json_patch, s, obj);
}

int gim_body_bind(struct gim_ctx *c, const struct gim_schema *s, void *obj)
{
    return bind_with(c, gim_json_decode, s, obj);
}

gim_str gim_remote(struct gim_ctx *c)
{
    char text[GIM_PEER_MAX];
    size_t len = c->x.conn ? gim_socket_peer(c->x.conn->stream, text) : 0;

    return len ? gim_dup(&c->x.arena, (gim_str){text, len}) : (gim_str){0};
}

struct gim_arena *gim_arena(struct gim_ctx *c)
{
    return &c->x.arena;
}

void *gim_state(const struct gim_ctx *c)
{
    return gim_ctx_app(c)->spec.state;
}

const void *gim_with(const struct gim_ctx *c)
{
    return c->now ? c->now->with : c->match.route ? c->match.route->row->with : NULL;
}

unsigned gim_worker(const struct gim_ctx *c)
{
    return c->x.wire->worker;
}

gim_str gim_id(const struct gim_ctx *c)
{
    return c->id;
}

gim_str gim_principal(const struct gim_ctx *c)
{
    return c->principal;
}

void gim_principal_set(struct gim_ctx *c, gim_str name)
{
    c->principal = gim_dup(&c->x.arena, name);
}

void gim_put(struct gim_ctx *c, const void *key, void *value)
{
    struct gim_value *v = GIM_NEW(&c->x.arena, struct gim_value);

    *v = (struct gim_value){c->values, key, value};
    c->values = v;
}

void *gim_get(const struct gim_ctx *c, const void *key)
{
    for (const struct gim_value *v = c->values; v; v = v->next) {
        if (v->key == key)
            return v->value;
    }
    return NULL;
}
