/* Does not compile: a parameter that is no number has its 404 already. */
#include <gimlet.h>

extern int read_thing(struct gim_ctx *c);
int read_thing(struct gim_ctx *c)
{
    int64_t id = 0;

#ifdef RIGHT
    if (gim_param_int(c, GIM_S("id"), &id))
        return GIM_REPLIED;
#else
    gim_param_int(c, GIM_S("id"), &id);
#endif
    return gim_text(c, 200, gim_printf(gim_arena(c), "%d", (int)id));
}
