/* Does not compile: an enum of four bytes is not just any four bytes. */
#include <gimlet.h>

static const char *const names[] = {"a", "b", NULL};
struct thing {
#ifdef RIGHT
    int kind;
#else
    float kind;
#endif
};

extern const struct gim_schema schema;
static const struct gim_field fields[] = {GIM_ENUM(struct thing, kind, .names = names)};
const struct gim_schema schema = GIM_SCHEMA("Thing", struct thing, fields);
