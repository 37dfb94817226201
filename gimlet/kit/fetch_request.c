/* fetch_request.c: the bytes of a request, and what may not stand in them.
 *
 * Names and values come from whoever wrote the handler, and often enough from his own client: a CR LF
 * in one of them would be a request of its own (CWE-113). What could move the end of the request is
 * ours to write. */
#include "../http/chars.h"
#include "../http/message.h"
#include "../http/method.h"
#include "../http/url.h"
#include "fetch.h"
#include <stdio.h>

static bool is_ours(gim_str name)
{
    const gim_str list[] = {GIM_S("Connection"), GIM_S("Content-Length"),
                            GIM_S("Transfer-Encoding"), GIM_S("Expect"), GIM_S("Upgrade")};

    for (size_t i = 0; i < sizeof list / sizeof list[0]; i++) {
        if (gim_str_eq_fold(list[i], name))
            return true;
    }
    return false;
}

static bool gives(const struct gim_fetch *f, gim_str name)
{
    for (size_t i = 0; i < f->n_headers; i++) {
        if (gim_str_eq_fold(f->headers[i].key, name))
            return true;
    }
    return false;
}

static const char *check_headers(const struct gim_fetch *f)
{
    for (size_t i = 0; i < f->n_headers; i++) {
        if (!gim_field_ok(f->headers[i].key, f->headers[i].value))
            return "a header's name is no token, or its value holds a control character";
        if (is_ours(f->headers[i].key))
            return "Connection, Content-Length, Transfer-Encoding, Expect and Upgrade are not for "
                   ".headers";
    }
    return gim_field_ok(GIM_S("Content-Type"), f->media_type)
               ? NULL
               : ".media_type holds a control character";
}

/* RFC 9110 §9.2.2. */
static bool is_idempotent(enum gim_method m)
{
    return m == GIM_METHOD_GET || m == GIM_METHOD_HEAD || m == GIM_METHOD_OPTIONS ||
           m == GIM_METHOD_TRACE || m == GIM_METHOD_PUT || m == GIM_METHOD_DELETE;
}

/* RFC 9110 §8.6: a length where the method gives a body a meaning, also of none. */
static bool has_length(enum gim_method m, gim_str body)
{
    return body.len || m == GIM_METHOD_POST || m == GIM_METHOD_PUT || m == GIM_METHOD_PATCH;
}

static void put_head(struct gim_buf *b, const struct gim_fetch *f, gim_str method,
                     const struct gim_url *u)
{
    gim_str type = f->media_type.ptr ? f->media_type : GIM_S("application/json");

    gim_buf_printf(b, "%.*s ", GIM_FMT(method));
    if (!u->target.len || u->target.ptr[0] != '/')
        gim_buf_char(b, '/');
    gim_buf_str(b, u->target);
    gim_buf_lit(b, " HTTP/1.1\r\n");
    if (!gives(f, GIM_S("Host")))
        gim_field_write(b, GIM_S("Host"), u->authority);
    if (!gives(f, GIM_S("User-Agent")))
        gim_buf_lit(b, "User-Agent: gimlet/" GIM_VERSION "\r\n");
    if (f->body.len && !gives(f, GIM_S("Content-Type")))
        gim_field_write(b, GIM_S("Content-Type"), type);
    if (has_length(gim_method_of(method), f->body))
        gim_buf_printf(b, "Content-Length: %zu\r\n", f->body.len);
    for (size_t i = 0; i < f->n_headers; i++)
        gim_field_write(b, f->headers[i].key, f->headers[i].value);
    gim_buf_lit(b, "\r\n");
}

static const char *place(const struct gim_fetch *f, const struct gim_url *u,
                         char host[FETCH_HOST_MAX])
{
    int n = f->unix_socket ? snprintf(host, FETCH_HOST_MAX, "unix:%s", f->unix_socket)
                           : snprintf(host, FETCH_HOST_MAX, "%.*s", GIM_FMT(u->host));

    return n < 0 || n >= FETCH_HOST_MAX ? "the host, or the socket's path, is too long" : NULL;
}

const char *gim_fetch_request(struct fetch_call *call, const struct gim_fetch *f,
                              char host[FETCH_HOST_MAX], int *port, bool *tls)
{
    gim_str method = gim_str_of(f->method ? f->method : "GET");
    struct gim_url u;
    const char *why = f->url ? gim_url_parse(gim_str_of(f->url), &u) : ".url is not set";

    if (why)
        return why;
    if (!gim_is_token(method) || gim_method_of(method) == GIM_METHOD_CONNECT)
        return ".method is none, or one that cannot be asked";
    if (u.tls && (!f->https || f->unix_socket))
        return f->https ? "https goes over no unix socket" : "https needs .https = &gim_https";
    why = check_headers(f);
    if (!why)
        why = place(f, &u, host);
    if (why)
        return why;
    *port = u.port;
    *tls = u.tls;
    call->no_body = gim_method_of(method) == GIM_METHOD_HEAD;
    call->safe = f->idempotent || is_idempotent(gim_method_of(method));
    put_head(&call->request, f, method, &u);
    gim_buf_str(&call->request, f->body);
    return NULL;
}
