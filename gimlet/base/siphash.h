/* siphash.h: SipHash-2-4 (Aumasson, Bernstein 2012): a hash for tables whose keys strangers choose. */
#ifndef BASE_SIPHASH_H
#define BASE_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

/** With a key that nobody else knows, nobody can choose inputs that fall together. */
uint64_t gim_siphash(const uint64_t key[2], const void *data, size_t len);

#endif
