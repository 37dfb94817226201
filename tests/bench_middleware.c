/* bench_middleware.c: a route for each middleware, so that script/measure/middleware.py can count the
 * instructions that it costs a request. Not a test: the script compiles and starts it.
 *
 * BENCH_METRICS=1 in the environment counts all requests, as .metrics does. */
#include <gimlet.h>
#include <stdio.h>
#include <stdlib.h>

#define THINGS 100

static char catalogue[8192];
static size_t catalogue_len;

static int hello(struct gim_ctx *c)
{
    return gim_text(c, 200, GIM_S("hello"));
}

static int list(struct gim_ctx *c)
{
    return gim_bytes(c, 200, GIM_S("application/json"), (gim_str){catalogue, catalogue_len});
}

/* ---- guards ---------------------------------------------------------------------------------- */

static int check_password(struct gim_ctx *c, gim_str user, gim_str password, void *value)
{
    (void)c;
    *(int *)value = 1;
    return gim_str_eq_secret(user, GIM_S("ada")) && gim_str_eq_secret(password, GIM_S("lovelace"))
               ? GIM_OK
               : GIM_DENIED;
}

static int check_token(struct gim_ctx *c, gim_str token, void *value)
{
    (void)c;
    *(int *)value = 1;
    return gim_str_eq_secret(token, GIM_S("let-me-in-0123456789")) ? GIM_OK : GIM_DENIED;
}

/* ---- cookies --------------------------------------------------------------------------------- */

static const struct gim_cookie_keys keys = {{{"0123456789abcdef0123456789abcdef", 32}}};
static const struct gim_cookie plain_cookie = {.name = "theme", .max_age = 86400};
static const struct gim_cookie signed_cookie = {.name = "session", .max_age = 86400};

static int read_cookie(struct gim_ctx *c)
{
    return gim_cookie(c, GIM_S("theme")).ptr ? hello(c) : gim_empty(c, 204);
}

static int set_cookie(struct gim_ctx *c)
{
    (void)gim_set_cookie(c, &plain_cookie, GIM_S("dark"));
    return hello(c);
}

static int set_signed(struct gim_ctx *c)
{
    (void)gim_set_signed_cookie(c, &signed_cookie, &keys, GIM_S("ada"));
    return hello(c);
}

static int read_signed(struct gim_ctx *c)
{
    return gim_signed_cookie(c, &signed_cookie, &keys).ptr ? hello(c) : gim_empty(c, 204);
}

/* ---- the table ------------------------------------------------------------------------------- */

static const struct gim_middleware basic = GIM_BASIC(check_password, int);
static const struct gim_middleware bearer = GIM_BEARER(check_token, int);
static const struct gim_middleware cors =
    GIM_CORS(.origins = "https://app.example", .credentials = true);
static const struct gim_middleware security = GIM_SECURITY_HEADERS();
static const struct gim_middleware limit = GIM_RATE_LIMIT(.limit = 1000000, .per = 1);
static const struct gim_middleware quiet =
    GIM_RATE_LIMIT(.limit = 1000000, .per = 1, .quiet = true);
static const struct gim_middleware proxies = GIM_PROXIES(.trusted = "127.0.0.1, ::1, 10.0.0.0/8");
static const struct gim_middleware gzip = GIM_COMPRESS(.encodings = "gzip");
static const struct gim_middleware zstd = GIM_COMPRESS(.encodings = "zstd");

#define WITH(...)                                                                                  \
    .middleware = (const struct gim_middleware *const[])                                           \
    {                                                                                              \
        __VA_ARGS__, NULL                                                                          \
    }

static const struct gim_route routes[] = {
    GIM_GET("/plain", hello),
    GIM_GET("/request_id", hello, WITH(&gim_request_id)),
    GIM_GET("/basic", hello, WITH(&basic)),
    GIM_GET("/bearer", hello, WITH(&bearer)),
    GIM_GET("/cors", hello, WITH(&cors)),
    GIM_GET("/security", hello, WITH(&security)),
    GIM_GET("/limit", hello, WITH(&limit)),
    GIM_GET("/quiet", hello, WITH(&quiet)),
    GIM_GET("/proxies", hello, WITH(&proxies, &quiet)),
    GIM_GET("/trace", hello, WITH(&gim_trace)),
    GIM_GET("/read_cookie", read_cookie),
    GIM_GET("/set_cookie", set_cookie),
    GIM_GET("/set_signed", set_signed),
    GIM_GET("/read_signed", read_signed),
    GIM_GET("/list", list),
    GIM_GET("/gzip", list, WITH(&gzip)),
    GIM_GET("/zstd", list, WITH(&zstd)),
    {0},
};

/* What examples/shop.c has at /catalogue. */
static void fill_catalogue(void)
{
    size_t room = sizeof catalogue;

    for (int i = 0; i < THINGS; i++)
        catalogue_len +=
            (size_t)snprintf(catalogue + catalogue_len, room - catalogue_len,
                             "%s{\"number\":%d,\"name\":\"a thing, as good as the one before\"}",
                             i ? "," : "{\"things\":[", i);
    catalogue_len += (size_t)snprintf(catalogue + catalogue_len, room - catalogue_len, "]}");
}

int main(int argc, char **argv)
{
    bool counted = getenv("BENCH_METRICS") != NULL;

    fill_catalogue();
    return gim_main(argc, argv, .name = "bench", .routes = routes,
                    .metrics = counted ? &gim_metrics : NULL);
}
