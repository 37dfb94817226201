/* range.c: which bytes a client wants (RFC 9110 §14.1.2, §14.2).
 *
 * Everything that is odd means the whole representation, which is never a wrong answer: a field that
 * is malformed anywhere, given twice, or asks for too much detail. Ranges are merged as they are read
 * into those before them, so a field of many small overlapping ones can at most ask for each byte
 * once; the first one that touched keeps its place in the order. */
#include "range.h"
#include "chars.h"
#include "date.h"
#include <stdio.h>

/* ---- one range ------------------------------------------------------------------------------- */

/* Takes 1*DIGIT from the front; what is too large for an int64 is its largest. False: no digit. */
static bool take_number(gim_str *s, int64_t *out)
{
    size_t i = 0;
    int64_t v = 0;

    for (; i < s->len && s->ptr[i] >= '0' && s->ptr[i] <= '9'; i++) {
        int digit = s->ptr[i] - '0';

        v = v > (INT64_MAX - digit) / 10 ? INT64_MAX : v * 10 + digit;
    }
    s->ptr += i;
    s->len -= i;
    *out = v;
    return i > 0;
}

static bool take_dash(gim_str *s)
{
    if (!s->len || *s->ptr != '-')
        return false;
    s->ptr++;
    s->len--;
    return true;
}

/* "0-99", "100-", "-5", cut to the size; len 0: it lies beyond. False: it is no range. */
static bool read_range(gim_str s, int64_t size, struct gim_range *out)
{
    int64_t first, last = INT64_MAX;

    if (take_dash(&s)) { /* the last so many */
        if (!take_number(&s, &last) || s.len)
            return false;
        out->len = last < size ? last : size;
        out->first = size - out->len;
        return true;
    }
    if (!take_number(&s, &first) || !take_dash(&s) || (s.len && !take_number(&s, &last)) || s.len ||
        last < first)
        return false;
    if (last >= size)
        last = size - 1;
    *out = (struct gim_range){first, first < size ? last - first + 1 : 0};
    return true;
}

/* ---- the set --------------------------------------------------------------------------------- */

static bool touch(const struct gim_range *a, const struct gim_range *b)
{
    return a->first <= b->first + b->len && b->first <= a->first + a->len;
}

static void join(struct gim_range *a, const struct gim_range *b)
{
    int64_t end = a->first + a->len, other = b->first + b->len;

    if (b->first < a->first)
        a->first = b->first;
    a->len = (other > end ? other : end) - a->first;
}

static void drop(struct gim_ranges *r, unsigned at)
{
    r->n--;
    memmove(&r->items[at], &r->items[at + 1], (r->n - at) * sizeof r->items[0]);
}

/* Adds a range. Those it touches become one, at the place of the first of them: since no two of
 * the set touched before, one pass finds them all. */
static void add(struct gim_ranges *r, const struct gim_range *range)
{
    struct gim_range all = *range;
    unsigned home = r->n;

    for (unsigned i = r->n; i-- > 0;) {
        if (touch(&r->items[i], range)) {
            join(&all, &r->items[i]);
            if (home < r->n)
                drop(r, home);
            home = i;
        }
    }
    if (home == r->n)
        r->n++;
    r->items[home] = all;
}

enum gim_ranges_ask gim_ranges_read(struct gim_ranges *r, gim_str field, int64_t size)
{
    gim_str set = field, unit = gim_str_cut(&set, '=');
    unsigned asked = 0;

    r->n = 0;
    if (!set.ptr || !gim_str_eq_fold(unit, GIM_S("bytes")) || size <= 0)
        return GIM_RANGES_WHOLE;
    while (set.ptr) {
        gim_str one = gim_str_trim(gim_str_cut(&set, ','));
        struct gim_range range;

        if (!one.len)
            continue;
        if (++asked > GIM_RANGES_MAX || !read_range(one, size, &range))
            return GIM_RANGES_WHOLE;
        if (range.len)
            add(r, &range);
    }
    if (!asked)
        return GIM_RANGES_WHOLE;
    return r->n ? GIM_RANGES_SOME : GIM_RANGES_BEYOND;
}

/* ---- If-Range -------------------------------------------------------------------------------- */

bool gim_if_range_holds(gim_str field, const struct gim_validators *now, int64_t at)
{
    int64_t date;

    if (field.len >= 2 && field.ptr[0] == '"' && field.ptr[field.len - 1] == '"')
        return now->etag.ptr && gim_str_eq((gim_str){field.ptr + 1, field.len - 2}, now->etag);
    return now->modified && gim_http_date_read(field, &date) == 0 && date == now->modified &&
           date < at;
}

/* The only line of the field; absent also when there are more. */
static gim_str only(const struct gim_head *h, gim_str name)
{
    size_t at = 0;
    gim_str value = gim_head_find(h, name, &at);

    return value.ptr && gim_head_find(h, name, &at).ptr ? (gim_str){0} : value;
}

enum gim_ranges_ask gim_ranges_of(struct gim_ranges *r, const struct gim_head *h,
                                  const struct gim_validators *now, int64_t size, int64_t at)
{
    gim_str range = only(h, GIM_S("Range"));
    size_t from = 0;
    gim_str name = GIM_S("If-Range");

    r->n = 0;
    if (!range.ptr || h->method_id != GIM_METHOD_GET)
        return GIM_RANGES_WHOLE;
    if (gim_head_find(h, name, &from).ptr && !gim_if_range_holds(only(h, name), now, at))
        return GIM_RANGES_WHOLE;
    return gim_ranges_read(r, range, size);
}

size_t gim_content_range_write(char out[GIM_CONTENT_RANGE_MAX], const struct gim_range *range,
                               int64_t size)
{
    int n = range ? snprintf(out, GIM_CONTENT_RANGE_MAX, "bytes %lld-%lld/%lld",
                             (long long)range->first, (long long)(range->first + range->len - 1),
                             (long long)size)
                  : snprintf(out, GIM_CONTENT_RANGE_MAX, "bytes */%lld", (long long)size);

    return n > 0 ? (size_t)n : 0;
}
