/* process.c: services and commands, started and ended.
 *
 * proof itself forks only keepers (keeper.c) and talks to each over two wires: the lifeline, whose
 * closing ends the tree, and the status pipe, which tells how the service ended and closes when nothing
 * is left. Whether an exec worked is known from a third, that the exec itself closes. A command that is
 * run to its end (build, version) is a service whose output is a pipe. */
#include "process.h"
#include "keeper.h"
#include "../../gimlet/base/arena.h"
#include "../../gimlet/base/clock.h"
#include "../load/cpus.h"
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define OUTPUT_KEPT 65536
#define STEP 4096
#define REST_MS 500      /* for what is left of the group when the service itself has ended */
#define TIMED_OUT 124    /* as timeout(1) */
#define PORT_FIRST 15000 /* below 32768, where connections get their own ports from */
#define PORT_COUNT 15000
#define PORT_TRIES 200

extern char **environ;

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* ---- what exec needs ---------------------------------------------------------------------------- */

static int read_cpus(const char *text, cpu_set_t *set, char *err, size_t err_len)
{
    if (!cpus_set(text, set))
        return 0;
    snprintf(err, err_len, "CPUs \"%s\": expected a list such as 0-3,8", text);
    return -1;
}

static size_t count(char *const *list)
{
    size_t n = 0;

    while (list && list[n])
        n++;
    return n;
}

static bool same_name(const char *a, const char *b)
{
    size_t n = strcspn(a, "=");

    return strncmp(a, b, n + 1) == 0;
}

/* Ours, with `added` in the place of those of the same name. */
static char **make_env(char *const *added)
{
    size_t n = 0, more = count(added);
    char **env = gim_heap_alloc((count(environ) + more + 1) * sizeof *env);

    for (size_t i = 0; environ[i]; i++) {
        bool ours = true;

        for (size_t k = 0; k < more && ours; k++)
            ours = !same_name(environ[i], added[k]);
        if (ours)
            env[n++] = environ[i];
    }
    for (size_t k = 0; k < more; k++)
        env[n++] = added[k];
    return env;
}

/* ---- start -------------------------------------------------------------------------------------- */

/* Both ends of the wires while a keeper is being started; -1: not open. */
struct wires {
    int lifeline[2], status[2], exec[2]; /* ours, the keeper's */
    int in;
};

static void close_wires(struct wires *w, bool ours_too)
{
    for (int i = ours_too ? 0 : 1; i < 2; i++) {
        close_fd(&w->lifeline[i]);
        close_fd(&w->status[i]);
        close_fd(&w->exec[i]);
    }
    close_fd(&w->in);
}

static int open_wires(struct wires *w)
{
    *w = (struct wires){{-1, -1}, {-1, -1}, {-1, -1}, -1};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, w->lifeline) ||
        pipe2(w->status, O_CLOEXEC) || pipe2(w->exec, O_CLOEXEC))
        return -1;
    w->in = open("/dev/null", O_RDWR | O_CLOEXEC);
    fcntl(w->lifeline[1], F_SETFL, O_NONBLOCK);
    return w->in < 0 ? -1 : 0;
}

static pid_t fork_keeper(const struct keeper *k)
{
    sigset_t all, before;
    pid_t pid;

    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    pid = fork();
    if (pid == 0)
        keeper_run(k);
    sigprocmask(SIG_SETMASK, &before, NULL);
    return pid;
}

static bool hear(int fd, struct keeper_message *m)
{
    ssize_t n;

    do {
        n = read(fd, m, sizeof *m);
    } while (n < 0 && errno == EINTR);
    return n == (ssize_t)sizeof *m;
}

static void say_why(const struct process_start *s, const struct keeper_message *m, char *err,
                    size_t err_len)
{
    const char *name = s->argv[0], *why = strerror((int)m->value);

    switch (m->news) {
    case KEEPER_NO_CPUS:
        snprintf(err, err_len, "cannot run on CPUs %s: %s; name CPUs that this machine has",
                 s->cpus, why);
        return;
    case KEEPER_NO_DIRECTORY:
        snprintf(err, err_len, "cannot change to directory %s: %s", s->directory, why);
        return;
    case KEEPER_NO_EXEC:
        if (m->value == ENOENT)
            why = strchr(name, '/') ? "no such file; was it built?"
                                    : "not found on the PATH; is it installed?";
        break;
    default:
        break;
    }
    snprintf(err, err_len, "cannot run %s: %s", name, why);
}

