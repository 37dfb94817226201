/* observer.h: the seam for somebody who watches requests and counts: kit/metrics.c. One pointer of
 * the application's spec leads here; where it is NULL, watching costs a compare a request. */
#ifndef REST_OBSERVER_H
#define REST_OBSERVER_H

#include <gimlet/metrics.h>
#include <gimlet/option.h>

struct gim_buf;
struct gim_worker;

struct gim_observer {
    const struct gim_option *options; /* rows over struct gim_settings */
    /** The application is built: sets app->observed. 0, or -1 with lines in `why`. */
    int (*open)(struct gim_app *app, struct gim_buf *why);
    /** The program begins to serve. 0, or an exit code with a sentence in `err`. */
    int (*start)(struct gim_app *app, char *err, size_t err_len);
    void (*close)(struct gim_app *app);
    /** A worker begins, on its own thread: sets w->observed. */
    void (*enter)(struct gim_worker *w);
    /** It has ended: no loop runs any more, its own is still there. */
    void (*leave)(struct gim_worker *w);
    /** A request was answered, `status`, or its client went before: 0. The worker's thread. What did
     *  not become a request (no head) has c->begun or c->start_ns 0. */
    void (*done)(struct gim_worker *w, const struct gim_ctx *c, int status);
};

#endif
