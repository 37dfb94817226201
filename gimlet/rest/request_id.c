/* request_id.c: the request-id middleware. A client's id is taken only when it is well-formed,
 * since it goes into logs; else one is made: a worker's random half and its counter, mixed so that
 * ids of one process do not sort or look alike. */
#include "ctx.h"

#define ID_MAX 128

static bool well_formed(gim_str id)
{
    if (!id.len || id.len > ID_MAX)
        return false;
    for (size_t i = 0; i < id.len; i++) {
        char ch = id.ptr[i];

        if (!((ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') ||
              ch == '.' || ch == '_' || ch == '-'))
            return false;
    }
    return true;
}

/* splitmix64's finaliser: a bijection, so counters stay unique. */
static uint64_t mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* 16 hex digits. */
static void put_hex(char *out, uint64_t v)
{
    static const char hex[] = "0123456789abcdef";

    for (int i = 15; i >= 0; i--, v >>= 4)
        out[i] = hex[v & 15];
}

void gim_request_id_seed(struct gim_worker *w, uint64_t random, uint64_t counter)
{
    put_hex(w->id_prefix, random);
    w->id_counter = counter;
}

uint64_t gim_worker_unique(struct gim_worker *w)
{
    uint64_t v = mix(w->id_counter++);

    return v ? v : mix(w->id_counter++);
}

static gim_str make_id(struct gim_ctx *c)
{
    struct gim_worker *w = gim_ctx_worker(c);
    char *text = gim_alloc_raw(&c->x.arena, 32, 1);

    memcpy(text, w->id_prefix, 16);
    put_hex(text + 16, mix(w->id_counter++));
    return (gim_str){text, 32};
}

static int before(struct gim_ctx *c)
{
    gim_str given = gim_head_known(&c->x.head, GIM_FIELD_X_REQUEST_ID);

    c->id = well_formed(given) ? given : make_id(c);
    return GIM_OK;
}

static int after(struct gim_ctx *c)
{
    return gim_set_header(c, GIM_S("X-Request-Id"), c->id);
}

const struct gim_middleware gim_request_id = {
    .name = "request_id", .before = before, .after = after};
