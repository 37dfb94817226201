/* idempotency.c: reading the key (draft-ietf-httpapi-idempotency-key-header): a structured-field
 * string ("..."), or a bare token such as a UUID, 1 to 255 printable ASCII characters. The
 * fingerprint tells a retry from another request under the same key. */
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
    op->idem.key = key;
    for (uint64_t i = 0; i < 2; i++)
        op->idem.fingerprint[i] = posts_hash(posts_hash(i + 2, gim_path_str(c)), gim_body_bytes(c));
    return 0;
}
