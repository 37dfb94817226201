/* test_token.c: the file of tokens line by line, who is let in, and going over to another file. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include "calls.h"
#include "gimlet/kit/token_file.h"
#include "gimlet/rest/reload.h"
#include "guard.h"
#include <sys/stat.h>
#include <unistd.h>

static const char *const scopes[] = {"read", "write", NULL};

/* sha256 of "one", "two" and "three" */
#define ONE "sha256:7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed"
#define TWO "sha256:3fc4ccfe745870e2c0d99f71f30ff0656c8dedd41cc1d7d3d376b0dbe685e2f3"
#define THREE "sha256:8b5b9db0c13db24256c829aa364aa90c6d2eba318b9232a4ab9313b954d3555f"

/* ---- the file ---------------------------------------------------------------------------------- */

static const struct {
    const char *text;
    size_t n;
    const char *why; /* the whole of it; NULL: taken */
} rows[] = {
    {"", 0, NULL},
    {"\n\n# nothing yet\n   \n", 0, NULL},
    {"a read " ONE, 1, NULL},
    {"a read " ONE "\n", 1, NULL},
    {"\ta\tread,write   " ONE "  # whose\r\n", 1, NULL},
    {"a read,read " ONE, 1, NULL},
    {"A.z_9@x-y read " ONE " 2027-06-30", 1, NULL},
    {"a read " ONE " 2027-06-30T12:00:00+02:00", 1, NULL},
    {"a read " ONE "\na write " TWO "\nb read " THREE, 3, NULL},
    {"a read sha256:7692C3AD3540BB803C020B3AEE66CD8887123234EA0C6E7143C0ADD73FF431ED", 1, NULL},
    {"a", 0, "f:1: expected scopes second, joined by commas, each one of read, write"},
    {"\na/b read " ONE, 0, "f:2: expected a name first, 1 to 64 of A-Z a-z 0-9 . _ @ -"},
    {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa read " ONE, 0,
     "f:1: expected a name first, 1 to 64 of A-Z a-z 0-9 . _ @ -"},
    {"a\x1b read " ONE, 0, "f:1: expected a name first, 1 to 64 of A-Z a-z 0-9 . _ @ -"},
    {"a Read " ONE, 0, "f:1: expected scopes second, joined by commas, each one of read, write"},
    {"a read, " ONE, 0, "f:1: expected scopes second, joined by commas, each one of read, write"},
    {"a read,,write " ONE, 0,
     "f:1: expected scopes second, joined by commas, each one of read, write"},
#define DIGEST                                                                                     \
    "f:1: expected sha256: and 64 hexadecimal digits third: the token's SHA-256, not the token"
    {"a read", 0, DIGEST},
    {"a read secret", 0, DIGEST},
    {"a read sha256:", 0, DIGEST},
    {"a read " ONE "0", 0, DIGEST},
    {"a read sha256:7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431eg", 0, DIGEST},
    {"a read 7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed", 0, DIGEST},
#define UNTIL                                                                                      \
    "f:1: expected its last day fourth, 2027-06-30, or a time such as 2027-06-30T12:00:00Z, or "   \
    "nothing"
    {"a read " ONE " 2027-02-29", 0, UNTIL},
    {"a read " ONE " tomorrow", 0, UNTIL},
    {"a read " ONE " 2027-06-30 x", 0,
     "f:1: expected nothing more: name, scopes, digest, last day"},
    {"a read " ONE "\nb write " TWO "\nc read " ONE "\n", 0,
     "f:3: expected another token than that of line 1"},
    {"a\nb read\n", 0,
     "f:1: expected scopes second, joined by commas, each one of read, write\n"
     "f:2: expected sha256: and 64 hexadecimal digits third: the token's SHA-256, not the token"},
};

static void every_line_is_taken_or_told_with_its_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t len = strlen(rows[i].text);
        char *copy = guard_copy(rows[i].text, len);
        struct gim_buf why = {0};
        struct gim_token_set *set = gim_token_set_of((gim_str){copy, len}, "f", scopes, &why);
        gim_str said = gim_buf_view(&why);

        if ((set != NULL) != (rows[i].why == NULL) ||
            !gim_str_eq(said, rows[i].why ? gim_str_of(rows[i].why) : GIM_S("")))
            fail_msg("'%s': %.*s", rows[i].text, GIM_FMT(said));
        if (set)
            assert_int_equal(set->n, rows[i].n);
        gim_heap_free(set);
        gim_buf_free(&why);
        guard_free(copy, len);
    }
}

