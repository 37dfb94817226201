/* plan.h: plan.yaml, read: which services, how they are built, started and asked, and how long. Read by
 * libcyaml against a schema; everything wrong is told as file:line: what was expected. */
#ifndef COMPARE_PLAN_H
#define COMPARE_PLAN_H

#include "../../gimlet/base/arena.h"
#include "../../gimlet/base/buf.h"
#include "../stats/stats.h"

struct compare_words {
    char **items;
    unsigned count;
}; /* a command: argv, no shell; or KEY=VALUE lines */

struct compare_request {
    const char *method;           /* "POST" */
    const char *path;             /* "/posts"; in `read` {id} is the id of a stored post */
    const char *body;             /* or */
    const char *body_file;        /* relative to the plan file */
    const char *content_type;     /* "application/json" unless given */
    struct compare_words headers; /* "Name: value" */
    int status;                   /* expected; 0: any 2xx */
};

struct compare_check { /* of the contract */
    const char *name;
    struct compare_request
        request; /* path may hold {id} and {location}: of the post made by the measured request */
    int repeat_body; /* send body this many times over (large bodies); 0: once */
    int status;
    const char *body_contains;
    const char
        *json; /* what the answer must hold, as JSON: objects by subset; "*" stands for any value */
    struct compare_words headers; /* "Name: value" or "Name" (present), value may be "*" */
};

struct compare_service {
    const char *name, *group, *about;
    const char *directory;       /* of build and run; relative to the plan file, "." unless given */
    const char *needs;           /* a command that must be on the PATH: "cargo" */
    const char *needs_help;      /* how to get it */
    struct compare_words *build; /* commands */
    unsigned build_count;
    struct compare_words
        run;    /* {port}, {data} (a fresh directory) and {cpus} are replaced; also in env */
    bool shell; /* run is one line for /bin/sh -c */
    struct compare_words env;     /* "NAME=value" */
    const char *binary;           /* whose size is reported; run[0] unless given */
    struct compare_words version; /* a command; its first line is reported */
    const char *host;             /* "127.0.0.1" */
    int port;                     /* 0: a free one is found, {port} */
    bool reference;
    const char *control_of; /* A/A: a second copy of that service: only name and this are given */
};

struct compare_group {
    const char *name, *title;
};

struct compare_protocol {
    int rounds;                            /* 10; 6 the least */
    int64_t idle_ms;                       /* 1000 */
    int later_calls;                       /* 100 */
    int small_requests, small_connections; /* 200, 10 */
    bool hey;                              /* also the real hey, if installed; true */
    int *closed;
    unsigned closed_count;        /* 1, 10, 64, 256 */
    int64_t warmup_ms, closed_ms; /* 500, 1500 */
    int *open;
    unsigned open_count; /* percent of the slowest's capacity: 50, 80; at open_connections */
    int64_t open_ms;
    int open_connections; /* 1500, 64 */
    int64_t mixed_ms;
    int mixed_connections; /* 1500, 64 */
    int *idle;
    unsigned idle_count;                       /* 1000, 10000 */
    int64_t ready_timeout_ms, stop_timeout_ms; /* 10000, 5000 */
    int64_t call_timeout_ms;                   /* 20000 */
};

struct compare_plan {
    const char *title;
    uint64_t seed;
    double practical;                      /* percent, 2 */
    const char *server_cpus, *client_cpus; /* lists as taskset's; NULL: chosen */
    struct compare_request request;        /* the measured one */
    struct compare_request read, list;     /* for the mixed traffic; path NULL: no mixed phase */
    struct compare_protocol protocol;
    struct compare_check *contract;
    unsigned contract_count;
    struct compare_group *groups;
    unsigned groups_count;
    struct compare_service *services;
    unsigned services_count;
    char *directory; /* of the plan file: relative paths start there */
    const char *file;
    void *loaded; /* private: what compare_plan_free gives back */
    struct gim_arena memory;
};

/** 0; -1 with lines in `err`, each "plan.yaml:12: rounds: expected ..., got ...". */
GIM_MUST_CHECK int compare_plan_read(struct compare_plan *p, const char *file, struct gim_buf *err);
/** The path of a request's body_file: as it is written, or from the plan's `directory` (NULL: ours). */
void compare_plan_body(char *out, size_t size, const char *directory,
                       const struct compare_request *q);
/** --quick: short phases, 6 rounds, fewer load levels; says so in the results. */
void compare_plan_quicken(struct compare_plan *p);
void compare_plan_free(struct compare_plan *p);
/** The commented plan for two services that `proof init` writes. */
extern const char compare_plan_template[];

#endif
