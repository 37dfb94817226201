/* phases.c: what is measured, a function a phase, run in the order of the tables at the end. A phase
 * writes figures of this round and this service, or says why it could not. */
#include "load_run.h"
#include "../../gimlet/base/clock.h"
#include "../report/figures.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define CLIENT_BOUND 0.9 /* share of its CPUs above which the client may be what was measured */
#define SETTLE_MS 200    /* before memory is read */
#define MIX 1000         /* requests of one turn of the mixed traffic */
#define MIX_POSTS 64     /* that the reads go to */
#define SAMPLES_P99 299  /* fewer have no 95 % bound on the 99th percentile */
#define BACKLOG_S 0.1    /* an open loop that ends further behind its plan has not held its rate */
#define CALLS_MAX 10000
#define CALIBRATE_MS 500

static void sleep_ms(int64_t ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

static gim_str name_of(const struct session *s)
{
    return s->results->services[s->service].name;
}

void session_set(struct session *s, int metric, double value)
{
    if (metric >= 0)
        results_at(s->results, s->service, (size_t)metric)[s->round] = value;
}

/* ---- single calls --------------------------------------------------------------------------------- */

static void call_init(struct call *c, const struct session *s)
{
    *c = (struct call){
        .to = s->launch.to, .fd = -1, .timeout_ns = s->plan->protocol.call_timeout_ms * 1000000};
}

/* The request, and the answer looked at as far as its status. */
static int call_good(struct session *s, struct call *c, gim_str request, int wanted)
{
    char why[SESSION_ERROR - 64];

    if (call_make(c, request, why, sizeof why)) {
        snprintf(s->err, sizeof s->err, "%s", why);
        return -1;
    }
    if (wanted ? c->status != wanted : c->status < 200 || c->status > 299) {
        snprintf(s->err, sizeof s->err, "answered %d, expected %d", c->status,
                 wanted ? wanted : 200);
        return -1;
    }
    return 0;
}

static int call_measured(struct session *s, struct call *c)
{
    return call_good(s, c, gim_buf_view(&s->request), s->plan->request.status);
}

/* {id} and {location} of the requests to come are those of the post that was just stored. */
static void keep_post(struct session *s, const struct call *c)
{
    s->id = contract_id(c, &s->memory);
    s->location = gim_dup(&s->memory, call_field(c, "Location"));
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(double *x, int n)
{
    qsort(x, (size_t)n, sizeof *x, by_value);
    return n % 2 ? x[n / 2] : (x[n / 2 - 1] + x[n / 2]) / 2;
}

static int phase_ready(struct session *s)
{
    struct call c;
    int failed;

    call_init(&c, s);
    failed = call_measured(s, &c);
    if (!failed) {
        session_set(s, s->metrics.ready_connect, (double)s->launch.connect_ns);
        session_set(s, s->metrics.ready_answer,
                    (double)((int64_t)gim_clock_ns() - s->launch.process.exec_ns));
        keep_post(s, &c);
    }
    call_free(&c);
    return failed;
}

static int phase_first(struct session *s)
{
    struct call c;
    int failed;

    call_init(&c, s);
    failed = call_measured(s, &c);
    if (!failed) {
        session_set(s, s->metrics.first_call, (double)(c.connect_ns + c.ns));
        keep_post(s, &c);
    }
    call_free(&c);
    return failed;
}

static int later(struct session *s, int metric, bool keep)
{
    int n = s->plan->protocol.later_calls < CALLS_MAX ? s->plan->protocol.later_calls : CALLS_MAX;
    double *ns = gim_heap_alloc((size_t)n * sizeof *ns + sizeof *ns);
    int failed = 0;
    struct call c;

    call_init(&c, s);
    for (int i = 0; i < n && !failed; i++) {
        failed = call_measured(s, &c);
        ns[i] = (double)(c.ns + c.connect_ns);
        if (!keep)
            call_hang_up(&c);
    }
    if (!failed && n > 1)
        session_set(s, metric,
                    median(ns + keep, n - keep)); /* the first call of the kept one connects */
    call_free(&c);
    gim_heap_free(ns);
    return failed;
}

static int phase_later(struct session *s)
{
    return later(s, s->metrics.later_kept, true) || later(s, s->metrics.later_new, false) ? -1 : 0;
}

/* ---- memory ----------------------------------------------------------------------------------------- */

static int usage(struct session *s, struct process_usage *u)
{
    if (process_usage(&s->launch.process, u) == 0)
        return 0;
    snprintf(s->err, sizeof s->err, "died");
    return -1;
}

static const char *binary_path(const struct session *s, char *out, size_t len)
{
    const struct compare_service *v = s->launch.service;
    const char *name = v->binary ? v->binary : v->run.count ? v->run.items[0] : "";
    const char *in = v->directory && v->directory[0] == '/' ? "" : s->plan->directory;

    if (name[0] == '/')
        snprintf(out, len, "%s", name);
    else
        snprintf(out, len, "%s%s%s/%s", in, *in ? "/" : "", v->directory ? v->directory : ".",
                 name);
    return out;
}

static int phase_start(struct session *s)
{
    struct process_usage u;
    struct stat st;
    char path[1200];

    sleep_ms(s->plan->protocol.idle_ms);
    if (usage(s, &u))
        return -1;
    s->rss_start = u.rss;
    session_set(s, s->metrics.rss_start, (double)u.rss);
    session_set(s, s->metrics.pss_start, (double)u.pss);
    if (stat(binary_path(s, path, sizeof path), &st) == 0)
        session_set(s, s->metrics.binary, (double)st.st_size);
    return 0;
}

static int phase_after(struct session *s)
{
    struct process_usage u;

    sleep_ms(SETTLE_MS);
    if (usage(s, &u))
        return -1;
    session_set(s, s->metrics.rss_after, (double)u.rss);
    session_set(s, s->metrics.peak, (double)u.peak);
    if (s->stored)
        session_set(s, s->metrics.per_post, (double)(u.rss - s->rss_start) / (double)s->stored);
    return 0;
}

/* Opens connections up to n, each having had one answer. */
static int open_idle(struct session *s, struct call *calls, int from, int n, gim_str request,
                     int status)
{
    for (int i = from; i < n; i++) {
        call_init(&calls[i], s);
        if (call_good(s, &calls[i], request, status))
            return -1;
        gim_buf_free(&calls[i].head);
        gim_buf_free(&calls[i].body);
    }
    return 0;
}

/* A connection that the service has closed costs it nothing, so it must not be counted as one that does. */
static void keep_idle(struct session *s, struct call *calls, int n, int metric, int64_t grown)
{
    int open = 0;

    for (int i = 0; i < n; i++)
        open += call_is_kept(&calls[i]);
    if (open == n)
        session_set(s, metric, (double)grown / n);
    else
        results_warn(s->results, "closed_idle", name_of(s), s->results->metrics[metric].id,
                     s->round + 1, "%d of %d connections were closed by the service: no figure",
                     n - open, n);
}

static int phase_idle(struct session *s)
{
    const struct compare_protocol *p = &s->plan->protocol;
    const struct compare_request *q = s->plan->read.path ? &s->plan->read : &s->plan->request;
    int most = p->idle_count ? p->idle[p->idle_count - 1] : 0, open = 0, failed = 0;
    struct gim_buf request = {0};
    struct call *calls;
    struct process_usage before, now;

    if (!most)
        return 0;
    calls = gim_heap_alloc((size_t)most * sizeof *calls);
    failed = contract_request(&request, q, s->plan->directory, gim_str_of(s->launch.host_port),
                              s->id, s->location, 0, s->err, sizeof s->err) ||
             usage(s, &before);
    for (unsigned i = 0;
         i < p->idle_count && i < METRICS_LEVELS && !failed && !session_interrupted(); i++) {
        failed = open_idle(s, calls, open, p->idle[i], gim_buf_view(&request), q->status);
        open = p->idle[i]; /* the plan's levels rise */
        sleep_ms(SETTLE_MS);
        failed = failed || usage(s, &now);
        if (!failed)
            keep_idle(s, calls, p->idle[i], s->metrics.idle[i], now.rss - before.rss);
    }
    for (int i = 0; i < most; i++) {
        if (calls[i].to.len)
            call_free(&calls[i]);
    }
    gim_heap_free(calls);
    gim_buf_free(&request);
    return failed ? -1 : 0;
}

/* ---- loads ------------------------------------------------------------------------------------------ */

static const char *first_fault(const struct load_result *r)
{
    for (int i = 0; i < LOAD_ERRORS; i++) {
        if (r->errors[i])
            return r->first[i];
    }
    return "answers of 400 and above";
}

/* Counted here, told once at the end: a line a round would bury the others. */
static void note_client_bound(struct session *s, const struct load_result *r, int metric)
{
    double wall = (double)(r->ended - r->started) * (r->cpus > 0 ? r->cpus : 1);

    if (wall > 0 && (double)r->cpu_ns / wall > CLIENT_BOUND)
        s->client_bound[s->service * s->results->n_metrics + (size_t)metric]++;
}

static void keep_latency(struct session *s, int load, const struct load_result *r)
{
    struct gim_histogram **to = &s->results->services[s->service].latency[load];

    if (!*to)
        *to = GIM_NEW(&s->results->memory, struct gim_histogram);
    gim_histogram_add(*to, &r->latency);
}

/* Figures of a load that went well; one with a fault is void, visibly. */
static void keep(struct session *s, const struct metrics_load *m, const struct load_result *r,
                 int64_t cpu_ns, double rate)
{
    gim_str metric = m->rps >= 0 ? s->results->metrics[m->rps].id : s->results->metrics[m->p50].id;
    uint64_t faults = load_faults(r);

    s->results->services[s->service].requests += r->sent;
    if (faults || !r->answered) {
        gim_str why =
            faults ? results_text(s->results, "%llu of %llu requests failed; the first: %s",
                                  (unsigned long long)faults, (unsigned long long)r->sent,
                                  first_fault(r))
                   : results_text(s->results, "no request was answered before the load ended");

        results_warn(s->results, "errors", name_of(s), metric, s->round + 1,
                     "the load is void: %.*s", GIM_FMT(why));
        return;
    }
    if ((double)r->unsent > rate * BACKLOG_S) {
        results_warn(s->results, "errors", name_of(s), metric, s->round + 1,
                     "the load is void: %llu of %llu requests could not be sent when due",
                     (unsigned long long)r->unsent, (unsigned long long)(r->sent + r->unsent));
        return;
    }
    session_set(s, m->rps, figure_rate(r));
    session_set(s, m->p50, (double)gim_histogram_percentile(&r->latency, 50));
    if (r->latency.total >= SAMPLES_P99)
        session_set(s, m->p99, (double)gim_histogram_percentile(&r->latency, 99));
    session_set(s, m->cpu, (double)cpu_ns / (double)r->sent);
    keep_latency(s, m->load, r);
    if (rate == 0 && m->cpu >= 0) /* the published load is too short to tell */
        note_client_bound(s, r, m->rps);
}

/* A load; a result is 1.1 MB, so it lives on the heap. */
static int run_level(struct session *s, const struct load_level *l, const struct metrics_load *m,
                     bool stores)
{
    struct load_result *r = gim_heap_alloc(sizeof *r);
    int64_t cpu = 0;
    int failed = load_level_run(s, l, r, &cpu);

    if (!failed && stores)
        s->stored += r->answered;
    if (!failed && m)
        keep(s, m, r, cpu, l->rate);
    gim_heap_free(r);
    if (!failed && !process_alive(&s->launch.process)) {
        snprintf(s->err, sizeof s->err, "died under load");
        failed = -1;
    }
    return failed;
}

static int warm_up(struct session *s, const struct load_level *l)
{
    struct load_level w = *l;

    w.ms = s->plan->protocol.warmup_ms;
    return w.ms ? run_level(s, &w, NULL, !l->n_mix) : 0;
}

static int phase_closed(struct session *s)
{
    const struct compare_protocol *p = &s->plan->protocol;

    for (unsigned i = 0; i < p->closed_count && i < METRICS_LEVELS && !session_interrupted(); i++) {
        struct load_level l = {.connections = p->closed[i], .ms = p->closed_ms};

        if (warm_up(s, &l) || run_level(s, &l, &s->metrics.closed[i], true))
            return -1;
    }
    return session_interrupted() ? 0 : phase_after(s);
}

double session_slowest(const struct session *s, size_t service)
{
    const struct compare_results *r = s->results;
    double least = 0;

    for (size_t i = 0; i < r->n_services; i++) {
        if (gim_str_eq(r->services[i].group, r->services[service].group) && s->capacity[i] > 0 &&
            (least == 0 || s->capacity[i] < least))
            least = s->capacity[i];
    }
    return least;
}

static int phase_open(struct session *s)
{
    const struct compare_protocol *p = &s->plan->protocol;
    double rate = session_slowest(s, s->service);

    for (unsigned i = 0;
         i < p->open_count && i < METRICS_LEVELS && rate > 0 && !session_interrupted(); i++) {
        struct load_level l = {
            .connections = p->open_connections, .ms = p->open_ms, .rate = rate * p->open[i] / 100};

        if (run_level(s, &l, &s->metrics.open[i], true))
            return -1;
    }
    return 0;
}

static int phase_small(struct session *s)
{
    const struct compare_protocol *p = &s->plan->protocol;
    struct metrics_load m = {s->metrics.small_rps, s->metrics.small_p50, -1, -1,
                             s->metrics.small.load};

    return run_level(
        s, &(struct load_level){.requests = p->small_requests, .connections = p->small_connections},
        &m, true);
}

double session_capacity(struct session *s)
{
    const struct compare_protocol *p = &s->plan->protocol;
    struct load_level l = {.connections = p->open_connections,
                           .ms = p->closed_ms < CALIBRATE_MS ? p->closed_ms : CALIBRATE_MS};
    struct load_result *r = gim_heap_alloc(sizeof *r);
    int64_t cpu;
    double rate = -1;

    if (!warm_up(s, &l) && !load_level_run(s, &l, r, &cpu)) {
        if (r->answered && !load_faults(r))
            rate = figure_rate(r);
        else
            snprintf(s->err, sizeof s->err, "under load: %.400s", first_fault(r));
    }
    gim_heap_free(r);
    return rate;
}

/* ---- hey -------------------------------------------------------------------------------------------- */

/* hey's own "Requests/sec:"; NaN unless every answer was the one that is wanted. */
static double hey_figure(const struct session *s, gim_str out)
{
    int wanted = s->plan->request.status ? s->plan->request.status : 200;
    char good[64];
    const char *at;

    snprintf(good, sizeof good, "[%d]\t%d responses", wanted, s->plan->protocol.small_requests);
    if (!out.ptr || !strstr(out.ptr, good) || strstr(out.ptr, "Error distribution"))
        return NAN;
    at = strstr(out.ptr, "Requests/sec:");
    return at ? strtod(at + strlen("Requests/sec:"), NULL) : NAN;
}

static int phase_hey(struct session *s)
{
    const struct compare_protocol *p = &s->plan->protocol;
    const struct compare_request *q = &s->plan->request;
    char n[24], c[24], body[1200], url[400];
    char *argv[] = {"hey",
                    "-n",
                    n,
                    "-c",
                    c,
                    "-m",
                    (char *)(uintptr_t)(q->method ? q->method : "GET"),
                    "-T",
                    (char *)(uintptr_t)(q->content_type ? q->content_type : "application/json"),
                    "-D",
                    body,
                    url,
                    NULL};
    struct process_start how = {.argv = argv, .cpus = s->host.client_cpus};
    double rate = NAN;
    struct gim_buf out = {0};

    if (!s->hey || !q->body_file || q->headers.count)
        return 0;
    snprintf(n, sizeof n, "%d", p->small_requests);
    snprintf(c, sizeof c, "%d", p->small_connections);
    compare_plan_body(body, sizeof body, s->plan->directory, q);
    snprintf(url, sizeof url, "http://%s%s", s->launch.host_port, q->path);
    if (process_run(&how, &out, p->call_timeout_ms) == 0) {
        gim_buf_char(&out, '\0');
        rate = hey_figure(s, gim_buf_view(&out));
    }
    session_set(s, s->metrics.hey_rps, rate);
    if (isnan(rate))
        results_warn(s->results, "errors", name_of(s), GIM_S("hey.rps"), s->round + 1,
                     "hey did not get %d good answers: no figure", p->small_requests);
    else
        s->stored += (uint64_t)p->small_requests;
    gim_buf_free(&out);
    return 0;
}

/* ---- mixed traffic ------------------------------------------------------------------------------------ */

struct mix {
    struct gim_buf posts[MIX_POSTS], list;
    gim_str requests[MIX];
};

/* 80 % reads of known posts, 15 % creates, 5 % lists, shuffled by the plan's seed: the same for all. */
static void shuffle(struct mix *m, gim_str create, uint64_t seed)
{
    for (int i = 0; i < MIX; i++)
        m->requests[i] = i < 800   ? gim_buf_view(&m->posts[i % MIX_POSTS])
                         : i < 950 ? create
                                   : gim_buf_view(&m->list);
    for (int i = MIX - 1; i > 0; i--) {
        int k = (int)(stats_random(&seed) % (uint64_t)(i + 1));
        gim_str t = m->requests[i];

        m->requests[i] = m->requests[k];
        m->requests[k] = t;
    }
}

static int store_posts(struct session *s, struct mix *m)
{
    gim_str host = gim_str_of(s->launch.host_port);
    struct call c;
    int failed = 0;

    call_init(&c, s);
    for (int i = 0; i < MIX_POSTS && !failed; i++) {
        failed = call_measured(s, &c) ||
                 contract_request(&m->posts[i], &s->plan->read, s->plan->directory, host,
                                  contract_id(&c, &s->memory), call_field(&c, "Location"), 0,
                                  s->err, sizeof s->err);
    }
    call_free(&c);
    return failed ? -1 : 0;
}

static int phase_mixed(struct session *s)
{
    const struct compare_protocol *p = &s->plan->protocol;
    const struct compare_request *list = s->plan->list.path ? &s->plan->list : &s->plan->read;
    struct mix *m;
    int failed;

    if (!s->plan->read.path)
        return 0;
    m = gim_heap_alloc(sizeof *m);
    failed = store_posts(s, m) ||
             contract_request(&m->list, list, s->plan->directory, gim_str_of(s->launch.host_port),
                              s->id, s->location, 0, s->err, sizeof s->err);
    if (!failed) {
        struct load_level l = {.connections = p->mixed_connections,
                               .ms = p->mixed_ms,
                               .mix = m->requests,
                               .n_mix = MIX};

        shuffle(m, gim_buf_view(&s->request), s->plan->seed);
        failed = warm_up(s, &l) || run_level(s, &l, &s->metrics.mixed, false);
    }
    for (int i = 0; i < MIX_POSTS; i++)
        gim_buf_free(&m->posts[i]);
    gim_buf_free(&m->list);
    gim_heap_free(m);
    return failed ? -1 : 0;
}

const struct phase cold_phases[] = {
    {"time to ready", phase_ready},
    {"idle connections", phase_idle},
    {NULL, NULL},
};

const struct phase warm_phases[] = {
    {"memory at start", phase_start},
    {"first call", phase_first},
    {"later calls", phase_later},
    {"published load", phase_small},
    {"hey", phase_hey},
    {"closed loop", phase_closed},
    {"open loop", phase_open},
    {"mixed traffic", phase_mixed},
    {NULL, NULL},
};
