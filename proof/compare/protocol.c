/* protocol.c: the comparison, run. First everything that can fail without a clock: build, version,
 * contract, and the capacity that the open loop's rates come from. Then rounds: each runs every service,
 * in a fresh process with fresh data, in rotated order and every other time reversed, so that what
 * drifts over an hour falls on all alike. */
#include "protocol.h"
#include "../../gimlet/base/clock.h"
#include "session.h"
#include "warnings.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BUILD_TIMEOUT_MS 1800000
#define VERSION_TIMEOUT_MS 20000
#define OTHERS_TOO_MUCH 0.05 /* of all CPU time: the host is not quiet */
#define STEAL_TOO_MUCH 0.01

/* ---- Ctrl-C ------------------------------------------------------------------------------------- */

static volatile sig_atomic_t interrupted;

static void on_signal(int signal)
{
    if (interrupted)
        _exit(128 + signal); /* the keeper ends the service */
    interrupted = 1;
}

bool session_interrupted(void)
{
    return interrupted;
}

void session_interrupt(void)
{
    interrupted = 1;
}

static void take_signals(struct sigaction old[2])
{
    struct sigaction a = {.sa_handler = on_signal};

    interrupted = 0;
    sigaction(SIGINT, &a, &old[0]);
    sigaction(SIGTERM, &a, &old[1]);
}

static void give_signals_back(struct sigaction old[2])
{
    sigaction(SIGINT, &old[0], NULL);
    sigaction(SIGTERM, &old[1], NULL);
}

/* ---- saying ---------------------------------------------------------------------------------------- */

static void event(struct session *s, const char *what)
{
    if (s->watch && s->watch->on_event)
        s->watch->on_event(s->watch->owner, what);
}

static void service_event(struct session *s, const char *what)
{
    gim_str name = s->results->services[s->service].name;

    event(s, gim_printf(&s->memory, "%.*s: %s", GIM_FMT(name), what).ptr);
}

static void step(struct session *s, const char *phase)
{
    int64_t took = (int64_t)gim_clock_ns() - s->started_ns;
    double done = s->steps ? (double)s->steps_done / (double)s->steps : 0;

    if (s->watch && s->watch->on_step)
        s->watch->on_step(s->watch->owner, s->round + 1, s->plan->protocol.rounds,
                          s->results->services[s->service].name.ptr, phase, done,
                          done > 0 ? (int64_t)((double)took * (1 - done) / done) : -1);
    s->steps_done++;
}

/* ---- what the plan says, in the results --------------------------------------------------------- */

/* The service itself, or what a control is a copy of. */
static const struct compare_service *service_of(const struct compare_plan *p, size_t i)
{
    const struct compare_service *s = &p->services[i];

    for (unsigned k = 0; s->control_of && k < p->services_count; k++) {
        if (strcmp(p->services[k].name, s->control_of) == 0)
            return &p->services[k];
    }
    return s;
}

static gim_str join(struct compare_results *r, const struct compare_words *w)
{
    struct gim_buf b = {0};
    gim_str out;

    for (unsigned i = 0; i < w->count; i++)
        gim_buf_printf(&b, "%s%s", i ? " " : "", w->items[i]);
    out = gim_dup(&r->memory, b.len ? gim_buf_view(&b) : GIM_S(""));
    gim_buf_free(&b);
    return out;
}

static gim_str join_builds(struct compare_results *r, const struct compare_service *s)
{
    gim_str out = GIM_S("");

    for (unsigned i = 0; i < s->build_count; i++) {
        gim_str one = join(r, &s->build[i]);

        out = results_text(r, "%.*s%s%.*s", GIM_FMT(out), i ? " && " : "", GIM_FMT(one));
    }
    return out;
}

static gim_str copy(struct compare_results *r, const char *text)
{
    return results_text(r, "%s", text ? text : "");
}

