/* openapi_private.h: the document while it is being made; shared by the openapi_*.c files. */
#ifndef KIT_OPENAPI_PRIVATE_H
#define KIT_OPENAPI_PRIVATE_H

#include "../base/arena.h"
#include "../rest/app.h"
#include "openapi_schema.h"
#include <gimlet/openapi.h>

struct gim_api {
    const struct gim_app *app;
    const struct gim_openapi *spec;
    const struct gim_bound_route *routes;
    size_t n_routes;
    uint32_t *leaders;      /* for each route the first one of its path */
    struct gim_arena arena; /* names that are made */
    struct gim_json_text t;
    struct gim_named_schemas schemas;
    struct gim_buf ids;    /* of const char *: operationIds that are taken */
    unsigned used_answers; /* of ours: components/responses that are referred to */
};

/** The methods that OpenAPI knows, in the order in which a path shows them; GIM_METHOD_OTHER ends. */
extern const enum gim_method gim_api_methods[];

/** Does the row serve `m`? "*" serves those that have a use of it. `by_name`: it says so itself. */
bool gim_api_serves(const struct gim_route *row, enum gim_method m, bool *by_name);
/** Has a request of it a body that the handler looks at? */
bool gim_api_takes_body(const struct gim_route *row, enum gim_method m);
/** "get", "put". */
const char *gim_api_method_word(struct gim_api *d, enum gim_method m);

/** Takes an id that the row gives; -1 when it is taken, with `*id` for the message. Rows without: 0. */
int gim_api_claim_id(struct gim_api *d, const struct gim_route *row, enum gim_method m,
                     const char **id);
/** One operation under its method's name. `leader` is the route whose parameter names are used. */
void gim_api_put_operation(struct gim_api *d, const struct gim_bound_route *leader,
                           const struct gim_bound_route *route, enum gim_method m);

/** `requestBody` of an operation that takes one. */
void gim_api_put_body(struct gim_api *d, const struct gim_route *row);
/** `responses` of an operation. */
void gim_api_put_answers(struct gim_api *d, const struct gim_bound_route *route, enum gim_method m);
/** `components/responses`: those that were used. */
void gim_api_put_common_answers(struct gim_api *d);
/** Adds the schemas that answers name to the list. Returns the number of those that are not sound, with
 *  lines in `why` (may be NULL). */
unsigned gim_api_add_answers(struct gim_api *d, const struct gim_bound_route *route,
                             struct gim_buf *why);

/** Fills `d`, which is zeroed: schemas and ids. Each name that two things have is a line in `why`
 *  (may be NULL); returns their number. */
unsigned gim_api_open(struct gim_api *d, const struct gim_app *app, struct gim_buf *why);
/** Writes the document into `out`. */
void gim_api_put(struct gim_api *d, struct gim_buf *out, bool indented);
void gim_api_close(struct gim_api *d);

#endif
