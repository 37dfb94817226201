/* test_app.c: an application called without a socket: routing, binding, middleware, replies,
 * conditions, suspended and blocking handlers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "gimlet/base/arena.h"
#include "gimlet/rest/app.h"
#include <gimlet.h>

/* ---- the application ------------------------------------------------------------------------- */

struct item {
    int64_t id;
    gim_str name;
    gim_array tags;
};
static const struct gim_field item_fields[] = {
    GIM_INT(struct item, id, .read_only = true),
    GIM_STR(struct item, name, .required = true, .min_len = 1, .max_len = 5),
    GIM_ARRAY(struct item, tags, .max_items = 3, .items = GIM_ITEM_STR(.max_len = 3)),
};
static const struct gim_schema item_schema = GIM_SCHEMA("Item", struct item, item_fields);

struct query {
    int64_t limit;
};
static const struct gim_field query_fields[] = {
    GIM_INT(struct query, limit, .def = "10", GIM_MIN(1), GIM_MAX(100))};
static const struct gim_schema query_schema = GIM_SCHEMA("Query", struct query, query_fields);

struct key {
    int64_t id;
};
static const struct gim_field key_fields[] = {GIM_INT(struct key, id)};
static const struct gim_schema key_schema = GIM_SCHEMA("Key", struct key, key_fields);

static int create(struct gim_ctx *c)
{
    struct item *i = gim_body(c);

    i->id = 7;
    return gim_reply(c, 201, &item_schema, i);
}

static int both(struct gim_ctx *c)
{
    const struct key *k = gim_path(c);
    const struct query *q = gim_query(c);

    return gim_text(c, 200, gim_printf(gim_arena(c), "%d %d", (int)k->id, (int)(q->limit)));
}

static int show_param(struct gim_ctx *c)
{
    return gim_text(c, 200, gim_param(c, GIM_S("name")));
}

static int show_rest(struct gim_ctx *c)
{
    return gim_text(c, 200, gim_param(c, GIM_S("rest")));
}

static int show_int(struct gim_ctx *c)
{
    int64_t id;

    if (gim_param_int(c, GIM_S("id"), &id))
        return GIM_REPLIED;
    return gim_text(c, 200, gim_printf(gim_arena(c), "%lld", (long long)id));
}

static int nothing(struct gim_ctx *c)
{
    (void)c;
    return 0;
}

static int failing(struct gim_ctx *c)
{
    (void)c;
    return -1;
}

static int split(struct gim_ctx *c)
{
    int a = gim_set_header(c, GIM_S("X-A"), GIM_S("1\r\nX-Evil: 2"));
    int b = gim_set_header(c, GIM_S("X A"), GIM_S("1"));
    int d = gim_set_header(c, GIM_S("Content-Length"), GIM_S("1")) &
            gim_set_header(c, GIM_S("content-type"), GIM_S("a/b"));
    int e = gim_add_header(c, GIM_S("X-A"), GIM_S("1"));
    int f = gim_set_header(c, GIM_S("x-a"), GIM_S("2"));

    return gim_text(c, 200, gim_printf(gim_arena(c), "%d %d %d %d %d", a, b, d, e, f));
}

static int removed(struct gim_ctx *c)
{
    (void)gim_add_header(c, GIM_S("X-A"), GIM_S("1"));
    (void)gim_add_header(c, GIM_S("X-B"), GIM_S("2"));
    (void)gim_add_header(c, GIM_S("x-a"), GIM_S("3"));
    (void)gim_set_header(c, GIM_S("X-A"), (gim_str){0});
    (void)gim_add_header(c, GIM_S("X-C"), GIM_S("4"));
    return gim_empty(c, 204);
}

static int tagged(struct gim_ctx *c)
{
    if (gim_preconditions(c, GIM_S("v1"), (gim_time){0}))
        return GIM_REPLIED;
    return gim_text(c, 200, GIM_S("body"));
}

