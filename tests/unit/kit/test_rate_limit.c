/* test_rate_limit.c: token buckets on a clock of our own, from many threads; and what clients see. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include "calls.h"
#include "gimlet/kit/rate_table.h"

#define SECOND UINT64_C(1000000)

/* ---- the table --------------------------------------------------------------------------------- */

static void a_bucket_is_full_at_first_and_fills_step_by_step(void **state)
{
    static const struct gim_rate rate = {.step_us = 100000,
                                         .burst = 3}; /* 10 a second, 3 at once */
    static const struct {
        uint64_t at_ms;
        bool taken;
        uint64_t left, wait_ms, full_ms;
    } rows[] = {
        {5000, true, 2, 0, 100},    {5000, true, 1, 0, 200},   {5000, true, 0, 0, 300},
        {5000, false, 0, 100, 300}, {5040, false, 0, 60, 260}, {5100, true, 0, 0, 300},
        {5250, true, 0, 0, 250},    {5350, true, 0, 0, 250},   {9000, true, 2, 0, 100},
    };
    struct gim_rate_buckets *t = gim_rate_buckets_new(1);

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gim_rate_verdict v = gim_rate_take(t, &rate, 42, rows[i].at_ms * 1000);

        assert_int_equal(v.taken, rows[i].taken);
        assert_int_equal(v.left, rows[i].left);
        assert_int_equal(v.wait_us, rows[i].wait_ms * 1000);
        assert_int_equal(v.full_us, rows[i].full_ms * 1000);
    }
    gim_rate_buckets_free(t);
}

static void keys_have_buckets_of_their_own(void **state)
{
    static const struct gim_rate one = {.step_us = SECOND, .burst = 1};
    struct gim_rate_buckets *t = gim_rate_buckets_new(1000);

    (void)state;
    for (uint64_t key = 0; key < 8; key++)
        assert_true(gim_rate_take(t, &one, key << 8, SECOND).taken);
    for (uint64_t key = 1; key < 8; key++)
        assert_false(gim_rate_take(t, &one, key << 8, SECOND).taken);
    assert_true(gim_rate_hash(t, 1, "a", 1) != gim_rate_hash(t, 1, "b", 1));
    assert_true(gim_rate_hash(t, 1, "a", 1) != gim_rate_hash(t, 2, "a", 1));
    assert_true(gim_rate_hash(t, 1, "a", 1) == gim_rate_hash(t, 1, "a", 1));
    gim_rate_buckets_free(t);
}

/* Keys 1 to 8 fill one set; key 3 owes least, so a ninth takes its place and no other's. */
static void a_full_set_forgets_the_fullest_bucket(void **state)
{
    static const struct gim_rate rate = {.step_us = SECOND, .burst = 4};
    struct gim_rate_buckets *t = gim_rate_buckets_new(8);

    (void)state;
    for (uint64_t key = 1; key <= 8; key++) {
        for (int i = 0; i < (key == 3 ? 2 : 4); i++)
            assert_true(gim_rate_take(t, &rate, key, SECOND).taken);
    }
    assert_int_equal(gim_rate_take(t, &rate, 9, SECOND).left, 3);
    for (uint64_t key = 1; key <= 8; key++) {
        if (key != 3)
            assert_false(gim_rate_take(t, &rate, key, SECOND).taken);
    }
    /* Nobody owes anything any more: any may go, and a bucket that is asked again is full. */
    assert_int_equal(gim_rate_take(t, &rate, 5, 100 * SECOND).left, 3);
    gim_rate_buckets_free(t);
}

#define THREADS 4
#define TRIES 200000
#define BURST 100000

struct racer {
    struct gim_rate_buckets *table;
    pthread_barrier_t *start;
    unsigned taken;
};

static void *race(void *arg)
{
    static const struct gim_rate rate = {.step_us = SECOND, .burst = BURST};
    struct racer *r = arg;

    pthread_barrier_wait(r->start);
    for (unsigned i = 0; i < TRIES; i++)
        r->taken += gim_rate_take(r->table, &rate, 7 + (uint64_t)(i % 2) * 64, SECOND).taken;
    return NULL;
}