/* Whatever is wrong with a line, nothing of it is repeated: it may hold the token itself. */
static void nothing_of_a_wrong_line_is_repeated(void **state)
{
    static const char secret[] = "posts_2Rcla7JzqUHmD6oj7EP8uGiY60QSr65vZN9OyvrIaEs";
    static const char *const lines[] = {"%s",        "%s read " ONE,       "a %s " ONE,
                                        "a read %s", "a read sha256:%s",   "a read " ONE " %s",
                                        "a/ %s %s",  "a read " ONE " x %s"};

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        char line[512];
        struct gim_buf why = {0};
        size_t at = 0;

        for (const char *p = lines[i]; *p; p++) {
            if (p[0] == '%')
                at += (size_t)snprintf(line + at, sizeof line - at, "%s", secret), p++;
            else
                line[at++] = *p;
        }
        gim_heap_free(gim_token_set_of((gim_str){line, at}, "f", scopes, &why));
        if (i == 1) /* a token is a good name, and a name is public: it cannot be told */
            assert_int_equal(why.len, 0);
        else if (!why.len || memmem(why.ptr, why.len, secret + 10, 20))
            fail_msg("%s: %.*s", lines[i], (int)why.len, why.ptr);
        gim_buf_free(&why);
    }
}

static void many_faults_are_counted(void **state)
{
    struct gim_buf text = {0}, why = {0};
    unsigned lines = 0;

    (void)state;
    for (int i = 0; i < 30; i++)
        gim_buf_lit(&text, "x\n");
    assert_null(gim_token_set_of(gim_buf_view(&text), "f", scopes, &why));
    for (size_t i = 0; i < why.len; i++)
        lines += why.ptr[i] == '\n';
    assert_int_equal(lines, 20);
    assert_non_null(bytes_find(gim_buf_view(&why), "\nand 10 more").ptr);
    gim_buf_free(&text);
    gim_buf_free(&why);
}

static void every_digest_is_found_and_no_other(void **state)
{
    enum {
        N = 1000
    };
    struct gim_buf text = {0}, why = {0};
    unsigned char digest[GIM_SHA256_LEN];
    struct gim_token_set *set;

    (void)state;
    for (int i = 0; i < N; i++) {
        assert_int_equal(gim_sha256(&i, sizeof i, digest), 0);
        gim_buf_printf(&text, "n%d read sha256:", i);
        for (size_t k = 0; k < sizeof digest; k++)
            gim_buf_printf(&text, "%02x", digest[k]);
        gim_buf_lit(&text, "\n");
    }
    set = gim_token_set_of(gim_buf_view(&text), "f", scopes, &why);
    assert_non_null(set);
    for (int i = 0; i < 2 * N; i++) {
        const struct gim_token_entry *e;
        char name[16];

        assert_int_equal(gim_sha256(&i, sizeof i, digest), 0);
        e = gim_token_set_find(set, digest);
        assert_int_equal(e != NULL, i < N);
        if (!e)
            continue;
        snprintf(name, sizeof name, "n%d", i);
        assert_memory_equal(e->name, name, e->name_len);
        digest[i % 32] ^= 1;
        assert_null(gim_token_set_find(set, digest));
    }
    gim_heap_free(set);
    gim_buf_free(&text);
}

/* ---- the guard --------------------------------------------------------------------------------- */

static struct gim_tokens *tokens;

static int may_read(struct gim_ctx *c, gim_str token, void *value)
{
    return gim_tokens_check(c, tokens, 1, token, value);
}
static int may_write(struct gim_ctx *c, gim_str token, void *value)
{
    return gim_tokens_check(c, tokens, 2, token, value);
}
static const struct gim_middleware reader =
    GIM_BEARER(may_read, struct gim_token_holder, .scope = "read");
static const struct gim_middleware writer =
    GIM_BEARER(may_write, struct gim_token_holder, .scope = "write");
static const struct gim_middleware *const readers[] = {&reader, NULL};
static const struct gim_middleware *const writers[] = {&writer, NULL};

static int show(struct gim_ctx *c)
{
    const struct gim_token_holder *h = GIM_GUARD_VALUE(c, &reader, struct gim_token_holder);

    if (!h)
        h = GIM_GUARD_VALUE(c, &writer, struct gim_token_holder);
    assert_true(gim_str_eq(h->name, gim_principal(c)));
    return gim_text(c, 200,
                    gim_printf(gim_arena(c), "%.*s %u", GIM_FMT(h->name), (unsigned)h->scopes));
}

static int show_nobody(struct gim_ctx *c)
{
    assert_null(gim_principal(c).ptr);
    return gim_text(c, 200, GIM_S("nobody"));
}

static const struct gim_route routes[] = {
    GIM_GET("/", show, .middleware = readers),
    GIM_PUT("/", show, .middleware = writers, .body_raw = true),
    GIM_GET("/open", show_nobody),
    {0},
};

static char path[] = "/tmp/gimlet-tokens-XXXXXX";

static void write_file(const char *text, mode_t mode)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    assert_int_equal(chmod(path, mode), 0);
}