static int moved(struct gim_ctx *c)
{
    return gim_redirect(c, 303, GIM_S("/elsewhere"));
}

/* -- later -- */

static gim_handle handle;
static int deferred;

static int late(struct gim_ctx *c)
{
    return gim_reply(c, 200, &item_schema, gim_body(c));
}

static void *resumer(void *arg)
{
    gim_handle h = handle; /* from here on the next request may set it */

    (void)arg;
    usleep(20000);
    gim_resume(h, late);
    gim_resume(h, late); /* the second one does nothing */
    return NULL;
}

static void count_deferred(void *arg)
{
    ++*(int *)arg;
}

static int suspending(struct gim_ctx *c)
{
    pthread_t t;

    handle = gim_suspend(c);
    gim_defer(c, count_deferred, &deferred);
    pthread_create(&t, NULL, resumer, NULL);
    pthread_detach(t);
    return GIM_SUSPENDED;
}

static int waiting(struct gim_ctx *c)
{
    handle = gim_suspend(c);
    return GIM_SUSPENDED;
}

static int show_what_was_asked(struct gim_ctx *c)
{
    return gim_text(c, 200,
                    gim_printf(gim_arena(c), "%.*s|%.*s|%.*s$", GIM_FMT(gim_path_str(c)),
                               GIM_FMT(gim_param(c, GIM_S("a"))),
                               GIM_FMT(gim_param(c, GIM_S("rest")))));
}

static int not_allowed_to_suspend(struct gim_ctx *c)
{
    (void)gim_suspend(c);
    return GIM_SUSPENDED;
}

static pthread_t loop_thread;

static int blocking(struct gim_ctx *c)
{
    usleep(5000);
    return gim_text(c, 200,
                    pthread_equal(pthread_self(), loop_thread) ? GIM_S("loop") : GIM_S("pool"));
}

/* -- middleware -- */

static char order[32];

static void note(const char *mark)
{
    if (strlen(order) + 2 < sizeof order)
        strcat(order, mark);
}

