/* test_no_memory.c: the Nth allocation fails, for each N of each kind of request; then the Nth and all
 * after it. Whatever is answered is right, or a refusal, or the connection has ended; nothing leaks, and
 * once there is memory again everything works. Leaks are LeakSanitizer's; the reserve's are looked at. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "failing.h"
#include "gimlet/base/arena.h"
#include "gimlet/base/buf.h"
#include "gimlet/wire/wire.h"
#include "posts/routes.h"
#include <gimlet.h>

/* ---- an application of all kinds ------------------------------------------------------------- */

struct entry {
    gim_str title;
    gim_array tags;
    gim_map labels;
    gim_array pairs;
};
static const struct gim_field entry_fields[] = {
    GIM_STR(struct entry, title, .required = true),
    GIM_ARRAY(struct entry, tags, .items = GIM_ITEM_STR(), .unique = true),
    GIM_MAP(struct entry, labels),
    GIM_ARRAY(struct entry, pairs, .items = GIM_ITEM_ARRAY(.items = GIM_ITEM_STR()),
              .unique = true),
};
static const struct gim_schema entry_schema = GIM_SCHEMA("Entry", struct entry, entry_fields);

static int echo(struct gim_ctx *c)
{
    return gim_reply(c, 200, &entry_schema, gim_body(c));
}

static int patch(struct gim_ctx *c)
{
    struct entry e = {.title = GIM_S("t")};

    if (gim_body_patch(c, &entry_schema, &e))
        return GIM_REPLIED;
    return gim_reply(c, 200, &entry_schema, &e);
}

static int form(struct gim_ctx *c)
{
    return gim_reply(c, 200, &entry_schema, gim_form(c));
}

static int upload(struct gim_ctx *c)
{
    const struct gim_file_part *f = gim_upload_file(c, (gim_str){0}, 0);

    return gim_text(c, 200, gim_printf(gim_arena(c), "%lld", f ? (long long)f->size : -1));
}

static enum gim_pull hundred(struct gim_ctx *c, struct gim_out *out, void *arg)
{
    int *left = arg;
    gim_str text = GIM_S("one piece of a body that is made while it is sent\n");

    (void)c;
    for (int i = 0; i < 30; i++)
        gim_out_bytes(out, text);
    return --*left ? GIM_PULL_MORE : GIM_PULL_END;
}

static int stream(struct gim_ctx *c)
{
    int *left = GIM_NEW(gim_arena(c), int);

    *left = 100;
    return gim_stream(c, 200, GIM_S("text/plain"), GIM_LENGTH_UNKNOWN, hundred, left);
}

static enum gim_pull three_events(struct gim_ctx *c, struct gim_out *out, void *arg)
{
    int *left = arg;

    (void)c;
    gim_sse_put(out, &(struct gim_sse){.data = GIM_S("news")});
    return --*left ? GIM_PULL_MORE : GIM_PULL_END;
}

static int events(struct gim_ctx *c)
{
    int *left = GIM_NEW(gim_arena(c), int);

    *left = 3;
    return gim_sse_stream(c, NULL, three_events, left);
}

static int large(struct gim_ctx *c)
{
    size_t n = 300000;
    char *text = gim_alloc_try(gim_arena(c), n, 1);

    if (!text)
        return gim_problem(c, 503, NULL, "no memory");
    memset(text, 'x', n);
    return gim_bytes(c, 200, GIM_S("text/plain"), (gim_str){text, n});
}

struct user {
    gim_str name;
};

static int check_password(struct gim_ctx *c, gim_str user, gim_str password, void *value)
{
    (void)c;
    ((struct user *)value)->name = user;
    return gim_str_eq(password, GIM_S("secret")) ? GIM_OK : GIM_DENIED;
}
static const struct gim_middleware basic = GIM_BASIC(check_password, struct user);
static const struct gim_middleware *const guarded[] = {&basic, NULL};

static int login(struct gim_ctx *c)
{
    return gim_text(c, 200, GIM_GUARD_VALUE(c, &basic, struct user)->name);
}

static int blocking(struct gim_ctx *c)
{
    return gim_text(c, 200, gim_body_bytes(c));
}

static void say(struct gim_websocket *ws, enum gim_websocket_kind kind, gim_str bytes)
{
    (void)gim_websocket_send(ws, kind, bytes);
}

static const struct gim_websocket_events socket_events = {.on_message = say};

static int websocket(struct gim_ctx *c)
{
    return gim_websocket(c, &socket_events, NULL);
}

static char folder[] = "/tmp/gimlet-no-memory-XXXXXX";
static const struct gim_files site = {.root = folder};
static const struct gim_middleware compressed = GIM_COMPRESS(.encodings = "gzip");
static const struct gim_middleware *const packs[] = {&compressed, NULL};

