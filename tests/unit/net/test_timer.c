/* test_timer.c: the wheel under a clock of our own: loop time is set by hand, nothing sleeps. */
#include "gimlet/net/loop_private.h"
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#define MANY 10000

struct alarm {
    struct gim_timer t;
    uint64_t due;      /* what the test expects; 0: not set */
    uint64_t fired_at; /* of the last firing */
    unsigned fired;
    struct alarm *clears; /* what on_due clears, if anything */
    uint64_t again;       /* what on_due sets again, in ms */
};

static struct gim_loop *loop;

static int open_loop(void **state)
{
    (void)state;
    loop = gim_loop_new();
    loop->in_turn = true; /* keeps gim_timer_set from reading the real clock */
    return 0;
}

static int close_loop(void **state)
{
    (void)state;
    gim_loop_free(loop);
    return 0;
}

static void at(uint64_t ms)
{
    loop->ms = ms;
    gim_wheel_run(loop);
}

static void on_due(struct gim_timer *t)
{
    struct alarm *a = GIM_CONTAINER(t, struct alarm, t);

    a->fired++;
    a->fired_at = loop->ms;
    a->due = 0;
    if (a->clears)
        gim_timer_clear(loop, &a->clears->t);
    if (a->again)
        gim_timer_set(loop, t, a->again);
}

static void set(struct alarm *a, uint64_t ms)
{
    a->t.on_due = on_due;
    a->due = loop->ms + ms;
    gim_timer_set(loop, &a->t, ms);
}

static void timer_fires_on_the_first_tick_at_or_after_its_due_time(void **state)
{
    static const uint64_t row[] = {1, 63, 64, 65, 100, 1000, 32767, 32768, 32769, 60000, 3600000};
    uint64_t start = loop->ms;

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        struct alarm a = {0};
        uint64_t due, tick;

        start += 17; /* another place in the tick for each row */
        at(start);
        set(&a, row[i]);
        due = start + row[i];
        tick = (due + GIM_TICK_MS - 1) / GIM_TICK_MS * GIM_TICK_MS;
        for (uint64_t now = start; now < tick; now += now + 997 < tick ? 997 : 1) {
            at(now);
            assert_int_equal(a.fired, 0);
        }
        at(tick);
        assert_int_equal(a.fired, 1);
        start = tick;
    }
}

static void timer_moved_later_stays_in_its_slot_and_fires_at_the_new_time(void **state)
{
    struct alarm a = {0}, neighbour = {0};
    uint64_t start = loop->ms;
    const struct gim_list *prev, *next;

    (void)state;
    set(&a, 1000);
    set(&neighbour, 1000);
    prev = a.t.node.prev;
    next = a.t.node.next;
    for (uint64_t ms = 1001; ms < 61000; ms += 100) {
        set(&a, ms);
        assert_ptr_equal(a.t.node.prev, prev);
        assert_ptr_equal(a.t.node.next, next);
    }
    at(start + 2000);
    assert_int_equal(neighbour.fired, 1);
    at(a.due - 1);
    assert_int_equal(a.fired, 0);
    at(a.due + GIM_TICK_MS);
    assert_int_equal(a.fired, 1);
}

static void timer_moved_earlier_fires_at_the_new_time(void **state)
{
    struct alarm a = {0};

    (void)state;
    set(&a, 60000);
    set(&a, 100);
    at(a.due + GIM_TICK_MS);
    assert_int_equal(a.fired, 1);
    at(loop->ms + 70000);
    assert_int_equal(a.fired, 1);
}

static void timer_cleared_does_not_fire_and_can_be_set_again(void **state)
{
    struct alarm a = {0};

    (void)state;
    gim_timer_clear(loop, &a.t); /* never set: nothing happens */
    set(&a, 100);
    gim_timer_clear(loop, &a.t);
    gim_timer_clear(loop, &a.t);
    at(loop->ms + 1000);
    assert_int_equal(a.fired, 0);
    set(&a, 100);
    at(loop->ms + 1000);
    assert_int_equal(a.fired, 1);
}

static void callback_may_clear_a_timer_of_the_same_slot(void **state)
{
    struct alarm a = {0}, b = {0};

    (void)state;
    a.clears = &b;
    b.clears = &a;
    set(&a, 100);
    set(&b, 100);
    at(loop->ms + 1000);
    assert_int_equal(a.fired + b.fired, 1);
}

static void callback_may_set_its_timer_again(void **state)
{
    struct alarm a = {.again = 1};

    (void)state;
    set(&a, 1);
    at(loop->ms / GIM_TICK_MS * GIM_TICK_MS + GIM_TICK_MS); /* exactly on a tick */
    assert_int_equal(a.fired, 1);
    at(loop->ms + GIM_TICK_MS);
    assert_int_equal(a.fired, 2);
    at(loop->ms + 10 * 32768); /* a long sleep is one firing, and ends */
    assert_int_equal(a.fired, 3);
}

static void timer_set_to_nothing_fires_on_the_next_tick(void **state)
{
    struct alarm a = {0};

    (void)state;
    at(loop->ms / GIM_TICK_MS * GIM_TICK_MS + GIM_TICK_MS);
    set(&a, 0);
    at(loop->ms + GIM_TICK_MS);
    assert_int_equal(a.fired, 1);
}

