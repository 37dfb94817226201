/* test_accept.c: who is let in, and that an address's count comes back however its connection ends. */
#include <sys/socket.h>
#include <unistd.h>

#include "fixture.h"

#include "failing.h"
#include "gimlet/wire/crowd.h"

#define SHARE 2 /* of an address */
#define MAX 4
#define MAX_OVERSHOOT 64
#define OVER 8
#define MANY 100000

static enum gim_body_plan on_head(struct gim_exchange *x)
{
    (void)x;
    return GIM_BODY_TAKE;
}

static bool on_request(struct gim_exchange *x)
{
    x->reply.status = 200;
    return true;
}

static void on_refused(struct gim_exchange *x, int status, const char *detail)
{
    x->reply.status = status;
    x->reply.body = gim_str_of(detail);
}

static void nothing(struct gim_exchange *x)
{
    (void)x;
}

static void on_done(struct gim_exchange *x, size_t sent, bool aborted)
{
    (void)x;
    (void)sent;
    (void)aborted;
}

static const struct gim_service service = {
    .exchange_size = sizeof(struct gim_exchange),
    .on_head = on_head,
    .on_request = on_request,
    .on_refused = on_refused,
    .on_reply = nothing,
    .on_done = on_done,
    .on_cancel = nothing,
    .on_release = nothing,
};

static const struct gim_limits limits = {
    .max_head = 4096, .max_target = 1024, .max_connections = MAX};

static int open_fixture(void **state)
{
    struct fixture *f = fixture_new(&service, &limits);

    f->wire.shared->crowd = gim_crowd_new(SHARE, NULL);
    *state = f;
    return 0;
}

static int close_fixture(void **state)
{
    struct fixture *f = *state;
    struct gim_crowd *crowd = f->wire.shared->crowd;

    gim_wire_hang_up(&f->wire);
    gim_crowd_free(crowd);
    f->wire.shared->crowd = NULL;
    fixture_free(f);
    return 0;
}

static const uint8_t *address(unsigned n)
{
    static uint8_t peer[16];

    peer[0] = 0x20;
    memcpy(peer + 1, &n, sizeof n);
    return peer;
}

/* A connection comes from the nth address; our end of it. */
static int come(struct fixture *f, unsigned n)
{
    int pair[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
    gim_conn_accept_from(&f->wire, pair[0], address(n));
    return pair[1];
}

static void assert_count(struct fixture *f, unsigned n, unsigned count)
{
    struct gim_crowd *crowd = f->wire.shared->crowd;
    uint64_t keys[SHARE + 1];
    unsigned free = 0;

    while (gim_crowd_enter(crowd, address(n), &keys[free]) == GIM_CROWD_ROOM)
        free++;
    for (unsigned i = 0; i <= free; i++)
        gim_crowd_leave(crowd, keys[i]);
    assert_int_equal(SHARE - free, count);
}

static void turn(struct fixture *f)
{
    for (int i = 0; i < 3; i++)
        gim_loop_turn(f->loop, 0);
}

static void ends_by_fin(struct fixture *f, int fd)
{
    close(fd);
    turn(f);
}

static void ends_by_rubbish(struct fixture *f, int fd)
{
    assert_int_equal(write(fd, "rubbish\r\n\r\n", 11), 11);
    turn(f);
    close(fd);
    turn(f);
}

static void ends_within_a_request(struct fixture *f, int fd)
{
    assert_int_equal(write(fd, "GET / HTTP/1.1\r\nHos", 19), 19);
    turn(f);
    close(fd);
    turn(f);
}

static void ends_by_stop(struct fixture *f, int fd)
{
    gim_wire_hang_up(&f->wire);
    close(fd);
}

static void (*const ends[])(struct fixture *f, int fd) = {ends_by_fin, ends_by_rubbish,
                                                          ends_within_a_request, ends_by_stop};

static void the_count_comes_back_however_it_ends(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        int fd = come(f, 1);

        assert_count(f, 1, 1);
        ends[i](f, fd);
        assert_count(f, 1, 0);
    }
}

static void the_count_comes_back_of_those_who_were_refused(void **state)
{
    struct fixture *f = *state;
    int fds[SHARE + OVER + 3];

    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++)
        fds[i] = come(f, 1);
    assert_int_equal(f->wire.counts.refused[GIM_REFUSED_ADDRESS_FULL], OVER);
    assert_int_equal(f->wire.counts.refused[GIM_REFUSED_CONNECTIONS_CUT], 3);
    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++)
        close(fds[i]);
    turn(f);
    assert_int_equal(f->wire.n_conns, 1); /* the fixture's own */
    assert_count(f, 1, 0);
}

static void the_count_comes_back_without_memory(void **state)
{
    struct fixture *f = *state;

    come(f, 1);
    for (long n = 1; n <= 3; n++) { /* the table's, the connection's, none */
        failing_from(n, true);
        close(come(f, 2));
        failing_end();
        turn(f);
        assert_count(f, 2, 0);
    }
    assert_count(f, 1, 1);
}

/* Each address may have a few who are told; all together are no more than who are told of the limit. */
static void many_crowded_addresses_do_not_pass_the_limit(void **state)
{
    struct fixture *f = *state;
    unsigned n = 0;

    for (; n < 2 * (MAX + MAX_OVERSHOOT); n++) {
        for (int i = 0; i < SHARE + OVER; i++)
            come(f, n);
    }
    assert_in_range(f->wire.n_conns, MAX, MAX + MAX_OVERSHOOT);
}

/* It is not what the reserve is for; and who goes must always get away. */
static void a_table_that_cannot_grow_lets_nobody_more_in(void **state)
{
    static uint64_t keys[MANY];
    struct fixture *f = *state;
    struct gim_crowd *crowd = f->wire.shared->crowd;
    unsigned in = 0;

    for (unsigned n = 0; n < 1000; n++)
        assert_int_equal(gim_crowd_enter(crowd, address(n), &keys[n]), GIM_CROWD_ROOM);
    failing_from(1, true);
    for (unsigned n = 1000; n < MANY; n++) {
        if (gim_crowd_enter(crowd, address(n), &keys[n]) == GIM_CROWD_ROOM)
            in++;
        else
            assert_int_equal(keys[n], 0);
    }
    assert_in_range(in, 1, 10000);
    for (unsigned n = 0; n < MANY; n++) {
        if (keys[n])
            gim_crowd_leave(crowd, keys[n]);
    }
    assert_false(gim_heap_is_low());
    failing_end();
    for (unsigned n = 0; n < 100; n++)
        assert_count(f, n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_count_comes_back_however_it_ends, open_fixture,
                                        close_fixture),
        cmocka_unit_test_setup_teardown(the_count_comes_back_of_those_who_were_refused,
                                        open_fixture, close_fixture),
        cmocka_unit_test_setup_teardown(the_count_comes_back_without_memory, open_fixture,
                                        close_fixture),
        cmocka_unit_test_setup_teardown(many_crowded_addresses_do_not_pass_the_limit, open_fixture,
                                        close_fixture),
        cmocka_unit_test_setup_teardown(a_table_that_cannot_grow_lets_nobody_more_in, open_fixture,
                                        close_fixture),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
