/* html_data.c: what the charts of a comparison show, as JSON. Medians, intervals and outliers are the
 * verdicts' own, so that a chart cannot say anything else than the table beside it. */
#include "../../gimlet/json/writer.h"
#include "html_compare.h"

static void put_comma(struct gim_buf *b, size_t i)
{
    if (i)
        gim_buf_char(b, ',');
}

static void put_groups(struct gim_buf *b, const struct compare_results *r)
{
    size_t n = 0;

    gim_buf_lit(b, "\"groups\":[");
    for (size_t i = 0; i < r->n_services; i++) {
        size_t members = 0;

        if (!told_begins_group(r, i))
            continue;
        put_comma(b, n++);
        gim_buf_char(b, '[');
        for (size_t s = i; s < r->n_services; s++) {
            if (!html_same_group(r, s, i))
                continue;
            put_comma(b, members++);
            gim_buf_int(b, (int64_t)s);
        }
        gim_buf_char(b, ']');
    }
    gim_buf_char(b, ']');
}

static void put_services(struct gim_buf *b, const struct compare_results *r)
{
    gim_buf_lit(b, ",\"services\":[");
    for (size_t i = 0; i < r->n_services; i++) {
        put_comma(b, i);
        gim_buf_lit(b, "{\"name\":");
        gim_json_put_str(b, r->services[i].name);
        gim_buf_char(b, '}');
    }
    gim_buf_char(b, ']');
}

static void put_metrics(struct gim_buf *b, const struct compare_results *r)
{
    gim_buf_lit(b, ",\"metrics\":[");
    for (size_t i = 0; i < r->n_metrics; i++) {
        const struct results_metric *m = &r->metrics[i];

        put_comma(b, i);
        gim_buf_lit(b, "{\"title\":");
        gim_json_put_str(b, m->title);
        gim_buf_printf(b, ",\"unit\":\"%s\",\"phase\":\"%s\"}", results_units[m->unit],
                       results_phases[m->phase].id);
    }
    gim_buf_char(b, ']');
}

static void put_loads(struct gim_buf *b, const struct compare_results *r)
{
    gim_buf_lit(b, ",\"loads\":[");
    for (size_t i = 0; i < r->n_loads; i++) {
        put_comma(b, i);
        gim_buf_lit(b, "{\"title\":");
        gim_json_put_str(b, r->loads[i].title);
        gim_buf_printf(b, ",\"phase\":\"%s\"}", results_phases[r->loads[i].phase].id);
    }
    gim_buf_char(b, ']');
}

/* [median, low, high, rounds, [outlier, ...]] */
static void put_summary(struct gim_buf *b, const struct stats_summary *s, int rounds)
{
    size_t n = 0;

    gim_buf_char(b, '[');
    gim_json_put_double(b, s->median);
    gim_buf_char(b, ',');
    gim_json_put_double(b, s->low);
    gim_buf_char(b, ',');
    gim_json_put_double(b, s->high);
    gim_buf_printf(b, ",%d,[", s->n);
    for (int i = 0; i < rounds && i < STATS_ROUNDS_MAX; i++) {
        if (!s->outlier[i])
            continue;
        put_comma(b, n++);
        gim_buf_int(b, i);
    }
    gim_buf_lit(b, "]]");
}

static void put_stats(struct gim_buf *b, const struct verdicts *v, size_t service)
{
    gim_buf_char(b, '[');
    for (size_t m = 0; m < v->results->n_metrics; m++) {
        put_comma(b, m);
        put_summary(b, &verdict_of(v, service, m)->summary, v->results->rounds);
    }
    gim_buf_char(b, ']');
}

static void put_values(struct gim_buf *b, const struct verdicts *v, size_t service)
{
    const struct compare_results *r = v->results;

    gim_buf_char(b, '[');
    for (size_t m = 0; m < r->n_metrics; m++) {
        put_comma(b, m);
        gim_buf_char(b, '[');
        for (int i = 0; i < r->rounds; i++) {
            put_comma(b, (size_t)i);
            gim_json_put_double(b, results_at(r, service, m)[i]);
        }
        gim_buf_char(b, ']');
    }
    gim_buf_char(b, ']');
}

static void put_latency(struct gim_buf *b, const struct verdicts *v, size_t service)
{
    const struct results_service *s = &v->results->services[service];

    gim_buf_char(b, '[');
    for (size_t l = 0; l < v->results->n_loads; l++) {
        put_comma(b, l);
        if (s->latency && s->latency[l] && s->latency[l]->total)
            html_json_percentiles(b, s->latency[l]);
        else
            gim_buf_lit(b, "null");
    }
    gim_buf_char(b, ']');
}

static void put_each(struct gim_buf *b, const struct verdicts *v, const char *name,
                     void (*put)(struct gim_buf *b, const struct verdicts *v, size_t service))
{
    gim_buf_printf(b, ",\"%s\":[", name);
    for (size_t i = 0; i < v->results->n_services; i++) {
        put_comma(b, i);
        put(b, v, i);
    }
    gim_buf_char(b, ']');
}

void html_put_data(struct gim_buf *b, const struct verdicts *v)
{
    gim_buf_char(b, '{');
    put_groups(b, v->results);
    put_services(b, v->results);
    put_metrics(b, v->results);
    put_loads(b, v->results);
    put_each(b, v, "stats", put_stats);
    put_each(b, v, "values", put_values);
    put_each(b, v, "latency", put_latency);
    gim_buf_char(b, '}');
}
