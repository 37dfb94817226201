/* base64.h: bytes as text and back (RFC 4648), in both alphabets, strictly.
 *
 *     char text[GIM_BASE64_LEN(20)];
 *     size_t n = gim_base64_write(text, (gim_str){digest, 20}, GIM_BASE64);
 *
 * Nothing is allocated; any thread. Not constant time: compare secrets as bytes, elsewhere. */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include <gimlet/str.h>

enum gim_base64 {
    GIM_BASE64,      /* A-Z a-z 0-9 + /, filled up with '=' (§4): Basic, Sec-WebSocket-Key */
    GIM_BASE64_BARE, /* the same without '=' */
    GIM_BASE64_URL,  /* A-Z a-z 0-9 - _, without '=' (§5; RFC 7515 §2): tokens, cookies, JWT */
    GIM_BASE64_URL_PADDED, /* the same, filled up with '=' */
};

/** Characters that `n` bytes become, at most; without '=' it may be one or two fewer. */
#define GIM_BASE64_LEN(n) (((n) + 2) / 3 * 4)
/** Bytes that `n` characters become, at most. */
#define GIM_BASE64_BYTES(n) (((n) + 3) / 4 * 3)

/** Writes `bytes` as text at `out`, room for GIM_BASE64_LEN(bytes.len), no NUL. Returns the length. */
size_t gim_base64_write(char *out, gim_str bytes, enum gim_base64 kind);

/** Reads the whole of `text` into `out`, room for GIM_BASE64_BYTES(text.len); `out` may be where
 *  `text` lies. Returns the number of bytes; or -1 when it is not what gim_base64_write of the same
 *  kind writes: another alphabet, white space, too much or too little '=', or bits behind the end
 *  that are not zero (§3.5: else one value would have several texts). `out` is then undefined. */
GIM_MUST_CHECK ptrdiff_t gim_base64_read(void *out, gim_str text, enum gim_base64 kind);

#endif
