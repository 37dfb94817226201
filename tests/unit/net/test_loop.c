/* test_loop.c: tasks from other threads, stop, hooks, and removal inside a batch of events. */
#include "gimlet/base/clock.h"
#include "gimlet/net/loop_private.h"
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define POSTERS 4
#define EACH 5000

static struct gim_loop *loop;

static int open_loop(void **state)
{
    (void)state;
    loop = gim_loop_new();
    return loop ? gim_loop_turn(loop, 0) : -1;
}

static int close_loop(void **state)
{
    (void)state;
    gim_loop_free(loop);
    return 0;
}

/* The eventfd is never read by the loop: its count is the number of wakes. */
static uint64_t wakes(void)
{
    uint64_t n = 0;

    if (read(loop->wake.fd, &n, sizeof n) < 0)
        return 0;
    return n;
}

struct numbered {
    struct gim_task task;
    int poster, number;
};

static int seen[POSTERS];
static int ran;

static void run_numbered(struct gim_task *t)
{
    struct numbered *n = GIM_CONTAINER(t, struct numbered, task);

    assert_int_equal(n->number, seen[n->poster]);
    seen[n->poster]++;
    free(n);
    if (++ran == POSTERS * EACH)
        gim_loop_stop(loop);
}

static void *post_many(void *arg)
{
    for (int i = 0; i < EACH; i++) {
        struct numbered *n = calloc(1, sizeof *n);

        n->task.run = run_numbered;
        n->poster = (int)(intptr_t)arg;
        n->number = i;
        gim_loop_post(loop, &n->task);
    }
    return NULL;
}

static void tasks_of_four_threads_all_run_each_threads_in_order(void **state)
{
    pthread_t t[POSTERS];

    (void)state;
    ran = 0;
    memset(seen, 0, sizeof seen);
    for (intptr_t i = 0; i < POSTERS; i++)
        pthread_create(&t[i], NULL, post_many, (void *)i);
    assert_int_equal(gim_loop_run(loop), 0);
    for (int i = 0; i < POSTERS; i++)
        pthread_join(t[i], NULL);
    assert_int_equal(ran, POSTERS * EACH);
    assert_in_range(wakes(), 1, POSTERS * EACH + 1); /* one more is the stop */
}

static void count_run(struct gim_task *t)
{
    (void)t;
    ran++;
}

static void posting_to_a_queue_that_is_not_empty_wakes_nobody(void **state)
{
    struct gim_task t[100];

    (void)state;
    ran = 0;
    (void)wakes();
    for (int i = 0; i < 100; i++) {
        t[i] = (struct gim_task){.run = count_run};
        gim_loop_post(loop, &t[i]);
    }
    assert_int_equal(wakes(), 1);
    assert_int_equal(gim_loop_turn(loop, 0), 0);
    assert_int_equal(ran, 100);
}

static void quiet_posts_owe_one_wake_and_make_none(void **state)
{
    struct gim_task a = {.run = count_run}, b = {.run = count_run};

    (void)state;
    ran = 0;
    (void)wakes();
    assert_true(gim_loop_post_quiet(loop, &a));
    assert_false(gim_loop_post_quiet(loop, &b));
    assert_int_equal(wakes(), 0);
    gim_loop_wake(loop);
    assert_int_equal(gim_loop_turn(loop, -1), 0);
    assert_int_equal(ran, 2);
}

static void repost(struct gim_task *t)
{
    if (++ran < 3)
        gim_loop_post(loop, t);
}

static void task_may_post_itself_again(void **state)
{
    struct gim_task t = {.run = repost};

    (void)state;
    ran = 0;
    gim_loop_post(loop, &t);
    for (int i = 1; i <= 3; i++) {
        assert_int_equal(gim_loop_turn(loop, -1), 0);
        assert_int_equal(ran, i); /* a turn each: nobody keeps the loop to himself */
    }
}

static void on_alarm(int sig)
{
    (void)sig;
    gim_loop_stop(loop);
}

static void stop_from_a_signal_handler_ends_run(void **state)
{
    const struct itimerval soon = {.it_value.tv_usec = 20000};

    (void)state;
    signal(SIGALRM, on_alarm);
    setitimer(ITIMER_REAL, &soon, NULL);
    assert_int_equal(gim_loop_run(loop), 0);
    signal(SIGALRM, SIG_DFL);
    gim_loop_stop(loop); /* before run: it returns at once, and can be run again */
    assert_int_equal(gim_loop_run(loop), 0);
    assert_false(atomic_load(&loop->stop));
}

static int hooked;

static void on_turn_end(struct gim_turn_end *t)
{
    (void)t;
    hooked++;
}

