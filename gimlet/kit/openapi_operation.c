/* openapi_operation.c: one method of one path: its id, tags, security and parameters.
 *
 * A row may serve several methods; each becomes an operation. Ids that the application gives are
 * taken first, those made of method and path ("get_posts_by_id") step aside with a number: clients
 * are generated from them, so the same routes must always give the same ones. */
#include "openapi_private.h"
#include "../json/sink.h"

const enum gim_method gim_api_methods[] = {
    GIM_METHOD_GET,  GIM_METHOD_PUT,   GIM_METHOD_POST,  GIM_METHOD_DELETE, GIM_METHOD_OPTIONS,
    GIM_METHOD_HEAD, GIM_METHOD_PATCH, GIM_METHOD_TRACE, GIM_METHOD_OTHER,
};

/* ---- methods --------------------------------------------------------------------------------- */

static bool is_one_of_five(enum gim_method m)
{
    return m != GIM_METHOD_OPTIONS && m != GIM_METHOD_HEAD && m != GIM_METHOD_TRACE;
}

bool gim_api_serves(const struct gim_route *row, enum gim_method m, bool *by_name)
{
    gim_str set = gim_str_of(row->method);

    *by_name = !gim_str_eq(set, GIM_S("*"));
    if (!*by_name)
        return is_one_of_five(m);
    while (set.ptr) {
        if (gim_method_of(gim_str_cut(&set, '|')) == m)
            return true;
    }
    return false;
}

static bool serves_many(const struct gim_route *row)
{
    return strchr(row->method, '|') || strcmp(row->method, "*") == 0;
}

bool gim_api_takes_body(const struct gim_route *row, enum gim_method m)
{
    bool usual = m == GIM_METHOD_POST || m == GIM_METHOD_PUT || m == GIM_METHOD_PATCH;

    return (row->body || row->body_raw || row->form || row->upload) && (usual || !serves_many(row));
}

const char *gim_api_method_word(struct gim_api *d, enum gim_method m)
{
    gim_str name = gim_method_name(m);
    char *word = gim_alloc(&d->arena, name.len + 1);

    for (size_t i = 0; i < name.len; i++)
        word[i] = (char)(name.ptr[i] | 0x20);
    return word;
}

/* ---- ids ------------------------------------------------------------------------------------- */

static bool is_taken(const struct gim_api *d, const char *id)
{
    const char *const *ids = (const char *const *)(const void *)d->ids.ptr;

    for (size_t i = 0; i < d->ids.len / sizeof *ids; i++) {
        if (strcmp(ids[i], id) == 0)
            return true;
    }
    return false;
}

static void take_id(struct gim_api *d, const char *id)
{
    gim_buf_add(&d->ids, (const char *)&id, sizeof id);
}

/* NULL: the row gives none. */
static const char *given_id(struct gim_api *d, const struct gim_route *row, enum gim_method m)
{
    if (!row->id || !serves_many(row))
        return row->id;
    return gim_printf(&d->arena, "%s_%s", row->id, gim_api_method_word(d, m)).ptr;
}

int gim_api_claim_id(struct gim_api *d, const struct gim_route *row, enum gim_method m,
                     const char **id)
{
    *id = given_id(d, row, m);
    if (!*id)
        return 0;
    if (is_taken(d, *id))
        return -1;
    take_id(d, *id);
    return 0;
}

static void put_word(struct gim_buf *b, gim_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

        gim_buf_char(b, plain ? c : '_');
    }
}

static const char *make_id(struct gim_api *d, gim_str pattern, enum gim_method m)
{
    struct gim_buf b = {0};
    const char *base;
    const char *id;

    gim_buf_str(&b, gim_str_of(gim_api_method_word(d, m)));
    while (pattern.ptr) {
        gim_str part = gim_str_cut(&pattern, '/');
        bool varies = part.len && (part.ptr[0] == ':' || part.ptr[0] == '*');

        if (!part.len)
            continue;
        gim_buf_str(&b, varies ? GIM_S("_by_") : GIM_S("_"));
        put_word(&b, (gim_str){part.ptr + varies, part.len - varies});
    }
    id = base = gim_dup(&d->arena, gim_buf_view(&b)).ptr;
    gim_buf_free(&b);
    for (int n = 2; is_taken(d, id); n++)
        id = gim_printf(&d->arena, "%s_%d", base, n).ptr;
    take_id(d, id);
    return id;
}

/* ---- tags, security -------------------------------------------------------------------------- */

/* "v1", "api": what many paths begin with and none is about. */
static bool is_preamble(gim_str part)
{
    if (gim_str_eq(part, GIM_S("api")))
        return true;
    for (size_t i = 1; i < part.len; i++) {
        if (part.ptr[i] < '0' || part.ptr[i] > '9')
            return false;
    }
    return part.len == 0 || (part.len > 1 && part.ptr[0] == 'v');
}

