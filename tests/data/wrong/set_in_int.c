/* Does not compile: what came is kept in a gim_set. */
#include <gimlet.h>

struct thing {
    int64_t n;
#ifdef RIGHT
    gim_set set;
#else
    int64_t set;
#endif
};

extern const struct gim_schema schema;
static const struct gim_field fields[] = {GIM_INT(struct thing, n)};
const struct gim_schema schema =
    GIM_SCHEMA("Thing", struct thing, fields, GIM_SET(struct thing, set));
