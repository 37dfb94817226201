/* test_ids.c: ids: their text is canonical and sorts as they do; the generator never repeats. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "posts/ids.h"
#include "posts/model.h"

#include <pthread.h>
#include <stdlib.h>

static const struct {
    int64_t id;
    const char *text;
} known[] = {
    {0, "0000000000000"},
    {1, "0000000000001"},
    {31, "000000000000z"},
    {32, "0000000000010"},
    {1023, "00000000000zz"},
    {INT64_C(1795528577000) << 20, "1m86xfkz80000"},
    {INT64_MAX - 1, "7zzzzzzzzzzzy"},
    {INT64_MAX, "7zzzzzzzzzzzz"},
};

static const char *const refused[] = {
    "",
    "0",
    "000000000000",   /* short */
    "00000000000000", /* long */
    "8000000000000",  /* 2^63 */
    "z000000000000",
    "000000000000Z", /* upper case */
    "000000000000i", /* the letters Crockford leaves out, which others take for digits */
    "000000000000l",
    "000000000000o",
    "000000000000u",
    "000000000000-",
    " 000000000000",
    "-000000000000",
    "00000000000\xc3\xa9",
    "00000000000 0",
};

static void text_of_known_ids(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        char text[POST_ID_LEN + 1] = "";
        int64_t id = -1;

        post_id_write(text, known[i].id);
        assert_string_equal(text, known[i].text);
        assert_int_equal(post_id_read(gim_str_of(text), &id), 0);
        assert_int_equal(id, known[i].id);
    }
}

static void anything_else_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        int64_t id = 77;

        if (post_id_read(gim_str_of(refused[i]), &id) == 0)
            fail_msg("\"%s\" was taken for an id", refused[i]);
        assert_int_equal(id, 77);
    }
    int64_t id;

    assert_int_equal(post_id_read((gim_str){"000000000000\0", 13}, &id), -1);
    assert_int_equal(post_id_read((gim_str){0}, &id), -1);
}

/* Every byte at every place: what is read is written the same. */
static void the_reader_takes_only_what_the_writer_makes(void **state)
{
    (void)state;
    for (size_t at = 0; at < POST_ID_LEN; at++) {
        for (int byte = 0; byte < 256; byte++) {
            char text[POST_ID_LEN], again[POST_ID_LEN];
            int64_t id;

            post_id_write(text, INT64_C(0x1234567890abcdef));
            text[at] = (char)byte;
            if (post_id_read((gim_str){text, POST_ID_LEN}, &id) != 0)
                continue;
            post_id_write(again, id);
            assert_memory_equal(text, again, POST_ID_LEN);
        }
    }
}

static void text_sorts_as_the_numbers_do(void **state)
{
    uint64_t random = 88172645463325252u;
    (void)state;

    for (int i = 0; i < 100000; i++) {
        int64_t ids[2];
        char text[2][POST_ID_LEN];

        for (int k = 0; k < 2; k++) {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            ids[k] = (int64_t)(random >> 1) >> (random & 31);
            post_id_write(text[k], ids[k]);
        }
        int order = memcmp(text[0], text[1], POST_ID_LEN);

        assert_int_equal((order > 0) - (order < 0), (ids[0] > ids[1]) - (ids[0] < ids[1]));
    }
}

static void an_id_carries_its_time_and_lane(void **state)
{
    struct post_ids ids = {0};
    int64_t first = post_ids_next(&ids, 1000, 3);
    (void)state;

    assert_int_equal(first >> POST_ID_SHIFT, 1000);
    assert_int_equal(first % POST_ID_LANES, 3);
    assert_int_equal(post_ids_next(&ids, 1000, 19) % POST_ID_LANES, 3);
}

static void ids_rise_when_the_clock_does_not(void **state)
{
    struct post_ids ids = {0};
    const int64_t clock[] = {5000, 5000, 5001, 4000, 0, 5001, 5002};
    int64_t last = 0;
    (void)state;

    for (size_t i = 0; i < sizeof clock / sizeof clock[0]; i++) {
        for (unsigned lane = POST_ID_LANES; lane-- > 0;) {
            int64_t id = post_ids_next(&ids, clock[i], lane);

            assert_true(id > last);
            last = id;
        }
    }
}

enum {
    THREADS = 4,
    EACH = 20000
};

struct taker {
    struct post_ids *ids;
    unsigned lane;
    int64_t taken[EACH];
};

static void *take_ids(void *arg)
{
    struct taker *t = arg;

    for (int i = 0; i < EACH; i++)
        t->taken[i] = post_ids_next(t->ids, 1, t->lane);
    return NULL;
}

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

static void threads_never_share_an_id(void **state)
{
    static struct taker takers[THREADS];
    static int64_t all[THREADS * EACH];
    struct post_ids ids = {0};
    pthread_t threads[THREADS];
    (void)state;

    for (unsigned i = 0; i < THREADS; i++) {
        takers[i].ids = &ids;
        takers[i].lane = i % 2; /* two threads a lane */
        assert_int_equal(pthread_create(&threads[i], NULL, take_ids, &takers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        memcpy(all + i * EACH, takers[i].taken, sizeof takers[i].taken);
        for (int k = 1; k < EACH; k++)
            assert_true(takers[i].taken[k] > takers[i].taken[k - 1]);
    }
    qsort(all, THREADS * EACH, sizeof all[0], by_value);
    for (int i = 1; i < THREADS * EACH; i++)
        assert_true(all[i] != all[i - 1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_of_known_ids),
        cmocka_unit_test(anything_else_is_refused),
        cmocka_unit_test(the_reader_takes_only_what_the_writer_makes),
        cmocka_unit_test(text_sorts_as_the_numbers_do),
        cmocka_unit_test(an_id_carries_its_time_and_lane),
        cmocka_unit_test(ids_rise_when_the_clock_does_not),
        cmocka_unit_test(threads_never_share_an_id),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