static const struct gim_route routes[] = {
    GIM_POST("/json", echo, .body = &entry_schema, .max_body = 1 << 20),
    GIM_PATCH("/json", patch, .body_raw = true, .max_body = 1 << 20),
    GIM_POST("/form", form, .form = &entry_schema),
    GIM_POST("/files", upload, .upload = GIM_UPLOAD(.memory = 1000)),
    GIM_POST("/blocking", blocking, .body_raw = true, .blocking = true, .max_body = 1 << 20),
    GIM_GET("/stream", stream, .streams = true),
    GIM_GET("/packed", stream, .streams = true, .middleware = packs),
    GIM_GET("/events", events, .streams = true),
    GIM_GET("/large", large),
    GIM_GET("/small", large, .middleware = packs),
    GIM_GET("/login", login, .middleware = guarded),
    GIM_GET("/metrics", gim_metrics_reply),
    GIM_WEBSOCKET("/socket", websocket),
    GIM_FILES("/site/", &site),
    {0},
};
static const struct gim_openapi api = GIM_OPENAPI(.title = "All kinds");
static const struct gim_app_spec spec = {
    .name = "kinds", .routes = routes, .openapi = &api, .metrics = &gim_metrics};

/* ---- the kinds of request -------------------------------------------------------------------- */

#define JSON "Content-Type: application/json\r\n"
#define PATCHES "Content-Type: application/merge-patch+json\r\n"
#define PART                                                                                       \
    "--b\r\nContent-Disposition: form-data; name=\"f\"; "                                          \
    "filename=\"a.txt\"\r\n\r\n<0123456789>\r\n--b--\r\n"
#define UPGRADE                                                                                    \
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"                   \
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

struct kind {
    const char *line, *fields, *body; /* a line that ends in '/' goes on with an id */
    int repeat; /* so often stands the middle of the body, between '<' and '>' */
    int status;
};

static const struct kind kinds[] = {
    {"POST /json", JSON, "{\"title\":\"a\",\"tags\":[\"x\",\"\\u00e4\"]}", 0, 200},
    {"POST /json", JSON, "{\"title\":\"a\",\"labels\":{\"k\":\"v\"},\"tags\":[<\"\\n\",>\"\"]}",
     20000, 422},
    {"POST /json", JSON, "{\"title\":\"<0123456789\\t>\"}", 20000, 200},
    {"POST /json", JSON, "{\"title\":\"a\",\"pairs\":[[\"x\",\"<0123456789>\"],[\"x\"]]}", 10000,
     200},
    {"POST /json", JSON, "{\"tags\":[1,true]}", 0, 422},
    {"POST /json", JSON, "{\"tags\":[1,", 0, 400},
    {"POST /json", JSON, "<0123456789>", 200000, 413},
    {"PATCH /json", PATCHES, "{\"title\":\"b\",\"labels\":{\"x\":\"y\"}}", 0, 200},
    {"PATCH /json", PATCHES, "{\"x\":[<[],>0]}", 50000, 200},
    {"POST /form", "Content-Type: application/x-www-form-urlencoded\r\n",
     "title=a%20b&tags=x&tags=y", 0, 200},
    {"POST /files", "Content-Type: multipart/form-data; boundary=b\r\n", PART, 200, 200},
    {"POST /blocking", "", "<0123456789>", 20000, 200},
    {"GET /stream", "", NULL, 0, 200},
    {"GET /packed", "Accept-Encoding: gzip\r\n", NULL, 0, 200},
    {"GET /small", "Accept-Encoding: gzip\r\n", NULL, 0, 200},
    {"GET /events", "", NULL, 0, 200},
    {"GET /large", "", NULL, 0, 200},
    {"GET /login", "Authorization: Basic YTpzZWNyZXQ=\r\n", NULL, 0, 200},
    {"GET /login", "", NULL, 0, 401},
    {"GET /metrics", "", NULL, 0, 200},
    {"GET /openapi.json", "", NULL, 0, 200},
    {"GET /docs", "", NULL, 0, 200},
    {"GET /socket", UPGRADE, NULL, 0, 101},
    {"GET /site/page.txt", "", NULL, 0, 200},
    {"GET /none", "", NULL, 0, 404},
    {"DELETE /json", "", NULL, 0, 405},
};

static const struct kind of_posts[] = {
    {"POST /posts", JSON "Idempotency-Key: \"k\"\r\n", "{\"title\":\"t\",\"body\":\"b\"}", 0, 201},
    {"POST /posts", JSON, "{\"title\":\"t\",\"body\":\"<b>\"}", 3000, 201},
    {"POST /posts", JSON, "{\"title\":\"\"}", 0, 422},
    {"GET /posts?limit=100", "", NULL, 0, 200},
    {"GET /posts/", "", NULL, 0, 200},
    {"PUT /posts/", JSON, "{\"title\":\"t\",\"body\":\"b\"}", 0, 200},
    {"PATCH /posts/", PATCHES, "{\"author\":\"a\"}", 0, 200},
    {"DELETE /posts/0000000000001", "", NULL, 0, 404},
};

