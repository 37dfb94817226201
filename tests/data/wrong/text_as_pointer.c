/* Does not compile: a string is a slice, not a pointer. */
#include <gimlet.h>

struct thing {
#ifdef RIGHT
    gim_str s;
#else
    const char *s;
#endif
};

extern const struct gim_schema schema;
static const struct gim_field fields[] = {GIM_STR(struct thing, s)};
const struct gim_schema schema = GIM_SCHEMA("Thing", struct thing, fields);