static void set_up_service(struct compare_results *r, const struct compare_plan *p, size_t i)
{
    const struct compare_service *s = service_of(p, i);
    bool control = p->services[i].control_of != NULL;

    r->services[i] = (struct results_service){
        .name = copy(r, p->services[i].name),
        .group = copy(r, s->group),
        .about = control ? results_text(r, "%s a second time: the noise floor", s->name)
                         : copy(r, s->about),
        .version = GIM_S(""),
        .build = join_builds(r, s),
        .run = join(r, &s->run),
        .env = join(r, &s->env),
        .reference = s->reference && !control,
        .why = GIM_S(""),
        .control_of = control ? copy(r, p->services[i].control_of) : (gim_str){0},
        .latency = GIM_NEW_N(&r->memory, struct gim_histogram *, 2 * METRICS_LEVELS + 2)};
}

static int64_t wall_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static bool on_path(const char *command)
{
    gim_str rest = gim_str_of(getenv("PATH") ? getenv("PATH") : "/usr/bin:/bin");
    char path[1024];

    if (strchr(command, '/'))
        return access(command, X_OK) == 0;
    while (rest.ptr) {
        gim_str folder = gim_str_cut(&rest, ':');

        snprintf(path, sizeof path, "%.*s/%s", GIM_FMT(folder), command);
        if (folder.len && access(path, X_OK) == 0)
            return true;
    }
    return false;
}

/* Of the plan's repository; empty when it lies in none. */
static gim_str commit_of(struct compare_results *r, const struct compare_plan *p)
{
    char *argv[] = {(char[]){"git"}, (char[]){"describe"}, (char[]){"--always"},
                    (char[]){"--dirty"}, NULL};
    struct gim_buf out = {0};
    gim_str commit = GIM_S(""), rest;

    if (on_path("git") &&
        process_run(&(struct process_start){.argv = argv, .directory = p->directory}, &out,
                    VERSION_TIMEOUT_MS) == 0 &&
        out.len) {
        rest = gim_buf_view(&out);
        commit = gim_dup(&r->memory, gim_str_cut(&rest, '\n'));
    }
    gim_buf_free(&out);
    return commit.ptr ? commit : GIM_S("");
}

/* How long each phase ran: without it no figure can be repeated. */
static void tell_protocol(struct compare_results *r, const struct compare_protocol *q)
{
    r->host[r->n_host++] = (struct results_pair){
        GIM_S("protocol"),
        results_text(r,
                     "%d rounds; idle %lld ms; %d later calls; published load n=%d c=%d; warm-up "
                     "%lld ms, closed loop "
                     "%lld ms, open loop %lld ms at c=%d, mixed %lld ms at c=%d",
                     q->rounds, (long long)q->idle_ms, q->later_calls, q->small_requests,
                     q->small_connections, (long long)q->warmup_ms, (long long)q->closed_ms,
                     (long long)q->open_ms, q->open_connections, (long long)q->mixed_ms,
                     q->mixed_connections)};
}

static void set_up(struct session *s)
{
    const struct compare_plan *p = s->plan;
    struct compare_results *r = s->results;

    r->title = copy(r, p->title);
    r->plan_file = copy(r, p->file);
    r->program = GIM_S("proof compare " GIM_VERSION);
    r->commit = commit_of(r, p);
    r->started_us = wall_us();
    r->seed = p->seed;
    r->practical = p->practical / 100;
    r->rounds_planned = p->protocol.rounds;
    r->n_services = p->services_count;
    r->services = GIM_NEW_N(&r->memory, struct results_service, r->n_services);
    r->order = GIM_NEW_N(&r->memory, int, r->n_services *(size_t)r->rounds_planned);
    for (size_t i = 0; i < r->n_services; i++)
        set_up_service(r, p, i);
    s->capacity = GIM_NEW_N(&s->memory, double, r->n_services);
    metrics_set_up(&s->metrics, r, p, s->hey);
    host_describe(r, &s->host, host_directory());
    tell_protocol(r, &p->protocol);
    if (s->host.shared)
        results_warn(
            r, "one_cpu", GIM_S(""), GIM_S(""), 0,
            "server and client share a core: each slows the other, so read ratios with care");
    if (host_volatile(host_directory()))
        results_warn(
            r, "volatile", GIM_S(""), GIM_S(""), 0,
            "%s is in memory: what a service calls durable there is not; set TMPDIR to a disk",
            host_directory());
}

