/* test_store.c: the store's contract, one suite run over every store. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "store_client.h"
#include "posts/ids.h"

enum {
    THREADS = 4
};

/* The store under test: its scheme, and the name of its file in a scratch directory. */
struct fixture {
    const char *scheme;
    const char *name; /* NULL: it has none */
    char dir[64];
    struct store *store;
};

static struct fixture *fixture;

static void make_url(char url[320], const char *params)
{
    snprintf(url, 320, "%s%s%s%s", fixture->scheme, fixture->name ? fixture->dir : "",
             fixture->name ? fixture->name : "", params);
}

static void open_with(const char *params)
{
    char whole[320], err[512] = "";

    make_url(whole, params);
    fixture->store = store_open(whole, THREADS, &client_host, err, sizeof err);
    if (!fixture->store)
        fail_msg("%s: %s", whole, err);
}

static void close_store(void)
{
    fixture->store->ops->close(fixture->store);
    fixture->store = NULL;
}

static int set_up(void **state)
{
    fixture = *state;
    scratch_make(fixture->dir);
    open_with("");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    if (fixture->store)
        close_store();
    scratch_remove(fixture->dir);
    return 0;
}

static void assert_text(gim_str got, const char *expected)
{
    if (!expected) {
        assert_null(got.ptr);
        return;
    }
    assert_non_null(got.ptr);
    assert_int_equal(got.len, strlen(expected));
    assert_memory_equal(got.ptr, expected, got.len);
}

static void assert_post(const struct store_post *p, const char *title, const char *body,
                        const char *author)
{
    assert_text(p->title, title);
    assert_text(p->body, body);
    assert_text(p->author, author);
}

/* ---- one post ------------------------------------------------------------------------------ */

static void a_created_post_is_read_back(void **state)
{
    (void)state;
    int64_t before = gim_now().us;
    struct call *made = create_call("title", "body", "author");

    assert_int_equal(call_run(fixture->store, made), STORE_OK);
    struct store_post p = made->op.post;

    assert_int_equal(p.version, 1);
    assert_true(p.created_at.us >= before && p.created_at.us <= gim_now().us);
    assert_int_equal(p.updated_at.us, p.created_at.us);
    assert_true(p.id >> POST_ID_SHIFT >= before / 1000);
    assert_post(&p, "title", "body", "author");

    struct call *got = read_post(fixture->store, p.id);

    assert_int_equal(got->op.result, STORE_OK);
    assert_post(&got->op.post, "title", "body", "author");
    assert_int_equal(got->op.post.id, p.id);
    assert_int_equal(got->op.post.version, 1);
    assert_int_equal(got->op.post.created_at.us, p.created_at.us);
    assert_int_equal(got->op.post.updated_at.us, p.created_at.us);
    call_free(got);
    call_free(made);
}

static void absent_and_empty_texts_are_told_apart(void **state)
{
    (void)state;
    const char *authors[] = {NULL, ""};

    for (int i = 0; i < 2; i++) {
        int64_t id = create_post(fixture->store, "", authors[i]);
        struct call *got = read_post(fixture->store, id);

        assert_post(&got->op.post, "", "body", authors[i]);
        call_free(got);
    }
}

/* Sizes around the memory store's classes and chunks, and SQLite's pages. */
static void bodies_of_any_size_and_byte_come_back_whole(void **state)
{
    (void)state;
    const size_t sizes[] = {0,     1,     15,    16,    17,    500,    1000,   1023,
                            1024,  1025,  4000,  4096,  4097,  16384,  32700,  32768,
                            32769, 40000, 65535, 65536, 65537, 262144, 1048576};
    enum {
        N = sizeof sizes / sizeof sizes[0]
    };
    int64_t ids[N];
    char *text = malloc(1048576);

    for (size_t i = 0; i < 1048576; i++)
        text[i] = (char)(i * 131 >> 3 & 127); /* ASCII, NUL among it */
    for (int round = 0; round < 3; round++) { /* deleted places are used again */
        for (size_t i = 0; i < N; i++) {
            struct call *c = create_call("t", "", NULL);

            c->op.post.body = (gim_str){text + i, sizes[i] > i ? sizes[i] - i : 0};
            assert_int_equal(call_run(fixture->store, c), STORE_OK);
            ids[i] = c->op.post.id;
            call_free(c);
        }
        for (size_t i = 0; i < N; i++) {
            struct call *got = read_post(fixture->store, ids[i]);

            assert_int_equal(got->op.post.body.len, sizes[i] > i ? sizes[i] - i : 0);
            assert_memory_equal(got->op.post.body.ptr, text + i, got->op.post.body.len);
            call_free(got);
            assert_int_equal(delete_post(fixture->store, ids[i], 0), STORE_OK);
        }
    }
    free(text);
}

