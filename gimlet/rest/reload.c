/* reload.c: what SIGHUP means.
 *
 * Two things come as SIGHUP: an operator's "read your files again", and the kernel's "your terminal is
 * gone". They are told apart by looking whether a terminal that was there is there no more. Service
 * managers wait for the end of a reload: RELOADING=1 with the time, then READY=1 (sd_notify(3)). The
 * time lets them tell this reload from one that was asked for later. */
#include "reload.h"
#include "../base/clock.h"
#include "../net/signals.h"
#include "../net/supervisor.h"
#include <gimlet/log.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

static void tell_begin(void)
{
    char words[64];

    snprintf(words, sizeof words, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, gim_clock_ns() / 1000);
    gim_notify(words);
}

static unsigned run_part(struct gim_app *app, struct gim_reload *r)
{
    char err[256] = "";

    if (r->run(app, r, err, sizeof err) == 0) {
        gim_log(GIM_LOG_INFO, app->spec.name, "SIGHUP: reloaded %s", r->what);
        return 0;
    }
    gim_log(GIM_LOG_ERROR, app->spec.name, "SIGHUP: the old %s stay: %s", r->what, err);
    return 1;
}

/* The application has said why by itself. */
static unsigned run_own(struct gim_app *app)
{
    if (app->spec.reload(app, app->spec.state) == 0) {
        gim_log(GIM_LOG_INFO, app->spec.name, "SIGHUP: reloaded");
        return 0;
    }
    gim_log(GIM_LOG_ERROR, app->spec.name, "SIGHUP: not reloaded, what was in force stays");
    return 1;
}

void gim_app_on_reload(struct gim_app *app, struct gim_reload *r)
{
    struct gim_reload **last = &app->reloads;

    while (*last)
        last = &(*last)->next;
    r->next = NULL;
    *last = r;
}

unsigned gim_app_reload(struct gim_app *app)
{
    unsigned failed = 0;

    tell_begin();
    for (struct gim_reload *r = app->reloads; r; r = r->next)
        failed += run_part(app, r);
    if (app->spec.reload)
        failed += run_own(app);
    else if (!app->reloads)
        gim_log(
            GIM_LOG_INFO, app->spec.name,
            "SIGHUP: there is nothing to reload; logs are stdout and stderr, whoever keeps them "
            "rotates them");
    gim_notify("READY=1");
    return failed;
}

void gim_hangup_begin(struct gim_app *app)
{
    gim_signals_hold_hangup();
    app->at_terminal = isatty(STDERR_FILENO);
}

bool gim_hangup_came(void *user)
{
    struct gim_app *app = user;

    if (app->at_terminal && !isatty(STDERR_FILENO))
        return true;
    (void)gim_app_reload(app);
    return false;
}
