/* cookie.c: two small grammars that differ.
 *
 * Servers must write what RFC 6265 §4.1 allows and no more, since browsers drop the rest without a
 * word; so everything that can be wrong with a cookie is a row here and has a sentence. What clients
 * send is read as it comes (§5.4 has no grammar to refuse by): a part that is no cookie is passed
 * over, so that one broken cookie of another application on the same host cannot lock a user out. */
#include "cookie.h"
#include "chars.h"
#include "date.h"

/* ---- reading ----------------------------------------------------------------------------------- */

bool gim_cookie_next(gim_str *field, gim_pair *out)
{
    while (field->ptr) {
        gim_str value = gim_str_cut(field, ';');
        gim_str name = gim_str_trim(gim_str_cut(&value, '='));

        if (!value.ptr || !gim_is_token(name))
            continue;
        *out = (gim_pair){name, gim_str_trim(value)};
        return true;
    }
    return false;
}

gim_str gim_cookie_find(gim_str field, gim_str name)
{
    gim_pair cookie;

    while (gim_cookie_next(&field, &cookie)) {
        if (gim_str_eq(cookie.key, name))
            return cookie.value;
    }
    return (gim_str){0};
}

/* ---- what may be sent -------------------------------------------------------------------------- */

/* cookie-octet: printable ASCII without space, '"', ',', ';' and '\' (RFC 6265 §4.1.1). */
static bool value_ok(gim_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];

        if (c <= ' ' || c >= 0x7f || c == '"' || c == ',' || c == ';' || c == '\\')
            return false;
    }
    return true;
}

/* av-octet: any printable ASCII but ';'. */
static bool attribute_ok(gim_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] < ' ' || s.ptr[i] >= 0x7f || s.ptr[i] == ';')
            return false;
    }
    return s.len <= GIM_COOKIE_ATTRIBUTE_MAX;
}

static bool path_ok(const char *path)
{
    return !path || (path[0] == '/' && attribute_ok(gim_str_of(path)));
}

static bool domain_ok(const char *domain)
{
    gim_str s = gim_str_of(domain);

    for (size_t i = 0; i < s.len; i++) {
        if (!gim_char_is(s.ptr[i], GIM_CHAR_HOST) || !gim_char_is(s.ptr[i], GIM_CHAR_TOKEN))
            return false;
    }
    return !domain || (s.len > 0 && s.len <= 253);
}

enum {
    NEEDS_SECURE = 1,
    NEEDS_HOST = 2, /* no Domain, Path=/ */
    NEEDS_HTTP = 4, /* HttpOnly */
};

/* Names that promise something (RFC 6265bis §4.1.3 and its successor); browsers hold them to it. */
static const struct {
    const char *prefix;
    unsigned needs;
} prefixes[] = {
    {"__Secure-", NEEDS_SECURE},
    {"__Host-", NEEDS_SECURE | NEEDS_HOST},
    {"__Http-", NEEDS_SECURE | NEEDS_HTTP},
    {"__Host-Http-", NEEDS_SECURE | NEEDS_HOST | NEEDS_HTTP},
};

static unsigned needs_of(gim_str name)
{
    unsigned needs = 0;

    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        gim_str prefix = gim_str_of(prefixes[i].prefix);

        if (name.len >= prefix.len && gim_str_eq_fold((gim_str){name.ptr, prefix.len}, prefix))
            needs |= prefixes[i].needs;
    }
    return needs;
}

static bool path_is_root(const struct gim_cookie *cookie)
{
    return !cookie->path || strcmp(cookie->path, "/") == 0;
}

const char *gim_cookie_defect(const struct gim_cookie *cookie, gim_str value)
{
    gim_str name = gim_str_of(cookie->name);
    unsigned needs = needs_of(name);
    const struct {
        bool wrong;
        const char *why;
    } rules[] = {
        {!gim_is_token(name), "the name must be a token: letters, digits and !#$%&'*+-.^_`|~"},
        {!value_ok(value), "the value holds a space, a control, '\"', ',', ';', '\\' or no ASCII: "
                           "encode it"},
        {name.len + value.len > GIM_COOKIE_MAX, "name and value are longer than 4096 bytes"},
        {!path_ok(cookie->path), "the path must begin with '/' and hold neither ';' nor controls"},
        {!domain_ok(cookie->domain), "the domain is no host name"},
        {(unsigned)cookie->same_site > GIM_SAME_SITE_NONE, ".same_site is none of its values"},
        {cookie->same_site == GIM_SAME_SITE_NONE && !cookie->secure,
         "SameSite=None needs .secure = true"},
        {cookie->partitioned && !cookie->secure, ".partitioned needs .secure = true"},
        {(needs & NEEDS_SECURE) && !cookie->secure, "a name with that prefix needs .secure = true"},
        {(needs & NEEDS_HOST) && cookie->domain, "a name with \"__Host-\" must have no .domain"},
        {(needs & NEEDS_HOST) && !path_is_root(cookie),
         "a name with \"__Host-\" needs the path \"/\""},
        {(needs & NEEDS_HTTP) && cookie->script, "a name with \"Http-\" must not be for scripts"},
    };

    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        if (rules[i].wrong)
            return rules[i].why;
    }
    return NULL;
}

/* ---- writing ----------------------------------------------------------------------------------- */

static void write_age(struct gim_buf *b, int64_t age, int64_t now)
{
    char date[GIM_HTTP_DATE_LEN];

    if (age > GIM_COOKIE_AGE_MAX)
        age = GIM_COOKIE_AGE_MAX;
    gim_http_date_write(date, age > 0 ? now + age : 0);
    gim_buf_lit(b, "; Max-Age=");
    gim_buf_int(b, age > 0 ? age : 0);
    gim_buf_lit(b, "; Expires=");
    gim_buf_add(b, date, sizeof date);
}

void gim_cookie_write(struct gim_buf *b, const struct gim_cookie *cookie, gim_str value,
                      int64_t now)
{
    static const char *const same_site[] = {"Lax", "Strict", "None"};

    gim_buf_str(b, gim_str_of(cookie->name));
    gim_buf_char(b, '=');
    gim_buf_str(b, value);
    gim_buf_lit(b, "; Path=");
    gim_buf_str(b, gim_str_of(cookie->path ? cookie->path : "/"));
    if (cookie->domain) {
        gim_buf_lit(b, "; Domain=");
        gim_buf_str(b, gim_str_of(cookie->domain));
    }
    if (cookie->max_age)
        write_age(b, cookie->max_age, now);
    gim_buf_lit(b, "; SameSite=");
    gim_buf_str(b, gim_str_of(same_site[cookie->same_site]));
    if (cookie->secure)
        gim_buf_lit(b, "; Secure");
    if (!cookie->script)
        gim_buf_lit(b, "; HttpOnly");
    if (cookie->partitioned)
        gim_buf_lit(b, "; Partitioned");
}
