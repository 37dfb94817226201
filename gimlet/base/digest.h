/* digest.h: SHA-1, SHA-256 and HMAC-SHA-256, of OpenSSL's libcrypto.
 *
 * Built when libcrypto is there (meson says so); without it the features that need it are not built.
 * A program that calls none of these links no libcrypto. Any thread; nothing is kept. Secrets are
 * compared with gim_str_eq_secret (gimlet/str.h), which needs no library. */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include <gimlet/str.h>

#define GIM_SHA1_LEN 20
#define GIM_SHA256_LEN 32

/** Each returns 0; or -1 when libcrypto could not, and `out` is then not to be used. Nothing is
 *  allocated. `data` may be NULL when `len` is 0. */
GIM_MUST_CHECK int gim_sha1(const void *data, size_t len, unsigned char out[GIM_SHA1_LEN]);
GIM_MUST_CHECK int gim_sha256(const void *data, size_t len, unsigned char out[GIM_SHA256_LEN]);
/** RFC 2104. A key of any length; 32 bytes of chance are what SHA-256 is worth. */
GIM_MUST_CHECK int gim_hmac_sha256(gim_str key, const void *data, size_t len,
                                   unsigned char out[GIM_SHA256_LEN]);

#endif
