/* tls_options.c: the options of HTTPS, and who only has them. It stands apart from tls_server.c, which
 * brings OpenSSL with it. */
#include "../rest/ctx.h"
#include "../rest/secure.h"
#include <stdio.h>

#define AT(member) GIM_OPTION_AT(struct gim_settings, tls.member)

static const char *const versions[] = {"1.2", "1.3", NULL};

const struct gim_option gim_tls_rows[] = {
    {"tls_cert", GIM_OPTION_STR, AT(cert), "off", .group = "HTTPS", .rare = true,
     .help = "certificate and its chain (PEM); read again by SIGHUP"},
    {"tls_key", GIM_OPTION_STR, AT(key), "off", .group = "HTTPS", .rare = true,
     .help = "its private key (PEM)"},
    {"tls_min", GIM_OPTION_ENUM, AT(min), "1.2", .names = versions, .group = "HTTPS", .rare = true,
     .help = "the oldest version that is spoken: 1.2 or 1.3"},
    {0},
};

bool gim_tls_names(const char *file)
{
    return file && *file && strcmp(file, "off") != 0;
}

bool gim_tls_is_set(const struct gim_app *app)
{
    return gim_tls_names(app->settings.tls.cert) || gim_tls_names(app->settings.tls.key);
}

bool gim_is_tls(const struct gim_ctx *c)
{
    return c->x.wire->layer != NULL;
}

static int refuse(struct gim_app *app, char *err, size_t err_len)
{
    if (!gim_tls_is_set(app))
        return 0;
    snprintf(err, err_len,
             "this program was built without TLS: leave --tls-cert and --tls-key out");
    return 2;
}

static void nothing(struct gim_app *app)
{
    (void)app;
}

const struct gim_tls_server gim_tls_elsewhere = {
    .options = gim_tls_rows,
    .open = refuse,
    .close = nothing,
};
