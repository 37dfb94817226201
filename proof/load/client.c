/* client.c: the life of one connection: dial, send, read, again.
 *
 * The hot path is one on_data that holds a whole response: parse, record, send the next request,
 * return; one recv and one send. All else (partial heads, TLS, proxies, redirects, a server that
 * hangs up) leaves that path early. An exchange that fails takes its connection with it. */
#include "client.h"
#include "worker.h"
#include <errno.h>
#include <stdio.h>

#define REST_MS 20          /* after the system ran out of fds or ports */
#define BODY_KEPT (1 << 20) /* of a body that is to be checked */

static const struct gim_stream_user client_user;

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
    if (c->state != CLIENT_CLOSED && c->state != CLIENT_RESTING && c->stream)
        c->stream->ops->close(c->stream, false);
    c->stream = NULL;
    c->state = c->resting ? CLIENT_RESTING : CLIENT_CLOSED;
    c->carry.len = 0;
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
    c->state = CLIENT_RESTING;
    gim_timer_set(c->worker->loop, &c->timer, REST_MS);
    fail_errno(c, err, true);
}

void client_dial(struct load_client *c)
{
    const struct load_target *t = target_of(c);
    const struct load_route *r = route_of(c);
    const struct gim_address *to = &r->addresses[c->next_address % r->n];
    char why[256];
    int result;

    c->tried = c->next_address;
    c->dial_start = worker_now();
    c->state = CLIENT_DIALLING;
    set_deadline(c);
    if (t->tls && !worker_tls(c->worker, why, sizeof why)) {
        c->state = CLIENT_CLOSED;
        fail(c, LOAD_TLS, why);
        return;
    }
    if (t->tls && r->proxy) {
        c->stream = &tls_stream(c)->socket; /* plain until the tunnel stands */
        result = gim_dial(c->stream, c->worker->loop, to, &client_user);
    } else if (t->tls) {
        c->stream = &tls_stream(c)->stream;
        result = gim_tls_dial(c->tls, c->worker->tls, c->worker->loop, to, t->host, &client_user);
    } else {
        result = gim_dial(&c->plain, c->worker->loop, to, &client_user);
        c->stream = &c->plain;
    }
    if (result) {
        c->stream = NULL;
        rest_after(c, errno);
        return;
    }
    c->stream->owner = c;
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
    gim_buf_free(&c->carry);
    gim_buf_free(&c->body);
}

/* ---- sending ------------------------------------------------------------------------------------ */

void client_transmit(struct load_client *c, gim_str bytes, bool head_request)
{
    c->state = CLIENT_BUSY;
    c->first = 0;
    c->body.len = 0;
    gim_response_start(&c->response, head_request);
    set_deadline(c);
    c->stream->ops->write(c->stream, bytes);
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
    c->planned = planned;
    c->counted = counted;
    c->hops = 0;
    c->dial_ns = c->state == CLIENT_IDLE ? c->dial_ns : 0;
    if (c->state == CLIENT_IDLE) {
        send_now(c);
        return;
    }
    c->wanted = true;
    if (c->state == CLIENT_CLOSED)
        client_dial(c);
}

/* Open: the proxy's tunnel is built first if there must be one. */
static void on_open(struct gim_stream *s)
{
    struct load_client *c = s->owner;
    const struct load_target *t = target_of(c);
    const struct load_route *r = route_of(c);
    int64_t took = worker_now() - c->dial_start;

    if (t->tls && r->proxy && s == &c->tls->socket) {
        struct gim_buf b = {0};

        gim_buf_printf(&b, "CONNECT %s:%d HTTP/1.1\r\nHost: %s:%d\r\n%s\r\n", t->host, t->port,
                       t->host, t->port, r->proxy_auth);
        c->state = CLIENT_TUNNEL;
        gim_response_start(&c->response, true);
        c->stream->ops->write(c->stream, gim_buf_view(&b));
        gim_buf_free(&b);
        return;
    }
    c->dial_ns = took;
    c->worker->result->connects++;
    gim_histogram_record(&c->worker->result->dial, took);
    c->state = CLIENT_IDLE;
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

    if (c->response.status / 100 != 2) {
        fail(c, LOAD_OTHER, "the proxy refused the tunnel");
        return;
    }
    if (gim_tls_start(s, c->worker->tls, target_of(c)->host, &client_user)) {
        fail(c, LOAD_TLS, "TLS could not be started through the proxy");
        return;
    }
    c->stream = &s->stream;
    c->stream->owner = c;
    c->state = CLIENT_DIALLING;
}

static const char *unexpected(struct load_client *c)
{
    const struct load_plan *p = plan_of(c);

    if (p->expect_status && c->response.status != p->expect_status)
        return "unexpected status";
    if (p->expect_body &&
        !(c->body.len && memmem(c->body.ptr, c->body.len, p->expect_body, strlen(p->expect_body))))
        return "the body does not hold what --expect-body asks for";
    return NULL;
}

