/* test_upload.c: forms and files through the whole pipeline, without a socket: what the handler gets,
 * every fault at once, limits, spilling, saving, and that nothing is left behind. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include "folder.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gimlet/base/arena.h"
#include "gimlet/base/buf.h"
#include "gimlet/kit/upload_private.h"
#include <gimlet.h>

/* ---- the application ------------------------------------------------------------------------- */

struct entry {
    int64_t id;
    gim_str title;
    int64_t stars;
    gim_array tags;
};
static const struct gim_field entry_fields[] = {
    GIM_INT(struct entry, id, .read_only = true),
    GIM_STR(struct entry, title, .required = true, .min_len = 1, .max_len = 20),
    GIM_INT(struct entry, stars, .def = "3", GIM_MIN(1), GIM_MAX(5)),
    GIM_ARRAY(struct entry, tags, .as = "tag", .max_items = 3, .items = GIM_ITEM_STR()),
};
static const struct gim_schema entry_schema =
    GIM_SCHEMA("Entry", struct entry, entry_fields, .strict = true);

struct key {
    int64_t id;
};
static const struct gim_field key_fields[] = {GIM_INT(struct key, id, GIM_MIN(1))};
static const struct gim_schema key_schema = GIM_SCHEMA("Key", struct key, key_fields);

static char directory[] = "/tmp/gimlet-upload-XXXXXX";
static char saved[64];

static gim_str show_entry(struct gim_ctx *c, const struct entry *e)
{
    return e ? gim_printf(gim_arena(c), "%.*s %d %d;", GIM_FMT(e->title), (int)e->stars,
                          (int)e->tags.len)
             : GIM_S("-;");
}

static int show_form(struct gim_ctx *c)
{
    gim_str a = show_entry(c, gim_form(c)), b = show_entry(c, gim_body(c));

    return gim_text(c, 200, gim_printf(gim_arena(c), "%.*s%.*s", GIM_FMT(a), GIM_FMT(b)));
}

/* A sum that tells where each byte stood. */
static unsigned sum_of(const struct gim_file_part *f)
{
    unsigned sum = 0;
    char piece[1000];
    int64_t at = 0;
    ptrdiff_t n;

    while ((n = gim_upload_read(f, at, piece, sizeof piece)) > 0) {
        for (ptrdiff_t i = 0; i < n; i++)
            sum = sum * 31 + (unsigned char)piece[i];
        at += n;
    }
    return n < 0 || at != f->size ? 0 : sum;
}

static int show_files(struct gim_ctx *c)
{
    gim_str text = show_entry(c, gim_form(c));
    const struct gim_file_part *f;

    for (size_t i = 0; (f = gim_upload_file(c, (gim_str){0}, i)); i++) {
        assert_true((f->fd >= 0) == !f->bytes.ptr);
        text = gim_printf(gim_arena(c), "%.*s%.*s|%.*s|%.*s|%lld|%u|%s;", GIM_FMT(text),
                          GIM_FMT(f->name), GIM_FMT(f->filename), GIM_FMT(f->media_type),
                          (long long)f->size, sum_of(f), f->fd < 0 ? "memory" : "disk");
    }
    return gim_text(c, 200, text);
}

static int save(struct gim_ctx *c)
{
    const struct gim_file_part *f = gim_upload_file(c, GIM_S("a"), 0);
    unsigned flags = gim_query_str(c).len ? GIM_SAVE_REPLACE | GIM_SAVE_SYNC : 0;

    return gim_text(c, 200, gim_printf(gim_arena(c), "%d", gim_upload_save(f, saved, flags)));
}

static const struct gim_file_field files[] = {
    {.name = "photo", .media_types = "image/png, image/jpeg", .max_size = 1000, .required = true},
    {.name = "extra", .max_files = 2},
    {0},
};

static const struct gim_file_field optional[] = {{.name = "extra"}, {0}};

