/* test_compress.c: which replies are compressed, by what, and what they say of themselves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <zlib.h>

#include <gimlet.h>

#define GZIP "Accept-Encoding: gzip\r\n"
#define MARK "Accept-Encoding"

/* ---- an application -------------------------------------------------------------------------- */

static char text[100000];
static char hiss[5000]; /* does not become smaller */

static void fill_text(void)
{
    uint32_t x = 1;

    for (size_t i = 0; i < sizeof hiss; i++)
        hiss[i] = (char)((x = x * 1664525 + 1013904223) >> 24);
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = "the same words again and again; "[i % 32];
    memcpy(text + 5000, "somewhere it differs", 20);
}

static int reply(struct gim_ctx *c, const char *type, size_t len)
{
    return gim_bytes(c, 200, gim_str_of(type), (gim_str){text, len});
}

static int json(struct gim_ctx *c)
{
    if (gim_preconditions(c, GIM_S("v1"), (gim_time){0}))
        return GIM_REPLIED;
    return reply(c, "application/json; charset=utf-8", 20000);
}

static int typed(struct gim_ctx *c)
{
    return reply(c, gim_dup(gim_arena(c), gim_query_str(c)).ptr, 20000);
}

static int sized(struct gim_ctx *c)
{
    int64_t n;

    if (gim_param_int(c, GIM_S("n"), &n))
        return GIM_REPLIED;
    return reply(c, "text/plain", (size_t)n);
}

static int noise(struct gim_ctx *c)
{
    return gim_bytes(c, 200, GIM_S("text/plain"), (gim_str){hiss, sizeof hiss});
}

static int coded(struct gim_ctx *c)
{
    (void)gim_set_header(c, GIM_S("Content-Encoding"), GIM_S("br"));
    return reply(c, "text/plain", 20000);
}

static int part(struct gim_ctx *c)
{
    return gim_bytes(c, 206, GIM_S("text/plain"), (gim_str){text, 20000});
}

static int fixed(struct gim_ctx *c)
{
    (void)gim_set_header(c, GIM_S("Cache-Control"), GIM_S("max-age=5, No-Transform"));
    return reply(c, "text/plain", 20000);
}

static int varied(struct gim_ctx *c)
{
    (void)gim_set_header(c, GIM_S("Vary"), GIM_S("Origin"));
    (void)gim_set_header(c, GIM_S("ETag"), GIM_S("W/\"weak\""));
    return reply(c, "text/plain", 20000);
}

static int missing(struct gim_ctx *c)
{
    return gim_problem(c, 404, NULL, "%.1000s", text);
}

static enum gim_pull pieces(struct gim_ctx *c, struct gim_out *out, void *arg)
{
    int *n = arg;

    if (*n == 3 && gim_str_eq(gim_query_str(c), GIM_S("fail")))
        return GIM_PULL_FAIL;
    if (*n == 5)
        return GIM_PULL_END;
    gim_out_bytes(out, (gim_str){(gim_query_str(c).ptr ? hiss : text) + 1000 * (*n)++, 1000});
    return GIM_PULL_MORE;
}

static int stream(struct gim_ctx *c)
{
    return gim_stream(c, 200, GIM_S("text/plain"), GIM_LENGTH_UNKNOWN, pieces,
                      GIM_NEW(gim_arena(c), int));
}

static int known(struct gim_ctx *c)
{
    return gim_stream(c, 200, GIM_S("text/plain"), 5000, pieces, GIM_NEW(gim_arena(c), int));
}

static const struct gim_route routes[] = {
    GIM_ROUTE("GET|PUT", "/json", json, .body_raw = true),
    GIM_GET("/typed", typed),
    GIM_GET("/sized/:n", sized),
    GIM_GET("/noise", noise),
    GIM_GET("/coded", coded),
    GIM_GET("/part", part),
    GIM_GET("/fixed", fixed),
    GIM_GET("/varied", varied),
    GIM_GET("/missing", missing),
    GIM_GET("/stream", stream, .streams = true),
    GIM_GET("/known", known, .streams = true),
    {0},
};

static struct gim_app *open_app(const struct gim_middleware *m)
{
    const struct gim_middleware *const all[] = {m, NULL};
    char err[1000] = "";
    struct gim_app *app =
        gim_app_new(&(const struct gim_app_spec){.routes = routes, .middleware = m ? all : NULL},
                    err, sizeof err);

    if (!app)
        fail_msg("%s", err);
    return app;
}

/* ---- what comes ------------------------------------------------------------------------------ */

