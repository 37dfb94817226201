/* cors.c: the Fetch standard's CORS protocol (§3.3), server's side.
 *
 * Two requests, two places. A preflight is answered in `before`, since there is no route behind it.
 * What every answer must have (who may read it, and that this depends on Origin) is set in `after`,
 * so that refusals and late 503s have it as well; else a page could not even read why it failed.
 *
 * Vary: Origin is on the answers to requests without an Origin too: a cache would keep such a one and
 * hand it, without our fields, to a page that needs them. Only when the answer is "*" for everybody
 * does it not vary; then, for the same cache, the "*" is on every answer, asked for or not. */
#include <gimlet/cors.h>
#include "../http/origin.h"
#include "../rest/ctx.h"
#include <gimlet/negotiate.h>

static bool is_everybody(const struct gim_cors *cors)
{
    return cors->origins && strcmp(cors->origins, "*") == 0;
}

static bool is_under(const struct gim_ctx *c, const struct gim_cors *cors)
{
    return gim_str_starts(c->path, gim_str_of(cors->under));
}

static bool is_allowed(const struct gim_cors *cors, gim_str origin)
{
    return is_everybody(cors) || (origin.ptr && gim_origin_in(gim_str_of(cors->origins), origin));
}

/* What the path serves, when the set-up names no methods; empty: nothing is there. */
static gim_str methods_of(struct gim_ctx *c, const struct gim_cors *cors)
{
    struct gim_buf b = {0};
    gim_str methods;

    if (cors->methods)
        return gim_str_of(cors->methods);
    if (!c->match.path_known && !c->match.route)
        return (gim_str){0};
    gim_router_allow(gim_ctx_app(c)->router, c->path, &b);
    methods = gim_dup(gim_arena(c), gim_buf_view(&b));
    gim_buf_free(&b);
    return methods;
}

int gim_cors_before(struct gim_ctx *c)
{
    const struct gim_cors *cors = gim_with(c);
    gim_str origin = gim_header(c, GIM_S("Origin")), methods;

    if (c->x.head.method_id != GIM_METHOD_OPTIONS || !is_under(c, cors) ||
        !gim_header(c, GIM_S("Access-Control-Request-Method")).ptr || !origin.ptr ||
        !is_allowed(cors, origin))
        return GIM_OK;
    methods = methods_of(c, cors);
    if (!methods.len)
        return GIM_OK; /* the 404 that it would get anyway */
    (void)gim_set_header(c, GIM_S("Access-Control-Allow-Methods"), methods);
    (void)gim_set_header(c, GIM_S("Access-Control-Allow-Headers"),
                         gim_str_of(cors->headers ? cors->headers : "Content-Type"));
    if (cors->max_age)
        (void)gim_set_header(c, GIM_S("Access-Control-Max-Age"),
                             gim_printf(gim_arena(c), "%lld", (long long)cors->max_age));
    return gim_empty(c, 204);
}

int gim_cors_after(struct gim_ctx *c)
{
    const struct gim_cors *cors = gim_with(c);
    gim_str origin = gim_header(c, GIM_S("Origin"));

    if (!is_under(c, cors))
        return GIM_OK;
    if (!is_everybody(cors))
        gim_vary(c, GIM_S("Origin"));
    if (!is_allowed(cors, origin))
        return GIM_OK;
    (void)gim_set_header(c, GIM_S("Access-Control-Allow-Origin"),
                         is_everybody(cors) ? GIM_S("*") : origin);
    if (cors->credentials)
        (void)gim_set_header(c, GIM_S("Access-Control-Allow-Credentials"), GIM_S("true"));
    if (cors->exposed)
        (void)gim_set_header(c, GIM_S("Access-Control-Expose-Headers"), gim_str_of(cors->exposed));
    return GIM_OK;
}

/* ---- what stops the start ---------------------------------------------------------------------- */

static bool holds(const char *list, const char *entry)
{
    gim_str left = gim_str_of(list);

    while (left.ptr) {
        if (gim_str_eq(gim_str_trim(gim_str_cut(&left, ',')), gim_str_of(entry)))
            return true;
    }
    return false;
}

static bool entries_ok(gim_str list)
{
    while (list.ptr) {
        if (!gim_origin_entry_ok(gim_str_trim(gim_str_cut(&list, ','))))
            return false;
    }
    return true;
}

const char *gim_cors_wrong(const void *with)
{
    const struct gim_cors *cors = with;
    bool star = is_everybody(cors);

    if (!cors->origins || !*cors->origins)
        return ".origins must say who may call: \"https://app.example\"";
    if (cors->credentials && (star || holds(cors->methods, "*") || holds(cors->headers, "*") ||
                              holds(cors->exposed, "*")))
        return ".credentials and \"*\" exclude each other: name origins, methods and headers";
    if (cors->credentials && holds(cors->origins, "null"))
        return ".credentials and \"null\" exclude each other: a sandboxed frame of any page is "
               "\"null\"";
    if (cors->max_age < 0)
        return ".max_age is seconds, or 0 for the browser's 5";
    if (!star && !entries_ok(gim_str_of(cors->origins)))
        return ".origins holds what no browser sends: write \"https://app.example\", lower case, "
               "no "
               "path, no slash at the end";
    return NULL;
}
