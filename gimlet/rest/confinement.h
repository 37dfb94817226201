/* confinement.h: the seam for what shuts the process in before it serves: kit/sandbox.c. One pointer
 * of the application's spec leads here. */
#ifndef REST_CONFINEMENT_H
#define REST_CONFINEMENT_H

#include <gimlet/option.h>
#include <gimlet/sandbox.h>

struct gim_confinement {
    const struct gim_option *options; /* rows over struct gim_settings */
    /** The sockets are bound, there is no other thread. 0, or an exit code with a sentence in `err`. */
    int (*enter)(struct gim_app *app, char *err, size_t err_len);
    /** The end of the start line, once entered: "", ", as root". */
    const char *(*describe)(const struct gim_app *app);
};

#endif
