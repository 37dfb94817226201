/* watch.c: a thread that asks the loops for a sign of life.
 *
 * Each look finds out which loops have run the ping that was posted to them a quarter of the limit ago,
 * and pings those again. All have: the service manager is told (WATCHDOG=1), so it hears of us four
 * times within its limit. Half the limit without an answer: the loop is stuck, which is logged with
 * the route at fault. The whole limit: whoever set it ends the process, the manager or, for --watchdog,
 * we ourselves by abort(), which leaves a core and loses nothing that was acknowledged.
 *
 * Lateness is counted in looks, not read off a clock: after a stop of the whole process (SIGSTOP, a
 * machine that was paused) loops and watcher are late together, and nobody is stuck. */
#include "watch.h"
#include "../base/clock.h"
#include "../net/supervisor.h"
#include <errno.h>
#include <gimlet/log.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define NS_A_MS 1000000U
#define NS_A_S (1000U * NS_A_MS)
#define LOOKS_A_LIMIT 4
#define LOOKS_TO_STUCK 2
#define STACK (64 << 10)

struct ping {
    struct gim_task task;
    struct gim_watch *watch;
    atomic_bool answered;
    _Atomic(struct gim_worker *) worker; /* known once it has answered */
    uint64_t posted;                     /* ms */
    unsigned looks;                      /* since then */
};

struct gim_watch {
    struct gim_app *app;
    int64_t limit; /* ms */
    bool told;     /* a manager waits for WATCHDOG=1 */
    bool ends;     /* --watchdog: we end the process */
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool stop, joined;
    atomic_uint stuck, total;
    struct ping pings[]; /* a worker each */
};

/* ---- pings ----------------------------------------------------------------------------------- */

static void answer(struct gim_task *t)
{
    struct ping *p = GIM_CONTAINER(t, struct ping, task);
    struct gim_app *app = p->watch->app;

    atomic_store_explicit(&p->worker, app->running[p - p->watch->pings], memory_order_release);
    atomic_store_explicit(&p->answered, true, memory_order_release);
}

static void post(struct gim_watch *w, struct ping *p)
{
    p->looks = 0;
    p->posted = gim_clock_ms();
    atomic_store_explicit(&p->answered, false, memory_order_relaxed);
    gim_loop_post(w->app->loops[p - w->pings], &p->task);
}

static void tell_stuck(struct gim_watch *w, const struct ping *p, enum gim_level level,
                       const char *then)
{
    struct gim_worker *worker = atomic_load_explicit(&p->worker, memory_order_acquire);
    const struct gim_bound_route *at =
        worker ? atomic_load_explicit(&worker->at, memory_order_relaxed) : NULL;

    gim_log(level, w->app->spec.name, "worker %u has been stuck for %llu ms in %s%s%.*s%s",
            (unsigned)(p - w->pings), (unsigned long long)(gim_clock_ms() - p->posted),
            at ? at->row->method : "no handler", at ? " " : "", at ? (int)at->pattern.len : 0,
            at ? at->pattern.ptr : "", then);
}

static void look_at_late(struct gim_watch *w, struct ping *p)
{
    p->looks++;
    if (p->looks == LOOKS_TO_STUCK) {
        atomic_fetch_add(&w->stuck, 1);
        atomic_fetch_add(&w->total, 1);
        tell_stuck(w, p, GIM_LOG_ERROR,
                   ": its clients wait; a handler that waits belongs on the pool (.blocking)");
    }
    if (p->looks >= LOOKS_A_LIMIT && w->ends) {
        tell_stuck(w, p, GIM_LOG_ERROR, ": --watchdog ends the process");
        abort();
    }
}

static void look_at_answered(struct gim_watch *w, struct ping *p)
{
    if (p->looks >= LOOKS_TO_STUCK) {
        atomic_fetch_sub(&w->stuck, 1);
        gim_log(GIM_LOG_WARN, w->app->spec.name, "worker %u turns again, after at least %llu ms",
                (unsigned)(p - w->pings),
                (unsigned long long)(p->looks * (uint64_t)w->limit / LOOKS_A_LIMIT));
    }
    post(w, p);
}

static void look(struct gim_watch *w)
{
    bool all = true;

    for (unsigned i = 0; i < w->app->workers; i++) {
        struct ping *p = &w->pings[i];

        if (atomic_load_explicit(&p->answered, memory_order_acquire)) {
            look_at_answered(w, p);
        } else {
            all = false;
            look_at_late(w, p);
        }
    }
    if (all && w->told)
        gim_notify("WATCHDOG=1");
}

