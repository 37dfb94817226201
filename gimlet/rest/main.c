/* main.c: the program wrapper: options in, exit code out. The only file of the library that prints.
 *
 * Order: options, routes and schemas, the socket, the application's start (stores), the start line.
 * The socket comes before the stores, so that a port in use is said before a file is opened or
 * locked; connections wait in the backlog meanwhile. */
#include "../base/footprint.h"
#include "../base/options.h"
#include "../net/supervisor.h"
#include "../wire/server.h"
#include "confinement.h"
#include "ctx.h"
#include "observer.h"
#include "reload.h"
#include "secure.h"
#include "watch.h"
#include "work.h"
#include <errno.h>
#include <gimlet/log.h>
#include <gimlet/openapi.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#define EXIT_FAILED 1
#define EXIT_WRONG_OPTION 2

/* Bits of what gim_options_read tells, and the words. Without .openapi there is no --openapi. */
#define SWITCH_ROUTES 1U
#define SWITCH_OPENAPI 2U
static const char *const switches[] = {"routes", "openapi", NULL};
static const char *const fewer_switches[] = {"routes", NULL};

/* The CPUs this process may use, not those the machine has. */
static int64_t allowed_cpus(void)
{
    cpu_set_t set;

    if (sched_getaffinity(0, sizeof set, &set))
        return 1;
    return CPU_COUNT(&set) > 0 ? CPU_COUNT(&set) : 1;
}

/* A connection is a file descriptor: take all the kernel lets us have. */
static void raise_fd_limit(void)
{
    struct rlimit r;

    if (getrlimit(RLIMIT_NOFILE, &r) == 0 && r.rlim_cur < r.rlim_max) {
        r.rlim_cur = r.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &r);
    }
}

/* ---- what the server calls ------------------------------------------------------------------- */

static struct gim_wire *worker_start(void *user, struct gim_loop *loop, unsigned index)
{
    struct gim_worker *w = gim_heap_alloc(sizeof *w);

    gim_worker_init(w, user, loop, index, STDOUT_FILENO);
    if (w->app->secure)
        w->app->spec.tls->enter(w);
    gim_worker_begin_timers(w);
    return &w->wire;
}

static void worker_stop(void *user, struct gim_wire *wire)
{
    struct gim_worker *w = wire->user;

    (void)user;
    gim_worker_release(w);
    if (w->app->secure)
        w->app->spec.tls->leave(w);
    gim_heap_free(w);
}

/* "https" instead of "http"; a unix socket's address has no scheme. What follows the address. */
static const char *secured(const struct gim_app *app, const char **scheme, const char **address)
{
    *scheme = "";
    if (!app->secure)
        return "";
    if (strncmp(*address, "http", 4) != 0)
        return ", TLS";
    *address += 4;
    *scheme = "https";
    return "";
}

static void started(void *user, const char *address)
{
    struct gim_app *app = user;
    const char *more = app->spec.describe ? app->spec.describe(app->spec.state) : NULL;
    const char *how = app->spec.sandbox ? app->spec.sandbox->confinement->describe(app) : "";
    const char *scheme, *tls = secured(app, &scheme, &address);

    fprintf(stderr, "%s: listening on %s%s%s%s%s, %u worker%s%s%s\n", app->spec.name, scheme,
            address, tls, more ? ", " : "", more ? more : "", app->workers,
            app->workers == 1 ? "" : "s", app->inherited ? ", socket handed over" : "", how);
    gim_notify("READY=1");
    (void)gim_watch_start(app);
    gim_forget_start(); /* the words above were the last of the start */
}

static void stopping(void *user)
{
    struct gim_app *app = user;

    atomic_store_explicit(&app->draining, true, memory_order_relaxed);
    gim_log(GIM_LOG_INFO, app->spec.name, "stopping: finishing the requests in flight");
    gim_notify("STOPPING=1");
    gim_watch_stop(app);
}

static void stopped(void *user)
{
    struct gim_app *app = user;

    gim_watch_stop(app);
    gim_app_stop(app);
    if (app->spec.stop)
        app->spec.stop(app->spec.state);
}

/* ---- start ----------------------------------------------------------------------------------- */

static void print(const struct gim_app *app, uint32_t switched)
{
    struct gim_buf b = {0};

    if (switched & SWITCH_OPENAPI)
        app->spec.openapi->write(app, &b);
    else
        gim_router_print(app->router, &b);
    fwrite(b.ptr, 1, b.len, stdout);
    gim_buf_free(&b);
}