static const struct gim_route routes[] = {
    GIM_POST("/form", show_form, .form = &entry_schema),
    GIM_POST("/form/:id", show_form, .form = &entry_schema, .path = &key_schema,
             .query = &key_schema),
    GIM_POST("/either", show_form, .form = &entry_schema, .body = &entry_schema),
    GIM_POST("/entry", show_files, .form = &entry_schema,
             .upload = GIM_UPLOAD(.files = files, .directory = directory, .max_fields = 50,
                                  .max_parts = 8)),
    GIM_POST("/any", show_files,
             .upload = GIM_UPLOAD(.directory = directory, .memory = 100, .max_file = 5000,
                                  .max_total = 10000)),
    GIM_POST("/kept", show_files, .suspends = true,
             .upload = GIM_UPLOAD(.directory = directory, .memory = -1)),
    GIM_POST("/nowhere", show_files,
             .upload = GIM_UPLOAD(.directory = "/nonexistent", .memory = -1)),
    GIM_POST("/loose", show_files,
             .upload = GIM_UPLOAD(.files = optional, .directory = "/nonexistent", .memory = -1)),
    GIM_POST("/plain", show_files, .upload = GIM_UPLOAD()),
    GIM_ROUTE("PUT", "/raw", show_files,
              .upload =
                  GIM_UPLOAD_RAW("image/*, text/plain", .directory = directory, .memory = 10)),
    GIM_POST("/save", save, .blocking = true,
             .upload = GIM_UPLOAD(.directory = directory, .memory = 10)),
    {0},
};

static struct gim_app *app;

static int open_app(void **state)
{
    char err[1000] = "";

    (void)state;
    gim_log_level(-1);
    assert_non_null(mkdtemp(directory));
    snprintf(saved, sizeof saved, "%s/saved", directory);
    app = gim_app_new(&(const struct gim_app_spec){.routes = routes}, err, sizeof err);
    if (!app)
        print_error("%s\n", err);
    return app ? 0 : -1;
}

static int close_app(void **state)
{
    (void)state;
    gim_app_free(app);
    (void)unlink(saved);
    return rmdir(directory); /* fails when something is left in it */
}

/* ---- calls ----------------------------------------------------------------------------------- */

/* "status body", of a body sent in pieces of `chunk`. */
static const char *call(const char *target, const char *type, gim_str body, size_t chunk)
{
    static char out[4000];
    struct gim_buf b = {0};
    struct gim_test_reply r;

    gim_buf_printf(&b, "%s %s HTTP/1.1\r\nHost: t\r\n", strcmp(target, "/raw") ? "POST" : "PUT",
                   target);
    if (type)
        gim_buf_printf(&b, "Content-Type: %s\r\n", type);
    gim_buf_printf(&b, "Content-Length: %zu\r\n\r\n", body.len);
    gim_buf_str(&b, body);
    r = gim_test_bytes(app, gim_buf_view(&b), chunk);
    snprintf(out, sizeof out, "%d %.*s", r.status, GIM_FMT(r.body));
    gim_test_free(&r);
    gim_buf_free(&b);
    return out;
}

#define URLENCODED "application/x-www-form-urlencoded"
#define MULTIPART "multipart/form-data; boundary=b"
#define FIELD(name, value)                                                                         \
    "--b\r\nContent-Disposition: form-data; name=\"" name "\"\r\n\r\n" value "\r\n"
#define FILE_(name, filename, type, value)                                                         \
    "--b\r\nContent-Disposition: form-data; name=\"" name "\"; filename=\"" filename               \
    "\"\r\nContent-Type: " type "\r\n\r\n" value "\r\n"
#define LAST "--b--\r\n"
#define PHOTO FILE_("photo", "p.png", "image/png", "PNG")
#define BLANK FILE_("photo", "", "application/octet-stream", "")

/* Does it begin with the status and hold each '|'-separated text? */
static void expect(const char *got, const char *want, size_t row)
{
    gim_str rest = gim_str_of(want);

    while (rest.ptr) {
        gim_str one = gim_str_cut(&rest, '~');

        if (!memmem(got, strlen(got), one.ptr, one.len))
            fail_msg("row %zu: \"%s\" lacks \"%.*s\"", row, got, GIM_FMT(one));
    }
}

