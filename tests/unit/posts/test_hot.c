/* test_hot.c: the hot routes of posts allocate nothing: from the bytes of a request to those of its
 * answer, through parser, router, binding, handler, store and writer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "gimlet/rest/app.h"
#include "gimlet/wire/conn.h"
#include "mallocs.h"
#include "posts/tokens.h"
#include <gimlet.h>

#define WARM 5000 /* requests until every buffer has its size */
#define RUNS 5000

struct fixture {
    struct posts posts;
    struct gim_app *app;
    struct gim_loop *loop;
    struct gim_worker worker;
    struct gim_memory m;
};

static const struct gim_middleware *const middleware[] = {&gim_request_id, NULL};

static int open_with(void **state, const char *tokens_file)
{
    static struct fixture f;
    char err[512];
    const struct gim_app_spec spec = {.routes = posts_routes,
                                      .middleware = middleware,
                                      .state = &f.posts,
                                      .arrange = posts_arrange};

    f = (struct fixture){.posts.tokens_file = tokens_file};
    f.posts.store = store_open("memory:", 1, &posts_host, err, sizeof err);
    f.app = gim_app_new(&spec, err, sizeof err);
    f.loop = gim_loop_new();
    if (!f.posts.store || !f.app || !f.loop || posts_tokens_open(f.app, &f.posts, err, sizeof err))
        return -1;
    gim_worker_init(&f.worker, f.app, f.loop, 0, -1);
    gim_memory_open(&f.m, f.loop, &gim_conn_user);
    gim_conn_open(&f.worker.wire, &f.m.stream);
    *state = &f;
    return 0;
}

static int open_fixture(void **state)
{
    return open_with(state, NULL);
}

/* Asks for the token "one". */
static int open_guarded(void **state)
{
    char path[] = "/tmp/gimlet-hot-XXXXXX";
    FILE *f = fdopen(mkstemp(path), "w");
    int failed;

    if (!f)
        return -1;
    fputs("ann read,write "
          "sha256:7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed 2099-12-31\n",
          f);
    fclose(f);
    failed = open_with(state, path);
    unlink(path);
    return failed;
}

static int close_fixture(void **state)
{
    struct fixture *f = *state;

    gim_worker_release(&f->worker);
    gim_memory_free(&f->m);
    gim_loop_free(f->loop);
    gim_tokens_close(f->posts.tokens);
    gim_app_free(f->app);
    f->posts.store->ops->close(f->posts.store);
    return 0;
}

/* Sends it and expects the status; the answer lies in f->m.out until the next one. */
static void call(struct fixture *f, gim_str request, const char *status)
{
    f->m.out_len = 0;
    gim_memory_feed(&f->m, request);
    if (f->m.out_len < 12 || memcmp(f->m.out + 9, status, 3) != 0)
        fail_msg("expected %s: %.*s", status, (int)f->m.out_len, f->m.out);
}

static long mallocs_of(struct fixture *f, gim_str request, const char *status)
{
    long before;

    for (int i = 0; i < WARM; i++)
        call(f, request, status);
    before = mallocs;
    for (int i = 0; i < RUNS; i++)
        call(f, request, status);
    return mallocs - before;
}

#define POST                                                                                       \
    "POST /posts HTTP/1.1\r\nHost: localhost:8080\r\nContent-Type: application/json\r\n"           \
    "Content-Length: 61\r\n\r\n"                                                                   \
    "{\"title\":\"A first post\",\"body\":\"Written in C\",\"author\":\"Ada\"}"

static void creating_a_post_allocates_only_the_slabs_of_the_store(void **state)
{
    struct fixture *f = *state;
    long n = mallocs_of(f, GIM_S(POST), "201");

    print_message("%ld mallocs for %d posts\n", n, RUNS);
    assert_true(n <= RUNS * 250 / 65536 + 1); /* 250 bytes a post, at most one per 64 KiB */
}

static void reading_a_post_allocates_nothing(void **state)
{
    struct fixture *f = *state;
    char get[128];
    const char *at;
    int n;

    call(f, GIM_S(POST), "201");
    at = memmem(f->m.out, f->m.out_len, "Location: ", 10);
    assert_non_null(at);
    n = snprintf(get, sizeof get, "GET %.20s HTTP/1.1\r\nHost: h\r\n\r\n", at + 10);
    assert_int_equal(mallocs_of(f, (gim_str){get, (size_t)n}, "200"), 0);
}

static void answers_without_a_post_allocate_nothing(void **state)
{
    static const struct {
        const char *request;
        const char *status;
    } rows[] = {
        {"GET /livez HTTP/1.1\r\nHost: h\r\n\r\n", "200"},
        {"GET /nowhere HTTP/1.1\r\nHost: h\r\n\r\n", "404"},
        {"GET /posts/nope HTTP/1.1\r\nHost: h\r\n\r\n", "404"},
        {"POST /posts HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}", "422"},
        {"POST /posts HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\n{", "400"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        long n = mallocs_of(*state, gim_str_of(rows[i].request), rows[i].status);

        if (n)
            fail_msg("%ld mallocs: %s", n, rows[i].request);
    }
}

#define WITH(token) "POST /posts HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer " token "\r\n"

static void a_token_costs_no_allocation(void **state)
{
    static const char body[] =
        "Idempotency-Key: k\r\nContent-Length: 23\r\n\r\n{\"title\":\"a\",\"body\":\"\"}";
    char right[256];
    int n = snprintf(right, sizeof right, "%s%s", WITH("one"), body);

    call(*state, GIM_S("POST /posts HTTP/1.1\r\nHost: h\r\n\r\n"), "401");
    assert_int_equal(mallocs_of(*state, (gim_str){right, (size_t)n}, "201"), 0); /* replayed */
    assert_true(mallocs_of(*state, GIM_S(WITH("two") "\r\n"), "401") <= RUNS);   /* the challenge */
}

static void mallocs_are_counted(void **state)
{
    long before = mallocs;
    struct gim_buf b = {0};

    (void)state;
    gim_buf_lit(&b, "x");
    gim_buf_free(&b);
    assert_true(mallocs > before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mallocs_are_counted),
        cmocka_unit_test(creating_a_post_allocates_only_the_slabs_of_the_store),
        cmocka_unit_test(reading_a_post_allocates_nothing),
        cmocka_unit_test(answers_without_a_post_allocate_nothing),
    };
    const struct CMUnitTest guarded[] = {cmocka_unit_test(a_token_costs_no_allocation)};

    return cmocka_run_group_tests(tests, open_fixture, close_fixture) +
           cmocka_run_group_tests(guarded, open_guarded, close_fixture);
}
