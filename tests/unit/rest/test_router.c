#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include "gimlet/base/clock.h"
#include "gimlet/rest/router.h"
#include "guard.h"
#include <stdio.h>
#include <stdlib.h>

static int nothing(struct gim_ctx *c)
{
    (void)c;
    return 0;
}

#define ROW_(method_, pattern_, ...)                                                               \
    {                                                                                              \
        .method = method_, .pattern = pattern_, .handler = nothing, __VA_ARGS__                    \
    }
#define ROW(...) ROW_(__VA_ARGS__, .file = "t.c", .line = __LINE__)

/* ---- helpers ------------------------------------------------------------------------------- */

static struct gim_router *build(const struct gim_route *routes, enum gim_slash slash)
{
    struct gim_buf why = {0};
    struct gim_app_spec spec = {.routes = routes, .slash = slash};
    struct gim_router *r = gim_router_new(&spec, &why);

    if (!r)
        print_error("%.*s", (int)why.len, why.ptr);
    assert_non_null(r);
    assert_int_equal(why.len, 0);
    return r;
}

/* What find says, as text: "GET /posts/:id id=7", "404", "405", "404 slash". The path lies against
 * a page that cannot be read. */
static void find(const struct gim_router *r, const char *method, const char *path, char *out,
                 size_t size)
{
    gim_str name = gim_str_of(method);
    gim_str at = {guard_copy(path, strlen(path)), strlen(path)};
    struct gim_match m;
    size_t n;

    memset(&m, 0xa5, sizeof m);
    gim_router_find(r, gim_method_of(name), name, at, &m);
    if (!m.route) {
        assert_false(m.head_of_get);
        snprintf(out, size, "%s%s", m.path_known ? "405" : "404", m.slash_other ? " slash" : "");
    } else {
        n = (size_t)snprintf(out, size, "%s %.*s%s", m.route->row->method,
                             GIM_FMT(m.route->pattern), m.head_of_get ? " (HEAD)" : "");
        for (unsigned i = 0; i < m.route->n_params; i++)
            n += (size_t)snprintf(out + n, size - n, " %.*s=%.*s", GIM_FMT(m.route->params[i]),
                                  GIM_FMT(m.params[i]));
    }
    guard_free((char *)(uintptr_t)at.ptr, at.len);
}

struct expected {
    const char *method, *path, *want;
};

static void check(const struct gim_router *r, const struct expected *rows, size_t n)
{
    char got[512];

    for (size_t i = 0; i < n; i++) {
        find(r, rows[i].method, rows[i].path, got, sizeof got);
        if (strcmp(got, rows[i].want) != 0)
            fail_msg("%s %s: got '%s', wanted '%s'", rows[i].method, rows[i].path, got,
                     rows[i].want);
    }
}

#define CHECK(r, rows) check(r, rows, sizeof(rows) / sizeof((rows)[0]))

/* ---- finding ------------------------------------------------------------------------------- */

