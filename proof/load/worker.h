/* worker.h: one thread of the load: a loop, its connections, its share of the plan, its results.
 * Nothing is shared while it runs, but for a few published figures for the progress line. */
#ifndef LOAD_WORKER_H
#define LOAD_WORKER_H

#include "../../gimlet/net/alarm.h"
#include "client.h"
#include "schedule.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

/* What all threads read. */
struct load_run {
    const struct load_plan *plan;
    struct load_target target;
    struct load_route route;
    struct load_request request;
    struct load_schedule schedule;
    int64_t start, measure_from, end_at; /* ns; end_at 0: by number */
    unsigned threads;
};

struct load_worker {
    struct load_run *run;
    unsigned index;
    struct gim_loop *loop;
    struct gim_tls *tls;
    struct load_result *result;
    struct load_client *clients;
    int64_t n_clients;
    struct gim_list waiting; /* closed loop with -q: by time; open loop: free connections */
    struct gim_alarm alarm;
    struct gim_timer publish;
    struct gim_task stop;
    struct load_writer writer;
    uint64_t next;    /* open loop: index of this thread's next request, in steps of threads */
    int64_t left;     /* requests that this thread may still begin */
    uint64_t running; /* exchanges under way */
    FILE *spool;      /* -o csv: a struct load_row each; NULL else */
    bool ended;
    pthread_t thread;
    /* published about five times a second */
    _Atomic uint64_t shown_answered, shown_failed;
    _Atomic int64_t shown_p50, shown_p99;
};

/** Makes its loop and connections, before any thread dials: the fds it cannot do without come first.
 *  0; -1 with a sentence on stderr. */
GIM_MUST_CHECK int worker_set_up(struct load_worker *w);
/** Runs to the end, on the calling thread. */
void worker_run(struct load_worker *w);
/** Ends it from any thread: what is under way is not waited for. */
void worker_stop(struct load_worker *w);
void worker_release(struct load_worker *w);

/* client.c calls these. */
/** The connection is open and free: gives it a request, or lets it wait. */
void worker_ready(struct load_worker *w, struct load_client *c);
/** An exchange is over, well (`status` > 0) or not (`text` for the first of its kind). */
void worker_answered(struct load_worker *w, struct load_client *c, int64_t now);
void worker_failed(struct load_worker *w, struct load_client *c, enum load_error kind,
                   const char *text);
int64_t worker_now(void);
/** The thread's TLS context, made when it is first needed (reading the system's certificates takes
 *  tens of milliseconds). NULL with a sentence in `err`. */
struct gim_tls *worker_tls(struct load_worker *w, char *err, size_t err_len);

#endif