static void what_is_not_there_is_not_found(void **state)
{
    (void)state;
    int64_t id = create_post(fixture->store, "only", NULL);
    const int64_t ids[] = {0, 1, -1, id - 1, id + 1, id + POST_ID_LANES, INT64_MAX, INT64_MIN};

    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        struct call *got = read_post(fixture->store, ids[i]);

        assert_int_equal(got->op.result, STORE_NOT_FOUND);
        call_free(got);
        assert_int_equal(update_post(fixture->store, ids[i], 0, "x"), STORE_NOT_FOUND);
        assert_int_equal(delete_post(fixture->store, ids[i], 0), STORE_NOT_FOUND);
    }
}

static void an_update_replaces_the_texts_and_counts_the_version(void **state)
{
    (void)state;
    int64_t id = create_post(fixture->store, "first", "someone");
    struct call *before = read_post(fixture->store, id);
    struct call *c = update_call(id, 1, "a title that is much longer than the first one was");

    assert_int_equal(call_run(fixture->store, c), STORE_OK);
    assert_int_equal(c->op.post.version, 2);
    assert_int_equal(c->op.post.created_at.us, before->op.post.created_at.us);
    assert_true(c->op.post.updated_at.us >= before->op.post.updated_at.us);
    struct call *after = read_post(fixture->store, id);

    assert_post(&after->op.post, "a title that is much longer than the first one was",
                "changed body", NULL);
    assert_int_equal(after->op.post.version, 2);
    assert_int_equal(after->op.post.created_at.us, before->op.post.created_at.us);
    assert_int_equal(after->op.post.updated_at.us, c->op.post.updated_at.us);
    call_free(before);
    call_free(after);
    call_free(c);
}

static void a_stale_version_changes_nothing(void **state)
{
    (void)state;
    int64_t id = create_post(fixture->store, "first", NULL);

    assert_int_equal(update_post(fixture->store, id, 1, "second"), STORE_OK);
    assert_int_equal(update_post(fixture->store, id, 1, "third"), STORE_STALE);
    assert_int_equal(update_post(fixture->store, id, 3, "third"), STORE_STALE);
    assert_int_equal(delete_post(fixture->store, id, 1), STORE_STALE);
    struct call *got = read_post(fixture->store, id);

    assert_text(got->op.post.title, "second");
    assert_int_equal(got->op.post.version, 2);
    call_free(got);
    assert_int_equal(update_post(fixture->store, id, 0, "fourth"), STORE_OK); /* 0: any version */
    assert_int_equal(delete_post(fixture->store, id, 3), STORE_OK);
    assert_int_equal(delete_post(fixture->store, id, 0), STORE_NOT_FOUND);
}

static void results_outlive_what_happens_to_the_post(void **state)
{
    (void)state;
    int64_t id = create_post(fixture->store, "a title to keep", "someone");
    struct call *got = read_post(fixture->store, id);

    assert_int_equal(update_post(fixture->store, id, 0, "b title to keep"), STORE_OK);
    assert_int_equal(delete_post(fixture->store, id, 0), STORE_OK);
    create_post(fixture->store, "c title to keep", "someone");
    assert_post(&got->op.post, "a title to keep", "body", "someone");
    call_free(got);
}