static void static_wins_over_param_and_param_over_rest(void **state)
{
    static const struct gim_route routes[] = {
        ROW("GET", "/a/*rest"),
        ROW("GET", "/a/:id"),
        ROW("GET", "/a/new"),
        ROW("GET", "/a/new/x"),
        ROW("GET", "/a/:id/y"),
        ROW("GET", "/a/:id/:sub/z"),
        ROW("GET", "/a/new/:sub/w"),
        ROW("GET", "/b/:x/c/*more"),
        ROW("GET", "/b/k/:y/d"),
        ROW("GET", "/"),
        ROW("GET", "/deep/:a/:b/:c"),
        ROW("GET", "/A/new"),
        ROW("GET", "/a/new:literal"),
        ROW("GET", "/a/x*y"),
        {0},
    };
    static const struct expected rows[] = {
        {"GET", "/", "GET /"},
        {"GET", "/a/new", "GET /a/new"},
        {"GET", "/A/new", "GET /A/new"},
        {"GET", "/A/neW", "404"},
        {"GET", "/a/ne", "GET /a/:id id=ne"},
        {"GET", "/a/newer", "GET /a/:id id=newer"},
        {"GET", "/a/new:literal", "GET /a/new:literal"},
        {"GET", "/a/x*y", "GET /a/x*y"},
        {"GET", "/a/new/x", "GET /a/new/x"},
        {"GET", "/a/new/y", "GET /a/:id/y id=new"},
        {"GET", "/a/new/7/w", "GET /a/new/:sub/w sub=7"},
        {"GET", "/a/new/7/z", "GET /a/:id/:sub/z id=new sub=7"},
        {"GET", "/a/new/7/q", "GET /a/*rest rest=new/7/q"},
        {"GET", "/a/1/2/3/4/5", "GET /a/*rest rest=1/2/3/4/5"},
        {"GET", "/a/", "GET /a/*rest rest="},
        {"GET", "/a//", "GET /a/*rest rest=/"},
        {"GET", "/a", "404 slash"},
        {"GET", "/b/k/c/d", "GET /b/k/:y/d y=c"},
        {"GET", "/b/k/c/e", "GET /b/:x/c/*more x=k more=e"},
        {"GET", "/deep/1/2/3", "GET /deep/:a/:b/:c a=1 b=2 c=3"},
        {"GET", "/deep/1//3", "404"},
        {"GET", "/deep/1/2/", "404"},
        {"GET", "/deep/1/2/3/4", "404"},
        {"GET", "/a/a%2Fb", "GET /a/:id id=a%2Fb"},
        {"GET", "/a/\xc3\xa9", "GET /a/:id id=\xc3\xa9"},
        {"GET", "", "404 slash"},
        {"GET", "*", "404"},
        {"GET", "a/new", "404"},
        {"GET", "//a/new", "404"},
    };
    struct gim_router *r = build(routes, GIM_SLASH_STRICT);

    (void)state;
    CHECK(r, rows);
    gim_router_free(r);
}

static void methods_choose_among_the_places_a_path_fits(void **state)
{
    static const struct gim_route routes[] = {
        ROW("*", "/star"),
        ROW("GET", "/p"),
        ROW("POST", "/p"),
        ROW("PUT|PATCH", "/p/:id"),
        ROW("GET", "/p/:id"),
        ROW("DELETE", "/p/:key"), /* another name at the same place, no method in common */
        ROW("GET", "/p/new"),
        ROW("PURGE|GET", "/cache"),
        ROW("*", "/any"),
        ROW("GET", "/any"),
        ROW("HEAD", "/own"),
        ROW("GET", "/own"),
        ROW("POST", "/only/*path"),
        {0},
    };
    static const struct expected rows[] = {
        {"GET", "/p", "GET /p"},
        {"HEAD", "/p", "GET /p (HEAD)"},
        {"POST", "/p", "POST /p"},
        {"DELETE", "/p", "405"},
        {"OPTIONS", "/p", "405"},
        {"PUT", "/p/1", "PUT|PATCH /p/:id id=1"},
        {"PATCH", "/p/1", "PUT|PATCH /p/:id id=1"},
        {"GET", "/p/1", "GET /p/:id id=1"},
        {"HEAD", "/p/1", "GET /p/:id (HEAD) id=1"},
        {"DELETE", "/p/1", "DELETE /p/:key key=1"},
        {"POST", "/p/1", "405"},
        {"GET", "/p/new", "GET /p/new"},
        {"DELETE", "/p/new", "DELETE /p/:key key=new"},
        {"POST", "/p/new", "405"},
        {"PURGE", "/cache", "PURGE|GET /cache"},
        {"HEAD", "/cache", "PURGE|GET /cache (HEAD)"},
        {"PURGER", "/cache", "405"},
        {"purge", "/cache", "405"},
        {"PURGE", "/p", "405"},
        {"PURGE", "/q", "404"},
        {"GET", "/any", "GET /any"},
        {"BREW", "/any", "* /any"},
        {"POST", "/any", "* /any"},
        {"OPTIONS", "/any", "* /any"},
        {"HEAD", "/any", "GET /any (HEAD)"},
        {"HEAD", "/star", "* /star"},
        {"HEAD", "/own", "HEAD /own"},
        {"GET", "/only/", "405"},
        {"POST", "/only/a/b", "POST /only/*path path=a/b"},
    };
    struct gim_router *r = build(routes, GIM_SLASH_STRICT);

    (void)state;
    CHECK(r, rows);
    gim_router_free(r);
}