struct row {
    const char *target, *type, *body, *want; /* '~' between texts that the answer has */
};

static void run(const struct row *rows, size_t n)
{
    static const size_t chunks[] = {0, 1, 7};

    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < 3; k++)
            expect(call(rows[i].target, rows[i].type, gim_str_of(rows[i].body), chunks[k]),
                   rows[i].want, i);
    }
}
#define RUN(rows) run(rows, sizeof(rows) / sizeof(rows)[0])

#define FAULT(param, code) "{\"parameter\":\"" param "\",\"code\":\"" code "\""

static void urlencoded_forms_are_bound(void **state)
{
    static const struct row rows[] = {
        {"/form", URLENCODED, "title=a+b%21&stars=5&tag=x&tag=y", "200 a b! 5 2;-;"},
        {"/form", URLENCODED "; charset=UTF-8", "title=t", "200 t 3 0;-;"},
        {"/form", "APPLICATION/x-www-form-urlencoded", "title=t&id=7&stars=", "200 t 3 0;-;"},
        {"/form", URLENCODED, "title=%C3%A9", "200 \xc3\xa9 3 0;"},
        {"/form", URLENCODED, "title=t&", "200 t"},
        {"/form", URLENCODED, "", "422 ~" FAULT("title", "required")},
        {"/form", NULL, "", "422 ~" FAULT("title", "required")},
        {"/form", URLENCODED, "title=&stars=9&tag=1&tag=2&tag=3&tag=4&x=1",
         "422 ~" FAULT("title", "too_short") "~" FAULT("stars", "too_big") "~" FAULT(
             "tag", "too_many") "~" FAULT("x", "unknown")},
        {"/form", URLENCODED, "title=t&title=u", "422 ~" FAULT("title", "duplicate")},
        {"/form", URLENCODED, "title=%", "400 ~escape"},
        {"/form", URLENCODED, "title=%00", "400 "},
        {"/form", URLENCODED, "title=%ff", "400 "},
        {"/form", "application/json", "{\"title\":\"t\"}", "415 ~send " URLENCODED},
        {"/form", NULL, "title=t", "415 "},
        {"/form", "text/plain", "title=t", "415 "},
        {"/form", MULTIPART, FIELD("title", "t") LAST, "415 "},
        {"/form/0?id=x", URLENCODED, "stars=x",
         "422 ~" FAULT("id", "too_small") "~" FAULT("id", "type") "~" FAULT(
             "title", "required") "~" FAULT("stars", "type")},
    };

    (void)state;
    RUN(rows);
}

static void a_route_takes_json_or_a_form_into_one_struct(void **state)
{
    static const struct row rows[] = {
        {"/either", URLENCODED, "title=f", "200 f 3 0;f 3 0;"},
        {"/either", "application/json", "{\"title\":\"j\"}", "200 j 3 0;j 3 0;"},
        {"/either", "application/vnd.x+json", "{\"title\":\"j\"}", "200 j"},
        {"/either", NULL, "{\"title\":\"j\"}", "200 j"},
        {"/either", "text/html", "{\"title\":\"j\"}",
         "415 ~send application/json, application/x-www-form-urlencoded"},
        {"/either", URLENCODED, "stars=9", "422 ~" FAULT("stars", "too_big")},
        {"/either", "application/json", "{\"stars\":9}", "422 ~{\"pointer\":\"/stars\""},
        {"/either", NULL, "", "400 "},
    };

    (void)state;
    RUN(rows);
}

static void a_form_has_at_most_1000_fields(void **state)
{
    char body[2002];

    (void)state;
    for (size_t i = 0; i < sizeof body; i += 2)
        memcpy(body + i, "t&", 2);
    expect(call("/form", URLENCODED, (gim_str){body, 2000}, 0), "422 ", 0);
    expect(call("/form", URLENCODED, (gim_str){body, 2002}, 0), "413 ~1000 fields", 1);
}

