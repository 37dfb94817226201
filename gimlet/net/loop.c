/* loop.c: one turn after the other: wait, events, streams that had more, timers, tasks, hooks.
 *
 * The clock is read once a turn, after waiting. Tasks of other threads go on a stack by compare and
 * swap; the loop takes the whole stack by one exchange and turns it round, so they run in the order
 * posted. Who finds the stack empty owes the wake, everybody else is covered by it. The eventfd is
 * watched edge-triggered and never read: each write is an edge.
 *
 * `current` is how a callback may free its own object: gim_loop_remove clears it, and whoever
 * called the callback looks at it before touching the object again. */
#include "loop.h"
#include "../base/arena.h"
#include "../base/clock.h"
#include "loop_private.h"
#include <errno.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define FINISH_TURNS 64

static void on_wake(struct gim_io *io, uint32_t events)
{
    (void)io;
    (void)events; /* the tasks are looked at in every turn */
}

/* Runs the first `n`, those that were there when the turn began: what they add waits its turn. */
static void run_ready(struct gim_loop *l, uint32_t n)
{
    if (n == 0)
        return;
    for (uint32_t i = 0; i < n; i++) {
        struct gim_io *io = l->ready[i];

        if (io) {
            l->ready[i] = NULL;
            io->ready_at = 0;
            gim_loop_dispatch(l, io, 0);
        }
    }
    l->ready_n -= n;
    for (uint32_t i = 0; i < l->ready_n; i++) {
        l->ready[i] = l->ready[i + n];
        if (l->ready[i])
            l->ready[i]->ready_at = i + 1;
    }
}

static void run_tasks(struct gim_loop *l)
{
    struct gim_task *t, *in_order = NULL;

    if (!atomic_load_explicit(&l->tasks, memory_order_relaxed))
        return;
    t = atomic_exchange_explicit(&l->tasks, NULL, memory_order_acquire);
    l->busy = true;
    while (t) {
        struct gim_task *next = t->next;

        t->next = in_order;
        in_order = t;
        t = next;
    }
    while (in_order) {
        t = in_order;
        in_order = t->next; /* before run, which may free it or post it again */
        t->run(t);
    }
}

static void run_turn_end(struct gim_loop *l)
{
    struct gim_list *node = l->turn_end.next;

    while (node != &l->turn_end) {
        struct gim_turn_end *t = GIM_CONTAINER(node, struct gim_turn_end, node);

        node = node->next;
        t->run(t);
    }
}

static int time_to_wait(struct gim_loop *l, int max_ms)
{
    int ms;

    if (l->ready_n > 0)
        return 0;
    if (max_ms == 0)
        return 0;
    ms = gim_wheel_wait(l);
    if (ms < 0 || (max_ms > 0 && max_ms < ms))
        return max_ms;
    return ms;
}

void gim_loop_tick(struct gim_loop *l)
{
    l->ns = gim_clock_ns();
    l->ms = l->ns / 1000000;
    l->wall_known = false;
    l->in_turn = true;
}

void gim_loop_dispatch(struct gim_loop *l, struct gim_io *io, uint32_t events)
{
    l->busy = true;
    l->current = io;
    io->on_event(io, events);
    l->current = NULL;
}

void gim_loop_ready(struct gim_loop *l, struct gim_io *io)
{
    if (io->ready_at)
        return;
    if (l->ready_n == l->ready_cap) {
        l->ready_cap = l->ready_cap ? l->ready_cap * 2 : 16;
        l->ready = gim_heap_grow(l->ready, l->ready_cap * sizeof(*l->ready));
    }
    l->ready[l->ready_n++] = io;
    io->ready_at = l->ready_n;
}

struct gim_loop *gim_loop_new(void)
{
    struct gim_loop *l = gim_heap_alloc(sizeof *l);

    l->ms = gim_clock_ms();
    gim_list_init(&l->turn_end);
    gim_wheel_init(l);
    l->wake.on_event = on_wake;
    l->wake.fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (l->wake.fd >= 0) {
        l->backend = &gim_epoll;
        if (l->backend->open(l) == 0) {
            if (gim_loop_add(l, &l->wake, false, false) == 0)
                return l;
            l->backend->close(l);
        }
        close(l->wake.fd);
    }
    gim_heap_free(l);
    return NULL;
}

