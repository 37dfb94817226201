/* test_shed.c: when load is shed, and when not: the rules on a clock of our own, a queue simulated, and
 * requests of an application. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <gimlet.h>
#include <unistd.h>

#include "gimlet/base/clock.h"
#include "gimlet/rest/ctx.h"

#define TARGET 100

/* ---- a queue ----------------------------------------------------------------------------------- */

/* A server of `rate` requests a millisecond, first in, first out; `offered` come in a millisecond. */
struct simulation {
    struct gim_shed_queue q;
    uint64_t now, began[1 << 20];
    unsigned head, tail, refused, served, worst;
};

static struct simulation *simulate(struct simulation *s, int ms, unsigned offered, unsigned rate)
{
    s->refused = s->served = s->worst = 0;
    for (int i = 0; i < ms; i++) {
        s->now++;
        for (unsigned k = 0; k < offered; k++) {
            if (gim_shed_is_full(&s->q, s->now, TARGET)) {
                s->refused++;
                continue;
            }
            gim_shed_enter(&s->q, s->now);
            s->began[s->tail++] = s->now;
        }
        for (unsigned k = 0; k < rate && s->head < s->tail; k++) {
            unsigned waited = (unsigned)(s->now - s->began[s->head++]);

            gim_shed_leave(&s->q, s->now, waited, TARGET);
            s->served++;
            if (waited > s->worst)
                s->worst = waited;
        }
    }
    return s;
}

static struct simulation *begin(void)
{
    struct simulation *s = calloc(1, sizeof *s);

    s->now = 1000;
    return s;
}

static void below_capacity_nobody_is_refused(void **state)
{
    struct simulation *s = begin();

    (void)state;
    assert_int_equal(simulate(s, 5000, 19, 20)->refused, 0);
    assert_int_equal(simulate(s, 5000, 20, 20)->refused, 0);
    free(s);
}

static void a_burst_is_served_whole(void **state)
{
    struct simulation *s = begin();

    (void)state;
    assert_int_equal(simulate(s, 1, 3000, 0)->refused, 0); /* 150 ms of work at once */
    assert_int_equal(simulate(s, 600, 0, 20)->refused, 0);
    assert_int_equal(s->served, 3000);
    assert_int_equal(simulate(s, 1000, 19, 20)->refused, 0);
    free(s);
}

static void a_stop_of_the_server_is_no_overload(void **state)
{
    struct simulation *s = begin();

    (void)state;
    assert_int_equal(simulate(s, 300, 4, 0)->refused, 0);
    assert_int_equal(simulate(s, 1000, 4, 20)->refused, 0);
    free(s);
}

static void above_capacity_waits_are_bounded_and_the_server_is_never_idle(void **state)
{
    struct simulation *s = begin();

    (void)state;
    simulate(s, 1000, 40, 20); /* it takes a while to see that the queue stands */
    simulate(s, 10000, 40, 20);
    assert_int_equal(s->served, 10000 * 20);
    assert_in_range(s->refused, 10000 * 20 - 3000, 10000 * 20 + 3000);
    assert_in_range(s->worst, TARGET / 2, 2 * TARGET);
    free(s);
}

static void it_is_over_soon_after_the_overload(void **state)
{
    struct simulation *s = begin();

    (void)state;
    assert_true(simulate(s, 3000, 60, 20)->refused > 0);
    simulate(s, 3 * TARGET, 10, 20);
    assert_false(s->q.shedding);
    assert_int_equal(simulate(s, 3000, 19, 20)->refused, 0);
    free(s);
}

static void a_server_that_becomes_slower_has_less_room(void **state)
{
    struct simulation *s = begin();

    (void)state;
    simulate(s, 3000, 60, 20);
    simulate(s, 3000, 60, 5);
    simulate(s, 3000, 60, 5);
    assert_in_range(s->worst, TARGET / 2, 2 * TARGET);
    simulate(s, 5000, 60, 20);
    assert_true(s->served > 4000 * 20); /* and finds its pace again */
    free(s);
}

