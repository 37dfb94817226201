/* sink.h: where faults go, and the name of the place they are about.
 *
 * Binding knows the place as a path of open objects, pairs as the parameter's name; the rules ask
 * neither. The pointer is only built for a fault that is kept. */
#ifndef JSON_SINK_H
#define JSON_SINK_H

#include <gimlet/schema.h>

struct gim_sink {
    struct gim_faults *faults;
    struct gim_arena *arena;
    /** The RFC 6901 pointer of the present place, in the arena. NULL: `param` names it. */
    gim_str (*pointer)(const struct gim_sink *sink);
    gim_str param;
    size_t item; /* 1 + index of the element of the place that is meant; 0: the place itself */
};

/** Adds a fault at the present place. `code` is static. */
void gim_sink_fault(struct gim_sink *sink, const char *code, const char *fmt, ...) GIM_PRINTF(3, 4);

/** A row's name in JSON. */
static inline gim_str gim_field_name(const struct gim_field *f)
{
    if (f->as)
        return gim_str_of(f->as);
    return (gim_str){f->name, f->name_len};
}

#endif