/* ---- before any clock ------------------------------------------------------------------------------ */

/* A command of the plan in the service's directory; the words need a NULL at their end. */
static int run_words(struct session *s, const struct compare_words *w, struct gim_buf *out,
                     int64_t timeout_ms)
{
    const struct compare_service *v = service_of(s->plan, s->service);
    char **argv = GIM_NEW_N(&s->memory, char *, w->count + 1);
    gim_str in =
        gim_printf(&s->memory, "%s/%s", s->plan->directory, v->directory ? v->directory : ".");
    struct process_start how = {
        .argv = argv, .directory = v->directory && v->directory[0] == '/' ? v->directory : in.ptr};

    for (unsigned i = 0; i < w->count; i++)
        argv[i] = w->items[i];
    return process_run(&how, out, timeout_ms);
}

static void give_up(struct session *s, enum results_state state, gim_str why)
{
    struct results_service *v = &s->results->services[s->service];

    v->state = state;
    v->why = why;
    service_event(s, why.ptr);
}

/* The last lines of a build's output. */
static gim_str tail(gim_str all)
{
    while (all.len && (all.ptr[all.len - 1] == '\n' || all.ptr[all.len - 1] == ' '))
        all.len--;
    return all.len > 600 ? (gim_str){all.ptr + all.len - 600, 600}
           : all.ptr     ? all
                         : GIM_S("(it said nothing)");
}

static int build(struct session *s)
{
    const struct compare_service *v = service_of(s->plan, s->service);
    struct gim_buf out = {0};
    int code = 0;

    if (v->build_count)
        service_event(s, "building");
    for (unsigned i = 0; i < v->build_count && !code && !interrupted; i++) {
        out.len = 0;
        code = run_words(s, &v->build[i], &out, BUILD_TIMEOUT_MS);
        if (code)
            give_up(s, RESULTS_FAILED,
                    results_text(s->results, "the build failed (%.*s: exit %d): %.*s",
                                 GIM_FMT(join(s->results, &v->build[i])), code,
                                 GIM_FMT(tail(gim_buf_view(&out)))));
    }
    gim_buf_free(&out);
    return code;
}

static void ask_version(struct session *s)
{
    const struct compare_service *v = service_of(s->plan, s->service);
    struct gim_buf out = {0};

    if (v->version.count && run_words(s, &v->version, &out, VERSION_TIMEOUT_MS) == 0 && out.len) {
        gim_str rest = gim_buf_view(&out);

        s->results->services[s->service].version =
            gim_dup(&s->results->memory, gim_str_trim(gim_str_cut(&rest, '\n')));
    }
    gim_buf_free(&out);
}

static int open_launch(struct session *s)
{
    if (launch_open(&s->launch, s->plan, service_of(s->plan, s->service), &s->host, s->err,
                    sizeof s->err))
        return -1;
    s->request.len = 0;
    if (contract_request(&s->request, &s->plan->request, s->plan->directory,
                         gim_str_of(s->launch.host_port), GIM_S(""), GIM_S(""), 0, s->err,
                         sizeof s->err) == 0)
        return 0;
    launch_close(&s->launch, (char[256]){0}, 256);
    return -1;
}

/* What ended the service badly is told once: with a failed phase its last words are the reason. */
static void close_launch(struct session *s, bool failed)
{
    char why[SESSION_ERROR];
    struct results_service *v = &s->results->services[s->service];
    bool well;

    s->died = !process_alive(&s->launch.process);
    well = launch_close(&s->launch, why, sizeof why);
    if (!well && failed && s->died)
        snprintf(s->err, sizeof s->err, "%s", why);
    else if (!well && !failed)
        results_warn(s->results, s->died ? "died" : "slow_stop", v->name, GIM_S(""), s->round + 1,
                     "%s", why);
    v->log_bytes += s->launch.log_bytes;
}