static void where_nothing_moves_newcomers_are_refused_until_something_does(void **state)
{
    struct simulation *s = begin();

    (void)state;
    simulate(s, 4 * TARGET, 1, 0);
    assert_int_equal(s->refused, 0);
    assert_in_range(simulate(s, 100, 1, 0)->refused, 98, 100);
    assert_int_equal(simulate(s, 1, 0, 1)->served, 1);
    assert_int_equal(simulate(s, 1, 1, 0)->refused, 0);
    free(s);
}

static void a_few_that_wait_are_never_refused(void **state)
{
    struct gim_shed_queue q = {0};

    (void)state;
    for (int i = 0; i < 15; i++) {
        assert_false(gim_shed_is_full(&q, 1000, TARGET));
        gim_shed_enter(&q, 1000);
    }
    assert_false(gim_shed_is_full(&q, 1000000, TARGET));
}

/* ---- the loop ---------------------------------------------------------------------------------- */

static void told(struct gim_shed *s, uint64_t ms)
{
    s->refused = 0;
    s->lag.on_lag(&s->lag, ms);
}

static unsigned taken_of_1000(struct gim_shed *s)
{
    unsigned n = 0;

    for (int i = 0; i < 1000; i++)
        n += gim_shed_admit(s);
    return n;
}

static void a_share_is_taken_when_the_loop_is_late_twice(void **state)
{
    struct gim_loop *loop = gim_loop_new();
    struct gim_shed s;

    (void)state;
    gim_shed_init(&s, loop, TARGET);
    s.lag.out = true; /* the next is under way */
    told(&s, 5 * TARGET);
    assert_int_equal(taken_of_1000(&s), 1000);
    told(&s, TARGET);
    told(&s, 2 * TARGET);
    assert_int_equal(taken_of_1000(&s), 1000);
    told(&s, 2 * TARGET);
    assert_in_range(taken_of_1000(&s), 499, 501);
    told(&s, 2 * TARGET);
    assert_in_range(taken_of_1000(&s), 249, 251);
    for (int i = 0; i < 30; i++)
        told(&s, 100 * TARGET);
    assert_in_range(taken_of_1000(&s), 14, 17); /* never nobody */
    for (int i = 0; i < 30; i++)
        told(&s, 1);
    assert_int_equal(taken_of_1000(&s), 1000);
    gim_shed_release(&s);
    gim_loop_free(loop);
}

static void refusals_take_a_part_of_the_time_and_no_more(void **state)
{
    struct gim_loop *loop = gim_loop_new();
    struct gim_shed s;
    uint32_t before;

    (void)state;
    gim_shed_init(&s, loop, TARGET);
    s.lag.out = true;
    told(&s, 2 * TARGET);
    told(&s, 2 * TARGET);
    before = s.share;
    s.cpu_ns = gim_clock_thread_ns() - 100000000;
    s.refused = 100000000 / 8000 / 4 - 200; /* of 8 us each in 100 ms: nearly a quarter */
    s.lag.on_lag(&s.lag, 2 * TARGET);
    assert_in_range(s.share, before / 2 - 1, before / 2 + 1);
    s.cpu_ns = gim_clock_thread_ns() - 100000000;
    s.refused = 100000000 / 8000 / 4 + 10000;
    s.lag.on_lag(&s.lag, 2 * TARGET);
    assert_true(s.share > before / 2 + 1);
    gim_shed_release(&s);
    gim_loop_free(loop);
}

static void what_was_long_ago_does_not_count(void **state)
{
    struct gim_loop *loop = gim_loop_new();
    struct gim_shed s;

    (void)state;
    gim_shed_init(&s, loop, 1);
    told(&s, 10);
    told(&s, 10);
    assert_false(gim_shed_admit(&s));
    usleep(5000);
    gim_loop_turn(loop, 0);
    assert_int_equal(taken_of_1000(&s), 1000);
    gim_shed_release(&s);
    gim_loop_free(loop);
}

static uint64_t lag;

static void on_lag(struct gim_lag *l, uint64_t ms)
{
    (void)l;
    lag = ms;
}

