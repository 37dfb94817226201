/* test_memory.c: what only the memory store promises: few bytes a post, few mallocs, memory that is
 * used again, and bounds. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "mallocs.h"
#include "store_client.h"

static struct store *open_store(const char *params)
{
    char url[64], err[256] = "";

    snprintf(url, sizeof url, "memory:%s", params);
    struct store *s = store_open(url, 1, &client_host, err, sizeof err);

    if (!s)
        fail_msg("%s", err);
    return s;
}

static void close_store(struct store *s)
{
    s->ops->close(s);
}

/* One operation without a call's memory: for millions of them. */
static enum store_result run(struct store *s, struct store_op *op)
{
    assert_int_equal(s->ops->submit(s, op), STORE_DONE);
    return op->result;
}

/* ---- bytes and mallocs ----------------------------------------------------------------------- */

static void a_post_costs_few_bytes_and_no_malloc_of_its_own(void **state)
{
    (void)state;
#ifdef MALLOCS_SANITIZED
    skip();
#else
    enum {
        POSTS = 200000
    };
    static char body[120];
    struct store *s = open_store("");
    long pages[2], unused, before = mallocs;
    struct store_op op = {.action = STORE_CREATE,
                          .post = {.title = GIM_S("A title of some 25 bytes."),
                                   .body = {body, sizeof body},
                                   .author = GIM_S("ann-b")}}; /* 150 bytes of text */

    memset(body, 'b', sizeof body);
    for (int i = 0; i < 2; i++) {
        FILE *statm = fopen("/proc/self/statm", "r");

        assert_int_equal(fscanf(statm, "%ld %ld", &unused, &pages[i]), 2);
        fclose(statm);
        for (int k = 0; k < POSTS && i == 0; k++)
            assert_int_equal(run(s, &op), STORE_OK);
    }
    long bytes = (pages[1] - pages[0]) * sysconf(_SC_PAGESIZE);

    print_message("%ld bytes a post, %ld mallocs for %ld KiB\n", bytes / POSTS, mallocs - before,
                  bytes / 1024);
    assert_true(bytes / POSTS <= 250);
    assert_true(mallocs - before <= bytes / 65536);
    close_store(s);
#endif
}

/* ---- churn against a model ------------------------------------------------------------------- */

enum {
    SLOTS = 20000,
    STEPS = 200000
};

/* What the store should hold. A post's texts follow from its seed. */
struct model {
    int64_t id;
    uint32_t seed, version;
};

static uint32_t random_state;

static uint32_t next_random(void)
{
    random_state = random_state * 1664525u + 1013904223u;
    return random_state >> 8;
}

static size_t body_size(uint32_t seed)
{
    return seed % 1000 == 0 ? 70000 : seed % 50 == 0 ? seed % 9000 : seed % 300;
}

static void fill(struct store_post *p, uint32_t seed, char *body)
{
    size_t size = body_size(seed);

    memset(body, (int)('a' + seed % 26), size);
    p->title = (gim_str){"titles of various lengths", seed % 26};
    p->body = (gim_str){body, size};
    p->author = seed % 4 ? (gim_str){"nobody", seed % 7} : (gim_str){0};
}

static void assert_as_model(struct store *s, struct store_op *op, const struct model *m)
{
    static char body[70000];
    struct store_post expected;

    op->action = STORE_READ;
    op->post = (struct store_post){.id = m->id};
    assert_int_equal(run(s, op), STORE_OK);
    fill(&expected, m->seed, body);
    assert_int_equal(op->post.version, m->version);
    assert_true(gim_str_eq(op->post.title, expected.title));
    assert_true(gim_str_eq(op->post.body, expected.body));
    assert_true(gim_str_eq(op->post.author, expected.author));
    assert_int_equal(!op->post.author.ptr, !expected.author.ptr);
    gim_arena_reset(op->arena);
}

static void step(struct store *s, struct store_op *op, struct model *m, unsigned deletes_of_16)
{
    static char body[70000];
    uint32_t seed = next_random();

    op->post = (struct store_post){.id = m->id};
    if (m->id && next_random() % 16 < deletes_of_16) {
        op->action = STORE_DELETE;
        assert_int_equal(run(s, op), STORE_OK);
        m->id = 0;
        return;
    }
    op->action = m->id ? STORE_UPDATE : STORE_CREATE;
    fill(&op->post, seed, body);
    assert_int_equal(run(s, op), STORE_OK);
    m->version = m->id ? m->version + 1 : 1;
    m->id = op->post.id;
    m->seed = seed;
}

static int newest_first(const void *a, const void *b)
{
    int64_t x = ((const struct model *)a)->id, y = ((const struct model *)b)->id;

    return (x < y) - (x > y);
}