/* ---- lists --------------------------------------------------------------------------------- */

enum {
    LISTED = 57
};

/* Creates from all workers in turn: the memory store has a lane for each. */
static void create_listed(int64_t ids[LISTED])
{
    for (int i = 0; i < LISTED; i++) {
        char title[32];

        snprintf(title, sizeof title, "post %d", i);
        struct call *c = create_call(title, "body", i % 3 == 0 ? "ann" : i % 3 == 1 ? "bob" : NULL);

        c->op.worker = (unsigned)i * 7 % THREADS;
        assert_int_equal(call_run(fixture->store, c), STORE_OK);
        ids[i] = c->op.post.id;
        if (i)
            assert_true(ids[i] > ids[i - 1]);
        call_free(c);
    }
}

static void a_list_is_newest_first_and_pages_by_cursor(void **state)
{
    (void)state;
    int64_t ids[LISTED], before = 0;
    int at = LISTED;
    bool more = true;

    create_listed(ids);
    while (more) {
        struct call *page = list_posts(fixture->store, before, NULL, 10);

        assert_int_equal(page->op.result, STORE_OK);
        assert_int_equal(page->op.list.n, at < 10 ? at : 10);
        for (uint32_t i = 0; i < page->op.list.n; i++) {
            char title[32];

            snprintf(title, sizeof title, "post %d", --at);
            assert_int_equal(page->op.list.items[i].id, ids[at]);
            assert_text(page->op.list.items[i].title, title);
            before = ids[at];
        }
        more = page->op.list.more;
        assert_int_equal(more, at > 0);
        call_free(page);
    }
    assert_int_equal(at, 0);
}

static void a_list_of_exactly_the_limit_has_no_more(void **state)
{
    (void)state;
    int64_t ids[LISTED];

    create_listed(ids);
    struct call *all = list_posts(fixture->store, 0, NULL, LISTED);

    assert_int_equal(all->op.list.n, LISTED);
    assert_false(all->op.list.more);
    call_free(all);
    all = list_posts(fixture->store, ids[0], NULL, 5);
    assert_int_equal(all->op.result, STORE_OK);
    assert_int_equal(all->op.list.n, 0);
    assert_false(all->op.list.more);
    call_free(all);
}

static void a_list_by_author_has_the_authors_posts_alone(void **state)
{
    (void)state;
    int64_t ids[LISTED];

    create_listed(ids);
    struct call *page = list_posts(fixture->store, ids[50], "ann", 10);

    assert_int_equal(page->op.list.n, 10);
    assert_true(page->op.list.more);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(page->op.list.items[i].id, ids[48 - 3 * i]);
        assert_text(page->op.list.items[i].author, "ann");
    }
    call_free(page);
    page = list_posts(fixture->store, 0, "bob", 19);
    assert_int_equal(page->op.list.n, 19);
    assert_false(page->op.list.more);
    call_free(page);
    const char *nobody[] = {"", "an", "anna", "ANN", "carl"};

    for (size_t i = 0; i < sizeof nobody / sizeof nobody[0]; i++) {
        page = list_posts(fixture->store, 0, nobody[i], 10);
        assert_int_equal(page->op.list.n, 0);
        call_free(page);
    }
}

static void a_list_follows_updates_and_deletes(void **state)
{
    (void)state;
    int64_t ids[LISTED];

    create_listed(ids);
    for (int i = 0; i < LISTED; i += 2)
        assert_int_equal(delete_post(fixture->store, ids[i], 0), STORE_OK);
    assert_int_equal(update_post(fixture->store, ids[3], 0, "no author now"), STORE_OK);
    struct call *page = list_posts(fixture->store, 0, NULL, 100);

    assert_int_equal(page->op.list.n, LISTED / 2);
    for (uint32_t i = 0; i < page->op.list.n; i++)
        assert_int_equal(page->op.list.items[i].id, ids[LISTED - 2 - 2 * (int)i]);
    call_free(page);
    page = list_posts(fixture->store, 0, "ann", 100);
    assert_int_equal(page->op.list.n, 8); /* 9, 15, ... 51: of ann's odd ones 3 is gone */
    assert_int_equal(page->op.list.items[7].id, ids[9]);
    call_free(page);
}

