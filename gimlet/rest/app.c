/* app.c: building an application from its spec: schemas checked, routes bound, defaults filled.
 * Everything that can be wrong about the constant data is found here, all of it at once, before a
 * socket is opened. */
#include "app.h"
#include "../base/options.h"
#include "../json/schema_check.h"
#include "../wire/crowd.h"
#include "ctx.h"
#include "mistake.h"
#include "observer.h"
#include "peer.h"
#include "work.h"
#include <errno.h>
#include <gimlet/openapi.h>
#include <stdio.h>
#include <sys/random.h>

#define LOG_FLUSH_MS 128

/* ---- checks ---------------------------------------------------------------------------------- */

static int check_schemas(const struct gim_router *router, struct gim_buf *why)
{
    size_t n;
    const struct gim_bound_route *routes = gim_router_routes(router, &n);
    int defects = 0;

    for (size_t i = 0; i < n; i++) {
        const struct gim_route *row = routes[i].row;
        const struct gim_schema *all[] = {row->body, row->form,  row->query,
                                          row->path, row->reply, row->patch};

        for (size_t k = 0; k < sizeof all / sizeof all[0]; k++) {
            struct gim_buf one = {0};

            if (all[k] && gim_schema_check(all[k], &one)) {
                gim_buf_printf(why, "%s:%d: %s %s:\n", row->file ? row->file : "?", row->line,
                               row->method, row->pattern);
                gim_buf_str(why, gim_buf_view(&one));
                defects++;
            }
            gim_buf_free(&one);
        }
    }
    return defects;
}

static int check_setup(const struct gim_middleware *m, const char *where, struct gim_buf *why)
{
    const char *wrong = m->wrong ? m->wrong(m->with) : NULL;

    if (wrong)
        gim_buf_printf(why, "middleware %s of %s: %s\n", m->name ? m->name : "?", where, wrong);
    return wrong != NULL;
}

/* Each middleware once, however many routes it is around: the application's, then of each route what
 * the route before does not have at the same place. */
static int check_middleware(const struct gim_app *app, struct gim_buf *why)
{
    static const struct gim_middleware *const none[] = {NULL};
    const struct gim_middleware *const *before = app->spec.middleware ? app->spec.middleware : none;
    size_t n;
    const struct gim_bound_route *routes = gim_router_routes(app->router, &n);
    int defects = 0;

    for (size_t k = 0; before[k]; k++)
        defects += check_setup(before[k], "the application", why);
    for (size_t i = 0; i < n; before = routes[i++].chain) {
        const struct gim_middleware *const *chain = routes[i].chain;

        for (size_t k = 0, same = 1; chain[k]; k++) {
            same = same && before[k] == chain[k];
            if (!same)
                defects += check_setup(chain[k], routes[i].pattern.ptr, why);
        }
    }
    return defects;
}

/* The spec with the built-in routes as more groups behind its own. */
static const struct gim_group *with_built_in(struct gim_app *app)
{
    const struct gim_openapi *api = app->spec.openapi;
    const struct gim_group *own = app->spec.groups;
    size_t n = 0;

    while (own && own[n].prefix)
        n++;
    app->top = gim_heap_alloc((n + 3) * sizeof *app->top);
    for (size_t i = 0; i < n; i++)
        app->top[i] = own[i];
    if (!app->spec.no_health)
        app->top[n++] = (struct gim_group){.prefix = "", .routes = gim_health_routes};
    if (api && !api->no_routes)
        app->top[n++] = (struct gim_group){.prefix = "", .routes = api->routes};
    return app->top;
}

static unsigned check_openapi(const struct gim_app *app, struct gim_buf *why)
{
    if (app->spec.openapi->check)
        return app->spec.openapi->check(app, why);
    gim_buf_lit(why, ".openapi is not built with GIM_OPENAPI(...)\n");
    return 1;
}

static int build(struct gim_app *app, struct gim_buf *why)
{
    struct gim_app_spec *spec = &app->spec;

    spec->groups = with_built_in(app);
    app->router = gim_router_new(spec, why);
    if (!app->router || check_schemas(app->router, why) + check_middleware(app, why))
        return -1;
    if (spec->openapi && check_openapi(app, why))
        return -1;
    if (gim_timer_rows_check(spec, why))
        return -1;
    return spec->metrics ? spec->metrics->observer->open(app, why) : 0;
}

/* Whose word counts, and how many connections each may have. */
static void know_clients(struct gim_app *app)
{
    int64_t max = app->settings.max_connections_per_address;

    app->trusted = gim_trusted_of(app->settings.trusted_proxies, &app->not_trusted);
    if (max)
        app->shared.crowd = gim_crowd_new(max, app->trusted);
}

