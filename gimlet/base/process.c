/* process.c: /proc/self, read when somebody asks.
 *
 * One file has most of it: the fields of /proc/self/stat behind the program's name, which may hold
 * anything and so is skipped from the right. */
#include "process.h"
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Fields of stat(5), counted as proc(5) does: the first one behind the name is 3. */
#define STAT "/proc/self/stat"
#define FIELD_THREADS 20
#define FIELD_START 22
#define FIELD_VSIZE 23
#define FIELD_RSS 24
#define FIELDS 25

static double seconds(struct timespec t)
{
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double clock_seconds(clockid_t id)
{
    struct timespec t;

    return clock_gettime(id, &t) ? 0 : seconds(t);
}

static double cpu_seconds(void)
{
    struct rusage r;

    if (getrusage(RUSAGE_SELF, &r))
        return -1;
    return (double)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) +
           (double)(r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e6;
}

/* False when it is not there: outside of Linux, or /proc is not mounted. */
static int read_stat(int64_t fields[FIELDS])
{
    char line[1024];
    FILE *f = fopen(STAT, "re");
    const char *at = f && fgets(line, sizeof line, f) ? strrchr(line, ')') : NULL;

    if (f)
        fclose(f);
    if (!at)
        return -1;
    at += 3; /* ") R": the state is a letter */
    for (int i = 4; i < FIELDS; i++) {
        long long v = 0;
        int used = 0;

        if (sscanf(at, "%lld%n", &v, &used) != 1)
            return -1;
        fields[i] = v;
        at += used;
    }
    return 0;
}

static int64_t count_fds(void)
{
    const char *path = "/proc/self/fd";
    struct stat st;
    int64_t n = 0;
    DIR *dir;

    if (stat(path, &st) == 0 && st.st_size > 0) /* Linux 6.2: the number of them */
        return st.st_size;
    dir = opendir(path);
    if (!dir)
        return -1;
    while (readdir(dir))
        n++;
    closedir(dir);
    return n - 3; /* ".", ".." and the directory itself */
}

static int64_t max_fds(void)
{
    struct rlimit r;

    return getrlimit(RLIMIT_NOFILE, &r) ? -1 : (int64_t)r.rlim_cur;
}

void gim_process_read(struct gim_process *p)
{
    int64_t fields[FIELDS];
    double ticks = (double)sysconf(_SC_CLK_TCK);

    *p = (struct gim_process){cpu_seconds(), -1, -1, -1, count_fds(), max_fds(), -1};
    if (read_stat(fields))
        return;
    p->start_time = clock_seconds(CLOCK_REALTIME) - clock_seconds(CLOCK_BOOTTIME) +
                    (double)fields[FIELD_START] / ticks;
    p->resident = fields[FIELD_RSS] * sysconf(_SC_PAGESIZE);
    p->address = fields[FIELD_VSIZE];
    p->threads = fields[FIELD_THREADS];
}
