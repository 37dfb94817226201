/* openapi_document.c: the document from its first member to its last.
 *
 * Everything is read from the const tables and the router's list, in the order in which the
 * application gives them, so the same program and options give the same bytes. Routes whose patterns
 * differ only in the names of their parameters are one path to OpenAPI: the first gives the names. */
#include "openapi_private.h"
#include "../rest/router_build.h"

/* ---- which routes ---------------------------------------------------------------------------- */

static bool is_told(const struct gim_api *d, size_t i)
{
    return !d->routes[i].row->undocumented;
}

static bool varies(gim_str part)
{
    return part.len && (part.ptr[0] == ':' || part.ptr[0] == '*');
}

/* Are they one path, but for the names of parameters? */
static bool same_path(gim_str a, gim_str b)
{
    while (a.ptr && b.ptr) {
        gim_str x = gim_str_cut(&a, '/'), y = gim_str_cut(&b, '/');

        if (varies(x) != varies(y) || (!varies(x) && !gim_str_eq(x, y)))
            return false;
    }
    return !a.ptr && !b.ptr;
}

static uint32_t leader_of(const struct gim_api *d, uint32_t i)
{
    for (uint32_t k = 0; k < i; k++) {
        if (is_told(d, k) && d->leaders[k] == k &&
            same_path(d->routes[k].pattern, d->routes[i].pattern))
            return k;
    }
    return i;
}

static void find_leaders(struct gim_api *d)
{
    d->leaders = gim_alloc_n(&d->arena, d->n_routes, sizeof *d->leaders);
    for (uint32_t i = 0; i < d->n_routes; i++)
        d->leaders[i] = leader_of(d, i);
}

/* The route of the leader's path that serves `m`: one that names the method before one with "*". */
static const struct gim_bound_route *server_of(const struct gim_api *d, size_t leader,
                                               enum gim_method m)
{
    const struct gim_bound_route *any = NULL;
    bool by_name;

    for (size_t i = leader; i < d->n_routes; i++) {
        const struct gim_bound_route *r = &d->routes[i];

        if (!is_told(d, i) || d->leaders[i] != leader || !gim_api_serves(r->row, m, &by_name))
            continue;
        if (by_name)
            return r;
        if (!any)
            any = r;
    }
    return any;
}

/* ---- names that two things have -------------------------------------------------------------- */

static unsigned claim_ids(struct gim_api *d, const struct gim_bound_route *r, struct gim_buf *why)
{
    unsigned defects = 0;
    const char *id;
    bool by_name;

    for (const enum gim_method *m = gim_api_methods; *m; m++) {
        if (gim_api_serves(r->row, *m, &by_name) && gim_api_claim_id(d, r->row, *m, &id) && why)
            defects += gim_route_defect(why, r, "another operation has the id '%s'", id);
    }
    return defects;
}

static const struct gim_security *security_called(const struct gim_api *d, const char *name)
{
    for (size_t i = 0; i < d->n_routes; i++) {
        for (const struct gim_middleware *const *m = d->routes[i].chain; *m; m++) {
            const struct gim_security *s = (*m)->security;

            if (is_told(d, i) && s && s->name && strcmp(s->name, name) == 0)
                return s;
        }
    }
    return NULL;
}

static unsigned check_security(const struct gim_api *d, const struct gim_bound_route *r,
                               struct gim_buf *why)
{
    unsigned defects = 0;

    for (const struct gim_middleware *const *m = r->chain; *m && why; m++) {
        const struct gim_security *s = (*m)->security;

        if (s && (!s->name || !s->type))
            defects += gim_route_defect(why, r, "a security scheme lacks .name or .type");
        else if (s && security_called(d, s->name) != s)
            defects += gim_route_defect(why, r, "another security scheme is called '%s'", s->name);
    }
    return defects;
}

