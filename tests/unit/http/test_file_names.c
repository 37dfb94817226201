/* test_file_names.c: what a file's name says of its media type, and how a name is put in a field. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include "../../../gimlet/http/disposition.h"
#include "../../../gimlet/http/extension.h"
#include "../../../gimlet/http/message.h"
#include "guard.h"

#define OTHER "application/octet-stream"

static void the_extension_gives_the_media_type(void **state)
{
    static const struct {
        const char *path, *want;
    } rows[] = {
        {"index.html", "text/html; charset=utf-8"},
        {"a/b.c/INDEX.HtMl", "text/html; charset=utf-8"},
        {"app.js", "text/javascript; charset=utf-8"},
        {"app.js.map", "application/json"},
        {"x.css", "text/css; charset=utf-8"},
        {"x.svg", "image/svg+xml"},
        {"x.woff2", "font/woff2"},
        {"x.woff", "font/woff"},
        {"x.webmanifest", "application/manifest+json"},
        {"x.7z", "application/x-7z-compressed"},
        {"x.zst", "application/zstd"},
        {"x.tar.gz", "application/gzip"},
        {"x.wof", OTHER},
        {"x.webmanifests", OTHER},
        {"x.", OTHER},
        {"x", OTHER},
        {"", OTHER},
        {".html", OTHER}, /* a hidden file, no extension */
        {"a/.html", OTHER},
        {"a.html/x", OTHER},
        {"..html", "text/html; charset=utf-8"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t len = strlen(rows[i].path);
        char *copy = guard_copy(rows[i].path, len);
        gim_str got = gim_media_type_of((gim_str){copy, len});

        if (!gim_str_eq(got, gim_str_of(rows[i].want)))
            fail_msg("\"%s\": %.*s, want %s", rows[i].path, GIM_FMT(got), rows[i].want);
        guard_free(copy, len);
    }
    assert_true(gim_str_eq(gim_media_type_of((gim_str){"x.c\0", 4}), GIM_S(OTHER)));
}

/* Sorted, else the search would miss rows: each is found by its own name. */
static void every_row_of_the_table_is_found(void **state)
{
    static const char *const some[] = {
        "7z",   "br",   "c",      "csv", "gz",   "h",   "htm",  "jpg", "js",  "json", "md",
        "mp3",  "mp4",  "ndjson", "ogg", "pdf",  "png", "svg",  "tar", "ts",  "txt",  "wasm",
        "weba", "webm", "webp",   "xls", "xlsx", "xml", "yaml", "yml", "zip", "zst"};

    (void)state;
    for (size_t i = 0; i < sizeof some / sizeof some[0]; i++) {
        char name[32];
        int n = snprintf(name, sizeof name, "f.%s", some[i]);
        bool known = strcmp(some[i], "br") == 0 ||
                     !gim_str_eq(gim_media_type_of((gim_str){name, (size_t)n}), GIM_S(OTHER));

        if (!known)
            fail_msg("%s is not found", some[i]);
    }
}

static void names_of_downloads_are_written_for_old_and_new_clients(void **state)
{
    static const struct {
        const char *name, *want;
    } rows[] = {
        {"report.pdf", "attachment; filename=\"report.pdf\""},
        {"a b (1).pdf", "attachment; filename=\"a b (1).pdf\""},
        {"dir/sub\\report.pdf", "attachment; filename=\"report.pdf\""},
        {"../../etc/passwd", "attachment; filename=\"passwd\""},
        {"a\"b.txt", "attachment; filename=\"a_b.txt\"; filename*=UTF-8''a%22b.txt"},
        {"100%.txt", "attachment; filename=\"100_.txt\"; filename*=UTF-8''100%25.txt"},
        {"ma\xc3\x9f.txt", "attachment; filename=\"ma_.txt\"; filename*=UTF-8''ma%C3%9F.txt"},
        {"\xe2\x82\xac rates",
         "attachment; filename=\"_ rates\"; filename*=UTF-8''%E2%82%AC%20rates"},
        {"\xf0\x9f\x98\x80.png",
         "attachment; filename=\"_.png\"; filename*=UTF-8''%F0%9F%98%80.png"},
        {"it's*.txt\xc3\xa9",
         "attachment; filename=\"it's*.txt_\"; filename*=UTF-8''it%27s%2A.txt%C3%A9"},
        {"a\r\nSet-Cookie: x", "attachment; filename=\"aSet-Cookie: x\""},
        {"a\x7f\tb", "attachment; filename=\"ab\""},
        {"bad\xff.txt", "attachment; filename=\"bad_.txt\"; filename*=UTF-8''bad_.txt"},
        {"cut\xc3", "attachment; filename=\"cut_\"; filename*=UTF-8''cut_"},
        {"", "attachment"},
        {"..", "attachment"},
        {"dir/", "attachment"},
        {" . ", "attachment"},
        {"\r\n", "attachment"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t len = strlen(rows[i].name);
        char *copy = guard_copy(rows[i].name, len);
        struct gim_buf b = {0};

        gim_disposition_write(&b, (gim_str){copy, len});
        if (!gim_str_eq(gim_buf_view(&b), gim_str_of(rows[i].want)))
            fail_msg("%.*s\nwant %s", GIM_FMT(gim_buf_view(&b)), rows[i].want);
        assert_true(gim_field_ok(GIM_S("Content-Disposition"), gim_buf_view(&b)));
        gim_buf_free(&b);
        guard_free(copy, len);
    }
}

static void long_names_are_cut_at_a_character(void **state)
{
    struct gim_buf b = {0};
    char name[600];

    (void)state;
    for (size_t i = 0; i < sizeof name; i += 2)
        memcpy(name + i, "\xc3\xa9", 2);
    gim_disposition_write(&b, (gim_str){name, sizeof name});
    /* 127 characters fit into 255 bytes */
    assert_int_equal(b.len, strlen("attachment; filename=\"\"; filename*=UTF-8''") + 127 * 7);
    gim_buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_extension_gives_the_media_type),
        cmocka_unit_test(every_row_of_the_table_is_found),
        cmocka_unit_test(names_of_downloads_are_written_for_old_and_new_clients),
        cmocka_unit_test(long_names_are_cut_at_a_character),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