static void an_event_of_ours_waits_its_turn(void **state)
{
    struct gim_loop *loop = gim_loop_new();
    struct gim_lag l = {.loop = loop, .on_lag = on_lag};

    (void)state;
    gim_lag_open(&l);
    for (int i = 0; i < 3; i++) {
        lag = UINT64_MAX;
        gim_lag_ask(&l);
        gim_lag_ask(&l); /* one at a time */
        usleep(20000);
        for (int k = 0; k < 3; k++)
            gim_loop_turn(loop, 0);
        assert_in_range(lag, 19, 5000);
        assert_false(l.out);
    }
    gim_lag_close(&l);
    gim_lag_close(&l);
    gim_loop_free(loop);
}

/* ---- an application ---------------------------------------------------------------------------- */

static int fine(struct gim_ctx *c)
{
    return gim_text(c, 200, GIM_S("fine"));
}

static int waits(struct gim_ctx *c)
{
    gim_resume(gim_suspend(c), fine);
    return GIM_SUSPENDED;
}

static gim_handle held;

static int holds(struct gim_ctx *c)
{
    held = gim_suspend(c);
    return GIM_SUSPENDED;
}

static const struct gim_route routes[] = {
    GIM_GET("/fine", fine),
    GIM_POST("/queued", waits, .suspends = true, .queued = true, .body_raw = true),
    GIM_GET("/held", holds, .suspends = true, .queued = true),
    GIM_GET("/late", holds, .suspends = true, .queued = true, .handler_timeout = 20),
    GIM_GET("/queued", waits, .suspends = true, .queued = true),
    GIM_GET("/event", waits, .suspends = true),
    GIM_GET("/job", fine, .blocking = true),
    GIM_GET("/vital", fine, .vital = true),
    {0},
};
static const struct gim_app_spec spec = {.routes = routes};

static void stand(struct gim_shed_queue *q, uint64_t now)
{
    *q = (struct gim_shed_queue){
        .shedding = true, .room = 16, .waiting = 16, .since = now, .refused = now};
}

static void what_is_refused_depends_on_what_stands(void **state)
{
    static const struct {
        const char *path;
        int loop, suspended, blocking; /* the status when these stand */
    } rows[] = {
        {"/fine", 503, 200, 200},   {"/queued", 503, 503, 200},  {"/event", 503, 200, 200},
        {"/job", 503, 200, 503},    {"/vital", 200, 200, 200},   {"/livez", 200, 200, 200},
        {"/readyz", 200, 200, 200}, {"/nowhere", 404, 404, 404},
    };
    char err[512];
    struct gim_app *app = gim_app_new(&spec, err, sizeof err);

    (void)state;
    assert_non_null(app);
    gim_test_run(app, 0);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gim_shed *s = &app->running[0]->shed;
        const int want[] = {rows[i].loop, rows[i].suspended, rows[i].blocking};

        for (int k = 0; k < 3; k++) {
            struct gim_test_reply r;

            s->share = k == 0 ? 0 : GIM_SHED_ALL;
            s->lag.out = k == 0;
            s->suspended = s->blocking = (struct gim_shed_queue){0};
            if (k)
                stand(k == 1 ? &s->suspended : &s->blocking, gim_clock_ms());
            r = gim_test_call(app, "GET", rows[i].path, NULL, NULL);
            if (r.status != want[k])
                fail_msg("%s, row %d: %d", rows[i].path, k, r.status);
            if (r.status == 503)
                assert_true(gim_str_eq(gim_test_header(&r, "Retry-After"), GIM_S("1")));
            gim_test_free(&r);
        }
    }
    app->running[0]->shed.lag.out = false;
    gim_app_free(app);
}

static void waits_are_counted_in_and_out(void **state)
{
    static const char *const paths[] = {"/queued", "/job", "/event", "/fine"};
    char err[512];
    struct gim_app *app = gim_app_new(&spec, err, sizeof err);

    (void)state;
    gim_test_run(app, 0);
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        struct gim_shed *s = &app->running[0]->shed;
        struct gim_test_reply r = gim_test_call(app, "GET", paths[i], NULL, NULL);

        assert_int_equal(r.status, 200);
        gim_test_free(&r);
        assert_int_equal(s->suspended.waiting + s->blocking.waiting, 0);
        assert_int_equal(s->suspended.done, 1);
        assert_int_equal(s->blocking.done, i < 1 ? 0 : 1);
    }
    gim_app_free(app);
}