static void put_tags(struct gim_api *d, const struct gim_bound_route *route)
{
    gim_str left = route->pattern;
    gim_str tag = gim_str_of(route->row->tag);

    while (!tag.ptr && left.ptr) {
        gim_str part = gim_str_cut(&left, '/');

        if (!is_preamble(part) && part.ptr[0] != ':' && part.ptr[0] != '*')
            tag = part;
    }
    if (!tag.ptr)
        return;
    gim_text_array(&d->t, "tags");
    gim_text_slice(&d->t, NULL, tag);
    gim_text_end(&d->t, ']');
}

static bool asked_before(const struct gim_middleware *const *chain,
                         const struct gim_middleware *const *m)
{
    for (; chain < m; chain++) {
        if ((*chain)->security == (*m)->security)
            return true;
    }
    return false;
}

/* All of them are asked for, one after the other. */
static void put_security(struct gim_api *d, const struct gim_bound_route *route)
{
    bool any = false;

    for (const struct gim_middleware *const *m = route->chain; *m; m++) {
        if (!(*m)->security || asked_before(route->chain, m))
            continue;
        if (!any) {
            gim_text_array(&d->t, "security");
            gim_text_object(&d->t, NULL);
        }
        gim_text_json(&d->t, (*m)->security->name, "[]");
        any = true;
    }
    if (any) {
        gim_text_end(&d->t, '}');
        gim_text_end(&d->t, ']');
    }
}

/* ---- parameters ------------------------------------------------------------------------------ */

static const struct gim_field any_text = {.kind = GIM_KIND_STR};

struct parameter {
    const char *name, *in, *doc;
    const struct gim_field *field; /* NULL: any text */
    bool required, rest;           /* "*rest": takes slashes */
};

static void put_parameter(struct gim_json_text *t, struct parameter p)
{
    gim_text_object(t, NULL);
    gim_text_str(t, "name", p.name);
    gim_text_str(t, "in", p.in);
    gim_text_flag(t, "required", p.required);
    gim_text_str(t, "description", p.doc);
    gim_text_flag(t, "x-rest", p.rest);
    gim_schema_put_value(t, "schema", p.field ? p.field : &any_text);
    gim_text_end(t, '}');
}

static const struct gim_field *field_of(const struct gim_schema *s, gim_str name)
{
    for (uint32_t i = 0; s && i < s->n_fields; i++) {
        if (gim_str_eq(gim_field_name(&s->fields[i]), name))
            return &s->fields[i];
    }
    return NULL;
}

static void put_path(struct gim_api *d, const struct gim_bound_route *leader,
                     const struct gim_bound_route *route)
{
    bool any_rest = strstr(route->pattern.ptr, "/*") != NULL;

    for (uint8_t i = 0; i < route->n_params; i++) {
        const struct gim_field *f = field_of(route->row->path, route->params[i]);
        bool rest = any_rest && i == route->n_params - 1;

        put_parameter(&d->t, (struct parameter){
                                 .name = gim_dup(&d->arena, leader->params[i]).ptr,
                                 .in = "path",
                                 .doc = f && f->doc ? f->doc
                                        : rest      ? "The rest of the path; it may hold `/`."
                                                    : NULL,
                                 .field = f,
                                 .required = true,
                                 .rest = rest,
                             });
    }
}

static void put_query(struct gim_api *d, const struct gim_schema *s)
{
    for (uint32_t i = 0; s && i < s->n_fields; i++) {
        const struct gim_field *f = &s->fields[i];

        if (f->kind != GIM_KIND_OBJECT && f->kind != GIM_KIND_MAP && f->kind != GIM_KIND_RAW)
            put_parameter(&d->t, (struct parameter){gim_dup(&d->arena, gim_field_name(f)).ptr,
                                                    "query", f->doc, f, f->required, false});
    }
}

static void put_parameters(struct gim_api *d, const struct gim_bound_route *leader,
                           const struct gim_bound_route *route)
{
    const struct gim_route *row = route->row;
    const struct gim_header_note *h = row->headers;
    bool any = route->n_params || row->query;

    for (const struct gim_header_note *at = h; at && at->name; at++)
        any |= at->status == 0;
    if (!any)
        return;
    gim_text_array(&d->t, "parameters");
    put_path(d, leader, route);
    put_query(d, row->query);
    for (; h && h->name; h++) {
        if (h->status == 0)
            put_parameter(&d->t,
                          (struct parameter){h->name, "header", h->doc, NULL, h->required, false});
    }
    gim_text_end(&d->t, ']');
}

/* ---- the operation --------------------------------------------------------------------------- */

void gim_api_put_operation(struct gim_api *d, const struct gim_bound_route *leader,
                           const struct gim_bound_route *route, enum gim_method m)
{
    const struct gim_route *row = route->row;
    const char *id = given_id(d, row, m);

    gim_text_object(&d->t, gim_api_method_word(d, m));
    gim_text_str(&d->t, "operationId", id ? id : make_id(d, route->pattern, m));
    gim_text_str(&d->t, "summary", row->summary);
    gim_text_str(&d->t, "description", row->doc);
    put_tags(d, route);
    gim_text_flag(&d->t, "deprecated", row->deprecated);
    put_security(d, route);
    put_parameters(d, leader, route);
    if (gim_api_takes_body(row, m))
        gim_api_put_body(d, row);
    gim_api_put_answers(d, route, m);
    gim_text_end(&d->t, '}');
}
