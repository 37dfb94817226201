/* test_conn_upgrade.c: connections that stop being HTTP: see scripted.h. */
#include "scripted.h"

static void bytes_behind_an_upgrade_are_its_owners(void **state)
{
    struct fixture *f = *state;

    is.answer = 'e';
    feed(f, GET_UP "GET /echo");
    assert_string_equal(take(f), SWITCHED "GET /echo");
    feed(f, " HTTP/1.1\r\n\r\n");
    assert_string_equal(take(f), " HTTP/1.1\r\n\r\n");
    assert_string_equal(is.heard, "GET /echo HTTP/1.1\r\n\r\n");
    assert_int_equal(f->c->timer.due, 0); /* no deadline counts */
}

/* They last for hours: counted, a crowd of them would be in the way of all requests that suspend. */
static void upgrades_do_not_count_as_in_flight(void **state)
{
    struct fixture *f = *state;
    struct gim_memory other;

    f->limits.max_in_flight = 1;
    feed(f, GET_UP);
    assert_int_equal(f->wire.in_flight, 0);
    gim_memory_open(&other, f->loop, &gim_conn_user);
    gim_conn_open(&f->wire, &other.stream);
    feed_to(&other, GET_ECHO);
    assert_string_equal(take_from(&other), OK_NONE);
    gim_wire_hang_up(&f->wire);
    gim_memory_free(&other);
}

static void upgrade_behind_a_stream_gets_its_bytes_in_order(void **state)
{
    struct fixture *f = *state;

    play(waiting + 1);
    feed(f, GET_S GET_UP "one ");
    gim_exchange_wake(is.x);
    turn(f);
    assert_string_equal(is.heard, "one ");
    feed(f, "two");
    assert_string_equal(is.heard, "one two");
    assert_string_equal(take(f), CHUNKED "00000001\r\nb\r\n00000001\r\nc\r\n0\r\n\r\n" SWITCHED);
}

static void owner_may_hang_up_from_inside(void **state)
{
    static const struct {
        char answer;
        bool behind; /* the data came with the request */
    } ways[] = {{'h', false}, {'h', true}, {'r', false}, {'r', true}};

    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        struct fixture *f;

        open_fixture(state);
        f = *state;
        is.answer = ways[i].answer;
        if (ways[i].behind) {
            feed(f, GET_UP "x");
        } else {
            feed(f, GET_UP);
            feed(f, "x");
        }
        assert_string_equal(take(f), SWITCHED);
        assert_int_equal(f->m.reset, ways[i].answer == 'r');
        assert_int_equal(f->m.shut, ways[i].answer == 'h');
        assert_int_equal(is.released, 1);
        assert_int_equal(is.cancelled, ways[i].answer == 'r');
        feed(f, "more");
        assert_string_equal(is.heard, "x");
        gim_memory_end(&f->m);
        assert_true(f->m.closed);
        close_fixture(state);
    }
}

static void owner_hears_of_the_end_and_of_the_servers(void **state)
{
    struct fixture *f = *state;

    feed(f, GET_UP);
    gim_memory_end(&f->m);
    assert_int_equal(is.ends, 1);
    assert_true(f->m.closed);
    close_fixture(state);
    open_fixture(state);
    f = *state;
    feed(f, GET_UP);
    take(f);
    f->wire.draining = true;
    gim_conn_drain(f->c);
    assert_int_equal(is.drains, 0);
    turn(f);
    assert_int_equal(is.drains, 1);
    assert_string_equal(take(f), "bye");
    assert_true(f->m.shut);
}

static void owner_sees_what_is_not_taken_and_is_told_when_it_is(void **state)
{
    struct fixture *f = *state;

    feed(f, GET_UP);
    take(f);
    f->m.bounded = true;
    gim_exchange_send(is.x, GIM_S("hello"));
    assert_int_equal(gim_exchange_unsent(is.x), 5);
    assert_int_equal(f->shared.buffered, 5);
    assert_int_equal(f->c->phase, GIM_CONN_WRITE);
    gim_memory_take(&f->m, 4);
    assert_int_equal(is.drained, 0);
    gim_memory_take(&f->m, 1);
    assert_int_equal(is.drained, 1);
    assert_int_equal(f->shared.buffered, 0);
    assert_int_equal(f->c->phase, GIM_CONN_STREAM);
    gim_exchange_send(is.x, GIM_S("hello"));
    deadline(f);
    assert_true(f->m.reset);
    assert_int_equal(is.cancelled, 1);
}

static void what_is_added_is_not_what_was_not_taken(void **state)
{
    struct fixture *f = *state;
    static char piece[6000];

    feed(f, GET_UP);
    f->m.bounded = true;
    for (int i = 0; i < 8; i++) {
        gim_exchange_send(is.x, (gim_str){piece, sizeof piece});
        gim_exchange_send(is.x, (gim_str){piece, sizeof piece});
        gim_memory_take(&f->m, 5000);
        deadline(f);
        assert_false(f->m.closed);
    }
}

static void last_words_leave_before_the_connection_ends(void **state)
{
    struct fixture *f = *state;

    feed(f, GET_UP);
    f->m.bounded = true;
    gim_exchange_send(is.x, GIM_S("bye"));
    gim_exchange_hang_up(is.x, false);
    assert_int_equal(is.released, 1);
    assert_false(f->m.shut);
    gim_memory_take(&f->m, 3);
    assert_true(f->m.shut);
}

static void hanging_up_on_somebody_else_does_not_take_our_replies(void **state)
{
    struct fixture *f = *state;
    struct gim_memory other;

    feed(f, GET_UP);
    take(f);
    gim_memory_open(&other, f->loop, &gim_conn_user);
    gim_conn_open(&f->wire, &other.stream);
    feed_to(&other, GET_ECHO "GET /end HTTP/1.1\r\nHost: a\r\n\r\n" GET_ECHO);
    assert_string_equal(take(f), "");
    assert_true(f->m.shut);
    assert_string_equal(take_from(&other), OK_NONE "HTTP/1.1 204 No Content\r\n\r\n" OK_NONE);
    gim_wire_hang_up(&f->wire);
    gim_memory_free(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(bytes_behind_an_upgrade_are_its_owners),
        TEST(upgrades_do_not_count_as_in_flight),
        TEST(upgrade_behind_a_stream_gets_its_bytes_in_order),
        cmocka_unit_test(owner_may_hang_up_from_inside),
        TEST(owner_hears_of_the_end_and_of_the_servers),
        TEST(owner_sees_what_is_not_taken_and_is_told_when_it_is),
        TEST(what_is_added_is_not_what_was_not_taken),
        TEST(last_words_leave_before_the_connection_ends),
        TEST(hanging_up_on_somebody_else_does_not_take_our_replies),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
