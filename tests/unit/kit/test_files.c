/* test_files.c: a folder served without a socket: paths, conditions, ranges, compressed variants. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include "folder.h"
#include <fcntl.h>
#include <gimlet.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define BIG 700000 /* bytes: pieces of 256 KiB are what the kernel sends at once */

/* site/index.html  app.js(.br .zst .gz)  stale.css(.gz, older)  plain.css  only.txt.gz  big.bin  empty.txt
 * docs/index.html  bare/x.txt  .env  .git/config  link.txt  out.txt  "with space.txt"  "a%2fb.txt"  caf\xc3\xa9.txt
 * track.gpx  NOEXT  fifo */
static char dir[64], site_root[128], nowhere_root[128];
static struct gim_files site = {.root = site_root, .cache_control = "max-age=60"};
static const struct gim_media_type types[] = {
    {"gpx", "application/gpx+xml"}, {"JS", "text/x-js"}, {0}};
static struct gim_files spa = {
    .root = site_root,
    .index = "",
    .fallback = "index.html",
    .cache_control = "max-age=31536000, immutable",
    .cache_html = "no-cache",
    .types = types,
    .precompressed = true,
    .dotfiles = true,
    .follow = true,
};
static struct gim_files nowhere = {.root = nowhere_root};
static struct gim_app *app;

static int one(struct gim_ctx *c)
{
    gim_attachment(c, GIM_S("Ma\xc3\x9f.txt"));
    return gim_file(c, &site, gim_query_str(c));
}

static int unstreamed(struct gim_ctx *c)
{
    return gim_file(c, &site, GIM_S("ten.txt"));
}

static const struct gim_route routes[] = {
    GIM_FILES("/s/", &site),
    GIM_FILES("/spa/", &spa),
    GIM_FILES("/nowhere/", &nowhere),
    GIM_GET("/one", one, .streams = true),
    GIM_GET("/unstreamed", unstreamed),
    GIM_GET("/no-with/"
            "*rest",
            gim_files_serve, .streams = true),
    GIM_GET("/no-rest", gim_files_serve, .streams = true, .with = &site),
    {0},
};

static const char *at(const char *name)
{
    static char path[4][256];
    static int n;

    n = (n + 1) % 4;
    snprintf(path[n], sizeof path[n], "%s/%s", site_root, name);
    return path[n];
}

static void put(const char *name, const char *text, time_t modified)
{
    struct timespec times[2] = {{modified, 0}, {modified, 500}};
    FILE *f = fopen(at(name), "w");

    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    assert_int_equal(utimensat(AT_FDCWD, at(name), times, 0), 0);
}

static void put_big(void)
{
    FILE *f = fopen(at("big.bin"), "w");

    assert_non_null(f);
    for (unsigned i = 0; i < BIG; i++)
        fputc((int)(i * 7 % 251), f);
    fclose(f);
}

#define T 784111777 /* Sun, 06 Nov 1994 08:49:37 GMT */

static void put_site(void)
{
    mkdir(site_root, 0755);
    mkdir(at("docs"), 0755);
    mkdir(at("bare"), 0755);
    mkdir(at(".git"), 0755);
    put("index.html", "<h1>home</h1>", T);
    put("docs/index.html", "<h1>docs</h1>", T);
    put("bare/x.txt", "x", T);
    put("app.js", "alert(1)", T);
    put("app.js.br", "BR", T);
    put("app.js.zst", "ZST", T + 1);
    put("app.js.gz", "GZIP", T);
    put("stale.css", "a{}", T);
    put("stale.css.gz", "OLD", T - 1);
    put("plain.css", "b{}", T);
    put("only.txt.gz", "only", T);
    put("empty.txt", "", T);
    put("ten.txt", "0123456789", T);
    put("future.txt", "future", 4102444800);
    put(".env", "SECRET=1", T);
    put(".git/config", "[core]", T);
    put("with space.txt", "space", T);
    put("100%.txt", "percent", T);
    put("a%2fb.txt", "trap", T);
    put("docs\\index.html", "trap", T);
    put("caf\xc3\xa9.txt", "coffee", T);
    put("track.gpx", "<gpx/>", T);
    put("NOEXT", "?", T);
    put_big();
    put("../secret.txt", "secret", T);
    assert_int_equal(symlink("ten.txt", at("link.txt")), 0);
    assert_int_equal(symlink("../secret.txt", at("out.txt")), 0);
    assert_int_equal(mkfifo(at("fifo"), 0644), 0);
}

