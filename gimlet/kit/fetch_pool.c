/* fetch_pool.c: the hosts that a worker asks, and its connections to them.
 *
 * A connection belongs to one call from its dialling to the end of the answer, and to its host's list
 * of idle ones between. The one used last is taken first, so that a pool that was once large shrinks to
 * what is needed. Calls beyond the bound wait in order, each under its own deadline. A connection that
 * has ended is freed in a later turn: it may be the one whose callback is on the stack. */
#include "fetch.h"
#include <errno.h>
#include <stdio.h>

#define HOSTS_MAX 64 /* entries; those that nobody asks go first */
#define CONNS_MAX 64 /* of a host */
#define IDLE_MS 30000

static const char pool_key;

/* ---- connections ------------------------------------------------------------------------------- */

static struct fetch_conn *conn_of(struct gim_client *c)
{
    return GIM_CONTAINER(c, struct fetch_conn, client);
}

static void free_conn(struct gim_task *t)
{
    struct fetch_conn *c = GIM_CONTAINER(t, struct fetch_conn, end);

    gim_client_release(&c->client);
    if (c->tls)
        c->https->end(c->tls);
    gim_heap_free(c);
}

static void end_conn(struct fetch_conn *c)
{
    struct gim_loop *loop = c->host->pool->worker->wire.loop;

    gim_client_close(&c->client);
    gim_list_remove(&c->node);
    gim_timer_clear(loop, &c->idle);
    c->host->n_conns--;
    c->call = NULL;
    c->end.run = free_conn;
    gim_loop_post(loop, &c->end);
}

static void on_idle_end(struct gim_timer *t)
{
    end_conn(GIM_CONTAINER(t, struct fetch_conn, idle));
}

static void set_idle(struct fetch_conn *c)
{
    c->kept = true;
    gim_list_push(&c->host->idle, &c->node);
    c->idle.on_due = on_idle_end;
    gim_timer_set(c->host->pool->worker->wire.loop, &c->idle, IDLE_MS);
}

static void send_call(struct fetch_conn *c, struct fetch_call *call)
{
    gim_list_remove(&c->node);
    gim_timer_clear(call->pool->worker->wire.loop, &c->idle);
    gim_list_remove(&call->wait);
    c->call = call;
    call->conn = c;
    call->kept = c->kept;
    gim_fetch_opened(call);
    gim_client_send(&c->client, gim_buf_view(&call->request), call->no_body);
}

/* ---- dialling ---------------------------------------------------------------------------------- */

static const struct gim_client_user conn_user;

static const char *tls_why(const struct fetch_conn *c)
{
    const char *why = c->tls ? c->https->why(c->tls) : "";

    return *why ? why : NULL;
}

static void cannot_connect(struct fetch_call *call, int err, const char *why)
{
    call->host->known_until = 0;
    gim_fetch_fail(call, "cannot connect to %s, port %d: %s", call->host->name, call->host->port,
                   why ? why : strerror(err));
}

static void *https_context(struct fetch_pool *p, const struct gim_https *https, char *err,
                           size_t err_len)
{
    if (!p->https_context) {
        p->https = https;
        p->https_context = https->open(err, err_len);
    }
    return p->https_context;
}

static int open_conn(struct fetch_conn *c, const struct gim_address *to)
{
    struct fetch_host *h = c->host;
    struct gim_loop *loop = h->pool->worker->wire.loop;

    if (!h->https)
        return gim_client_dial(&c->client, loop, to);
    c->tls = h->https->dial(h->pool->https_context, &c->client, loop, to, h->name);
    return c->tls ? 0 : -1;
}

static void dial(struct fetch_host *h, struct fetch_call *call)
{
    struct fetch_conn *c;
    char why[160];

    gim_list_remove(&call->wait);
    if (h->https && !https_context(h->pool, h->https, why, sizeof why)) {
        gim_fetch_fail(call, "%s", why);
        return;
    }
    c = gim_heap_alloc(sizeof *c);
    c->host = h;
    c->https = h->https;
    c->client.user = &conn_user;
    if (open_conn(c, &h->addresses[h->next % h->n])) {
        cannot_connect(call, errno, NULL);
        gim_heap_free(c);
        return;
    }
    h->n_conns++;
    c->call = call;
    call->conn = c;
}

