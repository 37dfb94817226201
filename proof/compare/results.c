/* results.c: the phases' names, look-ups, warnings.
 *
 * Look-ups are scans: a comparison has some fifty metrics and a dozen services, and nobody looks one
 * up while being measured. */
#include "results.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const struct results_phase_row results_phases[RESULTS_PHASES] = {
    [RESULTS_READY] =
        {"ready", "Time to ready",
         "From exec to the first connection that is taken, and to the first good answer; "
         "polled by connect alone, every millisecond or faster."},
    [RESULTS_START] =
        {"start", "Memory at start",
         "Of the whole process tree after a second of idling, before any call; and the "
         "size of the program's file."},
    [RESULTS_FIRST] = {"first", "First call",
                       "The very first request to a fresh process, on a new connection."},
    [RESULTS_LATER] = {"later", "Later calls",
                       "The median of sequential calls after the first, on one kept connection and "
                       "on new ones."},
    [RESULTS_SMALL] = {"small", "Small load test",
                       "The published command: few requests over few connections, connection "
                       "set-up included."},
    [RESULTS_CLOSED] = {"closed", "Sustained load",
                        "Closed loop after a warm-up: each connection sends its next request when "
                        "the answer is there; CPU by the kernel's accounting of the service."},
    [RESULTS_OPEN] = {"open", "Latency at equal load",
                      "Open loop at a fixed fraction of the slowest service's capacity, timed from "
                      "when each request was due."},
    [RESULTS_MIXED] = {"mixed", "Mixed traffic",
                       "80 % read one, 15 % create, 5 % list, closed loop."},
    [RESULTS_IDLE] = {"idle", "Idle connections",
                      "Memory that each open connection costs the service while nothing is asked."},
};

int results_metric(const struct compare_results *r, gim_str id)
{
    for (size_t i = 0; i < r->n_metrics; i++) {
        if (gim_str_eq(r->metrics[i].id, id))
            return (int)i;
    }
    return -1;
}

int results_service(const struct compare_results *r, gim_str name)
{
    for (size_t i = 0; i < r->n_services; i++) {
        if (gim_str_eq(r->services[i].name, name))
            return (int)i;
    }
    return -1;
}

/* Named by the plan, else the first original; -1: the group has neither. */
static int named_reference(const struct compare_results *r, gim_str group)
{
    int first = -1;

    for (size_t k = 0; k < r->n_services; k++) {
        const struct results_service *s = &r->services[k];

        if (!gim_str_eq(s->group, group))
            continue;
        if (s->reference)
            return (int)k;
        if (first < 0 && !s->control_of.len)
            first = (int)k;
    }
    return first;
}

int results_reference(const struct compare_results *r, size_t i)
{
    int k = named_reference(r, r->services[i].group);

    return k >= 0 && r->services[k].state == RESULTS_RAN ? k : -1;
}

GIM_PRINTF(2, 0)
static gim_str format(struct gim_arena *a, const char *fmt, va_list args)
{
    char small[256], *text = small;
    va_list again;
    int len;

    va_copy(again, args);
    len = fmt ? vsnprintf(small, sizeof small, fmt, args) : -1;
    if (len >= (int)sizeof small) {
        text = gim_alloc_raw(a, (size_t)len + 1, 1);
        vsnprintf(text, (size_t)len + 1, fmt, again);
    }
    va_end(again);
    if (len < 0)
        return GIM_S("");
    return text == small ? gim_dup(a, (gim_str){small, (size_t)len}) : (gim_str){text, (size_t)len};
}

gim_str results_text(struct compare_results *r, const char *fmt, ...)
{
    va_list args;
    gim_str text;

    va_start(args, fmt);
    text = format(&r->memory, fmt, args);
    va_end(args);
    return text;
}

/* The list doubles; what it grew out of stays in the arena. */
static struct results_warning *add_warning(struct compare_results *r)
{
    if (r->n_warnings == r->cap_warnings) {
        size_t cap = r->cap_warnings ? 2 * r->cap_warnings : 16;
        struct results_warning *w = GIM_NEW_N(&r->memory, struct results_warning, cap);

        if (r->n_warnings)
            memcpy(w, r->warnings, r->n_warnings * sizeof *w);
        r->warnings = w;
        r->cap_warnings = cap;
    }
    return &r->warnings[r->n_warnings++];
}

void results_warn(struct compare_results *r, const char *code, gim_str service, gim_str metric,
                  int round, const char *fmt, ...)
{
    struct results_warning *w = add_warning(r);
    va_list args;

    *w = (struct results_warning){.code = gim_dup(&r->memory, gim_str_of(code)),
                                  .service = gim_dup(&r->memory, service),
                                  .metric = gim_dup(&r->memory, metric),
                                  .round = round};
    va_start(args, fmt);
    w->text = format(&r->memory, fmt, args);
    va_end(args);
}

void results_free(struct compare_results *r)
{
    gim_arena_reset(&r->memory);
    *r = (struct compare_results){.title = {0}};
}