static void keep_body(struct load_client *c, gim_str data)
{
    if (plan_of(c)->expect_body && c->body.len + data.len <= BODY_KEPT)
        gim_buf_str(&c->body, data);
}

/* An answer that came whole in one read ended when that read began to be looked at: what parsing took
 * is ours, not the server's. */
static void on_response_end(struct load_client *c, bool more_came, int64_t now)
{
    const char *error = NULL;

    if (c->state == CLIENT_TUNNEL) {
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
    if (!c->response.keep_alive || more_came || plan_of(c)->no_keepalive ||
        (c->hop && c->hop->elsewhere))
        client_hang_up(c);
    else
        c->state = CLIENT_IDLE;
    hop_end(c);
    worker_answered(c->worker, c, now);
}

static void on_bad(struct load_client *c)
{
    bool cut = c->response.body_bytes || c->response.left;

    fail(c, cut ? LOAD_TRUNCATED : LOAD_BAD_HTTP, c->response.reason);
}

/* What is left of a partial head is kept; everything else was used. */
static void keep_partial(struct load_client *c, gim_str in, bool from_carry)
{
    if (!in.len) {
        c->carry.len = 0;
        return;
    }
    if (from_carry) {
        memmove(c->carry.ptr, in.ptr, in.len);
        c->carry.len = in.len;
    } else {
        gim_buf_str(&c->carry, in);
    }
}

static void on_data(struct gim_stream *s, gim_str in)
{
    struct load_client *c = s->owner;
    bool from_carry = c->carry.len > 0;
    bool whole = !c->first; /* its first bytes come now */

    if (c->state != CLIENT_BUSY && c->state != CLIENT_TUNNEL) {
        client_hang_up(c); /* bytes that nobody asked for: not a server to keep talking to */
        return;
    }
    if (whole)
        c->first = worker_now();
    if (from_carry) {
        gim_buf_str(&c->carry, in);
        in = gim_buf_view(&c->carry);
    }
    for (;;) {
        switch (gim_response_next(&c->response, &in)) {
        case GIM_RESPONSE_HEAD:
            hop_note(c);
            break;
        case GIM_RESPONSE_DATA:
            keep_body(c, c->response.data);
            break;
        case GIM_RESPONSE_END:
            c->carry.len = 0;
            on_response_end(c, in.len > 0, whole ? c->first : worker_now());
            return;
        case GIM_RESPONSE_BAD:
            on_bad(c);
            return;
        case GIM_RESPONSE_MORE:
            keep_partial(c, in, from_carry);
            return;
        }
    }
}

static void on_end(struct gim_stream *s)
{
    struct load_client *c = s->owner;

    if (c->state == CLIENT_BUSY || c->state == CLIENT_TUNNEL) {
        bool cut = c->tls && s == &c->tls->stream && c->tls->why[0]; /* no close_notify */

        if (c->first && gim_response_eof(&c->response) == GIM_RESPONSE_END && !cut)
            on_response_end(c, true, worker_now());
        else if (c->first && cut)
            fail(c, LOAD_TRUNCATED, c->tls->why);
        else if (!c->first)
            fail(c, LOAD_RESET, "EOF: the server closed the connection without an answer");
        else
            fail(c, LOAD_TRUNCATED, c->response.reason);
        return;
    }
    client_hang_up(c); /* an idle connection: dialled again when it is needed */
}

static void on_error(struct gim_stream *s, int err)
{
    struct load_client *c = s->owner;
    bool dialling = c->state == CLIENT_DIALLING;

    c->next_address += dialling;
    if (c->state == CLIENT_IDLE)
        client_hang_up(c);
    else
        fail_errno(c, err, dialling);
}

static void on_drained(struct gim_stream *s)
{
    struct load_client *c = s->owner;

    c->written = worker_now(); /* the kernel has taken the last of it */
}

static const struct gim_stream_user client_user = {
    .on_open = on_open,
    .on_data = on_data,
    .on_drained = on_drained,
    .on_end = on_end,
    .on_error = on_error,
};

static void on_deadline(struct gim_timer *t)
{
    struct load_client *c = GIM_CONTAINER(t, struct load_client, timer);

    switch ((enum client_state)c->state) {
    case CLIENT_RESTING:
        c->resting = false;
        c->state = CLIENT_CLOSED;
        if (c->wanted)
            client_dial(c);
        else
            worker_ready(c->worker, c);
        break;
    case CLIENT_DIALLING:
    case CLIENT_TUNNEL:
        fail(c, LOAD_TIMEOUT,
             target_of(c)->tls
                 ? "dial tcp: connecting and the TLS handshake took longer than the timeout (-t)"
                 : "dial tcp: the connection was not open within the timeout (-t)");
        break;
    case CLIENT_BUSY:
        fail(c, LOAD_TIMEOUT, "the answer was not complete within the timeout (-t)");
        break;
    case CLIENT_IDLE:
    case CLIENT_CLOSED:
        break;
    }
}

void client_init(struct load_client *c, struct load_worker *w)
{
    *c = (struct load_client){.worker = w, .timer = {.on_due = on_deadline}};
}
