/* queue.c: operations on their way to the writer: many push, one takes all.
 *
 * A push is one compare-and-swap on a stack; the taker swaps the whole stack out and turns it
 * round, so order is kept and nobody waits for anybody. Only a taker that found nothing goes to
 * sleep, and only the push that finds it asleep pays for waking it: under load neither side makes a
 * syscall.
 *
 * The one race: the taker says `asleep`, looks once more, then sleeps; a pusher pushes, then looks
 * at `asleep`. Both orders are sequentially consistent, so at least one of them sees the other. */
#include "sqlite.h"

#include <time.h>

void sq_queue_init(struct sq_queue *q)
{
    pthread_condattr_t attr;

    pthread_mutex_init(&q->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&q->wake, &attr);
    pthread_condattr_destroy(&attr);
}

void sq_queue_release(struct sq_queue *q)
{
    pthread_cond_destroy(&q->wake);
    pthread_mutex_destroy(&q->lock);
}

bool sq_queue_reserve(struct sq_queue *q)
{
    if (atomic_fetch_add_explicit(&q->waiting, 1, memory_order_relaxed) < STORE_QUEUE_MAX)
        return true;
    atomic_fetch_sub_explicit(&q->waiting, 1, memory_order_relaxed);
    return false;
}

static void wake(struct sq_queue *q)
{
    if (!atomic_load(&q->asleep) || !atomic_exchange(&q->asleep, false))
        return;
    pthread_mutex_lock(&q->lock);
    pthread_cond_signal(&q->wake);
    pthread_mutex_unlock(&q->lock);
}

void sq_queue_push(struct sq_queue *q, struct store_op *op)
{
    op->next = atomic_load_explicit(&q->head, memory_order_relaxed);
    while (!atomic_compare_exchange_weak(&q->head, &op->next, op))
        continue;
    wake(q);
}

struct store_op *sq_queue_take(struct sq_queue *q)
{
    struct store_op *newest = atomic_exchange(&q->head, NULL);
    struct store_op *oldest = NULL;

    while (newest) {
        struct store_op *next = newest->next;

        newest->next = oldest;
        oldest = newest;
        newest = next;
    }
    return oldest;
}

void sq_queue_done(struct sq_queue *q, unsigned n)
{
    atomic_fetch_sub_explicit(&q->waiting, n, memory_order_relaxed);
}

static struct timespec in_ms(int ms)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += ms / 1000;
    t.tv_nsec += ms % 1000 * 1000000L;
    if (t.tv_nsec >= 1000000000L) {
        t.tv_sec++;
        t.tv_nsec -= 1000000000L;
    }
    return t;
}

void sq_queue_wait(struct sq_queue *q, int ms)
{
    struct timespec until = in_ms(ms < 0 ? 0 : ms);

    pthread_mutex_lock(&q->lock);
    atomic_store(&q->asleep, true);
    /* A pusher (or close) clears `asleep` before it signals: a signal is never missed. */
    while (atomic_load(&q->asleep) && !atomic_load(&q->head) && !atomic_load(&q->closed) &&
           !atomic_load(&q->poked)) {
        int err = ms < 0 ? pthread_cond_wait(&q->wake, &q->lock)
                         : pthread_cond_timedwait(&q->wake, &q->lock, &until);

        if (err)
            break;
    }
    atomic_store(&q->asleep, false);
    atomic_store(&q->poked, false);
    pthread_mutex_unlock(&q->lock);
}

void sq_queue_poke(struct sq_queue *q)
{
    atomic_store(&q->poked, true);
    wake(q);
}

void sq_queue_close(struct sq_queue *q)
{
    atomic_store(&q->closed, true);
    wake(q);
}
