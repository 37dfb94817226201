/* test_negotiate.c: what handlers ask of Accept and its kin, and the Vary that answers get. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include <gimlet.h>

static const char *const kinds[] = {"application/json", "text/csv", "text/html; charset=utf-8",
                                    NULL};
static const char *const languages[] = {"en", "de-CH", "fr", NULL};
static const char *const codings[] = {"zstd", "gzip", "identity", NULL};

static int kind(struct gim_ctx *c)
{
    int i = gim_accepts(c, kinds);

    return i < 0 ? gim_not_acceptable(c, kinds) : gim_text(c, 200, gim_str_of(kinds[i]));
}

static int language(struct gim_ctx *c)
{
    int i = gim_accepts_language(c, languages);

    return gim_text(c, 200, gim_str_of(i < 0 ? "none" : languages[i]));
}

static int coding(struct gim_ctx *c)
{
    int i = gim_accepts_coding(c, codings);

    return gim_text(c, 200, gim_str_of(i < 0 ? "none" : codings[i]));
}

static int all(struct gim_ctx *c)
{
    (void)gim_accepts(c, kinds);
    (void)gim_accepts_language(c, languages);
    (void)gim_accepts(c, kinds);
    gim_vary(c, GIM_S("accept"));
    return gim_empty(c, 204);
}

static int star(struct gim_ctx *c)
{
    (void)gim_set_header(c, GIM_S("vary"), GIM_S("*"));
    gim_vary(c, GIM_S("Accept"));
    return gim_empty(c, 204);
}

static const struct gim_route routes[] = {
    GIM_GET("/kind", kind), GIM_GET("/language", language), GIM_GET("/coding", coding),
    GIM_GET("/all", all),   GIM_GET("/star", star),         {0},
};
static struct gim_app *app;

static int make(void **state)
{
    static const struct gim_app_spec spec = {.routes = routes};
    char err[500];

    (void)state;
    app = gim_app_new(&spec, err, sizeof err);
    return app ? 0 : -1;
}

static int clean(void **state)
{
    (void)state;
    gim_app_free(app);
    return 0;
}

static void the_handler_learns_what_is_wanted_most(void **state)
{
    static const struct {
        const char *target, *fields;
        int status;
        const char *body, *vary;
    } rows[] = {
        {"/kind", NULL, 200, "application/json", "Accept"},
        {"/kind", "Accept: text/csv\r\n", 200, "text/csv", "Accept"},
        {"/kind", "Accept: text/*\r\n", 200, "text/csv", "Accept"},
        {"/kind", "Accept: text/*;q=0.5, text/html\r\n", 200, "text/html; charset=utf-8", "Accept"},
        {"/kind", "Accept: application/json;q=0, */*;q=0.1\r\n", 200, "text/csv", "Accept"},
        {"/kind", "Accept: image/png\r\nAccept: text/csv;q=0.1\r\n", 200, "text/csv", "Accept"},
        {"/language", NULL, 200, "en", "Accept-Language"},
        {"/language", "Accept-Language: de\r\n", 200, "de-CH", "Accept-Language"},
        {"/language", "Accept-Language: fr-CA, en;q=0.5\r\n", 200, "fr", "Accept-Language"},
        {"/language", "Accept-Language: ja\r\n", 200, "none", "Accept-Language"},
        {"/coding", NULL, 200, "identity", "Accept-Encoding"},
        {"/coding", "Accept-Encoding: gzip, zstd\r\n", 200, "zstd", "Accept-Encoding"},
        {"/coding", "Accept-Encoding: *;q=0\r\n", 200, "none", "Accept-Encoding"},
        {"/all", NULL, 204, "", "Accept, Accept-Language"},
        {"/star", NULL, 204, "", "*"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gim_test_reply r = gim_test_call(app, "GET", rows[i].target, rows[i].fields, NULL);

        if (r.status != rows[i].status || !gim_str_eq(r.body, gim_str_of(rows[i].body)) ||
            !gim_str_eq(gim_test_header(&r, "Vary"), gim_str_of(rows[i].vary)))
            fail_msg("%s %s: %d %.*s", rows[i].target, rows[i].fields ? rows[i].fields : "",
                     r.status, GIM_FMT(r.raw));
        gim_test_free(&r);
    }
}

static void a_406_lists_what_there_is(void **state)
{
    struct gim_test_reply r = gim_test_call(app, "GET", "/kind", "Accept: image/png\r\n", NULL);
    static const char list[] = "application/json, text/csv, text/html; charset=utf-8";

    (void)state;
    assert_int_equal(r.status, 406);
    assert_non_null(memmem(r.body.ptr, r.body.len, list, sizeof list - 1));
    assert_true(gim_str_eq(gim_test_header(&r, "Vary"), GIM_S("Accept")));
    gim_test_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_handler_learns_what_is_wanted_most),
        cmocka_unit_test(a_406_lists_what_there_is),
    };

    return cmocka_run_group_tests(tests, make, clean);
}