static void fields_and_files_arrive(void **state)
{
    static const struct row rows[] = {
        {"/entry", MULTIPART,
         FIELD("title", "t") PHOTO FIELD("tag", "x") FIELD("stars", "") FIELD("tag", "y") LAST,
         "200 t 3 2;photo|p.png|image/png|3|79369|memory;"},
        {"/entry", MULTIPART, PHOTO FILE_("extra", "../e", "a/b", "") FIELD("title", "t") LAST,
         "200 t 3 0;photo|p.png~extra|e|a/b|0|0|memory;"},
        {"/any", MULTIPART, FILE_("x", "C:\\d\\y.txt", "text/plain;charset=x", "1") LAST,
         "200 -;x|y.txt|text/plain;charset=x|1|49|memory;"},
        {"/any", MULTIPART, FIELD("x", "y") LAST, "200 -;"},
        {"/any", MULTIPART, LAST, "200 -;"},
        {"/any", MULTIPART, FILE_("x", "", "a/b", "") LAST, "200 -;"}, /* left blank */
        {"/any", MULTIPART, FILE_("x", "", "a/b", "1") LAST, "200 -;x||a/b|1|49|memory;"},
        {"/kept", MULTIPART, FILE_("x", "f", "a/b", "1") LAST, "200 -;x|f|a/b|1|49|disk;"},
        {"/plain", MULTIPART, FILE_("x", "f", "a/b", "1") LAST, "200 -;x|f|a/b|1|49|memory;"},
        {"/entry", URLENCODED, "title=t", "422 ~" FAULT("photo", "required")},
        {"/raw", "image/png", "0123456789", "200 -;|file|image/png|10|~|memory;"},
        {"/raw", "image/png", "0123456789+", "200 -;|file|image/png|11|~|disk;"},
        {"/raw", "TEXT/plain; charset=utf-8", "x", "200 -;|file|TEXT/plain; charset=utf-8|1|"},
        {"/raw", "text/html", "x", "415 ~send image/*, text/plain"},
        {"/raw", NULL, "x", "415 "},
        {"/raw", NULL, "", "200 -;"},
    };

    (void)state;
    RUN(rows);
}

static void every_fault_is_told_at_once(void **state)
{
    static const struct row rows[] = {
        {"/entry", MULTIPART,
         FIELD("stars", "9") FILE_("photo", "p", "text/plain", "x") FILE_("extra", "1", "a/b", "1")
             FILE_("extra", "2", "a/b", "2") FILE_("extra", "3", "a/b", "3")
                 FILE_("other", "4", "a/b", "4") LAST,
         "422 ~" FAULT("title", "required") "~" FAULT("stars", "too_big") "~" FAULT(
             "photo", "type") "~image/png, image/jpeg~" FAULT("extra",
                                                              "too_many") "~at most 2 files"
                                                                          "~" FAULT("other",
                                                                                    "unknown")},
        {"/entry", MULTIPART, FIELD("title", "t") BLANK LAST, "422 ~" FAULT("photo", "required")},
        {"/entry", MULTIPART, FIELD("title", "\xff") PHOTO LAST, "422 ~" FAULT("title", "type")},
        {"/entry", MULTIPART, FIELD("title", "t") FIELD("photo", "no file") LAST,
         "422 ~" FAULT("photo", "required")},
        {"/entry", MULTIPART, FIELD("title", "t") PHOTO PHOTO LAST,
         "422 ~" FAULT("photo", "too_many")},
    };

    (void)state;
    RUN(rows);
}

static void files_that_nobody_asked_for_are_not_kept(void **state)
{
    static const struct row rows[] = {
        {"/loose", MULTIPART, FILE_("other", "f", "a/b", "1") LAST, "200 -;"},
        {"/loose", MULTIPART, FILE_("extra", "f", "a/b", "1") LAST, "503 "},
    };
    const char *got = call("/loose", MULTIPART, gim_str_of(rows[0].body), 0);

    (void)state;
    assert_string_equal(got, "200 -;");
    RUN(rows);
}

