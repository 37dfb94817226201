/* digest.c: libcrypto behind three functions, and the only file that knows it.
 *
 * The one-shot calls of OpenSSL 3 look the algorithm up by name each time, a microsecond or two: what
 * uses them here (a cookie's signature, a WebSocket's handshake) does so once a request. */
#include "digest.h"
#include <openssl/evp.h>
#include <openssl/hmac.h>

static int digest(const EVP_MD *md, const void *data, size_t len, unsigned char *out)
{
    return EVP_Digest(data ? data : "", len, out, NULL, md, NULL) == 1 ? 0 : -1;
}

int gim_sha1(const void *data, size_t len, unsigned char out[GIM_SHA1_LEN])
{
    return digest(EVP_sha1(), data, len, out);
}

int gim_sha256(const void *data, size_t len, unsigned char out[GIM_SHA256_LEN])
{
    return digest(EVP_sha256(), data, len, out);
}

int gim_hmac_sha256(gim_str key, const void *data, size_t len, unsigned char out[GIM_SHA256_LEN])
{
    const void *k = key.len ? key.ptr : "";

    if (key.len > INT32_MAX)
        return -1;
    return HMAC(EVP_sha256(), k, (int)key.len, data ? data : "", len, out, NULL) ? 0 : -1;
}