/* ---- who gets what ----------------------------------------------------------------------------- */

static bool is_known(const struct fetch_host *h)
{
    return h->n && gim_loop_ms(h->pool->worker->wire.loop) < h->known_until;
}

/* Gives the calls that wait what there is: idle connections, then new ones. */
void gim_fetch_serve(struct fetch_host *h)
{
    while (!gim_list_empty(&h->waiting) && !h->resolving && !h->pool->stopped) {
        struct fetch_call *call = GIM_CONTAINER(h->waiting.next, struct fetch_call, wait);

        if (!gim_list_empty(&h->idle) && !call->again)
            send_call(GIM_CONTAINER(h->idle.prev, struct fetch_conn, node), call);
        else if (h->n_conns >= CONNS_MAX)
            return;
        else if (is_known(h))
            dial(h, call);
        else
            gim_fetch_resolve(h);
    }
}

void gim_fetch_begin(struct fetch_call *call)
{
    gim_list_push(&call->host->waiting, &call->wait);
    gim_fetch_serve(call->host);
}

void gim_fetch_let_go(struct fetch_call *call)
{
    struct fetch_conn *c = call->conn;

    gim_list_remove(&call->wait);
    call->conn = NULL;
    if (!c)
        return;
    end_conn(c);
    gim_fetch_serve(call->host);
}

/* ---- what a connection says -------------------------------------------------------------------- */

static void on_open(struct gim_client *client)
{
    struct fetch_conn *c = conn_of(client);

    send_call(c, c->call);
}

static bool on_head(struct gim_client *client)
{
    struct fetch_call *call = conn_of(client)->call;

    call->status = client->response.status;
    gim_buf_str(&call->head, client->response.head);
    if (client->response.no_body || client->response.content_length <= (int64_t)call->max_body)
        return true;
    gim_fetch_fail(call, "the answer of %s has %lld bytes, at most %zu are taken", call->host->name,
                   (long long)client->response.content_length, call->max_body);
    return false;
}

static bool on_body(struct gim_client *client, gim_str data)
{
    struct fetch_call *call = conn_of(client)->call;

    if (data.len <= call->max_body - call->body.len) {
        gim_buf_str(&call->body, data);
        return true;
    }
    gim_fetch_fail(call, "the answer of %s is longer than the %zu bytes that are taken",
                   call->host->name, call->max_body);
    return false;
}

static void on_answer(struct gim_client *client)
{
    struct fetch_conn *c = conn_of(client);
    struct fetch_call *call = c->call;
    struct fetch_host *h = c->host;

    call->conn = NULL;
    c->call = NULL;
    if (gim_client_is_kept(client) && !h->pool->stopped)
        set_idle(c);
    else
        end_conn(c);
    gim_fetch_serve(h);
    gim_fetch_end(call);
}

/* True: it is being tried again. A kept connection may have been closed before the request came; of
 * the addresses of a name, some may have nobody behind them. */
static bool try_again(struct fetch_conn *c, struct fetch_call *call, enum gim_client_end end)
{
    struct fetch_host *h = c->host;

    if (end == GIM_CLIENT_NO_WAY) {
        h->next++;
        return ++call->tried < h->n && !tls_why(c);
    }
    if (end != GIM_CLIENT_SILENT && end != GIM_CLIENT_BROKEN)
        return false;
    if (!c->kept || c->client.begun || !call->safe || call->again)
        return false;
    call->again = true;
    return true;
}

static void on_fail(struct gim_client *client, enum gim_client_end end, int err, const char *why)
{
    struct fetch_conn *c = conn_of(client);
    struct fetch_call *call = c->call;

    if (!why)
        why = tls_why(c);
    call->conn = NULL;
    if (try_again(c, call, end)) {
        end_conn(c);
        gim_fetch_begin(call);
        return;
    }
    if (end == GIM_CLIENT_NO_WAY)
        cannot_connect(call, err, why);
    else
        gim_fetch_fail(call, "%s: %s", call->host->name, why ? why : strerror(err));
    end_conn(c);
    gim_fetch_serve(call->host);
}

