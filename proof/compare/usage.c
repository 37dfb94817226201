/* usage.c: memory and CPU of a process tree, from /proc.
 *
 * The tree is all below the keeper, so a service that forks and goes is still counted. Memory: VmRSS
 * counts a page once for each process that has it, PSS its share. Never wait4's maxrss: it starts at
 * what the parent had before exec. CPU: the process clock (ns, threads that ended included) of each
 * that lives, and what those had taken from children that ended (in ticks). */
#include "process.h"
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TREE_MAX 512

struct tree {
    pid_t pids[TREE_MAX];
    int n;
};

static void add_children(struct tree *t, pid_t parent)
{
    char path[64];
    FILE *f;
    int child;

    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)parent, (int)parent);
    f = fopen(path, "re");
    while (f && t->n < TREE_MAX && fscanf(f, "%d", &child) == 1)
        t->pids[t->n++] = child;
    if (f)
        fclose(f);
}

/* Children that other threads forked hang below those threads; the main thread's list has most. */
static void walk(struct tree *t, pid_t keeper)
{
    t->n = 0;
    add_children(t, keeper);
    for (int i = 0; i < t->n; i++)
        add_children(t, t->pids[i]);
}

/* Adds up to `n` values of lines "Name:   123 kB" of a file of /proc. False: no such file. */
static bool add_lines(pid_t pid, const char *file, const char *const *names, int64_t *const *to,
                      int n)
{
    char path[64], line[256];
    FILE *f;

    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, file);
    f = fopen(path, "re");
    if (!f)
        return false;
    while (fgets(line, sizeof line, f)) {
        for (int i = 0; i < n; i++) {
            size_t len = strlen(names[i]);
            long long v;

            if (strncmp(line, names[i], len) == 0 && line[len] == ':' &&
                sscanf(line + len + 1, "%lld", &v) == 1)
                *to[i] += v;
        }
    }
    fclose(f);
    return true;
}

static int64_t ended_children_ns(pid_t pid)
{
    char path[64], line[1024];
    unsigned long long user = 0, system = 0;
    const char *at;
    FILE *f;

    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    f = fopen(path, "re");
    at = f && fgets(line, sizeof line, f) ? strrchr(line, ')') : NULL;
    if (at)
        (void)sscanf(at + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %llu %llu",
                     &user, &system);
    if (f)
        fclose(f);
    return (int64_t)((user + system) * (1000000000ULL / (unsigned long long)sysconf(_SC_CLK_TCK)));
}

static int64_t own_ns(pid_t pid)
{
    struct timespec t;
    clockid_t clock;

    if (clock_getcpuclockid(pid, &clock) || clock_gettime(clock, &t))
        return 0;
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int64_t process_cpu_ns(const struct process *p)
{
    struct tree t;
    int64_t ns = 0;

    walk(&t, p->keeper);
    for (int i = 0; i < t.n; i++)
        ns += own_ns(t.pids[i]) + ended_children_ns(t.pids[i]);
    return ns;
}

int process_usage(const struct process *p, struct process_usage *u)
{
    static const char *const status_names[] = {"VmRSS", "VmHWM", "Threads"};
    static const char *const pss_name[] = {"Pss"};
    int64_t rss = 0, peak = 0, threads = 0, pss = 0;
    int64_t *const status_to[] = {&rss, &peak, &threads}, *const pss_to[] = {&pss};
    struct tree t;

    *u = (struct process_usage){0};
    walk(&t, p->keeper);
    for (int i = 0; i < t.n; i++) {
        u->processes += add_lines(t.pids[i], "status", status_names, status_to, 3);
        (void)add_lines(t.pids[i], "smaps_rollup", pss_name, pss_to, 1);
    }
    u->rss = rss * 1024;
    u->peak = peak * 1024;
    u->pss = pss * 1024;
    u->threads = (int)threads;
    u->cpu_ns = process_cpu_ns(p);
    return u->processes && u->rss ? 0 : -1;
}
