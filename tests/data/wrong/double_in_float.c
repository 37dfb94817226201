/* Does not compile: numbers are doubles. */
#include <gimlet.h>

struct thing {
#ifdef RIGHT
    double d;
#else
    float d;
#endif
};

extern const struct gim_schema schema;
static const struct gim_field fields[] = {GIM_DOUBLE(struct thing, d)};
const struct gim_schema schema = GIM_SCHEMA("Thing", struct thing, fields);
