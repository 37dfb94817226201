/* Does not compile: a bearer's check takes the token. */
#include <gimlet.h>

struct member {
    int64_t id;
};
#ifdef RIGHT
static int check(struct gim_ctx *c, gim_str token, void *value)
#else
static int check(struct gim_ctx *c, void *value)
#endif
{
    (void)c, (void)value;
#ifdef RIGHT
    return token.len ? GIM_OK : GIM_DENIED;
#else
    return GIM_OK;
#endif
}
extern const struct gim_middleware guard;
const struct gim_middleware guard = GIM_BEARER(check, struct member);
