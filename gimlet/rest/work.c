/* work.c: work beside the requests, and its end.
 *
 * The end is what needs care: a thread of the application's own may hand over work at any moment,
 * while loops and pool are about to go. So whoever does enters first and leaves after; the stop says
 * "closed", waits for those inside (microseconds), and from then on is alone. What was taken until
 * then has its turn before the application's own `stop` runs, which may then free what it uses. */
#include "work.h"
#include <sched.h>

/* ---- parts ----------------------------------------------------------------------------------- */

struct gim_part *gim_worker_part(const struct gim_worker *w, const void *key)
{
    struct gim_part *p = w->parts;

    while (p && p->key != key)
        p = p->next;
    return p;
}

void gim_worker_add(struct gim_worker *w, struct gim_part *p)
{
    p->next = w->parts;
    w->parts = p;
}

void gim_worker_begin_timers(struct gim_worker *w)
{
    struct gim_app *app = w->app;
    const struct gim_timer_row *row = app->spec.timers;

    for (; row && row->run; row++) {
        if (row->worker == GIM_EACH_WORKER ||
            (unsigned)row->worker % app->workers == w->wire.worker)
            row->begin(app, w->wire.worker, row);
    }
}

int gim_timer_rows_check(const struct gim_app_spec *spec, struct gim_buf *why)
{
    const struct gim_timer_row *row = spec->timers;
    int defects = 0;

    for (; row && row->run; row++) {
        const char *what = row->every < 1   ? ".every must be 1 ms or more"
                           : row->first < 0 ? ".first must not be negative"
                           : row->jitter < 0 || row->jitter >= row->every
                               ? ".jitter must be 0 or more, and less than .every"
                           : row->worker < GIM_EACH_WORKER
                               ? ".worker is an index or GIM_EACH_WORKER"
                           : !row->begin ? "write the row with GIM_EVERY"
                                         : NULL;

        if (!what)
            continue;
        gim_buf_printf(why, "%s:%d: timer %s: %s\n", row->file ? row->file : "?", row->line,
                       row->name ? row->name : "(no name)", what);
        defects++;
    }
    return defects;
}

/* ---- threads that hand over work ------------------------------------------------------------- */

bool gim_app_enter(struct gim_app *app)
{
    atomic_fetch_add(&app->entered, 1);
    if (!atomic_load(&app->closed))
        return true;
    gim_app_leave(app);
    return false;
}

void gim_app_leave(struct gim_app *app)
{
    atomic_fetch_sub_explicit(&app->entered, 1, memory_order_release);
}

struct gim_pool *gim_app_pool(struct gim_app *app)
{
    const struct gim_settings *s = &app->settings;
    struct gim_pool *p = atomic_load_explicit(&app->pool, memory_order_acquire);
    struct gim_pool *none = NULL;

    if (p)
        return p;
    p = gim_pool_new((unsigned)s->blocking_threads, (unsigned)s->blocking_queue);
    if (atomic_compare_exchange_strong(&app->pool, &none, p))
        return p;
    gim_pool_free(p);
    return none;
}

/* ---- the end --------------------------------------------------------------------------------- */

static void stop_parts(const struct gim_app *app)
{
    for (unsigned i = 0; i < app->workers; i++) {
        struct gim_part *p = app->running[i] ? app->running[i]->parts : NULL;

        for (; p; p = p->next)
            p->stop(p);
    }
}

void gim_app_stop(struct gim_app *app)
{
    struct gim_pool *pool;

    if (atomic_load(&app->closed))
        return;
    stop_parts(app);
    atomic_store(&app->closed, true);
    while (atomic_load_explicit(&app->entered, memory_order_acquire))
        sched_yield();
    pool = atomic_exchange(&app->pool, NULL);
    gim_pool_free(pool);
    for (unsigned i = 0; i < app->workers; i++) {
        if (app->running[i])
            gim_loop_finish(app->loops[i]);
    }
}