static void an_empty_store_lists_nothing(void **state)
{
    (void)state;
    struct call *page = list_posts(fixture->store, 0, NULL, 10);

    assert_int_equal(page->op.result, STORE_OK);
    assert_int_equal(page->op.list.n, 0);
    assert_false(page->op.list.more);
    call_free(page);
}

/* ---- keys ---------------------------------------------------------------------------------- */

static void assert_replay(const char *key, const char *title, int64_t id)
{
    struct call *again = keyed_call(title, key, 1);

    assert_int_equal(call_run(fixture->store, again), STORE_REPLAY);
    assert_int_equal(again->op.post.id, id);
    assert_int_equal(again->op.post.version, 1);
    assert_int_equal(again->op.post.updated_at.us, again->op.post.created_at.us);
    assert_post(&again->op.post, title, "body", "author");
    call_free(again);
}

static int64_t create_keyed(const char *title, const char *key, enum store_result expected)
{
    struct call *c = keyed_call(title, key, 1);

    assert_int_equal(call_run(fixture->store, c), expected);
    int64_t id = c->op.post.id;

    call_free(c);
    return id;
}

static void a_key_makes_one_post_and_replays_its_first_reply(void **state)
{
    (void)state;
    int64_t id = create_keyed("once", "key", STORE_OK);

    assert_replay("key", "once", id);
    assert_int_equal(update_post(fixture->store, id, 0, "changed"), STORE_OK);
    assert_replay("key", "once", id);
    assert_int_equal(update_post(fixture->store, id, 0, "changed again"), STORE_OK);
    assert_replay("key", "once", id);
    assert_int_equal(delete_post(fixture->store, id, 0), STORE_OK);
    assert_replay("key", "once", id);
    struct call *page = list_posts(fixture->store, 0, NULL, 10);

    assert_int_equal(page->op.list.n, 0);
    call_free(page);
}

static void a_key_is_misused_by_another_request(void **state)
{
    (void)state;
    create_keyed("once", "key", STORE_OK);
    for (int i = 0; i < 2; i++) {
        struct call *other = keyed_call("other", "key", 1);

        other->op.idem.fingerprint[i] ^= 1;
        assert_int_equal(call_run(fixture->store, other), STORE_KEY_MISUSED);
        call_free(other);
    }
    assert_true(create_keyed("once", "kez", STORE_OK) != 0);
    assert_true(create_keyed("once", "ke", STORE_OK) != 0);
    assert_true(create_keyed("once", "", STORE_OK) != 0);
    struct call *page = list_posts(fixture->store, 0, NULL, 10);

    assert_int_equal(page->op.list.n, 4);
    call_free(page);
}

static void a_key_is_forgotten_after_its_time(void **state)
{
    (void)state;
    char key[32];

    close_store();
    open_with("?key_seconds=1");
    int64_t first = create_keyed("old", "key", STORE_OK);

    for (int i = 0; i < 200; i++) {
        snprintf(key, sizeof key, "other %d", i);
        create_keyed("other", key, STORE_OK);
    }
    assert_replay("key", "old", first);
    usleep(1100000);
    int64_t second = create_keyed("new", "key", STORE_OK);

    assert_true(second > first);
    assert_replay("key", "new", second);
    for (int i = 0; i < 200; i++) {
        snprintf(key, sizeof key, "other %d", i);
        create_keyed("other", key, STORE_OK);
    }
    struct call *old = read_post(fixture->store, first); /* the post itself stays */

    assert_int_equal(old->op.result, STORE_OK);
    call_free(old);
}

/* ---- threads ------------------------------------------------------------------------------- */

enum {
    EACH = 300
};

struct worker {
    unsigned number;
    int64_t shared;
    int64_t ids[EACH];
    unsigned updated;
    unsigned keyed[3]; /* OK, REPLAY, other */
};

