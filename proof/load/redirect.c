/* redirect.c: following Location, at most ten times, as hey does. 301, 302 and 303 become GET
 * without a body (HEAD stays), 307 and 308 are sent again as they were (RFC 9110 §15.4). The first
 * send of the exchange stays its beginning. A name that is new is resolved here and now: that holds
 * the thread up, so redirects to other hosts are for correctness, not for figures. */
#include "client.h"
#include "../../gimlet/http/url.h"
#include "worker.h"
#include <stdio.h>

#define HOPS_MAX 10

static bool is_redirect(int status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

void hop_note(struct load_client *c)
{
    const struct load_plan *p = c->worker->run->plan;
    gim_str location;

    if (c->hop)
        c->hop->location.len = 0;
    if (!is_redirect(c->wire.response.status) || p->no_redirects || c->tunnel)
        return;
    location = gim_response_field(c->wire.response.head, GIM_S("Location"));
    if (!location.len)
        return;
    if (!c->hop)
        c->hop = gim_heap_alloc(sizeof *c->hop);
    gim_buf_str(&c->hop->location, location);
}

/* The absolute URL of the location, NUL-terminated in hop->url. */
static void absolute_url(struct load_hop *h, const struct load_target *base)
{
    const struct gim_url at = {
        .authority = gim_str_of(base->authority), .target = base->path, .tls = base->tls};
    struct gim_buf url = {0};

    gim_url_join(&url, &at, gim_buf_view(&h->location));
    gim_buf_char(&url, '\0');
    gim_buf_free(&h->url);
    h->url = url;
}

static void build(struct load_client *c, const struct load_target *t)
{
    const struct load_run *run = c->worker->run;
    int status = c->wire.response.status;
    bool again = status == 307 || status == 308;
    bool was_head = strcmp(run->plan->method, "HEAD") == 0;

    c->hop->head = was_head;
    c->hop->request.len = 0;
    request_build(&c->hop->request, &run->request, t,
                  again      ? run->plan->method
                  : was_head ? "HEAD"
                             : "GET",
                  t->path, again ? run->plan->body : (gim_str){0});
}

bool hop_follow(struct load_client *c, const char **error)
{
    const struct load_run *run = c->worker->run;
    struct load_hop *h = c->hop;
    const struct load_target *base = h->elsewhere ? &h->target : &run->target;
    struct load_target t;
    char err[256];
    bool same;

    if (!h->location.len)
        return false;
    if (++c->hops > HOPS_MAX) {
        *error = "stopped after 10 redirects";
        return false;
    }
    absolute_url(h, base);
    h->location.len = 0;
    if (target_parse(h->url.ptr, &t, err, sizeof err)) {
        *error = "the Location of a redirect is no URL";
        return false;
    }
    c->worker->result->redirects++;
    same = strcmp(t.authority, base->authority) == 0 && t.tls == base->tls;
    build(c, &t);
    if (same && c->wire.response.keep_alive && !run->plan->no_keepalive) {
        client_transmit(c, gim_buf_view(&h->request), h->head);
        return true;
    }
    client_hang_up(c);
    h->elsewhere = true;
    h->target = t;
    if (same && base == &run->target)
        h->route = run->route;
    else if (!same && target_route(run->plan, &t, &h->route, err, sizeof err)) {
        *error = "the host of a redirect is not known";
        return false;
    }
    client_dial(c);
    return true;
}

void hop_end(struct load_client *c)
{
    c->hops = 0;
    if (c->hop)
        c->hop->elsewhere = false;
}
