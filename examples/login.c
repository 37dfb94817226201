/* login.c: a session in a signed cookie, an admin with a bearer token, and what stands around them:
 * CORS, security headers, a limit on logins.
 *   curl -c jar -d '{"user":"ada","password":"lovelace"}' localhost:8080/login
 *   curl -b jar localhost:8080/me
 *   curl -H 'Authorization: Bearer let-me-in-0123456789' localhost:8080/admin/logins */
#include <gimlet.h>
#include <stdatomic.h>
#include <stdio.h>

struct settings {
    const char *keys, *token, *password;
    struct gim_cookie_keys cookie_keys;
    atomic_llong logins;
};
static struct settings settings;

static const struct gim_option options[] = {
    {"cookie_keys", GIM_OPTION_STR, GIM_OPTION_AT(struct settings, keys), "",
     .help = "keys of sessions, newest first, by commas"},
    {"admin_token", GIM_OPTION_STR, GIM_OPTION_AT(struct settings, token), "let-me-in-0123456789",
     .help = "the token of /admin"},
    {"password", GIM_OPTION_STR, GIM_OPTION_AT(struct settings, password), "lovelace",
     .help = "ada's"}, /* a real service keeps digests of passwords, crypt(3) or argon2 */
    {0},
};

/* ---- the session: a guard over a signed cookie -------------------------------------------------- */

static const struct gim_cookie session = {.name = "session", .max_age = 8 * 3600};

struct user {
    gim_str name;
};

static int check_session(struct gim_ctx *c, void *value)
{
    struct user *u = value;
    u->name = gim_signed_cookie(c, &session, &settings.cookie_keys);
    return u->name.ptr ? GIM_OK : GIM_DENIED;
}
static const struct gim_security by_cookie = {
    .name = "session", .type = "apiKey", .in = "cookie", .field = "session"};
static const struct gim_middleware signed_in =
    GIM_GUARD_AS(&by_cookie, check_session, struct user, .challenge = "Cookie");

static const struct gim_middleware attempts =
    GIM_RATE_LIMIT(.limit = 5, .per = 60, .name = "attempts"); /* for each user name */

struct form {
    gim_str user, password;
};
static const struct gim_field form_fields[] = {
    GIM_STR(struct form, user, .required = true, .max_len = 100),
    GIM_STR(struct form, password, .required = true, .max_len = 100),
};
static const struct gim_schema form_schema = GIM_SCHEMA("Login", struct form, form_fields);

static int log_in(struct gim_ctx *c)
{
    const struct form *f = gim_body(c);
    bool known =
        gim_str_eq_secret(f->user, GIM_S("ada")); /* both are asked: no clock tells which */
    bool right = gim_str_eq_secret(f->password, gim_str_of(settings.password));
    if (gim_rate_check(c, &attempts, f->user))
        return GIM_REPLIED;
    if (!known || !right)
        return gim_problem(c, 403, NULL, "the user name or the password is wrong");
    if (gim_set_signed_cookie(c, &session, &settings.cookie_keys, f->user))
        return gim_problem(c, 500, NULL, "the session could not be signed");
    settings.logins++;
    return gim_empty(c, 204);
}
static int log_out(struct gim_ctx *c)
{
    (void)gim_unset_cookie(c, &session);
    return gim_empty(c, 204);
}
static int me(struct gim_ctx *c)
{
    const struct user *u = GIM_GUARD_VALUE(c, &signed_in, struct user);
    return gim_text(c, 200, u->name);
}

/* ---- the admin: a guard over a bearer token ----------------------------------------------------- */

struct admin {
    bool root;
};

static int check_token(struct gim_ctx *c, gim_str token, void *value)
{
    struct admin *a = value;
    (void)c;
    a->root = true;
    return gim_str_eq_secret(token, gim_str_of(settings.token)) ? GIM_OK : GIM_DENIED;
}
static const struct gim_middleware admin = GIM_BEARER(check_token, struct admin, .realm = "admin");

static int logins(struct gim_ctx *c)
{
    const struct admin *a = GIM_GUARD_VALUE(c, &admin, struct admin);
    return gim_text(c, 200,
                    gim_printf(gim_arena(c), "%lld logins%s\n", (long long)settings.logins,
                               a->root ? "" : " or so"));
}

/* ---- the application ---------------------------------------------------------------------------- */

static const struct gim_middleware headers = GIM_SECURITY_HEADERS();
static const struct gim_middleware cors =
    GIM_CORS(.origins = "https://app.example", .credentials = true);
static const struct gim_middleware per_client = GIM_RATE_LIMIT(.limit = 100, .per = 1);
static const struct gim_middleware *const outer[] = {&headers, &cors, &per_client, NULL};
static const struct gim_middleware *const sessions[] = {&signed_in, NULL};
static const struct gim_middleware *const admins[] = {&admin, NULL};

static const struct gim_route routes[] = {
    GIM_POST("/login", log_in, .body = &form_schema, .status = 204, .summary = "Begin a session"),
    GIM_POST("/logout", log_out, .status = 204),
    GIM_GET("/me", me, .middleware = sessions),
    {0},
};
static const struct gim_route admin_routes[] = {GIM_GET("/logins", logins), {0}};
static const struct gim_group groups[] = {
    {.prefix = "/admin", .routes = admin_routes, .middleware = admins},
    {0},
};

static const struct gim_openapi api = GIM_OPENAPI(.title = "Login");

static int start(struct gim_app *app, void *state)
{
    struct settings *s = state;
    const char *why = gim_cookie_keys_read(&s->cookie_keys, gim_str_of(s->keys));
    (void)app;
    if (why)
        fprintf(stderr, "login: --cookie-keys: %s\n", why);
    return why ? 2 : 0;
}

int main(int argc, char **argv)
{
    return gim_main(argc, argv, .name = "login", .routes = routes, .groups = groups,
                    .middleware = outer, .state = &settings, .options = options, .start = start,
                    .openapi = &api);
}