/* Two keys; the threads ask far more often than there are tokens: exactly the tokens are given. */
static void a_limit_is_exact_over_threads(void **state)
{
    struct racer racers[THREADS] = {0};
    pthread_t threads[THREADS];
    pthread_barrier_t start;
    unsigned taken = 0;

    (void)state;
    pthread_barrier_init(&start, NULL, THREADS);
    racers[0].table = gim_rate_buckets_new(1000);
    for (int i = 0; i < THREADS; i++) {
        racers[i].table = racers[0].table;
        racers[i].start = &start;
        assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        taken += racers[i].taken;
    }
    assert_int_equal(taken, 2 * BURST);
    pthread_barrier_destroy(&start);
    gim_rate_buckets_free(racers[0].table);
}

/* ---- the middleware ---------------------------------------------------------------------------- */

static int hello(struct gim_ctx *c)
{
    return gim_text(c, 200, GIM_S("hello"));
}
static gim_str by_query(struct gim_ctx *c)
{
    return gim_query_str(c);
}

#define WITH(...)                                                                                  \
    .middleware = (const struct gim_middleware *const[])                                           \
    {                                                                                              \
        __VA_ARGS__, NULL                                                                          \
    }
static const struct gim_middleware proxies = GIM_PROXIES(.trusted = "unix, 10.0.0.1");
static const struct gim_middleware by_client = GIM_RATE_LIMIT(.limit = 2, .per = 3600);
static const struct gim_middleware by_header =
    GIM_RATE_LIMIT(.limit = 1, .per = 3600, .header = "X-Key", .name = "keys", .keys = 1);
static const struct gim_middleware by_cookie =
    GIM_RATE_LIMIT(.limit = 1, .per = 3600, .cookie = "sid", .quiet = true);
static const struct gim_middleware by_fn = GIM_RATE_LIMIT(.limit = 1, .per = 3600, .key = by_query);
static const struct gim_middleware burst = GIM_RATE_LIMIT(.limit = 10, .per = 3600, .burst = 1);
static const struct gim_middleware logins =
    GIM_RATE_LIMIT(.limit = 1, .per = 3600, .name = "login");

static int log_in(struct gim_ctx *c)
{
    if (gim_rate_check(c, &logins, gim_query_str(c)))
        return GIM_REPLIED;
    return hello(c);
}

static const struct gim_route routes[] = {
    GIM_GET("/client", hello, WITH(&proxies, &by_client)),
    GIM_GET("/header", hello, WITH(&by_header)),
    GIM_GET("/cookie", hello, WITH(&by_cookie)),
    GIM_GET("/fn", hello, WITH(&by_fn)),
    GIM_GET("/burst", hello, WITH(&burst)),
    GIM_GET("/login", log_in),
    {0},
};

static void clients_are_told_what_is_left_and_when_to_come_back(void **state)
{
    struct gim_app *app = app_of(&(struct gim_app_spec){.routes = routes});

    (void)state;
    assert_head(app, "GET", "/client", "X-Forwarded-For: 192.0.2.1\r\n", 200,
                PARTS("RateLimit-Policy: \"default\";q=2;w=3600\r\n",
                      "RateLimit: \"default\";r=1;t=1800\r\n", "!Retry-After"));
    assert_head(app, "GET", "/client", "X-Forwarded-For: 6.6.6.6, 192.0.2.1\r\n", 200,
                PARTS("RateLimit: \"default\";r=0;t=3"));
    assert_head(app, "GET", "/client", "X-Forwarded-For: 192.0.2.1\r\n", 429,
                PARTS("RateLimit: \"default\";r=0;t=1", "Retry-After: 1", "problem+json"));
    assert_head(app, "GET", "/client", "X-Forwarded-For: 192.0.2.2\r\n", 200, NULL);
    /* one IPv6 host is one client, whichever of its addresses it takes */
    assert_head(app, "GET", "/client", "X-Forwarded-For: 2001:db8::1\r\n", 200, NULL);
    assert_head(app, "GET", "/client", "X-Forwarded-For: 2001:db8::2\r\n", 200, NULL);
    assert_head(app, "GET", "/client", "X-Forwarded-For: 2001:db8::3\r\n", 429, NULL);
    assert_head(app, "GET", "/client", "X-Forwarded-For: 2001:db8:0:1::1\r\n", 200, NULL);
    gim_app_free(app);
}

static const char *rate_text;

