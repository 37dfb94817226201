/* schema.c: the rows of a greeting. */
#include "greeting.h"

static const struct gim_field fields[] = {
    GIM_STR(struct greeting, name, .required = true, .min_len = 1),
    GIM_STR(struct greeting, text, .read_only = true),
};
const struct gim_schema greeting_schema = GIM_SCHEMA("Greeting", struct greeting, fields);
