/* Does not compile: eight bytes would be written into four. */
#include <gimlet.h>

struct thing {
#ifdef RIGHT
    int64_t n;
#else
    int n;
#endif
};

extern const struct gim_schema schema;
static const struct gim_field fields[] = {GIM_INT(struct thing, n)};
const struct gim_schema schema = GIM_SCHEMA("Thing", struct thing, fields);
