/* test_task.c: timers, posted work and background work, and that all of it comes to its end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <gimlet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "gimlet/base/clock.h"
#include "gimlet/rest/work.h"

static struct gim_app *app;
static char order[64];

static void note(struct gim_app *a, unsigned worker, void *arg)
{
    size_t n = strlen(order);

    assert_ptr_equal(a, app);
    assert_int_equal(worker, 0);
    if (n + 1 < sizeof order) {
        order[n] = *(const char *)arg;
        order[n + 1] = '\0';
    }
}

static unsigned noted(char c)
{
    unsigned n = 0;

    for (const char *at = order; *at; at++)
        n += *at == c;
    return n;
}

/* The notes that are of `set`: the rows' timers note what they like. */
static const char *notes_of(const char *set)
{
    static char out[sizeof order];
    size_t n = 0;

    for (const char *at = order; *at; at++) {
        if (strchr(set, *at))
            out[n++] = *at;
    }
    out[n] = '\0';
    return out;
}

static int nothing(struct gim_ctx *c)
{
    (void)c;
    return 0;
}

static const struct gim_route routes[] = {GIM_GET("/", nothing), {0}};
static const struct gim_timer_row timers[] = {
    GIM_EVERY(70, note, .arg = "r", .name = "row"),
    GIM_EVERY(3600 * 1000, note, .arg = "f", .name = "first", .first = 1, .jitter = 10),
    GIM_EVERY(1, note, .arg = "x", .worker = GIM_EACH_WORKER, .first = 3600 * 1000),
    {0},
};
static const struct gim_app_spec spec = {.routes = routes, .timers = timers};

static int open_app(void **state)
{
    char err[512];

    (void)state;
    order[0] = '\0';
    app = gim_app_new(&spec, err, sizeof err);
    gim_test_run(app, 0); /* there is a worker from here on */
    return app ? 0 : -1;
}

static int close_app(void **state)
{
    (void)state;
    gim_app_free(app);
    app = NULL;
    return 0;
}

/* ---- timers ------------------------------------------------------------------------------------ */

static void rows_begin_with_the_worker_and_repeat(void **state)
{
    (void)state;
    for (int i = 0; i < 100 && noted('r') < 3; i++)
        gim_test_run(app, 50);
    assert_true(noted('r') >= 3);
    assert_int_equal(noted('f'), 1);
    assert_int_equal(noted('x'), 0);
}

static void a_timer_runs_once_and_never_early(void **state)
{
    uint64_t begun = gim_clock_ms();

    (void)state;
    assert_non_null(gim_after(app, 0, 150, note, "a").slot);
    for (int i = 0; i < 200 && !noted('a'); i++)
        gim_test_run(app, 10);
    assert_true(gim_clock_ms() - begun >= 150);
    gim_test_run(app, 200);
    assert_int_equal(noted('a'), 1);
}

static void a_late_timer_runs_once_for_all_it_missed(void **state)
{
    const uint64_t every = 200;
    uint64_t begun = gim_clock_ms(), late, most;

    (void)state;
    assert_non_null(gim_every(app, 0, (int64_t)every, note, "l").slot);
    usleep(1000000); /* the loop does not turn: five periods */
    late = gim_clock_ms() - begun;
    gim_test_run(app, 0);
    assert_int_equal(noted('l'), 1);
    gim_test_run(app, 400); /* and the others do not come later */
    most = 2 + (gim_clock_ms() - begun) / every - late / every;
    assert_in_range(noted('l'), 1, most);
}

static gim_ticket own;

static void cancels_itself(struct gim_app *a, unsigned worker, void *arg)
{
    note(a, worker, arg);
    assert_true(gim_ticket_cancel(own));
    assert_false(gim_ticket_cancel(own));
}