static int make(void **state)
{
    static const struct gim_app_spec spec = {.routes = routes};
    char err[500];

    (void)state;
    snprintf(dir, sizeof dir, "/tmp/gimlet-files-XXXXXX");
    if (!mkdtemp(dir))
        return -1;
    snprintf(site_root, sizeof site_root, "%s/site", dir);
    snprintf(nowhere_root, sizeof nowhere_root, "%s/nowhere", dir);
    put_site();
    app = gim_app_new(&spec, err, sizeof err);
    if (!app)
        print_error("%s\n", err);
    return app ? 0 : -1;
}

static int clean(void **state)
{
    char command[128];

    (void)state;
    gim_app_free(app);
    snprintf(command, sizeof command, "rm -rf %s", dir);
    return system(command);
}

static struct gim_test_reply get(const char *target, const char *fields)
{
    return gim_test_call(app, "GET", target, fields, NULL);
}

static void check_field(const struct gim_test_reply *r, const char *name, const char *value,
                        int line)
{
    gim_str got = gim_test_header(r, name);

    if (value ? !got.ptr || !gim_str_eq(got, gim_str_of(value)) : got.ptr != NULL)
        fail_msg("line %d: %s is not %s in\n%.*s", line, name, value ? value : "absent",
                 GIM_FMT(r->head));
}
#define HAS(r, name, value) check_field(r, name, value, __LINE__)

static void check_body(const struct gim_test_reply *r, const char *text, int line)
{
    if (!gim_str_eq(r->body, gim_str_of(text)))
        fail_msg("line %d: not \"%s\":\n%.*s", line, text, GIM_FMT(r->raw));
}
#define BODY(r, text) check_body(r, text, __LINE__)

/* ---- paths ----------------------------------------------------------------------------------- */

