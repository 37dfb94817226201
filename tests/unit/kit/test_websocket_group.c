/* test_websocket_group.c: words from elsewhere: refs and posts, groups and broadcasts, with several
 * workers and with threads that have no loop. Made to be run under ThreadSanitizer, too. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include "websockets.h"
#include <pthread.h>
#include <sched.h>

#define TEXT 0x81
#define CLOSE 0x88

/* Every connection joins the group; what its ref is lies here, by the number in its path. */
#define PLACES 64

static struct gim_websocket_group *group;
static gim_websocket_ref refs[PLACES];
static atomic_int closed;

static void on_open(struct gim_websocket *ws)
{
    int64_t *place = gim_websocket_data(ws);

    gim_websocket_join(ws, NULL); /* one that was not made */
    gim_websocket_join(ws, group);
    gim_websocket_join(ws, group);
    refs[*place] = gim_websocket_ref_of(ws);
}

static void on_message(struct gim_websocket *ws, enum gim_websocket_kind kind, gim_str bytes)
{
    if (gim_str_eq(bytes, GIM_S("leave")))
        gim_websocket_leave(ws, group);
    else
        assert_int_equal(gim_websocket_broadcast(group, kind, bytes), 0);
}

static void on_close(struct gim_websocket *ws, int code, gim_str reason)
{
    (void)ws;
    (void)code;
    (void)reason;
    atomic_fetch_add(&closed, 1);
}

static const struct gim_websocket_events events = {
    .on_open = on_open, .on_message = on_message, .on_close = on_close};

static int talk(struct gim_ctx *c)
{
    int64_t *place = GIM_NEW(gim_arena(c), int64_t);

    if (gim_param_int(c, GIM_S("place"), place))
        return GIM_REPLIED;
    return gim_websocket(c, &events, place);
}

static const struct gim_route routes[] = {GIM_WEBSOCKET("/rooms/:place", talk), {0}};
static const struct gim_app_spec spec = {.routes = routes};

static void open_at(struct client *c, struct bench *b, int place)
{
    char path[32];

    snprintf(path, sizeof path, "/rooms/%d", place);
    client_open(c, b, path);
}