/* Raises the shared post's version by compare-and-swap until it has succeeded once. */
static void swap_once(struct worker *w)
{
    for (;;) {
        struct call *now = read_post(fixture->store, w->shared);
        int64_t version = now->op.post.version;

        call_free(now);
        if (update_post(fixture->store, w->shared, version, "shared") == STORE_OK)
            break;
    }
    w->updated++;
}

static void try_key(struct worker *w, int i)
{
    char key[32];

    snprintf(key, sizeof key, "key %d", i / 2);
    struct call *c = keyed_call(key, key, 1);

    c->op.worker = w->number;
    enum store_result result = call_run(fixture->store, c);

    w->keyed[result == STORE_OK ? 0 : result == STORE_REPLAY ? 1 : 2]++;
    call_free(c);
}

/* A reader sees a post whole or not at all. */
static bool is_whole(const struct store_post *p)
{
    if (p->title.len == 0 || p->body.len < 64)
        return true; /* not one of write_big's */
    for (size_t i = 0; i < p->body.len; i++) {
        if (p->body.ptr[i] != p->title.ptr[0])
            return false;
    }
    return true;
}

static int64_t write_big(struct worker *w, int i)
{
    char body[600];
    char title[2] = {(char)('a' + (i + (int)w->number) % 26), '\0'};

    memset(body, title[0], sizeof body - 1);
    body[64 + i % 500] = '\0';
    struct call *c = create_call(title, body, NULL);

    c->op.worker = w->number;
    int64_t id = call_run(fixture->store, c) == STORE_OK ? c->op.post.id : 0;

    call_free(c);
    if (i % 4 == 0 && id) { /* and change it, so that readers meet changes */
        c = create_call(title, body + i % 32, "someone");
        c->op.action = STORE_UPDATE;
        c->op.post.id = id;
        if (call_run(fixture->store, c) != STORE_OK)
            id = 0;
        call_free(c);
    }
    return id;
}

static bool list_is_right(struct worker *w)
{
    struct call *page = call_new(STORE_LIST);
    bool right = true;

    page->op.worker = w->number;
    page->op.list.limit = 20;
    call_run(fixture->store, page);
    for (uint32_t i = 0; i < page->op.list.n; i++) {
        right &= is_whole(&page->op.list.items[i]);
        right &= i == 0 || page->op.list.items[i].id < page->op.list.items[i - 1].id;
    }
    call_free(page);
    return right;
}

static void *work(void *arg)
{
    struct worker *w = arg;

    for (int i = 0; i < EACH; i++) {
        w->ids[i] = write_big(w, i);
        try_key(w, i);
        if (i % 10 == 0)
            swap_once(w);
        if (!list_is_right(w))
            w->keyed[2] += 1000;
    }
    return NULL;
}

static void check_created(const struct worker *workers)
{
    for (unsigned i = 0; i < THREADS; i++) {
        for (int k = 0; k < EACH; k++) {
            struct call *got = call_new(STORE_READ);

            got->op.worker = (i + 1) % THREADS; /* by another worker than stored it */
            got->op.post.id = workers[i].ids[k];
            assert_int_equal(call_run(fixture->store, got), STORE_OK);
            assert_true(is_whole(&got->op.post));
            assert_true(k == 0 || workers[i].ids[k] > workers[i].ids[k - 1]);
            call_free(got);
        }
    }
}

static void workers_at_once_see_whole_posts_and_each_others(void **state)
{
    static struct worker workers[THREADS];
    pthread_t threads[THREADS];
    int64_t shared = create_post(fixture->store, "shared", NULL);
    unsigned updated = 0, keyed[3] = {0};
    (void)state;

    memset(workers, 0, sizeof workers);
    for (unsigned i = 0; i < THREADS; i++) {
        workers[i].number = i;
        workers[i].shared = shared;
        assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        updated += workers[i].updated;
        for (int k = 0; k < 3; k++)
            keyed[k] += workers[i].keyed[k];
    }
    check_created(workers);
    struct call *got = read_post(fixture->store, shared);

    assert_int_equal(got->op.post.version, 1 + updated);
    call_free(got);
    assert_int_equal(keyed[0], EACH / 2);
    assert_int_equal(keyed[1], THREADS * EACH - EACH / 2);
    assert_int_equal(keyed[2], 0);
}