static void a_path_leads_to_a_file_or_to_404(void **state)
{
    static const struct {
        const char *target;
        int status;
        const char *body, *type; /* of 200 */
    } rows[] = {
        {"/s/ten.txt", 200, "0123456789", "text/plain; charset=utf-8"},
        {"/s/bare/x.txt", 200, "x", "text/plain; charset=utf-8"},
        {"/s/", 200, "<h1>home</h1>", "text/html; charset=utf-8"},
        {"/s/index.html", 200, "<h1>home</h1>", "text/html; charset=utf-8"},
        {"/s/docs/", 200, "<h1>docs</h1>", "text/html; charset=utf-8"},
        {"/s/docs/../ten.txt", 200, "0123456789", "text/plain; charset=utf-8"},
        {"/s/%74en.txt", 200, "0123456789", "text/plain; charset=utf-8"},
        {"/s/ten.txt?v=1", 200, "0123456789", "text/plain; charset=utf-8"},
        {"/s/with%20space.txt", 200, "space", "text/plain; charset=utf-8"},
        {"/s/100%25.txt", 200, "percent", "text/plain; charset=utf-8"},
        {"/s/caf%C3%A9.txt", 200, "coffee", "text/plain; charset=utf-8"},
        {"/s/empty.txt", 200, "", "text/plain; charset=utf-8"},
        {"/s/NOEXT", 200, "?", "application/octet-stream"},
        {"/s/app.js", 200, "alert(1)", "text/javascript; charset=utf-8"},
        {"/s/app.js.gz", 200, "GZIP", "application/gzip"},
        {"/spa/track.gpx", 200, "<gpx/>", "application/gpx+xml"},
        {"/spa/app.js", 200, "alert(1)", "text/x-js"},
        {"/spa/.env", 200, "SECRET=1", "application/octet-stream"},
        {"/spa/link.txt", 200, "0123456789", "text/plain; charset=utf-8"},
        /* not there */
        {"/s/nothing", 404, NULL, NULL},
        {"/s/ten.txt/", 404, NULL, NULL},
        {"/s/ten.txt/x", 404, NULL, NULL},
        {"/s/bare/", 404, NULL, NULL},
        {"/s/bare", 404, NULL, NULL},
        {"/s//ten.txt", 404, NULL, NULL},
        {"/s/docs//index.html", 404, NULL, NULL},
        {"/s/only.txt", 404, NULL, NULL},
        {"/s/TEN.TXT", 404, NULL, NULL},
        /* refused */
        {"/s/.env", 404, NULL, NULL},
        {"/s/%2eenv", 404, NULL, NULL},
        {"/s/.git/config", 404, NULL, NULL},
        {"/s/.git/", 404, NULL, NULL},
        {"/s/.git", 404, NULL, NULL},
        {"/s/docs/.env", 404, NULL, NULL},
        {"/s/link.txt", 404, NULL, NULL},
        {"/s/out.txt", 404, NULL, NULL},
        {"/spa/out.txt", 404, NULL, NULL},
        {"/s/fifo", 404, NULL, NULL},
        {"/s/../secret.txt", 404, NULL, NULL},
        {"/s/%2e%2e/secret.txt", 404, NULL, NULL},
        {"/s/..%2fsecret.txt", 404, NULL, NULL},
        {"/s/%2e%2e%2fsecret.txt", 404, NULL, NULL},
        {"/s/..%5csecret.txt", 404, NULL, NULL},
        {"/s/docs%5cindex.html", 404, NULL, NULL},
        {"/s/docs%2findex.html", 404, NULL, NULL},
        {"/s/docs%2Findex.html", 404, NULL, NULL},
        {"/s/a%2fb.txt", 404, NULL, NULL},
        {"/s/%2fetc/passwd", 404, NULL, NULL},
        {"/s//etc/passwd", 404, NULL, NULL},
        {"/s/%252e%252e/secret.txt", 404, NULL, NULL},
        {"/spa/..%2fsecret.txt", 404, NULL, NULL},
        {"/spa/%2e%2e%2fsecret.txt", 404, NULL, NULL},
        {"/s/ten.txt%00.png", 400, NULL, NULL},
        {"/s/%ff", 400, NULL, NULL},
        {"/s/%zz", 400, NULL, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gim_test_reply r = get(rows[i].target, NULL);

        if (r.status != rows[i].status ||
            (rows[i].body && !gim_str_eq(r.body, gim_str_of(rows[i].body))))
            fail_msg("%s: want %d\n%.*s", rows[i].target, rows[i].status, GIM_FMT(r.raw));
        if (rows[i].type)
            HAS(&r, "Content-Type", rows[i].type);
        if (r.status != 200) {
            HAS(&r, "Cache-Control", NULL);
            HAS(&r, "ETag", NULL);
        }
        gim_test_free(&r);
    }
}

static void a_file_comes_with_its_fields(void **state)
{
    struct gim_test_reply r = get("/s/ten.txt", NULL), h;
    gim_str etag = gim_test_header(&r, "ETag");

    (void)state;
    assert_int_equal(r.status, 200);
    assert_true(etag.len > 2 && etag.ptr[0] == '"');
    HAS(&r, "Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT");
    HAS(&r, "Content-Length", "10");
    HAS(&r, "Accept-Ranges", "bytes");
    HAS(&r, "Cache-Control", "max-age=60");
    HAS(&r, "X-Content-Type-Options", "nosniff");
    HAS(&r, "Vary", NULL);
    HAS(&r, "Content-Encoding", NULL);
    h = gim_test_call(app, "HEAD", "/s/ten.txt", NULL, NULL);
    assert_int_equal(h.status, 200);
    HAS(&h, "Content-Length", "10");
    HAS(&h, "Content-Type", "text/plain; charset=utf-8");
    assert_true(gim_str_eq(gim_test_header(&h, "ETag"), etag));
    assert_int_equal(h.raw.len, h.head.len);
    gim_test_free(&h);
    h = gim_test_call(app, "HEAD", "/s/empty.txt", NULL, NULL);
    HAS(&h, "Content-Length", "0");
    gim_test_free(&h);
    gim_test_free(&r);
    r = get("/s/future.txt", NULL);
    assert_int_equal(r.status, 200);
    HAS(&r, "Last-Modified", NULL);
    gim_test_free(&r);
}

static void other_methods_are_405(void **state)
{
    static const char *const methods[] = {"POST", "PUT", "DELETE", "PATCH"};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct gim_test_reply r = gim_test_call(app, methods[i], "/s/ten.txt", NULL, NULL);

        assert_int_equal(r.status, 405);
        HAS(&r, "Allow", "GET, HEAD, OPTIONS");
        gim_test_free(&r);
    }
}

