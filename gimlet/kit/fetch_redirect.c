/* fetch_redirect.c: following a Location, for calls that ask for it (RFC 9110 §15.4).
 *
 * A redirect lets whoever answers choose what is asked next, so what was meant for one host does not go
 * to another, and what went over TLS does not leave it. The deadline is the call's own: however many hops
 * there are, the caller waits no longer. */
#include "../http/method.h"
#include "../http/url.h"
#include "fetch.h"

struct fetch_again {
    struct gim_arena memory; /* of all that `ask` points to */
    struct gim_fetch ask;
    int left;
};

static const char *keep_text(struct fetch_again *r, const char *text)
{
    return text ? gim_dup(&r->memory, gim_str_of(text)).ptr : NULL;
}

static gim_pair *keep_headers(struct fetch_again *r, const struct gim_fetch *f)
{
    gim_pair *kept = GIM_NEW_N(&r->memory, gim_pair, f->n_headers + 1);

    for (size_t i = 0; i < f->n_headers; i++) {
        kept[i].key = gim_dup(&r->memory, f->headers[i].key);
        kept[i].value = gim_dup(&r->memory, f->headers[i].value);
    }
    return kept;
}

void gim_fetch_keep(struct fetch_call *call, const struct gim_fetch *f)
{
    struct fetch_again *r = gim_heap_alloc(sizeof *r);

    r->ask = *f;
    r->left = f->redirects;
    r->ask.url = keep_text(r, f->url);
    r->ask.method = keep_text(r, f->method);
    r->ask.unix_socket = keep_text(r, f->unix_socket);
    r->ask.body = gim_dup(&r->memory, f->body);
    r->ask.media_type = gim_dup(&r->memory, f->media_type);
    r->ask.headers = keep_headers(r, f);
    call->redirect = r;
}

void gim_fetch_forget(struct fetch_call *call)
{
    if (!call->redirect)
        return;
    gim_arena_reset(&call->redirect->memory);
    gim_heap_free(call->redirect);
    call->redirect = NULL;
}

static bool is_secret(gim_str name)
{
    return gim_str_eq_fold(name, GIM_S("Authorization")) ||
           gim_str_eq_fold(name, GIM_S("Proxy-Authorization")) ||
           gim_str_eq_fold(name, GIM_S("Cookie")) || gim_str_eq_fold(name, GIM_S("Host"));
}

static void drop_secrets(struct fetch_again *r)
{
    gim_pair *kept = GIM_NEW_N(&r->memory, gim_pair, r->ask.n_headers + 1);
    size_t n = 0;

    for (size_t i = 0; i < r->ask.n_headers; i++) {
        if (!is_secret(r->ask.headers[i].key))
            kept[n++] = r->ask.headers[i];
    }
    r->ask.headers = kept;
    r->ask.n_headers = n;
}

/* 303 asks for another thing; by custom so do 301 and 302 to a POST. */
static bool becomes_get(int status, enum gim_method method)
{
    return status == 303 ? method != GIM_METHOD_HEAD
                         : (status == 301 || status == 302) && method == GIM_METHOD_POST;
}

/* Makes `ask` the next one. NULL, or why not. */
static const char *move(struct fetch_again *r, int status, gim_str to)
{
    struct gim_buf joined = {0};
    struct gim_url from, next;
    gim_str url;
    bool same;

    (void)gim_url_parse(gim_str_of(r->ask.url), &from);
    gim_url_join(&joined, &from, to);
    url = gim_dup(&r->memory, gim_buf_view(&joined));
    gim_buf_free(&joined);
    if (gim_url_parse(url, &next))
        return "a redirect leads to what is no URL";
    if (from.tls && !next.tls)
        return "a redirect leads from https to http";
    same = gim_str_eq_fold(from.host, next.host) && from.port == next.port && from.tls == next.tls;
    if (!same && r->ask.unix_socket)
        return "a redirect leads away from the unix socket";
    if (!same)
        drop_secrets(r);
    if (becomes_get(status, gim_method_of(gim_str_of(r->ask.method ? r->ask.method : "GET")))) {
        r->ask.method = "GET";
        r->ask.body = (gim_str){0};
    }
    r->ask.url = url.ptr;
    return NULL;
}

static bool is_redirect(int status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

bool gim_fetch_follow(struct fetch_call *call)
{
    struct fetch_again *r = call->redirect;
    gim_str to = {0};
    const char *why;

    if (is_redirect(call->status))
        to = gim_response_field(gim_buf_view(&call->head), GIM_S("Location"));
    if (!to.len)
        return false;
    if (r->left-- <= 0) {
        gim_fetch_fail(call, "more than %d redirects", r->ask.redirects);
        return true;
    }
    why = move(r, call->status, to);
    if (why)
        gim_fetch_fail(call, "%s", why);
    else
        gim_fetch_ask(call, &r->ask);
    return true;
}
