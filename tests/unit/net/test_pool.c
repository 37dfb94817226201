/* test_pool.c: the pool's two bounds, its late start and its end. */
#include "gimlet/net/pool.h"
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>
#include "folder.h"

static atomic_int running, most, done, go, saw_signals;

static void job_waits(struct gim_job *j)
{
    int now = atomic_fetch_add(&running, 1) + 1;
    int old = atomic_load(&most);

    (void)j;
    while (now > old && !atomic_compare_exchange_weak(&most, &old, now))
        ;
    while (!atomic_load(&go))
        usleep(200);
    atomic_fetch_sub(&running, 1);
    atomic_fetch_add(&done, 1);
}

static int reset(void **state)
{
    (void)state;
    running = most = done = go = saw_signals = 0;
    return 0;
}

static void *nothing(void *arg)
{
    return arg;
}

/* A first thread of our own: TSan starts one for itself beside it. */
static int warm_up(void **state)
{
    pthread_t t;

    if (pthread_create(&t, NULL, nothing, NULL) || pthread_join(t, NULL))
        return -1;
    return reset(state);
}

static void wait_running(int n)
{
    while (atomic_load(&running) != n)
        usleep(200);
}

static void pool_starts_no_thread_before_the_first_job(void **state)
{
    int before = names_in("/proc/self/task");
    struct gim_pool *p = gim_pool_new(4, 4);
    struct gim_job j = {.run = job_waits};

    (void)state;
    assert_int_equal(names_in("/proc/self/task"), before);
    assert_int_equal(gim_pool_submit(p, &j), 0);
    wait_running(1);
    assert_int_equal(names_in("/proc/self/task"), before + 1);
    go = 1;
    gim_pool_free(p);
    assert_int_equal(done, 1);
}

static void pool_refuses_what_does_not_fit_and_never_runs_more_than_its_threads(void **state)
{
    struct gim_pool *p = gim_pool_new(3, 5);
    struct gim_job j[9] = {0};

    (void)state;
    for (int i = 0; i < 9; i++)
        j[i].run = job_waits;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(gim_pool_submit(p, &j[i]), 0);
        wait_running(i + 1);
    }
    for (int i = 3; i < 8; i++)
        assert_int_equal(gim_pool_submit(p, &j[i]), 0);
    assert_int_equal(gim_pool_submit(p, &j[8]), -1);
    go = 1;
    while (atomic_load(&done) < 8)
        usleep(200);
    assert_int_equal(gim_pool_submit(p, &j[8]), 0); /* room again */
    gim_pool_free(p);
    assert_int_equal(done, 9);
    assert_int_equal(most, 3);
}

static void freeing_the_pool_runs_what_is_queued(void **state)
{
    struct gim_pool *p = gim_pool_new(2, 1000);
    struct gim_job j[500] = {0};

    (void)state;
    go = 1;
    for (int i = 0; i < 500; i++) {
        j[i].run = job_waits;
        assert_int_equal(gim_pool_submit(p, &j[i]), 0);
    }
    gim_pool_free(p);
    assert_int_equal(done, 500);
    gim_pool_free(NULL);
}

static void job_looks_at_signals(struct gim_job *j)
{
    sigset_t set;

    (void)j;
    pthread_sigmask(SIG_SETMASK, NULL, &set);
    atomic_store(&saw_signals, sigismember(&set, SIGTERM) && sigismember(&set, SIGINT) ? -1 : 1);
}

static void pool_threads_leave_signals_to_the_program(void **state)
{
    struct gim_pool *p = gim_pool_new(1, 1);
    struct gim_job j = {.run = job_looks_at_signals};

    (void)state;
    assert_int_equal(gim_pool_submit(p, &j), 0);
    gim_pool_free(p);
    assert_int_equal(saw_signals, -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(pool_starts_no_thread_before_the_first_job, warm_up),
        cmocka_unit_test_setup(pool_refuses_what_does_not_fit_and_never_runs_more_than_its_threads,
                               reset),
        cmocka_unit_test_setup(freeing_the_pool_runs_what_is_queued, reset),
        cmocka_unit_test_setup(pool_threads_leave_signals_to_the_program, reset),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