static void a_folder_without_its_slash_is_redirected(void **state)
{
    static const struct {
        const char *target, *location;
    } rows[] = {
        {"/s/docs", "./docs/"},
        {"/s/docs?a=1&b", "./docs/?a=1&b"},
        {"/s/d%6Fcs", "./d%6Fcs/"},
        {"/s/bare/../docs", "./docs/"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gim_test_reply r = get(rows[i].target, NULL);

        assert_int_equal(r.status, 308);
        HAS(&r, "Location", rows[i].location);
        gim_test_free(&r);
    }
}

static void an_application_in_the_browser_gets_its_page(void **state)
{
    static const struct {
        const char *target;
        int status;
    } rows[] = {
        {"/spa/", 200},      {"/spa/users/7", 200}, {"/spa/users/", 200},    {"/spa/docs", 200},
        {"/spa/a.b/c", 200}, {"/spa/x.js", 404},    {"/spa/users/j.d", 404},
    };
    struct gim_test_reply r;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        r = get(rows[i].target, NULL);
        if (r.status != rows[i].status)
            fail_msg("%s: %d", rows[i].target, r.status);
        if (r.status == 200) {
            BODY(&r, "<h1>home</h1>");
            HAS(&r, "Cache-Control", "no-cache");
            HAS(&r, "Content-Type", "text/html; charset=utf-8");
        }
        gim_test_free(&r);
    }
    r = get("/spa/ten.txt", NULL);
    HAS(&r, "Cache-Control", "max-age=31536000, immutable");
    gim_test_free(&r);
}

/* ---- conditions ------------------------------------------------------------------------------ */

static void conditions_are_answered(void **state)
{
    static const struct {
        const char *name, *value; /* ETAG: the present one */
        int status;
    } rows[] = {
        {"If-None-Match", "ETAG", 304},
        {"If-None-Match", "W/ETAG", 304},
        {"If-None-Match", "\"x\", ETAG", 304},
        {"If-None-Match", "*", 304},
        {"If-None-Match", "\"x\"", 200},
        {"If-Match", "ETAG", 200},
        {"If-Match", "\"x\"", 412},
        {"If-Modified-Since", "Sun, 06 Nov 1994 08:49:37 GMT", 304},
        {"If-Modified-Since", "Sun, 06 Nov 1994 08:49:36 GMT", 200},
        {"If-Unmodified-Since", "Sun, 06 Nov 1994 08:49:37 GMT", 200},
        {"If-Unmodified-Since", "Sun, 06 Nov 1994 08:49:36 GMT", 412},
    };
    struct gim_test_reply first = get("/s/ten.txt", NULL);
    gim_str etag = gim_test_header(&first, "ETag");

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *place = strstr(rows[i].value, "ETAG");
        struct gim_test_reply r;
        char fields[300];

        if (place)
            snprintf(fields, sizeof fields, "%s: %.*s%.*s\r\n", rows[i].name,
                     (int)(place - rows[i].value), rows[i].value, GIM_FMT(etag));
        else
            snprintf(fields, sizeof fields, "%s: %s\r\n", rows[i].name, rows[i].value);
        r = get("/s/ten.txt", fields);
        if (r.status != rows[i].status)
            fail_msg("%s: %d, want %d", fields, r.status, rows[i].status);
        HAS(&r, "Cache-Control", r.status == 412 ? NULL : "max-age=60");
        assert_true(gim_str_eq(gim_test_header(&r, "ETag"), etag));
        if (r.status == 304)
            assert_int_equal(r.raw.len, r.head.len);
        gim_test_free(&r);
    }
    gim_test_free(&first);
}

