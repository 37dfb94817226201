/* Does not compile: no option is a float. */
#include <gimlet.h>

struct settings {
#ifdef RIGHT
    int64_t limit;
#else
    float limit;
#endif
};

extern const struct gim_option options[];
const struct gim_option options[] = {
    {"limit", GIM_OPTION_INT, GIM_OPTION_AT(struct settings, limit), "10", .help = "things kept"},
    {0},
};
