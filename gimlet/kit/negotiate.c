/* negotiate.c: content negotiation for handlers: gimlet/negotiate.h over http/negotiate.h. */
#include <gimlet/negotiate.h>

#include "../http/negotiate.h"
#include "../rest/ctx.h"

static int best_of(struct gim_ctx *c, gim_str field, gim_quality_fn *quality,
                   const char *const *offers)
{
    struct gim_preferences p;
    unsigned most = 0;
    int best = -1;

    gim_preferences_of(&p, &c->x.head, field);
    gim_vary(c, field);
    for (int i = 0; offers[i]; i++) {
        unsigned q = quality(&p, gim_str_of(offers[i]));

        if (q > most) {
            most = q;
            best = i;
        }
    }
    return best;
}

int gim_accepts(struct gim_ctx *c, const char *const *media_types)
{
    return best_of(c, GIM_S("Accept"), gim_quality_type, media_types);
}

int gim_accepts_language(struct gim_ctx *c, const char *const *languages)
{
    return best_of(c, GIM_S("Accept-Language"), gim_quality_language, languages);
}

int gim_accepts_coding(struct gim_ctx *c, const char *const *codings)
{
    return best_of(c, GIM_S("Accept-Encoding"), gim_quality_coding, codings);
}

int gim_not_acceptable(struct gim_ctx *c, const char *const *media_types)
{
    gim_str list = {"", 0};

    for (int i = 0; media_types[i]; i++)
        list = gim_printf(gim_arena(c), "%.*s%s%s", GIM_FMT(list), i ? ", " : "", media_types[i]);
    return gim_problem(c, 406, NULL, "the request's Accept takes none of what there is: %.*s",
                       GIM_FMT(list));
}
