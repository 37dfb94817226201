/* cookie.h: the Cookie field read, and Set-Cookie written (RFC 6265, with what RFC 6265bis adds). */
#ifndef HTTP_COOKIE_H
#define HTTP_COOKIE_H

#include "../base/buf.h"
#include <gimlet/set_cookie.h>

/** Takes the next cookie from the front of a Cookie field's value; false at its end. What is no
 *  `name=value` with a token for a name is passed over. A value is what was sent, quotes included. */
bool gim_cookie_next(gim_str *field, gim_pair *out);

/** The value of the first cookie of that name; absent when there is none. Names are exact. */
gim_str gim_cookie_find(gim_str field, gim_str name);

/** Why no client may be sent this, or NULL: names that are no token, attributes that would break the
 *  field, and what browsers drop without a word (SameSite=None without Secure, "__Host-" with a
 *  Domain ...). A static line. */
const char *gim_cookie_defect(const struct gim_cookie *cookie, gim_str value);

/** Appends a Set-Cookie value, which passed gim_cookie_defect. `now` in seconds; used for Expires,
 *  which goes with Max-Age for what knows no Max-Age. */
void gim_cookie_write(struct gim_buf *b, const struct gim_cookie *cookie, gim_str value,
                      int64_t now);

#endif
