/* sample_results.h: a comparison as a run would leave it, the same for the same seed: two groups; a
 * service that was skipped, one that failed, a copy for the noise floor, one with an outlier and a
 * void round; warnings; histograms. For the tests of the exporters and for looks at them. */
#ifndef TESTS_SAMPLE_RESULTS_H
#define TESTS_SAMPLE_RESULTS_H

#include "../../../proof/compare/results.h"
#include "../../../proof/stats/stats.h"
#include <math.h>

#define SAMPLE_ROUNDS 10

struct sample_metric {
    const char *id, *title;
    enum results_phase phase;
    enum results_unit unit;
    bool main;
    double base; /* the reference's figure */
};
static const struct sample_metric sample_metrics[] = {
    {"ready.connect", "exec to first connect", RESULTS_READY, RESULTS_NS, false, 1.1e6},
    {"ready.answer", "exec to first good answer", RESULTS_READY, RESULTS_NS, true, 1.4e6},
    {"rss.start", "Memory at start (RSS)", RESULTS_START, RESULTS_BYTES, true, 1310720},
    {"pss.start", "Memory at start (PSS)", RESULTS_START, RESULTS_BYTES, true, 1150976},
    {"binary", "Size of the program", RESULTS_START, RESULTS_BYTES, false, 412672},
    {"first", "First call", RESULTS_FIRST, RESULTS_NS, true, 91e3},
    {"later.kept", "Later calls, kept connection", RESULTS_LATER, RESULTS_NS, true, 21e3},
    {"later.new", "Later calls, new connections", RESULTS_LATER, RESULTS_NS, true, 74e3},
    {"small.rps", "Published load, requests per second", RESULTS_SMALL, RESULTS_PER_SECOND, true,
     31200},
    {"small.p50", "Published load, median latency", RESULTS_SMALL, RESULTS_NS, false, 260e3},
    {"rps.c1", "Requests per second, 1 connection", RESULTS_CLOSED, RESULTS_PER_SECOND, true,
     38100},
    {"p99.c1", "99th percentile, 1 connection", RESULTS_CLOSED, RESULTS_NS, true, 41e3},
    {"cpu_per_request.c1", "CPU per request, 1 connection", RESULTS_CLOSED, RESULTS_NS, true, 8e3},
    {"rps.c64", "Requests per second, 64 connections", RESULTS_CLOSED, RESULTS_PER_SECOND, true,
     142000},
    {"p50.c64", "Median latency, 64 connections", RESULTS_CLOSED, RESULTS_NS, false, 430e3},
    {"p99.c64", "99th percentile, 64 connections", RESULTS_CLOSED, RESULTS_NS, true, 910e3},
    {"cpu_per_request.c64", "CPU per request, 64 connections", RESULTS_CLOSED, RESULTS_NS, true,
     6900},
    {"rss.peak", "Peak memory", RESULTS_CLOSED, RESULTS_BYTES, true, 34e6},
    {"rss.per_post", "Memory per stored post", RESULTS_CLOSED, RESULTS_BYTES, true, 212},
    {"p50.open50", "Median latency, at 50 % of the slowest's rate", RESULTS_OPEN, RESULTS_NS, false,
     61e3},
    {"p99.open50", "99th percentile, at 50 % of the slowest's rate", RESULTS_OPEN, RESULTS_NS, true,
     180e3},
    {"rps.mixed", "Requests per second, mixed traffic", RESULTS_MIXED, RESULTS_PER_SECOND, true,
     151000},
    {"p99.mixed", "99th percentile, mixed traffic", RESULTS_MIXED, RESULTS_NS, true, 870e3},
    {"idle.1000", "Memory per idle connection, of 1000", RESULTS_IDLE, RESULTS_BYTES, true, 288},
    {"idle.10000", "Memory per idle connection, of 10000", RESULTS_IDLE, RESULTS_BYTES, true, 281},
};
#define SAMPLE_METRICS (sizeof sample_metrics / sizeof *sample_metrics)

static const struct results_load sample_loads[] = {
    {{"small", 5}, {"published load", 14}, RESULTS_SMALL, 10, 0},
    {{"c1", 2}, {"1 connection", 12}, RESULTS_CLOSED, 1, 0},
    {{"c64", 3}, {"64 connections", 14}, RESULTS_CLOSED, 64, 0},
    {{"open50", 6}, {"open loop at 50 % of the slowest: 19000/s", 40}, RESULTS_OPEN, 64, 19000},
    {{"mixed", 5}, {"mixed traffic", 13}, RESULTS_MIXED, 64, 0},
};
#define SAMPLE_LOADS (sizeof sample_loads / sizeof *sample_loads)

