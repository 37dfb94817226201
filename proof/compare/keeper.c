/* keeper.c: starts the service, waits, and lets nothing of it outlive proof.
 *
 * Two things make that sure. The lifeline's other end is in proof alone, so the kernel closes it however
 * proof ends. And the keeper is a subreaper: a descendant whose parent dies becomes the keeper's child,
 * so daemons cannot slip away, and "no children left" means that nothing is left. It has a session of
 * its own, with every signal blocked: Ctrl-C at the terminal is for proof, which then stops the service
 * in order. Should somebody kill the keeper itself, the service gets SIGKILL from the kernel. */
#include "keeper.h"
#include "tree.h"
#include <errno.h>
#include <ftw.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define KILL_AGAIN_MS 10 /* between two looks for descendants that were born meanwhile */

struct keeping {
    pid_t service; /* 0: it has ended and was waited for */
    pid_t group;
    int lifeline, status, signals;
    bool orderly; /* proof has said that it stops the service, and cleans up by itself */
};

static void tell(int fd, enum keeper_news news, int64_t value)
{
    struct keeper_message m = {.news = (int32_t)news, .value = value};

    (void)!write(fd, &m, sizeof m);
}

/* ---- the service -------------------------------------------------------------------------------- */

static _Noreturn void give_up(const struct keeper *k, enum keeper_news why)
{
    tell(k->exec, why, errno);
    _exit(127);
}

/* Handlers and blocked signals are ours, not the service's. */
static void reset_signals(void)
{
    sigset_t none;

    for (int i = 1; i < NSIG; i++)
        signal(i, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static _Noreturn void become_service(const struct keeper *k, pid_t keeper)
{
    struct timespec now;

    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != keeper)
        _exit(127);
    if (k->has_cpus && sched_setaffinity(0, sizeof k->cpus, &k->cpus))
        give_up(k, KEEPER_NO_CPUS);
    if (k->directory && chdir(k->directory))
        give_up(k, KEEPER_NO_DIRECTORY);
    dup2(k->in, STDIN_FILENO);
    dup2(k->out, STDOUT_FILENO);
    dup2(k->out, STDERR_FILENO);
    reset_signals();
    clock_gettime(CLOCK_MONOTONIC, &now);
    tell(k->exec, KEEPER_EXEC, now.tv_sec * 1000000000 + now.tv_nsec);
    execvpe(k->argv[0], k->argv, k->envp);
    give_up(k, KEEPER_NO_EXEC);
}

/* ---- the keeper --------------------------------------------------------------------------------- */

/* What proof has open (connections, other services' lifelines) must not stay open because of us. */
static void close_the_rest(const struct keeper *k)
{
    const int mine[] = {k->in, k->out, k->lifeline, k->status, k->exec};
    unsigned from = STDERR_FILENO + 1;

    for (;;) {
        unsigned next = ~0u;

        for (size_t i = 0; i < sizeof mine / sizeof *mine; i++) {
            if ((unsigned)mine[i] >= from && (unsigned)mine[i] < next)
                next = (unsigned)mine[i];
        }
        if (next > from)
            (void)close_range(from, next - 1, 0);
        if (next == ~0u)
            return;
        from = next + 1;
    }
}

/* True while there are children. */
static bool reap(struct keeping *k)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        if (pid == k->service) {
            k->service = 0;
            tell(k->status, KEEPER_ENDED, status);
        }
    }
    return pid == 0;
}

static void wait_for_news(const struct keeping *k, bool lifeline, int timeout_ms)
{
    struct pollfd fds[] = {{.fd = k->signals, .events = POLLIN},
                           {.fd = lifeline ? k->lifeline : -1, .events = POLLIN}};
    struct signalfd_siginfo gone;

    if (poll(fds, 2, timeout_ms) > 0 && fds[0].revents)
        (void)!read(k->signals, &gone, sizeof gone);
}

static void end_all(struct keeping *k)
{
    while (reap(k)) {
        struct tree t;

        tree_read(&t, getpid());
        for (size_t i = 0; i < t.n; i++) {
            if (t.list[i].state != 'Z')
                kill(t.list[i].pid, SIGKILL);
        }
        tree_free(&t);
        wait_for_news(k, false, KILL_AGAIN_MS);
    }
}

/* False when the lifeline has closed. The group is the service's for sure only while the service itself
 * has not been waited for; after that its pid may be somebody else's. */
static bool obey(struct keeping *k)
{
    char what;
    ssize_t n = read(k->lifeline, &what, 1);

    k->orderly |= n > 0 && what == KEEPER_STOP;

    if (n > 0 && what == KEEPER_STOP && k->service)
        kill(-k->group, SIGTERM);
    return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

static pid_t start(const struct keeper *k)
{
    pid_t keeper = getpid(), pid = fork();

    if (pid == 0)
        become_service(k, keeper);
    if (pid < 0)
        tell(k->exec, KEEPER_NO_FORK, errno);
    else
        setpgid(pid, pid); /* whoever comes first */
    return pid;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

void keeper_run(const struct keeper *k)
{
    struct keeping state = {.lifeline = k->lifeline, .status = k->status};
    sigset_t child;

    setsid();
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    close_the_rest(k);
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    state.signals = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
    signal(SIGCHLD, SIG_DFL);
    state.service = state.group = start(k);
    close(k->in);
    close(k->out);
    close(k->exec);
    if (state.group > 0) {
        tell(k->status, KEEPER_STARTED, state.group);
        do {
            reap(&state);
            wait_for_news(&state, true, -1);
        } while (obey(&state));
        end_all(&state);
    }
    if (k->scratch && !state.orderly)
        (void)nftw(k->scratch, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    _exit(0);
}