static void put_body(struct gim_buf *b, const struct kind *k)
{
    const char *open = k->repeat ? strchr(k->body, '<') : NULL;
    const char *shut = open ? strchr(open, '>') : NULL;

    if (!shut) {
        gim_buf_printf(b, "%s", k->body);
        return;
    }
    gim_buf_add(b, k->body, (size_t)(open - k->body));
    for (int i = 0; i < k->repeat; i++)
        gim_buf_add(b, open + 1, (size_t)(shut - open - 1));
    gim_buf_str(b, gim_str_of(shut + 1));
}

/* The bytes of a request; . */
static gim_str bytes_of(const struct kind *k, const char *id, struct gim_buf *b)
{
    struct gim_buf body = {0};

    gim_buf_printf(b, "%s%s HTTP/1.1\r\nHost: a\r\n%s", k->line,
                   k->line[strlen(k->line) - 1] == '/' ? id : "", k->fields);
    if (k->body) {
        put_body(&body, k);
        gim_buf_printf(b, "Content-Length: %zu\r\n", body.len);
    }
    gim_buf_lit(b, "\r\n");
    gim_buf_str(b, gim_buf_view(&body));
    gim_buf_free(&body);
    return gim_buf_view(b);
}

/* ---- failing --------------------------------------------------------------------------------- */

static int refusals, cuts, passes;

/* Right, a refusal that says so, or nothing: and nothing behind a part of an answer but the end. */
static void judge(const struct kind *k, long n, const struct gim_test_reply *r)
{
    if (r->status == k->status)
        passes++;
    else if (r->status == 503 || r->status == 507)
        refusals++;
    else if (r->status == 0 && r->closed)
        cuts++;
    else
        fail_msg("%s, allocation %ld: %d instead of %d", k->line, n, r->status, k->status);
    if (r->status && r->status != k->status)
        assert_true(r->body.len > 10);
}

/* Each N until the request needs fewer; returns how many it needs. Steps grow, so that a request of
 * thousands does not take minutes. */
static long each(struct gim_app *app, const struct kind *k, gim_str bytes, size_t chunk, bool on)
{
    long n = 1;

    for (bool more = true; more; n += 1 + n / 64) {
        struct gim_test_reply r;

        failing_spared = chunk ? chunk : bytes.len;
        failing_from(n, on);
        r = gim_test_bytes(app, bytes, chunk);
        more = failing_end();
        judge(k, n, &r);
        gim_test_free(&r);
        assert_int_equal(gim_heap_is_low(), false);
        r = gim_test_bytes(app, bytes, chunk);
        if (r.status != k->status)
            fail_msg("%s, after allocation %ld: %d instead of %d", k->line, n, r.status, k->status);
        gim_test_free(&r);
    }
    return n;
}

static void all(struct gim_app *app, const struct kind *k, const char *id)
{
    struct gim_buf b = {0};
    gim_str bytes = bytes_of(k, id, &b);
    struct gim_test_reply warm = gim_test_bytes(app, bytes, 0);

    if (warm.status != k->status)
        fail_msg("%s: %d instead of %d", k->line, warm.status, k->status);
    gim_test_free(&warm);
    each(app, k, bytes, 0, false);
    each(app, k, bytes, 0, true);
    if (k->repeat)
        each(app, k, bytes, 50000, true);
    gim_buf_free(&b);
}

static void every_request_survives_the_nth_allocation(void **state)
{
    char err[512];
    struct gim_app *app = gim_app_new(&spec, err, sizeof err);

    (void)state;
    assert_non_null(app);
    refusals = cuts = passes = 0;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        all(app, &kinds[i], "");
    gim_app_free(app);
    print_message("%d answered, %d refused, %d cut off\n", passes, refusals, cuts);
    assert_true(passes > 100 && refusals > 20);
}

static void posts_survives_the_nth_allocation(void **state)
{
    struct posts posts = {0};
    const struct gim_app_spec with = {.routes = posts_routes, .state = &posts};
    char err[512], id[14] = "";
    struct gim_app *app;
    struct gim_test_reply first;

    (void)state;
    posts.store = store_open("memory:", 1, &posts_host, err, sizeof err);
    app = gim_app_new(&with, err, sizeof err);
    assert_non_null(app);
    first = gim_test_call(app, "POST", "/posts", JSON, "{\"title\":\"t\",\"body\":\"b\"}");
    memcpy(id,
           gim_test_header(&first, "Location").ptr + gim_test_header(&first, "Location").len - 13,
           13);
    gim_test_free(&first);
    for (size_t i = 0; i < sizeof of_posts / sizeof of_posts[0]; i++)
        all(app, &of_posts[i], id);
    gim_app_free(app);
    posts.store->ops->close(posts.store);
}