struct sample_service {
    const char *name, *group, *about, *version, *build, *run;
    bool reference;
    const char *control_of; /* NULL: none */
    enum results_state state;
    const char *why;
    double factor; /* of a time or a size against the reference's */
};
static const struct sample_service sample_services[] = {
    {"posts", "memory", "posts in C, in memory", "posts 0.1.0", "ninja -C build/release",
     "./posts --port {port} --store memory", true, NULL, RESULTS_RAN, "", 1},
    {"posts-again", "memory", "posts a second time: the noise floor", "posts 0.1.0", "",
     "./posts --port {port} --store memory", false, "posts", RESULTS_RAN, "", 1},
    {"gin", "memory", "gin 1.12 as its documentation starts it <debug>, & logs", "go1.26",
     "go build", "./gin --port {port}", false, NULL, RESULTS_RAN, "", 3.4},
    {"rocket", "memory", "Rocket 0.5.1, tuned", "", "cargo build --release",
     "target/release/rocket", false, NULL, RESULTS_SKIPPED,
     "skipped: cargo is not here: apt-get install cargo", 1},
    {"posts-sqlite", "durable", "posts in C, on SQLite", "posts 0.1.0", "ninja -C build/release",
     "./posts --port {port} --store sqlite:{data}/posts.db", true, NULL, RESULTS_RAN, "", 1.3},
    {"axum-sqlite", "durable", "axum 0.8 with a committing thread", "rustc 1.92",
     "cargo build --release", "target/release/axum", false, NULL, RESULTS_FAILED,
     "1 of 3 contract checks failed", 1},
};
#define SAMPLE_SERVICES (sizeof sample_services / sizeof *sample_services)

static inline void sample_checks(struct compare_results *r, struct results_service *v)
{
    bool fails = v->state == RESULTS_FAILED;

    if (v->state == RESULTS_SKIPPED)
        return;
    v->n_checks = 3;
    v->checks = GIM_NEW_N(&r->memory, struct results_check, 3);
    v->checks[0] = (struct results_check){GIM_S("stores a post"), true, {0}};
    v->checks[1] = (struct results_check){GIM_S("refuses an empty title"), true, {0}};
    v->checks[2] = (struct results_check){GIM_S("refuses 2 MiB"), !fails,
                                          fails ? GIM_S("expected 413, got 200 with \"<html>\"")
                                                : (gim_str){0}};
}

static inline void sample_latency(struct compare_results *r, struct results_service *v,
                                  double factor, uint64_t *random)
{
    v->latency = GIM_NEW_N(&r->memory, struct gim_histogram *, SAMPLE_LOADS);
    if (v->state != RESULTS_RAN)
        return;
    for (size_t i = 0; i < SAMPLE_LOADS; i++) {
        v->latency[i] = GIM_NEW(&r->memory, struct gim_histogram);
        for (int k = 0; k < 20000; k++)
            gim_histogram_record(v->latency[i], (int64_t)(factor * 6e4 * (double)(i + 1) *
                                                          exp(0.4 * stats_normal(random))));
    }
}

static inline void sample_fill_services(struct compare_results *r, uint64_t *random)
{
    r->n_services = SAMPLE_SERVICES;
    r->services = GIM_NEW_N(&r->memory, struct results_service, SAMPLE_SERVICES);
    for (size_t i = 0; i < SAMPLE_SERVICES; i++) {
        const struct sample_service *s = &sample_services[i];
        struct results_service *v = &r->services[i];
        bool ran = s->state == RESULTS_RAN;

        *v = (struct results_service){
            .name = gim_str_of(s->name),
            .group = gim_str_of(s->group),
            .about = gim_str_of(s->about),
            .version = gim_str_of(s->version),
            .build = gim_str_of(s->build),
            .run = gim_str_of(s->run),
            .env = i == 2 ? GIM_S("GIN_MODE=debug") : GIM_S(""),
            .reference = s->reference,
            .control_of = gim_str_of(s->control_of),
            .state = s->state,
            .why = gim_str_of(s->why),
            .head_bytes = ran ? 152 : 0,
            .body_bytes = ran ? 133 : 0,
            .log_bytes = i == 2 ? 81234567 : 0,
            .requests = ran ? 1234567 : 0,
        };
        sample_checks(r, v);
        sample_latency(r, v, s->factor, random);
    }
}

/* What a round does to all, what it does to one, and what is the service's own. */
static inline double sample_figure(const struct sample_metric *m, double factor, double drift,
                                   uint64_t *random)
{
    double noise = exp(0.03 * stats_normal(random));

    if (m->unit == RESULTS_BYTES)
        return floor(m->base * factor * exp(0.001 * stats_normal(random)));
    return m->unit == RESULTS_PER_SECOND ? m->base / (factor * drift * noise)
                                         : m->base * factor * drift * noise;
}