static const struct gim_route slash_routes[] = {
    ROW("GET", "/s"),      ROW("GET", "/t/"),      ROW("GET", "/u/:id"),
    ROW("GET", "/v/:id/"), ROW("GET", "/w/*rest"), ROW("POST", "/both"),
    ROW("GET", "/both/"),  ROW("GET", "/"),        {0},
};

static void the_other_form_of_a_slash_is_seen(void **state)
{
    static const struct expected rows[] = {
        {"GET", "/s", "GET /s"},
        {"GET", "/s/", "404 slash"},
        {"GET", "/s//", "404"},
        {"POST", "/s/", "404"},
        {"GET", "/t/", "GET /t/"},
        {"GET", "/t", "404 slash"},
        {"HEAD", "/t", "404 slash"},
        {"GET", "/u/7/", "404 slash"},
        {"GET", "/u/", "404"},
        {"GET", "/v/7", "404 slash"},
        {"GET", "/v/7/", "GET /v/:id/ id=7"},
        {"GET", "/w", "404 slash"},
        {"GET", "/w/", "GET /w/*rest rest="},
        {"GET", "/both", "405 slash"},
        {"POST", "/both/", "405 slash"},
        {"GET", "/", "GET /"},
        {"GET", "//", "404 slash"},
    };

    (void)state;
    for (int slash = GIM_SLASH_STRICT; slash <= GIM_SLASH_REDIRECT; slash++) {
        struct gim_router *r = build(slash_routes, (enum gim_slash)slash);

        CHECK(r, rows);
        gim_router_free(r);
    }
}

static void ignored_slashes_make_one_route(void **state)
{
    static const struct expected rows[] = {
        {"GET", "/s", "GET /s"},
        {"GET", "/s/", "GET /s"},
        {"GET", "/s//", "404"},
        {"POST", "/s/", "405"},
        {"HEAD", "/s/", "GET /s (HEAD)"},
        {"GET", "/t", "GET /t/"},
        {"GET", "/u/7/", "GET /u/:id id=7"},
        {"GET", "/v/7", "GET /v/:id/ id=7"},
        {"GET", "/w", "GET /w/*rest rest="},
        {"GET", "/w/a/", "GET /w/*rest rest=a/"},
        {"GET", "/both", "GET /both/"},
        {"POST", "/both/", "POST /both"},
        {"GET", "/none/", "404"},
    };
    struct gim_router *r = build(slash_routes, GIM_SLASH_IGNORE);
    struct gim_buf b = {0};

    (void)state;
    CHECK(r, rows);
    gim_router_allow(r, GIM_S("/both"), &b);
    assert_int_equal(b.len, strlen("GET, HEAD, OPTIONS, POST"));
    assert_memory_equal(b.ptr, "GET, HEAD, OPTIONS, POST", b.len);
    gim_buf_free(&b);
    gim_router_free(r);
}

/* A thousand static siblings, a thousand under a parameter: each is found, and only it. */
static void many_routes_are_each_found(void **state)
{
    enum {
        N = 1000
    };
    static struct gim_route routes[2 * N + 1];
    static char patterns[2 * N][40];
    struct gim_router *r;
    char want[64], got[64], path[64];

    (void)state;
    for (int i = 0; i < 2 * N; i++) {
        snprintf(patterns[i], sizeof patterns[i], i < N ? "/r%d/list" : "/x/:id/r%d", i * 7919);
        routes[i] = (struct gim_route)ROW("GET", patterns[i]);
    }
    r = build(routes, GIM_SLASH_STRICT);
    for (int i = 0; i < 2 * N; i++) {
        snprintf(path, sizeof path, i < N ? "/r%d/list" : "/x/9/r%d", i * 7919);
        snprintf(want, sizeof want, "GET %s%s", patterns[i], i < N ? "" : " id=9");
        find(r, "GET", path, got, sizeof got);
        assert_string_equal(got, want);
        snprintf(path, sizeof path, i < N ? "/r%d/lisT" : "/x/9/r%dx", i * 7919);
        find(r, "GET", path, got, sizeof got);
        assert_string_equal(got, "404");
    }
    gim_router_free(r);
}

/* The worst tree for backtracking: at each of 15 levels "a" and ":p" both go on, and the last level
 * never fits. Every node is entered at most once, so a find is far below a millisecond. */
