/**
 * gimlet/cookie.h: cookies read and set, and values that a client can keep but not change.
 *
 * A cookie is described once and used by its description; zero is the safe choice of each member:
 *
 *     static const struct gim_cookie theme = {.name = "theme", .max_age = 30 * 86400};
 *
 *     gim_str seen = gim_cookie(c, GIM_S("theme"));       // absent when the client sent none
 *     gim_set_cookie(c, &theme, GIM_S("dark"));
 *     gim_unset_cookie(c, &theme);
 *
 * What is set so goes to the site's own pages only (SameSite=Lax) and no script sees it (HttpOnly).
 * Behind HTTPS set .secure = true: then it never travels in the clear. Best is a name that begins
 * with "__Host-": no other host of the domain and no page in the clear can set one of that name.
 *
 * A plain cookie is whatever the client says. A signed one is what this service said, to whoever
 * shows it, until it expires; it is not secret, and copying it is not prevented: keep the life short.
 *
 * RFC 6265, with the prefixes and attributes of RFC 6265bis. Loop thread, or the handler's.
 */
#ifndef GIMLET_COOKIE_H
#define GIMLET_COOKIE_H

#include <gimlet/ctx.h>
#include <gimlet/set_cookie.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The value of the request's cookie of that exact name, as it was sent; absent when there is none.
 *  Of two with one name the first counts, which browsers make the one with the longer path. */
gim_str gim_cookie(const struct gim_ctx *c, gim_str name);

/** Sets a cookie on the reply. The value holds printable ASCII without space, '"', ',', ';' and '\':
 *  encode anything else. A second one of the same name replaces the first. Returns 0; or -1, with a
 *  line in the log that says why, when the cookie is one that browsers would drop or that would break
 *  the field: then nothing is set. */
int gim_set_cookie(struct gim_ctx *c, const struct gim_cookie *cookie, gim_str value);
/** Tells the browser to forget it. Name, path and domain must be those it was set with. As above. */
int gim_unset_cookie(struct gim_ctx *c, const struct gim_cookie *cookie);

/* ---- signed: needs OpenSSL's libcrypto at build ------------------------------------------------ */

#define GIM_COOKIE_KEYS 4     /* keys in use at once */
#define GIM_COOKIE_KEY_MIN 32 /* bytes of one, at least */
#define GIM_COOKIE_LIFE 86400 /* seconds that a signature holds when the cookie has no .max_age */

/** The keys of signed cookies: the first signs, all verify. To change keys put the new one first,
 *  and drop the old one when the last cookie signed with it has expired. Zero: no keys; nothing is
 *  signed and nothing verifies. Not copied: the bytes live as long as the application. */
struct gim_cookie_keys {
    gim_str key[GIM_COOKIE_KEYS];
};

/** Reads keys from a setting: texts of 32 characters or more between commas, used as they stand (make
 *  one with `openssl rand -hex 32`). `text` must outlive the keys. NULL when it is right, else a
 *  static line that says what is wrong; `keys` is then zero. Call it in .start, once. */
const char *gim_cookie_keys_read(struct gim_cookie_keys *keys, gim_str text);

/** Sets a cookie whose value is `value` (any bytes, up to about 2900), the second it expires and an
 *  HMAC-SHA256 over these and the cookie's name. Returns 0; or -1 with a line in the log: no key, a
 *  key that is too short, or what gim_set_cookie refuses. */
int gim_set_signed_cookie(struct gim_ctx *c, const struct gim_cookie *cookie,
                          const struct gim_cookie_keys *keys, gim_str value);
/** The value of a cookie that one of the keys has signed for this name and that has not expired;
 *  absent otherwise. Signatures are compared in constant time. Unset it with gim_unset_cookie. */
gim_str gim_signed_cookie(struct gim_ctx *c, const struct gim_cookie *cookie,
                          const struct gim_cookie_keys *keys);

#ifdef __cplusplus
}
#endif
#endif