static void what_is_no_form_is_refused(void **state)
{
    static const struct row rows[] = {
        {"/any", "multipart/form-data", LAST, "400 ~boundary"},
        {"/any", "multipart/form-data; boundary=\"\"", LAST, "400 ~boundary"},
        {"/any", "multipart/mixed; boundary=b", LAST, "415 ~send multipart/form-data"},
        {"/any", URLENCODED, "a=b", "415 "},
        {"/any", MULTIPART, "", "200 -;"}, /* no body at all */
        {"/any", MULTIPART, "x", "400 ~ends before"},
        {"/any", MULTIPART, FIELD("x", "y"), "400 ~ends before"},
        {"/any", MULTIPART, FILE_("x", "y", "a/b", "cut"), "400 ~ends before"},
        {"/any", MULTIPART, "--b\r\n\r\nx\r\n" LAST, "400 ~no Content-Disposition"},
        {"/any", MULTIPART, "--b\nContent-Disposition: form-data; name=a\n\n", "400 "},
    };

    (void)state;
    RUN(rows);
}

/* A form of one file with `n` bytes. */
static struct gim_buf large(size_t n)
{
    struct gim_buf b = {0};

    gim_buf_lit(&b, "--b\r\nContent-Disposition: form-data; name=a; filename=f\r\n\r\n");
    for (size_t i = 0; i < n; i++)
        gim_buf_char(&b, (char)(i * 7 + (i >> 8)));
    gim_buf_lit(&b, "\r\n" LAST);
    return b;
}