static void cancelled_tickets_do_not_run_and_stale_ones_do_nothing(void **state)
{
    gim_ticket once = gim_after(app, 0, 1, note, "1");
    gim_ticket often = gim_every(app, 0, 1, note, "2");
    gim_ticket again;

    (void)state;
    assert_true(gim_ticket_cancel(once));
    assert_true(gim_ticket_cancel(often));
    assert_false(gim_ticket_cancel(once));
    assert_false(gim_ticket_cancel((gim_ticket){0}));
    again = gim_after(app, 0, 1, note, "3"); /* in a slot that was given back */
    assert_false(gim_ticket_cancel(often));
    assert_false(gim_ticket_cancel(once));
    own = gim_every(app, 0, 1, cancels_itself, "4");
    gim_test_run(app, 300);
    assert_int_equal(noted('1') + noted('2'), 0);
    assert_int_equal(noted('3'), 1);
    assert_int_equal(noted('4'), 1);
    assert_false(gim_ticket_cancel(again)); /* it has run */
}

static void what_is_no_timer_is_refused(void **state)
{
    (void)state;
    assert_null(gim_after(app, 0, 0, note, "z").slot);
    assert_null(gim_every(app, 0, -1, note, "z").slot);
    assert_null(gim_after(app, 1, 10, note, "z").slot); /* no such worker */
    assert_null(gim_after(app, UINT32_MAX, 10, note, "z").slot);
}

static void there_is_a_last_timer(void **state)
{
    gim_ticket first = gim_after(app, 0, 3600 * 1000, note, "z");
    int64_t n = 1;

    (void)state;
    while (n < 70000 && gim_after(app, 0, 3600 * 1000, note, "z").slot)
        n++;
    assert_int_equal(n, 65536 - 3); /* three are the rows' */
    assert_true(gim_ticket_cancel(first));
    assert_non_null(gim_after(app, 0, 3600 * 1000, note, "z").slot);
}

static void rows_that_are_wrong_stop_the_start(void **state)
{
    static const struct {
        struct gim_timer_row row;
        const char *says;
    } rows[] = {
        {GIM_EVERY(0, note, .name = "never"), "timer never: .every must be 1 ms or more"},
        {GIM_EVERY(10, note, .first = -1), "timer (no name): .first"},
        {GIM_EVERY(10, note, .jitter = 10), ".jitter must be 0 or more, and less"},
        {GIM_EVERY(10, note, .worker = -2), ".worker is an index"},
        {{.run = note, .every = 10}, "GIM_EVERY"},
    };
    char err[512];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct gim_timer_row one[] = {rows[i].row, {0}};
        const struct gim_app_spec wrong = {.routes = routes, .timers = one};

        assert_null(gim_app_new(&wrong, err, sizeof err));
        if (!strstr(err, rows[i].says))
            fail_msg("%s", err);
    }
}

/* ---- posted ------------------------------------------------------------------------------------ */

static void *posts_three(void *arg)
{
    (void)arg;
    for (int i = 0; i < 3; i++)
        assert_int_equal(gim_post(app, 0, note, (void *)(uintptr_t) & "pqs"[i]), 0);
    return NULL;
}

static void posted_work_runs_on_the_loop_in_its_order(void **state)
{
    pthread_t thread;

    (void)state;
    pthread_create(&thread, NULL, posts_three, NULL);
    pthread_join(thread, NULL);
    assert_string_equal(notes_of("pqs"), "");
    gim_test_run(app, 0);
    assert_string_equal(notes_of("pqs"), "pqs");
    assert_int_equal(gim_post(app, 1, note, "z"), -1);
}

static void posts_are_bounded(void **state)
{
    int n = 0;

    (void)state;
    while (n < 70000 && gim_post(app, 0, note, "n") == 0)
        n++;
    assert_int_equal(n, 65536);
    gim_test_run(app, 0);
    assert_int_equal(gim_post(app, 0, note, "n"), 0);
}

static void what_was_posted_runs_before_the_end(void **state)
{
    (void)state;
    assert_int_equal(gim_post(app, 0, note, "e"), 0);
    gim_app_stop(app);
    assert_string_equal(notes_of("e"), "e");
    assert_int_equal(gim_post(app, 0, note, "z"), -1);
    assert_null(gim_after(app, 0, 1, note, "z").slot);
}

static gim_ticket late;

static void sets_late(struct gim_app *a, unsigned worker, void *arg)
{
    late = gim_after(a, worker, 1, note, arg);
}

