/* tree.c: who descends from whom.
 *
 * /proc/PID/task/TID/children would tell, but only kernels built with CONFIG_PROC_CHILDREN have it, so
 * every process of /proc is asked for its parent. That is some ten microseconds for each process of the
 * machine, spent while nothing is being timed. Orphans are found because their keeper, a subreaper,
 * has become their parent. A process that comes or goes while we look may be missed: who must miss
 * none (the keeper, when it ends them) looks again. */
#include "tree.h"
#include "../../gimlet/base/arena.h"
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { /* fields of /proc/PID/stat: proc(5) */
    PARENT = 4,
    CHILDREN_USER = 16,
    CHILDREN_SYSTEM,
};

static int64_t tick_ns(void)
{
    long hz = sysconf(_SC_CLK_TCK);

    return 1000000000 / (hz > 0 ? hz : 100);
}

static int64_t number(gim_str word)
{
    int64_t v = 0;

    return gim_str_to_int(word, &v) ? 0 : v;
}

/* "PID (name) S PPID ...": the name may hold anything, so the last ')' ends it. */
static bool parse(struct tree_process *p, const char *text)
{
    gim_str rest = gim_str_of(strrchr(text, ')')), word;

    gim_str_cut(&rest, ' ');
    word = gim_str_cut(&rest, ' ');
    if (!word.len)
        return false;
    p->state = word.ptr[0];
    for (int field = PARENT; field <= CHILDREN_SYSTEM; field++) {
        word = gim_str_cut(&rest, ' ');
        if (field == PARENT)
            p->parent = (pid_t)number(word);
        if (field == CHILDREN_USER || field == CHILDREN_SYSTEM)
            p->dead_ns += number(word) * tick_ns();
    }
    return true;
}

static bool read_one(struct tree_process *p, pid_t pid)
{
    char path[40], text[1024];
    ssize_t n;
    int fd;

    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    n = read(fd, text, sizeof text - 1);
    close(fd);
    if (n <= 0)
        return false;
    text[n] = '\0';
    *p = (struct tree_process){.pid = pid};
    return parse(p, text);
}

static void read_all(struct tree *t)
{
    DIR *d = opendir("/proc");
    struct dirent *e;

    while (d && (e = readdir(d))) {
        int64_t pid = number(gim_str_of(e->d_name));

        if (t->n == t->cap) {
            t->cap = t->cap ? 2 * t->cap : 256;
            t->list = gim_heap_grow(t->list, t->cap * sizeof *t->list);
        }
        if (pid > 0 && read_one(&t->list[t->n], (pid_t)pid))
            t->n++;
    }
    if (d)
        closedir(d);
}

static bool has_in(const struct tree *t, pid_t pid)
{
    for (size_t i = 0; i < t->n; i++) {
        if (t->list[i].pid == pid)
            return t->list[i].in;
    }
    return false;
}

/* Marks those whose parent is the root or marked, until a pass marks none. */
static void mark(struct tree *t, pid_t root)
{
    for (bool more = true; more;) {
        more = false;
        for (size_t i = 0; i < t->n; i++) {
            struct tree_process *p = &t->list[i];

            if (!p->in && p->pid != root && (p->parent == root || has_in(t, p->parent)))
                p->in = more = true;
        }
    }
}

void tree_read(struct tree *t, pid_t root)
{
    size_t kept = 0;

    *t = (struct tree){0};
    read_all(t);
    mark(t, root);
    for (size_t i = 0; i < t->n; i++) {
        if (t->list[i].pid == root)
            t->root = t->list[i];
        else if (t->list[i].in)
            t->list[kept++] = t->list[i];
    }
    t->n = kept;
}

void tree_free(struct tree *t)
{
    gim_heap_free(t->list);
    *t = (struct tree){0};
}
