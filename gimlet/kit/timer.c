/* timer.c: timers of the application on a worker's loop, over the loop's own.
 *
 * A ticket is a slot and a generation, as a request's handle is: slots stay while the worker lives,
 * so that a stale ticket can be looked at. A repeating timer keeps the time its rhythm is due at apart
 * from the jitter and lateness of the single run: periods that have passed meanwhile are skipped, and
 * the rhythm does not drift. */
#include "../rest/work.h"
#include <errno.h>
#include <gimlet/task.h>
#include <sys/random.h>

#define TICKETS_A_SLAB 32
#define SLABS_MAX (65536 / TICKETS_A_SLAB)

struct ticket {
    struct gim_timer timer;
    struct timers *owner;
    gim_work *run;
    void *arg;
    int64_t every;  /* ms; 0: once */
    int64_t jitter; /* ms */
    uint64_t due;   /* loop ms, without jitter */
    uint32_t generation;
    struct ticket *next_free;
};

struct ticket_slab {
    struct ticket_slab *next;
    struct ticket tickets[TICKETS_A_SLAB];
};

struct timers { /* a worker's */
    struct gim_part part;
    struct gim_worker *worker;
    struct ticket_slab *slabs;
    struct ticket *free;
    uint32_t n_slabs;
    bool stopped;
};

static const char timers_key;

/* ---- a worker's timers ----------------------------------------------------------------------- */

static void stop(struct gim_part *p)
{
    struct timers *t = GIM_CONTAINER(p, struct timers, part);

    t->stopped = true;
    for (struct ticket_slab *s = t->slabs; s; s = s->next) {
        for (int i = 0; i < TICKETS_A_SLAB; i++)
            gim_timer_clear(t->worker->wire.loop, &s->tickets[i].timer);
    }
}

static void release(struct gim_part *p)
{
    struct timers *t = GIM_CONTAINER(p, struct timers, part);

    stop(p);
    while (t->slabs) {
        struct ticket_slab *s = t->slabs;

        t->slabs = s->next;
        gim_heap_free(s);
    }
    gim_heap_free(t);
}

static struct timers *timers_of(struct gim_worker *w)
{
    struct gim_part *p = gim_worker_part(w, &timers_key);
    struct timers *t;

    if (p)
        return GIM_CONTAINER(p, struct timers, part);
    t = gim_heap_alloc(sizeof *t);
    t->part = (struct gim_part){.key = &timers_key, .stop = stop, .release = release};
    t->worker = w;
    t->stopped = atomic_load(&w->app->closed); /* what is made now is told of no stop */
    gim_worker_add(w, &t->part);
    return t;
}

/* ---- tickets --------------------------------------------------------------------------------- */

static struct ticket *take(struct timers *t)
{
    struct ticket *k = t->free;

    if (!k && t->n_slabs < SLABS_MAX) {
        struct ticket_slab *s = gim_heap_alloc(sizeof *s);

        s->next = t->slabs;
        t->slabs = s;
        t->n_slabs++;
        for (int i = 0; i < TICKETS_A_SLAB; i++) {
            s->tickets[i].owner = t;
            s->tickets[i].next_free = t->free;
            t->free = &s->tickets[i];
        }
        k = t->free;
    }
    if (k)
        t->free = k->next_free;
    return k;
}

static void give(struct ticket *k)
{
    gim_timer_clear(k->owner->worker->wire.loop, &k->timer);
    k->generation++;
    k->run = NULL;
    k->next_free = k->owner->free;
    k->owner->free = k;
}

static uint64_t random_below(uint64_t n)
{
    uint64_t r = 0;

    if (!n)
        return 0;
    while (getrandom(&r, sizeof r, 0) < 0 && errno == EINTR)
        ;
    return r % n;
}

static void set(struct ticket *k)
{
    struct gim_loop *loop = k->owner->worker->wire.loop;
    uint64_t at = k->due + random_below((uint64_t)k->jitter), now = gim_loop_ms(loop);

    gim_timer_set(loop, &k->timer, at > now ? at - now : 1);
}

static void on_due(struct gim_timer *timer)
{
    struct ticket *k = GIM_CONTAINER(timer, struct ticket, timer);
    struct gim_worker *w = k->owner->worker;
    gim_work *run = k->run;
    void *arg = k->arg;
    uint64_t every = (uint64_t)k->every, now = gim_loop_ms(w->wire.loop);

    if (every && w->wire.draining) /* else what it begins might hold up the stop for ever */
        return;
    if (every) {
        k->due += every * (now > k->due ? (now - k->due) / every + 1 : 1);
        set(k);
    } else {
        give(k);
    }
    run(w->app, w->wire.worker, arg);
}

static struct ticket *begin(struct gim_app *app, unsigned worker, int64_t first)
{
    struct gim_worker *w = worker < app->workers ? app->running[worker] : NULL;
    struct timers *t = w ? timers_of(w) : NULL;
    struct ticket *k = t && !t->stopped && first > 0 ? take(t) : NULL;

    if (k) {
        k->timer.on_due = on_due;
        k->jitter = 0;
        k->due = gim_loop_ms(w->wire.loop) + (uint64_t)first;
    }
    return k;
}

void gim_timer_begin(struct gim_app *app, unsigned worker, const struct gim_timer_row *row)
{
    struct ticket *k = begin(app, worker, row->first ? row->first : row->every);

    if (!k)
        return;
    k->run = row->run;
    k->arg = row->arg;
    k->every = row->every;
    k->jitter = row->jitter;
    set(k);
}

static gim_ticket ticket(struct ticket *k, int64_t every, gim_work *fn, void *arg)
{
    if (!k)
        return (gim_ticket){0};
    k->run = fn;
    k->arg = arg;
    k->every = every;
    set(k);
    return (gim_ticket){k, k->generation};
}

gim_ticket gim_after(struct gim_app *app, unsigned worker, int64_t ms, gim_work *fn, void *arg)
{
    return ticket(begin(app, worker, ms), 0, fn, arg);
}

gim_ticket gim_every(struct gim_app *app, unsigned worker, int64_t ms, gim_work *fn, void *arg)
{
    return ticket(begin(app, worker, ms), ms, fn, arg);
}

bool gim_ticket_cancel(gim_ticket t)
{
    struct ticket *k = t.slot;

    if (!k || k->generation != t.generation || !k->run)
        return false;
    give(k);
    return true;
}
