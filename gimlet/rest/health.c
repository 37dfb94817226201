/* health.c: GET /livez (the process answers) and GET /readyz (send it traffic?). */
#include "ctx.h"
#include "watch.h"

static int livez(struct gim_ctx *c)
{
    return gim_bytes(c, 200, GIM_S("application/json"), GIM_S("{\"status\":\"alive\"}"));
}

static int readyz(struct gim_ctx *c)
{
    struct gim_app *app = gim_ctx_app(c);
    const char *why = app->spec.ready ? app->spec.ready(app->spec.state) : NULL;

    (void)gim_set_header(c, GIM_S("Cache-Control"), GIM_S("no-store"));
    if (gim_watch_stuck(app))
        why = "a worker is stuck";
    if (atomic_load_explicit(&app->draining, memory_order_relaxed))
        why = "the server is stopping";
    if (why)
        return gim_problem(c, 503, NULL, "not ready: %s", why);
    return gim_bytes(c, 200, GIM_S("application/json"), GIM_S("{\"status\":\"ready\"}"));
}

static const struct gim_answer alive[] = {{200, NULL, "application/json", "It is."}, {0}};
static const struct gim_answer ready[] = {
    {200, NULL, "application/json", "It can."},
    {503, NULL, NULL, "It cannot, or is stopping; the detail says why."},
    {0},
};

const struct gim_route gim_health_routes[] = {
    GIM_GET("/livez", livez, .summary = "Is the process alive?", .tag = "health", .answers = alive,
            .vital = true),
    GIM_GET("/readyz", readyz, .summary = "Can it take traffic?", .tag = "health", .answers = ready,
            .vital = true),
    {0},
};
