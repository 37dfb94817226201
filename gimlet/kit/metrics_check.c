/* metrics_check.c: rows that a scraper would refuse, or read as something else, stop the start. One
 * name of which Prometheus takes nothing is a dashboard that is empty when it is needed. */
#include "metrics.h"
#include "metrics_text.h"

static const char *const reserved[] = {"http_server_", "process_", "gimlet_"};

static unsigned defect(struct gim_buf *why, const struct gim_metric *f, const char *what)
{
    gim_buf_printf(why, "%s:%d: figure %s %s\n", f->file ? f->file : "?", f->line, f->name, what);
    return 1;
}

static bool ends_with(const char *s, const char *end)
{
    size_t n = strlen(s), m = strlen(end);

    return n >= m && memcmp(s + n - m, end, m) == 0;
}

static bool is_reserved(const char *name)
{
    for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++) {
        if (gim_str_starts(gim_str_of(name), gim_str_of(reserved[i])))
            return true;
    }
    return false;
}

static bool scale_ok(const struct gim_scale *s)
{
    if (!s || !s->n || s->n > GIM_BUCKETS_MAX || s->per < 1)
        return false;
    for (unsigned i = 1; i < s->n; i++) {
        if (s->bounds[i] <= s->bounds[i - 1])
            return false;
    }
    return true;
}

static unsigned check_one(const struct gim_metric *f, struct gim_buf *why)
{
    int cells = !!f->counter + !!f->gauge + !!f->buckets + !!f->read;
    unsigned defects = 0;

    if (!gim_metric_name_ok(gim_str_of(f->name)))
        defects += defect(why, f, "has a name that is not [a-zA-Z_:][a-zA-Z0-9_:]*");
    if (is_reserved(f->name))
        defects +=
            defect(why, f, "has a name of the framework's own: http_server_, process_, gimlet_");
    if (cells != 1)
        defects += defect(why, f, "needs one counter, gauge, histogram or function, and no more");
    if (f->counter && !ends_with(f->name, "_total"))
        defects += defect(why, f, "is a counter: its name must end in _total");
    if (!f->counter && ends_with(f->name, "_total"))
        defects += defect(why, f, "is no counter: its name must not end in _total");
    if (f->buckets && !scale_ok(f->buckets->scale))
        defects += defect(why, f, "needs a .scale of ascending bounds, at most 28");
    if (!f->help || !*f->help)
        defects += defect(why, f, "needs a sentence that says what it is");
    if (f->labels && !gim_metric_labels_ok(gim_str_of(f->labels)))
        defects += defect(why, f, "has labels that are not name=\"value\",...");
    return defects;
}

static const char *type_of(const struct gim_metric *f)
{
    return f->counter ? "counter" : f->buckets ? "histogram" : "gauge";
}

/* `f` against an earlier row of the same name. */
static unsigned check_pair(const struct gim_metric *f, const struct gim_metric *before,
                           struct gim_buf *why)
{
    gim_str mine = gim_str_of(f->labels), theirs = gim_str_of(before->labels);

    if (strcmp(type_of(f), type_of(before)) != 0)
        return defect(why, f, "is there before as another kind");
    if (gim_str_eq(mine, theirs))
        return defect(why, f, "is there before with the same labels");
    if (strcmp(f[-1].name, f->name) != 0)
        return defect(why, f, "stands apart from the rows of its name");
    return 0;
}

unsigned gim_metrics_check(const struct gim_metric *figures, struct gim_buf *why)
{
    unsigned defects = 0;

    for (const struct gim_metric *f = figures; f && f->name; f++) {
        defects += check_one(f, why);
        for (const struct gim_metric *before = figures; before < f; before++) {
            unsigned found = strcmp(before->name, f->name) ? 0 : check_pair(f, before, why);

            defects += found;
            if (found)
                break;
        }
    }
    return defects;
}
