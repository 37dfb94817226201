/* Does not compile: GIM_FILES takes the address of a struct gim_files. */
#include <gimlet.h>

static const char folder[] = "public";
extern const struct gim_files site;
const struct gim_files site = {.root = folder};
extern const struct gim_route routes[];
#ifdef RIGHT
const struct gim_route routes[] = {GIM_FILES("/static/", &site), {0}};
#else
const struct gim_route routes[] = {GIM_FILES("/static/", site), {0}};
#endif
