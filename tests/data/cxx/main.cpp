// main.cpp: a service in C++ on gimlet. Its schema is C (schema.c): descriptors are C's initialisers.
#include <cstdio>
#include <gimlet.h>
#include <string_view>

#include "greeting.h"

namespace
{

int greet(gim_ctx *c)
{
    auto *in = static_cast<greeting *>(gim_body(c));

    in->text = gim_printf(gim_arena(c), "Hello, %.*s!", GIM_FMT(in->name));
    return gim_reply(c, 201, &greeting_schema, in);
}

struct member {
    int64_t id;
};

int check(gim_ctx *, gim_str token, void *value)
{
    static_cast<member *>(value)->id = 7;
    return gim_str_eq_secret(token, GIM_S("let-me-in-0123456789")) ? int{GIM_OK} : int{GIM_DENIED};
}

const gim_middleware members = GIM_BEARER(check, member, .realm = "greetings");
const gim_middleware limit = GIM_RATE_LIMIT(.limit = 100, .per = 60);
const gim_middleware safe = GIM_SECURITY_HEADERS(.frame = "");
const gim_middleware cors = GIM_CORS(.origins = "https://app.example", .max_age = 60);
const gim_middleware compress = GIM_COMPRESS(.min_size = 256);
const gim_middleware *const outer[] = {&cors, &safe, &compress, nullptr};
const gim_middleware *const inner[] = {&members, &limit, nullptr};

int who(gim_ctx *c)
{
    auto *m = GIM_GUARD_VALUE(c, &members, member);

    return gim_text(c, m->id == 7 ? 200 : 500, GIM_S("member"));
}

int keep(gim_ctx *c)
{
    const struct gim_cookie theme = {.name = "theme", .max_age = 60};

    return gim_set_cookie(c, &theme, GIM_S("dark")) ? gim_problem(c, 500, nullptr, "no cookie")
                                                    : gim_empty(c, 204);
}

int ask(gim_ctx *c)
{
    const struct gim_fetch f = {.url = "http://127.0.0.1:1/", .timeout = 500};

    return gim_fetch(c, &f, keep);
}

const gim_websocket_events quiet = {};

int talk(gim_ctx *c)
{
    return gim_websocket(c, &quiet, nullptr);
}

void tick(gim_app *, unsigned, void *)
{
}

const gim_files site = {.root = "/"};
const gim_openapi api = GIM_OPENAPI(.title = "Greetings");
const gim_timer_row timers[] = {GIM_EVERY(60000, tick, .name = "tick"), {}};
const gim_route routes[] = {
    GIM_POST("/greetings", greet, .body = &greeting_schema, .reply = &greeting_schema),
    GIM_GET("/who", who, .middleware = inner),
    GIM_GET("/keep", keep, .summary = "A cookie"),
    GIM_GET("/ask", ask, .suspends = true),
    GIM_POST("/files", keep, .upload = GIM_UPLOAD(.max_total = 1 << 20)),
    GIM_FILES("/static/", &site, .middleware = inner),
    GIM_WEBSOCKET("/talk", talk, .middleware = inner),
    {},
};

bool answers(gim_app *app, const char *target, const char *headers, int status)
{
    gim_test_reply r = gim_test_call(app, "GET", target, headers, nullptr);
    bool good = r.status == status;

    if (!good)
        std::fprintf(stderr, "%s: %.*s\n", target, static_cast<int>(r.raw.len), r.raw.ptr);
    gim_test_free(&r);
    return good;
}

} // namespace

int main(int argc, char **argv)
{
    if (argc > 1)
        return gim_main(argc, argv, .name = "cxx", .routes = routes, .middleware = outer,
                        .openapi = &api, .timers = timers);

    gim_app_spec spec = {.routes = routes, .middleware = outer, .openapi = &api, .timers = timers};
    char why[512];
    gim_app *app = gim_app_new(&spec, why, sizeof why);
    if (!app)
        return std::fputs(why, stderr), 1;

    gim_test_reply r = gim_test_call(app, "POST", "/greetings", nullptr, "{\"name\":\"Ada\"}");
    bool good = r.status == 201 && std::string_view(r.body.ptr, r.body.len) ==
                                       "{\"name\":\"Ada\",\"text\":\"Hello, Ada!\"}";

    if (!good)
        std::fprintf(stderr, "%.*s\n", static_cast<int>(r.raw.len), r.raw.ptr);
    gim_test_free(&r);
    good = good && answers(app, "/who", nullptr, 401) &&
           answers(app, "/who", "Authorization: Bearer let-me-in-0123456789\r\n", 200) &&
           answers(app, "/keep", nullptr, 204) && answers(app, "/ask", nullptr, 204) &&
           answers(app, "/static/", nullptr, 401) && answers(app, "/talk", nullptr, 401) &&
           answers(app, "/openapi.json", nullptr, 200);
    gim_app_free(app);
    return good ? 0 : 1;
}
