/* calls.h: an application of a few routes, and one call with what its answer must be. */
#ifndef TESTS_KIT_CALLS_H
#define TESTS_KIT_CALLS_H

#include <gimlet.h>
#include <stdio.h>
#include <stdlib.h>

/* Builds it, or fails with the reasons. */
static inline struct gim_app *app_of(const struct gim_app_spec *spec)
{
    char why[2000] = "";
    struct gim_app *app = gim_app_new(spec, why, sizeof why);

    if (!app)
        fail_msg("%s", why);
    return app;
}

/* The build fails and says so. */
static inline void assert_refused(const struct gim_app_spec *spec, const char *says)
{
    char why[2000] = "";
    struct gim_app *app = gim_app_new(spec, why, sizeof why);

    assert_null(app);
    if (!strstr(why, says))
        fail_msg("'%s' is not in: %s", says, why);
}

static inline gim_str bytes_find(gim_str in, const char *part)
{
    const char *at = in.len ? memmem(in.ptr, in.len, part, strlen(part)) : NULL;

    return at ? (gim_str){at, in.len - (size_t)(at - in.ptr)} : (gim_str){0};
}

/* A call and what must be in the head of its answer: texts, "!" before what must not be, up to NULL. */
static inline void assert_head(struct gim_app *app, const char *method, const char *target,
                               const char *headers, int status, const char *const *parts)
{
    struct gim_test_reply r = gim_test_call(app, method, target, headers, NULL);

    if (r.status != status)
        fail_msg("%s %s %s: %d, not %d", method, target, headers ? headers : "", r.status, status);
    for (; parts && *parts; parts++) {
        bool absent = **parts == '!';

        if ((bytes_find(r.head, *parts + absent).ptr != NULL) == absent)
            fail_msg("%s %s %s: '%s' in\n%.*s", method, target, headers ? headers : "", *parts,
                     GIM_FMT(r.head));
    }
    gim_test_free(&r);
}

#define PARTS(...) ((const char *const[]){__VA_ARGS__, NULL})

#endif