struct gim_app *gim_app_build(const struct gim_app_spec *spec, const struct gim_settings *settings,
                              char *err, size_t err_len)
{
    struct gim_app *app = gim_heap_alloc(sizeof *app);
    struct gim_buf why = {0};

    app->spec = *spec;
    if (!app->spec.name)
        app->spec.name = "app";
    if (app->spec.arrange)
        app->spec.arrange(&app->spec, app->spec.state);
    app->settings = *settings;
    app->settings.strict_content_type |= spec->strict_content_type;
    app->workers = settings->workers ? (unsigned)settings->workers : 1;
    know_clients(app);
    app->loops = gim_heap_alloc(app->workers * sizeof(struct gim_loop *));
    app->running = gim_heap_alloc(app->workers * sizeof(struct gim_worker *));
    if (build(app, &why)) {
        snprintf(err, err_len, "%.*s", (int)why.len, why.ptr ? why.ptr : "");
        gim_buf_free(&why);
        gim_app_free(app);
        return NULL;
    }
    gim_buf_free(&why);
    gim_mistakes_init(app);
    return app;
}

struct gim_app *gim_app_new(const struct gim_app_spec *spec, char *err, size_t err_len)
{
    struct gim_settings settings = {0};

    gim_options_defaults(&(struct gim_option_table){gim_settings_rows, &settings});
    if (spec->metrics)
        gim_options_defaults(
            &(struct gim_option_table){spec->metrics->observer->options, &settings});
    if (spec->options && spec->state)
        gim_options_defaults(&(struct gim_option_table){spec->options, spec->state});
    return gim_app_build(spec, &settings, err, err_len);
}

void gim_app_free(struct gim_app *app)
{
    if (!app)
        return;
    gim_app_stop(app);
    gim_test_driver_free(app->test);
    if (app->observed)
        app->spec.metrics->observer->close(app);
    if (app->router)
        gim_router_free(app->router);
    gim_heap_free(atomic_load(&app->openapi));
    gim_heap_free((void *)app->mistakes);
    gim_crowd_free(app->shared.crowd);
    gim_heap_free(app->trusted);
    gim_heap_free((void *)app->loops);
    gim_heap_free((void *)app->running);
    gim_heap_free(app->top);
    gim_heap_free(app);
}

unsigned gim_app_workers(const struct gim_app *app)
{
    return app->workers;
}

void *gim_app_state(const struct gim_app *app)
{
    return app->spec.state;
}

struct gim_app *gim_app_of(const struct gim_ctx *c)
{
    return gim_ctx_app(c);
}

/* ---- workers --------------------------------------------------------------------------------- */

static void on_log_timer(struct gim_timer *t)
{
    struct gim_worker *w = GIM_CONTAINER(t, struct gim_worker, log_timer);

    gim_access_log_flush(&w->log);
}

/* Lines wait up to LOG_FLUSH_MS for company, so that a write carries many of them. */
static void on_turn_end(struct gim_turn_end *t)
{
    struct gim_worker *w = GIM_CONTAINER(t, struct gim_worker, turn_end);

    gim_shed_turn(&w->shed);
    if (gim_access_log_waiting(&w->log) && !w->log_timer.due)
        gim_timer_set(w->wire.loop, &w->log_timer, LOG_FLUSH_MS);
}

static uint64_t random_half(const void *salt)
{
    uint64_t r = (uint64_t)(uintptr_t)salt;

    while (getrandom(&r, sizeof r, 0) < 0 && errno == EINTR)
        ;
    return r;
}

void gim_worker_init(struct gim_worker *w, struct gim_app *app, struct gim_loop *loop,
                     unsigned index, int log_fd)
{
    const struct gim_settings *s = &app->settings;

    *w = (struct gim_worker){
        .app = app,
        .turn_end = {.run = on_turn_end},
        .log_timer = {.on_due = on_log_timer},
    };
    gim_request_id_seed(w, random_half(w), random_half(app));
    w->limits = s->limits;
    w->limits.max_connections = (s->max_connections + app->workers - 1) / app->workers;
    w->limits.max_in_flight = (s->max_in_flight + app->workers - 1) / app->workers;
    gim_wire_init(&w->wire, loop, &gim_rest_service, &w->limits, &app->shared);
    w->wire.user = w;
    w->wire.worker = index;
    gim_access_log_init(&w->log, log_fd,
                        log_fd < 0 ? GIM_ACCESS_OFF : (enum gim_access_mode)s->access_log,
                        (enum gim_access_format)s->log_format);
    gim_shed_init(&w->shed, loop, s->max_queue_age);
    gim_loop_at_turn_end(loop, &w->turn_end);
    if (!app->loops[index]) /* the test client's */
        app->loops[index] = loop;
    app->running[index] = w;
    if (!app->observed)
        return;
    w->observer = app->spec.metrics->observer;
    w->observer->enter(w);
}

void gim_worker_release(struct gim_worker *w)
{
    gim_wire_hang_up(&w->wire); /* while all is there that requests use */
    gim_loop_finish(w->wire.loop);
    if (w->observer)
        w->observer->leave(w);
    w->app->running[w->wire.worker] = NULL;
    while (w->parts) {
        struct gim_part *p = w->parts;

        w->parts = p->next;
        p->release(p);
    }
    gim_wire_release(&w->wire);
    gim_slots_release(w);
    gim_shed_release(&w->shed);
    gim_access_log_release(&w->log);
    gim_timer_clear(w->wire.loop, &w->log_timer);
    gim_list_remove(&w->turn_end.node);
    gim_buf_free(&w->scratch);
}