static int set_up(void **state)
{
    (void)state;
    group = gim_websocket_group_new();
    memset(refs, 0, sizeof refs);
    atomic_store(&closed, 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    assert_int_equal(gim_websocket_group_size(group), 0);
    gim_websocket_group_free(group);
    return 0;
}

/* ---- one loop -------------------------------------------------------------------------------- */

static void assert_text(struct client *c, const char *text)
{
    gim_str got;

    assert_int_equal(client_next(c, &got), TEXT);
    if (!gim_str_eq(got, gim_str_of(text)))
        fail_msg("'%.*s' is not '%s'", GIM_FMT(got), text);
}

static void a_broadcast_reaches_the_members_and_nobody_else(void **state)
{
    struct gim_app *app = make_app(&spec, 1);
    struct bench b;
    struct client c[5];
    gim_str got;

    (void)state;
    bench_open(&b, app, 0);
    for (int i = 0; i < 5; i++)
        open_at(&c[i], &b, i);
    assert_int_equal(gim_websocket_group_size(group), 5);
    client_send(&c[1], TEXT, GIM_S("leave"));
    client_send(&c[1], TEXT, GIM_S("leave"));
    client_close(&c[2]);
    assert_int_equal(gim_websocket_group_size(group), 3);
    client_send(&c[0], TEXT, GIM_S("first"));
    assert_int_equal(gim_websocket_broadcast(group, GIM_WEBSOCKET_TEXT, GIM_S("second")), 0);
    (void)gim_loop_turn(b.loop, 0);
    for (int i = 0; i < 5; i++) {
        if (i == 2)
            continue;
        if (i != 1) {
            assert_text(&c[i], "first");
            assert_text(&c[i], "second");
        }
        assert_int_equal(client_next(&c[i], &got), -1);
        client_close(&c[i]);
    }
    assert_int_equal(gim_websocket_broadcast(group, GIM_WEBSOCKET_TEXT, GIM_S("to nobody")), 0);
    assert_int_equal(gim_websocket_broadcast(group, GIM_WEBSOCKET_TEXT, GIM_S("\xFF")), -1);
    assert_int_equal(gim_websocket_broadcast(NULL, GIM_WEBSOCKET_TEXT, GIM_S("nobody")), -1);
    assert_int_equal(gim_websocket_group_size(NULL), 0);
    bench_close(&b);
    gim_app_free(app);
}

static void a_ref_names_one_connection_and_then_nobody(void **state)
{
    struct gim_app *app = make_app(&spec, 1);
    struct bench b;
    struct client c;
    gim_websocket_ref old;

    (void)state;
    bench_open(&b, app, 0);
    open_at(&c, &b, 0);
    old = refs[0];
    assert_int_equal(gim_websocket_post(old, GIM_WEBSOCKET_TEXT, GIM_S("hello")), 0);
    assert_int_equal(gim_websocket_post(old, GIM_WEBSOCKET_TEXT, GIM_S("\xFF")), -1);
    (void)gim_loop_turn(b.loop, 0);
    assert_text(&c, "hello");
    assert_int_equal(gim_websocket_post(old, GIM_WEBSOCKET_TEXT, GIM_S("on its way")), 0);
    client_close(&c);
    open_at(&c, &b, 0); /* it takes the slot over */
    assert_ptr_equal(refs[0].slot, old.slot);
    assert_int_equal(gim_websocket_post(old, GIM_WEBSOCKET_TEXT, GIM_S("late")), -1);
    assert_int_equal(gim_websocket_post_close(old, 1000, GIM_S("late")), -1);
    assert_int_equal(gim_websocket_post((gim_websocket_ref){0}, GIM_WEBSOCKET_TEXT, GIM_S("")), -1);
    assert_int_equal(gim_websocket_post_close(refs[0], 4000, GIM_S("enough")), 0);
    (void)gim_loop_turn(b.loop, 0);
    {
        gim_str got = {0};

        assert_int_equal(client_next(&c, &got), CLOSE);
        assert_int_equal(got.len, 8);
        assert_memory_equal(got.ptr,
                            "\x0F\xA0"
                            "enough",
                            8);
    }
    client_close(&c);
    bench_close(&b);
    gim_app_free(app);
}

static void posts_that_nobody_sees_to_are_bounded(void **state)
{
    struct gim_app *app = make_app(&spec, 1);
    struct bench b;
    struct client c;
    static char megabyte[1 << 20];
    int taken = 0;

    (void)state;
    bench_open(&b, app, 0);
    open_at(&c, &b, 0);
    while (taken < 100 && gim_websocket_post(refs[0], GIM_WEBSOCKET_BINARY,
                                             (gim_str){megabyte, sizeof megabyte}) == 0)
        taken++;
    assert_int_equal(taken, 16);
    (void)gim_loop_turn(b.loop, 0);
    assert_int_equal(gim_websocket_post(refs[0], GIM_WEBSOCKET_BINARY, GIM_S("again")), 0);
    taken = 0;
    while (taken < 100 && gim_websocket_broadcast(group, GIM_WEBSOCKET_BINARY,
                                                  (gim_str){megabyte, sizeof megabyte}) == 0)
        taken++;
    assert_int_equal(taken, 64);
    (void)gim_loop_turn(b.loop, 0);
    assert_int_equal(gim_websocket_broadcast(group, GIM_WEBSOCKET_BINARY, GIM_S("again")), 0);
    (void)gim_loop_turn(b.loop, 0);
    client_close(&c);
    bench_close(&b);
    gim_app_free(app);
}

/* ---- many loops ------------------------------------------------------------------------------ */

#define WORKERS 2
#define CLIENTS 16 /* a worker */
#define STAYING 12 /* of them; the others go while the broadcasts come */
#define SPEAKERS 2
#define WORDS 100 /* a speaker */

struct side_thread {
    pthread_t thread;
    struct gim_app *app;
    unsigned index;
    atomic_bool ready;
    struct client clients[CLIENTS];
};

static atomic_bool stop;

static void *serve(void *arg)
{
    struct side_thread *t = arg;
    int at = STAYING;
    struct bench b;

    bench_open(&b, t->app, t->index);
    for (int i = 0; i < CLIENTS; i++)
        open_at(&t->clients[i], &b, (int)t->index * CLIENTS + i);
    atomic_store(&t->ready, true);
    for (int turn = 0; !atomic_load(&stop); turn++) {
        (void)gim_loop_turn(b.loop, 1);
        if (turn % 4 == 3 && at < CLIENTS)
            client_close(&t->clients[at++]);
    }
    while (at < CLIENTS)
        client_close(&t->clients[at++]);
    (void)gim_loop_turn(b.loop, 0);
    bench_close(&b);
    return NULL;
}

static void *speak(void *arg)
{
    char text[32];

    for (int i = 0; i < WORDS; i++) {
        int n = snprintf(text, sizeof text, "%s %d", (const char *)arg, i);

        if (gim_websocket_broadcast(group, GIM_WEBSOCKET_TEXT, (gim_str){text, (size_t)n}))
            abort();
        /* those that have gone are nobody */
        (void)!gim_websocket_post(refs[i % (WORKERS * CLIENTS)], GIM_WEBSOCKET_BINARY,
                                  GIM_S("to you"));
        if (i % 10 == 0)
            sched_yield();
    }
    return NULL;
}

/* The broadcasts a client was sent, joined. */
static void broadcasts(struct client *c, struct gim_buf *out)
{
    gim_str got;
    int first;

    while ((first = client_next(c, &got)) >= 0) {
        if (first != TEXT)
            continue;
        gim_buf_str(out, got);
        gim_buf_char(out, ';');
    }
}

static void members_on_all_workers_hear_every_broadcast_in_one_order(void **state)
{
    static struct side_thread sides[WORKERS];
    struct gim_app *app = make_app(&spec, WORKERS);
    static char names[SPEAKERS][2] = {"a", "b"};
    pthread_t speakers[SPEAKERS];
    struct gim_buf expected = {0};

    (void)state;
    memset(sides, 0, sizeof sides);
    atomic_store(&stop, false);
    for (unsigned i = 0; i < WORKERS; i++) {
        sides[i].app = app;
        sides[i].index = i;
        assert_int_equal(pthread_create(&sides[i].thread, NULL, serve, &sides[i]), 0);
    }
    for (unsigned i = 0; i < WORKERS; i++) {
        while (!atomic_load(&sides[i].ready))
            sched_yield();
    }
    for (int i = 0; i < SPEAKERS; i++)
        assert_int_equal(pthread_create(&speakers[i], NULL, speak, names[i]), 0);
    for (int i = 0; i < SPEAKERS; i++)
        pthread_join(speakers[i], NULL);
    atomic_store(&stop, true);
    for (unsigned i = 0; i < WORKERS; i++)
        pthread_join(sides[i].thread, NULL);
    for (unsigned i = 0; i < WORKERS; i++) {
        for (int k = 0; k < STAYING; k++) {
            struct gim_buf heard = {0};

            broadcasts(&sides[i].clients[k], &heard);
            if (!expected.len)
                gim_buf_str(&expected, gim_buf_view(&heard));
            assert_true(gim_str_eq(gim_buf_view(&heard), gim_buf_view(&expected)));
            gim_buf_free(&heard);
            gim_memory_free(&sides[i].clients[k].m);
        }
    }
    assert_int_equal(expected.len, SPEAKERS * (WORDS * 5 - 10));
    assert_int_equal(atomic_load(&closed), WORKERS * CLIENTS);
    gim_buf_free(&expected);
    gim_app_free(app);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_broadcast_reaches_the_members_and_nobody_else),
        TEST(a_ref_names_one_connection_and_then_nobody),
        TEST(posts_that_nobody_sees_to_are_bounded),
        TEST(members_on_all_workers_hear_every_broadcast_in_one_order),
    };

    return cmocka_run_group_tests_name("websocket_group", tests, NULL, NULL);
}
