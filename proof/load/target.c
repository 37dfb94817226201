/* target.c: URLs of RFC 3986 as a load generator meets them, resolved once before the run: a
 * resolver in the middle of it would be measured with it. */
#include "target.h"
#include "base64.h"
#include <stdio.h>

static int fail(char *err, size_t err_len, const char *url, const char *what)
{
    snprintf(err, err_len, "%s: %s", url, what);
    return -1;
}

/* host, host:port, [v6], [v6]:port; user info is refused: use -a. */
static int parse_authority(struct load_target *t, gim_str a, const char *url, char *err,
                           size_t err_len)
{
    gim_str host = a;
    gim_str port = {0};
    int64_t n = t->tls ? 443 : 80;

    if (gim_str_find(a, '@') < a.len)
        return fail(err, err_len, url,
                    "user and password do not go into the URL; use -a user:password");
    if (a.len && a.ptr[0] == '[') {
        size_t end = gim_str_find(a, ']');

        if (end == a.len)
            return fail(err, err_len, url, "an IPv6 address ends with ']'");
        host = (gim_str){a.ptr + 1, end - 1};
        port = (gim_str){a.ptr + end + 1, a.len - end - 1};
        if (port.len && *port.ptr != ':')
            return fail(err, err_len, url, "after ']' comes ':' and the port");
        port = port.len ? (gim_str){port.ptr + 1, port.len - 1} : (gim_str){0};
    } else if (gim_str_find(a, ':') < a.len) {
        port = a;
        host = gim_str_cut(&port, ':');
    }
    if (port.ptr && (gim_str_to_int(port, &n) || n < 1 || n > 65535))
        return fail(err, err_len, url, "the port is a number from 1 to 65535");
    if (!host.len || host.len >= sizeof t->host)
        return fail(err, err_len, url, "the URL has no host: http://localhost:8080/posts");
    snprintf(t->host, sizeof t->host, "%.*s", GIM_FMT(host));
    snprintf(t->authority, sizeof t->authority, "%.*s", GIM_FMT(a));
    t->port = (int)n;
    return 0;
}

static bool path_is_sound(gim_str path)
{
    for (size_t i = 0; i < path.len; i++) {
        if ((unsigned char)path.ptr[i] <= 0x20 || path.ptr[i] == 0x7f)
            return false;
    }
    return true;
}

int target_parse(const char *url, struct load_target *t, char *err, size_t err_len)
{
    gim_str rest = gim_str_of(url);
    gim_str authority;
    const char *scheme = strstr(url, "://");
    size_t end;

    *t = (struct load_target){0};
    if (scheme) {
        gim_str name = {url, (size_t)(scheme - url)};

        t->tls = gim_str_eq_fold(name, GIM_S("https"));
        if (!t->tls && !gim_str_eq_fold(name, GIM_S("http")))
            return fail(err, err_len, url, "the scheme is http or https");
        rest = gim_str_of(scheme + 3);
    }
    rest.len = gim_str_find(rest, '#'); /* a fragment is never sent */
    end = strcspn(rest.ptr, "/?#");
    end = end < rest.len ? end : rest.len;
    authority = (gim_str){rest.ptr, end};
    t->path = (gim_str){rest.ptr + end, rest.len - end};
    if (!path_is_sound(t->path))
        return fail(err, err_len, url, "spaces and controls in a URL are written as %20 and so on");
    return parse_authority(t, authority, url, err, err_len);
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
        char text[340];

        base64_write(text, sizeof text, (gim_str){start, (size_t)(at - start)});
        snprintf(r->proxy_auth, sizeof r->proxy_auth, "Proxy-Authorization: Basic %s\r\n", text);
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
