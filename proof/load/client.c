/* client.c: the life of one measured connection: dial, send, read, again.
 *
 * The bytes are gimlet/wire/client.c's; here are the times, what is counted, and the ways that no user of
 * a service goes: proxies with tunnels, redirects, a machine that has run out of ports. An exchange that
 * fails takes its connection with it. */
#include "client.h"
#include "worker.h"
#include <errno.h>
#include <stdio.h>

#define REST_MS 20          /* after the system ran out of fds or ports */
#define BODY_KEPT (1 << 20) /* of a body that is to be checked */

static const struct gim_client_user client_user;

static const struct load_plan *plan_of(const struct load_client *c)
{
    return c->worker->run->plan;
}

static const struct load_target *target_of(const struct load_client *c)
{
    return c->hop && c->hop->elsewhere ? &c->hop->target : &c->worker->run->target;
}

static const struct load_route *route_of(const struct load_client *c)
{
    return c->hop && c->hop->elsewhere ? &c->hop->route : &c->worker->run->route;
}

/* ---- what went wrong -------------------------------------------------------------------------- */

static const struct {
    int err;
    enum load_error kind;
    const char *text;
} kinds[] = {
    {ECONNREFUSED, LOAD_REFUSED, "connection refused"},
    {ECONNRESET, LOAD_RESET, "connection reset by peer"},
    {EPIPE, LOAD_RESET, "broken pipe"},
    {ETIMEDOUT, LOAD_TIMEOUT, "connection timed out"},
    {EMFILE, LOAD_NO_FDS, "too many open files: raise the limit (ulimit -n) or lower -c"},
    {ENFILE, LOAD_NO_FDS, "the system has no file descriptor left: lower -c"},
    {EADDRNOTAVAIL, LOAD_NO_PORTS,
     "no local port is free: keep connections alive, lower -c, or widen "
     "net.ipv4.ip_local_port_range"},
    {EAGAIN, LOAD_REFUSED, "the server's queue of connections is full"}, /* unix sockets */
    {EPROTO, LOAD_TLS, "TLS failed"},
};

static const char *url_text(const struct load_client *c, char *out, size_t room)
{
    const struct load_target *t = target_of(c);
    gim_str path = t->path;

    snprintf(out, room, "http%s://%s%.*s", t->tls ? "s" : "", t->authority,
             (int)(path.len < 400 ? path.len : 400), path.ptr);
    return out;
}

/* "Post "http://...": what", as hey words it. */
static void fail(struct load_client *c, enum load_error kind, const char *what)
{
    char url[768];
    char text[1024];
    const char *method = plan_of(c)->method;
    char name[16];
    size_t n = 0;

    for (; method[n] && n + 1 < sizeof name; n++)
        name[n] = (char)(n && method[n] >= 'A' && method[n] <= 'Z' ? method[n] | 0x20 : method[n]);
    name[n] = 0;
    snprintf(text, sizeof text, "%s \"%s\": %s", name, url_text(c, url, sizeof url), what);
    client_hang_up(c);
    worker_failed(c->worker, c, kind, text);
}

/* The address that was tried last. */
static const char *address_text(const struct load_client *c, char out[GIM_ADDRESS_TEXT])
{
    const struct load_route *r = route_of(c);

    gim_address_text(&r->addresses[c->tried % r->n], out);
    return out;
}

static void fail_errno(struct load_client *c, int err, bool dialling)
{
    char what[256];
    char to[GIM_ADDRESS_TEXT];
    const char *text = strerror(err);
    enum load_error kind = LOAD_OTHER;

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (kinds[i].err == err) {
            kind = kinds[i].kind;
            text = kinds[i].text;
        }
    }
    if (err == EPROTO && c->tls && c->tls->why[0])
        text = c->tls->why;
    if (dialling && err != EPROTO)
        snprintf(what, sizeof what, "dial tcp %s: connect: %s", address_text(c, to), text);
    else
        snprintf(what, sizeof what, "%s", text);
    fail(c, kind, what);
}

/* ---- opening and closing ----------------------------------------------------------------------- */

void client_hang_up(struct load_client *c)
{
    gim_client_close(&c->wire);
    c->tunnel = false;
}

static void set_deadline(struct load_client *c)
{
    int64_t ms = plan_of(c)->timeout_ns / 1000000;

    if (ms > 0)
        gim_timer_set(c->worker->loop, &c->timer, (uint64_t)ms);
}

static struct gim_tls_stream *tls_stream(struct load_client *c)
{
    if (!c->tls)
        c->tls = gim_heap_alloc(sizeof *c->tls);
    return c->tls;
}