static void backtracking_is_bounded_by_the_tree(void **state)
{
    enum {
        LEVELS = 10
    };
    static struct gim_route routes[(1 << LEVELS) + 1];
    static char patterns[1 << LEVELS][128];
    struct gim_router *r;
    struct gim_match m;
    char path[64 * 1024];
    uint64_t start;

    (void)state;
    for (int i = 0; i < 1 << LEVELS; i++) {
        size_t n = 0;

        for (int level = 0; level < LEVELS; level++)
            n += (size_t)snprintf(patterns[i] + n, sizeof patterns[i] - n,
                                  i >> level & 1 ? "/a" : "/:p%d", level);
        snprintf(patterns[i] + n, sizeof patterns[i] - n, "/end");
        routes[i] = (struct gim_route)ROW("GET", patterns[i]);
    }
    r = build(routes, GIM_SLASH_STRICT);
    for (size_t i = 0; i < sizeof path; i++)
        path[i] = i % 2 ? 'a' : '/';
    start = gim_clock_ns();
    for (int i = 0; i < 20; i++) {
        gim_router_find(r, GIM_METHOD_GET, GIM_S("GET"), (gim_str){path, sizeof path}, &m);
        assert_null(m.route);
    }
    assert_true(gim_clock_ns() - start < UINT64_C(200000000)); /* 10 ms a find, sanitizers on */
    gim_router_free(r);
}

static void finding_does_not_allocate(void **state)
{
    struct gim_router *r = build(slash_routes, GIM_SLASH_REDIRECT);
    static const char *const paths[] = {"/s", "/s/", "/u/7", "/w/a/b", "/none", "/v/7"};
    struct gim_match m;
    uint64_t before = gim_heap_calls();

    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        gim_router_find(r, GIM_METHOD_GET, GIM_S("GET"), gim_str_of(paths[i]), &m);
    assert_int_equal(gim_heap_calls() - before, 0);
    gim_router_free(r);
}

static void every_prefix_of_a_path_is_found_without_reading_past_it(void **state)
{
    struct gim_router *r = build(slash_routes, GIM_SLASH_REDIRECT);
    const char *path = "/w/abcdefgh/ijklmnopq/rs";
    char got[128];
    char part[64];

    (void)state;
    for (size_t n = 0; n <= strlen(path); n++) {
        snprintf(part, sizeof part, "%.*s", (int)n, path);
        find(r, "GET", part, got, sizeof got);
        if (n >= 3)
            assert_memory_equal(got, "GET /w/*rest rest=", 18);
    }
    gim_router_free(r);
}

/* Around the longest pattern there can be, where the buffer for the added slash ends. */
static void the_longest_pattern_is_found_in_both_forms(void **state)
{
    static char pattern[512];
    static const struct gim_route routes[] = {ROW("GET", pattern), {0}};
    struct gim_router *r;
    char path[600] = "/";
    char got[600];

    (void)state;
    memset(pattern, 'a', 511);
    pattern[0] = pattern[510] = '/';
    r = build(routes, GIM_SLASH_STRICT);
    for (size_t n = 1; n < sizeof path - 1; n++) {
        path[n] = 'a';
        find(r, "GET", path, got, sizeof got);
        assert_string_equal(got, n == 509 ? "404 slash" : "404");
    }
    find(r, "GET", pattern, got, sizeof got);
    assert_memory_equal(got, "GET /aaa", 8);
    gim_router_free(r);
}

static void paths_of_one_hash_are_told_apart(void **state)
{
    static const struct gim_route routes[] = {ROW("GET", "/4d30c680260"), {0}};
    static const struct expected rows[] = {
        {"GET", "/4d30c680260", "GET /4d30c680260"},
        {"GET", "/b516ace13af", "404"}, /* gim_path_hash gives both the same */
    };
    struct gim_router *r = build(routes, GIM_SLASH_STRICT);

    (void)state;
    CHECK(r, rows);
    gim_router_free(r);
}

/* ---- Allow --------------------------------------------------------------------------------- */

