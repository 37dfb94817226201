/* Does not compile: a flag is a bool. */
#include <gimlet.h>

struct thing {
#ifdef RIGHT
    bool b;
#else
    int b;
#endif
};

extern const struct gim_schema schema;
static const struct gim_field fields[] = {GIM_BOOL(struct thing, b)};
const struct gim_schema schema = GIM_SCHEMA("Thing", struct thing, fields);