static void other_keys_than_addresses(void **state)
{
    static const struct {
        const char *target, *headers;
        int status;
    } rows[] = {
        {"/header", "X-Key: a\r\n", 200},
        {"/header", "X-Key: a\r\n", 429},
        {"/header", "X-Key: b\r\n", 200},
        {"/header", NULL, 200}, /* by address: there is none */
        {"/header", NULL, 429},
        {"/cookie", "Cookie: sid=1\r\n", 200},
        {"/cookie", "Cookie: sid=1\r\n", 429},
        {"/cookie", "Cookie: sid=2\r\n", 200},
        {"/fn?a", NULL, 200},
        {"/fn?a", NULL, 429},
        {"/fn?b", NULL, 200},
        {"/fn", NULL, 200}, /* no key: not limited */
        {"/fn", NULL, 200},
        {"/burst", NULL, 200},
        {"/burst", NULL, 429},
        {"/login?ann", NULL, 200},
        {"/login?ann", NULL, 429},
        {"/login?bob", NULL, 200},
    };
    struct gim_app *app = app_of(&(struct gim_app_spec){.routes = routes});

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_head(app, "GET", rows[i].target, rows[i].headers, rows[i].status, NULL);
    assert_head(app, "GET", "/header", "X-Key: c\r\n", 200,
                PARTS("RateLimit: \"keys\";r=0;t=3600"));
    assert_head(app, "GET", "/cookie", "Cookie: sid=1\r\n", 429,
                PARTS("!RateLimit", "Retry-After: "));
    gim_app_free(app);
}

static const struct {
    struct gim_middleware m;
    const char *says;
} wrong[] = {
    {GIM_RATE_LIMIT(.limit = 0), ".limit must be"},
    {GIM_RATE_LIMIT(.limit = 1, .per = -1), ".limit must be"},
    {GIM_RATE_LIMIT(.limit = 2000000), "a million"},
    {GIM_RATE_LIMIT(.limit = 1, .setting = &rate_text), "one of .limit and"},
    {GIM_RATE_LIMIT(.limit = 1, .burst = 1002), "thousand times"},
    {GIM_RATE_LIMIT(.limit = 1, .header = "a", .cookie = "b"), "not more"},
    {GIM_RATE_LIMIT(.limit = 1, .keys = -1), ".keys"},
    {GIM_RATE_LIMIT(.limit = 1, .name = "a\"b"), ".name"},
    {GIM_PROXIES(.trusted = "10.0.0.0/40"), ".trusted holds"},
    {GIM_PROXIES(.field = "Forwarded"), "which proxies"},
};

static void a_limit_that_cannot_be_right_stops_the_start(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_refused(&(struct gim_app_spec){.routes = routes, WITH(&wrong[i].m)}, wrong[i].says);
}

/* ---- settings ---------------------------------------------------------------------------------- */

static void a_setting_is_a_number_and_a_unit(void **state)
{
    static const struct {
        const char *text;
        bool right;
    } rows[] = {
        {"100/s", true},     {"1/s", true},        {"6000/m", true},
        {"100000/h", true},  {"off", true},        {"", true},
        {"1000000/s", true}, {"60000000/m", true}, {"100", false},
        {"100/", false},     {"/s", false},        {"0/s", false},
        {"-1/s", false},     {"1.5/s", false},     {"100/d", false},
        {"100/ s", false},   {"100/s/s", false},   {"1000001/s", false},
        {"off/s", false},    {"100/S", false},     {"9999999999999999999/s", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if ((gim_rate_limit_check(gim_str_of(rows[i].text)) == NULL) != rows[i].right)
            fail_msg("%s", rows[i].text);
    }
}

static const char *rates[] = {"2/m", "off", NULL, "wrong", "2/m"};
static const int64_t at_once = 3;
static const struct gim_middleware by_setting[] = {
    GIM_RATE_LIMIT(.setting = &rates[0]),
    GIM_RATE_LIMIT(.setting = &rates[1]),
    GIM_RATE_LIMIT(.setting = &rates[2]),
    GIM_RATE_LIMIT(.setting = &rates[3]),
    GIM_RATE_LIMIT(.setting = &rates[4], .burst_setting = &at_once),
};
static const struct gim_route set_routes[] = {
    GIM_GET("/0", hello, WITH(&by_setting[0])), GIM_GET("/1", hello, WITH(&by_setting[1])),
    GIM_GET("/2", hello, WITH(&by_setting[2])), GIM_GET("/3", hello, WITH(&by_setting[3])),
    GIM_GET("/4", hello, WITH(&by_setting[4])), {0},
};

static void a_limit_by_a_setting_is_as_the_setting_says(void **state)
{
    static const int taken[] = {2, 10, 10, 10, 3}; /* of ten */
    struct gim_app *app = app_of(&(struct gim_app_spec){.routes = set_routes});

    (void)state;
    for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++) {
        const char path[] = {'/', (char)('0' + i), '\0'};

        for (int k = 0; k < 10; k++) {
            struct gim_test_reply r = gim_test_call(app, "GET", path, NULL, NULL);

            assert_int_equal(r.status, k < taken[i] ? 200 : 429);
            gim_test_free(&r);
        }
    }
    gim_app_free(app);
}