static void allow_lists_methods_by_name_with_head_and_options(void **state)
{
    static const struct gim_route routes[] = {
        ROW("POST", "/p"),        ROW("GET", "/p"),
        ROW("GET", "/p/new"),     ROW("PURGE|COPY", "/p/:i"),
        ROW("PUT", "/p/:i"),      ROW("DELETE", "/p/*rest"),
        ROW("PURGE", "/p/*rest"), ROW("*", "/any"),
        ROW("LINK", "/l"),        {0},
    };
    static const struct {
        const char *path, *want;
    } rows[] = {
        {"/p", "GET, HEAD, OPTIONS, POST"},
        {"/p/new", "DELETE, GET, HEAD, OPTIONS, PUT, COPY, PURGE"},
        {"/p/7", "DELETE, OPTIONS, PUT, COPY, PURGE"},
        {"/p/7/8", "DELETE, OPTIONS, PURGE"},
        {"/any", "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT, TRACE"},
        {"/l", "OPTIONS, LINK"},
        {"/none", ""},
    };
    struct gim_router *r = build(routes, GIM_SLASH_STRICT);

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gim_buf b = {0};

        gim_buf_lit(&b, "Allow: ");
        gim_router_allow(r, gim_str_of(rows[i].path), &b);
        gim_buf_char(&b, '\0');
        assert_string_equal(b.ptr + 7, rows[i].want);
        gim_buf_free(&b);
    }
    gim_router_free(r);
}

/* ---- building ------------------------------------------------------------------------------ */

static const struct gim_middleware app_mw = {.name = "app"};
static const struct gim_middleware outer_mw = {.name = "outer"};
static const struct gim_middleware inner_mw = {.name = "inner"};
static const struct gim_middleware route_mw = {.name = "route"};
static const struct gim_middleware *const app_chain[] = {&app_mw, NULL};
static const struct gim_middleware *const outer_chain[] = {&outer_mw, NULL};
static const struct gim_middleware *const inner_chain[] = {&inner_mw, NULL};
static const struct gim_middleware *const route_chain[] = {&route_mw, NULL};

static const struct gim_route top_routes[] = {ROW("GET", "/top"), {0}};
static const struct gim_route outer_routes[] = {ROW("GET", "/o"), {0}};
static const struct gim_route inner_routes[] = {
    ROW("GET", "/i", .middleware = route_chain, .max_body = 3, .body_timeout = GIM_NONE),
    ROW("POST", ""),
    {0},
};
static const struct gim_route last_routes[] = {ROW("GET", "/last"), {0}};
static const struct gim_group inner_groups[] = {
    {.prefix = "/:team",
     .routes = inner_routes,
     .middleware = inner_chain,
     .max_body = 2,
     .handler_timeout = 20},
    {.prefix = "/in2", .routes = last_routes},
    {0},
};
static const struct gim_group groups[] = {
    {.prefix = "/v1",
     .routes = outer_routes,
     .groups = inner_groups,
     .middleware = outer_chain,
     .max_body = 1,
     .handler_timeout = GIM_NONE,
     .body_timeout = 10},
    {.prefix = "", .routes = last_routes},
    {0},
};

static void groups_hand_down_prefix_middleware_and_limit(void **state)
{
    static const struct {
        const char *pattern, *chain;
        int64_t max_body, handler_timeout, body_timeout;
    } want[] = {
        {"/top", "app", 0, 0, 0},
        {"/v1/o", "app outer", 1, GIM_NONE, 10},
        {"/v1/:team/i", "app outer inner route", 3, 20, GIM_NONE},
        {"/v1/:team", "app outer inner", 2, 20, 10},
        {"/v1/in2/last", "app outer", 1, GIM_NONE, 10},
        {"/last", "app", 0, 0, 0},
    };
    struct gim_app_spec spec = {.routes = top_routes, .groups = groups, .middleware = app_chain};
    struct gim_buf why = {0};
    struct gim_router *r = gim_router_new(&spec, &why);
    const struct gim_bound_route *routes;
    size_t n;

    (void)state;
    assert_non_null(r);
    routes = gim_router_routes(r, &n);
    assert_int_equal(n, sizeof want / sizeof want[0]);
    for (size_t i = 0; i < n; i++) {
        char chain[64] = "";

        for (const struct gim_middleware *const *m = routes[i].chain; *m; m++)
            snprintf(chain + strlen(chain), sizeof chain - strlen(chain), "%s%s",
                     chain[0] ? " " : "", (*m)->name);
        assert_string_equal(routes[i].pattern.ptr, want[i].pattern);
        assert_string_equal(chain, want[i].chain);
        assert_int_equal(routes[i].max_body, want[i].max_body);
        assert_int_equal(routes[i].handler_timeout, want[i].handler_timeout);
        assert_int_equal(routes[i].body_timeout, want[i].body_timeout);
    }
    gim_router_free(r);
}

