/* results_fields.c: see results_fields.h. What is no plain member (lists, figures, histograms' cells)
 * is written and read by hand. */
#include "results_fields.h"
#include <assert.h>

#define F(type, member, kind)                                                                      \
    {                                                                                              \
#member, kind, offsetof(struct type, member), NULL                                         \
    }
#define AS(type, member, kind, name)                                                               \
    {                                                                                              \
        name, kind, offsetof(struct type, member), NULL                                            \
    }
#define WORD(type, member, words)                                                                  \
    {                                                                                              \
#member, RESULTS_WORD, offsetof(struct type, member), words                                \
    }
#define END                                                                                        \
    {                                                                                              \
        NULL, RESULTS_TEXT, 0, NULL                                                                \
    }

static_assert(sizeof(enum results_phase) == sizeof(int), "enums are read and written as int");
static_assert(sizeof(enum results_unit) == sizeof(int), "enums are read and written as int");
static_assert(sizeof(enum results_state) == sizeof(int), "enums are read and written as int");

static const char *const phases[RESULTS_PHASES + 1] = {
    [RESULTS_READY] = "ready", [RESULTS_START] = "start", [RESULTS_FIRST] = "first",
    [RESULTS_LATER] = "later", [RESULTS_SMALL] = "small", [RESULTS_CLOSED] = "closed",
    [RESULTS_OPEN] = "open",   [RESULTS_MIXED] = "mixed", [RESULTS_IDLE] = "idle",
};
const char *const results_units[RESULTS_COUNT + 2] = {
    [RESULTS_NS] = "ns",       [RESULTS_BYTES] = "bytes",  [RESULTS_PER_SECOND] = "per_second",
    [RESULTS_COUNT] = "count", [RESULTS_COUNT + 1] = NULL,
};
static const char *const states[] = {
    [RESULTS_RAN] = "ran",
    [RESULTS_SKIPPED] = "skipped",
    [RESULTS_FAILED] = "failed",
    [RESULTS_FAILED + 1] = NULL,
};

const struct results_field results_top_fields[] = {
    F(compare_results, program, RESULTS_TEXT),       F(compare_results, title, RESULTS_TEXT),
    F(compare_results, plan_file, RESULTS_TEXT),     F(compare_results, commit, RESULTS_TEXT),
    F(compare_results, command, RESULTS_TEXT),       F(compare_results, started_us, RESULTS_LONG),
    F(compare_results, ended_us, RESULTS_LONG),      F(compare_results, seed, RESULTS_SEED),
    F(compare_results, practical, RESULTS_REAL),     F(compare_results, quick, RESULTS_TRUTH),
    F(compare_results, interrupted, RESULTS_TRUTH),  F(compare_results, rounds, RESULTS_INT),
    F(compare_results, rounds_planned, RESULTS_INT), END,
};

const struct results_field results_pair_fields[] = {
    F(results_pair, name, RESULTS_TEXT),
    F(results_pair, value, RESULTS_TEXT),
    END,
};

const struct results_field results_metric_fields[] = {
    F(results_metric, id, RESULTS_TEXT),
    F(results_metric, title, RESULTS_TEXT),
    WORD(results_metric, phase, phases),
    WORD(results_metric, unit, results_units),
    F(results_metric, higher_is_better, RESULTS_TRUTH),
    F(results_metric, main, RESULTS_TRUTH),
    END,
};

const struct results_field results_load_fields[] = {
    F(results_load, id, RESULTS_TEXT),   F(results_load, title, RESULTS_TEXT),
    WORD(results_load, phase, phases),   F(results_load, connections, RESULTS_LONG),
    F(results_load, rate, RESULTS_REAL), END,
};

const struct results_field results_service_fields[] = {
    F(results_service, name, RESULTS_TEXT),       F(results_service, group, RESULTS_TEXT),
    F(results_service, about, RESULTS_TEXT),      F(results_service, version, RESULTS_TEXT),
    F(results_service, build, RESULTS_TEXT),      F(results_service, run, RESULTS_TEXT),
    F(results_service, env, RESULTS_TEXT),        F(results_service, reference, RESULTS_TRUTH),
    F(results_service, control_of, RESULTS_TEXT), WORD(results_service, state, states),
    F(results_service, why, RESULTS_TEXT),        F(results_service, head_bytes, RESULTS_LONG),
    F(results_service, body_bytes, RESULTS_LONG), F(results_service, log_bytes, RESULTS_LONG),
    F(results_service, requests, RESULTS_ULONG),  END,
};

const struct results_field results_check_fields[] = {
    F(results_check, name, RESULTS_TEXT),
    F(results_check, passed, RESULTS_TRUTH),
    F(results_check, what, RESULTS_TEXT),
    END,
};

const struct results_field results_warning_fields[] = {
    F(results_warning, code, RESULTS_TEXT),   F(results_warning, service, RESULTS_TEXT),
    F(results_warning, metric, RESULTS_TEXT), F(results_warning, round, RESULTS_INT),
    F(results_warning, text, RESULTS_TEXT),   END,
};

const struct results_field results_histogram_fields[] = {
    AS(gim_histogram, total, RESULTS_ULONG, "count"),
    AS(gim_histogram, over, RESULTS_ULONG, "clipped"),
    AS(gim_histogram, min, RESULTS_LONG, "min_ns"),
    AS(gim_histogram, max, RESULTS_LONG, "max_ns"),
    AS(gim_histogram, sum, RESULTS_REAL, "sum_ns"),
    AS(gim_histogram, sum_squares, RESULTS_REAL, "sum_squares"),
    END,
};