static void another_version_has_another_tag(void **state)
{
    struct gim_test_reply a, b;

    (void)state;
    put("version.txt", "aaaa", T);
    a = get("/s/version.txt", NULL);
    put("version.txt", "bbbb", T + 1);
    b = get("/s/version.txt", NULL);
    assert_false(gim_str_eq(gim_test_header(&a, "ETag"), gim_test_header(&b, "ETag")));
    BODY(&b, "bbbb");
    gim_test_free(&a);
    gim_test_free(&b);
}

/* ---- ranges ---------------------------------------------------------------------------------- */

static void one_range_is_a_206(void **state)
{
    static const struct {
        const char *fields;
        int status;
        const char *body, *range;
    } rows[] = {
        {"Range: bytes=0-3\r\n", 206, "0123", "bytes 0-3/10"},
        {"Range: bytes=7-\r\n", 206, "789", "bytes 7-9/10"},
        {"Range: bytes=-2\r\n", 206, "89", "bytes 8-9/10"},
        {"Range: bytes=0-\r\n", 206, "0123456789", "bytes 0-9/10"},
        {"Range: bytes=0-3,2-5\r\n", 206, "012345", "bytes 0-5/10"},
        {"Range: bytes=0-3,90-\r\n", 206, "0123", "bytes 0-3/10"},
        {"Range: bytes=3-0\r\n", 200, "0123456789", NULL},
        {"Range: lines=0-1\r\n", 200, "0123456789", NULL},
        {"Range: bytes=0-3\r\nIf-Range: \"x\"\r\n", 200, "0123456789", NULL},
        {"Range: bytes=0-3\r\nIf-Range: Sun, 06 Nov 1994 08:49:37 GMT\r\n", 206, "0123",
         "bytes 0-3/10"},
        {"Range: bytes=0-3\r\nIf-Range: Sun, 06 Nov 1994 08:49:38 GMT\r\n", 200, "0123456789",
         NULL},
        {"Range: bytes=10-\r\n", 416, NULL, "bytes */10"},
        {"Range: bytes=-0\r\n", 416, NULL, "bytes */10"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gim_test_reply r = get("/s/ten.txt", rows[i].fields);

        if (r.status != rows[i].status)
            fail_msg("%s: %d", rows[i].fields, r.status);
        if (rows[i].body)
            BODY(&r, rows[i].body);
        HAS(&r, "Content-Range", rows[i].range);
        HAS(&r, "Cache-Control", r.status == 416 ? NULL : "max-age=60");
        HAS(&r, "Content-Type",
            r.status == 416 ? "application/problem+json" : "text/plain; charset=utf-8");
        gim_test_free(&r);
    }
}

static void ranges_of_nothing_and_of_a_head_are_none(void **state)
{
    struct gim_test_reply r = get("/s/empty.txt", "Range: bytes=0-\r\n");

    (void)state;
    assert_int_equal(r.status, 200);
    HAS(&r, "Content-Length", "0");
    gim_test_free(&r);
    r = gim_test_call(app, "HEAD", "/s/ten.txt", "Range: bytes=0-1\r\n", NULL);
    assert_int_equal(r.status, 200);
    HAS(&r, "Content-Length", "10");
    gim_test_free(&r);
}

static void a_condition_comes_before_the_range(void **state)
{
    struct gim_test_reply r = get("/s/ten.txt", "If-None-Match: *\r\nRange: bytes=0-1\r\n");

    (void)state;
    assert_int_equal(r.status, 304);
    HAS(&r, "Content-Range", NULL);
    gim_test_free(&r);
}

/* Is `body` the byte ranges of big.bin that `rows` say, as RFC 9110 §14.6 has them? */
static void check_multipart(const struct gim_test_reply *r, const unsigned (*rows)[2], unsigned n)
{
    gim_str type = gim_test_header(r, "Content-Type"), at = r->body;
    gim_str prefix = GIM_S("multipart/byteranges; boundary="), boundary;
    char text[300];
    size_t len;

    assert_true(gim_str_starts(type, prefix));
    boundary = (gim_str){type.ptr + prefix.len, type.len - prefix.len};
    assert_true(boundary.len >= 16 && boundary.len <= 70);
    for (unsigned i = 0; i < n; i++) {
        len = (size_t)snprintf(text, sizeof text,
                               "%s--%.*s\r\nContent-Type: application/octet-stream\r\n"
                               "Content-Range: bytes %u-%u/%d\r\n\r\n",
                               i ? "\r\n" : "", GIM_FMT(boundary), rows[i][0], rows[i][1], BIG);
        if (!gim_str_starts(at, (gim_str){text, len}))
            fail_msg("part %u begins with %.*s, not %s", i, 120, at.ptr, text);
        at = (gim_str){at.ptr + len, at.len - len};
        assert_true(at.len > rows[i][1] - rows[i][0]);
        for (unsigned k = rows[i][0]; k <= rows[i][1]; k++)
            assert_int_equal((unsigned char)at.ptr[k - rows[i][0]], k * 7 % 251);
        at.ptr += rows[i][1] - rows[i][0] + 1;
        at.len -= rows[i][1] - rows[i][0] + 1;
    }
    len = (size_t)snprintf(text, sizeof text, "\r\n--%.*s--\r\n", GIM_FMT(boundary));
    assert_int_equal(at.len, len);
    assert_memory_equal(at.ptr, text, len);
}

static void several_ranges_are_multipart(void **state)
{
    static const unsigned few[][2] = {{0, 0}, {BIG - 10, BIG - 1}, {500, 599}};
    static const unsigned large[][2] = {{0, 19999}, {30000, 689999}, {BIG - 1, BIG - 1}};
    struct gim_test_reply r = get("/s/big.bin", "Range: bytes=0-0,-10,500-599,2000000-\r\n");

    (void)state;
    assert_int_equal(r.status, 206);
    HAS(&r, "Content-Range", NULL);
    check_multipart(&r, few, 3);
    gim_test_free(&r);
    r = get("/s/big.bin", "Range: bytes=0-19999,30000-69999,60000-689999,699999-\r\n");
    assert_int_equal(r.status, 206);
    check_multipart(&r, large, 3);
    assert_false(r.closed);
    gim_test_free(&r);
}

static void a_file_of_many_pieces_is_whole(void **state)
{
    struct gim_test_reply r = get("/s/big.bin", NULL);

    (void)state;
    assert_int_equal(r.status, 200);
    assert_int_equal(r.body.len, BIG);
    for (unsigned i = 0; i < BIG; i++) {
        if ((unsigned char)r.body.ptr[i] != i * 7 % 251)
            fail_msg("byte %u", i);
    }
    gim_test_free(&r);
}

/* ---- compressed variants --------------------------------------------------------------------- */

static void a_variant_is_sent_as_the_client_wants(void **state)
{
    static const struct {
        const char *path, *accept; /* NULL: no field */
        int status;
        const char *body, *coding;
    } rows[] = {
        {"/spa/app.js", "gzip, br, zstd", 200, "BR", "br"},
        {"/spa/app.js", "gzip, br;q=0.9, zstd;q=0.95", 200, "GZIP", "gzip"},
        {"/spa/app.js", "br;q=0, *", 200, "ZST", "zstd"},
        {"/spa/app.js", "x-gzip", 200, "GZIP", "gzip"},
        {"/spa/app.js", NULL, 200, "alert(1)", NULL},
        {"/spa/app.js", "", 200, "alert(1)", NULL},
        {"/spa/app.js", "deflate", 200, "alert(1)", NULL},
        {"/spa/app.js", "gzip;q=0.5, identity", 200, "alert(1)", NULL},
        {"/spa/app.js", "gzip, identity", 200, "GZIP", "gzip"},
        {"/spa/app.js", "identity;q=0, gzip", 200, "GZIP", "gzip"},
        {"/spa/app.js", "identity;q=0", 406, NULL, NULL},
        {"/spa/app.js", "*;q=0", 406, NULL, NULL},
        {"/spa/stale.css", "gzip", 200, "a{}", NULL},
        {"/spa/plain.css", "gzip, br", 200, "b{}", NULL},
        {"/spa/plain.css", "gzip, identity;q=0", 406, NULL, NULL},
        {"/spa/only.txt", "gzip", 404, NULL, NULL},
        {"/s/app.js", "gzip, br", 200, "alert(1)", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char fields[200] = "";
        struct gim_test_reply r;

        if (rows[i].accept)
            snprintf(fields, sizeof fields, "Accept-Encoding: %s\r\n", rows[i].accept);
        r = get(rows[i].path, fields);
        if (r.status != rows[i].status)
            fail_msg("%s %s: %d", rows[i].path, fields, r.status);
        if (rows[i].body)
            BODY(&r, rows[i].body);
        HAS(&r, "Content-Encoding", rows[i].coding);
        if (r.status != 404)
            HAS(&r, "Vary", rows[i].path[2] == 'p' ? "Accept-Encoding" : NULL);
        if (r.status == 200 && rows[i].path[2] == 'p' && strstr(rows[i].path, "js"))
            HAS(&r, "Content-Type", "text/x-js");
        gim_test_free(&r);
    }
}

static void a_variant_has_a_tag_and_ranges_of_its_own(void **state)
{
    struct gim_test_reply plain = get("/spa/app.js", NULL);
    struct gim_test_reply coded = get("/spa/app.js", "Accept-Encoding: gzip\r\n");
    gim_str tag = gim_test_header(&coded, "ETag");
    struct gim_test_reply r;
    char fields[200];

    (void)state;
    assert_false(gim_str_eq(gim_test_header(&plain, "ETag"), tag));
    snprintf(fields, sizeof fields, "Accept-Encoding: gzip\r\nIf-None-Match: %.*s\r\n",
             GIM_FMT(tag));
    r = get("/spa/app.js", fields);
    assert_int_equal(r.status, 304);
    HAS(&r, "Vary", "Accept-Encoding");
    gim_test_free(&r);
    snprintf(fields, sizeof fields, "If-None-Match: %.*s\r\n", GIM_FMT(tag));
    r = get("/spa/app.js", fields);
    assert_int_equal(r.status, 200);
    gim_test_free(&r);
    snprintf(fields, sizeof fields,
             "Range: bytes=1-2\r\nAccept-Encoding: gzip\r\nIf-Range: %.*s\r\n", GIM_FMT(tag));
    r = get("/spa/app.js", fields);
    assert_int_equal(r.status, 206);
    BODY(&r, "ZI");
    HAS(&r, "Content-Range", "bytes 1-2/4");
    HAS(&r, "Content-Encoding", "gzip");
    gim_test_free(&r);
    gim_test_free(&coded);
    gim_test_free(&plain);
}

/* ---- one file -------------------------------------------------------------------------------- */

static void a_handler_answers_with_one_file(void **state)
{
    static const struct {
        const char *target;
        int status;
        const char *body, *disposition;
    } rows[] = {
        {"/one?ten.txt", 200, "0123456789",
         "attachment; filename=\"Ma_.txt\"; filename*=UTF-8''Ma%C3%9F.txt"},
        {"/one?nothing", 404, NULL, NULL},
        {"/one?docs", 404, NULL, NULL},
        {"/one?docs/", 404, NULL, NULL},
        {"/one?../secret.txt", 404, NULL, NULL},
        {"/one?/etc/passwd", 404, NULL, NULL},
        {"/one?.env", 404, NULL, NULL},
        {"/one", 404, NULL, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gim_test_reply r = get(rows[i].target, NULL);

        if (r.status != rows[i].status)
            fail_msg("%s: %d", rows[i].target, r.status);
        if (rows[i].body)
            BODY(&r, rows[i].body);
        HAS(&r, "Content-Disposition", rows[i].disposition);
        gim_test_free(&r);
    }
}

static void mistakes_of_the_application_are_500(void **state)
{
    static const char *const targets[] = {"/nowhere/x", "/no-with/x", "/unstreamed"};
    struct gim_test_reply r;

    (void)state;
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        r = get(targets[i], NULL);
        if (r.status != 500)
            fail_msg("%s: %d", targets[i], r.status);
        gim_test_free(&r);
    }
    r = get("/no-rest", NULL);
    assert_int_equal(r.status, 404);
    gim_test_free(&r);
}

static void a_root_is_checked_at_the_start(void **state)
{
    const struct gim_files none = {0}, file = {.root = at("ten.txt")};

    (void)state;
    assert_int_equal(gim_files_check(&site), 0);
    assert_int_equal(gim_files_check(&nowhere), -1);
    assert_int_equal(gim_files_check(&file), -1);
    assert_int_equal(gim_files_check(&none), -1);
}

static void no_descriptor_is_left(void **state)
{
    static const char *const targets[] = {
        "/s/ten.txt", "/s/",        "/s/docs",     "/s/nothing",
        "/s/fifo",    "/s/big.bin", "/spa/app.js", "/spa/stale.css",
        "/spa/x/y",   "/one?docs",  "/unstreamed", "/nowhere/x"};
    static const char *const fields[] = {"",
                                         "Range: bytes=0-0,5-6\r\n",
                                         "Range: bytes=999999-\r\n",
                                         "If-None-Match: *\r\n",
                                         "If-Match: \"x\"\r\n",
                                         "Accept-Encoding: gzip\r\n",
                                         "Accept-Encoding: identity;q=0\r\n"};
    int before = names_in("/proc/self/fd");

    (void)state;
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        for (size_t k = 0; k < sizeof fields / sizeof fields[0]; k++) {
            struct gim_test_reply r = get(targets[i], fields[k]);

            gim_test_free(&r);
            r = gim_test_call(app, "HEAD", targets[i], fields[k], NULL);
            gim_test_free(&r);
        }
    }
    assert_int_equal(names_in("/proc/self/fd"), before);
}

static void rows_that_cannot_serve_stop_the_start(void **state)
{
    static const struct gim_files folder = {.root = "/"};
    static const struct gim_route nothing[] = {GIM_FILES("/s/", NULL), {0}};
    static const struct gim_route slashless[] = {GIM_FILES("/s", &folder), {0}};
    char why[512] = "";

    (void)state;
    assert_null(gim_app_new(&(struct gim_app_spec){.routes = nothing}, why, sizeof why));
    assert_non_null(strstr(why, "needs the address of a struct gim_files"));
    assert_null(gim_app_new(&(struct gim_app_spec){.routes = slashless}, why, sizeof why));
    assert_non_null(strstr(why, "GET /s*rest: the prefix of GIM_FILES ends in '/'"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_that_cannot_serve_stop_the_start),
        cmocka_unit_test(a_path_leads_to_a_file_or_to_404),
        cmocka_unit_test(a_file_comes_with_its_fields),
        cmocka_unit_test(other_methods_are_405),
        cmocka_unit_test(a_folder_without_its_slash_is_redirected),
        cmocka_unit_test(an_application_in_the_browser_gets_its_page),
        cmocka_unit_test(conditions_are_answered),
        cmocka_unit_test(another_version_has_another_tag),
        cmocka_unit_test(one_range_is_a_206),
        cmocka_unit_test(ranges_of_nothing_and_of_a_head_are_none),
        cmocka_unit_test(a_condition_comes_before_the_range),
        cmocka_unit_test(several_ranges_are_multipart),
        cmocka_unit_test(a_file_of_many_pieces_is_whole),
        cmocka_unit_test(a_variant_is_sent_as_the_client_wants),
        cmocka_unit_test(a_variant_has_a_tag_and_ranges_of_its_own),
        cmocka_unit_test(a_handler_answers_with_one_file),
        cmocka_unit_test(mistakes_of_the_application_are_500),
        cmocka_unit_test(a_root_is_checked_at_the_start),
        cmocka_unit_test(no_descriptor_is_left),
    };

    return cmocka_run_group_tests(tests, make, clean);
}
