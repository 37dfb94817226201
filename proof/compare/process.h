/* process.h: a service as a process tree that always ends.
 *
 * proof forks a keeper, which becomes the subreaper, starts the service in a process group of its own and
 * waits at the end of a pipe: when the pipe closes (proof stopped, was killed, crashed) the keeper kills
 * every descendant and goes. */
#ifndef COMPARE_PROCESS_H
#define COMPARE_PROCESS_H

#include "../../gimlet/base/buf.h"
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct process_start {
    char *const *argv;
    char *const *env;      /* "NAME=value" added to ours; NULL-terminated */
    const char *directory; /* NULL: ours */
    const char *cpus;      /* list; NULL: ours */
    const char
        *scratch;    /* removed with all in it should proof end before process_close; NULL: none */
    const char *log; /* file for stdout and stderr (appended); NULL: /dev/null */
};

struct process {
    pid_t pid, keeper;
    int lifeline;    /* the pipe's end */
    int status_fd;   /* private */
    int64_t exec_ns; /* CLOCK_MONOTONIC just before execve */
    bool ended;
    int status; /* as waitpid's, when ended */
};

/** 0; -1 with a sentence (what could not be run and why: the exec's errno) in `err`. */
GIM_MUST_CHECK int process_open(struct process *p, const struct process_start *s, char *err,
                                size_t err_len);
/** Whether it still runs; does not wait. */
bool process_alive(struct process *p);
/** SIGTERM to the group, SIGKILL to every descendant after timeout_ms; waits. True when it ended by itself
 *  in time. */
bool process_close(struct process *p, int64_t timeout_ms);
/** Runs a command to its end (build, version): its exit status; 128 + N when signal N ended it; 124 when
 *  it had to be killed after timeout_ms; -1 when it could not start. `out` gets at most 64 KiB of its stdout and
 *  stderr (the last of it), and why, for the last two. */
int process_run(const struct process_start *s, struct gim_buf *out, int64_t timeout_ms);
/** A TCP port that nobody listens on, outside the range from which connections take theirs; -1 with
 *  errno. */
int process_free_port(void);

/* Of the whole tree. */
struct process_usage {
    int64_t rss, pss; /* bytes: VmRSS summed, PSS of smaps_rollup summed */
    int64_t peak;     /* VmHWM summed over the tree: what was held at once is at most that */
    int64_t cpu_ns; /* user and system, dead threads too, in ns; of dead processes that were waited
                         for, in ticks of 10 ms */
    int processes, threads;
};
/** 0; -1 when the process is gone. */
GIM_MUST_CHECK int process_usage(const struct process *p, struct process_usage *u);
/** CPU time alone: cheap, for around a load. */
int64_t process_cpu_ns(const struct process *p);

#endif
