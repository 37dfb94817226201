/* form.h: bodies of a route with .form or .upload: which are taken, and how they are bound. */
#ifndef REST_FORM_H
#define REST_FORM_H

#include "ctx.h"

/** The media type of the body that comes, without parameters; empty when it has none. */
gim_str gim_body_type(const struct gim_ctx *c);
/** Is a body of that media type one that .form or .upload takes? */
bool gim_form_takes(const struct gim_route *row, gim_str type);
/** What a route with a form takes, for Accept: "application/json, multipart/form-data". In `a`. */
const char *gim_form_types(const struct gim_route *row, struct gim_arena *a);

/** The head is there and the type is taken: an intake gets ready. 0, or GIM_REPLIED. */
int gim_form_begin(struct gim_ctx *c);
/** The request is whole: binds gim_form. `*bound` false: it is no form that came, but what .body
 *  takes. 0, or -1 with a reply made; faults are added to `faults`. */
int gim_form_bind(struct gim_ctx *c, struct gim_faults *faults, bool *bound);

#endif
