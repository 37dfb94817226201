/* test_conn_stream.c: streamed replies: see scripted.h. */
#include "scripted.h"

/* ---- streams --------------------------------------------------------------------------------- */

enum end {
    STAYS,
    CLOSES,
    RESETS
};

static const struct {
    const char *request;
    int64_t length;
    int status;
    struct step script[4];
    const char *output;
    enum end end;
    int pulls;
    int64_t sent;
} rows[] = {
    {GET_S,
     -1,
     200,
     {{"ab", GIM_PULL_MORE, 0}, {"c", GIM_PULL_END, 0}},
     CHUNKED "00000002\r\nab\r\n00000001\r\nc\r\n0\r\n\r\n",
     STAYS,
     2,
     3},
    {GET_S,
     -1,
     200,
     {{"ab", GIM_PULL_MORE, 0}, {"", GIM_PULL_END, 0}},
     CHUNKED "00000002\r\nab\r\n0\r\n\r\n",
     STAYS,
     2,
     2},
    {GET_S, -1, 200, {{"", GIM_PULL_END, 0}}, CHUNKED "0\r\n\r\n", STAYS, 1, 0},
    {GET_S,
     3,
     200,
     {{"ab", GIM_PULL_MORE, 0}, {"c", GIM_PULL_END, 0}},
     OK "Content-Length: 3\r\n\r\nabc",
     STAYS,
     2,
     3},
    {GET_S,
     3,
     200,
     {{"abc", GIM_PULL_MORE, 0}, {"", GIM_PULL_END, 0}},
     OK "Content-Length: 3\r\n\r\nabc",
     STAYS,
     2,
     3},
    {GET_S, 0, 200, {{"", GIM_PULL_END, 0}}, OK_NONE, STAYS, 1, 0},
    {GET_S, 3, 200, {{"ab", GIM_PULL_END, 0}}, OK "Content-Length: 3\r\n\r\n", RESETS, 1, 0},
    {GET_S,
     3,
     200,
     {{"ab", GIM_PULL_MORE, 0}, {"cd", GIM_PULL_END, 0}},
     OK "Content-Length: 3\r\n\r\nab",
     RESETS,
     2,
     2},
    {GET_S,
     3,
     200,
     {{"ab", GIM_PULL_MORE, 0}, {"cd", GIM_PULL_MORE, 0}},
     OK "Content-Length: 3\r\n\r\nab",
     RESETS,
     2,
     2},
    {GET_S,
     -1,
     200,
     {{"ab", GIM_PULL_MORE, 0}, {"", GIM_PULL_MORE, 0}},
     CHUNKED "00000002\r\nab\r\n",
     RESETS,
     2,
     2},
    {GET_S,
     -1,
     200,
     {{"ab", GIM_PULL_MORE, 0}, {"lost", GIM_PULL_FAIL, 0}},
     CHUNKED "00000002\r\nab\r\n",
     RESETS,
     2,
     2},
    {"HEAD /s HTTP/1.1\r\nHost: a\r\n\r\n",
     3,
     200,
     {{"abc", GIM_PULL_END, 0}},
     OK "Content-Length: 3\r\n\r\n",
     STAYS,
     0,
     0},
    {"HEAD /s HTTP/1.1\r\nHost: a\r\n\r\n",
     -1,
     200,
     {{"abc", GIM_PULL_END, 0}},
     OK "\r\n",
     STAYS,
     0,
     0},
    {GET_S, 3, 204, {{"abc", GIM_PULL_END, 0}}, "HTTP/1.1 204 No Content\r\n\r\n", STAYS, 0, 0},
    {GET_S, -1, 304, {{"abc", GIM_PULL_END, 0}}, "HTTP/1.1 304 Not Modified\r\n\r\n", STAYS, 0, 0},
    {"GET /s HTTP/1.0\r\n\r\n",
     -1,
     200,
     {{"ab", GIM_PULL_MORE, 0}, {"c", GIM_PULL_END, 0}},
     OK "Connection: close\r\n\r\nabc",
     CLOSES,
     2,
     3},
    {"GET /s HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
     -1,
     200,
     {{"abc", GIM_PULL_END, 0}},
     OK "Connection: close\r\n\r\nabc",
     CLOSES,
     1,
     3},
    {"GET /s HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
     3,
     200,
     {{"abc", GIM_PULL_END, 0}},
     OK "Content-Length: 3\r\nConnection: keep-alive\r\n\r\nabc",
     STAYS,
     1,
     3},
    {"GET /s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
     -1,
     200,
     {{"a", GIM_PULL_END, 0}},
     OK "Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n00000001\r\na\r\n0\r\n\r\n",
     CLOSES,
     1,
     1},
    {GET_S, 5, 200, {{"ab", GIM_PULL_END, 3}}, OK "Content-Length: 5\r\n\r\nab234", STAYS, 1, 5},
    {GET_S,
     7,
     200,
     {{"", GIM_PULL_MORE, 3}, {"wxyz", GIM_PULL_END, 0}},
     OK "Content-Length: 7\r\n\r\n234wxyz",
     STAYS,
     2,
     7},
    {GET_S, -1, 200, {{"ab", GIM_PULL_END, 3}}, CHUNKED, RESETS, 1, 0},
    {GET_S, 5, 200, {{"ab", GIM_PULL_END, 4}}, OK "Content-Length: 5\r\n\r\n", RESETS, 1, 0},
    {GET_S, 1, 200, {{"ab", GIM_PULL_END, -1}}, OK "Content-Length: 1\r\n\r\n", RESETS, 1, 0},
    {GET_S,
     13,
     200,
     {{"ab", GIM_PULL_END, 11}},
     OK "Content-Length: 13\r\n\r\nab23456789",
     RESETS,
     1,
     10},
    {GET_S GET_ECHO,
     -1,
     200,
     {{"a", GIM_PULL_MORE, 0}, {"b", GIM_PULL_END, 0}},
     CHUNKED "00000001\r\na\r\n00000001\r\nb\r\n0\r\n\r\n" OK_NONE,
     STAYS,
     2,
     0},
    {GET_ECHO GET_S GET_S,
     -1,
     200,
     {{"a", GIM_PULL_END, 0}},
     OK_NONE CHUNKED "00000001\r\na\r\n0\r\n\r\n" CHUNKED "00000001\r\na\r\n0\r\n\r\n",
     STAYS,
     2,
     1},
    {"POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi" GET_ECHO,
     -1,
     200,
     {{"a", GIM_PULL_END, 0}},
     CHUNKED "00000001\r\na\r\n0\r\n\r\n" OK_NONE,
     STAYS,
     1,
     0},
    {"GET /early HTTP/1.1\r\nHost: a\r\n\r\n",
     -1,
     200,
     {{"a", GIM_PULL_END, 0}},
     CHUNKED "00000001\r\na\r\n0\r\n\r\n",
     STAYS,
     1,
     1},
    {"GET /early HTTP/1.1\r\nHost: a\r\n\r\n" GET_ECHO,
     -1,
     200,
     {{"a", GIM_PULL_END, 0}},
     CHUNKED "00000001\r\na\r\n0\r\n\r\n" OK_NONE,
     STAYS,
     1,
     0},
};

