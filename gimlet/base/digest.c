/* digest.c: libcrypto behind three functions, and the only file that knows it.
 *
 * Of libcrypto the plain functions are used, not EVP: they are the same assembly without the providers,
 * locks and configuration that EVP starts up at its first call. Linked statically EVP is 4 MB of program,
 * 3 MB of memory and a millisecond; these are 28 KB, and 50 ns where EVP's one-shot call takes 300
 * (docs/decisions/0019). They are deprecated because they go round a provider that an administrator has
 * chosen; SHA-256 is the same in all of them. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "digest.h"
#include <openssl/crypto.h>
#include <openssl/sha.h>

int gim_sha1(const void *data, size_t len, unsigned char out[GIM_SHA1_LEN])
{
    SHA_CTX s;
    bool ok = SHA1_Init(&s) && SHA1_Update(&s, data ? data : "", len) && SHA1_Final(out, &s);

    return ok ? 0 : -1;
}

/* Of two pieces: HMAC needs it. The state held what was digested: it is cleared. */
static int sha256(const void *a, size_t a_len, const void *b, size_t b_len, unsigned char *out)
{
    SHA256_CTX s;
    bool ok = SHA256_Init(&s) && SHA256_Update(&s, a, a_len) &&
              SHA256_Update(&s, b ? b : "", b_len) && SHA256_Final(out, &s);

    OPENSSL_cleanse(&s, sizeof s);
    return ok ? 0 : -1;
}

int gim_sha256(const void *data, size_t len, unsigned char out[GIM_SHA256_LEN])
{
    return sha256("", 0, data, len, out);
}

int gim_hmac_sha256(gim_str key, const void *data, size_t len, unsigned char out[GIM_SHA256_LEN])
{
    unsigned char inner[SHA256_CBLOCK] = {0};
    unsigned char outer[SHA256_CBLOCK];
    int failed = 0;

    if (key.len > sizeof inner)
        failed = gim_sha256(key.ptr, key.len, inner);
    else if (key.len)
        memcpy(inner, key.ptr, key.len);
    for (size_t i = 0; i < sizeof inner; i++) {
        outer[i] = inner[i] ^ 0x5c;
        inner[i] ^= 0x36;
    }
    failed = failed || sha256(inner, sizeof inner, data, len, out) ||
             sha256(outer, sizeof outer, out, GIM_SHA256_LEN, out);
    OPENSSL_cleanse(inner, sizeof inner);
    OPENSSL_cleanse(outer, sizeof outer);
    return failed ? -1 : 0;
}
