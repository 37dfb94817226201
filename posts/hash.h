/* hash.h: FNV-1a with a seed, for check values and fingerprints. Not for tables that strangers
 * fill. */
#ifndef POSTS_HASH_H
#define POSTS_HASH_H

#include <gimlet.h>

static inline uint64_t posts_hash(uint64_t seed, gim_str s)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325) ^ (seed * UINT64_C(0x9e3779b97f4a7c15));

    for (size_t i = 0; i < s.len; i++)
        h = (h ^ (unsigned char)s.ptr[i]) * UINT64_C(0x100000001b3);
    h ^= h >> 32; /* FNV's low bits see only low bits: fold */
    return h * UINT64_C(0x9e3779b97f4a7c15);
}

#endif