#define MARK(mark, ch_before, ch_after)                                                            \
    static int mark##_before(struct gim_ctx *c)                                                    \
    {                                                                                              \
        (void)c;                                                                                   \
        note(ch_before);                                                                           \
        return 0;                                                                                  \
    }                                                                                              \
    static int mark##_after(struct gim_ctx *c)                                                     \
    {                                                                                              \
        (void)c;                                                                                   \
        note(ch_after);                                                                            \
        return 0;                                                                                  \
    }                                                                                              \
    static const struct gim_middleware mark = {                                                    \
        .name = #mark, .before = mark##_before, .after = mark##_after}

MARK(outer, "A", "a");
MARK(inner, "B", "b");
MARK(own, "C", "c");

static int deny(struct gim_ctx *c)
{
    return gim_header(c, GIM_S("Authorization")).ptr
               ? GIM_OK
               : gim_problem(c, 401, NULL, "send a bearer token");
}
static const struct gim_middleware guard = {.name = "guard", .before = deny};

static const struct gim_middleware *const outer_list[] = {&gim_request_id, &outer, NULL};
static const struct gim_middleware *const inner_list[] = {&inner, NULL};
static const struct gim_middleware *const own_list[] = {&own, NULL};
static const struct gim_middleware *const guard_list[] = {&guard, NULL};

static const struct gim_route inner_routes[] = {
    GIM_GET("/x", nothing, .middleware = own_list),
    GIM_POST("/guarded", create, .body = &item_schema, .middleware = guard_list),
    {0},
};
static const struct gim_group groups[] = {
    {.prefix = "/v1", .routes = inner_routes, .middleware = inner_list}, {0}};

static const struct gim_route routes[] = {
    GIM_POST("/items", create, .body = &item_schema),
    GIM_POST("/small", create, .body = &item_schema, .max_body = 20),
    GIM_GET("/items/:id/all", both, .path = &key_schema, .query = &query_schema),
    GIM_POST("/items/:id/all", both, .path = &key_schema, .query = &query_schema,
             .body = &item_schema),
    GIM_GET("/names/:name", show_param),
    GIM_GET("/files/*rest", show_rest),
    GIM_GET("/ints/:id", show_int),
    GIM_GET("/nothing", nothing),
    GIM_GET("/failing", failing),
    GIM_GET("/split", split),
    GIM_GET("/removed", removed),
    GIM_ROUTE("GET|PUT", "/tagged", tagged),
    GIM_GET("/moved", moved),
    GIM_ROUTE("PURGE", "/cache", nothing),
    GIM_POST("/later", suspending, .body = &item_schema, .suspends = true),
    GIM_GET("/waiting/:a/*rest", waiting, .suspends = true),
    GIM_GET("/wrong", not_allowed_to_suspend),
    GIM_GET("/blocking", blocking, .blocking = true),
    {0},
};

static struct gim_app *app;

static int open_app(void **state)
{
    static char err[2048];
    const struct gim_app_spec spec = {
        .name = "t", .routes = routes, .groups = groups, .middleware = outer_list};

    (void)state;
    loop_thread = pthread_self();
    app = gim_app_new(&spec, err, sizeof err);
    if (!app)
        print_error("%s\n", err);
    return app ? 0 : -1;
}

static int close_app(void **state)
{
    (void)state;
    gim_app_free(app);
    return 0;
}

/* ---- rows: request, status, and what the body must hold -------------------------------------- */

static const struct {
    const char *method, *target, *headers, *body;
    int status;
    const char *holds;
} rows[] = {
    {"POST", "/items", NULL, "{\"name\":\"ab\",\"tags\":[\"x\"]}", 201,
     "{\"id\":7,\"name\":\"ab\",\"tags\":[\"x\"]}"},
    {"POST", "/items", "Content-Type: text/html\r\n", "{\"name\":\"ab\"}", 201, "\"name\":\"ab\""},
    {"POST", "/items", NULL, "{\"tags\":[\"long!\",1]}", 422, "\"pointer\":\"/name\""},
    {"POST", "/items", NULL, "{\"tags\":[\"long!\",1]}", 422,
     "\"pointer\":\"/tags/0\",\"code\":\"too_long\""},
    {"POST", "/items", NULL, "{\"tags\":[\"long!\",1]}", 422,
     "\"pointer\":\"/tags/1\",\"code\":\"type\""},
    {"POST", "/items", NULL, "{\"tags\":[1]} x", 400, "\"line\":1"},
    {"POST", "/items", NULL, "{\"name\":\n\"ab\",}", 400, "\"line\":2"},
    {"POST", "/items", NULL, "", 400, "the body is empty"},
    {"POST", "/items", NULL, NULL, 400, "the body is empty"},
    {"POST", "/small", NULL, "{\"name\":\"ab\",\"tags\":[]}", 413, "\"status\":413"},
    {"GET", "/items/5/all?limit=3", NULL, NULL, 200, "5 3"},
    {"GET", "/items/5/all", NULL, NULL, 200, "5 10"},
    {"GET", "/items/x/all?limit=0", NULL, NULL, 422, "\"parameter\":\"id\""},
    {"GET", "/items/x/all?limit=0", NULL, NULL, 422, "\"parameter\":\"limit\""},
    {"GET", "/items/5/all?limit=%zz", NULL, NULL, 400, "hex digits"},
    {"POST", "/items/x/all?limit=0", NULL, "{}", 422, "\"parameter\":\"id\""},
    {"POST", "/items/x/all?limit=0", NULL, "{}", 422, "\"pointer\":\"/name\""},
    {"POST", "/items/x/all?limit=0", NULL, "{", 400, "\"status\":400"},
    {"GET", "/names/a%20b", NULL, NULL, 200, "a b"},
    {"GET", "/names/a%2Fb", NULL, NULL, 200, "a/b"},
    {"GET", "/names/a%252Fb", NULL, NULL, 200, "a%2Fb"},
    {"GET", "/names/%00", NULL, NULL, 400, "path"},
    {"GET", "/names/%C0%AF", NULL, NULL, 400, "path"},
    {"GET", "/names/x/../y", NULL, NULL, 200, "y"},
    {"GET", "/files/a/b", NULL, NULL, 200, "a/b"},
    {"GET", "/ints/-12", NULL, NULL, 200, "-12"},
    {"GET", "/ints/99999999999999999999", NULL, NULL, 404, "not an integer"},
    {"GET", "/nothing", NULL, NULL, 204, ""},
    {"GET", "/failing", NULL, NULL, 500, "\"status\":500"},
    {"GET", "/split", NULL, NULL, 200, "-1 -1 -1 0 0"},
    {"GET", "/absent", NULL, NULL, 404, "\"title\":\"Not Found\""},
    {"DELETE", "/items", NULL, NULL, 405, "\"status\":405"},
    {"get", "/nothing", NULL, NULL, 501, "\"status\":501"},
    {"FOO", "/nothing", NULL, NULL, 501, "\"status\":501"},
    {"PURGE", "/nothing", NULL, NULL, 405, "\"status\":405"},
    {"PURGE", "/cache", NULL, NULL, 204, ""},
    {"OPTIONS", "/items", NULL, NULL, 204, ""},
    {"OPTIONS", "*", NULL, NULL, 204, ""},
    {"TRACE", "/items", NULL, NULL, 405, ""},
    {"GET", "/tagged", "If-None-Match: \"v1\"\r\n", NULL, 304, ""},
    {"GET", "/tagged", "If-None-Match: W/\"v1\"\r\n", NULL, 304, ""},
    {"GET", "/tagged", "If-None-Match: \"v2\"\r\n", NULL, 200, "body"},
    {"PUT", "/tagged", "If-Match: \"v2\"\r\n", NULL, 412, "\"status\":412"},
    {"PUT", "/tagged", "If-Match: \"v1\"\r\n", NULL, 200, "body"},
    {"GET", "/moved", NULL, NULL, 303, ""},
    {"GET", "/wrong", NULL, NULL, 500, "\"status\":500"},
    {"GET", "/blocking", NULL, NULL, 200, "pool"},
    {"GET", "/livez", NULL, NULL, 200, "alive"},
    {"GET", "/readyz", NULL, NULL, 200, "ready"},
    {"POST", "/v1/guarded", NULL, "{", 401, "bearer"},
    {"POST", "/v1/guarded", "Authorization: x\r\n", "{", 400, "\"status\":400"},
};

static void rows_answer_as_the_table_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gim_test_reply r =
            gim_test_call(app, rows[i].method, rows[i].target, rows[i].headers, rows[i].body);
        char *body = strndup(r.body.ptr ? r.body.ptr : "", r.body.len);

        if (r.status != rows[i].status || !strstr(body, rows[i].holds))
            fail_msg("%s %s %s: %d, expected %d and %s in: %s", rows[i].method, rows[i].target,
                     rows[i].body ? rows[i].body : "", r.status, rows[i].status, rows[i].holds,
                     body);
        if (r.status >= 400)
            assert_true(
                gim_str_eq(gim_test_header(&r, "content-type"), GIM_S("application/problem+json")));
        free(body);
        gim_test_free(&r);
    }
}