static gim_str gunzip(gim_str in)
{
    static char out[sizeof text + 100];
    z_stream z = {.next_in = (Bytef *)(uintptr_t)in.ptr,
                  .avail_in = (uInt)in.len,
                  .next_out = (Bytef *)out,
                  .avail_out = sizeof out};

    assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
    assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
    assert_int_equal(z.avail_in, 0);
    inflateEnd(&z);
    return (gim_str){out, z.total_out};
}

static bool has(const struct gim_test_reply *r, const char *name, const char *value)
{
    return gim_str_eq(gim_test_header(r, name), gim_str_of(value));
}

static bool is_gzip(const struct gim_test_reply *r)
{
    return has(r, "Content-Encoding", "gzip");
}

static void check_body(const struct gim_test_reply *r, size_t len)
{
    gim_str body = is_gzip(r) ? gunzip(r->body) : r->body;

    assert_int_equal(body.len, len);
    assert_memory_equal(body.ptr, text, len);
}

/* ---- the tests ------------------------------------------------------------------------------- */

struct row {
    bool gzip, vary;
    const char *target, *fields;
};

static void replies_are_compressed_when_it_is_right(void **state)
{
    static const struct row rows[] = {
        {true, true, "/json", GZIP},
        {true, true, "/json", "Accept-Encoding: br, gzip;q=0.5\r\n"},
        {true, true, "/json", "Accept-Encoding: *\r\nAccept-Encoding: zstd;q=0\r\n"},
        {true, true, "/json", "Accept-Encoding: identity;q=0.5, gzip;q=0.6\r\n"},
        {false, true, "/json", ""},
        {false, true, "/json", "Accept-Encoding:\r\n"},
        {false, true, "/json", "Accept-Encoding: br, deflate\r\n"},
        {false, true, "/json", "Accept-Encoding: gzip;q=0\r\n"},
        {false, true, "/json", "Accept-Encoding: gzip;q=0.3, identity;q=0.6\r\n"},
        {false, true, "/json", GZIP "Cache-Control: no-transform\r\n"},
        /* by type */
        {true, true, "/typed?text/css", GZIP},
        {true, true, "/typed?TEXT/Anything", GZIP},
        {true, true, "/typed?application/vnd.api+json", GZIP},
        {true, true, "/typed?image/svg+xml", GZIP},
        {true, true, "/typed?application/xml", GZIP},
        {false, false, "/typed?image/png", GZIP},
        {false, false, "/typed?text/event-stream", GZIP},
        {false, false, "/typed?application/octet-stream", GZIP},
        {false, false, "/typed?text", GZIP},
        /* by size */
        {true, true, "/sized/1024", GZIP},
        {false, true, "/sized/1023", GZIP},
        {false, true, "/noise", GZIP},
        /* left alone */
        {false, false, "/coded", GZIP},
        {false, false, "/part", GZIP},
        {false, true, "/fixed", GZIP},
        {false, false, "/known", GZIP},
        {true, true, "/missing", GZIP},
        {true, true, "/stream", GZIP},
        {false, true, "/stream", ""},
    };
    struct gim_app *app = open_app(&gim_compress);

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gim_test_reply r = gim_test_call(app, "GET", rows[i].target, rows[i].fields, NULL);

        if (is_gzip(&r) != rows[i].gzip || has(&r, "Vary", MARK) != rows[i].vary)
            fail_msg("%s with %s: %.*s", rows[i].target, rows[i].fields, GIM_FMT(r.head));
        gim_test_free(&r);
    }
    gim_app_free(app);
}

static void a_body_is_the_same_again(void **state)
{
    struct gim_app *app = open_app(&gim_compress);

    (void)state;
    for (int i = 0; i < 20; i++) {
        struct gim_test_reply r = gim_test_call(app, "GET", "/json", GZIP, NULL);

        assert_true(is_gzip(&r) && r.body.len < 2000);
        check_body(&r, 20000);
        gim_test_free(&r);
        r = gim_test_call(app, "GET", "/sized/99999", GZIP, NULL);
        check_body(&r, 99999);
        gim_test_free(&r);
        r = gim_test_call(app, "GET", "/stream", GZIP, NULL);
        assert_true(is_gzip(&r));
        check_body(&r, 5000);
        gim_test_free(&r);
    }
    gim_app_free(app);
}