void gim_loop_free(struct gim_loop *l)
{
    if (!l)
        return;
    while (atomic_load_explicit(&l->holders, memory_order_acquire))
        sched_yield(); /* somebody is about to wake us: microseconds */
    l->backend->close(l);
    close(l->wake.fd);
    gim_heap_free(l->ready);
    gim_heap_free(l->buf);
    gim_heap_free(l);
}

int gim_loop_add(struct gim_loop *l, struct gim_io *io, bool level, bool exclusive)
{
    io->ready_at = 0;
    return l->backend->add(l, io, level, exclusive);
}

void gim_loop_remove(struct gim_loop *l, struct gim_io *io)
{
    l->backend->remove(l, io);
    if (io->ready_at) {
        l->ready[io->ready_at - 1] = NULL;
        io->ready_at = 0;
    }
    if (l->current == io)
        l->current = NULL;
}

bool gim_loop_post_quiet(struct gim_loop *l, struct gim_task *t)
{
    struct gim_task *head = atomic_load_explicit(&l->tasks, memory_order_relaxed);

    do
        t->next = head;
    while (!atomic_compare_exchange_weak_explicit(&l->tasks, &head, t, memory_order_release,
                                                  memory_order_relaxed));
    return !head; /* `t` may be gone by now */
}

void gim_loop_hold(struct gim_loop *l)
{
    atomic_fetch_add_explicit(&l->holders, 1, memory_order_relaxed);
}

void gim_loop_let_go(struct gim_loop *l)
{
    atomic_fetch_sub_explicit(&l->holders, 1, memory_order_release);
}

void gim_loop_post(struct gim_loop *l, struct gim_task *t)
{
    gim_loop_hold(l);
    if (gim_loop_post_quiet(l, t))
        gim_loop_wake(l);
    gim_loop_let_go(l);
}

void gim_loop_wake(struct gim_loop *l)
{
    const uint64_t one = 1;
    int saved = errno; /* a signal handler may be calling */

    while (write(l->wake.fd, &one, sizeof one) < 0 && errno == EINTR)
        ;
    errno = saved;
}

int gim_loop_turn(struct gim_loop *l, int max_ms)
{
    uint32_t ready = l->ready_n;

    l->busy = false;
    if (l->backend->wait(l, time_to_wait(l, max_ms)) < 0)
        return -1;
    run_ready(l, ready);
    gim_wheel_run(l);
    run_tasks(l);
    if (l->busy)
        run_turn_end(l);
    l->in_turn = false;
    return 0;
}

void gim_loop_finish(struct gim_loop *l)
{
    for (int i = 0; i < FINISH_TURNS && gim_loop_turn(l, 0) == 0; i++) {
        if (!atomic_load_explicit(&l->tasks, memory_order_relaxed))
            return;
    }
}

int gim_loop_run(struct gim_loop *l)
{
    while (!atomic_load_explicit(&l->stop, memory_order_acquire))
        if (gim_loop_turn(l, -1) < 0)
            return -1;
    atomic_store_explicit(&l->stop, false, memory_order_relaxed); /* it can be run again */
    return 0;
}

void gim_loop_stop(struct gim_loop *l)
{
    atomic_store_explicit(&l->stop, true, memory_order_release);
    gim_loop_wake(l);
}

void gim_loop_at_turn_end(struct gim_loop *l, struct gim_turn_end *t)
{
    if (!gim_list_in(&t->node))
        gim_list_push(&l->turn_end, &t->node);
}

uint64_t gim_loop_ms(const struct gim_loop *l)
{
    return l->ms;
}

uint64_t gim_loop_ns(const struct gim_loop *l)
{
    return l->in_turn ? l->ns : gim_clock_ns();
}

int64_t gim_loop_wall(struct gim_loop *l)
{
    if (!l->wall_known || !l->in_turn) {
        struct timespec t;

        clock_gettime(CLOCK_REALTIME, &t);
        l->wall = t.tv_sec;
        l->wall_known = true;
    }
    return l->wall;
}

char *gim_loop_buf(struct gim_loop *l)
{
    if (!l->buf)
        l->buf = gim_heap_alloc(GIM_LOOP_BUF);
    return l->buf;
}