#define EXPECT_HEADER(r, name, value) assert_string_equal(text_of(gim_test_header(r, name)), value)

static const char *text_of(gim_str s)
{
    static char text[512];

    snprintf(text, sizeof text, "%.*s", (int)s.len, s.ptr ? s.ptr : "");
    return text;
}

static void wrong_method_lists_what_is_allowed(void **state)
{
    struct gim_test_reply r = gim_test_call(app, "DELETE", "/tagged", NULL, NULL);

    (void)state;
    EXPECT_HEADER(&r, "Allow", "GET, HEAD, OPTIONS, PUT");
    gim_test_free(&r);
}

static void absent_value_removes_a_field(void **state)
{
    struct gim_test_reply r = gim_test_call(app, "GET", "/removed", NULL, NULL);

    (void)state;
    assert_null(gim_test_header(&r, "X-A").ptr);
    EXPECT_HEADER(&r, "X-B", "2");
    EXPECT_HEADER(&r, "X-C", "4");
    gim_test_free(&r);
}

static void head_is_get_without_the_body(void **state)
{
    struct gim_test_reply r = gim_test_call(app, "HEAD", "/names/abc", NULL, NULL);

    (void)state;
    assert_int_equal(r.status, 200);
    EXPECT_HEADER(&r, "Content-Length", "3");
    assert_int_equal(r.raw.len, r.head.len);
    gim_test_free(&r);
}

