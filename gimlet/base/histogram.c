/* histogram.c: which cell a value falls in, and what the cells say about all of them.
 *
 * Values below 2048 have a cell each. Above, a value is shifted right until 11 bits are left: those
 * bits say where in its power of two it lies, the shift says which power. Since the top bit of the
 * 11 is always set, octave `shift` owns the cells from (shift + 1) * 1024 on, and
 *
 *     cell = shift * 1024 + (value >> shift)
 *
 * is right for the small ones too, whose shift is 0. No cell is wider than 1/1024 of its lowest
 * value. Recording is thus a count of leading zeros, a shift, an add and five stores; percentiles
 * walk the cells, which nobody does while being measured. */
#include "histogram.h"
#include <assert.h>
#include <math.h>
#include <stdbool.h>

#define STEP_BITS 10
#define STEPS (1u << STEP_BITS) /* of each power of two */
#define VALUE_BITS 36

static_assert(GIM_HISTOGRAM_MAX == (INT64_C(1) << VALUE_BITS) - 1, "the largest value");
static_assert(GIM_HISTOGRAM_CELLS == 2 * STEPS + (VALUE_BITS - STEP_BITS - 1) * STEPS,
              "one cell a value below 2048, 1024 cells for each of the 25 octaves from 2^11 on");

/* `v` in 0..GIM_HISTOGRAM_MAX. */
static inline uint32_t cell_of(int64_t v)
{
    unsigned shift = 63u - STEP_BITS - (unsigned)__builtin_clzll((uint64_t)v | STEPS);

    return (shift << STEP_BITS) + (uint32_t)(v >> shift);
}

static unsigned shift_of(uint32_t cell)
{
    return cell < 2 * STEPS ? 0 : (cell >> STEP_BITS) - 1;
}

static int64_t lowest(uint32_t cell)
{
    unsigned shift = shift_of(cell);

    return (int64_t)(cell - (shift << STEP_BITS)) << shift;
}

static int64_t highest(uint32_t cell)
{
    return lowest(cell) + (INT64_C(1) << shift_of(cell)) - 1;
}

static int64_t clamp(int64_t v)
{
    v = v < 0 ? 0 : v;
    return v > GIM_HISTOGRAM_MAX ? GIM_HISTOGRAM_MAX : v;
}

/* How many values must be <= the percentile: p percent of `total`, rounded up. A p like 99.9 is no
 * exact double, so a product that is whole but for the last bits is that whole. */
static uint64_t rank_of(uint64_t total, double p)
{
    double exact = p * (double)total / 100;

    return (uint64_t)ceil(exact - exact * 4e-16);
}

void gim_histogram_record(struct gim_histogram *h, int64_t value)
{
    int64_t v = clamp(value);
    double d = (double)v;

    h->cells[cell_of(v)]++;
    h->over += value > GIM_HISTOGRAM_MAX;
    h->min = v < h->min || !h->total ? v : h->min;
    h->max = v > h->max ? v : h->max;
    h->total++;
    h->sum += d;
    h->sum_squares += d * d;
}

void gim_histogram_add(struct gim_histogram *into, const struct gim_histogram *from)
{
    if (!from->total)
        return;
    for (uint32_t i = cell_of(from->min), last = cell_of(from->max); i <= last; i++)
        into->cells[i] += from->cells[i];
    into->min = from->min < into->min || !into->total ? from->min : into->min;
    into->max = from->max > into->max ? from->max : into->max;
    into->total += from->total;
    into->over += from->over;
    into->sum += from->sum;
    into->sum_squares += from->sum_squares;
}

int64_t gim_histogram_percentile(const struct gim_histogram *h, double p)
{
    uint64_t rank, below = 0;
    uint32_t cell;

    if (!h->total)
        return 0;
    rank = p > 0 ? rank_of(h->total, p < 100 ? p : 100) : 0;
    if (rank <= 1) /* known exactly, as is the last */
        return h->min;
    if (rank >= h->total)
        return h->max;
    for (cell = cell_of(h->min); (below += h->cells[cell]) < rank; cell++)
        ;
    return highest(cell) < h->max ? highest(cell) : h->max;
}

uint64_t gim_histogram_below(const struct gim_histogram *h, int64_t v)
{
    uint64_t below = 0;

    if (v < 0)
        return 0;
    if (v >= h->max)
        return h->total;
    for (uint32_t i = cell_of(h->min), last = cell_of(v); i <= last; i++)
        below += h->cells[i];
    return below;
}

double gim_histogram_mean(const struct gim_histogram *h)
{
    return h->total ? h->sum / (double)h->total : 0;
}

double gim_histogram_stdev(const struct gim_histogram *h)
{
    double n = (double)h->total, squares;

    if (h->min == h->max) /* none, one, or all equal */
        return 0;
    squares = h->sum_squares - h->sum * (h->sum / n);
    return squares > 0 ? sqrt(squares / (n - 1)) : 0;
}

uint64_t gim_histogram_needed(double p)
{
    if (!(p > 0))
        return 1;
    return p < 100 ? (uint64_t)ceil(log(0.05) / log(p / 100)) : UINT64_MAX;
}

int gim_histogram_next(const struct gim_histogram *h, uint32_t *at, int64_t *low, int64_t *high,
                       uint64_t *count)
{
    uint32_t cell = *at;

    while (cell < GIM_HISTOGRAM_CELLS && !h->cells[cell])
        cell++;
    *at = cell + 1;
    if (cell >= GIM_HISTOGRAM_CELLS)
        return false;
    *low = lowest(cell);
    *high = highest(cell);
    *count = h->cells[cell];
    return true;
}

int gim_histogram_put(struct gim_histogram *h, int64_t low, int64_t high, uint64_t count)
{
    uint32_t cell = cell_of(clamp(low));

    if (low != lowest(cell) || high != highest(cell))
        return -1;
    h->cells[cell] += count;
    return 0;
}