static void each_limit_holds_to_the_byte(void **state)
{
    static const struct {
        const char *target;
        size_t bytes;
        const char *want;
    } rows[] = {
        {"/any", 100, "200 ~|100|~|memory;"},
        {"/any", 101, "200 ~|101|~|disk;"},
        {"/any", 5000, "200 ~|5000|~|disk;"},
        {"/any", 5001, "413 ~larger than 5000 bytes"},
        {"/any", 10001, "413 ~larger than this resource takes"},
        {"/plain", 65536, "200 ~|memory;"},
        {"/plain", 65537, "200 ~|disk;"},
    };
    static const struct row more[] = {
        {"/entry", MULTIPART, FIELD("title", "0123456789") FIELD("x", "") PHOTO LAST, "422 "},
        {"/entry", MULTIPART,
         FIELD("title", "0123456789") FIELD("x", "0123456789012345678901234567890123456789") LAST,
         "422 "},
        {"/entry", MULTIPART,
         FIELD("title", "0123456789") FIELD("x", "01234567890123456789012345678901234567890") LAST,
         "413 ~fields of the form are larger than 50 bytes"},
        {"/entry", MULTIPART,
         FIELD("a", "") FIELD("a", "") FIELD("a", "") FIELD("a", "") FIELD("a", "") FIELD("a", "")
             FIELD("a", "") FIELD("a", "") FIELD("a", "") LAST,
         "413 ~too many parts"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gim_buf b = large(rows[i].bytes);

        expect(call(rows[i].target, MULTIPART, gim_buf_view(&b), 0), rows[i].want, i);
        expect(call(rows[i].target, MULTIPART, gim_buf_view(&b), 33), rows[i].want, i);
        gim_buf_free(&b);
    }
    RUN(more);
}

static void memory_is_the_requests_not_a_files(void **state)
{
    struct gim_buf b = {0}, file = large(60);
    const char *got;

    (void)state;
    for (int i = 0; i < 3; i++)
        gim_buf_add(&b, file.ptr, file.len - (sizeof LAST - 1));
    gim_buf_lit(&b, LAST);
    got = call("/any", MULTIPART, gim_buf_view(&b), 0);
    expect(got, "200 ~|memory;a|f|text/plain|60|", 0);
    expect(got, "|disk;a|f|text/plain|60|", 1); /* the second would pass the 100 bytes */
    gim_buf_free(&file);
    gim_buf_free(&b);
}

static void nothing_is_left_behind(void **state)
{
    struct gim_buf b = large(4000);
    int fds = names_in("/proc/self/fd");

    (void)state;
    (void)call("/any", MULTIPART, gim_buf_view(&b), 0);
    (void)call("/any", MULTIPART, gim_buf_view(&b), 100);
    (void)call("/any", MULTIPART, (gim_str){b.ptr, 2000}, 100);
    /* the client goes in the middle: more was announced than comes */
    for (size_t n = 1; n < b.len; n += 97) {
        struct gim_buf half = {0};
        struct gim_test_reply r;

        gim_buf_printf(&half,
                       "POST /any HTTP/1.1\r\nHost: t\r\nContent-Type: " MULTIPART
                       "\r\nContent-Length: %zu\r\n\r\n",
                       b.len);
        gim_buf_add(&half, b.ptr, n);
        r = gim_test_bytes(app, gim_buf_view(&half), 500);
        assert_int_equal(r.status, 0);
        gim_test_free(&r);
        gim_buf_free(&half);
    }
    gim_buf_free(&b);
    assert_int_equal(names_in("/proc/self/fd"), fds);
    assert_int_equal(names_in(directory), 0);
}

static void a_file_is_saved_whole_and_replaces_only_when_asked(void **state)
{
    static const size_t sizes[] = {5, 50000}; /* in memory, on disk */

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct gim_buf b = large(sizes[i]), other = large(7);
        char bytes[50000];
        struct stat st;
        FILE *f;

        expect(call("/save", MULTIPART, gim_buf_view(&b), 0), "200 0", i);
        expect(call("/save", MULTIPART, gim_buf_view(&other), 0), "200 17", i); /* EEXIST */
        f = fopen(saved, "rb");
        assert_non_null(f);
        assert_int_equal(fread(bytes, 1, sizeof bytes, f), sizes[i]);
        assert_int_equal(fgetc(f), EOF);
        fclose(f);
        assert_memory_equal(bytes, b.ptr + b.len - (sizes[i] + 2 + sizeof LAST - 1), sizes[i]);
        assert_int_equal(stat(saved, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0644);
        expect(call("/save?replace", MULTIPART, gim_buf_view(&other), 0), "200 0", i);
        assert_int_equal(stat(saved, &st), 0);
        assert_int_equal(st.st_size, 7);
        assert_int_equal(unlink(saved), 0);
        assert_int_equal(names_in(directory), 0);
        gim_buf_free(&b);
        gim_buf_free(&other);
    }
}

/* A part whose bytes lie in a file of `from`, or in memory. */
static struct gim_file_part part_of(const char *from, bool linkable)
{
    struct gim_file_part p = {.fd = -1, .bytes = GIM_S("12345"), .size = 5};
    char path[64];

    if (!from)
        return p;
    snprintf(path, sizeof path, "%s/gimlet-XXXXXX", from);
    p.fd = linkable ? open(from, O_TMPFILE | O_RDWR, 0600) : mkstemp(path);
    if (!linkable)
        assert_int_equal(unlink(path), 0);
    assert_int_equal(write(p.fd, "12345", 5), 5);
    p.bytes = (gim_str){0};
    return p;
}

/* Saves, and looks at what is there then: "errno contents". */
static const char *saved_as(int save_fn(const struct gim_file_part *, const char *, unsigned),
                            const struct gim_file_part *p, unsigned flags)
{
    static char out[100];
    int err = save_fn(p, saved, flags);
    FILE *f = fopen(saved, "rb");
    size_t n = (size_t)snprintf(out, 20, "%d ", err);

    assert_non_null(f);
    n += fread(out + n, 1, sizeof out - 1 - n, f);
    out[n] = '\0';
    fclose(f);
    assert_int_equal(names_in(directory), 1); /* and nothing else */
    return out;
}

static void a_file_is_saved_wherever_it_lies(void **state)
{
    const char *from[] = {NULL, "/dev/shm", directory, directory};
    static int (*const ways[])(const struct gim_file_part *, const char *,
                               unsigned) = {gim_upload_save, gim_upload_save_beside};

    (void)state;
    for (size_t i = 0; i < 8; i++) {
        struct gim_file_part p = part_of(from[i % 4], i % 4 != 3);

        assert_string_equal(saved_as(ways[i / 4], &p, 0), "0 12345");
        if (i != 2) /* there it is the file itself, under one more name */
            assert_int_equal(truncate(saved, 3), 0);
        assert_string_equal(saved_as(ways[i / 4], &p, GIM_SAVE_SYNC),
                            i == 2 ? "17 12345" : "17 123");
        assert_int_equal(unlink(saved), 0);
        assert_string_equal(saved_as(ways[i / 4], &p, GIM_SAVE_REPLACE), "0 12345");
        assert_int_equal(unlink(saved), 0);
        close(p.fd);
        p.fd = -1; /* lost: no name for what cannot be read */
        p.bytes = GIM_S("123");
        assert_int_equal(ways[i / 4](&p, saved, 0), EIO);
        assert_int_equal(ways[i / 4](&p, "/nonexistent/x", 0), ENOENT);
        assert_int_equal(names_in(directory), 0);
    }
}

static void a_place_that_is_not_there_is_503_and_a_full_one_507(void **state)
{
    struct gim_buf b = large(5000);
    struct rlimit was, tight = {4096, RLIM_INFINITY};

    (void)state;
    expect(call("/nowhere", MULTIPART, gim_buf_view(&b), 0), "503 ~could not be stored", 0);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
    tight.rlim_max = was.rlim_max;
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
    expect(call("/any", MULTIPART, gim_buf_view(&b), 0), "507 ~no room", 1);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
    gim_buf_free(&b);
    assert_int_equal(names_in(directory), 0);
}

static const struct gim_file_field negative[] = {{.name = "a", .max_size = -5}, {0}};
static const struct gim_file_field twice[] = {{.name = "a"}, {.name = "b"}, {.name = "a"}, {0}};
static const struct {
    struct gim_route route;
    const char *says;
} wrong[] = {
    {GIM_POST("/u", show_files, .upload = GIM_UPLOAD(.max_total = -1)), ".max_total, .max_file"},
    {GIM_POST("/u", show_files, .upload = GIM_UPLOAD(.max_fields = -1)), "are bytes, or 0"},
    {GIM_POST("/u", show_files, .upload = GIM_UPLOAD(.memory = -2)), ".memory is bytes"},
    {GIM_POST("/u", show_files, .upload = GIM_UPLOAD(.files = negative)), ".max_size is bytes"},
    {GIM_POST("/u", show_files, .upload = GIM_UPLOAD(.files = twice)), "have one name"},
    {GIM_POST("/u", show_files, .upload = GIM_UPLOAD_RAW("a/b", .files = optional)), "no .files"},
};

static void what_cannot_be_right_stops_the_start(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct gim_route one[] = {wrong[i].route, {0}};
        char why[512] = "";

        assert_null(gim_app_new(&(struct gim_app_spec){.routes = one}, why, sizeof why));
        if (!strstr(why, wrong[i].says) || !strstr(why, "test_upload.c:"))
            fail_msg("row %zu: %s", i, why);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_cannot_be_right_stops_the_start),
        cmocka_unit_test(urlencoded_forms_are_bound),
        cmocka_unit_test(a_route_takes_json_or_a_form_into_one_struct),
        cmocka_unit_test(a_form_has_at_most_1000_fields),
        cmocka_unit_test(fields_and_files_arrive),
        cmocka_unit_test(every_fault_is_told_at_once),
        cmocka_unit_test(files_that_nobody_asked_for_are_not_kept),
        cmocka_unit_test(what_is_no_form_is_refused),
        cmocka_unit_test(each_limit_holds_to_the_byte),
        cmocka_unit_test(memory_is_the_requests_not_a_files),
        cmocka_unit_test(nothing_is_left_behind),
        cmocka_unit_test(a_file_is_saved_whole_and_replaces_only_when_asked),
        cmocka_unit_test(a_file_is_saved_wherever_it_lies),
        cmocka_unit_test(a_place_that_is_not_there_is_503_and_a_full_one_507),
    };

    return cmocka_run_group_tests(tests, open_app, close_app);
}
