/* launch.c: fresh process, fresh data, every time: what a service leaves on disk or keeps in memory
 * must not reach the next round. Readiness is a connect that was taken, tried every 100 us. */
#include "launch.h"
#include "contract.h"
#include "../../gimlet/base/clock.h"
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define POLL_NS 100000
#define ALIVE_EVERY 64 /* polls between two looks whether it still runs */
#define LOG_TAIL 400   /* bytes of the log in a message */

static void sleep_ns(long ns)
{
    nanosleep(&(struct timespec){.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000}, NULL);
}

/* ---- places ----------------------------------------------------------------------------------- */

void launch_fill(struct gim_buf *out, const char *text, const struct launch *l)
{
    char port[16];
    const char *const places[][2] = {
        {"{port}", port}, {"{data}", l->data}, {"{cpus}", l->host->server_cpus}};

    snprintf(port, sizeof port, "%d", l->port);
    while (*text) {
        const char *value = NULL;

        for (size_t i = 0; i < sizeof places / sizeof *places && !value; i++) {
            size_t n = strlen(places[i][0]);

            if (strncmp(text, places[i][0], n) == 0) {
                value = places[i][1];
                text += n;
            }
        }
        if (value)
            gim_buf_str(out, gim_str_of(value));
        else
            gim_buf_char(out, *text++);
    }
}

/* The words with their places filled, NULL at the end; in `a`. */
static char **fill_words(struct gim_arena *a, const struct compare_words *w, const struct launch *l)
{
    char **out = GIM_NEW_N(a, char *, w->count + 1);

    for (unsigned i = 0; i < w->count; i++) {
        struct gim_buf b = {0};

        launch_fill(&b, w->items[i], l);
        gim_buf_char(&b, '\0');
        out[i] = (char *)(uintptr_t)gim_dup(a, gim_buf_view(&b)).ptr;
        gim_buf_free(&b);
    }
    return out;
}

/* ---- the directory ------------------------------------------------------------------------------ */

