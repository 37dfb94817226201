/* compare_csv.c: every figure of every round, a line each, for spreadsheets and statistics of one's
 * own: nothing is summarised here.
 *
 * RFC 4180: lines end with CRLF, a field with a comma, quote or line break is quoted. A round without
 * a figure has an empty value, so that a gap is seen. Times are nanoseconds, sizes bytes. */
#include "../../gimlet/json/writer.h"
#include "compare.h"
#include <math.h>

static void put_field(struct gim_buf *b, gim_str s)
{
    bool quoted = false;

    for (size_t i = 0; i < s.len; i++)
        quoted |= strchr(",\"\r\n", s.ptr[i]) != NULL;
    if (!quoted) {
        gim_buf_str(b, s);
        return;
    }
    gim_buf_char(b, '"');
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == '"')
            gim_buf_char(b, '"');
        gim_buf_char(b, s.ptr[i]);
    }
    gim_buf_char(b, '"');
}

static void put_metric(struct gim_buf *b, const struct compare_results *r, size_t service,
                       size_t metric)
{
    const struct results_service *s = &r->services[service];
    const struct results_metric *m = &r->metrics[metric];
    const double *values = results_at(r, service, metric);

    for (int round = 0; round < r->rounds; round++) {
        put_field(b, s->group);
        gim_buf_char(b, ',');
        put_field(b, s->name);
        gim_buf_char(b, ',');
        put_field(b, m->id);
        gim_buf_printf(b, ",%s,%d,", results_units[m->unit], round + 1);
        if (isfinite(values[round]))
            gim_json_put_double(b, values[round]);
        gim_buf_lit(b, "\r\n");
    }
}

static bool has_figures(const struct compare_results *r, size_t service)
{
    const double *values = results_at(r, service, 0);

    for (size_t i = 0; i < r->n_metrics * (size_t)r->rounds_planned; i++) {
        if (isfinite(values[i]))
            return true;
    }
    return false;
}

void compare_csv(struct gim_buf *b, const struct verdicts *v)
{
    const struct compare_results *r = v->results;

    gim_buf_lit(b, "group,service,metric,unit,round,value\r\n");
    for (size_t s = 0; s < r->n_services; s++) {
        for (size_t m = 0; has_figures(r, s) && m < r->n_metrics; m++)
            put_metric(b, r, s, m);
    }
}
