/* vary.c: the Vary field of a reply, which several features add to (RFC 9110 §12.5.5). */
#include "../rest/ctx.h"
#include <gimlet/negotiate.h>

static bool lists(gim_str value, gim_str field)
{
    while (value.ptr) {
        gim_str name = gim_str_trim(gim_str_cut(&value, ','));

        if (gim_str_eq_fold(name, field) || gim_str_eq(name, GIM_S("*")))
            return true;
    }
    return false;
}

void gim_vary(struct gim_ctx *c, gim_str field)
{
    for (struct gim_header_line *l = c->x.reply.first; l; l = l->next) {
        if (!gim_str_eq_fold(l->name, GIM_S("Vary")))
            continue;
        if (!lists(l->value, field))
            l->value = gim_printf(gim_arena(c), "%.*s, %.*s", GIM_FMT(l->value), GIM_FMT(field));
        return;
    }
    (void)gim_add_header(c, GIM_S("Vary"), field);
}