/* Waits until the exec has worked or not. */
static int hear_exec(struct process *p, const struct process_start *s, int exec, char *err,
                     size_t err_len)
{
    struct keeper_message m;

    while (hear(exec, &m)) {
        if (m.news != KEEPER_EXEC) {
            say_why(s, &m, err, err_len);
            return -1;
        }
        p->exec_ns = m.value;
    }
    if (p->exec_ns && hear(p->status_fd, &m) && m.news == KEEPER_STARTED) {
        p->pid = (pid_t)m.value;
        return 0;
    }
    snprintf(err, err_len, "cannot run %s: its keeper was killed", s->argv[0]);
    return -1;
}

static void reap_keeper(struct process *p)
{
    close_fd(&p->lifeline);
    while (waitpid(p->keeper, NULL, 0) < 0 && errno == EINTR)
        ;
    close_fd(&p->status_fd);
}

/* `out` is where the service writes; it stays the caller's. */
static int start(struct process *p, const struct process_start *s, int out, char *err,
                 size_t err_len)
{
    struct keeper k = {.argv = s->argv,
                       .directory = s->directory,
                       .scratch = s->scratch,
                       .has_cpus = s->cpus && s->cpus[0]};
    struct wires w;
    char **env;
    int failed;

    *p = (struct process){.lifeline = -1, .status_fd = -1};
    if (k.has_cpus && read_cpus(s->cpus, &k.cpus, err, err_len))
        return -1;
    if (open_wires(&w)) {
        snprintf(err, err_len, "cannot run %s: %s", s->argv[0], strerror(errno));
        close_wires(&w, true);
        return -1;
    }
    k.envp = env = make_env(s->env);
    k.in = w.in;
    k.out = out >= 0 ? out : w.in;
    k.lifeline = w.lifeline[1];
    k.status = w.status[1];
    k.exec = w.exec[1];
    p->keeper = fork_keeper(&k);
    failed = errno;
    gim_heap_free(env);
    close_wires(&w, p->keeper < 0);
    if (p->keeper < 0) {
        snprintf(err, err_len, "cannot run %s: %s", s->argv[0], strerror(failed));
        return -1;
    }
    p->lifeline = w.lifeline[0];
    p->status_fd = w.status[0];
    failed = hear_exec(p, s, w.exec[0], err, err_len);
    close(w.exec[0]);
    if (failed)
        reap_keeper(p);
    return failed;
}