/* Neither fd nor port: the exchange that waited has failed, the next attempt comes later. */
static void rest_after(struct load_client *c, int err)
{
    c->resting = true;
    gim_timer_set(c->worker->loop, &c->timer, REST_MS);
    fail_errno(c, err, true);
}

/* Begins to connect to the target or, for a tunnel, to the proxy. 0; -1 with errno. */
static int open_wire(struct load_client *c, const struct gim_address *to)
{
    const struct load_target *t = target_of(c);
    struct load_worker *w = c->worker;
    bool proxy = route_of(c)->proxy;

    if (!t->tls)
        return gim_client_dial(&c->wire, w->loop, to);
    if (proxy ? gim_dial(&tls_stream(c)->socket, w->loop, to, &gim_client_stream)
              : gim_tls_dial(tls_stream(c), w->tls, w->loop, to, t->host, &gim_client_stream))
        return -1;
    gim_client_take(&c->wire, proxy ? &c->tls->socket : &c->tls->stream); /* plain to the proxy */
    return 0;
}

void client_dial(struct load_client *c)
{
    const struct load_route *r = route_of(c);
    char why[256];

    c->tried = c->next_address;
    c->dial_start = worker_now();
    set_deadline(c);
    if (target_of(c)->tls && !worker_tls(c->worker, why, sizeof why)) {
        fail(c, LOAD_TLS, why);
        return;
    }
    if (open_wire(c, &r->addresses[c->next_address % r->n]))
        rest_after(c, errno);
}

void client_close(struct load_client *c)
{
    gim_timer_clear(c->worker->loop, &c->timer);
    gim_list_remove(&c->node);
    client_hang_up(c);
}

void client_release(struct load_client *c)
{
    client_close(c);
    hop_end(c);
    if (c->hop) {
        gim_buf_free(&c->hop->location);
        gim_buf_free(&c->hop->request);
        gim_buf_free(&c->hop->url);
    }
    gim_heap_free(c->hop);
    gim_heap_free(c->tls);
    gim_client_release(&c->wire);
    gim_buf_free(&c->body);
}

/* ---- sending ------------------------------------------------------------------------------------ */

void client_transmit(struct load_client *c, gim_str bytes, bool head_request)
{
    c->first = 0;
    c->body.len = 0;
    set_deadline(c);
    gim_client_send(&c->wire, bytes, head_request);
    c->written = worker_now();
}

static void send_now(struct load_client *c)
{
    const struct load_run *run = c->worker->run;
    gim_str bytes = request_next(&run->request, &c->worker->writer);

    c->wanted = false;
    c->sent = worker_now();
    client_transmit(c, bytes, strcmp(run->plan->method, "HEAD") == 0);
}

void client_send(struct load_client *c, int64_t planned, bool counted)
{
    bool idle = c->wire.state == GIM_CLIENT_IDLE;

    c->planned = planned;
    c->counted = counted;
    c->hops = 0;
    c->dial_ns = idle ? c->dial_ns : 0;
    if (idle) {
        send_now(c);
        return;
    }
    c->wanted = true;
    if (c->wire.state == GIM_CLIENT_CLOSED && !c->resting)
        client_dial(c);
}

static struct load_client *client_of(struct gim_client *wire)
{
    return GIM_CONTAINER(wire, struct load_client, wire);
}

static void ask_for_tunnel(struct load_client *c)
{
    const struct load_target *t = target_of(c);
    struct gim_buf b = {0};

    gim_buf_printf(&b, "CONNECT %s:%d HTTP/1.1\r\nHost: %s:%d\r\n%s\r\n", t->host, t->port, t->host,
                   t->port, route_of(c)->proxy_auth);
    c->tunnel = true;
    c->first = 0;
    gim_client_send(&c->wire, gim_buf_view(&b), true);
    gim_buf_free(&b);
}

/* Open: the proxy's tunnel is built first if there must be one. */
static void on_open(struct gim_client *wire)
{
    struct load_client *c = client_of(wire);
    int64_t took = worker_now() - c->dial_start;

    if (c->tls && wire->stream == &c->tls->socket) {
        ask_for_tunnel(c);
        return;
    }
    c->dial_ns = took;
    c->worker->result->connects++;
    gim_histogram_record(&c->worker->result->dial, took);
    gim_timer_clear(c->worker->loop, &c->timer);
    if (c->hop && c->hop->elsewhere && c->hops)
        client_transmit(c, gim_buf_view(&c->hop->request), c->hop->head);
    else if (c->wanted)
        send_now(c);
    else
        worker_ready(c->worker, c);
}

/* ---- reading ------------------------------------------------------------------------------------ */

