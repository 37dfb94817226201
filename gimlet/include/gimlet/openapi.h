/**
 * gimlet/openapi.h: the API describes itself: an OpenAPI 3.1 document made of routes and schemas,
 * and a page to read it and to try it out.
 *
 *     static const struct gim_openapi api = GIM_OPENAPI(.title = "Posts", .license = "MIT");
 *
 *     int main(int argc, char **argv)
 *     {
 *         return gim_main(argc, argv, .name = "posts", .routes = routes, .openapi = &api);
 *     }
 *
 * That adds GET /openapi.json, GET /docs (the page, and its two files below /docs/) and
 * `PROGRAM --openapi`, which prints the document and ends. The document is made when somebody asks
 * for it the first time, and kept: until then nothing of it is in memory. The same program and
 * options give the same bytes. The page needs no network besides the service itself.
 *
 * What is in it comes from the rows: .summary .doc .tag .id .status .answers .headers .patch
 * .deprecated .undocumented of gim_route (gimlet/app.h), .doc and .example of gim_field, .doc of
 * gim_schema, .security and .answers of gim_middleware. What the framework answers by itself (400,
 * 404, 413, 415, 422, 503 ...) is added where it can happen.
 *
 * The start is refused when two schemas, operations or security schemes have one name.
 */
#ifndef GIMLET_OPENAPI_H
#define GIMLET_OPENAPI_H

#include <gimlet/app.h>

#ifdef __cplusplus
extern "C" {
#endif

struct gim_buf;

/** What is said of a tag, the heading under which operations stand. */
struct gim_tag {
    const char *name; /* NULL ends a table */
    const char *doc;  /* CommonMark */
};

/** What the routes do not say. Zero is valid everywhere; build it with GIM_OPENAPI. */
struct gim_openapi {
    const char *title; /* NULL: the application's .name; the version is its .version */
    const char *doc;   /* CommonMark; NULL: its .about */
    const char *terms; /* URL of the terms of service */
    const char *contact_name, *contact_url, *contact_email;
    const char *license, *license_url; /* "MIT" */
    const char *const *servers; /* URLs, NULL-terminated; NULL: where the document came from */
    const struct gim_tag *tags; /* in the order in which they are shown */
    bool no_routes;             /* the application has gim_openapi_routes in a group of its own,
                                          with a prefix or middleware */
    /* set by GIM_OPENAPI; not for applications */
    const struct gim_route *routes;
    void (*write)(const struct gim_app *app, struct gim_buf *out);
    unsigned (*check)(const struct gim_app *app, struct gim_buf *why);
};

/** GIM_OPENAPI(.title = "Posts", ...): an initialiser. At least one option. */
#define GIM_OPENAPI(...)                                                                           \
    {                                                                                              \
        __VA_ARGS__, .routes = gim_openapi_routes, .write = gim_openapi_write,                     \
                     .check = gim_openapi_check                                                    \
    }

/** GET /openapi.json, /docs, /docs/page.css and /docs/page.js, for a group of one's own. The page
 *  asks for the document beside it: a prefix, or middleware that reads a cookie, is fine. */
extern const struct gim_route gim_openapi_routes[];

/** For GIM_OPENAPI: the indented document; a line in `why` for each name that two things have. */
void gim_openapi_write(const struct gim_app *app, struct gim_buf *out);
unsigned gim_openapi_check(const struct gim_app *app, struct gim_buf *why);

#ifdef __cplusplus
}
#endif
#endif