int process_open(struct process *p, const struct process_start *s, char *err, size_t err_len)
{
    int out = -1, failed;

    *p = (struct process){.lifeline = -1, .status_fd = -1};
    if (s->log) {
        out = open(s->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
        if (out < 0) {
            snprintf(err, err_len, "cannot write the log %s: %s", s->log, strerror(errno));
            return -1;
        }
    }
    failed = start(p, s, out, err, err_len);
    close_fd(&out);
    return failed;
}

/* ---- watch and end ------------------------------------------------------------------------------ */

/* Waits up to timeout_ms for how it ended; true once that is known. A keeper that is gone has taken
 * the service along. */
static bool await(struct process *p, int64_t timeout_ms)
{
    int64_t until = (int64_t)gim_clock_ms() + timeout_ms;
    struct pollfd fd = {.fd = p->status_fd, .events = POLLIN};
    struct keeper_message m;

    while (!p->ended && p->status_fd >= 0) {
        int64_t left = until - (int64_t)gim_clock_ms();
        int n = poll(&fd, 1, left > 0 ? (int)(left < 60000 ? left : 60000) : 0);

        if (n > 0) {
            p->ended = true;
            p->status = hear(p->status_fd, &m) && m.news == KEEPER_ENDED ? (int)m.value : SIGKILL;
        } else if (left <= 0) {
            break;
        }
    }
    return p->ended;
}

bool process_alive(struct process *p)
{
    return p->status_fd >= 0 && !await(p, 0);
}

/* SIGKILL for what is left; nothing is when this returns. */
static void finish(struct process *p)
{
    struct keeper_message m;

    shutdown(p->lifeline, SHUT_RDWR);
    while (hear(p->status_fd, &m)) {
        if (m.news == KEEPER_ENDED && !p->ended) {
            p->ended = true;
            p->status = (int)m.value;
        }
    }
    reap_keeper(p);
}

static void sleep_ms(int64_t ms)
{
    (void)poll(NULL, 0, (int)ms);
}

/* The rest of the group may still be on its way out. */
static void let_rest_end(const struct process *p, int64_t ms)
{
    while (ms > 0 && kill(-p->pid, 0) == 0) {
        sleep_ms(5);
        ms -= 5;
    }
}

bool process_close(struct process *p, int64_t timeout_ms)
{
    const char stop = KEEPER_STOP;
    bool in_time, was_ended = p->ended;

    if (p->status_fd < 0)
        return p->ended;
    (void)!send(p->lifeline, &stop, 1, MSG_NOSIGNAL);
    in_time = await(p, timeout_ms);
    if (in_time && !was_ended)
        let_rest_end(p, timeout_ms < REST_MS ? timeout_ms : REST_MS);
    finish(p);
    return in_time;
}

/* ---- commands run to their end ------------------------------------------------------------------ */

static void keep_last(struct gim_buf *out)
{
    if (out->len > OUTPUT_KEPT) {
        memmove(out->ptr, out->ptr + out->len - OUTPUT_KEPT, OUTPUT_KEPT);
        out->len = OUTPUT_KEPT;
    }
}

/* Takes what there is; false at the end of the output. */
static bool drain(int fd, struct gim_buf *out)
{
    for (;;) {
        char *to = gim_buf_reserve(out, STEP);
        ssize_t n = to ? read(fd, to, STEP) : -1;

        if (n < 0)
            return errno == EAGAIN || errno == EINTR;
        if (n == 0)
            return false;
        out->len += (size_t)n;
        if (out->len > 2 * OUTPUT_KEPT)
            keep_last(out);
    }
}

/* Until it ends or its time is over. Somebody it left behind may hold the pipe: not waited for. */
static bool collect(struct process *p, int fd, struct gim_buf *out, int64_t timeout_ms)
{
    int64_t until = (int64_t)gim_clock_ms() + timeout_ms;
    bool more = true;

    while (!p->ended) {
        struct pollfd fds[] = {{.fd = p->status_fd, .events = POLLIN},
                               {.fd = more ? fd : -1, .events = POLLIN}};
        int64_t left = until - (int64_t)gim_clock_ms();

        if (left <= 0)
            return false;
        (void)poll(fds, 2, (int)(left < 60000 ? left : 60000));
        more = more && drain(fd, out);
        if (fds[0].revents)
            (void)await(p, 0);
    }
    if (more)
        (void)drain(fd, out);
    return true;
}

int process_run(const struct process_start *s, struct gim_buf *out, int64_t timeout_ms)
{
    char err[512];
    struct process p;
    int ends[2];
    bool in_time;

    if (pipe2(ends, O_CLOEXEC)) {
        gim_buf_printf(out, "cannot run %s: %s", s->argv[0], strerror(errno));
        return -1;
    }
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    if (start(&p, s, ends[1], err, sizeof err)) {
        gim_buf_str(out, gim_str_of(err));
        close(ends[0]);
        close(ends[1]);
        return -1;
    }
    close(ends[1]);
    in_time = collect(&p, ends[0], out, timeout_ms);
    if (!in_time)
        gim_buf_printf(out, "\nit had not ended after %lld ms and was killed\n",
                       (long long)timeout_ms);
    finish(&p);
    close(ends[0]);
    keep_last(out);
    if (!in_time)
        return TIMED_OUT;
    return WIFEXITED(p.status) ? WEXITSTATUS(p.status) : 128 + WTERMSIG(p.status);
}

/* ---- ports -------------------------------------------------------------------------------------- */

static int try_port(int port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool free_now = fd >= 0 && bind(fd, (const struct sockaddr *)&at, sizeof at) == 0 &&
                    getsockname(fd, (struct sockaddr *)&at, &len) == 0;

    close_fd(&fd);
    return free_now ? ntohs(at.sin_port) : -1;
}

int process_free_port(void)
{
    uint64_t from = gim_clock_ns() / 1000 + (uint64_t)getpid() * 7919;

    for (uint64_t i = 0; i < PORT_TRIES; i++) {
        int port = try_port(PORT_FIRST + (int)((from + i * 31) % PORT_COUNT));

        if (port > 0)
            return port;
    }
    return try_port(0);
}