static void middleware_runs_from_the_outside_in_and_back(void **state)
{
    struct gim_test_reply r;

    (void)state;
    order[0] = 0;
    r = gim_test_call(app, "GET", "/v1/x", NULL, NULL);
    assert_string_equal(order, "ABCcba");
    gim_test_free(&r);
    order[0] = 0;
    r = gim_test_call(app, "GET", "/absent", NULL, NULL);
    assert_string_equal(order, "Aa");
    gim_test_free(&r);
}

static void request_id_is_taken_when_well_formed_else_made(void **state)
{
    struct gim_test_reply r =
        gim_test_call(app, "GET", "/nothing", "X-Request-Id: a.b-c_1\r\n", NULL);
    struct gim_test_reply s = gim_test_call(app, "GET", "/nothing", "X-Request-Id: a b\r\n", NULL);

    (void)state;
    EXPECT_HEADER(&r, "X-Request-Id", "a.b-c_1");
    assert_int_equal(gim_test_header(&s, "X-Request-Id").len, 32);
    gim_test_free(&r);
    gim_test_free(&s);
}

static void suspended_handler_is_resumed_once_from_a_thread(void **state)
{
    struct gim_test_reply r = gim_test_call(app, "POST", "/later", NULL, "{\"name\":\"late\"}");

    (void)state;
    assert_int_equal(r.status, 200);
    assert_true(strstr(text_of(r.body), "\"name\":\"late\"") != NULL);
    assert_int_equal(deferred, 1);
    gim_test_free(&r);
    usleep(30000); /* the second resume of the stale handle */
}

