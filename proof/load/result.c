/* result.c: the threads' results added up. */
#include "result.h"
#include <stdio.h>

static const char *const names[LOAD_ERRORS] = {
    [LOAD_REFUSED] = "connection refused",
    [LOAD_RESET] = "connection reset",
    [LOAD_TIMEOUT] = "timeout",
    [LOAD_TLS] = "TLS failed",
    [LOAD_DNS] = "host not found",
    [LOAD_BAD_HTTP] = "not HTTP",
    [LOAD_TRUNCATED] = "body cut short",
    [LOAD_NO_FDS] = "too many open files",
    [LOAD_NO_PORTS] = "no local port free",
    [LOAD_UNEXPECTED] = "not what was expected",
    [LOAD_OTHER] = "other",
};

const char *load_error_name(enum load_error e)
{
    return (unsigned)e < LOAD_ERRORS ? names[e] : "other";
}

static void merge_phase(struct load_phase *into, const struct load_phase *from)
{
    if (!from->count)
        return;
    if (!into->count || from->min < into->min)
        into->min = from->min;
    if (from->max > into->max)
        into->max = from->max;
    into->sum += from->sum;
    into->count += from->count;
}

static void merge_errors(struct load_result *into, const struct load_result *from)
{
    for (int i = 0; i < LOAD_ERRORS; i++) {
        if (!into->errors[i])
            snprintf(into->first[i], sizeof into->first[i], "%s", from->first[i]);
        into->errors[i] += from->errors[i];
    }
}

void load_result_merge(struct load_result *into, const struct load_result *from)
{
    gim_histogram_add(&into->latency, &from->latency);
    gim_histogram_add(&into->service, &from->service);
    gim_histogram_add(&into->late, &from->late);
    gim_histogram_add(&into->dial, &from->dial);
    for (int i = 0; i < PHASES; i++)
        merge_phase(&into->phases[i], &from->phases[i]);
    for (int i = 0; i < 1000; i++)
        into->statuses[i] += from->statuses[i];
    merge_errors(into, from);
    into->sent += from->sent;
    into->answered += from->answered;
    into->failed += from->failed;
    into->unsent += from->unsent;
    into->unfinished += from->unfinished;
    into->size_total += from->size_total;
    into->connects += from->connects;
    into->redirects += from->redirects;
    if (from->ended > into->ended)
        into->ended = from->ended;
    into->interrupted = into->interrupted || from->interrupted;
}