static struct gim_app *open_app(const char *text)
{
    struct gim_app *app = app_of(&(struct gim_app_spec){.routes = routes});
    char err[512];

    write_file(text, 0600);
    tokens = gim_tokens_open(app, path, scopes, err, sizeof err);
    if (!tokens)
        fail_msg("%s", err);
    return app;
}

static void close_app(struct gim_app *app)
{
    gim_tokens_close(tokens);
    gim_app_free(app);
}

static void assert_call(struct gim_app *app, const char *method, const char *token, int status,
                        const char *part)
{
    char headers[128];
    struct gim_test_reply r;

    snprintf(headers, sizeof headers, "Authorization: Bearer %s\r\n", token);
    r = gim_test_call(app, method, "/", *token ? headers : NULL, NULL);
    if (r.status != status || !bytes_find(r.raw, part).ptr)
        fail_msg("%s %s: %.*s", method, token, GIM_FMT(r.raw));
    gim_test_free(&r);
}

static void a_token_opens_what_its_scopes_are_for(void **state)
{
    struct gim_app *app = open_app("a read " ONE "\nb write,read " TWO " 2026-01-31\n"
                                   "c write " THREE " 2099-01-01T00:00:00Z\n");

    (void)state;
    assert_int_equal(gim_tokens_count(tokens), 3);
    assert_call(app, "GET", "one", 200, "a 1");
    assert_call(app, "HEAD", "one", 200, "Content-Length: 3");
    assert_call(app, "PUT", "one", 403, "error=\"insufficient_scope\", scope=\"write\"");
    assert_call(app, "PUT", "three", 200, "c 2");
    assert_call(app, "GET", "three", 403, "error=\"insufficient_scope\", scope=\"read\"");
    assert_call(app, "GET", "two", 401, "error=\"invalid_token\""); /* has expired */
    assert_call(app, "GET", "four", 401, "error=\"invalid_token\"");
    assert_call(app, "GET", &ONE[7], 401, "error=\"invalid_token\""); /* the digest is no token */
    assert_call(app, "GET", "", 401, "WWW-Authenticate: Bearer\r\n");
    assert_head(app, "GET", "/open", "Authorization: Bearer one\r\n", 200, NULL);
    close_app(app);
}

/* A day is over when it is over, UTC; a moment is a moment. */
static void a_last_day_is_good_to_its_end(void **state)
{
    struct gim_buf why = {0};
    gim_str text = GIM_S("a read " ONE " 2026-11-30\nb read " TWO " 2026-11-30T12:00:00+02:00");
    struct gim_token_set *set = gim_token_set_of(text, "f", scopes, &why);
    gim_time day, moment;

    (void)state;
    assert_int_equal(gim_time_read(GIM_S("2026-12-01T00:00:00Z"), &day), 0);
    assert_int_equal(gim_time_read(GIM_S("2026-11-30T10:00:00Z"), &moment), 0);
    for (size_t i = 0; i < 2; i++) {
        bool first = set->entries[i].name[0] == 'a';

        assert_int_equal(set->entries[i].until_us, first ? day.us : moment.us);
    }
    gim_heap_free(set);
}

static void a_reload_takes_the_new_file_or_keeps_the_old(void **state)
{
    struct gim_app *app = open_app("a read " ONE "\n");

    (void)state;
    write_file("a read " ONE "\na read " TWO "\n", 0600);
    assert_call(app, "GET", "two", 401, "invalid_token");
    assert_int_equal(gim_app_reload(app), 0);
    assert_call(app, "GET", "one", 200, "a 1"); /* runs what was posted, too */
    assert_call(app, "GET", "two", 200, "a 1");
    write_file("a read " TWO "\noops\n", 0600);
    assert_int_equal(gim_app_reload(app), 1);
    assert_call(app, "GET", "one", 200, "a 1");
    write_file("a read " TWO "\n", 0620);
    assert_int_equal(gim_app_reload(app), 1);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(gim_app_reload(app), 1);
    assert_call(app, "GET", "one", 200, "a 1");
    write_file("a read " TWO "\n", 0600);
    assert_int_equal(gim_app_reload(app), 0);
    assert_int_equal(gim_app_reload(app), 0); /* twice, before the worker went over */
    assert_call(app, "GET", "two", 200, "a 1");
    assert_call(app, "GET", "one", 401, "invalid_token");
    close_app(app);
}

