/* reports.c: slow work behind a quick answer. POST /reports answers 202 at once, the report is made on a
 * thread of the pool, GET /reports/:id says how far it is. A timer forgets old ones. One worker.
 *   curl -i -X POST -d '{"pages":3}' localhost:8080/reports
 *   curl -i localhost:8080/reports/1 */
#include <gimlet.h>
#include <stdlib.h>
#include <unistd.h>

#define REPORTS_MAX 1000
#define PAGES_MAX 50

struct report {
    int64_t id, pages;
    int state;
    gim_time made_at;
};
static const char *const states[] = {"making", "ready", "failed", NULL};
static const struct gim_field fields[] = {
    GIM_INT(struct report, id, .read_only = true),
    GIM_INT(struct report, pages, .required = true, GIM_MIN(1), GIM_MAX(PAGES_MAX)),
    GIM_ENUM(struct report, state, .names = states, .read_only = true),
    GIM_TIME(struct report, made_at, .read_only = true),
};
static const struct gim_schema report_schema = GIM_SCHEMA("Report", struct report, fields);

struct desk {
    struct report reports[REPORTS_MAX]; /* id 0: free. Only the worker's thread touches them */
    int64_t last, keep;
};

struct job { /* belongs to no request, so it lives on the heap */
    int64_t id, pages;
};

static struct report *find(struct desk *d, int64_t id)
{
    struct report *r = id > 0 ? &d->reports[id % REPORTS_MAX] : NULL;
    return r && r->id == id ? r : NULL;
}

static int make(void *arg) /* on a thread: it may take its time */
{
    const struct job *j = arg;
    for (int64_t page = 0; page < j->pages; page++)
        usleep(20000);
    return 0;
}

static void made(struct gim_app *app, unsigned worker, int result,
                 void *arg) /* on the loop again */
{
    struct job *j = arg;
    struct report *r = find(gim_app_state(app), j->id);
    (void)worker;
    if (r) {
        r->state = result ? 2 : 1; /* GIM_CUT: the server stopped before it began */
        r->made_at = gim_now();
    }
    free(j);
}

static int order(struct gim_ctx *c)
{
    struct desk *d = gim_state(c);
    const struct report *asked = gim_body(c);
    struct report *r = &d->reports[(d->last + 1) % REPORTS_MAX];
    struct job *j = malloc(sizeof *j);
    if (j)
        *j = (struct job){d->last + 1, asked->pages};
    if (r->id || !j || gim_background(gim_app_of(c), gim_worker(c), make, made, j)) {
        free(j);
        gim_set_header(c, GIM_S("Retry-After"), GIM_S("1"));
        return gim_problem(c, 503, NULL, "too many reports are being made; try again");
    }
    *r = (struct report){.id = ++d->last, .pages = asked->pages};
    gim_set_header(c, GIM_S("Location"), gim_printf(gim_arena(c), "/reports/%d", (int)r->id));
    return gim_reply(c, 202, &report_schema, r);
}

static int read_report(struct gim_ctx *c)
{
    int64_t id;
    if (gim_param_int(c, GIM_S("id"), &id))
        return GIM_REPLIED;
    struct report *r = find(gim_state(c), id);
    return r ? gim_reply(c, 200, &report_schema, r) : gim_problem(c, 404, NULL, "no such report");
}

static void forget(struct gim_app *app, unsigned worker, void *arg)
{
    struct desk *d = gim_app_state(app);
    int64_t old = gim_now().us - d->keep * 1000;
    (void)worker;
    (void)arg;
    for (int i = 0; i < REPORTS_MAX; i++) {
        if (d->reports[i].state && d->reports[i].made_at.us < old)
            d->reports[i] = (struct report){0};
    }
}

static const struct gim_route routes[] = {
    GIM_POST("/reports", order, .body = &report_schema, .reply = &report_schema, .status = 202),
    GIM_GET("/reports/:id", read_report, .reply = &report_schema),
    {0},
};
static const struct gim_timer_row timers[] = {
    GIM_EVERY(100, forget, .name = "forget", .jitter = 20),
    {0},
};
static const struct gim_option options[] = {
    {"keep", GIM_OPTION_DURATION, GIM_OPTION_AT(struct desk, keep), "1h", 1, 86400000,
     .group = "Reports", .help = "how long a report may be fetched"},
    {0},
};

int main(int argc, char **argv)
{
    static struct desk desk;
    return gim_main(argc, argv, .name = "reports", .routes = routes, .state = &desk,
                    .options = options, .timers = timers, .workers = 1);
}
