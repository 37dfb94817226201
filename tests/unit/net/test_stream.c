/* test_stream.c: the socket stream, each test on TCP over loopback and on a unix socket pair. */
#include "gimlet/base/arena.h"
#include "gimlet/net/loop_private.h"
#include "gimlet/net/stream.h"
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct side {
    struct gim_stream s;
    char got[1 << 20];
    size_t got_len;
    int datas, drained, ends, errors, err;
    bool end_before_data;
    size_t data_max; /* the largest slice */
    void (*then)(struct side *me);
};

static struct gim_loop *loop;
static struct side *side;
static int peer; /* the other end, a plain blocking fd */
static bool freed;

static struct side *side_of(struct gim_stream *s)
{
    return GIM_CONTAINER(s, struct side, s);
}

static void on_data(struct gim_stream *s, gim_str data)
{
    struct side *me = side_of(s);

    me->datas++;
    me->end_before_data |= me->ends > 0;
    if (data.len > me->data_max)
        me->data_max = data.len;
    if (me->got_len + data.len <= sizeof me->got)
        memcpy(me->got + me->got_len, data.ptr, data.len);
    me->got_len += data.len;
    if (me->then)
        me->then(me);
}

static void on_drained(struct gim_stream *s)
{
    side_of(s)->drained++;
    assert_int_equal(gim_stream_pending(s), 0);
    assert_null(s->pending_ptr);
}

static void on_end(struct gim_stream *s)
{
    side_of(s)->ends++;
    if (side_of(s)->then)
        side_of(s)->then(side_of(s));
}

static void on_error(struct gim_stream *s, int err)
{
    side_of(s)->errors++;
    side_of(s)->err = err;
}

static const struct gim_stream_user user = {
    .on_data = on_data, .on_drained = on_drained, .on_end = on_end, .on_error = on_error};

static void tcp_pair(int fd[2])
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    int l = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(bind(l, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(listen(l, 1), 0);
    getsockname(l, (struct sockaddr *)&a, &len);
    fd[1] = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd[1], (struct sockaddr *)&a, sizeof a), 0);
    fd[0] = accept4(l, NULL, NULL, SOCK_NONBLOCK);
    close(l);
}

static void turns(int n)
{
    for (int i = 0; i < n; i++)
        assert_int_equal(gim_loop_turn(loop, 5), 0);
}

static void open_on(int fd[2])
{
    freed = false;
    loop = gim_loop_new();
    side = calloc(1, sizeof *side);
    peer = fd[1];
    assert_int_equal(gim_socket_open(&side->s, loop, fd[0], &user), 0);
    turns(1);
}

static int open_tcp(void **state)
{
    int fd[2];

    (void)state;
    tcp_pair(fd);
    open_on(fd);
    return 0;
}

