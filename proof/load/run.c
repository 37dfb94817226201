/* run.c: the threads of a run. Thread 0 is the caller's: it also draws the progress line and takes
 * Ctrl-C. The number of requests is split up front, the remainder spread, so that all of them are
 * sent and no counter is shared. */
#include "run.h"
#include "../../gimlet/net/signals.h"
#include "../report/progress.h"
#include "cpus.h"
#include "worker.h"
#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <unistd.h>

#define PROGRESS_MS 250

struct control { /* thread 0's extra duties */
    struct load_run *run;
    struct load_worker *workers;
    struct gim_signals signals;
    struct gim_timer timer;
    struct progress *progress;
    bool interrupted;
};

/* ---- CPUs ----------------------------------------------------------------------------------- */

static int allowed_cpus(void)
{
    cpu_set_t set;

    return sched_getaffinity(0, sizeof set, &set) ? 1 : CPU_COUNT(&set);
}

static int pin(const struct load_plan *p)
{
    cpu_set_t set;

    if (!p->cpu_list)
        return 0;
    if (cpus_set(p->cpu_list, &set) || sched_setaffinity(0, sizeof set, &set)) {
        fprintf(stderr, "%s: --cpu-list %s: give CPUs we may use, as in 1,3-5\n", p->program,
                p->cpu_list);
        return -1;
    }
    return 0;
}

static unsigned thread_count(const struct load_plan *p)
{
    int64_t n = p->threads ? p->threads : allowed_cpus();

    if (p->cpus > 0 && n > p->cpus)
        n = p->cpus;
    if (n > p->concurrency)
        n = p->concurrency;
    return (unsigned)(n > 0 ? n : 1);
}

static void raise_fd_limit(void)
{
    struct rlimit r;

    if (getrlimit(RLIMIT_NOFILE, &r) == 0 && r.rlim_cur < r.rlim_max) {
        r.rlim_cur = r.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &r);
    }
}

static int64_t cpu_ns(void)
{
    struct rusage u;

    getrusage(RUSAGE_SELF, &u);
    return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * INT64_C(1000000000) +
           (u.ru_utime.tv_usec + u.ru_stime.tv_usec) * INT64_C(1000);
}

/* ---- progress and Ctrl-C ---------------------------------------------------------------------- */

static void show(struct control *c)
{
    const struct load_plan *p = c->run->plan;
    struct progress_snapshot s = {.total = p->duration_ns ? 0 : (uint64_t)p->requests,
                                  .duration_ns = p->duration_ns};

    for (unsigned i = 0; i < c->run->threads; i++) {
        struct load_worker *w = &c->workers[i];
        int64_t p50 = atomic_load_explicit(&w->shown_p50, memory_order_relaxed);
        int64_t p99 = atomic_load_explicit(&w->shown_p99, memory_order_relaxed);

        s.answered += atomic_load_explicit(&w->shown_answered, memory_order_relaxed);
        s.failed += atomic_load_explicit(&w->shown_failed, memory_order_relaxed);
        s.p50 = p50 > s.p50 ? p50 : s.p50; /* of the slowest thread */
        s.p99 = p99 > s.p99 ? p99 : s.p99;
    }
    s.elapsed_ns = worker_now() - c->run->start;
    progress_update(c->progress, &s);
}

static void on_show(struct gim_timer *t)
{
    struct control *c = GIM_CONTAINER(t, struct control, timer);

    show(c);
    gim_timer_set(c->workers[0].loop, t, PROGRESS_MS);
}

static void on_signal(struct gim_signals *signals, int signal)
{
    struct control *c = GIM_CONTAINER(signals, struct control, signals);

    if (c->interrupted)
        _exit(128 + signal);
    c->interrupted = true;
    for (unsigned i = 0; i < c->run->threads; i++)
        worker_stop(&c->workers[i]);
}

/* ---- threads ------------------------------------------------------------------------------------ */

static void *thread_main(void *arg)
{
    worker_run(arg);
    return NULL;
}

/* Connections of the threads differ by one at most. */
static int64_t share(int64_t total, unsigned n, unsigned i)
{
    return total / n + (i < (uint64_t)(total % n));
}

/* The first `k` of `c` connections' part of the requests; no product that could overflow. */
static int64_t part(const struct load_plan *p, int64_t k)
{
    int64_t c = p->concurrency;

    return p->requests / c * k + p->requests % c * k / c;
}

/* Requests go by connections, so that with -q all threads end together. */
static int64_t share_of_requests(const struct load_plan *p, unsigned n, unsigned i)
{
    int64_t before = 0;

    for (unsigned k = 0; k < i; k++)
        before += share(p->concurrency, n, k);
    return part(p, before + share(p->concurrency, n, i)) - part(p, before);
}

