/* checks.c: a gate for CI: each --fail-if against the result.
 *
 * A gate that cannot be judged must not be passed: without a success no latency holds. A percentile
 * that the successes are too few for is judged by the nearest rank, which is then the slowest of
 * them: never milder than the truth of what was seen. */
#include "checks.h"
#include "../report/figures.h"
#include <math.h>
#include <stdio.h>

static double share_failed(const struct load_result *r)
{
    uint64_t finished = r->answered + r->failed;

    return finished ? (double)r->failed / (double)finished : (double)NAN;
}

/* The figure, NaN when there is none. */
static double figure_of(const struct plan_limit *l, const struct load_result *r)
{
    const struct gim_histogram *h = &r->latency;
    double none = (double)NAN;

    switch (l->what) {
    case LIMIT_PERCENTILE:
        return h->total ? (double)gim_histogram_percentile(h, l->percentile) : none;
    case LIMIT_MEAN:
        return h->total ? gim_histogram_mean(h) : none;
    case LIMIT_MAX:
        return h->total ? (double)h->max : none;
    case LIMIT_ERRORS:
        return (double)r->failed;
    case LIMIT_ERROR_RATE:
        return share_failed(r);
    case LIMIT_RATE:
        return figure_rate(r);
    }
    return none;
}

static void put_figure(struct gim_buf *b, const struct plan_limit *l, double v)
{
    switch (l->what) {
    case LIMIT_ERRORS:
        gim_buf_printf(b, "%.0f", v);
        return;
    case LIMIT_ERROR_RATE:
        gim_buf_printf(b, "%.4g%%", v * 100);
        return;
    case LIMIT_RATE:
        gim_buf_printf(b, "%.1f/s", v);
        return;
    default:
        figure_put_time(b, v);
        return;
    }
}

static bool fails(const struct plan_limit *l, double v)
{
    return isnan(v) || (l->above ? v > l->value : v < l->value);
}

size_t checks_run(struct gim_buf *out, const struct load_plan *p, const struct load_result *r)
{
    size_t failed = 0;

    for (size_t i = 0; i < p->n_limits; i++) {
        const struct plan_limit *l = &p->limits[i];
        double v = figure_of(l, r);

        if (!fails(l, v))
            continue;
        failed++;
        gim_buf_printf(out, "%s: --fail-if '%s': ", p->program, l->text);
        if (isnan(v))
            gim_buf_lit(out, "nothing succeeded, so it cannot be judged");
        else
            put_figure(out, l, v);
        gim_buf_char(out, '\n');
    }
    return failed;
}

bool checks_fail(const struct load_plan *p, const struct load_result *r)
{
    struct gim_buf out = {0};
    size_t failed = checks_run(&out, p, r);

    if (out.len)
        fwrite(out.ptr, 1, out.len, stderr);
    gim_buf_free(&out);
    return failed > 0;
}
