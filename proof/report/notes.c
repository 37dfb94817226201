/* notes.c: what a reader should know before believing the figures, and what to do about it.
 *
 * A note is a row: when it applies, and its sentence. They stand in the text report, in the JSON, and
 * on stderr where stdout has no room for them (--plain, CSV). */
#include "figures.h"
#include "report.h"

#define BUSY_SHARE 0.8    /* of its CPUs: beyond it the generator may be what was measured */
#define LATE_NS 1000000.0 /* at the 99th percentile */

static void put_interrupted(struct gim_buf *b, const struct load_plan *p,
                            const struct load_result *r)
{
    (void)p;
    if (r->interrupted)
        gim_buf_lit(b, "interrupted: the figures are of what had ended by then\n");
}

static void put_client_bound(struct gim_buf *b, const struct load_plan *p,
                             const struct load_result *r)
{
    double share = figure_cpu_share(p, r);

    if (share > BUSY_SHARE)
        gim_buf_printf(
            b,
            "client-bound: the generator used %.0f %% of its %d CPU%s; the server may be "
            "faster than this. More CPUs (-cpus) help; --self-test shows this host's limit\n",
            share * 100, r->cpus, r->cpus == 1 ? "" : "s");
}

static void put_late(struct gim_buf *b, const struct load_plan *p, const struct load_result *r)
{
    int64_t late = gim_histogram_percentile(&r->late, 99);

    if (p->rate <= 0 || (double)late <= LATE_NS)
        return;
    gim_buf_lit(b, "late: 1 % of the requests left ");
    figure_put_time(b, (double)late);
    gim_buf_printf(b,
                   " or more after they were due; either all %lld connections were busy (raise "
                   "--connections) or the generator had too little CPU\n",
                   (long long)p->concurrency);
}

static void put_unsent(struct gim_buf *b, const struct load_plan *p, const struct load_result *r)
{
    if (r->unsent)
        gim_buf_printf(
            b,
            "unsent: %llu requests were due, but all %lld connections were busy to the end; "
            "the server does not keep up with this rate, or --connections is too low\n",
            (unsigned long long)r->unsent, (long long)p->concurrency);
}

static void put_faults(struct gim_buf *b, const struct load_plan *p, const struct load_result *r)
{
    uint64_t n = 0;

    for (int i = 400; i < 600; i++)
        n += r->statuses[i];
    if (n && !p->expect_status)
        gim_buf_printf(
            b,
            "statuses: %llu of %llu answers were 4xx or 5xx and count as answers, as in hey; "
            "--expect-status makes them errors\n",
            (unsigned long long)n, (unsigned long long)r->latency.total);
}

static void put_over(struct gim_buf *b, const struct load_plan *p, const struct load_result *r)
{
    (void)p;
    if (r->latency.over)
        gim_buf_printf(b, "clipped: %llu latencies were over 68.7 s and count as 68.7 s\n",
                       (unsigned long long)r->latency.over);
}

static void put_mends(struct gim_buf *b, const struct load_plan *p, const struct load_result *r)
{
    static const char *const mends[LOAD_ERRORS] = {
        [LOAD_TLS] = "TLS: a certificate of your own is trusted with --cacert FILE; -k accepts any",
        [LOAD_NO_FDS] = "files: the limit of open files was reached; raise it (ulimit -n 65536) or "
                        "lower -c",
        [LOAD_NO_PORTS] = "ports: this host ran out of ports; keep connections alive (no "
                          "-disable-keepalive), or widen net.ipv4.ip_local_port_range and set "
                          "net.ipv4.tcp_tw_reuse=1",
    };

    (void)p;
    for (int i = 0; i < LOAD_ERRORS; i++) {
        if (mends[i] && r->errors[i])
            gim_buf_printf(b, "%s\n", mends[i]);
    }
}

void report_notes(struct gim_buf *b, const struct load_plan *p, const struct load_result *r)
{
    static void (*const notes[])(struct gim_buf *, const struct load_plan *,
                                 const struct load_result *) = {
        put_interrupted, put_client_bound, put_late, put_unsent, put_faults, put_over, put_mends,
    };

    for (size_t i = 0; i < sizeof notes / sizeof notes[0]; i++)
        notes[i](b, p, r);
}
