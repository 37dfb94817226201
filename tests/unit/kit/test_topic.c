/* test_topic.c: event streams and topics, driven step by step without a socket. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <pthread.h>

#include "gimlet/base/arena.h"
#include <gimlet.h>
#include <gimlet/sse.h>
#include <gimlet/topic.h>

#define PATIENCE 30000 /* ms; what is awaited comes at once */

static struct gim_topic *news, *small;
static int asked;

/* ---- the application ------------------------------------------------------------------------- */

static int read_news(struct gim_ctx *c)
{
    return gim_topic_subscribe(c, news);
}

static int read_small(struct gim_ctx *c)
{
    return gim_topic_subscribe(c, small);
}

/* Waits without a handle: asked again at each heartbeat. */
static enum gim_pull tick(struct gim_ctx *c, struct gim_out *out, void *arg)
{
    (void)c;
    (void)arg;
    if (++asked % 2 == 0)
        return GIM_PULL_WAIT;
    gim_sse_put(out, &(struct gim_sse){.data = GIM_S("tick")});
    return asked < 5 ? GIM_PULL_WAIT : GIM_PULL_END;
}

static int ticks(struct gim_ctx *c)
{
    static const struct gim_sse_options options = {.heartbeat = 64, .retry = 250};

    return gim_sse_stream(c, &options, tick, NULL);
}

static const struct gim_route routes[] = {
    GIM_GET("/news", read_news, .streams = true),
    GIM_GET("/small", read_small, .streams = true),
    GIM_GET("/ticks", ticks, .streams = true),
    GIM_GET("/undeclared", read_news),
    {0},
};

static struct gim_app *app;

static int open_app(void **state)
{
    static char err[2048];
    static const struct gim_topic_options options = {.max_events = 4, .replay = 2, .gap = "lost"};

    (void)state;
    asked = 0;
    news = gim_topic_new(NULL);
    small = gim_topic_new(&options);
    app = gim_app_new(&(struct gim_app_spec){.name = "t", .routes = routes}, err, sizeof err);
    if (!app)
        print_error("%s\n", err);
    return app ? 0 : -1;
}

static int close_app(void **state)
{
    (void)state;
    gim_test_wait(app, 0);
    assert_int_equal(gim_topic_readers(news), 0);
    assert_int_equal(gim_topic_readers(small), 0);
    gim_topic_free(news);
    gim_topic_free(small);
    gim_app_free(app);
    return 0;
}

static struct gim_test_conn *ask(const char *target, const char *fields)
{
    struct gim_test_conn *t = gim_test_open(app);
    char text[256];

    snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: a\r\n%s\r\n", target, fields);
    gim_test_send(t, gim_str_of(text));
    return t;
}

static bool has(gim_str in, const char *text)
{
    return memmem(in.ptr, in.len, text, strlen(text)) != NULL;
}

static void say(struct gim_topic *t, const char *data)
{
    gim_topic_publish(t, &(struct gim_sse){.data = gim_str_of(data)});
}

static void say_as(struct gim_topic *t, const char *id, const char *data)
{
    gim_topic_publish(t, &(struct gim_sse){.data = gim_str_of(data), .id = gim_str_of(id)});
}

/* ---- event streams --------------------------------------------------------------------------- */

static void head_says_what_proxies_and_browsers_must_know(void **state)
{
    struct gim_test_conn *t = ask("/news", "");
    gim_str head = gim_test_read_to(t, "\r\n\r\n", PATIENCE);

    (void)state;
    assert_true(has(head, "HTTP/1.1 200 "));
    assert_true(has(head, "\r\nContent-Type: text/event-stream\r\n"));
    assert_true(has(head, "\r\nCache-Control: no-store\r\n"));
    assert_true(has(head, "\r\nX-Accel-Buffering: no\r\n"));
    assert_true(has(head, "\r\nTransfer-Encoding: chunked\r\n"));
    assert_int_equal(gim_test_read(t, 0).len, 0);
    gim_test_close(t);
}

static void silence_is_filled_with_comments_and_a_source_is_asked(void **state)
{
    struct gim_test_conn *t = ask("/ticks", "");
    gim_str all = gim_test_read_to(t, "\r\n0\r\n\r\n", PATIENCE);

    (void)state;
    assert_int_equal(asked, 5);
    assert_true(has(all, "\r\n\r\n00000018\r\nretry: 250\n\ndata: tick\n\n\r\n"
                         "00000004\r\n: \n\n\r\n0000000c\r\ndata: tick\n\n\r\n"
                         "00000004\r\n: \n\n\r\n0000000c\r\ndata: tick\n\n\r\n0\r\n\r\n"));
    gim_test_close(t);
    gim_test_wait(app, 200); /* no heartbeat outlives its stream */
}