static int make_directory(struct launch *l, char *err, size_t err_len)
{
    snprintf(l->scratch, sizeof l->scratch, "%.180s/proof-XXXXXX", host_directory());
    if (!mkdtemp(l->scratch)) {
        snprintf(err, err_len, "no directory for data in %s: %s; set TMPDIR", host_directory(),
                 strerror(errno));
        l->scratch[0] = '\0';
        return -1;
    }
    snprintf(l->log, sizeof l->log, "%s/log", l->scratch);
    snprintf(l->data, sizeof l->data, "%s/data", l->scratch);
    if (mkdir(l->data, 0700) == 0)
        return 0;
    snprintf(err, err_len, "%s: %s", l->data, strerror(errno));
    return -1;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

static void remove_directory(struct launch *l)
{
    struct stat st;

    if (!l->scratch[0])
        return;
    if (stat(l->log, &st) == 0)
        l->log_bytes = st.st_size;
    (void)nftw(l->scratch, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    l->scratch[0] = '\0';
}

/* The last of what it said, on one line. */
static void log_tail(const struct launch *l, char *out, size_t len)
{
    FILE *f = fopen(l->log, "re");
    size_t n = 0;

    if (f) {
        if (fseek(f, -(long)(len < LOG_TAIL ? len : LOG_TAIL) + 1, SEEK_END))
            rewind(f);
        n = fread(out, 1, (len < LOG_TAIL ? len : LOG_TAIL) - 1, f);
        fclose(f);
    }
    while (n && (out[n - 1] == '\n' || out[n - 1] == ' '))
        n--;
    for (size_t i = 0; i < n; i++)
        out[i] = (unsigned char)out[i] < ' ' ? ' ' : out[i];
    out[n] = '\0';
}

/* ---- start and stop ------------------------------------------------------------------------------ */

static int find_port(struct launch *l, char *err, size_t err_len)
{
    const char *host = l->service->host ? l->service->host : "127.0.0.1";
    bool v6 = strchr(host, ':') != NULL;
    int64_t took;

    l->port = l->service->port ? l->service->port : process_free_port();
    if (l->port <= 0) {
        snprintf(err, err_len, "no free port: %s", strerror(errno));
        return -1;
    }
    if (gim_resolve(host, l->port, &l->to, 1, &took, err, err_len) < 1)
        return -1;
    if (!contract_port_free(&l->to)) {
        snprintf(err, err_len,
                 "port %d is in use; end what listens there, or leave port out of the plan",
                 l->port);
        return -1;
    }
    snprintf(l->host_port, sizeof l->host_port, v6 ? "[%.64s]:%d" : "%.64s:%d", host, l->port);
    return 0;
}

static int start(struct launch *l, char *err, size_t err_len)
{
    const struct compare_service *s = l->service;
    struct gim_arena memory = {0};
    struct process_start how = {.env = fill_words(&memory, &s->env, l),
                                .cpus = l->host->server_cpus,
                                .scratch = l->scratch,
                                .log = l->log};
    char **argv = fill_words(&memory, &s->run, l);
    char *shell[] = {(char[]){"/bin/sh"}, (char[]){"-c"}, argv[0], NULL};
    gim_str directory =
        gim_printf(&memory, "%s/%s", l->plan->directory, s->directory ? s->directory : ".");
    int failed;

    how.argv = s->shell ? shell : argv;
    how.directory = s->directory && s->directory[0] == '/' ? s->directory : directory.ptr;
    failed = process_open(&l->process, &how, err, err_len);
    gim_arena_reset(&memory);
    return failed;
}

static int wait_ready(struct launch *l, char *err, size_t err_len)
{
    int64_t limit = l->plan->protocol.ready_timeout_ms * 1000000;
    char tail[LOG_TAIL];

    for (unsigned i = 0;; i++) {
        int64_t now = (int64_t)gim_clock_ns() - l->process.exec_ns;

        if (call_port_open(&l->to)) {
            l->connect_ns = (int64_t)gim_clock_ns() - l->process.exec_ns;
            return 0;
        }
        if (i % ALIVE_EVERY == ALIVE_EVERY - 1 && !process_alive(&l->process)) {
            log_tail(l, tail, sizeof tail);
            snprintf(err, err_len, "ended before it listened on port %d; its last words: %s",
                     l->port, tail[0] ? tail : "none");
            return -1;
        }
        if (now > limit) {
            log_tail(l, tail, sizeof tail);
            snprintf(err, err_len, "did not listen on port %d within %lld ms; its last words: %s",
                     l->port, (long long)(limit / 1000000), tail[0] ? tail : "none");
            return -1;
        }
        sleep_ns(POLL_NS);
    }
}

int launch_open(struct launch *l, const struct compare_plan *p, const struct compare_service *s,
                const struct host *h, char *err, size_t err_len)
{
    *l = (struct launch){.plan = p, .service = s, .host = h};
    if (find_port(l, err, err_len) || make_directory(l, err, err_len))
        return -1;
    if (start(l, err, err_len)) {
        remove_directory(l);
        return -1;
    }
    l->open = true;
    if (wait_ready(l, err, err_len)) {
        char ignored[256];

        launch_close(l, ignored, sizeof ignored);
        return -1;
    }
    return 0;
}

bool launch_close(struct launch *l, char *err, size_t err_len)
{
    bool well = true;

    if (!l->open)
        return true;
    l->open = false;
    if (!process_alive(&l->process)) {
        char tail[LOG_TAIL];

        log_tail(l, tail, sizeof tail);
        snprintf(err, err_len, "died; its last words: %s", tail[0] ? tail : "none");
        well = false;
    }
    if (!process_close(&l->process, l->plan->protocol.stop_timeout_ms) && well) {
        snprintf(err, err_len, "did not stop within %lld ms of SIGTERM and was killed",
                 (long long)l->plan->protocol.stop_timeout_ms);
        well = false;
    }
    remove_directory(l);
    return well;
}