static int prepare(struct load_worker *w, struct load_run *run, unsigned i)
{
    const struct load_plan *p = run->plan;
    bool endless = p->duration_ns > 0;

    w->run = run;
    w->index = i;
    w->next = i;
    w->left = endless ? INT64_MAX : share_of_requests(p, run->threads, i);
    w->n_clients = share(p->concurrency, run->threads, i);
    w->result = gim_heap_alloc(sizeof *w->result);
    w->writer.seq = i;
    w->writer.stride = run->threads;
    if (getrandom(w->writer.random, sizeof w->writer.random, 0) < 0)
        w->writer.random[0] = i + 1;
    if (p->output == OUTPUT_CSV && !(w->spool = tmpfile())) {
        fprintf(stderr, "%s: no temporary file for the rows: %s\n", p->program, strerror(errno));
        return -1;
    }
    return worker_set_up(w);
}

static int start_and_join(struct load_run *run, struct control *c)
{
    struct load_worker *workers = c->workers;

    if (gim_signals_open(&c->signals, workers[0].loop))
        return -1;
    for (unsigned i = 1; i < run->threads; i++) {
        if (pthread_create(&workers[i].thread, NULL, thread_main, &workers[i]))
            return -1;
    }
    c->timer.on_due = on_show;
    if (progress_active(c->progress))
        gim_timer_set(workers[0].loop, &c->timer, PROGRESS_MS);
    worker_run(&workers[0]);
    for (unsigned i = 1; i < run->threads; i++)
        pthread_join(workers[i].thread, NULL);
    gim_signals_close(&c->signals, workers[0].loop);
    return 0;
}

static FILE *merge_spools(struct load_worker *workers, unsigned n)
{
    FILE *all = workers[0].spool;
    struct load_row row;

    for (unsigned i = 1; i < n && all; i++) {
        rewind(workers[i].spool);
        while (fread(&row, sizeof row, 1, workers[i].spool) == 1)
            fwrite(&row, sizeof row, 1, all);
        fclose(workers[i].spool);
    }
    return all;
}

static void set_times(struct load_run *run)
{
    const struct load_plan *p = run->plan;

    run->start = worker_now();
    run->measure_from = run->start + p->warmup_ns;
    run->end_at = p->duration_ns ? run->measure_from + p->duration_ns : 0;
    run->schedule = (struct load_schedule){p->rate / 1e9, (double)p->ramp_ns, run->start};
}

static int run_threads(struct load_run *run, struct load_result *result, FILE **spool)
{
    struct control c = {.run = run, .signals = {.on_signal = on_signal}};
    int failed = 0;

    run->threads = thread_count(run->plan);
    c.workers = gim_heap_alloc(run->threads * sizeof *c.workers);
    c.progress = progress_start(run->plan);
    for (unsigned i = 0; i < run->threads && !failed; i++)
        failed = prepare(&c.workers[i], run, i);
    if (!failed) {
        int64_t cpu = cpu_ns();

        set_times(run);
        failed = start_and_join(run, &c);
        result->cpu_ns = cpu_ns() - cpu;
    }
    progress_end(c.progress);
    result->started = run->measure_from;
    for (unsigned i = 0; i < run->threads; i++) {
        if (c.workers[i].result)
            load_result_merge(result, c.workers[i].result);
    }
    result->phases[PHASE_DNS].sum += (double)run->route.resolve_ns;
    if (run->route.resolve_ns > result->phases[PHASE_DNS].max)
        result->phases[PHASE_DNS].max = run->route.resolve_ns;
    result->cpus = allowed_cpus() < (int)run->threads ? allowed_cpus() : (int)run->threads;
    *spool = failed ? NULL : merge_spools(c.workers, run->threads);
    for (unsigned i = 0; i < run->threads; i++) {
        worker_release(&c.workers[i]);
        gim_heap_free(c.workers[i].result);
    }
    gim_heap_free(c.workers);
    return failed ? -1 : 0;
}

/* A host that is not known fails each request, as hey counts it; nothing needs to run for that. */
static void fail_all(const struct load_plan *p, struct load_result *r, const char *why)
{
    uint64_t n = p->duration_ns ? 1 : (uint64_t)p->requests;

    r->sent = r->failed = r->errors[LOAD_DNS] = n;
    snprintf(r->first[LOAD_DNS], sizeof r->first[LOAD_DNS], "%.250s", why);
    r->started = r->ended = worker_now();
    r->cpus = 1;
}

int load_run(const struct load_plan *p, struct load_result *result, FILE **spool)
{
    struct load_run run = {.plan = p};
    char err[512];
    int failed;

    *spool = NULL;
    raise_fd_limit();
    if (pin(p))
        return -1;
    if (target_parse(p->url, &run.target, err, sizeof err)) {
        fprintf(stderr, "%s: %s\n", p->program, err);
        return -1;
    }
    if (target_route(p, &run.target, &run.route, err, sizeof err)) {
        fail_all(p, result, err);
        return 0;
    }
    if (request_open(&run.request, p, &run.target, &run.route, err, sizeof err)) {
        fprintf(stderr, "%s: %s\n", p->program, err);
        request_close(&run.request);
        return -1;
    }
    failed = run_threads(&run, result, spool);
    request_close(&run.request);
    return failed;
}
