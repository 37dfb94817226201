/* async.c: requests that run elsewhere: suspend and resume, the blocking pool, cancel, defer.
 *
 * A handle is a slot and a generation. Slots are never given back to the heap while their worker
 * lives, so that a stale handle can be looked at safely from any thread: resuming is one
 * compare-and-swap of the generation, and only the winner may touch the request behind the slot.
 * The suspension holds a reference on the exchange, so its memory lives until the resume has been
 * dealt with on the loop, whatever became of the client. */
#include "../base/clock.h"
#include "mistake.h"
#include "work.h"

#define SLOTS_A_SLAB 64

struct gim_slot {
    _Atomic uint32_t generation; /* even: free or waiting; odd: resumed, on its way to the loop */
    struct gim_ctx *c;
    struct gim_loop *loop; /* of its worker, for ever */
    struct gim_slot *next_free;
};

struct gim_slot_slab {
    struct gim_slot_slab *next;
    struct gim_slot slots[SLOTS_A_SLAB];
};

static struct gim_slot *slot_take(struct gim_worker *w)
{
    struct gim_slot *s = w->free_slots;

    if (!s) {
        struct gim_slot_slab *slab = gim_heap_alloc(sizeof *slab);

        slab->next = w->slabs;
        w->slabs = slab;
        for (int i = 0; i < SLOTS_A_SLAB; i++) {
            slab->slots[i].loop = w->wire.loop;
            slab->slots[i].next_free = w->free_slots;
            w->free_slots = &slab->slots[i];
        }
        s = w->free_slots;
    }
    w->free_slots = s->next_free;
    return s;
}

/* A request that nobody resumes now is one that nobody can resume any more. */
static void tell_held(const struct gim_worker *w, const struct gim_slot *s)
{
    if (s->c)
        gim_mistake(s->c, GIM_MISTAKE_HELD,
                    "the handler suspended %lld ms ago, and its handle was not resumed when the "
                    "server had stopped; resume each, also when the client has gone",
                    (long long)(gim_loop_ms(w->wire.loop) - s->c->x.start_ms));
}

void gim_slots_release(struct gim_worker *w)
{
    while (w->slabs) {
        struct gim_slot_slab *slab = w->slabs;

        for (int i = 0; i < SLOTS_A_SLAB; i++)
            tell_held(w, &slab->slots[i]);
        w->slabs = slab->next;
        gim_heap_free(slab);
    }
    w->free_slots = NULL;
}

/* A 204 would not be what the route's documentation says. */
static bool owes_reply(const struct gim_route *row)
{
    return row->reply || (row->status && row->status != 204);
}

/* The outcome of a handler, made a reply. False when it is suspended. */
static bool conclude(struct gim_ctx *c, int result)
{
    if (c->x.reply.status)
        return true;
    if (result == GIM_SUSPENDED && c->slot) {
        c->values_before = c->values;
        return false;
    }
    if (result == GIM_OK && !c->slot && !owes_reply(c->match.route->row)) {
        gim_empty(c, 204);
        return true;
    }
    gim_mistake_of_result(c, result);
    gim_problem(c, 500, NULL, "the handler failed");
    return true;
}

bool gim_ctx_run(struct gim_ctx *c, gim_handler *h)
{
    struct gim_worker *w = gim_ctx_worker(c);
    int result;

    gim_worker_at(w, c->match.route);
    result = h(c);
    gim_worker_at(w, NULL);
    return conclude(c, result);
}

/* Has the reply begun, so that a resume can only wake its source? */
static bool is_streamed(const struct gim_ctx *c)
{
    return c->x.reply.pull || c->x.reply.upgrade;
}

/* A slot's handle: of one that was resumed already too, whose resume does nothing more. */
static gim_handle handle_of(struct gim_slot *s)
{
    return (gim_handle){s, atomic_load_explicit(&s->generation, memory_order_relaxed) & ~1u};
}

static void begin_wait(struct gim_ctx *c, struct gim_shed_queue *q)
{
    if (!gim_ctx_worker(c)->shed.target)
        return;
    c->waits_since = gim_loop_ms(c->x.wire->loop);
    gim_shed_enter(q, c->waits_since);
}

static void end_wait(struct gim_ctx *c, struct gim_shed_queue *q, uint64_t waited)
{
    gim_shed_leave(q, gim_loop_ms(c->x.wire->loop), waited, gim_ctx_worker(c)->shed.target);
    c->waits_since = 0;
}

gim_handle gim_suspend(struct gim_ctx *c)
{
    const char *wrong = !c->x.keep || c->on_pool ? "needs .suspends = true in the route"
                        : c->slot                ? "was called twice before a resume"
                                                 : NULL;
    struct gim_slot *s;

    if (c->slot && is_streamed(c)) /* a pull was asked before its handle was resumed */
        return handle_of(c->slot);
    if (wrong) {
        gim_mistake(c, GIM_MISTAKE_PERMITTED, "gim_suspend %s", wrong);
        return (gim_handle){0};
    }
    s = slot_take(gim_ctx_worker(c));
    s->c = c;
    c->slot = s;
    gim_exchange_ref(&c->x);
    if (c->match.route->row->queued)
        begin_wait(c, &gim_ctx_worker(c)->shed.suspended);
    return handle_of(s);
}

static void slot_give(struct gim_worker *w, struct gim_slot *s)
{
    s->c = NULL;
    atomic_fetch_add_explicit(&s->generation, 1, memory_order_release);
    s->next_free = w->free_slots;
    w->free_slots = s;
}

