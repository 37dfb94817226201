/* process.c: services that end whatever happens to proof.
 *
 *   proof --fork--> keeper (subreaper) --vfork--> the service, in a group of its own
 *
 * Three pipes: the lifeline, whose closing tells the keeper to end everything; the exec pipe, closed by
 * execve itself, which carries the time just before it and the errno if it failed; the status pipe, on
 * which the keeper tells the pid and, later, how the service ended. vfork keeps the time to ready honest:
 * a forked copy of proof would first have to be taken down. */
#include "process.h"
#include "../../gimlet/base/arena.h"
#include "../../gimlet/base/clock.h"
#include "cpus.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define OUTPUT_MAX 65536
#define POLL_MS 20

extern char **environ;

struct exec_note { /* over the exec pipe: one before execve; a second one when that failed */
    int64_t ns;
    int err;
    char what[12]; /* which call failed */
};

struct start { /* all that the vforked child needs, made before */
    const struct process_start *how;
    char **env;
    cpu_set_t cpus;
    int null_fd, log_fd, note_fd;
};

/* ---- the service's side ------------------------------------------------------------------------- */

static int64_t now_ns(void)
{
    return (int64_t)gim_clock_ns();
}

static void note(int fd, const char *failed)
{
    struct exec_note n = {.ns = now_ns(), .err = failed ? errno : 0};

    if (failed)
        memcpy(n.what, failed, strlen(failed));
    (void)!write(fd, &n, sizeof n);
}

/* Which call failed on the way to being the service; NULL: none. */
static const char *become(const struct start *s)
{
    sigset_t none;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setpgid(0, 0);
    if (dup2(s->null_fd, STDIN_FILENO) < 0 || dup2(s->log_fd, STDOUT_FILENO) < 0 ||
        dup2(s->log_fd, STDERR_FILENO) < 0)
        return "dup2";
    if (s->how->cpus && sched_setaffinity(0, sizeof s->cpus, &s->cpus))
        return "affinity";
    if (s->how->directory && chdir(s->how->directory))
        return "chdir";
    return NULL;
}

/* In the vforked child: system calls only. */
static void exec_service(const struct start *s)
{
    const char *failed = become(s);

    note(s->note_fd, failed);
    if (failed)
        return;
    execvpe(s->how->argv[0], s->how->argv, s->env);
    note(s->note_fd, "exec");
}

static __attribute__((noinline)) pid_t spawn(const struct start *s)
{
    pid_t pid = vfork();

    if (pid == 0) {
        exec_service(s);
        _exit(127);
    }
    return pid;
}

/* ---- the keeper --------------------------------------------------------------------------------- */

/* Kills children until there are none; what they leave behind comes to us, the subreaper. */
static void end_all(void)
{
    char path[64];

    snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
    for (;;) {
        FILE *f = fopen(path, "re");
        int child;

        while (f && fscanf(f, "%d", &child) == 1)
            kill(child, SIGKILL);
        if (f)
            fclose(f);
        if (waitpid(-1, NULL, 0) < 0 && errno == ECHILD)
            return;
    }
}

static void reap(pid_t service, int status_fd)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        if (pid == service)
            (void)!write(status_fd, &status, sizeof status);
    }
}

static void keep(const struct start *s, int lifeline, int status_fd, int child_fd)
{
    struct pollfd p[] = {{.fd = lifeline, .events = POLLIN}, {.fd = child_fd, .events = POLLIN}};
    pid_t pid = spawn(s);

    close(s->note_fd);
    (void)!write(status_fd, &pid, sizeof pid);
    while (pid > 0) {
        struct signalfd_siginfo info;

        if (poll(p, 2, -1) < 0 && errno != EINTR)
            break;
        if (p[1].revents)
            (void)!read(child_fd, &info, sizeof info);
        reap(pid, status_fd);
        if (p[0].revents)
            break;
    }
    end_all();
}

static int child_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_SETMASK, &set, NULL);
    return signalfd(-1, &set, SFD_CLOEXEC);
}

static void keeper_main(struct start *s, int lifeline, int status_fd)
{
    setpgid(0, 0); /* Ctrl-C is proof's */
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    signal(SIGPIPE, SIG_IGN);
    keep(s, lifeline, status_fd, child_signals());
    _exit(0);
}

/* ---- start ---------------------------------------------------------------------------------------- */

/* Ours, with the given ones in their places. */
static char **environment(char *const *more, struct gim_arena *a)
{
    size_t n = 0, m = 0, k = 0;
    char **out;

    while (environ[n])
        n++;
    while (more && more[m])
        m++;
    out = GIM_NEW_N(a, char *, n + m + 1);
    for (size_t i = 0; i < n; i++) {
        bool replaced = false;

        for (size_t j = 0; j < m; j++)
            replaced |= strncmp(environ[i], more[j], strcspn(more[j], "=") + 1) == 0;
        if (!replaced)
            out[k++] = environ[i];
    }
    for (size_t j = 0; j < m; j++)
        out[k++] = more[j];
    return out;
}

static int fail(char *err, size_t err_len, const char *what)
{
    snprintf(err, err_len, "%s: %s", what, strerror(errno));
    return -1;
}

