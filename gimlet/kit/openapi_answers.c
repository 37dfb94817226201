/* openapi_answers.c: what an operation may answer.
 *
 * Three hands write it. The row: its success, and .answers. The middleware around it: .answers too.
 * And the framework itself, for what the row makes possible: 413 where a body is taken, 422 where a
 * schema is bound, 404 where the path has a part that varies. Those of the framework stand once under
 * components/responses, unless another hand has something to add. */
#include "../http/status.h"
#include "../json/schema_check.h"
#include "../rest/router_build.h"
#include "openapi_private.h"

#define MEDIA_TYPES_MAX 16 /* of one answer */
#define PROBLEM_TYPE "application/problem+json"

static const struct common_answer {
    int status;
    const char *key, *doc;
    const char *header, *header_doc;
} common[] = {
    {400, "BadRequest",
     "The request is malformed: its syntax, a percent escape, or a body that is not JSON.", NULL,
     NULL},
    {401, "Unauthorized", "It is not known who is asking.", "WWW-Authenticate",
     "How to say who is asking."},
    {404, "NotFound", "There is nothing at this path.", NULL, NULL},
    {413, "ContentTooLarge", "The body is larger than is taken here.", NULL, NULL},
    {415, "UnsupportedMediaType", "The body's Content-Type is not taken here.", NULL, NULL},
    {422, "UnprocessableContent", "Rules are broken; `errors` lists all that are.", NULL, NULL},
    {503, "ServiceUnavailable", "Too much is under way, or the answer took too long; try again.",
     "Retry-After", "Seconds to wait."},
};

#define N_COMMON (sizeof common / sizeof common[0])

/* ---- Problem, as a schema like all others ---------------------------------------------------- */

struct fault {
    gim_str pointer, parameter, code, detail;
};

static const struct gim_field fault_fields[] = {
    GIM_STR(struct fault, pointer, .omit_empty = true,
            .doc = "Where in the body: a JSON pointer (RFC 6901)."),
    GIM_STR(struct fault, parameter, .omit_empty = true, .doc = "Which parameter."),
    GIM_STR(struct fault, code, .doc = "For programs.", .example = "\"too_short\""),
    GIM_STR(struct fault, detail, .omit_empty = true, .doc = "For people."),
};
static const struct gim_schema fault_schema =
    GIM_SCHEMA("Fault", struct fault, fault_fields, .doc = "A rule that is broken, and where.");

struct problem {
    gim_str type, title, detail, instance;
    int64_t status, errors_total, offset, line, column;
    gim_array errors;
};

static const struct gim_field problem_fields[] = {
    GIM_STR(struct problem, type, .doc = "`about:blank` when the status says enough."),
    GIM_STR(struct problem, title, .doc = "The status in words."),
    GIM_INT(struct problem, status, GIM_MIN(400), GIM_MAX(599)),
    GIM_STR(struct problem, detail, .omit_empty = true, .doc = "For people."),
    GIM_STR(struct problem, instance, .omit_empty = true, .doc = "The request id."),
    GIM_ARRAY(struct problem, errors, .omit_empty = true,
              .items = GIM_ITEM_OBJECT(struct fault, &fault_schema)),
    GIM_INT(struct problem, errors_total, .omit_empty = true, .doc = "When more than listed."),
    GIM_INT(struct problem, offset, .omit_empty = true, .doc = "Of malformed JSON: bytes from 0."),
    GIM_INT(struct problem, line, .omit_empty = true, .doc = "From 1."),
    GIM_INT(struct problem, column, .omit_empty = true, .doc = "Characters from 1."),
};
static const struct gim_schema problem_schema =
    GIM_SCHEMA("Problem", struct problem, problem_fields, .doc = "An error (RFC 9457).");

/* ---- what is told ---------------------------------------------------------------------------- */

/* Walks the tables of the row and of the middleware around it. */
struct told {
    const struct gim_answer *at;
    const struct gim_middleware *const *chain;
};

static struct told told_by(const struct gim_bound_route *route)
{
    return (struct told){route->row->answers, route->chain};
}

static const struct gim_answer *next_told(struct told *t)
{
    while (!t->at || !t->at->status) {
        if (!*t->chain)
            return NULL;
        t->at = (*t->chain++)->answers;
    }
    return t->at++;
}