static void a_file_that_others_may_write_is_refused(void **state)
{
    static const struct {
        mode_t mode;
        const char *why; /* NULL: taken */
        bool remark;
    } modes[] = {
        {0600, NULL, false}, {0400, NULL, false},   {0640, NULL, false},
        {0644, NULL, true},  {0660, "go-w", false}, {0602, "go-w", false},
    };
    struct gim_buf why = {0};
    struct gim_token_set *set;

    (void)state;
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        write_file("a read " ONE "\n", modes[i].mode);
        set = gim_token_set_read(path, scopes, &why);
        assert_int_equal(set != NULL, modes[i].why == NULL);
        if (set)
            assert_int_equal(set->remark != NULL, modes[i].remark);
        else
            assert_non_null(bytes_find(gim_buf_view(&why), modes[i].why).ptr);
        gim_heap_free(set);
        gim_buf_free(&why);
    }
    assert_null(gim_token_set_read("/", scopes, &why));
    assert_non_null(bytes_find(gim_buf_view(&why), "/: expected a file").ptr);
    assert_null(gim_token_set_read("/dev/null/x", scopes, &why));
    assert_non_null(bytes_find(gim_buf_view(&why), "Not a directory").ptr);
    gim_buf_free(&why);
    assert_int_equal(truncate(path, (1 << 20) + 1), 0);
    assert_int_equal(chmod(path, 0600), 0);
    assert_null(gim_token_set_read(path, scopes, &why));
    assert_non_null(bytes_find(gim_buf_view(&why), "1 MiB").ptr);
    gim_buf_free(&why);
}

/* ---- making ------------------------------------------------------------------------------------ */

static void a_made_token_opens_by_its_line(void **state)
{
    char token[2][GIM_TOKEN_TEXT_MAX], line[2][GIM_TOKEN_LINE_MAX], text[1100], err[512];
    struct gim_app *app;

    (void)state;
    for (int i = 0; i < 2; i++)
        assert_int_equal(gim_token_make("shop_", "ann", i ? "read" : "read,write",
                                        i ? "2099-12-31" : NULL, scopes, token[i], line[i], err,
                                        sizeof err),
                         0);
    assert_int_equal(strlen(token[0]), 5 + 43);
    assert_string_not_equal(token[0], token[1]);
    assert_null(strstr(line[0], token[0]));
    snprintf(text, sizeof text, "%s\n%s\n", line[0], line[1]);
    app = open_app(text);
    assert_call(app, "GET", token[0], 200, "ann 3");
    assert_call(app, "GET", token[1], 200, "ann 1");
    assert_call(app, "PUT", token[1], 403, "insufficient_scope");
    close_app(app);
}

static void a_token_that_the_file_would_refuse_is_not_made(void **state)
{
    static const struct {
        const char *name, *scopes, *until, *why;
    } bad[] = {
        {"", "read", NULL, "expected a name"},
        {"a b", "read", NULL, "expected"},
        {"#a", "read", NULL, "expected a name first, not a comment"},
        {"a\nb read", "read", NULL, "expected"},
        {"a", "", NULL, "expected scopes"},
        {"a", "all", NULL, "expected scopes second, joined by commas, each one of read, write"},
        {"a", "read", "31.12.2099", "expected its last day"},
        {"a", "read", "2099-12-31 #", NULL},
    };
    char token[GIM_TOKEN_TEXT_MAX], line[GIM_TOKEN_LINE_MAX], err[512], many[600];

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int failed = gim_token_make("", bad[i].name, bad[i].scopes, bad[i].until, scopes, token,
                                    line, err, sizeof err);

        assert_int_equal(failed, bad[i].why ? -1 : 0);
        if (failed && !strstr(err, bad[i].why))
            fail_msg("'%s': %s", bad[i].name, err);
    }
    memset(many, 'x', sizeof many - 1);
    many[sizeof many - 1] = '\0';
    assert_int_equal(gim_token_make("", many, "read", NULL, scopes, token, line, err, sizeof err),
                     -1);
    assert_int_equal(gim_token_make("", "a", many, NULL, scopes, token, line, err, sizeof err), -1);
    assert_int_equal(gim_token_make(many, "a", "read", NULL, scopes, token, line, err, sizeof err),
                     -1);
}

static int make_path(void **state)
{
    int fd = mkstemp(path);

    (void)state;
    return fd < 0 ? -1 : close(fd);
}

static int drop_path(void **state)
{
    (void)state;
    return unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_line_is_taken_or_told_with_its_place),
        cmocka_unit_test(nothing_of_a_wrong_line_is_repeated),
        cmocka_unit_test(many_faults_are_counted),
        cmocka_unit_test(every_digest_is_found_and_no_other),
        cmocka_unit_test(a_token_opens_what_its_scopes_are_for),
        cmocka_unit_test(a_last_day_is_good_to_its_end),
        cmocka_unit_test(a_reload_takes_the_new_file_or_keeps_the_old),
        cmocka_unit_test(a_file_that_others_may_write_is_refused),
        cmocka_unit_test(a_made_token_opens_by_its_line),
        cmocka_unit_test(a_token_that_the_file_would_refuse_is_not_made),
    };

    return cmocka_run_group_tests(tests, make_path, drop_path);
}
