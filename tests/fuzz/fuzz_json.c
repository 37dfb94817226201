/* fuzz_json.c: whatever the bytes, binding and checking agree, and what was bound survives a round
 * trip.
 *
 * The input is one text for a schema with every kind and rule. It is its own heap block, so that ASan
 * sees a byte read too far. Bound well, it is encoded, bound again and encoded again: both texts must
 * be equal. The same text then patches what it made. */
#include "unit/json/schemas.h"
#include "../../gimlet/base/arena.h"
#include "must.h"

static enum gim_bind bind(gim_str json, struct thing *thing, struct gim_arena *a)
{
    struct gim_faults faults = {0};
    struct gim_json_error err = {0};
    enum gim_bind result = gim_json_decode(&thing_schema, json, thing, a, &faults, &err);

    if ((result == GIM_BIND_FAULTS) != (faults.total > 0))
        abort();
    if (result == GIM_BIND_SYNTAX && (!err.reason || err.offset > json.len || !err.column))
        abort();
    return result;
}

static void walk(gim_json v, struct gim_arena *a)
{
    struct gim_json_iter it = {0};
    gim_str s;
    double d;

    (void)!gim_json_str(v, a, &s);
    (void)!gim_json_double(v, &d);
    while (gim_json_next(v, &it)) {
        if (gim_json_type(it.value) == GIM_JSON_NONE)
            abort();
        (void)!gim_json_str(it.value, a, &s);
    }
}

static void there_and_back(struct thing *thing, struct gim_arena *a)
{
    gim_str first = gim_json_encode(&thing_schema, thing, a), second;
    struct thing again;

    if (bind(first, &again, a) != GIM_BIND_OK)
        abort();
    second = gim_json_encode(&thing_schema, &again, a);
    if (!gim_str_eq(first, second))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gim_arena a = {0};
    struct gim_faults faults = {0};
    struct gim_json_error err = {0};
    char *copy = fuzz_copy(data, size);
    gim_str json = {copy, size};
    struct thing thing;
    enum gim_bind result = bind(json, &thing, &a);

    if ((gim_json_check(json, &a, &err) != 0) != (result == GIM_BIND_SYNTAX))
        abort();
    if (result != GIM_BIND_SYNTAX)
        walk(gim_json_root(json), &a);
    if (result == GIM_BIND_OK) {
        there_and_back(&thing, &a);
        if (gim_json_patch(&thing_schema, json, &thing, &a, &faults, &err) == GIM_BIND_OK)
            there_and_back(&thing, &a);
    }
    gim_arena_reset(&a);
    free(copy);
    return 0;
}
