/* metrics_listen.c: /metrics on an address of its own, so that it is not where the public is.
 *
 * A second application of one route, with one worker on the loop of the first one's worker 0: the
 * bytes take the same way as any request, and there is no further thread. It serves until that worker
 * has ended, so the last scrape of a server that drains still gets its figures. */
#include "../net/listen.h"
#include "../wire/conn.h"
#include "metrics.h"
#include <gimlet/log.h>
#include <stdio.h>

#define CONNECTIONS 64
#define BACKLOG 64
#define HOST_MAX 256

struct gim_metrics_listener {
    struct gim_listener listener;
    struct gim_worker worker;
    struct gim_app *app;
    uint64_t file; /* of a unix socket */
    char host[HOST_MAX];
    bool started;
};

static int reply(struct gim_ctx *c)
{
    return gim_metrics_write(c, gim_state(c));
}

static const struct gim_route routes[] = {
    GIM_GET("/metrics", reply, .summary = "Figures for Prometheus"),
    {0},
};

/* "127.0.0.1:9100", "[::1]:9100", "*:9100", "9100", "unix:/path". 0, or -1. */
static int split(const char *text, char host[HOST_MAX], int64_t *port)
{
    gim_str s = gim_str_of(text), name = GIM_S("127.0.0.1");
    size_t colon = s.len;

    *port = 0;
    if (gim_str_starts(s, GIM_S("unix:"))) {
        name = s;
    } else {
        while (colon && s.ptr[colon - 1] != ':')
            colon--;
        if (gim_str_to_int((gim_str){s.ptr + colon, s.len - colon}, port) || *port < 0 ||
            *port > 65535)
            return -1;
        if (colon > 1)
            name = (gim_str){s.ptr, colon - 1};
        if (name.len > 2 && name.ptr[0] == '[' && name.ptr[name.len - 1] == ']')
            name = (gim_str){name.ptr + 1, name.len - 2};
    }
    if (name.len >= HOST_MAX)
        return -1;
    memcpy(host, name.ptr, name.len);
    host[name.len] = '\0';
    return 0;
}

static void on_accept(struct gim_listener *l, int fd)
{
    struct gim_metrics_listener *m = GIM_CONTAINER(l, struct gim_metrics_listener, listener);

    gim_conn_accept(&m->worker.wire, fd);
}

/* The application of the one route. */
static struct gim_app *make_app(struct gim_metrics_state *m, char *err, size_t err_len)
{
    struct gim_settings settings = m->app->settings;
    const struct gim_app_spec spec = {
        .name = m->app->spec.name,
        .routes = routes,
        .state = m,
        .no_health = true,
    };

    settings.workers = 1;
    settings.max_connections = CONNECTIONS;
    return gim_app_build(&spec, &settings, err, err_len);
}

int gim_metrics_listen(struct gim_metrics_state *m, char *err, size_t err_len)
{
    const char *address = m->app->settings.metrics_listen;
    struct gim_metrics_listener *l;
    char shown[GIM_ADDRESS_MAX];
    int64_t port;
    int result, fd;

    if (!address || !*address || strcmp(address, "off") == 0)
        return 0;
    l = gim_heap_alloc(sizeof *l);
    l->listener.io.fd = -1;
    m->listener = l;
    if (split(address, l->host, &port)) {
        snprintf(err, err_len, "--metrics-listen takes HOST:PORT, as in 127.0.0.1:9100, not \"%s\"",
                 address);
        return 2;
    }
    l->app = make_app(m, err, err_len);
    if (!l->app)
        return 1;
    result = gim_listen(l->host, (int)port, BACKLOG, &fd, 1, shown, err, err_len);
    if (result)
        return result == GIM_LISTEN_WRONG ? 2 : 1;
    l->file = gim_listen_file(l->host);
    l->listener = (struct gim_listener){
        .io = {.fd = fd},
        .on_accept = on_accept,
        .unix_path = gim_str_starts(gim_str_of(l->host), GIM_S("unix:")),
    };
    gim_log(GIM_LOG_INFO, "metrics", "served at %s/metrics", shown);
    return 0;
}

void gim_metrics_listener_start(struct gim_metrics_listener *l, struct gim_loop *loop)
{
    gim_worker_init(&l->worker, l->app, loop, 0, -1);
    l->started = true;
    if (gim_listener_start(&l->listener, loop))
        gim_log(GIM_LOG_ERROR, "metrics", "cannot listen: no figures are served");
}

void gim_metrics_listener_stop(struct gim_metrics_listener *l)
{
    gim_listen_remove(l->host, l->file);
    gim_listener_stop(&l->listener, true);
    gim_worker_release(&l->worker);
    gim_app_free(l->app); /* now, while its loop is there */
    l->app = NULL;
    l->started = false;
}

void gim_metrics_listener_free(struct gim_metrics_listener *l)
{
    if (l->started)
        gim_metrics_listener_stop(l);
    gim_listener_stop(&l->listener, true);
    gim_app_free(l->app);
    gim_heap_free(l);
}