static void each_piece_of_a_stream_can_be_read_at_once(void **state)
{
    static const char ask[] = "GET /stream HTTP/1.1\r\nHost: a\r\n" GZIP "\r\n";
    struct gim_app *app = open_app(&gim_compress);
    struct gim_test_reply r = gim_test_bytes(app, (gim_str){ask, sizeof ask - 1}, 0);
    const char *at = memmem(r.raw.ptr, r.raw.len, "\r\n\r\n", 4);
    int flushes = 0;

    (void)state;
    for (const char *end = r.raw.ptr + r.raw.len; at; flushes++) /* Z_SYNC_FLUSH ends in 0000ffff */
        at = memmem(at + 1, (size_t)(end - at - 1), "\0\0\xff\xff", 4);
    assert_true(flushes - 1 >= 5);
    gim_test_free(&r);
    r = gim_test_call(app, "GET", "/stream?fail", GZIP, NULL);
    assert_true(r.closed);
    gim_test_free(&r);
    gim_app_free(app);
}

static void head_says_what_get_would(void **state)
{
    static const char *const targets[] = {"/json", "/stream", "/known", "/sized/1023"};
    static const char *const names[] = {"Content-Encoding", "Vary", "ETag", "Content-Length"};
    struct gim_app *app = open_app(&gim_compress);

    (void)state;
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        struct gim_test_reply get = gim_test_call(app, "GET", targets[i], GZIP, NULL);
        struct gim_test_reply head = gim_test_call(app, "HEAD", targets[i], GZIP, NULL);

        for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
            if (!gim_str_eq(gim_test_header(&get, names[k]), gim_test_header(&head, names[k])))
                fail_msg("%s: %s", targets[i], names[k]);
        }
        gim_test_free(&get);
        gim_test_free(&head);
    }
    gim_app_free(app);
}

struct tag {
    int status;
    const char *method, *fields, *etag;
};

static void a_tag_names_the_coding_and_conditions_still_hold(void **state)
{
    static const struct tag rows[] = {
        {200, "GET", "", "\"v1\""},
        {200, "GET", GZIP, "\"v1-gzip\""},
        {304, "GET", "If-None-Match: \"v1\"\r\n", "\"v1\""},
        {304, "GET", GZIP "If-None-Match: \"v1-gzip\"\r\n", "\"v1-gzip\""},
        {304, "GET", GZIP "If-None-Match: \"v1\"\r\n", "\"v1\""},
        {304, "GET", GZIP "If-None-Match: \"v0\", \"v1-gzip\"\r\n", "\"v1-gzip\""},
        /* a shared cache asks about what it has for others: this client cannot read that */
        {200, "GET", "If-None-Match: \"v0\", \"v1-gzip\"\r\n", "\"v1\""},
        {200, "GET", "Accept-Encoding: gzip;q=0\r\nIf-None-Match: \"v1-gzip\"\r\n", "\"v1\""},
        {304, "GET", "Accept-Encoding: br\r\nIf-None-Match: \"v1-gzip\", \"v1\"\r\n", "\"v1\""},
        {304, "HEAD", GZIP "If-None-Match: \"v1-gzip\"\r\n", "\"v1-gzip\""},
        {412, "GET", "If-Match: \"v1-gzip\"\r\n", "\"v1\""},
        {200, "GET", GZIP "If-None-Match: \"v2-gzip\"\r\n", "\"v1-gzip\""},
        {200, "GET", "If-None-Match: \"v1-br\"\r\n", "\"v1\""},
        {200, "PUT", "If-Match: \"v1-gzip\"\r\n", "\"v1\""},
        {200, "PUT", "If-Match: \"v1\"\r\n", "\"v1\""},
        {412, "PUT", "If-Match: \"v2-gzip\"\r\n", "\"v1\""},
        {412, "PUT", "If-None-Match: \"v1-gzip\"\r\n", "\"v1\""},
    };
    struct gim_app *app = open_app(&gim_compress);

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gim_test_reply r = gim_test_call(app, rows[i].method, "/json", rows[i].fields, NULL);

        if (r.status != rows[i].status || !has(&r, "ETag", rows[i].etag))
            fail_msg("%zu: %.*s", i, GIM_FMT(r.head));
        if (r.status == 304)
            assert_true(has(&r, "Vary", MARK));
        gim_test_free(&r);
    }
    gim_app_free(app);
    app = open_app(NULL); /* where nothing is compressed, only the tag itself counts */
    struct gim_test_reply r = gim_test_call(app, "PUT", "/json", "If-Match: \"v1-gzip\"\r\n", NULL);
    assert_int_equal(r.status, 412);
    gim_test_free(&r);
    gim_app_free(app);
}

static void fields_of_others_are_kept(void **state)
{
    struct gim_app *app = open_app(&gim_compress);
    struct gim_test_reply r = gim_test_call(app, "GET", "/varied", GZIP, NULL);

    (void)state;
    assert_true(has(&r, "Vary", "Origin, Accept-Encoding"));
    assert_true(has(&r, "ETag", "W/\"weak\""));
    check_body(&r, 20000);
    gim_test_free(&r);
    gim_app_free(app);
}