static void tunnel_answered(struct load_client *c)
{
    struct gim_tls_stream *s = tls_stream(c);

    if (c->wire.response.status / 100 != 2) {
        fail(c, LOAD_OTHER, "the proxy refused the tunnel");
        return;
    }
    if (gim_tls_start(s, c->worker->tls, target_of(c)->host, &gim_client_stream)) {
        fail(c, LOAD_TLS, "TLS could not be started through the proxy");
        return;
    }
    c->tunnel = false;
    gim_client_take(&c->wire, &s->stream);
}

static const char *unexpected(struct load_client *c)
{
    const struct load_plan *p = plan_of(c);

    if (p->expect_status && c->wire.response.status != p->expect_status)
        return "unexpected status";
    if (p->expect_body &&
        !(c->body.len && memmem(c->body.ptr, c->body.len, p->expect_body, strlen(p->expect_body))))
        return "the body does not hold what --expect-body asks for";
    return NULL;
}

static void on_bytes(struct gim_client *wire)
{
    client_of(wire)->first = worker_now();
}

static bool on_head(struct gim_client *wire)
{
    hop_note(client_of(wire));
    return true;
}

static bool on_body(struct gim_client *wire, gim_str data)
{
    struct load_client *c = client_of(wire);

    if (plan_of(c)->expect_body && c->body.len + data.len <= BODY_KEPT)
        gim_buf_str(&c->body, data);
    return true;
}

/* An answer that came whole in one read ended when that read began to be looked at: what parsing took
 * is ours, not the server's. */
static void on_answer(struct gim_client *wire)
{
    struct load_client *c = client_of(wire);
    int64_t now = wire->whole ? c->first : worker_now();
    const char *error = NULL;

    if (c->tunnel) {
        tunnel_answered(c);
        return;
    }
    if (c->hop && hop_follow(c, &error))
        return;
    if (!error)
        error = unexpected(c);
    if (error) {
        fail(c, LOAD_UNEXPECTED, error);
        return;
    }
    if (!gim_client_is_kept(wire) || plan_of(c)->no_keepalive || (c->hop && c->hop->elsewhere))
        client_hang_up(c);
    hop_end(c);
    worker_answered(c->worker, c, now);
}

static void on_fail(struct gim_client *wire, enum gim_client_end end, int err, const char *why)
{
    struct load_client *c = client_of(wire);
    bool dialling = end == GIM_CLIENT_NO_WAY;

    c->next_address += dialling;
    switch (end) {
    case GIM_CLIENT_NO_WAY:
    case GIM_CLIENT_BROKEN:
        fail_errno(c, err, dialling);
        return;
    case GIM_CLIENT_SILENT:
        fail(c, LOAD_RESET, "EOF: the server closed the connection without an answer");
        return;
    case GIM_CLIENT_CUT:
        fail(c, LOAD_TRUNCATED, why);
        return;
    case GIM_CLIENT_BAD:
        fail(c, LOAD_BAD_HTTP, why);
        return;
    }
}

/* An idle connection: dialled again when it is needed. */
static void on_gone(struct gim_client *wire)
{
    (void)wire;
}

static void on_sent(struct gim_client *wire)
{
    client_of(wire)->written = worker_now(); /* the kernel has taken the last of it */
}

/* An end without close_notify: anybody on the way could have made it. */
static const char *doubt(struct gim_client *wire)
{
    const struct load_client *c = client_of(wire);

    return c->tls && wire->stream == &c->tls->stream && c->tls->why[0] ? c->tls->why : NULL;
}

static const struct gim_client_user client_user = {
    .on_open = on_open,
    .on_bytes = on_bytes,
    .on_head = on_head,
    .on_body = on_body,
    .on_answer = on_answer,
    .on_fail = on_fail,
    .on_gone = on_gone,
    .on_sent = on_sent,
    .doubt = doubt,
};

static void on_deadline(struct gim_timer *t)
{
    struct load_client *c = GIM_CONTAINER(t, struct load_client, timer);

    if (c->resting) {
        c->resting = false;
        if (c->wanted)
            client_dial(c);
        else
            worker_ready(c->worker, c);
    } else if (c->tunnel || c->wire.state == GIM_CLIENT_DIALLING) {
        fail(c, LOAD_TIMEOUT,
             target_of(c)->tls
                 ? "dial tcp: connecting and the TLS handshake took longer than the timeout (-t)"
                 : "dial tcp: the connection was not open within the timeout (-t)");
    } else if (c->wire.state == GIM_CLIENT_BUSY) {
        fail(c, LOAD_TIMEOUT, "the answer was not complete within the timeout (-t)");
    }
}

void client_init(struct load_client *c, struct load_worker *w)
{
    *c = (struct load_client){
        .worker = w, .timer = {.on_due = on_deadline}, .wire = {.user = &client_user}};
}
