/* figures.c: rates, shares and times for people. A run of no length (the host was not found) has a
 * rate of 0, not an infinity. */
#include "figures.h"

const struct figure_level figure_hey_levels[FIGURE_HEY_LEVELS] = {
    {10, "10", 2},  {25, "25", 2},  {50, "50", 2},   {75, "75", 4},
    {90, "90", 10}, {95, "95", 20}, {99, "99", 100},
};

const struct figure_level figure_levels[FIGURE_LEVELS] = {
    {50, "50", 2},   {75, "75", 4},        {90, "90", 10},          {95, "95", 20},
    {99, "99", 100}, {99.9, "99.9", 1000}, {99.99, "99.99", 10000},
};

double figure_seconds(const struct load_result *r)
{
    return r->ended > r->started ? (double)(r->ended - r->started) / 1e9 : 0;
}

double figure_rate(const struct load_result *r)
{
    double seconds = figure_seconds(r);

    return seconds > 0 ? (double)(r->answered + r->failed) / seconds : 0;
}

double figure_cpu_share(const struct load_plan *p, const struct load_result *r)
{
    double ns = figure_seconds(r) * 1e9 + (double)p->warmup_ns;
    double share = ns > 0 && r->cpus > 0 ? (double)r->cpu_ns / ns / r->cpus : 0;

    return share < 1 ? share : 1;
}

void figure_put_time(struct gim_buf *b, double ns)
{
    static const char *const units[] = {"ns", "\xc2\xb5s", "ms", "s"};
    size_t unit = 0;

    while (ns >= 999.5 && unit < 3) {
        ns /= 1000;
        unit++;
    }
    gim_buf_printf(b, "%.*f %s", !unit || ns >= 99.95 ? 0 : ns >= 9.995 ? 1 : 2, ns, units[unit]);
}
