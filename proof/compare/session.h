/* session.h: one comparison under way: what the phases share. */
#ifndef COMPARE_SESSION_H
#define COMPARE_SESSION_H

#include "contract.h"
#include "launch.h"
#include "metrics.h"
#include "protocol.h"

#define SESSION_ERROR 512
#define GROUPS_MAX 16

struct session {
    const struct compare_plan *plan;
    struct compare_results *results;
    const struct protocol_watch *watch;
    struct host host;
    struct metrics metrics;
    bool hey;
    double *capacity;  /* requests per second of each service, from the calibration; 0: not known */
    int *client_bound; /* rounds, [service][metric] */
    int64_t started_ns;
    uint64_t steps, steps_done;
    /* of the service and round under way */
    size_t service;
    int round; /* from 0 */
    struct launch launch;
    struct gim_buf request; /* the measured request's bytes */
    gim_str id, location;   /* of the first stored post */
    int64_t rss_start;
    bool died;       /* in the last launch, not merely failed */
    uint64_t stored; /* posts that the loads stored */
    struct gim_arena memory;
    char err[SESSION_ERROR];
};

/* A phase of a round: 0; -1 when it could not be measured (s->err says why): the round's later phases
 * are left out for this service. */
struct phase {
    const char *name; /* for the progress line */
    int (*run)(struct session *s);
};
/** Two launches a round: cold_phases run on the first, warm_phases on the second. NULL-terminated. */
extern const struct phase cold_phases[], warm_phases[];

/** Keeps a figure of the round under way; a metric of -1 is none. */
void session_set(struct session *s, int metric, double value);
/** Requests per second of a closed loop on the launch under way; -1 on failure. */
double session_capacity(struct session *s);
/** The least capacity in the group of that service; 0: not known. */
double session_slowest(const struct session *s, size_t service);
/** Whether Ctrl-C was pressed. */
bool session_interrupted(void);
void session_interrupt(void);

#endif