static unsigned check_schemas(struct gim_api *d, struct gim_buf *why)
{
    size_t n;
    const struct gim_named_schema *all = gim_schemas_all(&d->schemas, &n);
    unsigned defects = 0;

    for (size_t i = 0; i < n && why; i++) {
        for (size_t k = 0; k < i; k++) {
            if (gim_schema_same_key(&all[i], &all[k]))
                defects += gim_route_defect(why, all[i].route, "another schema is called '%s'",
                                            gim_schema_key(all[i].schema, all[i].form, &d->arena));
        }
    }
    return defects;
}

static unsigned add_schemas(struct gim_api *d, const struct gim_bound_route *r, struct gim_buf *why)
{
    const struct gim_named_schema all[] = {
        {.schema = r->row->body, .sent = true, .route = r},
        {.schema = r->row->form, .sent = true, .route = r},
        {.schema = r->row->patch, .form = GIM_FORM_PATCH, .sent = true, .route = r},
        {.schema = r->row->reply, .given = true, .route = r},
    };

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        gim_schemas_add(&d->schemas, all[i]);
    return gim_api_add_answers(d, r, why);
}

unsigned gim_api_open(struct gim_api *d, const struct gim_app *app, struct gim_buf *why)
{
    unsigned defects = 0;

    d->app = app;
    d->spec = app->spec.openapi;
    d->routes = gim_router_routes(app->router, &d->n_routes);
    for (size_t i = 0; i < d->n_routes; i++) {
        if (!is_told(d, i))
            continue;
        defects += add_schemas(d, &d->routes[i], why);
        defects += claim_ids(d, &d->routes[i], why);
        defects += check_security(d, &d->routes[i], why);
    }
    gim_schemas_close(&d->schemas);
    return defects + check_schemas(d, why);
}

void gim_api_close(struct gim_api *d)
{
    gim_schemas_free(&d->schemas);
    gim_buf_free(&d->ids);
    gim_arena_reset(&d->arena);
}

/* ---- paths ----------------------------------------------------------------------------------- */

/* "/posts/:id" to "/posts/{id}", in the arena. */
static const char *path_of(struct gim_api *d, gim_str pattern)
{
    struct gim_buf b = {0};
    const char *path;

    gim_str_cut(&pattern, '/');
    while (pattern.ptr) {
        gim_str part = gim_str_cut(&pattern, '/');

        if (varies(part))
            gim_buf_printf(&b, "/{%.*s}", (int)part.len - 1, part.ptr + 1);
        else
            gim_buf_printf(&b, "/%.*s", (int)part.len, part.len ? part.ptr : "");
    }
    path = gim_dup(&d->arena, gim_buf_view(&b)).ptr;
    gim_buf_free(&b);
    return path;
}

static void put_path(struct gim_api *d, size_t leader)
{
    bool any = false;

    for (const enum gim_method *m = gim_api_methods; *m; m++) {
        const struct gim_bound_route *r = server_of(d, leader, *m);

        if (!r)
            continue;
        if (!any)
            gim_text_object(&d->t, path_of(d, d->routes[leader].pattern));
        any = true;
        gim_api_put_operation(d, &d->routes[leader], r, *m);
    }
    if (any) /* none: OpenAPI 3.1 cannot say PURGE */
        gim_text_end(&d->t, '}');
}

static void put_paths(struct gim_api *d)
{
    find_leaders(d);
    gim_text_object(&d->t, "paths");
    for (size_t i = 0; i < d->n_routes; i++) {
        if (is_told(d, i) && d->leaders[i] == i)
            put_path(d, i);
    }
    gim_text_end(&d->t, '}');
}

/* ---- components ------------------------------------------------------------------------------ */

static void put_security(struct gim_json_text *t, const struct gim_security *s)
{
    gim_text_object(t, s->name);
    gim_text_str(t, "type", s->type);
    gim_text_str(t, "description", s->doc);
    gim_text_str(t, "scheme", s->scheme);
    gim_text_str(t, "bearerFormat", s->format);
    gim_text_str(t, "in", s->in);
    gim_text_str(t, "name", s->field);
    gim_text_end(t, '}');
}

