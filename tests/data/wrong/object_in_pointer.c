/* Does not compile: an object is a struct by value. */
#include <gimlet.h>

struct place {
    int64_t x, y;
};
static const struct gim_field place_fields[] = {GIM_INT(struct place, x), GIM_INT(struct place, y)};
static const struct gim_schema place_schema = GIM_SCHEMA("Place", struct place, place_fields);
struct thing {
#ifdef RIGHT
    struct place at;
#else
    struct place *at;
#endif
};

extern const struct gim_schema schema;
static const struct gim_field fields[] = {GIM_OBJECT(struct thing, at, .schema = &place_schema)};
const struct gim_schema schema = GIM_SCHEMA("Thing", struct thing, fields);