static const struct gim_middleware narrow =
    GIM_COMPRESS(.types = "*+json , text/event-stream,image/*", .min_size = 10, .max_size = 30000,
                 .encodings = "gzip", .gzip_level = 9);
static const struct gim_middleware bad = GIM_COMPRESS(.gzip_level = -1);

static void the_set_up_counts(void **state)
{
    static const struct row rows[] = {
        {true, true, "/typed?text/event-stream", GZIP},
        {true, true, "/typed?image/bmp", GZIP},
        {true, true, "/typed?a/b+json", "Accept-Encoding: zstd, gzip\r\n"},
        {false, false, "/typed?application/json", GZIP},
        {false, false, "/typed?text/plain", GZIP},
        {false, true, "/typed?a/b+json", "Accept-Encoding: zstd\r\n"},
    };
    struct gim_app *app = open_app(&narrow);

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gim_test_reply r = gim_test_call(app, "GET", rows[i].target, rows[i].fields, NULL);

        if (is_gzip(&r) != rows[i].gzip || has(&r, "Vary", MARK) != rows[i].vary)
            fail_msg("%s: %.*s", rows[i].target, GIM_FMT(r.head));
        gim_test_free(&r);
    }
    gim_app_free(app);
}

static void a_wrong_set_up_stops_the_start(void **state)
{
    static const struct {
        const char *says;
        struct gim_compress with;
    } rows[] = {
        {".encodings", {.encodings = "gzip, br"}}, {".encodings", {.encodings = ""}},
        {".gzip_level", {.gzip_level = 10}},       {".zstd_level", {.zstd_level = 13}},
        {".min_size", {.min_size = -1}},           {".min_size", {.max_size = -1}},
    };
    const struct gim_middleware *const all[] = {&bad, NULL};
    char err[1000] = "";

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *said = gim_compress_wrong(&rows[i].with);

        assert_non_null(said);
        assert_non_null(strstr(said, rows[i].says));
    }
    assert_null(gim_compress_wrong(&(const struct gim_compress){.encodings = "zstd, gzip"}));
    assert_null(gim_app_new(&(const struct gim_app_spec){.middleware = all}, err, sizeof err));
    assert_non_null(strstr(err, "gzip_level"));
}

static void many_streams_share_few_contexts(void **state)
{
    struct gim_app *app = open_app(&gim_compress);
    struct gim_test_conn *all[80];
    int gzip = 0;

    (void)state;
    for (int i = 0; i < 80; i++) {
        all[i] = gim_test_open(app);
        gim_test_take(all[i], 400);
        gim_test_send(all[i], GIM_S("GET /stream?hiss HTTP/1.1\r\nHost: a\r\n" GZIP "\r\n"));
    }
    for (int i = 0; i < 80; i++) {
        gim_str got;

        gim_test_take(all[i], 100000);
        got = gim_test_read_to(all[i], "0\r\n\r\n", 2000);
        gzip += memmem(got.ptr, got.len, "Content-Encoding: gzip", 22) != NULL;
        gim_test_close(all[i]);
    }
    assert_int_equal(gzip, 32);
    gim_app_free(app);
}

static void a_stream_that_is_cut_gives_its_context_back(void **state)
{
    struct gim_app *app = open_app(&gim_compress);

    (void)state;
    for (int i = 0; i < 200; i++) {
        struct gim_test_conn *t = gim_test_open(app);
        gim_str got;

        gim_test_take(t, 400);
        gim_test_send(t, GIM_S("GET /stream?hiss HTTP/1.1\r\nHost: a\r\n" GZIP "\r\n"));
        got = gim_test_read(t, 1000);
        assert_non_null(memmem(got.ptr, got.len, "Content-Encoding: gzip", 22));
        gim_test_close(t);
    }
    gim_app_free(app);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replies_are_compressed_when_it_is_right),
        cmocka_unit_test(a_body_is_the_same_again),
        cmocka_unit_test(each_piece_of_a_stream_can_be_read_at_once),
        cmocka_unit_test(head_says_what_get_would),
        cmocka_unit_test(a_tag_names_the_coding_and_conditions_still_hold),
        cmocka_unit_test(fields_of_others_are_kept),
        cmocka_unit_test(the_set_up_counts),
        cmocka_unit_test(a_wrong_set_up_stops_the_start),
        cmocka_unit_test(many_streams_share_few_contexts),
        cmocka_unit_test(a_stream_that_is_cut_gives_its_context_back),
    };

    fill_text();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