static void an_app_starts_or_says_why(void **state)
{
    (void)state;
    for (int on = 0; on <= 1; on++) {
        long n = 1;

        for (bool more = true; more; n++) {
            char err[512] = "";
            struct gim_app *app;

            failing_from(n, on);
            app = gim_app_new(&spec, err, sizeof err);
            more = failing_end();
            assert_true(app || err[0]);
            gim_app_free(app);
        }
        assert_true(n > 10);
    }
}

static const struct gim_middleware limit = GIM_RATE_LIMIT(.limit = 1000, .per = 1);
static const struct gim_middleware *const limits[] = {&limit, NULL};
static const struct gim_route limited[] = {GIM_GET("/small", large, .middleware = limits), {0}};

/* A limit's table is made by the first request: of the heap, or later. */
static void a_limit_whose_table_has_no_memory_is_asked_again(void **state)
{
    const struct gim_app_spec with = {.routes = limited};
    char err[512];
    struct gim_app *app = gim_app_new(&with, err, sizeof err);
    struct gim_test_reply r;

    (void)state;
    assert_non_null(app);
    r = gim_test_call(app, "GET", "/none", "", NULL);
    gim_test_free(&r);
    failing_from(1, true);
    r = gim_test_call(app, "GET", "/small", "", NULL);
    failing_end();
    assert_int_equal(r.status, 503);
    gim_test_free(&r);
    assert_false(gim_heap_is_low());
    r = gim_test_call(app, "GET", "/small", "", NULL);
    assert_int_equal(r.status, 200);
    assert_true(gim_test_header(&r, "RateLimit").ptr);
    gim_test_free(&r);
    gim_app_free(app);
}

static char words[100000];
static const struct gim_openapi long_api = GIM_OPENAPI(.title = words);
static const struct gim_app_spec wordy = {.routes = limited, .openapi = &long_api};

/* A document is made by the first who asks, and kept: whole, and of the heap, or not at all. */
static void a_document_made_without_memory_is_not_kept(void **state)
{
    long n = 1;

    (void)state;
    memset(words, 'w', sizeof words - 1); /* more than a buffer takes of the reserve */
    for (bool more = true; more; n += 1 + n / 16) {
        char err[512];
        struct gim_app *app = gim_app_new(&wordy, err, sizeof err);
        struct gim_test_reply r;

        assert_non_null(app);
        r = gim_test_call(app, "GET", "/none", "", NULL);
        gim_test_free(&r);
        failing_from(n, true);
        r = gim_test_call(app, "GET", "/openapi.json", "", NULL);
        more = failing_end();
        gim_test_free(&r);
        assert_false(gim_heap_is_low());
        r = gim_test_call(app, "GET", "/openapi.json", "", NULL);
        assert_int_equal(r.status, 200);
        assert_int_equal(r.body.ptr[r.body.len - 1], '}');
        gim_test_free(&r);
        gim_app_free(app);
        assert_false(gim_heap_is_low());
    }
    assert_true(n > 10);
}

static void the_reserve_is_whole_again(void **state)
{
    void *pieces[2000];
    size_t n = 0;

    (void)state;
    assert_false(gim_heap_is_low());
    while (!gim_heap_is_low())
        pieces[n++] = gim_heap_reserve(100);
    assert_true(n > 100 && gim_heap_is_lent(pieces[0]));
    pieces[0] = gim_heap_grow(memset(pieces[0], 7, 100), 5000);
    assert_false(gim_heap_is_lent(pieces[0]));
    assert_int_equal(((char *)pieces[0])[99], 7);
    while (n)
        gim_heap_free(pieces[--n]);
    assert_false(gim_heap_is_low());
    pieces[0] = gim_heap_reserve((1 << 20) - 16);
    assert_true(gim_heap_is_low());
    gim_heap_free(pieces[0]);
}

static int make_folder(void **state)
{
    char path[sizeof folder + 16];
    FILE *f;

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/page.txt", folder);
    f = fopen(path, "we");
    assert_non_null(f);
    fputs("a page\n", f);
    return fclose(f);
}

static int remove_folder(void **state)
{
    char path[sizeof folder + 16];

    (void)state;
    snprintf(path, sizeof path, "%s/page.txt", folder);
    unlink(path);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_request_survives_the_nth_allocation),
        cmocka_unit_test(posts_survives_the_nth_allocation),
        cmocka_unit_test(an_app_starts_or_says_why),
        cmocka_unit_test(a_limit_whose_table_has_no_memory_is_asked_again),
        cmocka_unit_test(a_document_made_without_memory_is_not_kept),
        cmocka_unit_test(the_reserve_is_whole_again),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
