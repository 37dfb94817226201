/* set.c: which members the input held, asked by name. */
#include <gimlet/schema.h>
#include "sink.h"

static gim_set set_of(const struct gim_schema *s, const void *obj)
{
    gim_set set = {0};

    if (s->set_at)
        memcpy(&set, (const char *)obj + s->set_at - 1, sizeof set);
    return set;
}

static uint64_t bit_of(const struct gim_schema *s, const char *member)
{
    for (uint32_t i = 0; i < s->n_fields; i++) {
        if (gim_str_eq(gim_field_name(&s->fields[i]), gim_str_of(member)))
            return UINT64_C(1) << i;
    }
    return 0;
}

bool gim_has(const struct gim_schema *s, const void *obj, const char *member)
{
    return set_of(s, obj).present & bit_of(s, member);
}

bool gim_is_null(const struct gim_schema *s, const void *obj, const char *member)
{
    return set_of(s, obj).null & bit_of(s, member);
}
