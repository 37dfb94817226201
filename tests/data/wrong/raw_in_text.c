/* Does not compile: a raw value is checked text. */
#include <gimlet.h>

struct thing {
#ifdef RIGHT
    gim_raw any;
#else
    gim_str any;
#endif
};

extern const struct gim_schema schema;
static const struct gim_field fields[] = {GIM_RAW(struct thing, any)};
const struct gim_schema schema = GIM_SCHEMA("Thing", struct thing, fields);
