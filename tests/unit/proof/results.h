/* results.h: results as a run would leave them, the same each time. */
#ifndef TESTS_RESULTS_H
#define TESTS_RESULTS_H

#include "../../../proof/load/plan.h"
#include "../../../proof/load/result.h"
#include <stdlib.h>

#define MS INT64_C(1000000)

static inline struct load_plan results_plan(void)
{
    return (struct load_plan){
        .requests = 200,
        .concurrency = 10,
        .connections = 10,
        .timeout_ns = 20000 * MS,
        .method = "POST",
        .url = "http://localhost:8080/posts",
        .program = "proof load",
        .body = GIM_S("{\"title\":1}"),
    };
}

/* `n` successes of 1.0, 1.1, 1.2 ... ms in half a second. */
static inline struct load_result *results_good(uint64_t n)
{
    struct load_result *r = calloc(1, sizeof *r);

    for (uint64_t i = 0; i < n; i++) {
        gim_histogram_record(&r->latency, MS + (int64_t)i * MS / 10);
        r->phases[PHASE_WAIT].sum += (double)MS;
    }
    for (int i = 0; i < 10; i++)
        gim_histogram_record(&r->dial, 200000 + i * 1000);
    r->phases[PHASE_DIAL] = (struct load_phase){.sum = 2045000, .max = 209000};
    r->phases[PHASE_WAIT].min = 900000;
    r->phases[PHASE_WAIT].max = 20 * MS;
    r->statuses[201] = n;
    r->sent = r->answered = n;
    r->size_total = n * 150;
    r->connects = 10;
    r->started = 1000 * MS;
    r->ended = 1500 * MS;
    r->cpu_ns = 100 * MS;
    r->cpus = 1;
    return r;
}

static inline void results_fail(struct load_result *r, enum load_error kind, uint64_t n,
                                const char *first)
{
    r->errors[kind] = n;
    r->failed += n;
    r->sent += n;
    for (size_t i = 0; first && (r->first[kind][i] = first[i]); i++)
        ;
}

#endif
