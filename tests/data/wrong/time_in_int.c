/* Does not compile: an instant has a type of its own. */
#include <gimlet.h>

struct thing {
#ifdef RIGHT
    gim_time at;
#else
    int64_t at;
#endif
};

extern const struct gim_schema schema;
static const struct gim_field fields[] = {GIM_TIME(struct thing, at)};
const struct gim_schema schema = GIM_SCHEMA("Thing", struct thing, fields);