static void check_row(struct fixture *f, size_t i, bool bytewise)
{
    is.length = rows[i].length;
    is.status = rows[i].status;
    play(rows[i].script);
    if (bytewise)
        feed_bytes(f, rows[i].request);
    else
        feed(f, rows[i].request);
    assert_string_equal(take(f), rows[i].output);
    assert_int_equal(f->m.reset, rows[i].end == RESETS);
    assert_int_equal(f->m.closed || f->m.shut, rows[i].end != STAYS);
    assert_int_equal(is.pulls, rows[i].pulls);
    assert_int_equal(is.sent, rows[i].sent);
    if (!bytewise)
        assert_int_equal(is.done, is.released);
    assert_int_equal(is.aborted, rows[i].end == RESETS);
    assert_int_equal(is.cancelled, rows[i].end == RESETS);
    if (rows[i].end != STAYS)
        return;
    assert_int_equal(f->c->phase, GIM_CONN_IDLE);
    feed(f, GET_ECHO);
    assert_string_equal(take(f), OK_NONE);
}

static void rows_whole_and_byte_by_byte(void **state)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (int bytewise = 0; bytewise < 2; bytewise++) {
            open_fixture(state);
            check_row(*state, i, bytewise);
            close_fixture(state);
        }
    }
}

static void source_that_waits_is_asked_when_it_is_woken(void **state)
{
    struct fixture *f = *state;

    play(waiting);
    feed(f, GET_S GET_ECHO);
    assert_string_equal(take(f), CHUNKED "00000001\r\na\r\n");
    turn(f);
    assert_int_equal(is.pulls, 1);
    assert_int_equal(f->c->phase, GIM_CONN_STREAM);
    assert_int_equal(f->c->timer.due, 0); /* no deadline counts */
    gim_exchange_wake(is.x);
    gim_exchange_wake(is.x); /* twice is once */
    assert_int_equal(is.pulls, 1);
    turn(f);
    assert_int_equal(is.pulls, 2);
    assert_string_equal(take(f), "");
    gim_exchange_wake(is.x);
    turn(f);
    assert_string_equal(take(f), "00000001\r\nb\r\n00000001\r\nc\r\n0\r\n\r\n" OK_NONE);
    assert_int_equal(is.released, 2);
}