static void head_request_and_undeclared_route_start_no_stream(void **state)
{
    struct gim_test_reply r = gim_test_call(app, "HEAD", "/news", NULL, NULL);

    (void)state;
    assert_int_equal(r.status, 200);
    assert_true(gim_str_eq(gim_test_header(&r, "Content-Type"), GIM_S("text/event-stream")));
    assert_int_equal(gim_topic_readers(news), 0);
    gim_test_free(&r);
    r = gim_test_call(app, "GET", "/undeclared", NULL, NULL);
    assert_int_equal(r.status, 500);
    gim_test_free(&r);
}

/* ---- topics ---------------------------------------------------------------------------------- */

static void all_readers_hear_what_is_published(void **state)
{
    struct gim_test_conn *a = ask("/news", ""), *b;

    (void)state;
    say(news, "first");
    b = ask("/news", "");
    assert_int_equal(gim_topic_readers(news), 2);
    assert_true(has(gim_test_read_to(a, "data: first\n\n", PATIENCE), "\nid: "));
    say(news, "two\nlines");
    assert_true(has(gim_test_read_to(a, "lines\n\n", PATIENCE), "\ndata: two\ndata: lines\n\n"));
    assert_false(has(gim_test_read_to(b, "lines\n\n", PATIENCE), "first"));
    gim_test_close(a);
    gim_test_close(b);
}

struct note {
    int64_t n;
};
static const struct gim_field fields[] = {GIM_INT(struct note, n)};
static const struct gim_schema schema = GIM_SCHEMA("Note", struct note, fields);

static void json_is_published_by_its_schema(void **state)
{
    struct gim_test_conn *t = ask("/news", "");

    (void)state;
    gim_topic_publish_json(news, &(struct gim_sse){.event = GIM_S("note"), .id = GIM_S("n1")},
                           &schema, &(struct note){7});
    assert_true(has(gim_test_read_to(t, "}\n\n", PATIENCE),
                    "\r\nevent: note\nid: n1\ndata: {\"n\":7}\n\n"));
    gim_test_close(t);
}

/* target, Last-Event-ID, what is heard at once */
static const struct {
    const char *target, *last, *heard;
} resumes[] = {
    {"/small", "", "id: b4\ndata: 4\n\nid: b5\ndata: 5\n\n"}, /* replay */
    {"/small", "Last-Event-ID: b3\r\n", "id: b4\ndata: 4\n\nid: b5\ndata: 5\n\n"},
    {"/small", "Last-Event-ID: b2\r\n",
     "id: b3\ndata: 3\n\nid: b4\ndata: 4\n\nid: b5\ndata: 5\n\n"},
    {"/small", "Last-Event-ID: b5\r\n", ""},
    {"/small", "Last-Event-ID: b1\r\n",
     "event: lost\ndata: \n\nid: b2\ndata: 2\n\nid: b3\ndata: 3\n\nid: b4\ndata: 4\n\n"
     "id: b5\ndata: 5\n\n"},
    {"/small", "Last-Event-ID: \r\n", "id: b4\ndata: 4\n\nid: b5\ndata: 5\n\n"},
    {"/news", "Last-Event-ID: of-yesterday-3\r\n", "event: gap\ndata: \n\n"},
    {"/news", "", ""},
};

static void reader_that_comes_again_goes_on_where_it_was(void **state)
{
    char want[256];

    (void)state;
    for (int i = 1; i <= 5; i++) {
        char id[4] = {'b', (char)('0' + i), 0};

        say_as(small, id, id + 1);
    }
    for (size_t i = 0; i < sizeof resumes / sizeof resumes[0]; i++) {
        struct gim_test_conn *t = ask(resumes[i].target, resumes[i].last);
        size_t n = strlen(resumes[i].heard);

        gim_test_read_to(t, "\r\n\r\n", PATIENCE);
        snprintf(want, sizeof want, "%08zx\r\n%s\r\n", n, resumes[i].heard);
        assert_true(gim_str_eq(gim_test_read(t, 0), gim_str_of(n ? want : "")));
        gim_test_close(t);
    }
}

static void made_ids_resume_too(void **state)
{
    struct gim_test_conn *t = ask("/news", "");
    char field[100];
    gim_str got, id;

    (void)state;
    say(news, "one");
    say(news, "two");
    got = gim_test_read_to(t, "data: one\n\n", PATIENCE);
    id = (gim_str){memmem(got.ptr, got.len, "id: ", 4), got.len};
    id = gim_str_cut(&id, '\n');
    snprintf(field, sizeof field, "Last-Event-ID:%.*s\r\n", (int)id.len - 3, id.ptr + 3);
    gim_test_close(t);
    t = ask("/news", field);
    got = gim_test_read_to(t, "data: two\n\n", PATIENCE);
    assert_true(has(got, "two") && !has(got, "one") && !has(got, "gap"));
    gim_test_close(t);
}

