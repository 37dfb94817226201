/* fetch.c: calls to other services: begun, ended once, with or without a request that waits.
 *
 * A call that fails never tells so from inside the call that began it: its end is posted to the loop.
 * So a caller may set up what `done` needs after the start, and nothing of his is on the stack when it
 * runs. The request's form is the other one with a suspension around it. */
#include "fetch.h"
#include <gimlet/fetch.h>
#include <stdarg.h>
#include <stdio.h>

#define CALLS_MAX 4096
#define CONNECT_MS 3000
#define WHOLE_MS 10000
#define BODY_MAX (1 << 20)
#define MS_MAX 86400000

/* ---- the end ----------------------------------------------------------------------------------- */

/* The text, with a NUL behind it. */
static gim_str text_of(struct gim_buf *b)
{
    gim_buf_char(b, '\0');
    return (gim_str){b->ptr, b->len - 1};
}

void gim_fetch_end(struct fetch_call *call)
{
    struct fetch_pool *p = call->pool;
    struct gim_worker *w = p->worker;
    struct gim_fetched f;

    if (!call->failing && call->redirect && gim_fetch_follow(call))
        return;
    f = (struct gim_fetched){
        .status = call->status,
        .body = text_of(&call->body),
        .head = text_of(&call->head),
        .ms = (int64_t)(gim_loop_ms(w->wire.loop) - call->begun),
        .kept = call->kept,
    };

    if (call->failing)
        f = (struct gim_fetched){.error = call->error, .ms = f.ms};
    gim_timer_clear(w->wire.loop, &call->timer);
    gim_list_remove(&call->node);
    p->n_calls--;
    if (call->host)
        call->host->n_calls--;
    call->done(w->app, w->wire.worker, &f, call->arg);
    atomic_fetch_sub_explicit(&w->app->shared.background, 1, memory_order_relaxed);
    gim_fetch_forget(call);
    gim_buf_free(&call->request);
    gim_buf_free(&call->head);
    gim_buf_free(&call->body);
    gim_heap_free(call);
}

static void run_failed(struct gim_task *t)
{
    gim_fetch_end(GIM_CONTAINER(t, struct fetch_call, failed));
}

void gim_fetch_fail(struct fetch_call *call, const char *fmt, ...)
{
    struct gim_loop *loop = call->pool->worker->wire.loop;
    va_list ap;

    if (call->failing)
        return;
    call->failing = true;
    va_start(ap, fmt);
    vsnprintf(call->error, sizeof call->error, fmt, ap);
    va_end(ap);
    gim_timer_clear(loop, &call->timer);
    gim_fetch_let_go(call);
    call->failed.run = run_failed;
    gim_loop_post(loop, &call->failed);
}

/* ---- deadlines --------------------------------------------------------------------------------- */

static void set_timer(struct fetch_call *call, uint64_t at)
{
    struct gim_loop *loop = call->pool->worker->wire.loop;
    uint64_t now = gim_loop_ms(loop);

    gim_timer_set(loop, &call->timer, at > now ? at - now : 1);
}

static void on_deadline(struct gim_timer *t)
{
    struct fetch_call *call = GIM_CONTAINER(t, struct fetch_call, timer);
    bool asked = call->conn && call->conn->client.state == GIM_CLIENT_BUSY;

    gim_fetch_fail(call,
                   asked ? "%s did not answer whole within %lld ms"
                         : "no connection to %s within %lld ms",
                   call->host->name, (long long)(asked ? call->timeout : call->connect_timeout));
}

void gim_fetch_opened(struct fetch_call *call)
{
    set_timer(call, call->answer_by);
}

static int64_t between(int64_t ms, int64_t def)
{
    return ms <= 0 ? def : ms < MS_MAX ? ms : MS_MAX;
}

/* ---- the beginning ----------------------------------------------------------------------------- */

/* NULL: too many, or the end has come. */
static struct fetch_call *call_new(struct gim_app *app, unsigned worker, gim_fetch_done *done,
                                   void *arg)
{
    struct fetch_pool *p = gim_fetch_pool_of(app, worker);
    struct fetch_call *call;

    if (!p || p->stopped || p->n_calls >= CALLS_MAX)
        return NULL;
    call = gim_heap_alloc(sizeof *call);
    call->pool = p;
    call->done = done;
    call->arg = arg;
    call->begun = gim_loop_ms(p->worker->wire.loop);
    call->timer.on_due = on_deadline;
    gim_list_push(&p->calls, &call->node);
    p->n_calls++;
    atomic_fetch_add_explicit(&app->shared.background, 1, memory_order_relaxed);
    return call;
}

