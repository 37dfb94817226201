/* patch.c: RFC 7396 merge patches of a struct.
 *
 * The binder does the work; a frame that patches writes only what the text has. A patch that fails
 * half-way must leave the state as it was, so it works on a copy. Nested objects and maps merge,
 * arrays are replaced whole, as the RFC says; a raw value is replaced too (its text is not a struct
 * that could be merged into). */
#include "bind.h"

/* The pairs of the old map that the patch leaves, in their places, then the patch's new ones. */
void gim_patch_map(struct gim_binder *b, const struct gim_frame *f, gim_map *map)
{
    const gim_pair *given = (const gim_pair *)(const void *)f->elements;
    gim_pair *out = GIM_NEW_N(b->sink.arena, gim_pair, map->len + f->n);
    bool *used = GIM_NEW_N(b->sink.arena, bool, f->n);
    size_t n = 0;

    for (size_t i = 0; i < map->len; i++) {
        uint32_t at = gim_names_find(&b->names, f->mark, map->items[i].key);

        if (at == GIM_NAMES_NONE) {
            out[n++] = map->items[i];
            continue;
        }
        used[at] = true;
        if (given[at].value.ptr)
            out[n++] = given[at];
    }
    for (size_t i = 0; i < f->n; i++) {
        if (!used[i] && given[i].value.ptr)
            out[n++] = given[i];
    }
    *map = (gim_map){out, n};
}

enum gim_bind gim_json_patch(const struct gim_schema *s, gim_str json, void *obj,
                             struct gim_arena *a, struct gim_faults *faults,
                             struct gim_json_error *err)
{
    struct gim_binder b;
    void *copy = memcpy(gim_alloc_raw(a, s->size, 16), obj, s->size);
    enum gim_bind result;

    gim_binder_init(&b, json, a, faults);
    result = gim_binder_run(&b, s, copy, true, err);
    if (result == GIM_BIND_OK)
        memcpy(obj, copy, s->size);
    return result;
}
