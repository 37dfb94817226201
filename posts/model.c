/* model.c: the rules of a post, once, for binding, replies and documentation. */
#include "model.h"

static const struct gim_field post_fields[] = {
    GIM_STR(struct post, id, .read_only = true, .doc = "Opaque, rising with time."),
    GIM_STR(struct post, title, .required = true, .min_len = 1, .max_len = 200,
            .example = "\"A first post\""),
    GIM_STR(struct post, body, .required = true, .max_len = 65536, .example = "\"Kept.\""),
    GIM_STR(struct post, author, .max_len = 100, .omit_empty = true, .example = "\"Ada\""),
    GIM_TIME(struct post, created_at, .read_only = true),
    GIM_TIME(struct post, updated_at, .read_only = true),
};

const struct gim_schema post_schema =
    GIM_SCHEMA("Post", struct post, post_fields, .doc = "A post of the service.");
