/* fetch_names.c: where the hosts of the client are.
 *
 * The C library's resolver blocks, so names are asked for on the pool of threads, once for all calls
 * that wait for one host. The answer is used for a while without asking again: a name's own lifetime is
 * not told by getaddrinfo. */
#include "fetch.h"
#include <gimlet/task.h>

#define KNOWN_MS 30000 /* how long an answer of the resolver is used */

struct lookup {
    struct fetch_host *host;
    int port;
    struct gim_address addresses[FETCH_ADDRESSES];
    char name[FETCH_HOST_MAX];
    char err[160];
};

static void fail_waiting(struct fetch_host *h, const char *why)
{
    while (!gim_list_empty(&h->waiting))
        gim_fetch_fail(GIM_CONTAINER(h->waiting.next, struct fetch_call, wait), "%s", why);
}

static int look_up(void *arg)
{
    struct lookup *l = arg;
    int64_t ns;

    return gim_resolve(l->name, l->port, l->addresses, FETCH_ADDRESSES, &ns, l->err, sizeof l->err);
}

static void looked_up(struct gim_app *app, unsigned worker, int n, void *arg)
{
    struct lookup *l = arg;
    struct fetch_host *h = l->host;

    (void)app;
    (void)worker;
    h->resolving = false;
    if (n > 0) {
        memcpy(h->addresses, l->addresses, sizeof h->addresses);
        h->n = n;
        h->next = 0;
        h->known_until = gim_loop_ms(h->pool->worker->wire.loop) + KNOWN_MS;
        gim_fetch_serve(h);
    } else {
        fail_waiting(h, n == GIM_CUT ? "the server stops" : l->err);
    }
    gim_heap_free(l);
}

/* Addresses written as numbers are known at once; a name is asked for on the pool. */
void gim_fetch_resolve(struct fetch_host *h)
{
    struct gim_worker *w = h->pool->worker;
    char err[160];
    int n = gim_resolve_literal(h->name, h->port, h->addresses, err, sizeof err);
    struct lookup *l;

    if (n > 0) {
        h->n = n;
        h->next = 0;
        h->known_until = UINT64_MAX;
        return;
    }
    if (n < 0) {
        fail_waiting(h, err);
        return;
    }
    l = gim_heap_alloc(sizeof *l);
    l->host = h;
    l->port = h->port;
    memcpy(l->name, h->name, sizeof l->name);
    h->resolving = true;
    if (!gim_background(w->app, w->wire.worker, look_up, looked_up, l))
        return;
    h->resolving = false;
    gim_heap_free(l);
    fail_waiting(h, "too many names are being looked up; try again");
}
