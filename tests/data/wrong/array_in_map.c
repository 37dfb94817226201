/* Does not compile: arrays and maps are different. */
#include <gimlet.h>

struct thing {
#ifdef RIGHT
    gim_array tags;
#else
    gim_map tags;
#endif
};

extern const struct gim_schema schema;
static const struct gim_field fields[] = {GIM_ARRAY(struct thing, tags, .items = GIM_ITEM_STR())};
const struct gim_schema schema = GIM_SCHEMA("Thing", struct thing, fields);