static const struct gim_answer *next_of(struct told *t, int status)
{
    const struct gim_answer *a = next_told(t);

    while (a && a->status != status)
        a = next_told(t);
    return a;
}

static unsigned check_reply(const struct gim_bound_route *route, const struct gim_schema *s,
                            struct gim_buf *why)
{
    struct gim_buf lines = {0};
    unsigned defects = 0;

    if (s && why && gim_schema_check(s, &lines)) {
        defects += gim_route_defect(why, route, "a reply of .answers is not sound:");
        gim_buf_str(why, gim_buf_view(&lines));
    }
    gim_buf_free(&lines);
    return defects;
}

unsigned gim_api_add_answers(struct gim_api *d, const struct gim_bound_route *route,
                             struct gim_buf *why)
{
    struct told told = told_by(route);
    const struct gim_answer *a;
    unsigned defects = 0;

    gim_schemas_add(&d->schemas, (struct gim_named_schema){
                                     .schema = &problem_schema, .given = true, .route = route});
    while ((a = next_told(&told))) {
        defects += check_reply(route, a->reply, why);
        gim_schemas_add(&d->schemas, (struct gim_named_schema){
                                         .schema = a->reply, .given = true, .route = route});
    }
    return defects;
}

/* ---- what the framework answers by itself ---------------------------------------------------- */

static bool asks_who(const struct gim_bound_route *route)
{
    for (const struct gim_middleware *const *m = route->chain; *m; m++) {
        if ((*m)->security)
            return true;
    }
    return false;
}

static bool may_give(const struct gim_api *d, const struct gim_bound_route *route,
                     enum gim_method m, int status)
{
    const struct gim_route *row = route->row;
    bool body = gim_api_takes_body(row, m);

    switch (status) {
    case 400:
        return true;
    case 401:
        return asks_who(route);
    case 404:
        return route->n_params > 0;
    case 413:
        return body;
    case 415:
        return body && (d->app->settings.strict_content_type || row->media_types || row->form ||
                        row->upload);
    case 422:
        return row->path || row->query ||
               (body && (row->body || row->patch || row->form || row->upload));
    case 503:
        return body || row->suspends || row->streams || row->blocking;
    default:
        return false;
    }
}

/* The framework's own answer of that status, NULL when there is none. */
static const struct common_answer *own_of(const struct gim_api *d,
                                          const struct gim_bound_route *route, enum gim_method m,
                                          int status)
{
    for (size_t i = 0; i < N_COMMON; i++) {
        if (common[i].status == status)
            return may_give(d, route, m, status) ? &common[i] : NULL;
    }
    return NULL;
}

/* ---- one answer ------------------------------------------------------------------------------ */

static void put_header(struct gim_json_text *t, const char *name, const char *doc, bool required)
{
    gim_text_object(t, name);
    gim_text_str(t, "description", doc);
    gim_text_flag(t, "required", required);
    gim_text_object(t, "schema");
    gim_text_str(t, "type", "string");
    gim_text_end(t, '}');
    gim_text_end(t, '}');
}

static const struct gim_header_note *next_note(const struct gim_header_note *at, int status)
{
    while (at && at->name && at->status != status)
        at++;
    return at && at->name ? at : NULL;
}

static void put_headers(struct gim_json_text *t, const struct gim_route *row,
                        const struct common_answer *own, int status)
{
    const struct gim_header_note *note = next_note(row ? row->headers : NULL, status);
    bool own_header = own && own->header;

    if (!note && !own_header)
        return;
    gim_text_object(t, "headers");
    for (; note; note = next_note(note + 1, status)) {
        own_header = own_header && strcmp(note->name, own->header) != 0;
        put_header(t, note->name, note->doc, note->required);
    }
    if (own_header)
        put_header(t, own->header, own->header_doc, false);
    gim_text_end(t, '}');
}

/* The bodies of one answer; each media type once. */
struct content {
    struct gim_json_text *t;
    const char *types[MEDIA_TYPES_MAX];
    int n;
};