/* Contract, and how fast it can go at all. */
static void prove(struct session *s, bool contract_only)
{
    struct results_service *v = &s->results->services[s->service];
    int failed;

    if (open_launch(s)) {
        give_up(s, RESULTS_FAILED, results_text(s->results, "it could not be started: %s", s->err));
        return;
    }
    failed = contract_run(s->results, v, s->plan, &s->launch.to);
    if (!failed && !contract_only) {
        s->capacity[s->service] = session_capacity(s);
        if (s->capacity[s->service] <= 0 && !interrupted)
            give_up(s, RESULTS_FAILED,
                    results_text(s->results, "it could not be loaded: %s", s->err));
    }
    launch_close(&s->launch, s->err, sizeof s->err);
    if (failed)
        give_up(s, RESULTS_FAILED,
                results_text(s->results, "%d of %zu contract checks failed", failed, v->n_checks));
    else if (v->state == RESULTS_RAN)
        service_event(s, "contract passed");
}

static void prepare(struct session *s, size_t i, bool contract_only)
{
    const struct compare_service *v = service_of(s->plan, i);

    s->service = i;
    if (v->needs && !on_path(v->needs)) {
        give_up(s, RESULTS_SKIPPED,
                results_text(s->results, "skipped: %s is not here%s%s", v->needs,
                             v->needs_help ? "; to get it: " : "",
                             v->needs_help ? v->needs_help : ""));
        return;
    }
    if (!s->plan->services[i].control_of && build(s))
        return;
    ask_version(s);
    if (!interrupted)
        prove(s, contract_only);
}

/* ---- rounds --------------------------------------------------------------------------------------- */

/* Which service runs at this place of this round: rounds come in pairs, the second reversed, and each
 * pair starts further on, so far that the last pair has gone once round all services. */
static size_t service_at(size_t n, int round, int rounds, size_t place)
{
    size_t pairs = (size_t)(rounds + 1) / 2, stride = n > pairs ? n / pairs : 1;
    size_t start = (size_t)round / 2 * stride;

    return (start + (round % 2 ? n - 1 - place : place)) % n;
}

static int run_launch(struct session *s, const struct phase *phases)
{
    int failed = 0;

    s->died = false;
    step(
        s,
        phases->name); /* before the start: it writes to a terminal, and the clock runs from exec */
    if (open_launch(s))
        return -1;
    s->stored = 0;
    for (const struct phase *p = phases; p->name && !failed && !interrupted; p++) {
        if (p != phases)
            step(s, p->name);
        failed = p->run(s);
    }
    close_launch(s, failed);
    return failed;
}

/* Void, visibly: the figures that the round did not bring stay absent, and the warning says why. */
static void run_service(struct session *s)
{
    gim_str name = s->results->services[s->service].name;
    uint64_t before = s->steps_done, of_one = 0;

    for (const struct phase *p = cold_phases; p->name; p++)
        of_one++;
    for (const struct phase *p = warm_phases; p->name; p++)
        of_one++;
    if ((run_launch(s, cold_phases) || run_launch(s, warm_phases)) && !interrupted) {
        results_warn(s->results, s->died ? "died" : "void", name, GIM_S(""), s->round + 1,
                     "the round is void from here on: %s", s->err);
        service_event(s, s->err);
    }
    s->steps_done = before + of_one;
    gim_arena_reset(&s->memory);
}

