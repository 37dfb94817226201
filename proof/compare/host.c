/* host.c: what /proc and /sys say. A figure without its machine is an anecdote; a figure from a busy
 * machine is one as well, so each round notes what others took. */
#include "host.h"
#include "../load/cpus.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/statfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#define TMPFS 0x01021994
#define RAMFS 0x858458f6
#define LEN(a) (sizeof(a) / sizeof(a)[0])

/* ---- CPUs ------------------------------------------------------------------------------------- */

/* CPUs `from` to `to` (not included) of the n allowed ones, as a list. */
static void put_list(char out[HOST_CPUS], const int *cpus, int from, int to)
{
    size_t len = 0;

    for (int i = from; i < to && len + 8 < HOST_CPUS; i++)
        len += (size_t)snprintf(out + len, HOST_CPUS - len, "%s%d", i > from ? "," : "", cpus[i]);
}

static bool read_line(const char *path, char *out, size_t len)
{
    FILE *f = fopen(path, "re");
    bool got = f && fgets(out, (int)len, f);

    if (f)
        fclose(f);
    if (got)
        out[strcspn(out, "\n")] = '\0';
    return got;
}

/* Whether a thread of the server's cores is the client's. */
static bool share_cores(const struct host *h, const int *cpus, int n)
{
    for (int i = 0; i < n; i++) {
        char path[96], siblings[HOST_CPUS];

        snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list",
                 cpus[i]);
        if (!cpus_has(h->server_cpus, cpus[i]) || !read_line(path, siblings, sizeof siblings))
            continue;
        for (int k = 0; k < n; k++) {
            if (cpus_has(h->client_cpus, cpus[k]) && cpus_has(siblings, cpus[k]))
                return true;
        }
    }
    return false;
}

static void pin(const struct host *h)
{
    cpu_set_t set;

    if (!cpus_set(h->client_cpus, &set))
        (void)sched_setaffinity(0, sizeof set, &set);
}

void host_choose(struct host *h, const struct compare_plan *p)
{
    int cpus[CPU_SETSIZE], n = 0, half;
    cpu_set_t set;

    CPU_ZERO(&set);
    (void)sched_getaffinity(0, sizeof set, &set);
    for (int i = 0; i < CPU_SETSIZE; i++) {
        if (CPU_ISSET((size_t)i, &set))
            cpus[n++] = i;
    }
    half = n > 1 ? n / 2 : n;
    put_list(h->server_cpus, cpus, 0, half);
    put_list(h->client_cpus, cpus, n > 1 ? half : 0, n);
    if (p->server_cpus)
        snprintf(h->server_cpus, HOST_CPUS, "%s", p->server_cpus);
    if (p->client_cpus)
        snprintf(h->client_cpus, HOST_CPUS, "%s", p->client_cpus);
    h->shared = share_cores(h, cpus, n);
    pin(h);
}

/* ---- the machine ------------------------------------------------------------------------------ */

const char *host_directory(void)
{
    const char *t = getenv("TMPDIR");

    return t && *t ? t : "/var/tmp";
}

bool host_volatile(const char *directory)
{
    struct statfs s;

    return statfs(directory, &s) == 0 &&
           ((unsigned long)s.f_type == TMPFS || (unsigned long)s.f_type == RAMFS);
}

static void cpu_model(char *out, size_t len)
{
    FILE *f = fopen("/proc/cpuinfo", "re");
    char line[256];

    while (f && fgets(line, sizeof line, f)) {
        char *colon = strchr(line, ':');

        if (colon && strncmp(line, "model name", 10) == 0) {
            line[strcspn(line, "\n")] = '\0';
            snprintf(out, len, "%s", colon + 2);
            break;
        }
    }
    if (f)
        fclose(f);
}

static void add(struct compare_results *r, const char *name, const char *value)
{
    r->host[r->n_host++] = (struct results_pair){gim_str_of(name), results_text(r, "%s", value)};
}

static void add_file(struct compare_results *r, const char *name, const char *path)
{
    char line[256];

    if (read_line(path, line, sizeof line))
        add(r, name, line);
}

/* ---- limits: of this process, which the services inherit, and of the group both are in ------- */

static const struct limit {
    const char *name;
    int resource;
} limits[] = {
    {"limit_open_files", RLIMIT_NOFILE},     {"limit_processes", RLIMIT_NPROC},
    {"limit_locked_memory", RLIMIT_MEMLOCK}, {"limit_address_space", RLIMIT_AS},
    {"limit_stack", RLIMIT_STACK},           {"limit_core", RLIMIT_CORE},
};

static const struct knob {
    const char *name, *path;
} knobs[] = {
    {"governor", "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"},
    {"clocksource", "/sys/devices/system/clocksource/clocksource0/current_clocksource"},
    {"congestion_control", "/proc/sys/net/ipv4/tcp_congestion_control"},
    {"listen_backlog", "/proc/sys/net/core/somaxconn"},
    {"local_ports", "/proc/sys/net/ipv4/ip_local_port_range"},
};