static void wheel_sleeps_until_the_next_timer_and_for_good_without(void **state)
{
    struct alarm a = {0}, b = {0};
    int ms;

    (void)state;
    assert_int_equal(gim_wheel_wait(loop), -1);
    set(&a, 20000);
    set(&b, 5000);
    ms = gim_wheel_wait(loop);
    assert_in_range(ms, 5000, 5000 + GIM_TICK_MS);
    gim_timer_clear(loop, &b.t);
    ms = gim_wheel_wait(loop);
    assert_in_range(ms, 20000, 20000 + GIM_TICK_MS);
    gim_timer_clear(loop, &a.t);
    assert_int_equal(gim_wheel_wait(loop), -1);
}

static void waiting_as_told_wakes_a_moved_timer_a_few_times_only(void **state)
{
    struct alarm a = {0};
    unsigned wakes = 0;

    (void)state;
    set(&a, 1000);
    set(&a, 120000);
    for (; !a.fired; wakes++) {
        assert_in_range(wakes, 0, 10);
        at(loop->ms + (uint64_t)gim_wheel_wait(loop));
    }
    assert_int_equal(gim_wheel_wait(loop), -1);
}

/* Sets, moves and clears 10,000 timers at random, in steps of random length, against an oracle. */
static void ten_thousand_timers_are_never_early_and_at_most_a_tick_late(void **state)
{
    struct alarm *a = calloc(MANY, sizeof *a);
    unsigned seed = 7, fired = 0;
    uint64_t before = loop->ms;

    (void)state;
    for (int step = 0; step < 400; step++) {
        for (int i = 0; i < 500; i++) {
            struct alarm *x = &a[rand_r(&seed) % MANY];

            if (rand_r(&seed) % 8 == 0) {
                gim_timer_clear(loop, &x->t);
                x->due = 0;
            } else {
                set(x, 1 + (uint64_t)rand_r(&seed) % 90000);
            }
        }
        for (int i = 0; i < MANY; i++)
            a[i].fired_at = a[i].due; /* kept for the check below */
        before = loop->ms;
        loop->ms +=
            (uint64_t)(rand_r(&seed) % 16 == 0 ? rand_r(&seed) % 50000 : rand_r(&seed) % 300);
        for (int i = 0; i < MANY; i++)
            a[i].fired = 0;
        gim_wheel_run(loop);
        for (int i = 0; i < MANY; i++) {
            uint64_t due = a[i].fired ? 0 : a[i].due;

            fired += a[i].fired;
            assert_in_range(a[i].fired, 0, 1);
            if (a[i].fired)
                assert_in_range(a[i].fired_at, before, loop->ms);
            if (due) /* still set: it must not be due by more than a tick */
                assert_true(due + GIM_TICK_MS > loop->ms);
        }
    }
    assert_true(fired > MANY);
    for (int i = 0; i < MANY; i++)
        gim_timer_clear(loop, &a[i].t);
    assert_int_equal(gim_wheel_wait(loop), -1);
    free(a);
}

static void timer_set_between_turns_counts_from_the_real_time(void **state)
{
    struct alarm a = {0};

    (void)state;
    loop->in_turn = false;
    loop->ms -= 5000; /* as if the last turn was five seconds ago */
    loop->wheel.tick = loop->ms / GIM_TICK_MS;
    a.t.on_due = on_due;
    gim_timer_set(loop, &a.t, 1000);
    assert_int_equal(gim_loop_turn(loop, 0), 0);
    assert_int_equal(a.fired, 0);
    gim_timer_clear(loop, &a.t);
}

static void loop_turn_waits_for_the_timer(void **state)
{
    struct alarm a = {.t.on_due = on_due};
    uint64_t start;
    unsigned turns = 0;

    (void)state;
    loop->in_turn = false;
    assert_int_equal(gim_loop_turn(loop, 0), 0); /* takes the events of its own start */
    gim_timer_set(loop, &a.t, 150);
    start = gim_loop_ms(loop);
    for (; !a.fired; turns++)
        assert_int_equal(gim_loop_turn(loop, -1), 0);
    assert_in_range(a.fired_at - start, 150, 150 + 3 * GIM_TICK_MS);
    assert_in_range(turns, 1, 3);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_loop, close_loop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(timer_fires_on_the_first_tick_at_or_after_its_due_time),
        TEST(timer_moved_later_stays_in_its_slot_and_fires_at_the_new_time),
        TEST(timer_moved_earlier_fires_at_the_new_time),
        TEST(timer_cleared_does_not_fire_and_can_be_set_again),
        TEST(callback_may_clear_a_timer_of_the_same_slot),
        TEST(callback_may_set_its_timer_again),
        TEST(timer_set_to_nothing_fires_on_the_next_tick),
        TEST(wheel_sleeps_until_the_next_timer_and_for_good_without),
        TEST(waiting_as_told_wakes_a_moved_timer_a_few_times_only),
        TEST(ten_thousand_timers_are_never_early_and_at_most_a_tick_late),
        TEST(timer_set_between_turns_counts_from_the_real_time),
        TEST(loop_turn_waits_for_the_timer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