/* The head was read where it lay; by the time of the answer those bytes are gone. */
static void suspended_request_keeps_its_path_and_parameters(void **state)
{
    static const struct {
        const char *target, *want;
    } asked[] = {
        {"/waiting/one/two/three", "/waiting/one/two/three|one|two/three$"},
        {"/waiting/1/x?q=1", "/waiting/1/x|1|x$"},
        {"/waiting/a%20b/c", "/waiting/a b/c|a b|c$"},
        {"/waiting/a/./b/../c", "/waiting/a/c|a|c$"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
        struct gim_test_conn *t = gim_test_open(app);
        char *request = NULL;
        int n = asprintf(&request, "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", asked[i].target);
        gim_str got;

        assert_true(n > 0);
        gim_test_send(t, (gim_str){request, (size_t)n});
        memset(request, '#', (size_t)n);
        free(request);
        gim_resume(handle, show_what_was_asked);
        got = gim_test_read_to(t, "$", 5000);
        if (!memmem(got.ptr, got.len, asked[i].want, strlen(asked[i].want)))
            fail_msg("%s: %.*s", asked[i].target, GIM_FMT(got));
        gim_test_close(t);
    }
}

static void every_chunking_gives_the_same_answers(void **state)
{
    const gim_str bytes =
        GIM_S("POST /items HTTP/1.1\r\nHost: a\r\nContent-Length: 13\r\n\r\n"
              "{\"name\":\"ab\"}"
              "POST /later HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
              "5\r\n{\"nam\r\n8\r\ne\":\"cd\"}\r\n0\r\n\r\n"
              "GET /names/q HTTP/1.1\r\nHost: a\r\n\r\n");

    (void)state;
    for (size_t chunk = 0; chunk < 40; chunk = chunk ? chunk * 2 + 1 : 1) {
        struct gim_test_reply r = gim_test_bytes(app, bytes, chunk);

        assert_int_equal(r.status, 201);
        assert_non_null(memmem(r.raw.ptr, r.raw.len, "{\"id\":0,\"name\":\"cd\"", 19));
        assert_memory_equal(r.raw.ptr + r.raw.len - 5, "\r\n\r\nq", 5);
        gim_test_free(&r);
    }
}

static void hot_route_allocates_nothing(void **state)
{
    uint64_t once, many;
    struct gim_test_reply r;
    gim_str one =
        GIM_S("POST /items HTTP/1.1\r\nHost: a\r\nContent-Length: 13\r\n\r\n{\"name\":\"ab\"}");
    char *text = malloc(one.len * 200);

    (void)state;
    for (int i = 0; i < 200; i++)
        memcpy(text + (size_t)i * one.len, one.ptr, one.len);
    /* the calls of the client itself grow with the size of its answer: count on equal answers */
    for (int round = 0; round < 2; round++) {
        r = gim_test_bytes(app, (gim_str){text, one.len * 100}, 0);
        gim_test_free(&r);
    }
    once = gim_heap_calls();
    r = gim_test_bytes(app, (gim_str){text, one.len * 100}, 0);
    gim_test_free(&r);
    once = gim_heap_calls() - once;
    many = gim_heap_calls();
    r = gim_test_bytes(app, (gim_str){text, one.len * 120}, 0);
    gim_test_free(&r);
    many = gim_heap_calls() - many;
    assert_true(many <= once + 1); /* at most one more doubling of the collected answer */
    free(text);
}

static void clashing_routes_are_refused_with_their_places(void **state)
{
    const struct gim_route clash[] = {
        GIM_GET("/a/:x", nothing), GIM_GET("/a/:y", nothing), GIM_GET("/b", NULL), {0}};
    const struct gim_app_spec spec = {.routes = clash};
    char err[1024];

    (void)state;
    assert_null(gim_app_new(&spec, err, sizeof err));
    assert_non_null(strstr(err, "test_app.c:"));
    assert_non_null(strstr(err, "/a/:x"));
    assert_non_null(strstr(err, "/a/:y"));
    assert_non_null(strstr(err, "/b"));
}

static void bad_schema_is_refused_with_its_route(void **state)
{
    static const struct gim_field bad_fields[] = {
        GIM_STR(struct item, name, .min_len = 5, .max_len = 2)};
    static const struct gim_schema bad = GIM_SCHEMA("Bad", struct item, bad_fields);
    const struct gim_route rows_[] = {GIM_POST("/a", nothing, .body = &bad), {0}};
    const struct gim_app_spec spec = {.routes = rows_};
    char err[1024];

    (void)state;
    assert_null(gim_app_new(&spec, err, sizeof err));
    assert_non_null(strstr(err, "POST /a"));
    assert_non_null(strstr(err, "Bad"));
}

static void slash_option_redirects_or_ignores(void **state)
{
    const struct gim_route r_[] = {GIM_GET("/a", nothing), {0}};
    struct gim_app_spec spec = {.routes = r_, .slash = GIM_SLASH_REDIRECT};
    char err[512];
    struct gim_app *a = gim_app_new(&spec, err, sizeof err);
    struct gim_test_reply r = gim_test_call(a, "GET", "/a/?q=1", NULL, NULL);

    (void)state;
    assert_int_equal(r.status, 308);
    EXPECT_HEADER(&r, "Location", "/a?q=1");
    gim_test_free(&r);
    /* what a browser would read as another host */
    r = gim_test_call(a, "GET", "//evil.example/../../a/", NULL, NULL);
    assert_int_equal(r.status, 308);
    EXPECT_HEADER(&r, "Location", "/.//evil.example/../../a");
    gim_test_free(&r);
    gim_app_free(a);
    spec.slash = GIM_SLASH_IGNORE;
    a = gim_app_new(&spec, err, sizeof err);
    r = gim_test_call(a, "GET", "/a/", NULL, NULL);
    assert_int_equal(r.status, 204);
    gim_test_free(&r);
    gim_app_free(a);
}

static int set_field(struct gim_ctx *c)
{
    gim_put(c, &order, order);
    return gim_set_header(c, GIM_S("X-Before"), GIM_S("1"));
}

static int see_value(struct gim_ctx *c)
{
    return gim_set_header(c, GIM_S("X-After"),
                          gim_get(c, &order) == order ? GIM_S("seen") : GIM_S("lost"));
}

static const struct gim_middleware fields_around = {
    .name = "fields", .before = set_field, .after = see_value};
static const struct gim_middleware *const with_fields[] = {&gim_request_id, &fields_around, NULL};

static gim_handle forgotten;

static int forgets(struct gim_ctx *c)
{
    forgotten = gim_suspend(c);
    return GIM_SUSPENDED;
}

static int oversleeps(struct gim_ctx *c)
{
    gim_put(c, &order, NULL); /* `after` has the value of before the pool */
    usleep(400000);
    return gim_text(c, 200, GIM_S("late"));
}

static void refusals_of_the_wire_pass_the_middleware_too(void **state)
{
    const struct gim_route r_[] = {GIM_POST("/small", nothing, .body_raw = true, .max_body = 3),
                                   GIM_GET("/forgets", forgets, .suspends = true),
                                   GIM_GET("/sleeps", oversleeps, .blocking = true),
                                   {0}};
    const struct gim_app_spec spec = {.routes = r_, .middleware = with_fields};
    char err[512];
    struct gim_app *a = gim_app_new(&spec, err, sizeof err);
    struct gim_test_reply r = gim_test_call(a, "POST", "/small", NULL, "long");

    (void)state;
    assert_int_equal(r.status, 413);
    EXPECT_HEADER(&r, "X-Before", "1");
    EXPECT_HEADER(&r, "X-After", "seen");
    gim_test_free(&r);
    gim_app_free(a);

    for (int i = 0; i < 2; i++) {
        a = gim_app_new(&spec, err, sizeof err);
        a->settings.limits.handler_timeout = 100;
        r = gim_test_call(a, "GET", i ? "/sleeps" : "/forgets", "X-Request-Id: late\r\n", NULL);
        assert_int_equal(r.status, 503);
        EXPECT_HEADER(&r, "X-After", "seen");
        EXPECT_HEADER(&r, "X-Request-Id", "late");
        assert_true(strstr(text_of(r.body), "\"instance\":\"late\"") != NULL);
        gim_test_free(&r);
        if (i == 0)
            gim_resume(forgotten, nothing);
        gim_app_free(a);
    }
}

static int promises_a_reply(struct gim_ctx *c)
{
    (void)c;
    return GIM_REPLIED;
}

static const struct gim_middleware promising = {.name = "promising", .before = promises_a_reply};
static const struct gim_middleware *const with_promising[] = {&promising, NULL};

static void before_that_promises_a_reply_and_makes_none_is_500(void **state)
{
    const struct gim_route r_[] = {GIM_GET("/a", nothing), {0}};
    const struct gim_app_spec spec = {.routes = r_, .middleware = with_promising};
    char err[512];
    struct gim_app *a = gim_app_new(&spec, err, sizeof err);
    struct gim_test_reply r = gim_test_call(a, "GET", "/a", NULL, NULL);

    (void)state;
    assert_int_equal(r.status, 500);
    gim_test_free(&r);
    gim_app_free(a);
}

static int suspends_twice(struct gim_ctx *c)
{
    gim_handle first = gim_suspend(c);

    gim_resume(gim_suspend(c), nothing);
    gim_resume(first, tagged);
    return GIM_SUSPENDED;
}

static void second_suspension_of_a_request_is_refused(void **state)
{
    const struct gim_route r_[] = {GIM_GET("/a", suspends_twice, .suspends = true), {0}};
    const struct gim_app_spec spec = {.routes = r_};
    char err[512];
    struct gim_app *a = gim_app_new(&spec, err, sizeof err);
    struct gim_test_reply r = gim_test_call(a, "GET", "/a", NULL, NULL);

    (void)state;
    assert_int_equal(r.status, 200);
    assert_string_equal(text_of(r.body), "body");
    gim_test_free(&r);
    gim_app_free(a);
}

static atomic_int begun;

static int blocks_long(struct gim_ctx *c)
{
    begun++;
    usleep(400000);
    return gim_empty(c, 204);
}

static void blocking_handler_that_nobody_waits_for_does_not_begin(void **state)
{
    const struct gim_route r_[] = {GIM_GET("/a", blocks_long, .blocking = true), {0}};
    const struct gim_app_spec spec = {.routes = r_};
    const struct gim_settings settings = {
        .blocking_threads = 1,
        .blocking_queue = 10,
        .limits = {.max_head = 4096, .max_target = 1024, .handler_timeout = 70}};
    char err[512];
    struct gim_app *a = gim_app_build(&spec, &settings, err, sizeof err);

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct gim_test_reply r = gim_test_call(a, "GET", "/a", NULL, NULL);

        assert_int_equal(r.status, 503);
        gim_test_free(&r);
    }
    gim_app_free(a);
    assert_int_equal(begun, 1);
}