static int serve_bound(struct gim_app *app)
{
    const struct gim_settings *s = &app->settings;
    struct gim_server_spec spec = {
        .host = s->host,
        .port = (int)s->port,
        .backlog = (int)s->backlog,
        .inherited = app->inherited,
        .workers = app->workers,
        .drain_delay = s->drain_delay,
        .stop_timeout = s->stop_timeout,
        .user = app,
        .worker_start = worker_start,
        .worker_stop = worker_stop,
        .started = started,
        .stopping = stopping,
        .hung_up = gim_hangup_came,
        .stopped = stopped,
    };
    char err[512];
    struct gim_server *server = gim_server_new(&spec, err, sizeof err);
    int code;

    if (!server) {
        code = errno == EINVAL ? EXIT_WRONG_OPTION : EXIT_FAILED;
        fprintf(stderr, "%s: %s\n", app->spec.name, err);
        return code;
    }
    for (unsigned i = 0; i < app->workers; i++)
        app->loops[i] = gim_server_loop(server, i);
    code = app->observed ? app->spec.metrics->observer->start(app, err, sizeof err) : 0;
    if (code == 0 && app->spec.sandbox)
        code = app->spec.sandbox->confinement->enter(app, err, sizeof err);
    if (code)
        fprintf(stderr, "%s: %s\n", app->spec.name, err);
    else if (app->spec.start)
        code = app->spec.start(app, app->spec.state);
    if (code == 0)
        code = gim_server_run(server) ? EXIT_FAILED : 0;
    gim_watch_free(app);
    gim_server_free(server);
    return code;
}

static int serve(struct gim_app *app)
{
    const struct gim_tls_server *tls = app->spec.tls;
    char err[512];
    int code = tls ? tls->open(app, err, sizeof err) : 0;

    if (code) {
        fprintf(stderr, "%s: %s\n", app->spec.name, err);
        return code;
    }
    code = serve_bound(app);
    if (tls)
        tls->close(app);
    return code;
}

/* On the socket that a service manager has handed over, else on one of our own. */
static int serve_here(struct gim_app *app)
{
    bool wanted = strcmp(app->settings.host, "fd") == 0;
    int code = app->spec.configured ? app->spec.configured(app, app->spec.state) : 0;
    char err[256] =
        "--host fd: no socket was handed over (LISTEN_FDS and LISTEN_PID are not set for "
        "this process)";

    if (code)
        return code;
    app->inherited = gim_inherited(err, sizeof err);
    gim_hangup_begin(app);
    if (app->inherited > 0 || (app->inherited == 0 && !wanted))
        return serve(app);
    fprintf(stderr, "%s: %s\n", app->spec.name, err);
    return EXIT_FAILED;
}

static int run(const struct gim_app_spec *spec, const struct gim_settings *settings,
               uint32_t switched)
{
    char err[4096];
    struct gim_app *app = gim_app_build(spec, settings, err, sizeof err);
    int code = 0;

    if (!app) {
        fprintf(stderr, "%s: the application is not sound:\n%s", spec->name ? spec->name : "app",
                err);
        return EXIT_FAILED;
    }
    if (app->not_trusted.ptr) {
        fprintf(
            stderr,
            "%s: --trusted-proxies: '%.*s' is no address, no network and not \"unix\", or is one "
            "of more than 32\n",
            spec->name ? spec->name : "app", GIM_FMT(app->not_trusted));
        code = EXIT_WRONG_OPTION;
    } else if (switched) {
        print(app, switched);
    } else {
        code = serve_here(app);
    }
    gim_app_free(app);
    return code;
}

#define TABLES_MAX 5

/* The application's own rows, the framework's, those of its features that have some. */
static size_t put_tables(const struct gim_app_spec *spec, struct gim_settings *settings,
                         struct gim_option_table tables[TABLES_MAX])
{
    size_t n = 0;

    if (spec->options && spec->state)
        tables[n++] = (struct gim_option_table){spec->options, spec->state};
    tables[n++] = (struct gim_option_table){gim_settings_rows, settings};
    if (spec->metrics)
        tables[n++] = (struct gim_option_table){spec->metrics->observer->options, settings};
    if (spec->tls)
        tables[n++] = (struct gim_option_table){spec->tls->options, settings};
    if (spec->sandbox)
        tables[n++] = (struct gim_option_table){spec->sandbox->confinement->options, settings};
    return n;
}

int gim_main_run(int argc, char **argv, const struct gim_app_spec *spec)
{
    struct gim_settings settings = {0};
    struct gim_option_table tables[TABLES_MAX];
    struct gim_options o = {
        .program = spec->name ? spec->name : "app",
        .tables = tables,
        .n_tables = put_tables(spec, &settings, tables),
    };
    struct gim_buf out = {0};
    uint32_t switched = 0;
    enum gim_options_result result =
        gim_options_read(&o, argc, argv, spec->about, spec->version,
                         spec->openapi ? switches : fewer_switches, &switched, &out);

    if (out.len)
        fwrite(out.ptr, 1, out.len, result == GIM_OPTIONS_WRONG ? stderr : stdout);
    gim_buf_free(&out);
    if (result != GIM_OPTIONS_GO)
        return result == GIM_OPTIONS_WRONG ? EXIT_WRONG_OPTION : 0;
    if (!settings.workers)
        settings.workers = spec->workers ? spec->workers : allowed_cpus();
    gim_log_level(settings.log_level);
    gim_log_json(settings.log_format == 1);
    raise_fd_limit();
    (void)signal(SIGXFSZ, SIG_IGN); /* a file at its limit (ulimit -f): EFBIG, an answer like any */
    return run(spec, &settings, switched);
}
