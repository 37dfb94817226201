/* signed_cookie.c: values that a client keeps and cannot change.
 *
 * The cookie is EXPIRY.VALUE.MAC: decimal seconds, the value in base64url, and base64url of an
 * HMAC-SHA256 over "NAME=EXPIRY.VALUE". The name is in it so that one cookie cannot pass for another,
 * the expiry so that what a browser should have forgotten is worth nothing; "=" and "." occur in
 * none of the parts before them, so no two (name, expiry, value) give the same text. Base64 is read
 * strictly: a signature has one spelling. A wrong one of each key costs the same time. */
#include "../base/base64.h"
#include "../base/buf.h"
#include "../base/digest.h"
#include "../rest/mistake.h"
#include <gimlet/cookie.h>

#define MAC_TEXT GIM_BASE64_LEN(GIM_SHA256_LEN) /* 43 of them are used */
#define MESSAGE_MAX (2 * GIM_COOKIE_MAX)

const char *gim_cookie_keys_read(struct gim_cookie_keys *keys, gim_str text)
{
    struct gim_cookie_keys read = {0};
    size_t n = 0;

    *keys = read;
    while (text.ptr) {
        gim_str key = gim_str_trim(gim_str_cut(&text, ','));

        if (key.len < GIM_COOKIE_KEY_MIN)
            return "a key has fewer than 32 characters: make one with `openssl rand -hex 32`";
        if (n == GIM_COOKIE_KEYS)
            return "there are more than 4 keys: drop the oldest";
        read.key[n++] = key;
    }
    if (!n)
        return "there is no key: make one with `openssl rand -hex 32`";
    *keys = read;
    return NULL;
}

/* The MAC of NAME=SIGNED as text; its length, or 0 when there is none to be had. */
static size_t mac_of(gim_str key, gim_str name, gim_str text, char out[MAC_TEXT])
{
    unsigned char mac[GIM_SHA256_LEN];
    char message[MESSAGE_MAX];
    size_t len = name.len + 1 + text.len;

    if (key.len < GIM_COOKIE_KEY_MIN || len > sizeof message)
        return 0;
    memcpy(message, name.ptr, name.len);
    message[name.len] = '=';
    memcpy(message + name.len + 1, text.ptr, text.len);
    if (gim_hmac_sha256(key, message, len, mac))
        return 0;
    return gim_base64_write(out, (gim_str){(const char *)mac, sizeof mac}, GIM_BASE64_URL);
}

static int64_t life_of(const struct gim_cookie *cookie)
{
    if (cookie->max_age <= 0)
        return GIM_COOKIE_LIFE;
    return cookie->max_age < GIM_COOKIE_AGE_MAX ? cookie->max_age : GIM_COOKIE_AGE_MAX;
}

static int refuse(struct gim_ctx *c, const struct gim_cookie *cookie, const char *why)
{
    gim_mistake(c, GIM_MISTAKE_VALUE, "the cookie '%s' is not signed: %s",
                cookie->name ? cookie->name : "", why);
    return -1;
}

int gim_set_signed_cookie(struct gim_ctx *c, const struct gim_cookie *cookie,
                          const struct gim_cookie_keys *keys, gim_str value)
{
    int64_t life = life_of(cookie);
    size_t room = 22 + GIM_BASE64_LEN(value.len) + MAC_TEXT, n, mac;
    char *text;

    if (!cookie->name || value.len > GIM_COOKIE_MAX)
        return refuse(c, cookie, "it has no name, or its value is too long");
    text = gim_alloc_raw(gim_arena(c), room, 1);
    n = gim_int_write(text, gim_now().us / 1000000 + life);
    text[n++] = '.';
    n += gim_base64_write(text + n, value, GIM_BASE64_URL);
    mac = mac_of(keys->key[0], gim_str_of(cookie->name), (gim_str){text, n}, text + n + 1);
    if (!mac)
        return refuse(c, cookie, "the first key has fewer than 32 bytes, or it is too long");
    text[n] = '.';
    return gim_set_cookie(c, cookie, (gim_str){text, n + 1 + mac});
}

static bool is_signed(const struct gim_cookie_keys *keys, gim_str name, gim_str text, gim_str mac)
{
    bool right = false;

    for (size_t i = 0; i < GIM_COOKIE_KEYS; i++) {
        char own[MAC_TEXT];
        size_t n = mac_of(keys->key[i], name, text, own);

        if (n && gim_str_eq_secret((gim_str){own, n}, mac))
            right = true;
    }
    return right;
}

gim_str gim_signed_cookie(struct gim_ctx *c, const struct gim_cookie *cookie,
                          const struct gim_cookie_keys *keys)
{
    gim_str name = gim_str_of(cookie->name), none = {0};
    gim_str all = gim_cookie(c, name), rest = all, expiry, value;
    int64_t until;
    ptrdiff_t n;
    char *out;

    expiry = gim_str_cut(&rest, '.');
    value = gim_str_cut(&rest, '.'); /* `rest` is the MAC now, absent when there was none */
    if (!rest.ptr || gim_str_to_int(expiry, &until) || until <= gim_now().us / 1000000)
        return none;
    if (!is_signed(keys, name, (gim_str){all.ptr, (size_t)(value.ptr + value.len - all.ptr)}, rest))
        return none;
    out = gim_alloc_raw(gim_arena(c), GIM_BASE64_BYTES(value.len) + 1, 1);
    n = gim_base64_read(out, value, GIM_BASE64_URL);
    return n < 0 ? none : (gim_str){out, (size_t)n};
}