static void the_table_of_routes_is_aligned(void **state)
{
    static const struct gim_route routes[] = {
        {.method = "GET",
         .pattern = "/posts",
         .handler = nothing,
         .file = "posts/routes.c",
         .line = 9,
         .middleware = route_chain},
        {.method = "PUT|PATCH",
         .pattern = "/posts/:id",
         .handler = nothing,
         .file = "../../posts/routes.c",
         .line = 110},
        {0},
    };
    struct gim_app_spec plain = {.routes = routes};
    struct gim_app_spec spec = {.routes = routes, .middleware = app_chain};
    struct gim_buf why = {0};
    struct gim_router *r = gim_router_new(&spec, &why);
    struct gim_buf table = {0};

    (void)state;
    gim_router_print(r, &table);
    gim_router_free(r);
    gim_buf_lit(&table, "--\n");
    r = gim_router_new(&plain, &why);
    gim_router_print(r, &table);
    gim_router_free(r);
    gim_buf_char(&table, '\0');
    assert_string_equal(table.ptr, "METHOD     PATTERN     DECLARED            MIDDLEWARE\n"
                                   "GET        /posts      posts/routes.c:9    app > route\n"
                                   "PUT|PATCH  /posts/:id  posts/routes.c:110  app\n"
                                   "--\n"
                                   "METHOD     PATTERN     DECLARED            MIDDLEWARE\n"
                                   "GET        /posts      posts/routes.c:9    route\n"
                                   "PUT|PATCH  /posts/:id  posts/routes.c:110\n");
    gim_buf_free(&table);
}

static const struct gim_field key_rows[] = {
    {.name = "id", .name_len = 2, .kind = GIM_KIND_INT, .size = 8, .required = true},
};
static const struct gim_schema key_schema = {.name = "Key", .fields = key_rows, .n_fields = 1};

static const struct gim_field loose_rows[] = {
    {.name = "id", .name_len = 2, .kind = GIM_KIND_INT, .size = 8},
    {.name = "more", .name_len = 4, .kind = GIM_KIND_INT, .size = 8},
};
static const struct gim_schema loose_schema = {
    .name = "Loose", .fields = loose_rows, .n_fields = 2};

static const char *memory_is_wrong(const struct gim_intake *self)
{
    return self->begin ? NULL : ".memory is wrong";
}
static const struct gim_intake wrong_intake = {.wrong = memory_is_wrong};

