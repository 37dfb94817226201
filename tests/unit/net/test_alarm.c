/* test_alarm.c: the precise alarm: never early, soon after, cheap, and sure when it is moved. */
#include "gimlet/base/clock.h"
#include "gimlet/net/alarm.h"
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define MS INT64_C(1000000)

static struct gim_loop *loop;
static struct gim_alarm alarm_;
static int rings;
static int64_t rang_at;
static int64_t again_after; /* set from inside on_alarm; 0: not */

static int64_t now(void)
{
    return (int64_t)gim_clock_ns();
}

static void on_alarm(struct gim_alarm *a)
{
    rings++;
    rang_at = now();
    assert_int_equal(a->at, 0);
    if (again_after)
        gim_alarm_set(a, rang_at + again_after);
}

static int open_alarm(void **state)
{
    (void)state;
    rings = 0;
    rang_at = again_after = 0;
    loop = gim_loop_new();
    alarm_.on_alarm = on_alarm;
    assert_int_equal(gim_alarm_open(&alarm_, loop), 0);
    return 0;
}

static int close_alarm(void **state)
{
    (void)state;
    gim_alarm_close(&alarm_);
    gim_alarm_close(&alarm_); /* twice is once */
    gim_loop_free(loop);
    return 0;
}

static void turn_until(int wanted, int64_t for_ns)
{
    int64_t end = now() + for_ns;

    while (rings < wanted && now() < end)
        assert_int_equal(gim_loop_turn(loop, 5), 0);
}

static void alarm_rings_once_at_its_time_and_never_before(void **state)
{
    int64_t at = now() + 20 * MS;

    (void)state;
    gim_alarm_set(&alarm_, at);
    assert_int_equal(alarm_.at, at);
    turn_until(1, 2000 * MS);
    assert_int_equal(rings, 1);
    assert_true(rang_at >= at);
    assert_true(rang_at < at + 500 * MS);
    turn_until(2, 30 * MS);
    assert_int_equal(rings, 1);
}

static void time_in_the_past_rings_at_once(void **state)
{
    (void)state;
    gim_alarm_set(&alarm_, 1);
    turn_until(1, 2000 * MS);
    assert_int_equal(rings, 1);
    gim_alarm_set(&alarm_, -5);
    turn_until(2, 2000 * MS);
    assert_int_equal(rings, 2);
}

static void alarm_set_again_inside_rings_a_thousand_times_without_a_read(void **state)
{
    (void)state;
    again_after = 20000;
    gim_alarm_set(&alarm_, now());
    turn_until(1000, 20000 * MS);
    assert_int_equal(rings, 1000);
}

static void cleared_alarm_does_not_ring(void **state)
{
    (void)state;
    gim_alarm_set(&alarm_, now() + 5 * MS);
    gim_alarm_set(&alarm_, 0);
    turn_until(1, 30 * MS);
    assert_int_equal(rings, 0);
    gim_alarm_set(&alarm_, now() + 5 * MS); /* and can be set again */
    turn_until(1, 2000 * MS);
    assert_int_equal(rings, 1);
}

static void moved_later_after_it_went_off_it_rings_only_then(void **state)
{
    int64_t at;

    (void)state;
    gim_alarm_set(&alarm_, now() + MS);
    poll(NULL, 0, 5); /* it goes off, and nobody has looked */
    at = now() + 30 * MS;
    gim_alarm_set(&alarm_, at);
    turn_until(1, 2000 * MS);
    assert_int_equal(rings, 1);
    assert_true(rang_at >= at);
}

/* Two descriptors ready in one batch: the first to be dispatched moves the alarm, whose event was
 * fetched with it. */
static int64_t moved_to;

static void move_alarm(struct gim_io *io, uint32_t events)
{
    (void)io;
    (void)events;
    if (rings == 0 && alarm_.at != 0) {
        moved_to = now() + 30 * MS;
        gim_alarm_set(&alarm_, moved_to);
    }
}

static void moved_while_its_event_is_in_the_batch_it_is_not_early_nor_lost(void **state)
{
    struct gim_io io = {.on_event = move_alarm};

    (void)state;
    io.fd = eventfd(0, EFD_NONBLOCK);
    assert_int_equal(gim_loop_add(loop, &io, false, false), 0);
    gim_loop_turn(loop, 0); /* the edge of adding it */
    assert_int_equal(eventfd_write(io.fd, 1), 0);
    gim_alarm_set(&alarm_, now() + MS);
    poll(NULL, 0, 5);
    gim_loop_turn(loop, 0); /* both events in one batch, the eventfd's first */
    assert_true(moved_to > 0);
    turn_until(1, 2000 * MS);
    assert_int_equal(rings, 1);
    assert_true(rang_at >= moved_to);
    gim_loop_remove(loop, &io);
    close(io.fd);
}

static void close_it(struct gim_alarm *a)
{
    rings++;
    gim_alarm_close(a);
}

static void alarm_may_be_closed_inside_its_callback(void **state)
{
    (void)state;
    alarm_.on_alarm = close_it;
    gim_alarm_set(&alarm_, now());
    turn_until(1, 2000 * MS);
    turn_until(2, 10 * MS);
    assert_int_equal(rings, 1);
}

static void closing_an_alarm_never_opened_harms_nothing(void **state)
{
    struct gim_alarm zero = {0};
    int before = fcntl(0, F_GETFD);

    (void)state;
    gim_alarm_close(&zero);
    assert_int_equal(fcntl(0, F_GETFD), before); /* its 0 is not stdin */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_alarm, close_alarm)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(alarm_rings_once_at_its_time_and_never_before),
        TEST(time_in_the_past_rings_at_once),
        TEST(alarm_set_again_inside_rings_a_thousand_times_without_a_read),
        TEST(cleared_alarm_does_not_ring),
        TEST(moved_later_after_it_went_off_it_rings_only_then),
        TEST(moved_while_its_event_is_in_the_batch_it_is_not_early_nor_lost),
        TEST(alarm_may_be_closed_inside_its_callback),
        TEST(closing_an_alarm_never_opened_harms_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
