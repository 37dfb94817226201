/* Does not compile: a route binds by a schema, not by its rows. */
#include <gimlet.h>

struct thing {
    int64_t n;
};
static const struct gim_field fields[] = {GIM_INT(struct thing, n)};
const struct gim_schema schema = GIM_SCHEMA("Thing", struct thing, fields);

static int make(struct gim_ctx *c)
{
    return gim_empty(c, 204);
}
extern const struct gim_route routes[];
const struct gim_route routes[] = {
#ifdef RIGHT
    GIM_POST("/things", make, .body = &schema),
#else
    GIM_POST("/things", make, .body = fields),
#endif
    {0},
};
