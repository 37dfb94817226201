/* auth.c: guards: read credentials, ask the application's check, keep its value, or refuse.
 *
 * One function runs all three kinds; they differ in a row: how credentials are read and what a
 * refusal says. The value lies in the request's arena under the middleware's own address, so a route
 * may have several guards, and what a handler asks for by guard and type is checked by name and size
 * (C has no way to carry the type from the table to the handler). */
#include <gimlet/auth.h>
#include "../base/base64.h"
#include "../http/credentials.h"
#include "../rest/mistake.h"

const struct gim_security gim_basic_security = {
    .name = "basic", .type = "http", .scheme = "basic", .doc = "User name and password"};
const struct gim_security gim_bearer_security = {
    .name = "bearer", .type = "http", .scheme = "bearer", .doc = "A token"};

const struct gim_answer gim_guard_answers[] = {
    {401, .doc = "The credentials are missing or not known."},
    {403, .doc = "The credentials are known and do not allow this."},
    {0},
};
const struct gim_answer gim_bearer_answers[] = {
    {400, .doc = "The Authorization field is malformed."},
    {401, .doc = "The token is missing or not known."},
    {403, .doc = "The token is known and does not allow this."},
    {0},
};

/* A request without credentials, and one whose credentials cannot be read; besides enum gim_denial. */
enum {
    NO_CREDENTIALS = -3,
    MALFORMED = -4,
};

static gim_str authorization(const struct gim_ctx *c)
{
    return gim_head_known(&c->x.head, GIM_FIELD_AUTHORIZATION);
}

/* ---- refusing ---------------------------------------------------------------------------------- */

static int challenge(struct gim_ctx *c, struct gim_buf *b, int status, const char *detail)
{
    (void)gim_set_header(c, GIM_S("WWW-Authenticate"), gim_str_trim(gim_buf_view(b)));
    gim_buf_free(b);
    return gim_problem(c, status, NULL, "%s", detail);
}

static int refuse_basic(struct gim_ctx *c, const struct gim_guard *g, int denial)
{
    struct gim_buf b = {0};

    if (denial == GIM_FORBIDDEN)
        return gim_problem(c, 403, NULL, "this user may not do this");
    gim_buf_lit(&b, "Basic ");
    gim_challenge_param(&b, "realm", g->realm ? g->realm : "api");
    gim_challenge_param(&b, "charset", "UTF-8");
    return challenge(c, &b, 401,
                     denial == NO_CREDENTIALS ? "send a user name and a password (Basic)"
                                              : "the user name or the password is wrong");
}

/* Status, error code and sentence by denial: RFC 6750 §3.1. */
static const struct bearer_refusal {
    int denial, status;
    const char *error, *detail;
} bearer_refusals[] = {
    {NO_CREDENTIALS, 401, NULL, "send a token: Authorization: Bearer TOKEN"},
    {MALFORMED, 400, "invalid_request", "the Authorization field is no well-formed bearer token"},
    {GIM_FORBIDDEN, 403, "insufficient_scope", "the token does not allow this"},
    {GIM_DENIED, 401, "invalid_token", "the token is not known, or has expired"},
};

static int refuse_bearer(struct gim_ctx *c, const struct gim_guard *g, int denial)
{
    const struct bearer_refusal *r = bearer_refusals;
    struct gim_buf b = {0};

    while (r->denial != denial && r->denial != GIM_DENIED)
        r++;
    gim_buf_lit(&b, "Bearer ");
    if (g->realm)
        gim_challenge_param(&b, "realm", g->realm);
    if (r->error)
        gim_challenge_param(&b, "error", r->error);
    if (r->denial == GIM_FORBIDDEN && g->scope)
        gim_challenge_param(&b, "scope", g->scope);
    return challenge(c, &b, r->status, r->detail);
}

static int refuse_check(struct gim_ctx *c, const struct gim_guard *g, int denial)
{
    struct gim_buf b = {0};

    if (denial == GIM_FORBIDDEN || !g->challenge)
        return gim_problem(c, 403, NULL, "this is not allowed");
    gim_buf_str(&b, gim_str_of(g->challenge));
    return challenge(c, &b, 401, "this needs credentials that are known");
}

static int refuse(struct gim_ctx *c, const struct gim_guard *g, int denial)
{
    return g->bearer  ? refuse_bearer(c, g, denial)
           : g->basic ? refuse_basic(c, g, denial)
                      : refuse_check(c, g, denial);
}

int gim_guard_refuse(struct gim_ctx *c, const struct gim_middleware *guard, int denial)
{
    return refuse(c, guard->with, denial);
}

/* ---- checking ---------------------------------------------------------------------------------- */

/* Clears what held a password, whatever the compiler thinks of it. */
static void wipe(char *p, size_t n)
{
    volatile char *v = p;

    while (n--)
        *v++ = 0;
}

static int check_basic(struct gim_ctx *c, const struct gim_guard *g, void *value)
{
    gim_str field = authorization(c), user, password;
    char *room = gim_alloc_raw(gim_arena(c), GIM_BASE64_BYTES(field.len) + 1, 1);
    enum gim_credentials got = gim_basic_read(field, room, &user, &password);
    int result;

    if (got != GIM_CREDENTIALS_GIVEN)
        return got == GIM_CREDENTIALS_NONE ? NO_CREDENTIALS : MALFORMED;
    result = g->basic(c, user, password, value);
    wipe(room + user.len, password.len + 1); /* the name stays: the value may point to it */
    return result;
}

static int check_bearer(struct gim_ctx *c, const struct gim_guard *g, void *value)
{
    gim_str token;
    enum gim_credentials got = gim_bearer_read(authorization(c), &token);

    if (got != GIM_CREDENTIALS_GIVEN)
        return got == GIM_CREDENTIALS_NONE ? NO_CREDENTIALS : MALFORMED;
    return g->bearer(c, token, value);
}

int gim_guard_before(struct gim_ctx *c)
{
    const struct gim_guard *g = gim_with(c);
    const struct gim_middleware *self = c->now;
    void *value = gim_alloc(gim_arena(c), g->size);
    int result = g->bearer  ? check_bearer(c, g, value)
                 : g->basic ? check_basic(c, g, value)
                            : g->check(c, value);

    if (result == GIM_OK)
        gim_put(c, self, value);
    else if (result == NO_CREDENTIALS && g->optional)
        return GIM_OK;
    else if (result != GIM_REPLIED)
        return refuse(c, g, result);
    return result;
}

/* ---- for handlers ------------------------------------------------------------------------------ */

gim_str gim_bearer_token(const struct gim_ctx *c)
{
    gim_str token = {0};

    (void)gim_bearer_read(authorization(c), &token);
    return token;
}

void *gim_guard_value(const struct gim_ctx *c, const struct gim_middleware *guard, const char *type,
                      size_t size)
{
    const struct gim_guard *g = guard->with;

    if (g->size == size && strcmp(g->type, type) == 0)
        return gim_get(c, guard);
    gim_mistake(c, GIM_MISTAKE_VALUE, "the value of the guard is a %s, not a %s", g->type, type);
    return NULL;
}

const char *gim_guard_wrong(const void *with)
{
    const struct gim_guard *g = with;

    return !g->basic && !g->bearer && !g->check ? "the guard has no check" : NULL;
}