static void slow_reader_is_told_what_it_lost(void **state)
{
    struct gim_test_conn *t = gim_test_open(app);
    char data[16];

    (void)state;
    gim_test_take(t, 60); /* not even the head */
    gim_test_send(t, GIM_S("GET /small HTTP/1.1\r\nHost: a\r\n\r\n"));
    for (int i = 0; i < 50; i++) {
        snprintf(data, sizeof data, "%d", i);
        say_as(small, data, data);
        gim_test_wait(app, 0);
    }
    assert_int_equal(gim_test_read(t, 0).len, 60);
    gim_test_take(t, 100000);
    assert_true(has(gim_test_read_to(t, "data: 49\n\n", PATIENCE),
                    "\r\n\r\n0000005a\r\nevent: lost\ndata: 46\n\nid: 46\ndata: 46\n\n"
                    "id: 47\ndata: 47\n\nid: 48\ndata: 48\n\nid: 49\ndata: 49\n\n"));
    gim_test_close(t);
}

static void ring_is_bounded_in_bytes(void **state)
{
    static char large[3000];
    struct gim_topic *own =
        gim_topic_new(&(struct gim_topic_options){.max_bytes = 10000, .replay = 100});
    struct gim_topic *before = small;
    struct gim_test_conn *t;
    size_t got;

    (void)state;
    memset(large, 'x', sizeof large - 1);
    small = own;
    for (int i = 0; i < 20; i++)
        say(own, large);
    t = ask("/small", "");
    gim_test_read_to(t, "\r\n\r\n", PATIENCE);
    got = gim_test_read(t, 0).len;
    assert_true(got > 3 * 3000 && got < 10000 + 100);
    gim_test_close(t);
    gim_test_wait(app, 0);
    small = before;
    gim_topic_free(own);
}

static void reader_leaves_when_its_client_does(void **state)
{
    struct gim_test_conn *t = ask("/news", "");

    (void)state;
    gim_test_close(t);
    assert_int_equal(gim_topic_readers(news), 0);
    say(news, "nobody hears");
    t = ask("/news", "");
    gim_test_end(t);
    assert_int_equal(gim_topic_readers(news), 0);
    assert_true(has(gim_test_read(t, PATIENCE), "\r\n\r\n0\r\n\r\n"));
    assert_true(gim_test_ended(t));
    gim_test_close(t);
}

static void streams_end_well_when_the_server_stops(void **state)
{
    struct gim_test_conn *a = ask("/news", ""), *b = ask("/ticks", "");

    (void)state;
    say(news, "the last word");
    gim_test_stop(app);
    assert_true(has(gim_test_read_to(a, "\r\n0\r\n\r\n", PATIENCE),
                    "data: the last word\n\n\r\n0\r\n\r\n"));
    assert_true(has(gim_test_read_to(b, "\r\n0\r\n\r\n", PATIENCE), "\r\n0\r\n\r\n"));
    assert_true(gim_test_ended(a) && gim_test_ended(b));
    gim_test_close(a);
    gim_test_close(b);
}

/* ---- many threads ---------------------------------------------------------------------------- */

#define THREADS 4
#define EACH 200

static void *publisher(void *arg)
{
    for (int i = 0; i < EACH; i++)
        say(news, "x");
    return arg;
}

static size_t count_events(struct gim_test_conn *t)
{
    gim_str got = gim_test_read(t, PATIENCE);
    size_t n = 0;

    for (const char *at; (at = memmem(got.ptr, got.len, "data: x\n\n", 9)); n++) {
        got.len -= (size_t)(at + 9 - got.ptr);
        got.ptr = at + 9;
    }
    return n;
}

static void threads_publish_while_readers_come_and_go(void **state)
{
    struct gim_test_conn *stays = ask("/news", "");
    pthread_t threads[THREADS];
    size_t n = 0;

    (void)state;
    gim_test_read_to(stays, "\r\n\r\n", PATIENCE);
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, publisher, NULL);
    while (n < THREADS * EACH) {
        struct gim_test_conn *t = ask("/news", "");

        n += count_events(stays);
        gim_test_close(t);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    gim_test_wait(app, 0);
    assert_int_equal(n, THREADS * EACH);
    gim_test_close(stays);
}

static void topic_that_was_not_made_is_a_500(void **state)
{
    struct gim_topic *made = news;
    struct gim_test_reply r;

    (void)state;
    news = NULL;
    r = gim_test_call(app, "GET", "/news", NULL, NULL);
    assert_int_equal(r.status, 500);
    gim_test_free(&r);
    say(news, "to nobody");
    assert_int_equal(gim_topic_readers(news), 0);
    news = made;
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, open_app, close_app)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(head_says_what_proxies_and_browsers_must_know),
        TEST(silence_is_filled_with_comments_and_a_source_is_asked),
        TEST(head_request_and_undeclared_route_start_no_stream),
        TEST(all_readers_hear_what_is_published),
        TEST(json_is_published_by_its_schema),
        TEST(reader_that_comes_again_goes_on_where_it_was),
        TEST(made_ids_resume_too),
        TEST(topic_that_was_not_made_is_a_500),
        TEST(slow_reader_is_told_what_it_lost),
        TEST(ring_is_bounded_in_bytes),
        TEST(reader_leaves_when_its_client_does),
        TEST(streams_end_well_when_the_server_stops),
        TEST(threads_publish_while_readers_come_and_go),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
