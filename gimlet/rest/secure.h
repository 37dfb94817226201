/* secure.h: the seam for TLS: kit/tls_server.c. One pointer of the application's spec leads here. */
#ifndef REST_SECURE_H
#define REST_SECURE_H

#include "app.h"
#include <gimlet/tls.h>

struct gim_tls_server {
    const struct gim_option *options; /* rows over struct gim_settings */
    /** Before a socket is opened: sets app->secure, or leaves it NULL: plain HTTP. 0, or an exit code
     *  with a sentence in `err`. */
    int (*open)(struct gim_app *app, char *err, size_t err_len);
    void (*close)(struct gim_app *app);
    /** Where app->secure is set: a worker begins, on its own thread (sets its wire's layer), and has
     *  ended: no connection is left. */
    void (*enter)(struct gim_worker *w);
    void (*leave)(struct gim_worker *w);
};

extern const struct gim_option gim_tls_rows[];
/** Does the value of --tls-cert or --tls-key name a file? */
bool gim_tls_names(const char *file);

#endif