static void client_that_goes_while_a_source_waits_cancels(void **state)
{
    struct fixture *f = *state;
    struct gim_exchange *x;

    play(waiting);
    feed(f, GET_S);
    x = is.x;
    gim_exchange_ref(x);
    gim_conn_user.on_error(&f->m.stream, 104);
    assert_int_equal(is.cancelled, 1);
    assert_int_equal(is.aborted, 1);
    assert_int_equal(is.released, 0);
    assert_int_equal(f->wire.in_flight, 1); /* its memory is still there */
    gim_exchange_wake(x);
    turn(f);
    assert_int_equal(is.pulls, 1);
    gim_exchange_unref(x);
    assert_int_equal(is.released, 1);
    assert_int_equal(f->wire.in_flight, 0);
}

static void connection_that_goes_with_a_wake_under_way_is_not_touched(void **state)
{
    struct fixture *f = *state;

    play(waiting);
    feed(f, GET_S);
    gim_exchange_wake(is.x);
    gim_conn_user.on_error(&f->m.stream, 104);
    assert_int_equal(is.released, 0);
    turn(f);
    assert_int_equal(is.pulls, 1);
    assert_int_equal(is.released, 1);
}

static void fin_asks_the_source_and_leaves_the_choice_to_it(void **state)
{
    struct fixture *f = *state;

    play(waiting);
    feed(f, GET_S);
    gim_memory_end(&f->m);
    turn(f);
    assert_int_equal(is.pulls, 2);
    assert_false(f->m.closed);
    gim_exchange_wake(is.x);
    turn(f);
    assert_string_equal(take(f),
                        CHUNKED "00000001\r\na\r\n00000001\r\nb\r\n00000001\r\nc\r\n0\r\n\r\n");
    assert_true(f->m.closed);
    assert_false(f->m.reset);
    assert_int_equal(is.aborted, 0);
}

static void server_that_stops_asks_the_source(void **state)
{
    struct fixture *f = *state;

    play(waiting);
    feed(f, GET_S);
    is.stop_when_draining = true;
    f->wire.draining = true;
    gim_conn_drain(f->c);
    gim_conn_drain(f->c);
    turn(f);
    assert_string_equal(take(f), CHUNKED "00000001\r\na\r\n0\r\n\r\n");
    assert_true(f->m.closed);
    assert_int_equal(is.aborted, 0);
}

static void reader_that_stops_stops_the_source(void **state)
{
    struct fixture *f = *state;

    is.endless = true;
    f->m.bounded = true;
    feed(f, GET_S);
    assert_int_equal(is.pulls, 1); /* the head has not left, nor what it took along */
    assert_int_equal(f->c->phase, GIM_CONN_WRITE);
    gim_memory_take(&f->m, 4096);
    turns(f, 20);
    assert_true(is.pulls > 50 && is.pulls < 170);
    assert_int_equal(f->shared.buffered, gim_stream_pending(&f->m.stream));
    assert_true(f->shared.buffered > 0 && f->shared.buffered < 64);
    int before = is.pulls;
    turns(f, 20);
    assert_int_equal(is.pulls, before);
}

static void reader_that_takes_nothing_is_cut_off(void **state)
{
    struct fixture *f = *state;

    is.endless = true;
    f->m.bounded = true;
    f->m.room = 1000;
    feed(f, GET_S);
    turns(f, 20);
    deadline(f);
    assert_true(f->m.closed && f->m.reset);
    assert_int_equal(is.cancelled, 1);
    assert_int_equal(is.aborted, 1);
}

static void slow_reader_that_takes_some_is_not(void **state)
{
    struct fixture *f = *state;

    static char text[30001];
    const struct step large[] = {{text, GIM_PULL_END, 0}, {0}};

    memset(text, 'x', sizeof text - 1);
    play(large);
    f->m.bounded = true;
    f->m.room = 1000;
    feed(f, GET_S);
    for (int i = 0; i < 5; i++) {
        gim_memory_take(&f->m, 5000);
        deadline(f);
        assert_false(f->m.closed);
    }
    deadline(f);
    assert_true(f->m.reset);
}