/* Was it met before the route `i` and the place `m` of its chain? */
static bool is_known(const struct gim_api *d, size_t i, const struct gim_middleware *const *m)
{
    for (size_t k = 0; k <= i; k++) {
        for (const struct gim_middleware *const *at = d->routes[k].chain; *at; at++) {
            if (k == i && at == m)
                return false;
            if (is_told(d, k) && (*at)->security == (*m)->security)
                return true;
        }
    }
    return false;
}

static void put_securities(struct gim_api *d)
{
    bool any = false;

    for (size_t i = 0; i < d->n_routes; i++) {
        for (const struct gim_middleware *const *m = d->routes[i].chain; *m; m++) {
            if (!is_told(d, i) || !(*m)->security || is_known(d, i, m))
                continue;
            if (!any)
                gim_text_object(&d->t, "securitySchemes");
            any = true;
            put_security(&d->t, (*m)->security);
        }
    }
    if (any)
        gim_text_end(&d->t, '}');
}

static void put_components(struct gim_api *d)
{
    size_t n;
    const struct gim_named_schema *all = gim_schemas_all(&d->schemas, &n);

    gim_text_object(&d->t, "components");
    gim_text_object(&d->t, "schemas");
    for (size_t i = 0; i < n; i++)
        gim_schema_put(&d->t, &all[i], &d->arena);
    gim_text_end(&d->t, '}');
    gim_api_put_common_answers(d);
    put_securities(d);
    gim_text_end(&d->t, '}');
}

/* ---- the head -------------------------------------------------------------------------------- */

static void put_contact(struct gim_json_text *t, const struct gim_openapi *s)
{
    if (!s->contact_name && !s->contact_url && !s->contact_email)
        return;
    gim_text_object(t, "contact");
    gim_text_str(t, "name", s->contact_name);
    gim_text_str(t, "url", s->contact_url);
    gim_text_str(t, "email", s->contact_email);
    gim_text_end(t, '}');
}

static void put_license(struct gim_json_text *t, const struct gim_openapi *s)
{
    if (!s->license)
        return;
    gim_text_object(t, "license");
    gim_text_str(t, "name", s->license);
    gim_text_str(t, "url", s->license_url);
    gim_text_end(t, '}');
}

static void put_info(struct gim_json_text *t, const struct gim_app_spec *app,
                     const struct gim_openapi *s)
{
    gim_text_object(t, "info");
    gim_text_str(t, "title", s->title ? s->title : app->name);
    gim_text_str(t, "version", app->version ? app->version : "0");
    gim_text_str(t, "description", s->doc ? s->doc : app->about);
    gim_text_str(t, "termsOfService", s->terms);
    put_contact(t, s);
    put_license(t, s);
    gim_text_end(t, '}');
}

static void put_servers(struct gim_json_text *t, const char *const *servers)
{
    if (!servers || !*servers)
        return;
    gim_text_array(t, "servers");
    for (; *servers; servers++) {
        gim_text_object(t, NULL);
        gim_text_str(t, "url", *servers);
        gim_text_end(t, '}');
    }
    gim_text_end(t, ']');
}

static void put_tags(struct gim_json_text *t, const struct gim_tag *tags)
{
    if (!tags || !tags->name)
        return;
    gim_text_array(t, "tags");
    for (; tags->name; tags++) {
        gim_text_object(t, NULL);
        gim_text_str(t, "name", tags->name);
        gim_text_str(t, "description", tags->doc);
        gim_text_end(t, '}');
    }
    gim_text_end(t, ']');
}

void gim_api_put(struct gim_api *d, struct gim_buf *out, bool indented)
{
    static const struct gim_openapi plain;
    const struct gim_openapi *s = d->spec ? d->spec : &plain;

    d->t = (struct gim_json_text){.out = out, .indented = indented};
    gim_text_object(&d->t, NULL);
    gim_text_str(&d->t, "openapi", "3.1.0");
    put_info(&d->t, &d->app->spec, s);
    put_servers(&d->t, s->servers);
    put_tags(&d->t, s->tags);
    put_paths(d);
    put_components(d);
    gim_text_end(&d->t, '}');
    if (indented)
        gim_buf_char(out, '\n');
}
