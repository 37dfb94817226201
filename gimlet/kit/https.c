/* https.c: the client's connections over TLS. It stands apart, because it brings OpenSSL with it, which
 * a program that asks nobody over https shall not carry: it is linked when &gim_https is named. */
#include "../net/tls.h"
#include "fetch.h"
#include <errno.h>

static void *open_context(char *err, size_t err_len)
{
    return gim_tls_new(true, NULL, err, err_len);
}

static void close_context(void *context)
{
    gim_tls_free(context);
}

static void *dial(void *context, struct gim_client *c, struct gim_loop *l,
                  const struct gim_address *to, const char *name)
{
    struct gim_tls_stream *s = gim_heap_alloc(sizeof *s);

    if (gim_tls_dial(s, context, l, to, name, &gim_client_stream)) {
        int err = errno;

        gim_heap_free(s);
        errno = err;
        return NULL;
    }
    gim_client_take(c, &s->stream);
    return s;
}

static void end(void *state)
{
    gim_heap_free(state);
}

static const char *why(const void *state)
{
    const struct gim_tls_stream *s = state;

    return s->why;
}

const struct gim_https gim_https = {
    .open = open_context,
    .close = close_context,
    .dial = dial,
    .end = end,
    .why = why,
};
