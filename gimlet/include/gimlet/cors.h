/**
 * gimlet/cors.h: which pages of other origins may call this service (CORS, the Fetch standard).
 *
 *     static const struct gim_middleware cors =
 *         GIM_CORS(.origins = "https://app.example, https://admin.example", .credentials = true);
 *     static const struct gim_middleware *const outer[] = {&cors, NULL};
 *
 * It belongs to the application's middleware, not to a group's: a preflight is an OPTIONS request,
 * which has no route, and only the application's middleware runs for those. `.under` narrows it.
 * Put it outside of guards and rate limits, so that their refusals can be read by the page too.
 *
 * CORS lets pages read what browsers would else keep from them. It keeps nobody out: any other client
 * ignores it, and a page's plain GET or form POST is sent and only its answer withheld.
 */
#ifndef GIMLET_CORS_H
#define GIMLET_CORS_H

#include <gimlet/app.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Lists are ", "-separated. */
struct gim_cors {
    /** "https://app.example", exactly as browsers send it: scheme, host, a port that is not the
     *  scheme's own, no path. A host that begins with "*." is any below it, not itself. "*"
     *  alone is everybody, without credentials. "null" (files, sandboxes) is whoever likes to be it:
     *  without credentials, too. */
    const char *origins;
    const char *methods; /* NULL: those that the path serves */
    const char *headers; /* request fields besides the simple ones; NULL: "Content-Type"; "*" is any
                            but Authorization, and not with .credentials */
    const char *exposed; /* reply fields that scripts may read besides the simple ones: "ETag" */
    bool credentials;    /* cookies and HTTP authentication of other origins are let in */
    int64_t max_age;     /* seconds that a preflight's answer is kept; 0: the browser's 5 */
    const char *under;   /* only paths that begin so: "/v1/"; NULL: all */
};

/** A middleware value. A preflight from a listed origin gets 204; one from another goes on and gets
 *  what OPTIONS gets, without the fields that a browser looks for. Every other reply gets its fields
 *  in `after`, errors included. `Vary: Origin` is on every reply whose fields depend on it; those
 *  for everybody are on every reply. */
#define GIM_CORS(...)                                                                              \
    {                                                                                              \
        .name = "cors", .before = gim_cors_before, .after = gim_cors_after,                        \
        .with = GIM_MADE_(const struct gim_cors, __VA_ARGS__), .wrong = gim_cors_wrong             \
    }

/** The parts of GIM_CORS. */
int gim_cors_before(struct gim_ctx *c);
int gim_cors_after(struct gim_ctx *c);
const char *gim_cors_wrong(const void *with);

#ifdef __cplusplus
}
#endif
#endif