static int open_unix(void **state)
{
    int fd[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
    fcntl(fd[0], F_SETFL, O_NONBLOCK);
    open_on(fd);
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    if (!freed) {
        side->s.ops->close(&side->s, false);
        side->s.ops->close(&side->s, false); /* twice is once */
        free(side);
    }
    if (peer >= 0)
        close(peer);
    gim_loop_free(loop);
    return 0;
}

static void put(const char *text)
{
    assert_int_equal(write(peer, text, strlen(text)), strlen(text));
}

static void echo(struct side *me)
{
    if (me->ends == 0)
        me->s.ops->write(&me->s, (gim_str){me->got, me->got_len});
}

static void echo_takes_one_turn_and_no_allocation(void **state)
{
    char back[16];
    uint64_t heap;

    (void)state;
    side->then = echo;
    put("hello");
    turns(1);
    assert_int_equal(read(peer, back, sizeof back), 5);
    side->got_len = 0;
    heap = gim_heap_calls();
    put("again");
    turns(1);
    assert_int_equal(read(peer, back, sizeof back), 5);
    assert_memory_equal(back, "again", 5);
    assert_int_equal(gim_heap_calls(), heap);
    assert_int_equal(side->datas, 2);
    assert_int_equal(side->drained, 0);
}

static void what_the_kernel_does_not_take_is_kept_and_drained_once(void **state)
{
    static char big[3 << 20], back[sizeof big];
    const int small = 4096;
    size_t at = 0, sent = sizeof big / 8;

    (void)state;
    for (size_t i = 0; i < sizeof big; i++)
        big[i] = (char)(i * 2654435761u >> 13);
    setsockopt(side->s.io.fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
    side->s.ops->write(&side->s, (gim_str){big, sizeof big / 8});
    assert_true(gim_stream_pending(&side->s) > 0);
    fcntl(peer, F_SETFL, O_NONBLOCK);
    for (int idle = 0; at < sizeof big && idle < 1000;) {
        ssize_t n = read(peer, back + at, sizeof back - at);

        if (n > 0)
            at += (size_t)n;
        else
            idle++;
        if (sent < sizeof big) { /* the socket has room now: it must not overtake what is kept */
            side->s.ops->write(&side->s, (gim_str){big + sent, sizeof big / 64});
            sent += sizeof big / 64;
        }
        turns(1);
    }
    turns(3);
    assert_int_equal(at, sizeof big);
    assert_memory_equal(back, big, sizeof big);
    assert_int_equal(side->drained, 1);
    assert_int_equal(gim_stream_pending(&side->s), 0);
    assert_null(side->s.pending_ptr);
}

static void half_closed_peer_still_gets_its_answer(void **state)
{
    char back[16];

    (void)state;
    put("last words");
    shutdown(peer, SHUT_WR);
    turns(3);
    assert_int_equal(side->got_len, 10);
    assert_int_equal(side->ends, 1);
    assert_false(side->end_before_data);
    side->s.ops->write(&side->s, GIM_S("answer"));
    side->s.ops->shut_write(&side->s);
    side->s.ops->write(&side->s, GIM_S("never sent"));
    assert_int_equal(read(peer, back, sizeof back), 6);
    assert_int_equal(read(peer, back, sizeof back), 0);
    turns(3);
    assert_int_equal(side->ends, 1);
    assert_int_equal(side->errors, 0);
}

static void all_data_before_a_fin_comes_before_the_end(void **state)
{
    static char big[150000];
    size_t sent = 0;

    (void)state;
    for (fcntl(peer, F_SETFL, O_NONBLOCK); sent < sizeof big; turns(1)) {
        ssize_t n = write(peer, big + sent, sizeof big - sent);

        sent += n > 0 ? (size_t)n : 0;
    }
    put("x");
    close(peer);
    peer = -1;
    turns(8);
    assert_int_equal(side->got_len, sizeof big + 1);
    assert_int_equal(side->ends, 1);
    assert_false(side->end_before_data);
    assert_int_equal(side->errors, 0);
}

static void fin_waits_for_what_is_pending(void **state)
{
    static char big[1 << 20];
    const int small = 4096;
    size_t at = 0;
    ssize_t n;

    (void)state;
    setsockopt(side->s.io.fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
    side->s.ops->write(&side->s, (gim_str){big, sizeof big});
    side->s.ops->shut_write(&side->s);
    fcntl(peer, F_SETFL, O_NONBLOCK);
    for (int i = 0; i < 100000; i++) {
        n = read(peer, big, sizeof big);
        if (n == 0)
            break;
        at += n > 0 ? (size_t)n : 0;
        turns(1);
    }
    assert_int_equal(at, sizeof big);
    assert_int_equal(side->drained, 1);
}

static void reset_by_the_peer_is_an_error_once(void **state)
{
    const struct linger now = {.l_onoff = 1, .l_linger = 0};

    (void)state;
    setsockopt(peer, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(peer);
    peer = -1;
    turns(3);
    assert_int_equal(side->errors, 1);
    assert_int_equal(side->err, ECONNRESET);
    side->s.ops->write(&side->s, GIM_S("ignored"));
    turns(2);
    assert_int_equal(side->errors, 1);
    assert_int_equal(side->ends, 0);
}

static void reset_is_told_even_while_reading_is_stopped(void **state)
{
    const struct linger now = {.l_onoff = 1, .l_linger = 0};

    (void)state;
    side->s.ops->read_stop(&side->s);
    setsockopt(peer, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(peer);
    peer = -1;
    turns(3);
    assert_int_equal(side->errors, 1);
    assert_int_equal(side->err, ECONNRESET);
}

static void failed_write_is_told_in_the_next_turn(void **state)
{
    (void)state;
    shutdown(side->s.io.fd, SHUT_WR); /* behind its back: the next send is EPIPE */
    turns(2);
    side->s.ops->write(&side->s, GIM_S("x"));
    assert_int_equal(side->errors, 0);
    side->s.ops->write(&side->s, GIM_S("y"));
    turns(1);
    assert_int_equal(side->errors, 1);
    assert_int_equal(side->err, EPIPE);
    put("who failed hears no more");
    turns(2);
    assert_int_equal(side->errors, 1);
    assert_int_equal(side->datas, 0);
}

static void close_and_free(struct side *me)
{
    me->s.ops->write(&me->s, GIM_S("bye"));
    me->s.ops->close(&me->s, false);
    memset(me, 0xee, sizeof *me);
    free(me);
    freed = true;
}

static void stream_may_be_closed_and_freed_inside_on_data(void **state)
{
    char back[8];

    (void)state;
    side->then = close_and_free;
    put("x");
    shutdown(peer, SHUT_WR);
    turns(3);
    assert_true(freed);
    assert_int_equal(read(peer, back, sizeof back), 3);
}

static void stream_may_be_closed_and_freed_inside_on_end(void **state)
{
    (void)state;
    side->then = close_and_free;
    shutdown(peer, SHUT_WR);
    turns(3);
    assert_true(freed);
}

static void stop(struct side *me)
{
    me->s.ops->read_stop(&me->s);
}

static void stopped_stream_hears_nothing_until_started(void **state)
{
    (void)state;
    side->s.ops->read_stop(&side->s);
    put("waits");
    shutdown(peer, SHUT_WR);
    turns(3);
    assert_int_equal(side->datas + side->ends, 0);
    side->s.ops->read_start(&side->s);
    assert_int_equal(side->datas, 0); /* not inside read_start */
    turns(1);
    assert_int_equal(side->got_len, 5);
    assert_int_equal(side->ends, 1);
}

static void stop_inside_on_data_holds_back_the_rest(void **state)
{
    static char big[2 * GIM_LOOP_BUF];
    size_t before = 0;
    int room = sizeof big * 4;

    (void)state;
    setsockopt(peer, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    side->s.ops->read_stop(&side->s);
    side->then = stop;
    fcntl(peer, F_SETFL, O_NONBLOCK);
    assert_true(write(peer, big, sizeof big) > GIM_LOOP_BUF);
    turns(2);
    for (int i = 1; i <= 2; i++) {
        side->s.ops->read_start(&side->s);
        turns(3);
        assert_int_equal(side->datas, i); /* one slice, then the stop holds */
        assert_true(side->got_len > before);
        before = side->got_len;
    }
}

/* A unix socket holds more than four buffers; after that its peer is silent, so no edge helps. */
static void full_buffers_are_read_four_a_turn_and_the_rest_next_turn(void **state)
{
    static char big[8 * GIM_LOOP_BUF];
    int room = sizeof big * 2;
    ssize_t n;

    (void)state;
    setsockopt(peer, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    side->s.ops->read_stop(&side->s);
    fcntl(peer, F_SETFL, O_NONBLOCK);
    n = write(peer, big, sizeof big);
    turns(1);
    if (n <= 4 * GIM_LOOP_BUF)
        skip(); /* net.core.wmem_max is small here */
    side->s.ops->read_start(&side->s);
    turns(1);
    assert_int_equal(side->got_len, 4 * GIM_LOOP_BUF);
    turns(1);
    assert_int_equal(side->got_len, n);
}

static void starting_without_anything_waiting_delivers_later_data(void **state)
{
    (void)state;
    side->s.ops->read_stop(&side->s);
    side->s.ops->read_start(&side->s);
    turns(2);
    put("later");
    turns(1);
    assert_int_equal(side->got_len, 5);
}

static void closed_stream_that_was_to_be_run_is_forgotten(void **state)
{
    (void)state;
    side->s.ops->read_stop(&side->s);
    put("x");
    turns(1);
    side->s.ops->read_start(&side->s);
    side->s.ops->close(&side->s, true);
    memset(side, 0xee, sizeof *side);
    free(side);
    freed = true;
    turns(2);
}

static void stream_fits_in_its_budget(void **state)
{
    (void)state;
    assert_true(sizeof(struct gim_stream) <= 72);
}

#define TEST(name)                                                                                 \
    {#name " (tcp)", name, open_tcp, close_all, NULL},                                             \
    {                                                                                              \
#name " (unix)", name, open_unix, close_all, NULL                                          \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(echo_takes_one_turn_and_no_allocation),
        TEST(what_the_kernel_does_not_take_is_kept_and_drained_once),
        TEST(half_closed_peer_still_gets_its_answer),
        TEST(all_data_before_a_fin_comes_before_the_end),
        TEST(fin_waits_for_what_is_pending),
        cmocka_unit_test_setup_teardown(reset_by_the_peer_is_an_error_once, open_tcp, close_all),
        cmocka_unit_test_setup_teardown(reset_is_told_even_while_reading_is_stopped, open_tcp,
                                        close_all),
        TEST(failed_write_is_told_in_the_next_turn),
        TEST(stream_may_be_closed_and_freed_inside_on_data),
        TEST(stream_may_be_closed_and_freed_inside_on_end),
        TEST(stopped_stream_hears_nothing_until_started),
        TEST(stop_inside_on_data_holds_back_the_rest),
        cmocka_unit_test_setup_teardown(full_buffers_are_read_four_a_turn_and_the_rest_next_turn,
                                        open_unix, close_all),
        TEST(starting_without_anything_waiting_delivers_later_data),
        TEST(closed_stream_that_was_to_be_run_is_forgotten),
        cmocka_unit_test(stream_fits_in_its_budget),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