/* The whole list, by pages, against the model (which it sorts). */
static void assert_listed(struct store *s, struct store_op *op, struct model *models)
{
    int64_t before = 0;
    int at = 0;
    bool more = true;

    qsort(models, SLOTS, sizeof *models, newest_first);
    while (more) {
        op->action = STORE_LIST;
        op->list.before = before;
        op->list.limit = 500;
        assert_int_equal(run(s, op), STORE_OK);
        for (uint32_t i = 0; i < op->list.n; i++)
            assert_int_equal(op->list.items[i].id, models[at++].id);
        more = op->list.more;
        before = models[at ? at - 1 : 0].id;
        gim_arena_reset(op->arena);
    }
    assert_true(at == SLOTS || models[at].id == 0);
}

static void what_is_stored_is_what_a_model_says(void **state)
{
    static struct model models[SLOTS];
    struct store *s = open_store("");
    struct gim_arena arena;
    struct store_op op = {.arena = &arena};
    const unsigned deletes[] = {1, 8, 15, 2, 16}; /* of 16: growing, shrinking, to nothing */
    (void)state;

    random_state = 20261124;
    gim_arena_init(&arena, NULL, 0);
    memset(models, 0, sizeof models);
    for (size_t phase = 0; phase < sizeof deletes / sizeof deletes[0]; phase++) {
        for (int i = 0; i < STEPS / 5; i++)
            step(s, &op, &models[next_random() % SLOTS], deletes[phase]);
        for (int i = 0; i < SLOTS; i++) {
            if (models[i].id)
                assert_as_model(s, &op, &models[i]);
        }
        assert_listed(s, &op, models);
    }
    close_store(s);
}

/* ---- bounds ------------------------------------------------------------------------------------ */

static void memory_of_deleted_posts_is_used_again(void **state)
{
    static struct model models[SLOTS];
    struct store *s = open_store("?max_mib=12");
    struct gim_arena arena;
    struct store_op op = {.arena = &arena};
    (void)state;

    gim_arena_init(&arena, NULL, 0);
    for (int round = 0; round < 20; round++) { /* 100 MiB in all, in 12 */
        random_state = 7;
        memset(models, 0, sizeof models);
        for (int i = 0; i < SLOTS; i++)
            step(s, &op, &models[i], 0);
        for (int i = 0; i < SLOTS; i++)
            step(s, &op, &models[(i * 7919 + round) % SLOTS], 16);
    }
    gim_arena_reset(&arena);
    close_store(s);
}

static void a_full_store_takes_no_more_until_there_is_space(void **state)
{
    static char body[1000];
    struct store *s = open_store("?max_mib=1");
    struct store_op op = {.action = STORE_CREATE, .post.body = {body, sizeof body}};
    int64_t first = 0;
    int n = 0;
    (void)state;

    while (n < 10000 && run(s, &op) == STORE_OK) {
        first = first ? first : op.post.id;
        n++;
    }
    assert_int_equal(op.result, STORE_FULL);
    assert_in_range(n, 600, 1048);
    struct call *big = create_call("big", "", NULL);
    char *bytes = calloc(1, 100000);

    big->op.post.body = (gim_str){bytes, 100000};
    assert_int_equal(call_run(s, big), STORE_FULL);
    call_free(big);
    free(bytes);
    struct call *got = read_post(s, first);

    assert_int_equal(got->op.result, STORE_OK);
    call_free(got);
    assert_int_equal(delete_post(s, first, 0), STORE_OK);
    assert_int_equal(run(s, &op), STORE_OK);
    close_store(s);
}

static enum store_result use_key(struct store *s, int number)
{
    char key[32];

    snprintf(key, sizeof key, "key %d", number);
    struct call *c = keyed_call("t", key, 1);
    enum store_result result = call_run(s, c);

    call_free(c);
    return result;
}

static void the_oldest_keys_are_forgotten_beyond_the_bound(void **state)
{
    struct store *s = open_store("?keys=1600&max_mib=2");
    int known = 0;
    (void)state;

    for (int i = 0; i < 20000; i++) { /* each with a post, which goes again: only keys would grow */
        char key[32];

        snprintf(key, sizeof key, "key %d", i);
        struct call *c = keyed_call("t", key, 1);

        assert_int_equal(call_run(s, c), STORE_OK);
        assert_int_equal(delete_post(s, c->op.post.id, 0), STORE_OK);
        call_free(c);
    }
    for (int i = 19999; i >= 19000; i--)
        assert_int_equal(use_key(s, i), STORE_REPLAY); /* the newest are all known */
    for (int i = 0; i < 17000; i += 100)
        known += use_key(s, i) == STORE_REPLAY;
    assert_int_equal(known, 0);
    close_store(s);
}

static void a_file_is_no_place_in_memory(void **state)
{
    char err[256] = "";
    (void)state;

    assert_null(store_open("memory:posts.db", 1, &client_host, err, sizeof err));
    assert_non_null(strstr(err, "takes no file"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_post_costs_few_bytes_and_no_malloc_of_its_own),
        cmocka_unit_test(what_is_stored_is_what_a_model_says),
        cmocka_unit_test(memory_of_deleted_posts_is_used_again),
        cmocka_unit_test(a_full_store_takes_no_more_until_there_is_space),
        cmocka_unit_test(the_oldest_keys_are_forgotten_beyond_the_bound),
        cmocka_unit_test(a_file_is_no_place_in_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