void gim_fetch_ask(struct fetch_call *call, const struct gim_fetch *f)
{
    uint64_t connect_by = gim_loop_ms(call->pool->worker->wire.loop);
    char host[FETCH_HOST_MAX];
    int port;
    bool tls;
    const char *why;

    if (call->host)
        call->host->n_calls--;
    call->host = NULL;
    call->request.len = call->head.len = call->body.len = 0;
    call->status = call->tried = 0;
    call->again = false;
    why = gim_fetch_request(call, f, host, &port, &tls);
    if (why) {
        gim_fetch_fail(call, "%s", why);
        return;
    }
    call->host = gim_fetch_host_of(call->pool, host, port, tls ? f->https : NULL);
    if (!call->host) {
        gim_fetch_fail(call, "too many hosts are being asked at once");
        return;
    }
    call->host->n_calls++;
    connect_by += (uint64_t)call->connect_timeout;
    set_timer(call, connect_by < call->answer_by ? connect_by : call->answer_by);
    gim_fetch_begin(call);
}

static void call_start(struct fetch_call *call, const struct gim_fetch *f)
{
    call->connect_timeout = between(f->connect_timeout, CONNECT_MS);
    call->timeout = between(f->timeout, WHOLE_MS);
    if (call->connect_timeout > call->timeout)
        call->connect_timeout = call->timeout;
    call->answer_by = call->begun + (uint64_t)call->timeout;
    call->max_body = f->max_body <= 0                     ? BODY_MAX
                     : f->max_body < (int64_t)GIM_BUF_MAX ? (size_t)f->max_body
                                                          : GIM_BUF_MAX - 1;
    if (f->redirects > 0)
        gim_fetch_keep(call, f);
    gim_fetch_ask(call, f);
}

int gim_fetch_start(struct gim_app *app, unsigned worker, const struct gim_fetch *f,
                    gim_fetch_done *done, void *arg)
{
    struct fetch_call *call = call_new(app, worker, done, arg);

    if (!call)
        return -1;
    call_start(call, f);
    return 0;
}

gim_str gim_fetched_header(const struct gim_fetched *f, gim_str name)
{
    return f->head.len ? gim_response_field(f->head, name) : (gim_str){0};
}

/* ---- for a request ----------------------------------------------------------------------------- */

struct waiter { /* in the request's arena */
    struct gim_ctx *c;
    struct fetch_call *call;
    gim_handle handle;
    gim_handler *then;
    struct gim_fetched result;
};

static const char waiter_key;

static void cancelled(void *arg)
{
    struct waiter *w = arg;

    if (w->call)
        gim_fetch_fail(w->call, "the client has gone");
}

static void answered(struct gim_app *app, unsigned worker, const struct gim_fetched *f, void *arg)
{
    struct waiter *w = arg;
    struct gim_arena *a = gim_arena(w->c);

    (void)app;
    (void)worker;
    w->call = NULL;
    w->result = *f;
    w->result.body = gim_dup(a, f->body);
    w->result.head = gim_dup(a, f->head);
    w->result.error = f->error ? gim_dup(a, gim_str_of(f->error)).ptr : NULL;
    gim_on_cancel(w->c, NULL, NULL);
    gim_resume(w->handle, w->then);
}

int gim_fetch(struct gim_ctx *c, const struct gim_fetch *f, gim_handler *then)
{
    struct waiter *w = GIM_NEW(gim_arena(c), struct waiter);
    struct fetch_call *call;

    w->handle = gim_suspend(c);
    if (!w->handle.slot)
        return gim_problem(c, 500, NULL, "the request could not be handled");
    w->c = c;
    w->then = then;
    gim_put(c, &waiter_key, w);
    call = call_new(gim_ctx_app(c), gim_worker(c), answered, w);
    if (!call) {
        w->result.error = "too many requests to other services are under way";
        gim_resume(w->handle, then);
        return GIM_SUSPENDED;
    }
    w->call = call;
    gim_on_cancel(c, cancelled, w);
    call_start(call, f);
    return GIM_SUSPENDED;
}

const struct gim_fetched *gim_fetched(const struct gim_ctx *c)
{
    const struct waiter *w = gim_get(c, &waiter_key);

    return w ? &w->result : NULL;
}