static void on_gone(struct gim_client *client)
{
    end_conn(conn_of(client));
}

static const char *doubt(struct gim_client *client)
{
    return tls_why(conn_of(client));
}

static const struct gim_client_user conn_user = {
    .on_open = on_open,
    .on_head = on_head,
    .on_body = on_body,
    .on_answer = on_answer,
    .on_fail = on_fail,
    .on_gone = on_gone,
    .doubt = doubt,
};

/* ---- hosts ------------------------------------------------------------------------------------- */

static void end_idle(struct fetch_host *h)
{
    while (!gim_list_empty(&h->idle))
        end_conn(GIM_CONTAINER(h->idle.next, struct fetch_conn, node));
}

static void free_host(struct fetch_host *h)
{
    end_idle(h);
    gim_list_remove(&h->node);
    h->pool->n_hosts--;
    gim_heap_free(h);
}

/* The one that was not asked for longest, and is not being asked. */
static bool make_room(struct fetch_pool *p)
{
    struct gim_list *at;

    for (at = p->hosts.next; at != &p->hosts; at = at->next) {
        struct fetch_host *h = GIM_CONTAINER(at, struct fetch_host, node);

        if (h->n_calls || h->resolving)
            continue;
        free_host(h);
        return true;
    }
    return false;
}

struct fetch_host *gim_fetch_host_of(struct fetch_pool *p, const char *name, int port,
                                     const struct gim_https *https)
{
    struct fetch_host *h;

    for (struct gim_list *at = p->hosts.prev; at != &p->hosts; at = at->prev) {
        h = GIM_CONTAINER(at, struct fetch_host, node);
        if (h->port != port || h->https != https || strcmp(h->name, name) != 0)
            continue;
        gim_list_remove(&h->node);
        gim_list_push(&p->hosts, &h->node);
        return h;
    }
    if (p->n_hosts >= HOSTS_MAX && !make_room(p))
        return NULL;
    h = gim_heap_alloc(sizeof *h);
    h->pool = p;
    h->port = port;
    h->https = https;
    snprintf(h->name, sizeof h->name, "%s", name);
    gim_list_init(&h->idle);
    gim_list_init(&h->waiting);
    gim_list_push(&p->hosts, &h->node);
    p->n_hosts++;
    return h;
}

/* ---- the worker's ------------------------------------------------------------------------------ */

static void stop(struct gim_part *part)
{
    struct fetch_pool *p = GIM_CONTAINER(part, struct fetch_pool, part);

    p->stopped = true;
    for (struct gim_list *at = p->calls.next; at != &p->calls; at = at->next)
        gim_fetch_fail(GIM_CONTAINER(at, struct fetch_call, node), "the server stops");
    for (struct gim_list *at = p->hosts.next; at != &p->hosts; at = at->next)
        end_idle(GIM_CONTAINER(at, struct fetch_host, node));
}

static void release(struct gim_part *part)
{
    struct fetch_pool *p = GIM_CONTAINER(part, struct fetch_pool, part);

    while (!gim_list_empty(&p->hosts))
        free_host(GIM_CONTAINER(p->hosts.next, struct fetch_host, node));
    if (p->https_context)
        p->https->close(p->https_context);
    gim_heap_free(p);
}

struct fetch_pool *gim_fetch_pool_of(struct gim_app *app, unsigned worker)
{
    struct gim_worker *w = worker < app->workers ? app->running[worker] : NULL;
    struct gim_part *part = w ? gim_worker_part(w, &pool_key) : NULL;
    struct fetch_pool *p;

    if (part || !w)
        return part ? GIM_CONTAINER(part, struct fetch_pool, part) : NULL;
    p = gim_heap_alloc(sizeof *p);
    p->part = (struct gim_part){.key = &pool_key, .stop = stop, .release = release};
    p->worker = w;
    p->stopped = atomic_load(&app->closed); /* what is made now is told of no stop */
    gim_list_init(&p->hosts);
    gim_list_init(&p->calls);
    gim_worker_add(w, &p->part);
    return p;
}
