/* idempotency.c: reading the key (draft-ietf-httpapi-idempotency-key-header): a structured-field
 * string ("..."), or a bare token such as a UUID, 1 to 255 printable ASCII characters. The
 * fingerprint tells a retry from another request under the same key.
 *
 * A key belongs to who sent it: stores get `NAME NUL KEY` for a principal and the bare key for nobody.
 * No header holds a NUL and no key does, so nobody can send another's; and files written without
 * --tokens need no change. */
#include "idempotency.h"
#include "hash.h"

#define KEY_MAX 255

static bool key_is_sound(gim_str key)
{
    if (!key.len || key.len > KEY_MAX)
        return false;
    for (size_t i = 0; i < key.len; i++) {
        if (key.ptr[i] < 0x20 || key.ptr[i] > 0x7e || key.ptr[i] == '"' || key.ptr[i] == '\\')
            return false;
    }
    return true;
}

static gim_str key_of(gim_str principal, gim_str key, struct gim_arena *a)
{
    char *both;

    if (!principal.ptr)
        return key;
    both = gim_alloc_raw(a, principal.len + 1 + key.len, 1);
    memcpy(both, principal.ptr, principal.len);
    both[principal.len] = '\0';
    memcpy(both + principal.len + 1, key.ptr, key.len);
    return (gim_str){both, principal.len + 1 + key.len};
}

int idempotency_read(struct gim_ctx *c, struct store_op *op)
{
    gim_str key = gim_header(c, GIM_S("Idempotency-Key"));

    if (!key.ptr)
        return 0;
    if (key.len >= 2 && key.ptr[0] == '"' && key.ptr[key.len - 1] == '"')
        key = (gim_str){key.ptr + 1, key.len - 2};
    if (!key_is_sound(key)) {
        gim_problem(c, 400, "bad-idempotency-key",
                    "Idempotency-Key is a string of 1 to 255 printable ASCII characters");
        return -1;
    }
    op->idem.key = key_of(gim_principal(c), key, gim_arena(c));
    for (uint64_t i = 0; i < 2; i++)
        op->idem.fingerprint[i] = posts_hash(posts_hash(i + 2, gim_path_str(c)), gim_body_bytes(c));
    return 0;
}