static bool resumed_without(struct gim_ctx *c)
{
    gim_mistake(c, GIM_MISTAKE_PERMITTED,
                "gim_resume(handle, NULL) is for a pull of gim_stream; no stream has begun");
    gim_problem(c, 500, NULL, "the handler failed");
    return true;
}

/* On the loop: the resumed request goes on, if anybody still waits for it. A stream's pull does,
 * whatever `then` was: the reply has begun. */
static void run_resumed(struct gim_task *t)
{
    struct gim_ctx *c = GIM_CONTAINER(t, struct gim_ctx, task);
    struct gim_slot *s = c->slot;

    c->slot = NULL;
    slot_give(gim_ctx_worker(c), s);
    if (c->waits_since)
        end_wait(c, &gim_ctx_worker(c)->shed.suspended,
                 gim_loop_ms(c->x.wire->loop) - c->waits_since);
    if (is_streamed(c))
        gim_exchange_wake(&c->x);
    else if (c->x.conn && (c->then ? gim_ctx_run(c, c->then) : resumed_without(c)))
        gim_exchange_finish(&c->x);
    gim_exchange_unref(&c->x);
}

/* True when the loop is owed a wake. */
static bool resume_quiet(gim_handle h, gim_handler *then)
{
    struct gim_slot *s = h.slot;
    uint32_t expected = h.generation;
    struct gim_ctx *c;

    if (!s || !atomic_compare_exchange_strong_explicit(&s->generation, &expected, expected + 1,
                                                       memory_order_acq_rel, memory_order_relaxed))
        return false;
    c = s->c;
    c->then = then;
    c->task.run = run_resumed;
    return gim_loop_post_quiet(c->x.wire->loop, &c->task);
}

void gim_resume(gim_handle h, gim_handler *then)
{
    gim_resume_all(&(struct gim_resumption){h, then}, 1);
}

#define LOOPS_A_BATCH 16 /* owed wakes remembered; more are paid at once */

void gim_resume_all(const struct gim_resumption *r, size_t n)
{
    struct gim_loop *owed[LOOPS_A_BATCH];
    size_t n_owed = 0;

    for (size_t i = 0; i < n; i++) {
        struct gim_slot *s = r[i].handle.slot;
        struct gim_loop *loop = s ? s->loop : NULL;

        if (!loop)
            continue;
        gim_loop_hold(loop);
        if (resume_quiet(r[i].handle, r[i].then)) {
            if (n_owed < LOOPS_A_BATCH) {
                owed[n_owed++] = loop; /* held until it is woken */
                continue;
            }
            gim_loop_wake(loop);
        }
        gim_loop_let_go(loop);
    }
    for (size_t i = 0; i < n_owed; i++) {
        gim_loop_wake(owed[i]);
        gim_loop_let_go(owed[i]);
    }
}

/* ---- the blocking pool ----------------------------------------------------------------------- */

/* On the loop: the pool has run the handler. */
static void job_done(struct gim_task *t)
{
    struct gim_ctx *c = GIM_CONTAINER(t, struct gim_ctx, task);

    c->on_pool = false;
    if (c->waits_since)
        end_wait(c, &gim_ctx_worker(c)->shed.blocking, c->waited);
    if (c->x.conn) {
        (void)conclude(c, c->job_result);
        gim_exchange_finish(&c->x);
    }
    gim_exchange_unref(&c->x);
}

static void run_job(struct gim_job *j)
{
    struct gim_ctx *c = GIM_CONTAINER(j, struct gim_ctx, job);

    if (c->waits_since)
        c->waited = gim_clock_ms() - c->waits_since;
    /* Under overload the queue may be longer than the handler deadline: without this the pool would
     * only run what has had its 503 already. */
    if (!atomic_load_explicit(&c->unwanted, memory_order_relaxed))
        c->job_result = c->then(c);
    c->task.run = job_done;
    gim_loop_post(c->x.wire->loop, &c->task);
}

bool gim_ctx_block(struct gim_ctx *c, gim_handler *h)
{
    c->then = h;
    c->job.run = run_job;
    c->values_before = c->values;
    c->on_pool = true;
    gim_exchange_ref(&c->x);
    begin_wait(c, &gim_ctx_worker(c)->shed.blocking);
    if (!gim_pool_submit(gim_app_pool(gim_ctx_app(c)), &c->job))
        return true;
    if (c->waits_since)
        gim_shed_undo(&gim_ctx_worker(c)->shed.blocking);
    c->on_pool = false;
    gim_exchange_unref(&c->x);
    return false;
}

/* ---- clean-up -------------------------------------------------------------------------------- */

void gim_ctx_cancel(struct gim_ctx *c)
{
    void (*fn)(void *arg) = c->on_cancel;

    atomic_store_explicit(&c->unwanted, true, memory_order_relaxed);
    c->on_cancel = NULL;
    if (fn)
        fn(c->cancel_arg);
}

void gim_on_cancel(struct gim_ctx *c, void (*fn)(void *arg), void *arg)
{
    if (c->on_pool) { /* the loop may be calling the one before just now */
        gim_mistake(c, GIM_MISTAKE_PERMITTED, "gim_on_cancel is not for .blocking handlers");
        return;
    }
    c->on_cancel = fn;
    c->cancel_arg = arg;
}

void gim_defer(struct gim_ctx *c, void (*fn)(void *arg), void *arg)
{
    struct gim_deferred *d = GIM_NEW(&c->x.arena, struct gim_deferred);

    *d = (struct gim_deferred){c->deferred, fn, arg};
    c->deferred = d;
}
