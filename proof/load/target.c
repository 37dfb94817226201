/* target.c: URLs of RFC 3986 as a load generator meets them, resolved once before the run: a
 * resolver in the middle of it would be measured with it. */
#include "target.h"
#include "../../gimlet/base/base64.h"
#include "../../gimlet/http/url.h"
#include <stdio.h>

#define USER_MAX 255 /* bytes of a proxy's "user:password" */

static int fail(char *err, size_t err_len, const char *url, const char *what)
{
    snprintf(err, err_len, "%s: %s", url, what);
    return -1;
}

int target_parse(const char *url, struct load_target *t, char *err, size_t err_len)
{
    struct gim_url u;
    const char *why = gim_url_parse(gim_str_of(url), &u);

    *t = (struct load_target){.tls = u.tls, .port = u.port, .path = u.target};
    if (why && gim_str_find(u.authority, '@') < u.authority.len)
        why = "user and password do not go into the URL; use -a user:password";
    if (!why && u.host.len >= sizeof t->host)
        why = "the host is longer than 255 bytes";
    if (why)
        return fail(err, err_len, url, why);
    snprintf(t->host, sizeof t->host, "%.*s", GIM_FMT(u.host));
    snprintf(t->authority, sizeof t->authority, "%.*s", GIM_FMT(u.authority));
    return 0;
}

static int route_by_proxy(const struct load_plan *p, struct load_route *r, char *err,
                          size_t err_len)
{
    struct load_target proxy;
    const char *at = strrchr(p->proxy, '@');
    const char *scheme = strstr(p->proxy, "://");
    const char *start = scheme ? scheme + 3 : p->proxy;
    char plain[512];

    snprintf(plain, sizeof plain, "http://%s", at ? at + 1 : start);
    if (scheme && strncmp(p->proxy, "http://", 7) != 0)
        return fail(err, err_len, p->proxy, "a proxy is given as http://host:port");
    if (target_parse(plain, &proxy, err, err_len))
        return -1;
    if (at) {
        gim_str user = {start, (size_t)(at - start)};
        char text[GIM_BASE64_LEN(USER_MAX)];
        size_t n;

        if (user.len > USER_MAX)
            return fail(err, err_len, plain, "the proxy's user and password are too long");
        n = gim_base64_write(text, user, GIM_BASE64);
        snprintf(r->proxy_auth, sizeof r->proxy_auth, "Proxy-Authorization: Basic %.*s\r\n", (int)n,
                 text);
    }
    r->proxy = true;
    r->n = gim_resolve(proxy.host, proxy.port, r->addresses, TARGET_ADDRESSES, &r->resolve_ns, err,
                       err_len);
    return r->n > 0 ? 0 : -1;
}

int target_route(const struct load_plan *p, const struct load_target *t, struct load_route *r,
                 char *err, size_t err_len)
{
    char name[300];

    *r = (struct load_route){0};
    if (p->proxy && *p->proxy)
        return route_by_proxy(p, r, err, err_len);
    if (p->unix_socket)
        snprintf(name, sizeof name, "unix:%s", p->unix_socket);
    else
        snprintf(name, sizeof name, "%s", t->host);
    r->n = gim_resolve(name, t->port, r->addresses, TARGET_ADDRESSES, &r->resolve_ns, err, err_len);
    return r->n > 0 ? 0 : -1;
}