static void each_defect_is_named_with_its_place(void **state)
{
#define R(m, p, h) .method = m, .pattern = p, .handler = h
#define LONG_16 "/:a/:b/:c/:d/:e/:f/:g/:h/:i/:j/:k/:l/:m/:n/:o/:p"
#define SEG_32 "/s/s/s/s/s/s/s/s/s/s/s/s/s/s/s/s/s/s/s/s/s/s/s/s/s/s/s/s/s/s/s/s"
    static const struct {
        struct gim_route routes[3];
        const char *want; /* "" : none */
    } rows[] = {
        {{{R("GET", "/x", nothing), .file = "r.c", .line = 1}}, ""},
        {{{R("GET", "/p/:id", nothing), .file = "r.c", .line = 9},
          {R("GET", "/p/:key", nothing), .file = "r.c", .line = 12}},
         "r.c:12: GET /p/:key clashes with GET /p/:id at r.c:9\n"},
        {{{R("PUT|PATCH", "/p", nothing), .file = "r.c", .line = 1},
          {R("PATCH|PUT", "/p", nothing), .file = "q.c", .line = 2}},
         "q.c:2: PATCH|PUT /p clashes with PUT|PATCH /p at r.c:1\n"},
        {{{R("PURGE", "/f/*a", nothing), .file = "r.c", .line = 1},
          {R("PURGE", "/f/*b", nothing), .file = "r.c", .line = 2}},
         "r.c:2: PURGE /f/*b clashes with PURGE /f/*a at r.c:1\n"},
        {{{R("*", "/f", nothing), .file = "r.c", .line = 1},
          {R("*", "/f", nothing), .file = "r.c", .line = 2}},
         "r.c:2: * /f clashes with * /f at r.c:1\n"},
        {{{R("GET", "/p/:id", nothing)}, {R("PUT", "/p/:key", nothing)}}, ""},
        {{{R("GET", "/p", nothing)}, {R("HEAD", "/p", nothing)}}, ""},
        {{{R("GET", "/p", nothing)}, {R("*", "/p", nothing)}}, ""},
        {{{R("GET", "/p", nothing)}, {R("GET", "/p/", nothing)}}, ""},
        {{{R("GET", "/p", NULL), .file = "r.c", .line = 3}}, "r.c:3: GET /p: no handler\n"},
        {{{R("GET", "p", nothing)}}, "(no file): GET p: the pattern must start with '/'\n"},
        {{{R("GET", "", nothing)}}, "(no file): GET : the pattern must start with '/'\n"},
        {{{R(NULL, "/p", nothing)}},
         "(no file): (no method) /p: no method; write \"GET\" or \"PUT|PATCH\" or \"*\"\n"},
        {{{R("GET|", "/p", nothing)}},
         "(no file): GET| /p: '' is no method; write one or a set such as \"PUT|PATCH\"\n"},
        {{{R("GET, PUT", "/p", nothing)}},
         "(no file): GET, PUT /p: 'GET, PUT' is no method; write "
         "one or a set such as \"PUT|PATCH\"\n"},
        {{{R("GET|*", "/p", nothing)}},
         "(no file): GET|* /p: '*' is no method; write one or a set such as \"PUT|PATCH\"\n"},
        {{{R("GET|PUT|GET", "/p", nothing)}}, "(no file): GET|PUT|GET /p: GET stands twice\n"},
        {{{R("GET", "/a//b", nothing)}},
         "(no file): GET /a//b: holds an empty segment (\"//\"); does a prefix end in '/'?\n"},
        {{{R("GET", "/a/:", nothing)}},
         "(no file): GET /a/:: ':' is no parameter; write : and a name of [A-Za-z0-9_]\n"},
        {{{R("GET", "/a/*", nothing)}},
         "(no file): GET /a/*: '*' is no parameter; write * and a name of [A-Za-z0-9_]\n"},
        {{{R("GET", "/:id.json", nothing)}},
         "(no file): GET /:id.json: ':id.json' is no parameter; "
         "write : and a name of [A-Za-z0-9_]\n"},
        {{{R("GET", "/*a/b", nothing)}}, "(no file): GET /*a/b: '*a' must come last\n"},
        {{{R("GET", "/:a/:a", nothing)}}, "(no file): GET /:a/:a: two parameters are called 'a'\n"},
        {{{R("GET", "/a?b", nothing)}},
         "(no file): GET /a?b: holds '?'; the query is no part of a pattern\n"},
        {{{R("GET", "/a%20b", nothing)}},
         "(no file): GET /a%20b: holds '%'; write patterns decoded\n"},
        {{{R("GET", "/a%2Fb", nothing)}}, ""},
        {{{R("GET", "/a%2", nothing)}}, "(no file): GET /a%2: holds '%'; write patterns decoded\n"},
        {{{R("GET", "/a/../b", nothing)}},
         "(no file): GET /a/../b: holds a dot segment, which no path keeps\n"},
        {{{R("GET", LONG_16, nothing)}}, ""},
        {{{R("GET", LONG_16 "/:q", nothing)}},
         "(no file): GET " LONG_16 "/:q: more than 16 parameters\n"},
        {{{R("GET", SEG_32, nothing)}}, ""},
        {{{R("GET", SEG_32 "/s", nothing)}},
         "(no file): GET " SEG_32 "/s: more than 32 segments\n"},
        {{{R("GET", "/p/:key", nothing), .path = &key_schema}},
         "(no file): GET /p/:key: .path requires 'id', which the pattern lacks\n"},
        {{{R("GET", "/p/:id", nothing), .path = &key_schema}}, ""},
        {{{R("GET", "/p/:key", nothing), .path = &loose_schema}},
         "(no file): GET /p/:key: .path binds nothing: the pattern has none of the parameters that "
         "the schema's rows name\n"},
        {{{R("GET", "/p/:a/:id", nothing), .path = &loose_schema}}, ""},
        {{{R("POST", "/p", nothing), .max_body = -1}},
         "(no file): POST /p: .max_body is -1; write bytes, or 0 for the application's\n"},
        {{{R("POST", "/p", nothing), .upload = &wrong_intake}},
         "(no file): POST /p: .upload: .memory is wrong\n"},
        {{{R("GET", "/a//b", NULL)}, {R("get", "/c", nothing)}, {0}},
         "(no file): GET /a//b: holds an empty segment (\"//\"); does a prefix end in '/'?\n"
         "(no file): GET /a//b: no handler\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gim_route routes[4] = {0};
        struct gim_app_spec spec = {.routes = routes};
        struct gim_buf why = {0};
        struct gim_router *r;

        memcpy(routes, rows[i].routes, sizeof rows[i].routes);
        r = gim_router_new(&spec, &why);
        gim_buf_char(&why, '\0');
        assert_string_equal(why.ptr, rows[i].want);
        assert_true((r != NULL) == (rows[i].want[0] == '\0'));
        gim_router_free(r);
        gim_buf_free(&why);
    }
}

static void a_pattern_that_is_too_long_is_a_defect(void **state)
{
    static char pattern[514];
    static const struct gim_route routes[] = {ROW("GET", pattern), {0}};
    struct gim_app_spec spec = {.routes = routes};
    struct gim_buf why = {0};

    (void)state;
    memset(pattern, 'a', 512);
    pattern[0] = '/';
    assert_null(gim_router_new(&spec, &why));
    gim_buf_char(&why, '\0');
    assert_non_null(strstr(why.ptr, "aaa: longer than 511 bytes\n"));
    gim_buf_free(&why);
}

static void groups_that_nest_too_deep_are_a_defect(void **state)
{
    static struct gim_group levels[17][2];
    struct gim_app_spec spec = {.groups = levels[0]};
    struct gim_buf why = {0};
    struct gim_router *r;

    (void)state;
    for (int i = 0; i < 17; i++)
        levels[i][0] = (struct gim_group){.prefix = "/g", .groups = i < 15 ? levels[i + 1] : NULL};
    r = gim_router_new(&spec, &why);
    assert_non_null(r);
    gim_router_free(r);
    levels[15][0].groups = levels[16];
    assert_null(gim_router_new(&spec, &why));
    assert_memory_equal(why.ptr, "groups nest deeper than 16 at /g/g", 34);
    gim_buf_free(&why);
}

static void an_application_without_routes_knows_no_path(void **state)
{
    static const struct expected rows[] = {{"GET", "/", "404"}, {"GET", "/a/b", "404"}};
    struct gim_router *r = build(NULL, GIM_SLASH_REDIRECT);

    (void)state;
    CHECK(r, rows);
    gim_router_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(static_wins_over_param_and_param_over_rest),
        cmocka_unit_test(methods_choose_among_the_places_a_path_fits),
        cmocka_unit_test(the_other_form_of_a_slash_is_seen),
        cmocka_unit_test(ignored_slashes_make_one_route),
        cmocka_unit_test(many_routes_are_each_found),
        cmocka_unit_test(backtracking_is_bounded_by_the_tree),
        cmocka_unit_test(finding_does_not_allocate),
        cmocka_unit_test(every_prefix_of_a_path_is_found_without_reading_past_it),
        cmocka_unit_test(the_longest_pattern_is_found_in_both_forms),
        cmocka_unit_test(paths_of_one_hash_are_told_apart),
        cmocka_unit_test(allow_lists_methods_by_name_with_head_and_options),
        cmocka_unit_test(groups_hand_down_prefix_middleware_and_limit),
        cmocka_unit_test(the_table_of_routes_is_aligned),
        cmocka_unit_test(each_defect_is_named_with_its_place),
        cmocka_unit_test(a_pattern_that_is_too_long_is_a_defect),
        cmocka_unit_test(groups_that_nest_too_deep_are_a_defect),
        cmocka_unit_test(an_application_without_routes_knows_no_path),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
