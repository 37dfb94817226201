/* choose.c: --only. A name that is not there is a mistake, not an empty choice; a control without the
 * service it copies could not be started, so both must be named. */
#include "choose.h"
#include "../../gimlet/base/near.h"
#include <stdio.h>

static int find(const struct compare_plan *p, gim_str name)
{
    for (unsigned i = 0; i < p->services_count; i++) {
        if (gim_str_eq(gim_str_of(p->services[i].name), name))
            return (int)i;
    }
    return -1;
}

static int unknown(const struct compare_plan *p, gim_str name, char *err, size_t err_len)
{
    struct gim_near near = {.typed = name};
    struct gim_buf all = {0};

    for (unsigned i = 0; i < p->services_count; i++) {
        gim_near_offer(&near, gim_str_of(p->services[i].name));
        gim_buf_printf(&all, "%s%s", i ? ", " : "", p->services[i].name);
    }
    if (near.best.ptr)
        snprintf(err, err_len, "--only: the plan has no service '%.*s'; did you mean %.*s?",
                 GIM_FMT(name), GIM_FMT(near.best));
    else
        snprintf(err, err_len, "--only: the plan has no service '%.*s'; there are %.*s",
                 GIM_FMT(name), GIM_FMT(gim_buf_view(&all)));
    gim_buf_free(&all);
    return -1;
}

static int mark(const struct compare_plan *p, const char *names, bool *kept, char *err,
                size_t err_len)
{
    gim_str rest = gim_str_of(names);

    while (rest.ptr) {
        gim_str name = gim_str_trim(gim_str_cut(&rest, ','));
        int i = find(p, name);

        if (i < 0)
            return unknown(p, name, err, err_len);
        kept[i] = true;
    }
    return 0;
}

/* 0 when each kept control's service is kept. */
static int check_controls(const struct compare_plan *p, const bool *kept, char *err, size_t err_len)
{
    for (unsigned i = 0; i < p->services_count; i++) {
        const char *of = p->services[i].control_of;
        int at = kept[i] && of ? find(p, gim_str_of(of)) : -1;

        if (at < 0 || kept[at])
            continue;
        snprintf(err, err_len, "--only: %s is a copy of %s; name both", p->services[i].name, of);
        return -1;
    }
    return 0;
}

int choose_services(struct compare_plan *p, struct gim_arena *memory, const char *names, char *err,
                    size_t err_len)
{
    bool *kept = GIM_NEW_N(memory, bool, p->services_count);
    struct compare_service *services = GIM_NEW_N(memory, struct compare_service, p->services_count);
    unsigned n = 0;

    if (mark(p, names, kept, err, err_len) || check_controls(p, kept, err, err_len))
        return -1;
    for (unsigned i = 0; i < p->services_count; i++) {
        if (kept[i])
            services[n++] = p->services[i];
    }
    p->services = services;
    p->services_count = n;
    return 0;
}