static bool says(struct gim_test_conn *t, const char *text)
{
    gim_str s = gim_test_read_to(t, text, 2000);
    size_t n = strlen(text);

    return s.len >= n && memcmp(s.ptr + s.len - n, text, n) == 0;
}

/* Nor is its body the next request's head. */
static void a_refused_body_leaves_the_connection_usable(void **state)
{
    char err[512];
    struct gim_app *app = gim_app_new(&spec, err, sizeof err);
    struct gim_test_conn *t;
    struct gim_shed *s;

    (void)state;
    gim_test_run(app, 0);
    s = &app->running[0]->shed;
    stand(&s->suspended, gim_clock_ms());
    t = gim_test_open(app);
    gim_test_send(t, GIM_S("POST /queued HTTP/1.1\r\nHost: a\r\nContent-Length: 30\r\n\r\n"
                           "GET /nowhere HTTP/1.1\r\n"));
    assert_true(says(t, "try again"));
    gim_test_send(t, GIM_S("\r\n\r\n\r\n\r"
                           "GET /fine HTTP/1.1\r\nHost: a\r\n\r\n"));
    assert_true(says(t, "fine"));
    assert_false(gim_test_ended(t));
    assert_int_equal(s->suspended.waiting, 16);
    gim_test_close(t);
    gim_app_free(app);
}

/* The queue holds it until it is resumed, whoever still waits for the answer. */
static void a_wait_ends_once_whatever_became_of_the_client(void **state)
{
    static const char *const heads[] = {"GET /held HTTP/1.1\r\nHost: a\r\n\r\n",
                                        "GET /late HTTP/1.1\r\nHost: a\r\n\r\n"};
    char err[512];
    struct gim_app *app = gim_app_new(&spec, err, sizeof err);

    (void)state;
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        struct gim_test_conn *t = gim_test_open(app);
        struct gim_shed_queue *q = &app->running[0]->shed.suspended;

        gim_test_send(t, gim_str_of(heads[i]));
        gim_test_run(app, 0);
        assert_int_equal(q->waiting, 1);
        if (i == 1)
            assert_true(says(t, "in time"));
        gim_test_close(t);
        gim_test_run(app, 0);
        assert_int_equal(q->waiting, 1);
        gim_resume(held, fine);
        gim_resume(held, fine);
        gim_test_run(app, 0);
        assert_int_equal(q->waiting, 0);
        assert_int_equal(q->done, i + 1);
    }
    gim_app_free(app);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(below_capacity_nobody_is_refused),
        cmocka_unit_test(a_burst_is_served_whole),
        cmocka_unit_test(a_stop_of_the_server_is_no_overload),
        cmocka_unit_test(above_capacity_waits_are_bounded_and_the_server_is_never_idle),
        cmocka_unit_test(it_is_over_soon_after_the_overload),
        cmocka_unit_test(a_server_that_becomes_slower_has_less_room),
        cmocka_unit_test(where_nothing_moves_newcomers_are_refused_until_something_does),
        cmocka_unit_test(a_few_that_wait_are_never_refused),
        cmocka_unit_test(a_share_is_taken_when_the_loop_is_late_twice),
        cmocka_unit_test(refusals_take_a_part_of_the_time_and_no_more),
        cmocka_unit_test(what_was_long_ago_does_not_count),
        cmocka_unit_test(an_event_of_ours_waits_its_turn),
        cmocka_unit_test(what_is_refused_depends_on_what_stands),
        cmocka_unit_test(waits_are_counted_in_and_out),
        cmocka_unit_test(a_refused_body_leaves_the_connection_usable),
        cmocka_unit_test(a_wait_ends_once_whatever_became_of_the_client),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