/* What the exec pipe says. */
static int read_notes(struct process *p, int fd, const struct process_start *s, char *err,
                      size_t err_len)
{
    struct exec_note n[2] = {{0}};
    size_t got = 0;
    ssize_t k;

    while (got < sizeof n &&
           ((k = read(fd, (char *)n + got, sizeof n - got)) > 0 || (k < 0 && errno == EINTR)))
        got += k > 0 ? (size_t)k : 0;
    p->exec_ns = n[0].ns;
    for (int i = 0; i < 2; i++) {
        if (n[i].err) {
            const char *on = strcmp(n[i].what, "chdir") == 0      ? s->directory
                             : strcmp(n[i].what, "affinity") == 0 ? s->cpus
                                                                  : s->argv[0];

            snprintf(err, err_len, "cannot run it: %.11s %.200s: %s", n[i].what, on ? on : "",
                     strerror(n[i].err));
            return -1;
        }
    }
    if (got)
        return 0;
    snprintf(err, err_len, "cannot run %.200s: no process could be made", s->argv[0]);
    return -1;
}

struct pipes {
    int lifeline[2], status[2], note[2];
};

static int open_pipes(struct pipes *p)
{
    return pipe2(p->lifeline, O_CLOEXEC) || pipe2(p->status, O_CLOEXEC) ||
           pipe2(p->note, O_CLOEXEC);
}

int process_open(struct process *p, const struct process_start *s, char *err, size_t err_len)
{
    struct gim_arena memory = {0};
    struct start start = {.how = s};
    struct pipes pipes;

    *p = (struct process){.pid = -1};
    if (!s->argv[0]) {
        snprintf(err, err_len, "no command is given");
        return -1;
    }
    if (open_pipes(&pipes))
        return fail(err, err_len, "pipe");
    start.log_fd =
        open(s->log ? s->log : "/dev/null", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (start.log_fd < 0)
        return fail(err, err_len, s->log ? s->log : "/dev/null");
    start.null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    start.note_fd = pipes.note[1];
    start.env = environment(s->env, &memory);
    if (s->cpus)
        cpus_set(s->cpus, &start.cpus);
    p->keeper = fork();
    if (p->keeper == 0) {
        close(pipes.lifeline[1]);
        keeper_main(&start, pipes.lifeline[0], pipes.status[1]);
    }
    close(pipes.lifeline[0]);
    close(pipes.status[1]);
    close(pipes.note[1]);
    close(start.null_fd);
    close(start.log_fd);
    gim_arena_reset(&memory);
    p->lifeline = pipes.lifeline[1];
    p->status_fd = pipes.status[0];
    if (p->keeper > 0 && read_notes(p, pipes.note[0], s, err, err_len) == 0 &&
        read(p->status_fd, &p->pid, sizeof p->pid) == (ssize_t)sizeof p->pid) {
        close(pipes.note[0]);
        return 0;
    }
    close(pipes.note[0]);
    process_close(p, 0);
    return -1;
}

/* ---- the end ---------------------------------------------------------------------------------------- */

/* Waits up to `ms` for the word that the service ended. */
static bool wait_end(struct process *p, int ms)
{
    struct pollfd f = {.fd = p->status_fd, .events = POLLIN};

    if (!p->ended && poll(&f, 1, ms) > 0) {
        if (read(p->status_fd, &p->status, sizeof p->status) != (ssize_t)sizeof p->status)
            p->status = SIGKILL; /* the keeper is gone, and all with it */
        p->ended = true;
    }
    return p->ended;
}

bool process_alive(struct process *p)
{
    return !wait_end(p, 0);
}

bool process_close(struct process *p, int64_t timeout_ms)
{
    int64_t until = now_ns() + timeout_ms * 1000000;
    bool by_itself;

    if (p->pid > 0 && !wait_end(p, 0))
        kill(-p->pid, SIGTERM);
    while (p->pid > 0 && !wait_end(p, POLL_MS) && now_ns() < until)
        ;
    by_itself = p->ended;
    close(p->lifeline);
    if (p->keeper > 0) {
        while (waitpid(p->keeper, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    close(p->status_fd);
    p->ended = true;
    return by_itself;
}

/* ---- commands that end -------------------------------------------------------------------------------- */

static void read_tail(const char *path, struct gim_buf *out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;

    if (fd >= 0 && fstat(fd, &st) == 0) {
        size_t n = st.st_size < OUTPUT_MAX ? (size_t)st.st_size : OUTPUT_MAX;
        char *to = gim_buf_reserve(out, n + 1);
        ssize_t got = to ? pread(fd, to, n, st.st_size - (off_t)n) : 0;

        out->len += got > 0 ? (size_t)got : 0;
    }
    if (fd >= 0)
        close(fd);
}

int process_run(const struct process_start *s, struct gim_buf *out, int64_t timeout_ms)
{
    const char *tmp = getenv("TMPDIR");
    struct process_start how = *s;
    struct process p;
    char log[256], err[512];
    int fd;

    snprintf(log, sizeof log, "%.200s/proof-run-XXXXXX", tmp && *tmp ? tmp : "/var/tmp");
    fd = mkstemp(log);
    if (fd < 0) {
        gim_buf_printf(out, "no temporary file: %s", strerror(errno));
        return -1;
    }
    close(fd);
    how.log = log;
    if (process_open(&p, &how, err, sizeof err)) {
        gim_buf_str(out, gim_str_of(err));
        unlink(log);
        return -1;
    }
    if (!wait_end(&p, (int)timeout_ms))
        p.status = SIGKILL;
    process_close(&p, 0);
    read_tail(log, out);
    unlink(log);
    return WIFEXITED(p.status) ? WEXITSTATUS(p.status) : 128 + WTERMSIG(p.status);
}
