/* keeper.h: the process between proof and a service, which outlives neither.
 *
 * proof holds one end of the lifeline, a socket pair, and writes to it what the keeper shall do; when it
 * closes, because proof let go or is no more, the keeper kills every descendant and goes. The keeper
 * tells on the status pipe who the service is and how it ended; that pipe closes when the keeper has
 * gone, and then no process of the tree is left. */
#ifndef COMPARE_KEEPER_H
#define COMPARE_KEEPER_H

#include <stdint.h>
#include <sched.h>
#include <sys/types.h>

#define KEEPER_STOP 's' /* on the lifeline: SIGTERM to the service's group */

enum keeper_news {
    KEEPER_STARTED, /* value: the service's pid */
    KEEPER_EXEC,    /* value: CLOCK_MONOTONIC just before execve, in ns */
    KEEPER_NO_FORK, /* value: errno, of these */
    KEEPER_NO_CPUS,
    KEEPER_NO_DIRECTORY,
    KEEPER_NO_EXEC,
    KEEPER_ENDED, /* value: waitpid's status */
};

struct keeper_message {
    int64_t value;
    int32_t news;
    int32_t unused;
};

struct keeper {
    char *const *argv;
    char *const *envp;
    const char *directory; /* NULL: ours */
    const char
        *scratch; /* removed with all in it when proof goes without KEEPER_STOP; NULL: none */
    cpu_set_t cpus;
    int has_cpus;
    int in, out;          /* the service's stdin; its stdout and stderr */
    int lifeline, status; /* the keeper's ends */
    int exec;             /* closes when the exec has worked: KEEPER_EXEC and failures come here */
};

/** The keeper's life, in the forked process, where every signal is blocked. Does not return. */
_Noreturn void keeper_run(const struct keeper *k);

#endif
