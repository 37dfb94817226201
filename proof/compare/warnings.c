/* warnings.c: what a reader must know before believing a figure, found in the figures themselves. Each is
 * told once, however many rounds it was seen in. */
#include "warnings.h"
#include "../stats/stats.h"
#include <math.h>

#define SIZES_DIFFER 1.25 /* answers of so much more or fewer bytes are other work */
#define TREND_MATTERS 5.0 /* percent over all rounds */
#define CONTROL_P 0.05    /* after Holm, over the main metrics */

/* Other bytes are other work: said, not refused. */
void warnings_of_work(struct compare_results *r)
{
    for (size_t i = 0; i < r->n_services; i++) {
        int k = results_reference(r, i);
        double a = (double)(r->services[i].head_bytes + r->services[i].body_bytes), b;

        if (r->services[i].state != RESULTS_RAN || k < 0)
            continue;
        b = (double)(r->services[k].head_bytes + r->services[k].body_bytes);
        if (a > 0 && b > 0 && (a > b * SIZES_DIFFER || b > a * SIZES_DIFFER))
            results_warn(r, "different_work", r->services[i].name, GIM_S(""), 0,
                         "its answer has %.0f bytes where the reference's has %.0f", a, b);
    }
}

static void warn_trends(struct compare_results *r)
{
    struct stats_summary *sum = gim_heap_alloc(sizeof *sum);

    for (size_t i = 0; i < r->n_services; i++) {
        for (size_t m = 0; m < r->n_metrics; m++) {
            stats_summarise(sum, results_at(r, i, m), r->rounds);
            if (sum->trend && r->metrics[m].main &&
                fabs(sum->trend_percent) * r->rounds > TREND_MATTERS)
                results_warn(r, "trend", r->services[i].name, r->metrics[m].id, 0,
                             "changes by %+.1f %% from round to round: it had not settled, or the "
                             "host had not",
                             sum->trend_percent);
        }
    }
    gim_heap_free(sum);
}

static void warn_client_bound(struct compare_results *r, const int *rounds)
{
    for (size_t i = 0; i < r->n_services; i++) {
        for (size_t m = 0; m < r->n_metrics; m++) {
            int n = rounds[i * r->n_metrics + m];

            if (n)
                results_warn(r, "client_bound", r->services[i].name, r->metrics[m].id, 0,
                             "in %d of %d rounds the client had no CPU left: the service may be "
                             "faster than this figure",
                             n, r->rounds);
        }
    }
}

/* A copy that differs from its original says that the rest cannot be trusted either. */
static void warn_control(struct compare_results *r, size_t i)
{
    int original = results_service(r, r->services[i].control_of);
    double *p = gim_heap_alloc(r->n_metrics * sizeof *p);
    struct stats_ratio ratio;

    for (size_t m = 0; m < r->n_metrics; m++) {
        p[m] = NAN;
        if (original >= 0 && r->metrics[m].main) {
            stats_ratio(&ratio, results_at(r, i, m), results_at(r, (size_t)original, m), r->rounds,
                        r->seed);
            p[m] = ratio.p;
        }
    }
    stats_holm(p, (int)r->n_metrics);
    for (size_t m = 0; m < r->n_metrics; m++) {
        if (p[m] < CONTROL_P)
            results_warn(r, "control", r->services[i].name, r->metrics[m].id, 0,
                         "the copy differs from its original: this metric was disturbed, whatever "
                         "its intervals say");
    }
    gim_heap_free(p);
}

void warnings_of_rounds(struct compare_results *r, const int *client_bound)
{
    warn_client_bound(r, client_bound);
    warn_trends(r);
    for (size_t i = 0; i < r->n_services; i++) {
        if (r->services[i].control_of.len)
            warn_control(r, i);
    }
}