static const char *const group_files[] = {"cpu.max", "memory.max", "memory.high", "pids.max"};

static const char *limit_text(char out[32], rlim_t value)
{
    if (value == RLIM_INFINITY)
        return "none";
    snprintf(out, 32, "%llu", (unsigned long long)value);
    return out;
}

static void add_limits(struct compare_results *r)
{
    for (size_t i = 0; i < LEN(limits); i++) {
        struct rlimit l = {0};
        char text[96], soft[32], hard[32];

        if (getrlimit((__rlimit_resource_t)limits[i].resource, &l) < 0)
            continue;
        snprintf(text, sizeof text, "%s, hard %s", limit_text(soft, l.rlim_cur),
                 limit_text(hard, l.rlim_max));
        add(r, limits[i].name, text);
    }
}

/* The path of `name` of this process's control group, version 2. */
static void group_path(char *out, size_t len, const char *name)
{
    char group[256] = "0::/";

    read_line("/proc/self/cgroup", group, sizeof group);
    snprintf(out, len, "/sys/fs/cgroup%s/%s", strncmp(group, "0::/", 4) == 0 ? group + 3 : "",
             name);
    if (access(out, R_OK) < 0) /* a container that shows its own group as the root */
        snprintf(out, len, "/sys/fs/cgroup/%s", name);
}

static void add_group(struct compare_results *r)
{
    for (size_t i = 0; i < LEN(group_files); i++) {
        char path[320], name[32];

        group_path(path, sizeof path, group_files[i]);
        snprintf(name, sizeof name, "cgroup_%s", group_files[i]);
        add_file(r, results_text(r, "%s", name).ptr, path);
    }
}

void host_describe(struct compare_results *r, const struct host *h, const char *directory)
{
    struct utsname u = {0};
    char text[256] = "unknown";
    double load[3] = {0};

    r->host = GIM_NEW_N(&r->memory, struct results_pair, 32);
    uname(&u);
    cpu_model(text, sizeof text);
    add(r, "cpu", text);
    snprintf(text, sizeof text, "%ld", sysconf(_SC_NPROCESSORS_ONLN));
    add(r, "cpus", text);
    add(r, "server_cpus", h->server_cpus);
    add(r, "client_cpus", h->client_cpus);
    snprintf(text, sizeof text, "%.1f GiB",
             (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE) / (1 << 30));
    add(r, "memory", text);
    add(r, "machine", u.machine);
    snprintf(text, sizeof text, "%.60s %.120s", u.sysname, u.release);
    add(r, "kernel", text);
    for (size_t i = 0; i < LEN(knobs); i++)
        add_file(r, knobs[i].name, knobs[i].path);
    getloadavg(load, 3);
    snprintf(text, sizeof text, "%.2f", load[0]);
    add(r, "load_average", text);
    add_limits(r);
    add_group(r);
    snprintf(text, sizeof text, "%.200s%s", directory,
             host_volatile(directory) ? " (in memory)" : "");
    add(r, "data_directory", text);
}

/* ---- how quiet -------------------------------------------------------------------------------- */

static double seconds(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static double own_cpu(int who)
{
    struct rusage u = {0};

    getrusage(who, &u);
    return seconds(u.ru_utime) + seconds(u.ru_stime);
}

void host_sample(struct host_sample *s)
{
    FILE *f = fopen("/proc/stat", "re");
    unsigned long long t[8] = {0};
    char line[256];
    double hz = (double)sysconf(_SC_CLK_TCK);

    *s = (struct host_sample){.ours = own_cpu(RUSAGE_SELF) + own_cpu(RUSAGE_CHILDREN)};
    if (f && fscanf(f, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &t[0], &t[1], &t[2], &t[3],
                    &t[4], &t[5], &t[6], &t[7]) == 8) {
        for (int i = 0; i < 8; i++)
            s->total += (double)t[i] / hz;
        s->idle = (double)(t[3] + t[4]) / hz;
        s->steal = (double)t[7] / hz;
    }
    if (f)
        fclose(f);
    group_path(line, sizeof line, "cpu.stat");
    f = fopen(line, "re");
    while (f && fgets(line, sizeof line, f)) {
        if (sscanf(line, "nr_throttled %llu", &t[0]) == 1)
            s->throttled = t[0];
    }
    if (f)
        fclose(f);
}

double host_others(const struct host_sample *a, const struct host_sample *b, double *steal)
{
    double total = b->total - a->total;
    double others = total - (b->idle - a->idle) - (b->ours - a->ours);

    if (total <= 0)
        return *steal = 0;
    *steal = (b->steal - a->steal) / total;
    return others > 0 ? others / total : 0;
}
