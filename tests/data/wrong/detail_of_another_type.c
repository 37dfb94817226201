/* Does not compile: a detail is a format, checked as printf's is. */
#include <gimlet.h>

extern int read_thing(struct gim_ctx *c);
int read_thing(struct gim_ctx *c)
{
#ifdef RIGHT
    return gim_problem(c, 404, NULL, "no thing %s", "seven");
#else
    return gim_problem(c, 404, NULL, "no thing %d", "seven");
#endif
}