static void turn_end_hook_runs_once_after_a_turn_that_did_something(void **state)
{
    struct gim_turn_end hook = {.run = on_turn_end};
    struct gim_task a = {.run = count_run}, b = {.run = count_run};

    (void)state;
    hooked = 0;
    gim_loop_at_turn_end(loop, &hook);
    gim_loop_at_turn_end(loop, &hook);
    assert_int_equal(gim_loop_turn(loop, 0), 0);
    assert_int_equal(hooked, 0);
    gim_loop_post(loop, &a);
    gim_loop_post(loop, &b);
    assert_int_equal(gim_loop_turn(loop, 0), 0);
    assert_int_equal(hooked, 1);
    gim_list_remove(&hook.node);
}

struct end {
    struct gim_io io;
    struct end *other;
    int events;
};

/* Whoever comes first frees the other, whose event is in the same batch. */
static void on_event_free_other(struct gim_io *io, uint32_t events)
{
    struct end *e = GIM_CONTAINER(io, struct end, io);

    if (!(events & EPOLLIN))
        return;
    e->events++;
    if (e->other) {
        gim_loop_remove(loop, &e->other->io);
        close(e->other->io.fd);
        free(e->other);
        e->other = NULL;
    }
}

static void event_already_fetched_is_not_delivered_after_removal(void **state)
{
    int fd[2][2];
    struct end *e[2] = {calloc(1, sizeof **e), calloc(1, sizeof **e)};
    struct end *left;

    (void)state;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd[i]), 0);
        *e[i] = (struct end){.io = {.on_event = on_event_free_other, .fd = fd[i][0]},
                             .other = e[1 - i]};
        assert_int_equal(gim_loop_add(loop, &e[i]->io, false, false), 0);
        assert_int_equal(write(fd[i][1], "x", 1), 1);
    }
    assert_int_equal(gim_loop_turn(loop, -1), 0);
    left = e[0]; /* epoll reports in the order of arrival */
    assert_int_equal(left->events, 1);
    assert_null(left->other);
    gim_loop_remove(loop, &left->io);
    close(left->io.fd);
    free(left);
    close(fd[0][1]);
    close(fd[1][1]);
}

static void ready_io_is_run_once_in_the_next_turn_without_waiting(void **state)
{
    struct end e[3] = {0};
    uint64_t before;

    (void)state;
    for (int i = 0; i < 3; i++) {
        int fd[2];

        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd), 0);
        e[i].io = (struct gim_io){.on_event = on_event_free_other, .fd = fd[0]};
        assert_int_equal(gim_loop_add(loop, &e[i].io, false, false), 0);
        e[i].events = fd[1];
    }
    assert_int_equal(gim_loop_turn(loop, -1), 0); /* "writable" */
    for (int i = 0; i < 3; i++) {
        gim_loop_ready(loop, &e[i].io);
        gim_loop_ready(loop, &e[i].io);
    }
    assert_int_equal(loop->ready_n, 3);
    gim_loop_remove(loop, &e[1].io);
    before = gim_clock_ms();
    assert_int_equal(gim_loop_turn(loop, 3000), 0);
    assert_in_range(gim_clock_ms() - before, 0, 2000);
    assert_int_equal(loop->ready_n, 0);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(e[i].io.ready_at, 0);
        close(e[i].io.fd);
        close(e[i].events);
    }
}

static void wall_clock_is_that_of_the_system(void **state)
{
    int64_t before = time(NULL), got = gim_loop_wall(loop);

    (void)state;
    assert_in_range(got, before, time(NULL) + 1);
}

static void receive_buffer_is_one_for_all(void **state)
{
    char *buf = gim_loop_buf(loop);

    (void)state;
    memset(buf, 'x', GIM_LOOP_BUF);
    assert_ptr_equal(buf, gim_loop_buf(loop));
}

struct chain {
    struct gim_task task;
    int left, ran; /* left < 0: for ever */
};

static void run_chain(struct gim_task *t)
{
    struct chain *c = GIM_CONTAINER(t, struct chain, task);

    c->ran++;
    if (c->left-- != 0)
        gim_loop_post(loop, t);
}

static void finish_runs_what_tasks_post_and_ends_all_the_same(void **state)
{
    struct chain some = {.task.run = run_chain, .left = 5};
    struct chain endless = {.task.run = run_chain, .left = -1};

    (void)state;
    gim_loop_post(loop, &some.task);
    gim_loop_finish(loop);
    assert_int_equal(some.ran, 6);
    gim_loop_post(loop, &endless.task);
    gim_loop_finish(loop);
    assert_true(endless.ran > 6);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_loop, close_loop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(tasks_of_four_threads_all_run_each_threads_in_order),
        TEST(posting_to_a_queue_that_is_not_empty_wakes_nobody),
        TEST(quiet_posts_owe_one_wake_and_make_none),
        TEST(task_may_post_itself_again),
        TEST(finish_runs_what_tasks_post_and_ends_all_the_same),
        TEST(stop_from_a_signal_handler_ends_run),
        TEST(turn_end_hook_runs_once_after_a_turn_that_did_something),
        TEST(event_already_fetched_is_not_delivered_after_removal),
        TEST(ready_io_is_run_once_in_the_next_turn_without_waiting),
        TEST(wall_clock_is_that_of_the_system),
        TEST(receive_buffer_is_one_for_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
