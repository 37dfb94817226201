/* base64.h: RFC 4648 §4, for Basic credentials. */
#ifndef LOAD_BASE64_H
#define LOAD_BASE64_H

#include <gimlet/str.h>

/** NUL-terminated at `out`; what does not fit is left off. Returns the length. */
size_t base64_write(char *out, size_t room, gim_str s);

#endif