static inline void sample_fill_values(struct compare_results *r, uint64_t *random)
{
    size_t n = SAMPLE_SERVICES * SAMPLE_METRICS * SAMPLE_ROUNDS;

    r->values = GIM_NEW_N(&r->memory, double, n);
    for (size_t i = 0; i < n; i++)
        r->values[i] = NAN;
    for (int round = 0; round < SAMPLE_ROUNDS; round++) {
        for (size_t m = 0; m < SAMPLE_METRICS; m++) {
            double drift = exp(0.08 * stats_normal(random));

            for (size_t i = 0; i < SAMPLE_SERVICES; i++) {
                double figure =
                    sample_figure(&sample_metrics[m], sample_services[i].factor, drift, random);

                if (r->services[i].state == RESULTS_RAN)
                    results_at(r, i, m)[round] = figure;
            }
        }
    }
    results_at(r, 2, 5)[3] *= 9; /* an outlier: gin's first call in round 4 */
    for (size_t m = 15; m < SAMPLE_METRICS; m++)
        results_at(r, 2, m)[6] = NAN; /* gin died in round 7 */
}

static inline void sample_fill_tables(struct compare_results *r)
{
    static const struct results_pair host[] = {
        {{"cpu", 3}, {"AMD EPYC 9B14 <virtual>", 23}},
        {{"cores", 5}, {"2", 1}},
        {{"kernel", 6}, {"Linux 6.12.48", 13}},
        {{"governor", 8}, {"unknown", 7}},
        {{"server CPUs", 11}, {"0", 1}},
        {{"client CPUs", 11}, {"1", 1}},
    };

    r->n_host = sizeof host / sizeof *host;
    r->host = GIM_NEW_N(&r->memory, struct results_pair, r->n_host);
    memcpy(r->host, host, sizeof host);
    r->n_metrics = SAMPLE_METRICS;
    r->metrics = GIM_NEW_N(&r->memory, struct results_metric, SAMPLE_METRICS);
    for (size_t i = 0; i < SAMPLE_METRICS; i++) {
        const struct sample_metric *m = &sample_metrics[i];

        r->metrics[i] =
            (struct results_metric){gim_str_of(m->id), gim_str_of(m->title),          m->phase,
                                    m->unit,           m->unit == RESULTS_PER_SECOND, m->main};
    }
    r->n_loads = SAMPLE_LOADS;
    r->loads = GIM_NEW_N(&r->memory, struct results_load, SAMPLE_LOADS);
    memcpy(r->loads, sample_loads, sizeof sample_loads);
    r->order = GIM_NEW_N(&r->memory, int, SAMPLE_SERVICES *SAMPLE_ROUNDS);
    for (size_t i = 0; i < SAMPLE_SERVICES * SAMPLE_ROUNDS; i++)
        r->order[i] = (int)((i + i / SAMPLE_SERVICES) % SAMPLE_SERVICES);
}

/** Fills `*r`; give it back with results_free. */
static inline void sample_results(struct compare_results *r, uint64_t seed)
{
    uint64_t random = seed;

    *r = (struct compare_results){
        .title = GIM_S("Posts: C, Go & Rust"),
        .plan_file = GIM_S("contenders/compare.yaml"),
        .program = GIM_S("proof compare 0.1.0"),
        .commit = GIM_S("4044b33"),
        .command = GIM_S("proof compare contenders/compare.yaml"),
        .started_us = INT64_C(1795980000000000),
        .ended_us = INT64_C(1795982580000000),
        .seed = seed,
        .practical = STATS_PRACTICAL,
        .rounds = SAMPLE_ROUNDS,
        .rounds_planned = SAMPLE_ROUNDS,
    };
    sample_fill_tables(r);
    sample_fill_services(r, &random);
    sample_fill_values(r, &random);
    results_warn(r, "client_bound", GIM_S("posts"), GIM_S("rps.c64"), 3,
                 "the client used %d %% of its CPUs: the service may be faster than this figure",
                 97);
    results_warn(r, "noisy_host", GIM_S(""), GIM_S(""), 5,
                 "others took 7 %% of the CPUs (the hypervisor 4 %%)");
    results_warn(r, "died", GIM_S("gin"), GIM_S(""), 7,
                 "the round is void from here on: died under load");
    results_warn(r, "different_work", GIM_S("gin"), GIM_S(""), 0,
                 "its answer has 310 bytes where the reference's has 285");
}

#endif
