/* pool.c: threads for work that blocks.
 *
 * One mutex and one condition: a job that blocks costs far more than either. A thread is started
 * only when more jobs wait than threads idle, so a service without blocking routes has none. Both
 * bounds are hard: what does not fit in the queue is refused at once, and the caller says 503. */
#include "pool.h"
#include "../base/arena.h"
#include <limits.h>
#include <pthread.h>
#include <signal.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define BIG_STACKS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define BIG_STACKS 1
#endif
#endif

#ifdef BIG_STACKS
#define STACK ((size_t)8 << 20) /* sanitizers put red zones and more on it */
#else
#define STACK ((size_t)128 << 10)
#endif

struct gim_pool {
    pthread_mutex_t lock;
    pthread_cond_t work;
    struct gim_job *first, *last;
    unsigned queued, queue_max;
    unsigned idle, started, threads;
    bool ending;
    pthread_t ids[];
};

static struct gim_job *take(struct gim_pool *p)
{
    struct gim_job *j = p->first;

    p->first = j->next;
    if (!p->first)
        p->last = NULL;
    p->queued--;
    return j;
}

static void *work(void *arg)
{
    struct gim_pool *p = arg;

    pthread_mutex_lock(&p->lock);
    for (;;) {
        while (p->queued == 0 && !p->ending) {
            p->idle++;
            pthread_cond_wait(&p->work, &p->lock);
            p->idle--;
        }
        if (p->queued == 0)
            break;
        struct gim_job *j = take(p);

        pthread_mutex_unlock(&p->lock);
        j->run(j); /* may free j */
        pthread_mutex_lock(&p->lock);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

/* Signals are the program's: its threads take them, ours do not. */
static bool start_thread(struct gim_pool *p)
{
    size_t stack = STACK;
    sigset_t all, before;
    pthread_attr_t attr;
    int err;

    if (stack < (size_t)PTHREAD_STACK_MIN)
        stack = (size_t)PTHREAD_STACK_MIN;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, stack);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    err = pthread_create(&p->ids[p->started], &attr, work, p);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attr);
    if (err)
        return false;
    p->started++;
    return true;
}

static void append(struct gim_pool *p, struct gim_job *j)
{
    j->next = NULL;
    if (p->last)
        p->last->next = j;
    else
        p->first = j;
    p->last = j;
    p->queued++;
}

struct gim_pool *gim_pool_new(unsigned threads, unsigned queue_max)
{
    struct gim_pool *p;

    threads = threads ? threads : 1;
    p = gim_heap_alloc(sizeof *p + threads * sizeof p->ids[0]);
    p->threads = threads;
    p->queue_max = queue_max ? queue_max : 1;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->work, NULL);
    return p;
}

int gim_pool_submit(struct gim_pool *p, struct gim_job *j)
{
    int result = -1;

    pthread_mutex_lock(&p->lock);
    if (p->queued < p->queue_max && !p->ending) {
        bool wanted = p->queued + 1 > p->idle && p->started < p->threads;

        if (!(wanted && !start_thread(p)) || p->started > 0) {
            append(p, j);
            pthread_cond_signal(&p->work);
            result = 0;
        }
    }
    pthread_mutex_unlock(&p->lock);
    return result;
}

void gim_pool_free(struct gim_pool *p)
{
    if (!p)
        return;
    pthread_mutex_lock(&p->lock);
    p->ending = true;
    pthread_cond_broadcast(&p->work);
    pthread_mutex_unlock(&p->lock);
    for (unsigned i = 0; i < p->started; i++)
        pthread_join(p->ids[i], NULL);
    pthread_cond_destroy(&p->work);
    pthread_mutex_destroy(&p->lock);
    gim_heap_free(p);
}