static void run_round(struct session *s)
{
    struct compare_results *r = s->results;
    struct host_sample before, after;
    double others, steal;

    host_sample(&before);
    for (size_t place = 0; place < r->n_services && !interrupted; place++) {
        s->service = service_at(r->n_services, s->round, r->rounds_planned, place);
        r->order[(size_t)s->round * r->n_services + place] = (int)s->service;
        if (r->services[s->service].state == RESULTS_RAN)
            run_service(s);
    }
    host_sample(&after);
    others = host_others(&before, &after, &steal);
    if (others > OTHERS_TOO_MUCH || steal > STEAL_TOO_MUCH)
        results_warn(r, "noisy_host", GIM_S(""), GIM_S(""), s->round + 1,
                     "others took %.0f %% of the CPUs (the hypervisor %.0f %%)", 100 * others,
                     100 * steal);
    if (after.throttled > before.throttled)
        results_warn(r, "throttled", GIM_S(""), GIM_S(""), s->round + 1,
                     "the CPU quota held the run back");
}

static uint64_t count_steps(const struct session *s)
{
    uint64_t phases = 0, services = 0;

    for (const struct phase *p = cold_phases; p->name; p++)
        phases++;
    for (const struct phase *p = warm_phases; p->name; p++)
        phases++;
    for (size_t i = 0; i < s->results->n_services; i++)
        services += s->results->services[i].state == RESULTS_RAN;
    return phases * services * (uint64_t)s->plan->protocol.rounds;
}

/* Titles with the rates; the load's own rate is told where there is but one. */
static void rename_open_loads(struct session *s)
{
    struct compare_results *r = s->results;

    for (unsigned i = 0; i < s->plan->protocol.open_count && i < METRICS_LEVELS; i++) {
        struct results_load *l = &r->loads[s->metrics.open[i].load];
        struct gim_buf b = {0};
        int groups = 0;

        gim_buf_printf(&b, "open loop at %d %% of the slowest", s->plan->protocol.open[i]);
        for (size_t k = 0; k < r->n_services; k++) {
            double rate = session_slowest(s, k) * s->plan->protocol.open[i] / 100;

            if (results_reference(r, k) != (int)k)
                continue;
            gim_buf_printf(&b, "%s%.*s%s%.0f/s", groups ? "; " : ": ",
                           GIM_FMT(r->services[k].group), r->services[k].group.len ? " " : "",
                           rate);
            l->rate = groups++ ? 0 : rate;
        }
        l->title = gim_dup(&r->memory, gim_buf_view(&b));
        gim_buf_free(&b);
    }
}

static void run_rounds(struct session *s)
{
    warnings_of_work(s->results);
    rename_open_loads(s);
    s->capacity = memcpy(gim_heap_alloc(s->results->n_services * sizeof(double)), s->capacity,
                         s->results->n_services * sizeof(double));
    s->client_bound =
        gim_heap_alloc(s->results->n_services * s->results->n_metrics * sizeof *s->client_bound);
    s->steps = count_steps(s);
    s->started_ns = (int64_t)gim_clock_ns();
    for (s->round = 0; s->round < s->plan->protocol.rounds && s->steps && !interrupted;
         s->round++) {
        run_round(s);
        s->results->rounds = s->round + !interrupted;
    }
    gim_heap_free(s->capacity);
    warnings_of_rounds(s->results, s->client_bound);
    gim_heap_free(s->client_bound);
}

int protocol_run(const struct compare_plan *p, struct compare_results *r,
                 const struct protocol_watch *watch, bool contract_only, char *err, size_t err_len)
{
    struct session s = {.plan = p, .results = r, .watch = watch, .launch.process.keeper = 0};
    struct sigaction old[2];
    size_t ready = 0;

    take_signals(old);
    s.hey = p->protocol.hey && on_path("hey");
    host_choose(&s.host, p);
    set_up(&s);
    for (size_t i = 0; i < r->n_services && !interrupted; i++) {
        prepare(&s, i, contract_only);
        ready += r->services[i].state == RESULTS_RAN;
    }
    if (!contract_only && !interrupted)
        run_rounds(&s);
    r->interrupted = interrupted;
    r->ended_us = wall_us();
    gim_buf_free(&s.request);
    gim_arena_reset(&s.memory);
    give_signals_back(old);
    if (ready || r->n_services == 0 || contract_only)
        return 0;
    snprintf(err, err_len, "no service could be measured");
    return -1;
}
