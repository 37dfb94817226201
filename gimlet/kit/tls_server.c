/* tls_server.c: a certificate for the application, and a TLS stream for each connection. It stands
 * apart, because it brings OpenSSL with it: it is linked when &gim_tls_server is named. */
#include "../net/tls.h"
#include "../net/tls_identity.h"
#include "../rest/reload.h"
#include "../rest/secure.h"
#include <errno.h>
#include <gimlet/log.h>
#include <inttypes.h>
#include <stdio.h>

#define DAY 86400
#define WARN_DAYS 14

struct secure {
    struct gim_tls_identity *identity;
    struct gim_reload reload;
};

/* ---- the wire's layer -------------------------------------------------------------------------- */

static struct gim_stream *open_stream(void *with, void *memory, struct gim_loop *l, int fd,
                                      const struct gim_stream_user *user)
{
    struct gim_tls_stream *s = memory;

    if (!with) { /* there was no memory when the worker began */
        errno = ENOMEM;
        return NULL;
    }
    return gim_tls_accept(s, with, l, fd, user) ? NULL : &s->stream;
}

static const struct gim_layer layer = {
    .size = sizeof(struct gim_tls_stream),
    .open = open_stream,
};

static void enter(struct gim_worker *w)
{
    const struct secure *s = w->app->secure;

    w->wire.layer = &layer;
    w->wire.layer_with = gim_tls_serve(s->identity);
}

static void leave(struct gim_worker *w)
{
    gim_tls_free(w->wire.layer_with);
}

/* ---- the certificate --------------------------------------------------------------------------- */

static void warn_of_end(const struct gim_app *app, struct gim_tls_identity *identity)
{
    int64_t left = gim_tls_identity_left(identity);

    if (left <= 0)
        gim_log(GIM_LOG_WARN, app->spec.name,
                "the certificate, or one of its chain, has expired: clients will refuse it");
    else if (left < WARN_DAYS * DAY)
        gim_log(GIM_LOG_WARN, app->spec.name,
                "the certificate, or one of its chain, expires in %" PRId64 " days; SIGHUP reads a "
                "new one",
                left / DAY);
}

static int reload(struct gim_app *app, struct gim_reload *self, char *err, size_t err_len)
{
    struct secure *s = GIM_CONTAINER(self, struct secure, reload);

    if (gim_tls_identity_reload(s->identity, err, err_len))
        return -1;
    warn_of_end(app, s->identity);
    return 0;
}

static int open_identity(struct gim_app *app, char *err, size_t err_len)
{
    const struct gim_tls_settings *set = &app->settings.tls;
    const struct gim_tls_identity_spec spec = {set->cert, set->key, .only_1_3 = set->min == 1};
    bool has_cert = gim_tls_names(set->cert);
    struct secure *s;

    if (!gim_tls_is_set(app))
        return 0;
    if (!has_cert || !gim_tls_names(set->key)) {
        snprintf(err, err_len, "%s is set and %s is not: HTTPS needs both",
                 has_cert ? "--tls-cert" : "--tls-key", has_cert ? "--tls-key" : "--tls-cert");
        return 2;
    }
    s = gim_heap_alloc(sizeof *s);
    s->identity = gim_tls_identity_new(&spec, err, err_len);
    if (!s->identity) {
        gim_heap_free(s);
        return 2;
    }
    warn_of_end(app, s->identity);
    s->reload = (struct gim_reload){.what = "certificates", .run = reload};
    gim_app_on_reload(app, &s->reload);
    app->secure = s;
    return 0;
}

static void close_identity(struct gim_app *app)
{
    struct secure *s = app->secure;

    if (!s)
        return;
    gim_tls_identity_free(s->identity);
    gim_heap_free(s);
    app->secure = NULL;
}

const struct gim_tls_server gim_tls_server = {
    .options = gim_tls_rows,
    .open = open_identity,
    .close = close_identity,
    .enter = enter,
    .leave = leave,
};
