/* test_conn_share.c: connections that send many costly requests at once take turns. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fixture.h"

#include "gimlet/base/clock.h"

#define EACH 6
#define COST_NS 1500000 /* of a request: more than a turn's share */

static char order[64]; /* who was served: the requests' paths are /a and /b */
static size_t served;

static enum gim_body_plan on_head(struct gim_exchange *x)
{
    (void)x;
    return GIM_BODY_TAKE;
}

static bool on_request(struct gim_exchange *x)
{
    uint64_t until = gim_clock_ns() + COST_NS;

    while (gim_clock_ns() < until)
        continue;
    order[served++] = gim_head_str(&x->head, x->head.path).ptr[1];
    x->reply.status = 200;
    x->reply.media_type = GIM_S("text/plain");
    x->reply.body = GIM_S("ok");
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

static const struct gim_limits limits = {.max_head = 4096, .max_target = 1024};

static int open_fixture(void **state)
{
    *state = fixture_new(&service, &limits);
    served = 0;
    memset(order, 0, sizeof order);
    return 0;
}

static int close_fixture(void **state)
{
    fixture_free(*state);
    return 0;
}

/* A connection on which so many requests for a path wait already; our end of it. */
static int with_requests(struct fixture *f, char path, int n)
{
    char one[64];
    int pair[2], len = snprintf(one, sizeof one, "GET /%c HTTP/1.1\r\nHost: h\r\n\r\n", path);

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
    for (int i = 0; i < n; i++)
        assert_int_equal(write(pair[1], one, (size_t)len), len);
    gim_conn_accept(&f->wire, pair[0]);
    return pair[1];
}

static unsigned answers(int fd)
{
    char text[8192];
    ssize_t n = read(fd, text, sizeof text - 1);
    unsigned found = 0;

    text[n > 0 ? n : 0] = '\0';
    for (const char *at = text; (at = strstr(at, "HTTP/1.1 200 ")); at++)
        found++;
    return found;
}

static void nobody_has_more_than_a_share_of_a_turn(void **state)
{
    struct fixture *f = *state;
    int a = with_requests(f, 'a', EACH), b = with_requests(f, 'b', EACH);

    gim_loop_turn(f->loop, 100);
    assert_in_range(served, 2, 4); /* one of each, and one more where the turn had just begun */
    for (int i = 0; i < 4 * EACH && served < 2 * EACH; i++)
        gim_loop_turn(f->loop, 100);
    assert_int_equal(served, 2 * EACH);
    for (size_t i = 0; i + 4 < 2 * EACH; i += 4)
        assert_true(memchr(order + i, 'a', 4) && memchr(order + i, 'b', 4));
    assert_int_equal(answers(a), EACH);
    assert_int_equal(answers(b), EACH);
    close(a);
    close(b);
}

static void whole_requests_before_a_fin_are_answered(void **state)
{
    struct fixture *f = *state;
    int a = with_requests(f, 'a', EACH);
    char end;

    shutdown(a, SHUT_WR);
    for (int i = 0; i < 4 * EACH; i++)
        gim_loop_turn(f->loop, 20);
    assert_int_equal(answers(a), EACH);
    assert_int_equal(read(a, &end, 1), 0);
    assert_int_equal(f->wire.n_conns, 1); /* the fixture's own */
    close(a);
}

static void who_goes_while_it_waits_is_forgotten(void **state)
{
    struct fixture *f = *state;
    int a = with_requests(f, 'a', EACH), b = with_requests(f, 'b', EACH);

    gim_loop_turn(f->loop, 100);
    gim_wire_hang_up(&f->wire);
    assert_true(gim_list_empty(&f->wire.sharing));
    for (int i = 0; i < 4; i++)
        gim_loop_turn(f->loop, 0);
    assert_in_range(served, 2, 4);
    close(a);
    close(b);
    a = with_requests(f, 'a', EACH);
    for (int i = 0; i < 4 * EACH; i++)
        gim_loop_turn(f->loop, 20);
    assert_int_equal(answers(a), EACH);
    close(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nobody_has_more_than_a_share_of_a_turn, open_fixture,
                                        close_fixture),
        cmocka_unit_test_setup_teardown(whole_requests_before_a_fin_are_answered, open_fixture,
                                        close_fixture),
        cmocka_unit_test_setup_teardown(who_goes_while_it_waits_is_forgotten, open_fixture,
                                        close_fixture),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
