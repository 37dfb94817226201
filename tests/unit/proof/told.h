/* told.h: for the tests of the exporters: the sample, judged, as one text. */
#ifndef TESTS_TOLD_H
#define TESTS_TOLD_H

#include "sample_results.h"
#include "../../../proof/report/compare.h"
#include "../../../proof/report/table.h"

struct told {
    struct compare_results results;
    struct verdicts verdicts;
    struct gim_buf text; /* NUL-terminated */
};

static inline void told_open(struct told *t)
{
    *t = (struct told){0};
    sample_results(&t->results, 7);
}

static inline void told_judge(struct told *t)
{
    verdicts_make(&t->verdicts, &t->results);
}

static inline void told_close(struct told *t)
{
    gim_buf_free(&t->text);
    verdicts_free(&t->verdicts);
    results_free(&t->results);
}

static inline void told_see(const struct told *t, const char *part)
{
    if (!strstr(t->text.ptr, part))
        fail_msg("no '%s' in:\n%s", part, t->text.ptr);
}

static inline void told_see_not(const struct told *t, const char *part)
{
    const char *at = strstr(t->text.ptr, part);

    if (at)
        fail_msg("'%s' should not be there: %.200s", part, at);
}

static inline int told_count(const char *text, const char *part)
{
    int n = 0;

    for (const char *at = text; (at = strstr(at, part)); at++)
        n++;
    return n;
}

/* Every figure of a service's metric becomes `value`, times 1, 1.001, 1.002, ... */
static inline void told_set(struct told *t, const char *service, const char *metric, double value)
{
    int s = results_service(&t->results, gim_str_of(service));
    int m = results_metric(&t->results, gim_str_of(metric));

    assert_true(s >= 0 && m >= 0);
    for (int i = 0; i < t->results.rounds; i++)
        results_at(&t->results, (size_t)s, (size_t)m)[i] = value * (1 + 0.001 * i);
}

#endif
