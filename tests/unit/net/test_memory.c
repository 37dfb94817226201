/* test_memory.c: the stream without a socket. */
#include "gimlet/net/stream.h"
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

struct owner {
    struct gim_memory m;
    int datas, ends;
    bool close_on_data;
};

static struct owner *owner_of(struct gim_stream *s)
{
    return GIM_CONTAINER(s, struct owner, m.stream);
}

static void on_data(struct gim_stream *s, gim_str data)
{
    owner_of(s)->datas++;
    s->ops->write(s, data);
    if (owner_of(s)->close_on_data)
        s->ops->close(s, true);
}

static void on_drained(struct gim_stream *s)
{
    (void)s;
    fail();
}

static void on_end(struct gim_stream *s)
{
    owner_of(s)->ends++;
}

static void on_error(struct gim_stream *s, int err)
{
    (void)s;
    (void)err;
    fail();
}

static const struct gim_stream_user echo = {
    .on_data = on_data, .on_drained = on_drained, .on_end = on_end, .on_error = on_error};

static void memory_stream_collects_what_is_written(void **state)
{
    struct owner o = {0};
    char big[5000];

    (void)state;
    memset(big, 'b', sizeof big);
    gim_memory_open(&o.m, NULL, &echo);
    gim_memory_feed(&o.m, GIM_S("one "));
    gim_memory_feed(&o.m, (gim_str){big, 1021});
    gim_memory_feed(&o.m, (gim_str){big, sizeof big});
    gim_memory_feed(&o.m, GIM_S("")); /* nothing is not data */
    gim_memory_end(&o.m);
    assert_int_equal(o.datas, 3);
    assert_int_equal(o.ends, 1);
    assert_int_equal(gim_stream_pending(&o.m.stream), 0);
    assert_int_equal(o.m.out_len, 4 + 1021 + sizeof big);
    assert_memory_equal(o.m.out, "one bbbb", 8);
    gim_memory_free(&o.m);
}

static void memory_stream_tells_what_the_owner_did(void **state)
{
    struct owner o = {0};
    struct gim_stream *s = &o.m.stream;

    (void)state;
    gim_memory_open(&o.m, NULL, &echo);
    s->ops->read_stop(s);
    assert_true(o.m.stopped);
    gim_memory_feed(&o.m, GIM_S("lost"));
    gim_memory_end(&o.m);
    assert_int_equal(o.datas + o.ends, 0);
    s->ops->read_start(s);
    assert_false(o.m.stopped);
    s->ops->shut_write(s);
    assert_true(o.m.shut);
    s->ops->write(s, GIM_S("after the end"));
    assert_int_equal(o.m.out_len, 0);
    o.close_on_data = true;
    gim_memory_feed(&o.m, GIM_S("x"));
    assert_true(o.m.closed && o.m.reset);
    gim_memory_feed(&o.m, GIM_S("x"));
    gim_memory_end(&o.m);
    assert_int_equal(o.datas, 1);
    assert_int_equal(o.ends, 0);
    gim_memory_free(&o.m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_stream_collects_what_is_written),
        cmocka_unit_test(memory_stream_tells_what_the_owner_did),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
