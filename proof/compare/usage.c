/* usage.c: what a service's process tree holds and has used.
 *
 * The tree is the keeper's descendants: the service, its workers, and orphans that the keeper has
 * adopted. Memory is summed: RSS counts a page that workers share once a worker, PSS divides it, so PSS
 * is what the tree costs. CPU time is the kernel's own clock of each process, in nanoseconds and with
 * the threads that have ended; processes that have ended are known only by what their parents waited
 * for, in ticks (10 ms), and children of a parent that ignores SIGCHLD are not known at all. A worker that
 * ends between two looks may so take back up to a tick. */
#include "process.h"
#include "tree.h"
#include "../../gimlet/base/arena.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define FILE_MAX 4096

static gim_str read_file(pid_t pid, const char *name, char text[FILE_MAX])
{
    char path[64];
    ssize_t n = 0;
    int fd;

    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        n = read(fd, text, FILE_MAX);
        close(fd);
    }
    return (gim_str){text, n > 0 ? (size_t)n : 0};
}

/* The number of the line "name:   123 kB"; -1 when there is none. */
static int64_t line(gim_str text, const char *name)
{
    int64_t v;

    while (text.ptr) {
        gim_str value = gim_str_cut(&text, '\n'), key = gim_str_cut(&value, ':');

        if (gim_str_eq(key, gim_str_of(name))) {
            value = gim_str_trim(value);
            return gim_str_to_int(gim_str_cut(&value, ' '), &v) ? -1 : v;
        }
    }
    return -1;
}

static int64_t kib(gim_str text, const char *name)
{
    int64_t v = line(text, name);

    return v > 0 ? v * 1024 : 0;
}

static int64_t clock_ns(pid_t pid)
{
    struct timespec t;
    clockid_t clock;

    if (clock_getcpuclockid(pid, &clock) || clock_gettime(clock, &t))
        return 0;
    return t.tv_sec * 1000000000 + t.tv_nsec;
}

static int64_t cpu_ns(const struct tree *t)
{
    int64_t ns = t->root.dead_ns;

    for (size_t i = 0; i < t->n; i++)
        ns += clock_ns(t->list[i].pid) + t->list[i].dead_ns;
    return ns;
}

/* Nothing for a process that has gone meanwhile or is only waited for. */
static void add_memory(struct process_usage *u, pid_t pid)
{
    char text[FILE_MAX];
    gim_str status = read_file(pid, "status", text);
    int64_t rss = kib(status, "VmRSS"), threads = line(status, "Threads"), pss;

    if (!rss)
        return;
    u->processes++;
    u->threads += threads > 0 ? (int)threads : 1;
    u->rss += rss;
    u->peak += kib(status, "VmHWM");
    pss = kib(read_file(pid, "smaps_rollup", text), "Pss");
    u->pss += pss ? pss : rss; /* another user's: not ours to read */
}

int process_usage(const struct process *p, struct process_usage *u)
{
    struct tree t;

    *u = (struct process_usage){0};
    tree_read(&t, p->keeper);
    for (size_t i = 0; i < t.n; i++)
        add_memory(u, t.list[i].pid);
    u->cpu_ns = cpu_ns(&t);
    tree_free(&t);
    return u->processes ? 0 : -1;
}

int64_t process_cpu_ns(const struct process *p)
{
    struct tree t;
    int64_t ns;

    tree_read(&t, p->keeper);
    ns = cpu_ns(&t);
    tree_free(&t);
    return ns;
}