/* The first of its worker: it would run behind the application's own stop. */
static void no_timer_is_set_while_the_server_ends(void **state)
{
    static const struct gim_app_spec bare = {.routes = routes};
    char err[512];

    (void)state;
    order[0] = '\0';
    late.slot = &late;
    app = gim_app_new(&bare, err, sizeof err);
    gim_test_run(app, 0);
    assert_int_equal(gim_post(app, 0, sets_late, "l"), 0);
    gim_app_stop(app);
    assert_null(late.slot);
    gim_app_free(app);
    assert_string_equal(order, "");
}

static atomic_int taken, ran;

static void count(struct gim_app *a, unsigned worker, void *arg)
{
    (void)a;
    (void)worker;
    (void)arg;
    ran++;
}

static void *posts_until_refused(void *arg)
{
    (void)arg;
    while (gim_post(app, 0, count, NULL) == 0) {
        taken++;
        usleep(10);
    }
    return NULL;
}

static void threads_that_post_into_the_end_lose_nothing(void **state)
{
    pthread_t threads[3];

    (void)state;
    for (int i = 0; i < 3; i++)
        pthread_create(&threads[i], NULL, posts_until_refused, NULL);
    gim_test_run(app, 30);
    gim_app_stop(app);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    assert_true(taken > 0);
    assert_int_equal(taken, ran);
}

/* ---- background -------------------------------------------------------------------------------- */

static int doubled(void *arg)
{
    return 2 * *(int *)arg;
}

static void add(struct gim_app *a, unsigned worker, int result, void *arg)
{
    (void)worker;
    assert_ptr_equal(a, app);
    *(int *)arg += result;
}

static void background_work_comes_back_to_the_loop(void **state)
{
    static int n = 7; /* the last job may look at it after the test */

    (void)state;
    assert_int_equal(gim_background(app, 0, doubled, add, &n), 0);
    for (int i = 0; i < 500 && n == 7; i++)
        gim_test_run(app, 10);
    assert_int_equal(n, 21);
    assert_int_equal(gim_background(app, 9, doubled, add, &n), -1);
    assert_int_equal(gim_background(app, 0, doubled, NULL, &n), 0); /* nobody asks */
}

static int slow(void *arg)
{
    (void)arg;
    usleep(100000);
    return 1;
}

struct tally {
    int worked, cut;
};

static void tally(struct gim_app *a, unsigned worker, int result, void *arg)
{
    struct tally *t = arg;

    (void)a;
    (void)worker;
    t->worked += result == 1;
    t->cut += result == GIM_CUT;
}

static void the_end_waits_for_what_has_begun_and_cuts_the_rest(void **state)
{
    struct tally t = {0};
    int n = 0;

    (void)state;
    while (n < 1000 && gim_background(app, 0, slow, tally, &t) == 0)
        n++;
    assert_true(n >= 256 && n <= 256 + 8); /* the queue and the threads */
    usleep(30000);
    gim_app_stop(app);
    assert_true(t.worked >= 1);
    assert_true(t.cut >= 1);
    assert_int_equal(t.worked + t.cut, n);
    assert_int_equal(atomic_load(&app->shared.background), 0);
    assert_int_equal(gim_background(app, 0, slow, tally, &t), -1);
}

int main(void)
{
#define IN_APP(name) cmocka_unit_test_setup_teardown(name, open_app, close_app)
    const struct CMUnitTest tests[] = {
        IN_APP(rows_begin_with_the_worker_and_repeat),
        IN_APP(a_timer_runs_once_and_never_early),
        IN_APP(a_late_timer_runs_once_for_all_it_missed),
        IN_APP(cancelled_tickets_do_not_run_and_stale_ones_do_nothing),
        IN_APP(what_is_no_timer_is_refused),
        IN_APP(there_is_a_last_timer),
        cmocka_unit_test(rows_that_are_wrong_stop_the_start),
        IN_APP(posted_work_runs_on_the_loop_in_its_order),
        IN_APP(posts_are_bounded),
        IN_APP(what_was_posted_runs_before_the_end),
        cmocka_unit_test(no_timer_is_set_while_the_server_ends),
        IN_APP(threads_that_post_into_the_end_lose_nothing),
        IN_APP(background_work_comes_back_to_the_loop),
        IN_APP(the_end_waits_for_what_has_begun_and_cuts_the_rest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
