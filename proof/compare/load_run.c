/* load_run.c: a level of load as a command line of proof load, so that what the report shows and what
 * ran are one thing. CPU is the kernel's count of the service's whole tree, around the run; warm-up is a
 * run of its own, so no request is counted that is not paid for. */
#include "load_run.h"
#include "../load/plan.h"
#include "../load/run.h"
#include <stdio.h>
#include <string.h>

#define WORDS_MAX 64

struct words {
    char *argv[WORDS_MAX + 1];
    int n;
    struct gim_arena memory;
};

static void add(struct words *w, const char *flag, const char *value)
{
    const char *two[] = {flag, value};

    for (int i = 0; i < 2; i++) {
        if (two[i] && w->n < WORDS_MAX)
            w->argv[w->n++] = (char *)(uintptr_t)gim_dup(&w->memory, gim_str_of(two[i])).ptr;
    }
}

static void add_number(struct words *w, const char *flag, double value, const char *unit)
{
    char text[48];

    snprintf(text, sizeof text, "%.*f%s", value == (double)(int64_t)value ? 0 : 3, value, unit);
    add(w, flag, text);
}

static void add_request(struct words *w, const struct session *s)
{
    const struct compare_request *q = &s->plan->request;
    char text[1200];

    add(w, "-m", q->method ? q->method : "GET");
    add(w, "-T", q->content_type ? q->content_type : "application/json");
    for (unsigned i = 0; i < q->headers.count; i++)
        add(w, "-H", q->headers.items[i]);
    if (q->body_file) {
        compare_plan_body(text, sizeof text, s->plan->directory, q);
        add(w, "-D", text);
    } else if (q->body) {
        add(w, "-d", q->body);
    }
    snprintf(text, sizeof text, "http://%s%s", s->launch.host_port, q->path);
    add(w, text, NULL);
}

static void build(struct words *w, const struct session *s, const struct load_level *l)
{
    add(w, "proof load", NULL);
    add(w, "--quiet", NULL);
    add(w, "-disable-redirects", NULL);
    add_number(w, "-c", (double)l->connections, "");
    add_number(w, "-t", (double)s->plan->protocol.call_timeout_ms, "ms");
    if (l->requests)
        add_number(w, "-n", (double)l->requests, "");
    else
        add_number(w, "-z", (double)l->ms, "ms");
    if (l->rate > 0)
        add_number(w, "--rate", l->rate, "");
    if (!l->n_mix && s->plan->request.status)
        add_number(w, "--expect-status", s->plan->request.status, "");
    add_request(w, s);
}

uint64_t load_faults(const struct load_result *r)
{
    uint64_t n = r->failed;

    for (int i = 400; i < 1000; i++)
        n += r->statuses[i];
    return n;
}

int load_level_run(struct session *s, const struct load_level *l, struct load_result *out,
                   int64_t *cpu_ns)
{
    struct words w = {0};
    struct load_plan p = {0};
    struct gim_buf said = {0};
    FILE *spool = NULL;
    int code = 0, failed;
    int64_t before;

    memset(out, 0, sizeof *out);
    build(&w, s, l);
    if (plan_parse(&p, w.n, w.argv, &said, &code) != PLAN_GO) {
        snprintf(s->err, sizeof s->err, "%.*s", (int)said.len, said.len ? said.ptr : "");
        failed = -1;
    } else {
        p.mix = l->mix;
        p.n_mix = l->n_mix;
        before = process_cpu_ns(&s->launch.process);
        failed = load_run(&p, out, &spool);
        *cpu_ns = process_cpu_ns(&s->launch.process) - before;
        if (failed)
            snprintf(s->err, sizeof s->err, "the load could not start");
    }
    plan_free(&p);
    gim_buf_free(&said);
    gim_arena_reset(&w.memory);
    if (!failed && out->interrupted)
        session_interrupt();
    return failed;
}
