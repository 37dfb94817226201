/* task.c: work handed to a loop, and work for the pool with its completion on a loop.
 *
 * Each is one heap block that goes when it has run. Both are bounded: what waits for a loop by a
 * count, what waits for the pool by the pool's own queue. */
#include <gimlet/task.h>
#include "../rest/work.h"

#define POSTED_MAX 65536

struct posted {
    struct gim_task task;
    struct gim_app *app;
    unsigned worker;
    gim_work *fn;
    void *arg;
};

static void run_posted(struct gim_task *t)
{
    struct posted p = *GIM_CONTAINER(t, struct posted, task);

    gim_heap_free(GIM_CONTAINER(t, struct posted, task));
    atomic_fetch_sub_explicit(&p.app->posted, 1, memory_order_relaxed);
    p.fn(p.app, p.worker, p.arg);
}

/* Between enter and leave. */
static int post(struct gim_app *app, unsigned worker, gim_work *fn, void *arg)
{
    struct posted *p;

    if (worker >= app->workers || !app->loops[worker])
        return -1;
    if (atomic_fetch_add_explicit(&app->posted, 1, memory_order_relaxed) >= POSTED_MAX) {
        atomic_fetch_sub_explicit(&app->posted, 1, memory_order_relaxed);
        return -1;
    }
    p = gim_heap_alloc(sizeof *p);
    *p = (struct posted){.task.run = run_posted, app, worker, fn, arg};
    gim_loop_post(app->loops[worker], &p->task);
    return 0;
}

int gim_post(struct gim_app *app, unsigned worker, gim_work *fn, void *arg)
{
    int result;

    if (!gim_app_enter(app))
        return -1;
    result = post(app, worker, fn, arg);
    gim_app_leave(app);
    return result;
}

/* ---- background ------------------------------------------------------------------------------ */

struct background {
    struct gim_job job;
    struct gim_task task;
    struct gim_app *app;
    unsigned worker;
    int result;
    gim_background_work *work;
    gim_background_done *done;
    void *arg;
};

static void run_done(struct gim_task *t)
{
    struct background *b = GIM_CONTAINER(t, struct background, task);

    if (b->done)
        b->done(b->app, b->worker, b->result, b->arg);
    atomic_fetch_sub_explicit(&b->app->shared.background, 1, memory_order_relaxed);
    gim_heap_free(b);
}

static void run_work(struct gim_job *j)
{
    struct background *b = GIM_CONTAINER(j, struct background, job);

    b->result = atomic_load(&b->app->closed) ? GIM_CUT : b->work(b->arg);
    b->task.run = run_done;
    gim_loop_post(b->app->loops[b->worker], &b->task);
}

static int submit(struct gim_app *app, struct background *b)
{
    if (b->worker >= app->workers || !app->loops[b->worker])
        return -1;
    atomic_fetch_add_explicit(&app->shared.background, 1, memory_order_relaxed);
    if (!gim_pool_submit(gim_app_pool(app), &b->job))
        return 0;
    atomic_fetch_sub_explicit(&app->shared.background, 1, memory_order_relaxed);
    return -1;
}

int gim_background(struct gim_app *app, unsigned worker, gim_background_work *work,
                   gim_background_done *done, void *arg)
{
    struct background *b;
    int result;

    if (!gim_app_enter(app))
        return -1;
    b = gim_heap_alloc(sizeof *b);
    b->job.run = run_work;
    b->app = app;
    b->worker = worker;
    b->work = work;
    b->done = done;
    b->arg = arg;
    result = submit(app, b);
    if (result)
        gim_heap_free(b);
    gim_app_leave(app);
    return result;
}