/* ---- the thread ------------------------------------------------------------------------------ */

/* Until the next look. False: no more looks. */
static bool wait_for_look(struct gim_watch *w)
{
    uint64_t due = gim_clock_ns() + (uint64_t)w->limit / LOOKS_A_LIMIT * NS_A_MS;
    const struct timespec at = {.tv_sec = (time_t)(due / NS_A_S), .tv_nsec = (long)(due % NS_A_S)};
    int err = 0;
    bool stop;

    pthread_mutex_lock(&w->lock);
    while (!w->stop && err == 0)
        err = pthread_cond_timedwait(&w->wake, &w->lock, &at);
    stop = w->stop;
    pthread_mutex_unlock(&w->lock);
    return err == ETIMEDOUT && !stop;
}

static void *run(void *arg)
{
    struct gim_watch *w = arg;

    for (unsigned i = 0; i < w->app->workers; i++)
        post(w, &w->pings[i]);
    while (wait_for_look(w))
        look(w);
    return NULL;
}

static int start_thread(struct gim_watch *w)
{
    sigset_t all, before;
    pthread_attr_t attr;
    int err;

    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK > PTHREAD_STACK_MIN ? STACK : (size_t)PTHREAD_STACK_MIN);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    err = pthread_create(&w->thread, &attr, run, w);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attr);
    return err;
}

/* ---- what it was told ------------------------------------------------------------------------ */

/* The manager's limit in ms; 0: it did not ask, or somebody else. */
static int64_t limit_of_manager(void)
{
    const char *pid = getenv("WATCHDOG_PID"), *usec = getenv("WATCHDOG_USEC");
    int64_t whose = getpid(), us = 0;

    if (usec && gim_str_to_int(gim_str_of(usec), &us))
        us = 0;
    if (pid && gim_str_to_int(gim_str_of(pid), &whose))
        whose = 0;
    unsetenv("WATCHDOG_PID");
    unsetenv("WATCHDOG_USEC");
    if (us <= 0 || whose != getpid())
        return 0;
    return us < 4000 ? 4 : us / 1000;
}

static struct gim_watch *watch_new(struct gim_app *app, int64_t managers, int64_t own)
{
    struct gim_watch *w = gim_heap_alloc(sizeof *w + app->workers * sizeof w->pings[0]);
    pthread_condattr_t attr;

    w->app = app;
    w->told = managers > 0;
    w->ends = own > 0;
    w->limit = !managers || (own && own < managers) ? own : managers;
    if (w->limit < LOOKS_A_LIMIT)
        w->limit = LOOKS_A_LIMIT;
    for (unsigned i = 0; i < app->workers; i++) {
        w->pings[i].watch = w;
        w->pings[i].task.run = answer;
    }
    pthread_mutex_init(&w->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&w->wake, &attr);
    pthread_condattr_destroy(&attr);
    return w;
}

int gim_watch_start(struct gim_app *app)
{
    int64_t managers = limit_of_manager(), own = app->settings.watchdog;
    int err;

    if (!managers && !own)
        return 0;
    app->watch = watch_new(app, managers, own);
    err = start_thread(app->watch);
    if (!err)
        return 0;
    gim_log(GIM_LOG_ERROR, app->spec.name, "the watchdog has no thread: %s", strerror(err));
    app->watch->joined = true;
    return -1;
}

void gim_watch_stop(struct gim_app *app)
{
    struct gim_watch *w = app->watch;

    if (!w || w->joined)
        return;
    pthread_mutex_lock(&w->lock);
    w->stop = true;
    pthread_cond_signal(&w->wake);
    pthread_mutex_unlock(&w->lock);
    pthread_join(w->thread, NULL);
    w->joined = true;
    atomic_store(&w->stuck, 0);
}

void gim_watch_free(struct gim_app *app)
{
    struct gim_watch *w = app->watch;

    gim_watch_stop(app);
    app->watch = NULL;
    if (!w)
        return;
    pthread_cond_destroy(&w->wake);
    pthread_mutex_destroy(&w->lock);
    gim_heap_free(w);
}

unsigned gim_watch_stuck(const struct gim_app *app)
{
    return app->watch ? atomic_load(&app->watch->stuck) : 0;
}

unsigned gim_watch_total(const struct gim_app *app)
{
    return app->watch ? atomic_load(&app->watch->total) : 0;
}