static void strict_content_type_is_415(void **state)
{
    const struct gim_route r_[] = {GIM_POST("/a", create, .body = &item_schema), {0}};
    struct gim_app_spec spec = {.routes = r_, .strict_content_type = true};
    char err[512];
    struct gim_app *a = gim_app_new(&spec, err, sizeof err);
    struct gim_test_reply r = gim_test_call(a, "POST", "/a", "Content-Type: text/html\r\n", "{}");
    struct gim_test_reply s =
        gim_test_call(a, "POST", "/a", "Content-Type: application/json; charset=utf-8\r\n", "{}");

    (void)state;
    assert_int_equal(r.status, 415);
    EXPECT_HEADER(&r, "Accept", "application/json");
    assert_int_equal(s.status, 422);
    gim_test_free(&r);
    gim_test_free(&s);
    gim_app_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_answer_as_the_table_says),
        cmocka_unit_test(wrong_method_lists_what_is_allowed),
        cmocka_unit_test(absent_value_removes_a_field),
        cmocka_unit_test(head_is_get_without_the_body),
        cmocka_unit_test(middleware_runs_from_the_outside_in_and_back),
        cmocka_unit_test(request_id_is_taken_when_well_formed_else_made),
        cmocka_unit_test(suspended_handler_is_resumed_once_from_a_thread),
        cmocka_unit_test(suspended_request_keeps_its_path_and_parameters),
        cmocka_unit_test(every_chunking_gives_the_same_answers),
        cmocka_unit_test(hot_route_allocates_nothing),
        cmocka_unit_test(clashing_routes_are_refused_with_their_places),
        cmocka_unit_test(bad_schema_is_refused_with_its_route),
        cmocka_unit_test(slash_option_redirects_or_ignores),
        cmocka_unit_test(refusals_of_the_wire_pass_the_middleware_too),
        cmocka_unit_test(before_that_promises_a_reply_and_makes_none_is_500),
        cmocka_unit_test(second_suspension_of_a_request_is_refused),
        cmocka_unit_test(blocking_handler_that_nobody_waits_for_does_not_begin),
        cmocka_unit_test(strict_content_type_is_415),
    };

    return cmocka_run_group_tests(tests, open_app, close_app);
}
