/* results.h: what a comparison found: every figure of every round, the merged histograms, the host,
 * the warnings. Filled by the protocol, written and read back as JSON (docs/reference/compare-json.md),
 * told by the exporters. Everything lives in `memory`; nothing is freed apart.
 *
 * values[] is one block: [service][metric][round], NaN where there is none. Use results_value(). */
#ifndef COMPARE_RESULTS_H
#define COMPARE_RESULTS_H

#include "../../gimlet/base/arena.h"
#include "../../gimlet/base/buf.h"
#include "../../gimlet/base/histogram.h"
#include <gimlet/json.h>

/* The phases, in the order they are run and told. */
enum results_phase {
    RESULTS_READY,  /* exec to connect, to first good answer */
    RESULTS_START,  /* memory after 1 s idle; size of the binary */
    RESULTS_FIRST,  /* first call */
    RESULTS_LATER,  /* 100 sequential calls, on a kept connection and on new ones */
    RESULTS_SMALL,  /* the published command */
    RESULTS_CLOSED, /* sustained, closed loop */
    RESULTS_OPEN,   /* sustained, open loop at fixed rates */
    RESULTS_MIXED,  /* 80 % read, 15 % create, 5 % list */
    RESULTS_IDLE,   /* idle connections */
    RESULTS_PHASES
};
struct results_phase_row {
    const char *id;    /* "ready" */
    const char *title; /* "Time to ready" */
    const char *about; /* one sentence: what was done */
};
extern const struct results_phase_row results_phases[RESULTS_PHASES];

enum results_unit {
    RESULTS_NS,
    RESULTS_BYTES,
    RESULTS_PER_SECOND,
    RESULTS_COUNT
};
/** "ns", "bytes", ...: what files call them; NULL-terminated. */
extern const char *const results_units[];

struct results_metric {
    gim_str id;    /* "cpu_per_request.c64", "p99.open50", "rss.start": [a-z0-9_.]+ */
    gim_str title; /* "CPU per request, 64 connections" */
    enum results_phase phase;
    enum results_unit unit;
    bool higher_is_better; /* rates */
    bool main; /* shown in the terminal's and Markdown's tables; the rest in JSON, CSV, HTML */
};

struct results_load {  /* a phase's load whose latencies are kept whole */
    gim_str id, title; /* "c64", "64 connections"; "open50"; "small"; "mixed" */
    enum results_phase phase;
    int64_t connections;
    double rate; /* open loop; 0 closed */
};

enum results_state {
    RESULTS_RAN,
    RESULTS_SKIPPED /* toolchain missing */,
    RESULTS_FAILED /* build, contract, or died */
};

struct results_check { /* of the contract */
    gim_str name;
    bool passed;
    gim_str what; /* expected and got, when failed */
};

struct results_service {
    gim_str name, group;     /* services are compared within their group; "" is a group as well */
    gim_str about;           /* a sentence from the plan */
    gim_str version;         /* what the plan's version command printed, first line */
    gim_str build, run, env; /* as typed, for the report */
    bool reference;          /* of its group */
    gim_str control_of;      /* A/A: the service it is a copy of; absent else */
    enum results_state state;
    gim_str why; /* when not RAN: what was missing or failed, with the mend */
    struct results_check *checks;
    size_t n_checks;
    int64_t head_bytes, body_bytes; /* of the measured request's answer */
    int64_t log_bytes;              /* stdout and stderr in all rounds */
    uint64_t requests;              /* in all rounds */
    struct gim_histogram **latency; /* by load; NULL where there is none */
};

struct results_pair {
    gim_str name, value;
}; /* of the host: "cpu", "AMD EPYC ..." */
struct results_warning {
    gim_str
        code; /* "client_bound", "noisy_host", "throttled", "trend", "errors", "different_work", "one_cpu", "died" */
    gim_str service; /* "" all */
    gim_str metric;  /* "" all */
    int round;       /* from 1; 0 all */
    gim_str text;    /* a sentence */
};

struct compare_results {
    struct gim_arena memory;
    gim_str title, plan_file, program, commit, command; /* program: "proof compare 0.1.0" */
    int64_t started_us, ended_us;                       /* wall clock, Unix microseconds */
    uint64_t seed;
    double practical; /* delta of the verdicts, 0.02 */
    bool quick;
    bool interrupted;
    int rounds; /* finished */
    struct results_pair *host;
    size_t n_host;
    struct results_metric *metrics;
    size_t n_metrics;
    struct results_load *loads;
    size_t n_loads;
    struct results_service *services;
    size_t n_services;
    double *values;
    int rounds_planned; /* the third dimension of values */
    int *order;         /* [round][place]: which service ran when */
    struct results_warning *warnings;
    size_t n_warnings, cap_warnings;
};

static inline double *results_at(const struct compare_results *r, size_t service, size_t metric)
{
    return r->values + (service * r->n_metrics + metric) * (size_t)r->rounds_planned;
}

/** The metric of that id, or -1. */
int results_metric(const struct compare_results *r, gim_str id);
int results_service(const struct compare_results *r, gim_str name);
/** The reference of service i's group; -1 when its group has none that ran. */
int results_reference(const struct compare_results *r, size_t i);
/** Adds a warning; texts are copied. */
void results_warn(struct compare_results *r, const char *code, gim_str service, gim_str metric,
                  int round, const char *fmt, ...) GIM_PRINTF(6, 7);
/** Formats into the results' memory. */
gim_str results_text(struct compare_results *r, const char *fmt, ...) GIM_PRINTF(2, 3);

/** JSON, whole: docs/reference/compare-json.md. */
void results_put_json(struct gim_buf *b, const struct compare_results *r);
/** Reads it back. 0; -1 with a sentence in `err` that names the file, and the place (byte, line) or the
 *  member. */
GIM_MUST_CHECK int results_read(struct compare_results *r, const char *file, char *err,
                                size_t err_len);
void results_free(struct compare_results *r);

#endif
