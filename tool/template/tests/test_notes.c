/* test_notes.c: the service's calls, without a socket: a row a call, in order. */
#include "../notes.h"
#include <stdio.h>
#include <string.h>

static const struct {
    const char *method, *target, *body;
    int status;
    const char *holds; /* somewhere in the reply */
} rows[] = {
    {"POST", "/notes", "{\"text\":\"buy milk\"}", 201, "{\"id\":1,\"text\":\"buy milk\"}"},
    {"POST", "/notes", "{\"text\":\"\"}", 422, "\"pointer\":\"/text\",\"code\":\"too_short\""},
    {"POST", "/notes", "{\"text\":", 400, "application/problem+json"},
    {"GET", "/notes/1", NULL, 200, "buy milk"},
    {"GET", "/notes", NULL, 200, "{\"items\":[{\"id\":1,"},
    {"DELETE", "/notes/1", NULL, 204, ""},
    {"GET", "/notes/1", NULL, 404, "there is no note 1"},
    {"PATCH", "/notes/1", NULL, 405, "Allow: DELETE, GET, HEAD, OPTIONS"},
};

static int check(struct gim_app *app, size_t i)
{
    struct gim_test_reply r =
        gim_test_call(app, rows[i].method, rows[i].target, NULL, rows[i].body);
    bool good = r.status == rows[i].status &&
                memmem(r.raw.ptr, r.raw.len, rows[i].holds, strlen(rows[i].holds));

    if (!good)
        fprintf(stderr, "%s %s: expected %d and %s, got\n%.*s\n", rows[i].method, rows[i].target,
                rows[i].status, rows[i].holds, GIM_FMT(r.raw));
    gim_test_free(&r);
    return good ? 0 : 1;
}

int main(void)
{
    static struct notes notes;
    char why[1024];
    struct gim_app *app = gim_app_new(
        &(struct gim_app_spec){.routes = notes_routes, .state = &notes}, why, sizeof why);
    int failed = 0;

    if (!app)
        return fprintf(stderr, "%s\n", why), 1;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        failed += check(app, i);
    gim_app_free(app);
    return failed > 0;
}
