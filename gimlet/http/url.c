/* url.c: URLs as clients are given them: by hand, by configuration, by a Location field.
 *
 * Whoever passes one on to a server must not let it end the request line or begin a field, so the
 * whole text is passed over for spaces and controls first. What is left is cut, not checked: the server
 * says what it thinks of a path, and the resolver of a name. */
#include "url.h"

#define HTTP_PORT 80
#define HTTPS_PORT 443
#define PORT_MAX 65535

static bool is_printable(gim_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if ((unsigned char)s.ptr[i] <= 0x20 || s.ptr[i] == 0x7f)
            return false;
    }
    return true;
}

/* Takes a scheme off the front of *text. */
static const char *cut_scheme(gim_str *text, struct gim_url *u)
{
    const char *at = text->ptr ? memmem(text->ptr, text->len, "://", 3) : NULL;
    gim_str name = {text->ptr, at ? (size_t)(at - text->ptr) : 0};

    if (!at || memchr(name.ptr, '/', name.len) || memchr(name.ptr, '?', name.len))
        return NULL; /* none, or it stands in a query */
    u->tls = gim_str_eq_fold(name, GIM_S("https"));
    if (!u->tls && !gim_str_eq_fold(name, GIM_S("http")))
        return "the scheme is http or https";
    *text = (gim_str){at + 3, text->len - name.len - 3};
    return NULL;
}

/* "host", "host:port", "[v6]", "[v6]:port". */
static const char *cut_authority(struct gim_url *u)
{
    gim_str a = u->authority, port = {0};
    int64_t n = u->tls ? HTTPS_PORT : HTTP_PORT;

    u->host = a;
    if (gim_str_find(a, '@') < a.len)
        return "user and password do not go into the URL";
    if (a.len && a.ptr[0] == '[') {
        size_t end = gim_str_find(a, ']');

        if (end == a.len)
            return "an IPv6 address ends with ']'";
        u->host = (gim_str){a.ptr + 1, end - 1};
        port = (gim_str){a.ptr + end + 1, a.len - end - 1};
        if (port.len && *port.ptr != ':')
            return "after ']' comes ':' and the port";
        port = port.len ? (gim_str){port.ptr + 1, port.len - 1} : (gim_str){0};
    } else if (gim_str_find(a, ':') < a.len) {
        port = a;
        u->host = gim_str_cut(&port, ':');
    }
    if (port.ptr && (gim_str_to_int(port, &n) || n < 1 || n > PORT_MAX))
        return "the port is a number from 1 to 65535";
    u->port = (int)n;
    return u->host.len ? NULL : "the URL has no host: http://localhost:8080/posts";
}

const char *gim_url_parse(gim_str text, struct gim_url *out)
{
    const char *why;
    size_t end = 0;

    *out = (struct gim_url){0};
    if (!is_printable(text))
        return "spaces and controls in a URL are written as %20 and so on";
    text.len = gim_str_find(text, '#');
    why = cut_scheme(&text, out);
    if (why)
        return why;
    while (end < text.len && text.ptr[end] != '/' && text.ptr[end] != '?')
        end++;
    out->authority = (gim_str){text.ptr, end};
    out->target = (gim_str){text.ptr + end, text.len - end};
    return cut_authority(out);
}

/* The part of the base's target up to its last '/', which a relative path goes behind. */
static gim_str folder_of(gim_str target)
{
    target.len = gim_str_find(target, '?');
    while (target.len && target.ptr[target.len - 1] != '/')
        target.len--;
    return target.len ? target : GIM_S("/");
}

void gim_url_join(struct gim_buf *out, const struct gim_url *base, gim_str to)
{
    const char *scheme = to.ptr ? memmem(to.ptr, to.len, "://", 3) : NULL;
    gim_str before = {to.ptr, scheme ? (size_t)(scheme - to.ptr) : 0};

    if (scheme && !memchr(before.ptr, '/', before.len) && !memchr(before.ptr, '?', before.len)) {
        gim_buf_str(out, to);
        return;
    }
    gim_buf_str(out, base->tls ? GIM_S("https:") : GIM_S("http:"));
    if (!gim_str_starts(to, GIM_S("//"))) {
        gim_buf_lit(out, "//");
        gim_buf_str(out, base->authority);
        if (!gim_str_starts(to, GIM_S("/")))
            gim_buf_str(out, to.len && to.ptr[0] == '?'
                                 ? (gim_str){base->target.ptr, gim_str_find(base->target, '?')}
                                 : folder_of(base->target));
    }
    gim_buf_str(out, to);
}