static void fast_reader_leaves_the_others_their_turn(void **state)
{
    struct fixture *f = *state;
    int before;

    is.endless = true;
    feed(f, GET_S);
    before = is.pulls;
    assert_true(before > 1 && before < 100);
    turn(f);
    assert_int_equal(is.pulls, 2 * before);
    turn(f);
    assert_int_equal(is.pulls, 3 * before);
}

static int writes;
static const struct gim_stream_ops *memory_ops;

static void counted_write(struct gim_stream *s, gim_str data)
{
    writes++;
    memory_ops->write(s, data);
}

static void count_writes(struct fixture *f, struct gim_stream_ops *counting)
{
    memory_ops = f->m.stream.ops;
    *counting = *memory_ops;
    counting->write = counted_write;
    f->m.stream.ops = counting;
    writes = 0;
}

static void head_leaves_with_the_first_piece(void **state)
{
    static const struct step one[] = {{"abc", GIM_PULL_END, 0}, {0}};
    static struct gim_stream_ops counting;
    struct fixture *f = *state;

    count_writes(f, &counting);
    play(one);
    feed(f, GET_S GET_ECHO GET_S);
    assert_string_equal(take(f), CHUNKED "00000003\r\nabc\r\n0\r\n\r\n" OK_NONE CHUNKED
                                         "00000003\r\nabc\r\n0\r\n\r\n");
    assert_int_equal(writes, 2);
    play(waiting + 1);
    feed(f, GET_S); /* and does not wait for a source that has none */
    assert_string_equal(take(f), CHUNKED);
    assert_int_equal(writes, 3);
}

/* What could not be completed is cut, and no part of it is in the next one's way. */
static void head_of_a_stream_that_fails_is_not_anothers(void **state)
{
    static const struct step none[] = {{"", GIM_PULL_FAIL, 0}, {0}};
    struct fixture *f = *state;
    struct gim_memory other;

    play(none);
    feed(f, GET_S);
    assert_true(f->m.reset);
    assert_string_equal(take(f), CHUNKED);
    gim_memory_open(&other, f->loop, &gim_conn_user);
    gim_conn_open(&f->wire, &other.stream);
    feed_to(&other, GET_ECHO);
    assert_string_equal(take_from(&other), OK_NONE);
    gim_wire_hang_up(&f->wire);
    gim_memory_free(&other);
}

/* Its turn has not come: the answer before it is not taken yet. */
static void head_of_a_stream_behind_an_untaken_answer_is_not_anothers(void **state)
{
    struct fixture *f = *state;
    struct gim_memory other;

    play(waiting + 2);
    f->m.bounded = true;
    feed(f, GET_ECHO GET_S);
    gim_memory_open(&other, f->loop, &gim_conn_user);
    gim_conn_open(&f->wire, &other.stream);
    feed_to(&other, GET_ECHO);
    assert_string_equal(take_from(&other), OK_NONE);
    gim_memory_take(&f->m, 10000);
    assert_string_equal(take(f), OK_NONE CHUNKED "00000001\r\nb\r\n00000001\r\nc\r\n0\r\n\r\n");
    gim_wire_hang_up(&f->wire);
    gim_memory_free(&other);
}

static void stream_is_in_flight_as_long_as_it_lasts(void **state)
{
    struct fixture *f = *state;
    struct gim_memory other;

    f->limits.max_in_flight = 1;
    play(waiting);
    feed(f, GET_S);
    assert_int_equal(f->wire.in_flight, 1);
    gim_memory_open(&other, f->loop, &gim_conn_user);
    gim_conn_open(&f->wire, &other.stream);
    feed_to(&other, GET_S);
    assert_memory_equal(take_from(&other), "HTTP/1.1 503 ", 13);
    gim_exchange_wake(is.x);
    turn(f);
    gim_exchange_wake(is.x);
    turn(f);
    assert_int_equal(f->wire.in_flight, 0);
    play(waiting + 2);
    feed_to(&other, GET_S);
    assert_memory_equal(take_from(&other), CHUNKED, sizeof CHUNKED - 1);
    gim_wire_hang_up(&f->wire);
    gim_memory_free(&other);
}

static void backlog_behind_a_stream_is_bounded(void **state)
{
    struct fixture *f = *state;

    play(waiting);
    feed(f, GET_S);
    for (int i = 0; i < 1000 && !f->m.stopped; i++)
        feed(f, GET_ECHO);
    assert_true(f->m.stopped);
    assert_true(f->c->carry_len < 2 * 4096);
    gim_exchange_wake(is.x);
    turn(f);
    gim_exchange_wake(is.x);
    turn(f);
    assert_false(f->m.stopped);
    assert_null(f->c->carry);
    take(f);
}

