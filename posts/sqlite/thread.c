/* thread.c: the store's threads: small stacks, since rows are on the heap, and no signals: they are
 * for the loops. */
#include "sqlite.h"
#include <errno.h>
#include <signal.h>

int sq_thread_start(pthread_t *thread, size_t stack, void *(*run)(void *arg), void *arg)
{
    sigset_t all, before;
    pthread_attr_t attr;

    sigfillset(&all);
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, stack);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int err = pthread_create(thread, &attr, run, arg);

    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attr);
    errno = err;
    return err ? -1 : 0;
}