/* ---- the rest ------------------------------------------------------------------------------ */

static void an_idle_store_is_ready_and_says_what_it_is(void **state)
{
    (void)state;
    assert_null(fixture->store->ops->ready(fixture->store));
    const char *about = fixture->store->ops->describe(fixture->store);

    assert_memory_equal(about, fixture->store->ops->scheme, strlen(fixture->store->ops->scheme));
    assert_non_null(strstr(about, "durable"));
}

static void unknown_parameters_are_told(void **state)
{
    (void)state;
    const char *params[] = {"?colour=1",       "?key_seconds",
                            "?key_seconds=",   "?key_seconds=0",
                            "?key_seconds=x",  "?",
                            "?key_seconds=1&", "?key_seconds=99999999999999999999"};

    for (size_t i = 0; i < sizeof params / sizeof params[0]; i++) {
        char whole[320], err[256] = "";

        make_url(whole, params[i]);
        if (store_open(whole, 1, &client_host, err, sizeof err))
            fail_msg("%s was opened", whole);
        assert_non_null(strstr(err, "key_seconds"));
    }
}

static void an_unknown_scheme_names_the_known_ones(void **state)
{
    const char *urls[] = {"", "posts.db", "mysql:x", "sqlite", "SQLITE:x", "mem"};
    (void)state;

    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        char err[256] = "";

        assert_null(store_open(urls[i], 1, &client_host, err, sizeof err));
        assert_non_null(strstr(err, "sqlite:"));
        assert_non_null(strstr(err, "memory:"));
    }
}

#define CONTRACT(name)                                                                             \
    {                                                                                              \
#name, name, set_up, tear_down, NULL                                                       \
    }

static struct CMUnitTest contract[] = {
    CONTRACT(a_created_post_is_read_back),
    CONTRACT(absent_and_empty_texts_are_told_apart),
    CONTRACT(bodies_of_any_size_and_byte_come_back_whole),
    CONTRACT(what_is_not_there_is_not_found),
    CONTRACT(an_update_replaces_the_texts_and_counts_the_version),
    CONTRACT(a_stale_version_changes_nothing),
    CONTRACT(results_outlive_what_happens_to_the_post),
    CONTRACT(a_list_is_newest_first_and_pages_by_cursor),
    CONTRACT(a_list_of_exactly_the_limit_has_no_more),
    CONTRACT(a_list_by_author_has_the_authors_posts_alone),
    CONTRACT(a_list_follows_updates_and_deletes),
    CONTRACT(an_empty_store_lists_nothing),
    CONTRACT(a_key_makes_one_post_and_replays_its_first_reply),
    CONTRACT(a_key_is_misused_by_another_request),
    CONTRACT(a_key_is_forgotten_after_its_time),
    CONTRACT(workers_at_once_see_whole_posts_and_each_others),
    CONTRACT(an_idle_store_is_ready_and_says_what_it_is),
    CONTRACT(unknown_parameters_are_told),
};

static int run_contract(struct fixture *f)
{
    for (size_t i = 0; i < sizeof contract / sizeof contract[0]; i++)
        contract[i].initial_state = f;
    return cmocka_run_group_tests_name(f->scheme, contract, NULL, NULL);
}

int main(void)
{
    static struct fixture stores[] = {
        {.scheme = "memory:"},
        {.scheme = "sqlite:", .name = "/posts.db"},
    };
    const struct CMUnitTest common[] = {
        cmocka_unit_test(an_unknown_scheme_names_the_known_ones),
    };
    int failed = cmocka_run_group_tests(common, NULL, NULL);

    for (size_t i = 0; i < sizeof stores / sizeof stores[0]; i++)
        failed += run_contract(&stores[i]);
    return failed;
}
