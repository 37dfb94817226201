/* mistake.c: mistakes of handlers, in the words of whoever has to mend them.
 *
 * They are found where they are cheap to find: on ways that a right handler never takes (a 500, a
 * deadline, the end of the program), so there is no debug build that knows more than the released
 * one. What a client gets is settled elsewhere and does not depend on any of this. */
#include "mistake.h"
#include "router_build.h"
#include <gimlet/log.h>
#include <stdarg.h>
#include <stdio.h>

#define TEXT_MAX 320

static const enum gim_level levels[GIM_MISTAKES] = {
    [GIM_MISTAKE_NO_REPLY] = GIM_LOG_ERROR,  [GIM_MISTAKE_TWICE] = GIM_LOG_WARN,
    [GIM_MISTAKE_SUSPEND] = GIM_LOG_ERROR,   [GIM_MISTAKE_PERMITTED] = GIM_LOG_ERROR,
    [GIM_MISTAKE_LATE] = GIM_LOG_WARN,       [GIM_MISTAKE_HELD] = GIM_LOG_WARN,
    [GIM_MISTAKE_BAD_REPLY] = GIM_LOG_ERROR, [GIM_MISTAKE_VALUE] = GIM_LOG_ERROR,
};

void gim_mistakes_init(struct gim_app *app)
{
    size_t n;

    (void)gim_router_routes(app->router, &n);
    app->mistakes = gim_heap_alloc((n + 1) * GIM_MISTAKES * sizeof *app->mistakes);
}

/* How often this kind was seen on this route, this time included. */
static uint32_t count(const struct gim_ctx *c, enum gim_mistake kind)
{
    struct gim_app *app = gim_ctx_app(c);
    size_t n;
    const struct gim_bound_route *routes = gim_router_routes(app->router, &n);
    size_t row = c->match.route ? (size_t)(c->match.route - routes) : n;

    return atomic_fetch_add_explicit(&app->mistakes[row * GIM_MISTAKES + kind], 1,
                                     memory_order_relaxed) +
           1;
}

void gim_mistake(const struct gim_ctx *c, enum gim_mistake kind, const char *fmt, ...)
{
    uint32_t n = count(c, kind);
    char place[GIM_ROUTE_PLACE] = "(no route)";
    char text[TEXT_MAX];
    char seen[32] = "";
    va_list ap;

    if (n & (n - 1))
        return;
    if (c->match.route)
        gim_route_place(c->match.route, place, sizeof place);
    if (n > 1)
        snprintf(seen, sizeof seen, " (seen %u times)", (unsigned)n);
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    gim_log(levels[kind], "gimlet", "%s: %.*s %.*s: %s%s", place, GIM_FMT(gim_method(c)),
            GIM_FMT(gim_route_pattern(c)), text, seen);
}

void gim_mistake_of_result(const struct gim_ctx *c, int result)
{
    if (c->slot)
        gim_mistake(c, GIM_MISTAKE_SUSPEND,
                    "the handler called gim_suspend and returned %d, so the client got 500; "
                    "return GIM_SUSPENDED",
                    result);
    else if (result == GIM_SUSPENDED)
        gim_mistake(
            c, GIM_MISTAKE_SUSPEND,
            "the handler returned GIM_SUSPENDED without gim_suspend, so the client got 500");
    else if (result == GIM_OK)
        gim_mistake(c, GIM_MISTAKE_NO_REPLY,
                    "the handler returned without a reply, but the route documents one, so the "
                    "client got 500; call gim_reply");
    else
        gim_mistake(c, GIM_MISTAKE_NO_REPLY,
                    "the handler returned %d and made no reply, so the client got 500", result);
}
