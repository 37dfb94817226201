/* openapi_schema.h: gim_schema as JSON Schema 2020-12, and the list of those a document names. */
#ifndef KIT_OPENAPI_SCHEMA_H
#define KIT_OPENAPI_SCHEMA_H

#include "../rest/router.h"
#include "json_text.h"

enum gim_form {
    GIM_FORM_WHOLE,
    GIM_FORM_PATCH, /* as a merge patch of it: nothing is required, null removes */
};

/* One entry of components/schemas. */
struct gim_named_schema {
    const struct gim_schema *schema;
    enum gim_form form;
    bool sent;                           /* clients send it */
    bool given;                          /* replies have it */
    const struct gim_bound_route *route; /* that names it first */
};

/* Zero is valid. */
struct gim_named_schemas {
    struct gim_buf list; /* of struct gim_named_schema, in the order of their first mention */
};

/** Adds what `one` names, unless it is there: then its uses are added. NULL schemas are no schemas. */
void gim_schemas_add(struct gim_named_schemas *s, struct gim_named_schema one);
/** Adds all that the members of those there name, to any depth. Call it once, after the last add. */
void gim_schemas_close(struct gim_named_schemas *s);
const struct gim_named_schema *gim_schemas_all(const struct gim_named_schemas *s, size_t *n);
void gim_schemas_free(struct gim_named_schemas *s);

/** The entry's key: "Post", "PostPatch". In the arena. */
const char *gim_schema_key(const struct gim_schema *s, enum gim_form form, struct gim_arena *a);
/** Have two entries one key? */
bool gim_schema_same_key(const struct gim_named_schema *a, const struct gim_named_schema *b);
/** The entry, under its key. */
void gim_schema_put(struct gim_json_text *t, const struct gim_named_schema *one,
                    struct gim_arena *a);
/** `"$ref": "#/components/schemas/KEY"` into the open object. */
void gim_schema_put_ref(struct gim_json_text *t, const struct gim_schema *s, enum gim_form form);
/** What a parameter's value may be: as a member's schema, but for what the parameter says itself. */
void gim_schema_put_value(struct gim_json_text *t, const char *name, const struct gim_field *f);

#endif