static void put_type(struct content *c, const char *type, const struct gim_schema *s)
{
    for (int i = 0; i < c->n; i++) {
        if (strcmp(c->types[i], type) == 0)
            return;
    }
    if (c->n == MEDIA_TYPES_MAX)
        return;
    if (!c->n)
        gim_text_object(c->t, "content");
    c->types[c->n++] = type;
    gim_text_object(c->t, type);
    if (s) {
        gim_text_object(c->t, "schema");
        gim_schema_put_ref(c->t, s, GIM_FORM_WHOLE);
        gim_text_end(c->t, '}');
    }
    gim_text_end(c->t, '}');
}

static void put_content(struct gim_json_text *t, const struct gim_bound_route *route, bool success,
                        int status)
{
    struct told told = told_by(route);
    struct content c = {.t = t};
    const struct gim_answer *a;

    if (success && route->row->reply)
        put_type(&c, "application/json", route->row->reply);
    while ((a = next_of(&told, status))) {
        if (a->reply || a->media_type)
            put_type(&c, a->media_type ? a->media_type : "application/json", a->reply);
        else if (status >= 400)
            put_type(&c, PROBLEM_TYPE, &problem_schema);
    }
    if (!c.n && status >= 400)
        put_type(&c, PROBLEM_TYPE, &problem_schema);
    if (c.n)
        gim_text_end(t, '}');
}

static void put_description(struct gim_api *d, const struct gim_bound_route *route,
                            const struct common_answer *own, int status)
{
    struct told told = told_by(route);
    struct gim_buf text = {0};
    const char *last = NULL; /* two guards of a kind say the same */
    const struct gim_answer *a;

    if (own)
        gim_buf_str(&text, gim_str_of(own->doc));
    while ((a = next_of(&told, status))) {
        if (!a->doc || a->doc == last)
            continue;
        if (text.len)
            gim_buf_char(&text, ' ');
        gim_buf_str(&text, gim_str_of(a->doc));
        last = a->doc;
    }
    gim_text_slice(&d->t, "description",
                   text.len ? gim_buf_view(&text) : gim_status_phrase(status));
    gim_buf_free(&text);
}

static void refer_to(struct gim_api *d, const struct common_answer *own)
{
    gim_text_slice(&d->t, "$ref", gim_printf(&d->arena, "#/components/responses/%s", own->key));
    d->used_answers |= 1U << (own - common);
}

static void put_status(struct gim_api *d, const struct gim_bound_route *route, enum gim_method m,
                       bool success, int status)
{
    const struct common_answer *own = own_of(d, route, m, status);
    struct told told = told_by(route);
    bool is_told = next_of(&told, status) || next_note(route->row->headers, status);

    if (!success && !own && !is_told)
        return;
    gim_text_object(&d->t, gim_printf(&d->arena, "%d", status).ptr);
    if (own && !is_told && !success) {
        refer_to(d, own);
    } else {
        put_description(d, route, own, status);
        put_headers(&d->t, route->row, own, status);
        put_content(&d->t, route, success, status);
    }
    gim_text_end(&d->t, '}');
}

static int success_of(const struct gim_route *row, enum gim_method m)
{
    if (row->status)
        return row->status;
    if (m == GIM_METHOD_POST)
        return 201;
    return row->reply || m == GIM_METHOD_GET ? 200 : 204;
}

void gim_api_put_answers(struct gim_api *d, const struct gim_bound_route *route, enum gim_method m)
{
    int success = success_of(route->row, m);

    gim_text_object(&d->t, "responses");
    for (int status = 100; status < 600; status++)
        put_status(d, route, m, status == success, status);
    gim_text_end(&d->t, '}');
}

void gim_api_put_common_answers(struct gim_api *d)
{
    struct gim_json_text *t = &d->t;

    gim_text_object(t, "responses");
    for (size_t i = 0; i < N_COMMON; i++) {
        struct content c = {.t = t};

        if (!(d->used_answers >> i & 1))
            continue;
        gim_text_object(t, common[i].key);
        gim_text_str(t, "description", common[i].doc);
        put_headers(t, NULL, &common[i], common[i].status);
        put_type(&c, PROBLEM_TYPE, &problem_schema);
        gim_text_end(t, '}');
        gim_text_end(t, '}');
    }
    gim_text_end(t, '}');
}
