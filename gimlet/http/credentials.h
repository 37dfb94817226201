/* credentials.h: the Authorization field (RFC 9110 §11.6.2) of the Basic and Bearer schemes. */
#ifndef HTTP_CREDENTIALS_H
#define HTTP_CREDENTIALS_H

#include "../base/buf.h"

enum gim_credentials {
    GIM_CREDENTIALS_NONE,      /* another scheme, or no field */
    GIM_CREDENTIALS_MALFORMED, /* the scheme, and nothing that it allows behind it */
    GIM_CREDENTIALS_GIVEN,
};

/** "Bearer TOKEN", TOKEN a token68 (RFC 6750 §2.1); the scheme in any case. */
enum gim_credentials gim_bearer_read(gim_str field, gim_str *token);
/** "Basic BASE64" (RFC 7617 §2): user and password cut from `room`, which has GIM_BASE64_BYTES of
 *  the field's length. A control character in either is malformed, as is a user without ':'. */
enum gim_credentials gim_basic_read(gim_str field, char *room, gim_str *user, gim_str *password);

/** Appends `name="text"` with the quotes escaped (RFC 9110 §5.6.4); controls become spaces. With a
 *  comma in front unless the buffer ends in a space. */
void gim_challenge_param(struct gim_buf *b, const char *name, const char *text);

#endif
