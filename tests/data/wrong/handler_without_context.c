/* Does not compile: a handler takes the request. */
#include <gimlet.h>

#ifdef RIGHT
static int make(struct gim_ctx *c)
#else
static int make(void)
#endif
{
#ifdef RIGHT
    return gim_empty(c, 204);
#else
    return 0;
#endif
}
extern const struct gim_route routes[];
const struct gim_route routes[] = {GIM_POST("/things", make), {0}};
