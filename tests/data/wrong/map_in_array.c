/* Does not compile: arrays and maps are different. */
#include <gimlet.h>

struct thing {
#ifdef RIGHT
    gim_map tags;
#else
    gim_array tags;
#endif
};

extern const struct gim_schema schema;
static const struct gim_field fields[] = {GIM_MAP(struct thing, tags)};
const struct gim_schema schema = GIM_SCHEMA("Thing", struct thing, fields);
