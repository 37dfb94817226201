/* test_reload.c: SIGHUP's list of parts: all are asked, in their order, whatever the others say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <gimlet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gimlet/rest/reload.h"

struct part {
    struct gim_reload reload;
    const char *wrong;
};

static char order[16];

static int run_part(struct gim_app *app, struct gim_reload *self, char *err, size_t err_len)
{
    const struct part *p = (const struct part *)self;

    (void)app;
    strncat(order, self->what, 1);
    if (!p->wrong)
        return 0;
    snprintf(err, err_len, "%s", p->wrong);
    return -1;
}

static int own_result;

static int reload_own(struct gim_app *app, void *state)
{
    (void)app;
    assert_ptr_equal(state, order);
    strcat(order, "o");
    return own_result;
}

static int reply(struct gim_ctx *c)
{
    return gim_text(c, 200, GIM_S("fine"));
}

static const struct gim_route routes[] = {GIM_GET("/", reply), {0}};

/* What gim_app_reload writes to stderr. */
static unsigned reload(struct gim_app *app, char *said, size_t len)
{
    FILE *f = tmpfile();
    int before = dup(STDERR_FILENO);
    unsigned failed;

    assert_non_null(f);
    order[0] = '\0';
    dup2(fileno(f), STDERR_FILENO);
    gim_log_level(GIM_LOG_INFO);
    failed = gim_app_reload(app);
    gim_log_level(-1);
    dup2(before, STDERR_FILENO);
    close(before);
    rewind(f);
    said[fread(said, 1, len - 1, f)] = '\0';
    fclose(f);
    return failed;
}

static const struct {
    bool own;
    int own_result;
    const char *wrong[2]; /* of the parts a and b; "": is not there */
    unsigned failed;
    const char *order, *said[3];
} rows[] = {
    {false, 0, {"", ""}, 0, "", {"app: SIGHUP: there is nothing to reload"}},
    {true, 0, {"", ""}, 0, "o", {"info app: SIGHUP: reloaded\n"}},
    {true, 7, {"", ""}, 1, "o", {"error app: SIGHUP: not reloaded, what was in force stays\n"}},
    {false, 0, {NULL, ""}, 0, "a", {"info app: SIGHUP: reloaded ants\n"}},
    {true, 0, {NULL, NULL}, 0, "abo", {"reloaded ants\n", "reloaded bees\n", "SIGHUP: reloaded\n"}},
    {true,
     0,
     {"no file", NULL},
     1,
     "abo",
     {"error app: SIGHUP: the old ants stay: no file\n", "reloaded bees\n", "SIGHUP: reloaded\n"}},
    {true, 1, {"x", "y"}, 3, "abo", {"old ants stay: x\n", "old bees stay: y\n", "not reloaded"}},
};

static void every_part_is_asked_and_its_result_logged(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct part parts[2] = {{.reload = {.what = "ants", .run = run_part}},
                                {.reload = {.what = "bees", .run = run_part}}};
        struct gim_app_spec spec = {.routes = routes, .state = order};
        struct gim_app *app;
        char err[200] = "", said[1000];

        spec.reload = rows[i].own ? reload_own : NULL;
        own_result = rows[i].own_result;
        app = gim_app_new(&spec, err, sizeof err);
        assert_non_null(app);
        for (int k = 0; k < 2; k++) {
            parts[k].wrong = rows[i].wrong[k];
            if (!parts[k].wrong || *parts[k].wrong)
                gim_app_on_reload(app, &parts[k].reload);
        }
        assert_int_equal(reload(app, said, sizeof said), rows[i].failed);
        assert_string_equal(order, rows[i].order);
        for (int k = 0; k < 3 && rows[i].said[k]; k++) {
            if (!strstr(said, rows[i].said[k]))
                fail_msg("row %zu: \"%s\" is not in:\n%s", i, rows[i].said[k], said);
        }
        gim_app_free(app);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_part_is_asked_and_its_result_logged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