/* ---- gim_client -------------------------------------------------------------------------------- */

static const char *settings[3];
static const struct gim_middleware standard = GIM_PROXIES(.trusted = "unix", .field = "Forwarded");
static const struct gim_middleware later[] = {
    GIM_PROXIES(.setting = &settings[0]),
    GIM_PROXIES(.setting = &settings[1]),
    GIM_PROXIES(.setting = &settings[2]),
};

static int who(struct gim_ctx *c)
{
    gim_str a = gim_client(c), b = gim_client(c);

    assert_true(a.ptr == b.ptr);
    return gim_text(c, 200, a.ptr ? a : GIM_S("(none)"));
}
static const struct gim_route clients[] = {
    GIM_GET("/none", who),
    GIM_GET("/list", who, WITH(&proxies)),
    GIM_GET("/standard", who, WITH(&standard)),
    GIM_GET("/later/0", who, WITH(&later[0])),
    GIM_GET("/later/1", who, WITH(&later[1])),
    GIM_GET("/later/2", who, WITH(&later[2])),
    {0},
};

static void nobody_is_believed_without_a_set_up(void **state)
{
    static const struct {
        const char *target, *headers, *want;
    } rows[] = {
        {"/none", "X-Forwarded-For: 192.0.2.1\r\n", "(none)"},
        {"/list", "X-Forwarded-For: 192.0.2.1\r\n", "192.0.2.1"},
        {"/list", "X-Forwarded-For: 1.1.1.1, 192.0.2.1\r\nX-Forwarded-For: 10.0.0.1\r\n",
         "192.0.2.1"},
        {"/list", "Forwarded: for=192.0.2.1\r\n", "(none)"},
        {"/list", NULL, "(none)"},
        {"/standard", "Forwarded: for=\"[2001:db8::1]:1\"\r\nX-Forwarded-For: 6.6.6.6\r\n",
         "2001:db8::1"},
        {"/later/0", "X-Forwarded-For: 192.0.2.1\r\n", "(none)"},
        {"/later/1", "X-Forwarded-For: 192.0.2.1\r\n", "(none)"},
        {"/later/2", "X-Forwarded-For: 192.0.2.1\r\n", "192.0.2.1"},
        /* the list was read when it was first needed, and is not read again */
        {"/later/1", "X-Forwarded-For: 192.0.2.1\r\n", "(none)"},
    };
    struct gim_app *app = app_of(&(struct gim_app_spec){.routes = clients});

    (void)state;
    settings[1] = "10.0.0.0/8";
    settings[2] = "10.0.0.0/8, unix";
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gim_test_reply r;

        if (i + 1 == sizeof rows / sizeof rows[0])
            settings[1] = "unix";
        r = gim_test_call(app, "GET", rows[i].target, rows[i].headers, NULL);
        if (!gim_str_eq(r.body, gim_str_of(rows[i].want)))
            fail_msg("%s %s: %.*s", rows[i].target, rows[i].headers, GIM_FMT(r.body));
        gim_test_free(&r);
    }
    gim_app_free(app);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bucket_is_full_at_first_and_fills_step_by_step),
        cmocka_unit_test(keys_have_buckets_of_their_own),
        cmocka_unit_test(a_full_set_forgets_the_fullest_bucket),
        cmocka_unit_test(a_limit_is_exact_over_threads),
        cmocka_unit_test(clients_are_told_what_is_left_and_when_to_come_back),
        cmocka_unit_test(other_keys_than_addresses),
        cmocka_unit_test(a_limit_that_cannot_be_right_stops_the_start),
        cmocka_unit_test(a_setting_is_a_number_and_a_unit),
        cmocka_unit_test(a_limit_by_a_setting_is_as_the_setting_says),
        cmocka_unit_test(nobody_is_believed_without_a_set_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
