/* test_tls.c: what an application sees of HTTPS: its options, .configured, gim_is_tls. The handshakes are
 * in net/test_tls_accept.c, the whole of it in e2e/test_tls.py. */
#include <gimlet.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

static int configured_runs;
static bool saw_set;

static int configured(struct gim_app *app, void *state)
{
    configured_runs++;
    saw_set = gim_tls_is_set(app);
    return state ? *(int *)state : 0;
}

static int say_tls(struct gim_ctx *c)
{
    return gim_text(c, 200, gim_is_tls(c) ? GIM_S("tls") : GIM_S("plain"));
}

static const struct gim_route routes[] = {GIM_GET("/", say_tls), {0}};

static int run(const struct gim_app_spec *spec, const char *a, const char *b)
{
    char *argv[] = {(char *)(uintptr_t) "app", (char *)(uintptr_t)a, (char *)(uintptr_t)b, NULL};

    configured_runs = 0;
    return gim_main_run(b ? 3 : 2, argv, spec);
}

static const struct gim_app_spec elsewhere = {
    .name = "app", .routes = routes, .tls = &gim_tls_elsewhere, .configured = configured};

static void certificate_without_tls_in_the_program_ends_the_start(void **state)
{
    (void)state;
    assert_int_equal(run(&elsewhere, "--tls-cert", "cert.pem"), 2);
    assert_int_equal(configured_runs, 1);
    assert_true(saw_set);
    assert_int_equal(run(&elsewhere, "--tls-key", "key.pem"), 2);
    assert_true(saw_set);
}

static void configured_decides_whether_the_program_goes_on(void **state)
{
    int code = 17;
    struct gim_app_spec spec = elsewhere;

    (void)state;
    spec.state = &code;
    assert_int_equal(run(&spec, "--port", "0"), 17);
    assert_int_equal(configured_runs, 1);
    assert_false(saw_set);
}

static void what_only_prints_does_not_configure(void **state)
{
    (void)state;
    assert_int_equal(run(&elsewhere, "--routes", NULL), 0);
    assert_int_equal(run(&elsewhere, "--help", NULL), 0);
    assert_int_equal(configured_runs, 0);
}

static void without_the_feature_there_is_no_such_option(void **state)
{
    const struct gim_app_spec spec = {.name = "app", .routes = routes};

    (void)state;
    assert_int_equal(run(&spec, "--tls-cert", "cert.pem"), 2);
}

static void request_that_came_without_tls_says_so(void **state)
{
    const struct gim_app_spec spec = {.name = "app", .routes = routes, .tls = &gim_tls_elsewhere};
    char err[400];
    struct gim_app *app = gim_app_new(&spec, err, sizeof err);
    struct gim_test_reply r;

    (void)state;
    assert_non_null(app);
    r = gim_test_call(app, "GET", "/", NULL, NULL);
    assert_true(gim_str_eq(r.body, GIM_S("plain")));
    gim_test_free(&r);
    assert_false(gim_tls_is_set(app));
    gim_app_free(app);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(certificate_without_tls_in_the_program_ends_the_start),
        cmocka_unit_test(configured_decides_whether_the_program_goes_on),
        cmocka_unit_test(what_only_prints_does_not_configure),
        cmocka_unit_test(without_the_feature_there_is_no_such_option),
        cmocka_unit_test(request_that_came_without_tls_says_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
