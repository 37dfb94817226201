/**
 * gimlet/auth.h: guards: middleware that lets a request through and hands what it found, by type, to
 * the handler. Basic (RFC 7617) and bearer (RFC 6750) credentials, and any other check.
 *
 *     struct user {
 *         int64_t id;
 *         bool admin;
 *     };
 *
 *     static int check_token(struct gim_ctx *c, gim_str token, void *value)
 *     {
 *         struct user *u = value; // zeroed, in the request's memory
 *         ...
 *         return known ? GIM_OK : GIM_DENIED;
 *     }
 *     static const struct gim_middleware admin =
 *         GIM_BEARER(check_token, struct user, .realm = "posts");
 *
 *     static int remove_post(struct gim_ctx *c)
 *     {
 *         const struct user *u = GIM_GUARD_VALUE(c, &admin, struct user);
 *
 * A guard stands in the .middleware of a route, a group or the application. The handler behind it runs
 * only when it let the request through, so the value is there. Its refusals are problems with the
 * challenge that the RFC wants; nothing of the credentials is in them or in any log.
 *
 * Guards are middleware: they run on the loop, when the head is there, and cannot suspend. A check
 * that must wait (a database, another service) belongs into the handler, see gim_guard_refuse. What a
 * browser sends by itself (cookies, Basic) needs SameSite or a check of Origin against forged requests.
 */
#ifndef GIMLET_AUTH_H
#define GIMLET_AUTH_H

#include <gimlet/app.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What a check returns besides GIM_OK, and GIM_REPLIED when it has made a reply of its own (503 ...). */
enum gim_denial {
    GIM_DENIED = -1,    /* nobody we know: 401 */
    GIM_FORBIDDEN = -2, /* known, but not for this: 403 */
};

/** `value` is zeroed, of the guard's type, and becomes the guard's value with GIM_OK. Compare secrets
 *  with gim_str_eq_secret; better, keep and compare only their digests. `user` and `token` live as
 *  long as the request, `password` until the check returns. */
typedef int gim_basic_check(struct gim_ctx *c, gim_str user, gim_str password, void *value);
typedef int gim_bearer_check(struct gim_ctx *c, gim_str token, void *value);
typedef int gim_guard_check(struct gim_ctx *c, void *value);

/** What a guard is set up with; the macros fill in the first five. */
struct gim_guard {
    gim_basic_check *basic;
    gim_bearer_check *bearer;
    gim_guard_check *check;
    size_t size; /* of the value */
    const char *type;
    const char *realm;     /* what the credentials are for; NULL: none is named (basic: "api") */
    const char *scope;     /* bearer: said with a 403, "posts:write" (RFC 6750 §3) */
    const char *challenge; /* GIM_GUARD: the WWW-Authenticate of its 401; NULL: denied is 403 too */
    bool optional; /* without credentials the request goes on, without a value; wrong ones: 401 */
    int reserved;  /* 0 */
};

/** Middleware values: GIM_BASIC(check, type of the value, options...), at file scope. */
#define GIM_BASIC(...)                                                                             \
    GIM_GUARD_(basic, "basic", &gim_basic_security, gim_guard_answers, __VA_ARGS__, .reserved = 0)
#define GIM_BEARER(...) GIM_BEARER_AS(&gim_bearer_security, __VA_ARGS__)
/** Any check: a signed cookie, a client's address, a header. GIM_GUARD(check, type, options...) */
#define GIM_GUARD(...) GIM_GUARD_AS(NULL, __VA_ARGS__)
/** The same with a security scheme of one's own for the documentation:
 *  GIM_GUARD_AS(&api_key, check, type, options...) */
#define GIM_BEARER_AS(scheme, ...)                                                                 \
    GIM_GUARD_(bearer, "bearer", scheme, gim_bearer_answers, __VA_ARGS__, .reserved = 0)
#define GIM_GUARD_AS(scheme, ...)                                                                  \
    GIM_GUARD_(check, "guard", scheme, gim_guard_answers, __VA_ARGS__, .reserved = 0)
#define GIM_GUARD_(member, title, shown, says, fn, value_type, ...)                                \
    {                                                                                              \
        .name = title, .before = gim_guard_before,                                                 \
        .with = GIM_MADE_(const struct gim_guard, .member = fn, .size = sizeof(value_type),        \
                          .type = #value_type, __VA_ARGS__),                                       \
        .security = shown, .answers = says, .wrong = gim_guard_wrong                               \
    }

/** The value of a guard; NULL when it did not run, or let a request without
 *  credentials pass (.optional), or holds another type (which is logged). */
#define GIM_GUARD_VALUE(c, guard, value_type)                                                      \
    ((value_type *)gim_guard_value((c), (guard), #value_type, sizeof(value_type)))

/** The token of `Authorization: Bearer TOKEN`; absent when there is none or it is malformed. For
 *  handlers that check it themselves. */
gim_str gim_bearer_token(const struct gim_ctx *c);

/** Makes the refusal that the guard would make: for a check that has to wait, done by the handler
 *  after it has suspended. `denial` is one of enum gim_denial. Returns GIM_REPLIED. */
int gim_guard_refuse(struct gim_ctx *c, const struct gim_middleware *guard, int denial);

/** For the documentation: the security schemes "basic" and "bearer". */
extern const struct gim_security gim_basic_security, gim_bearer_security;

/** The parts of the macros. */
void *gim_guard_value(const struct gim_ctx *c, const struct gim_middleware *guard, const char *type,
                      size_t size);
int gim_guard_before(struct gim_ctx *c);
const char *gim_guard_wrong(const void *with);
extern const struct gim_answer gim_guard_answers[], gim_bearer_answers[];

#ifdef __cplusplus
}
#endif
#endif