static void request_behind_the_last_stream_of_a_stopping_server_meets_no_reset(void **state)
{
    struct fixture *f = *state;

    play(waiting + 1);
    feed(f, GET_S GET_ECHO);
    f->wire.draining = true;
    gim_exchange_wake(is.x);
    turn(f);
    assert_string_equal(take(f), CHUNKED "00000001\r\nb\r\n00000001\r\nc\r\n0\r\n\r\n");
    assert_true(f->m.shut);
    assert_false(f->m.closed);
    gim_memory_end(&f->m);
    assert_true(f->m.closed);
}

/* ---- a file over a socket -------------------------------------------------------------------- */

#define LARGE (3 << 20)
#define WANTED (LARGE - 5) /* from 2 on: all but the last three bytes */

static int make_large_file(const char *bytes)
{
    FILE *f = tmpfile();
    int fd = dup(fileno(f));

    fclose(f);
    assert_int_equal(write(fd, bytes, LARGE), LARGE);
    return fd;
}

/* Reads `want` bytes in small steps, a turn of the loop for each. */
static void read_slowly(struct fixture *f, int fd, char *to, size_t want)
{
    for (size_t n = 0; n < want;) {
        ssize_t got = recv(fd, to + n, want - n < 50000 ? want - n : 50000, MSG_DONTWAIT);

        assert_int_not_equal(got, 0);
        n += got > 0 ? (size_t)got : 0;
        assert_int_equal(gim_loop_turn(f->loop, got > 0 ? 0 : 10), 0);
    }
}

static void part_of_a_file_leaves_as_its_reader_takes_it(void **state)
{
    struct fixture *f = *state;
    char *bytes = malloc(LARGE), *got = calloc(1, LARGE + 4096), *body;
    const struct step part[] = {{"", GIM_PULL_MORE, WANTED}, {"end", GIM_PULL_END, 0}, {0}};
    int pair[2], before = file;
    size_t head;

    for (size_t i = 0; i < LARGE; i++)
        bytes[i] = (char)(i * 2654435761u >> 24);
    file = make_large_file(bytes);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    assert_int_equal(fcntl(pair[0], F_SETFL, O_NONBLOCK), 0);
    gim_conn_accept(&f->wire, pair[0]);
    play(part);
    is.length = WANTED + 3;
    assert_int_equal(write(pair[1], GET_S GET_ECHO, sizeof GET_S GET_ECHO - 1),
                     sizeof GET_S GET_ECHO - 1);
    for (int i = 0; i < 50; i++)
        turn(f);
    assert_int_equal(is.pulls, 1); /* the file's part is still on its way */
    read_slowly(f, pair[1], got, 200);
    body = strstr(got, "\r\n\r\n") + 4;
    head = (size_t)(body - got);
    read_slowly(f, pair[1], got + 200, WANTED + 3 + head - 200);
    assert_memory_equal(body, bytes + 2, WANTED);
    assert_memory_equal(body + WANTED, "end", 3);
    read_slowly(f, pair[1], got, 17);
    assert_memory_equal(got, OK, 17);
    assert_int_equal(is.released, 2);
    gim_wire_hang_up(&f->wire);
    close(pair[1]);
    close(file);
    file = before;
    free(bytes);
    free(got);
}

static int make_file(void **state)
{
    FILE *f = tmpfile();

    (void)state;
    file = dup(fileno(f));
    fclose(f);
    return write(file, "0123456789", 10) == 10 ? 0 : -1; /* parts begin at 2 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_whole_and_byte_by_byte),
        TEST(source_that_waits_is_asked_when_it_is_woken),
        TEST(client_that_goes_while_a_source_waits_cancels),
        TEST(connection_that_goes_with_a_wake_under_way_is_not_touched),
        TEST(fin_asks_the_source_and_leaves_the_choice_to_it),
        TEST(server_that_stops_asks_the_source),
        TEST(reader_that_stops_stops_the_source),
        TEST(reader_that_takes_nothing_is_cut_off),
        TEST(slow_reader_that_takes_some_is_not),
        TEST(fast_reader_leaves_the_others_their_turn),
        TEST(head_leaves_with_the_first_piece),
        TEST(head_of_a_stream_that_fails_is_not_anothers),
        TEST(head_of_a_stream_behind_an_untaken_answer_is_not_anothers),
        TEST(stream_is_in_flight_as_long_as_it_lasts),
        TEST(backlog_behind_a_stream_is_bounded),
        TEST(request_behind_the_last_stream_of_a_stopping_server_meets_no_reset),
        TEST(part_of_a_file_leaves_as_its_reader_takes_it),
    };

    return cmocka_run_group_tests(tests, make_file, NULL);
}
