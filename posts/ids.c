/* ids.c: ids and their text.
 *
 * An id leaves the service as 13 characters of Crockford's base32 (no i, l, o, u) in lower case:
 * 5 bits a character, the most significant first. The digits of that alphabet rise in ASCII, and
 * every id has the same width, so text sorts as the numbers do. Ids are never negative, so the
 * first character (the top 5 of 65 bits) is 0 to 7. The reader takes exactly what the writer makes:
 * one post has one URL, so upper case and the look-alikes Crockford allows are no id here. */
#include "ids.h"
#include "model.h"

static const char digits[32] = "0123456789abcdefghjkmnpqrstvwxyz";

/* A character's value + 1; 0: no digit. */
static const uint8_t values[256] = {
    ['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
    ['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
    ['g'] = 17, ['h'] = 18, ['j'] = 19, ['k'] = 20, ['m'] = 21, ['n'] = 22, ['p'] = 23, ['q'] = 24,
    ['r'] = 25, ['s'] = 26, ['t'] = 27, ['v'] = 28, ['w'] = 29, ['x'] = 30, ['y'] = 31, ['z'] = 32,
};

void post_id_write(char out[POST_ID_LEN], int64_t id)
{
    uint64_t rest = (uint64_t)id;
    for (size_t i = POST_ID_LEN; i-- > 0; rest >>= 5)
        out[i] = digits[rest & 31];
}

int post_id_read(gim_str text, int64_t *id)
{
    if (text.len != POST_ID_LEN || text.ptr[0] < '0' || text.ptr[0] > '7')
        return -1;
    uint64_t sum = 0;
    for (size_t i = 0; i < POST_ID_LEN; i++) {
        uint8_t value = values[(uint8_t)text.ptr[i]];
        if (value == 0)
            return -1;
        sum = sum << 5 | (uint64_t)(value - 1);
    }
    *id = (int64_t)sum;
    return 0;
}

int64_t post_ids_next(struct post_ids *ids, int64_t now_ms, unsigned lane)
{
    int64_t last = atomic_load_explicit(&ids->last, memory_order_relaxed);
    int64_t id;
    do {
        int64_t after = (last | (POST_ID_LANES - 1)) + 1;
        int64_t clock = now_ms << POST_ID_SHIFT;
        id = (after > clock ? after : clock) + (int64_t)(lane % POST_ID_LANES);
    } while (!atomic_compare_exchange_weak_explicit(&ids->last, &last, id, memory_order_relaxed,
                                                    memory_order_relaxed));
    return id;
}
