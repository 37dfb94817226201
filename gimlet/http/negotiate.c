/* negotiate.c: preference fields (RFC 9110 §12.4.2, §12.5).
 *
 * A field is cut into elements once, at commas outside quoted strings; each keeps its value, its
 * parameters up to the weight, and the weight in thousandths. What is asked then is always the same:
 * which element covers this offer most specifically, and what does it weigh. A hostile field costs
 * one pass over its bytes and GIM_PREFERENCES_MAX comparisons an offer, never their product. */
#include "negotiate.h"
#include "chars.h"

#define ONE 1000u

/* ---- reading --------------------------------------------------------------------------------- */

/* Cuts at the first `sep` that stands outside a quoted string, as gim_str_cut does. */
static gim_str cut_unquoted(gim_str *s, char sep)
{
    bool quoted = false;
    gim_str head;

    for (size_t i = 0; i < s->len; i++) {
        char c = s->ptr[i];

        if (quoted && c == '\\')
            i++;
        else if (c == '"')
            quoted = !quoted;
        else if (c == sep && !quoted) {
            head = (gim_str){s->ptr, i};
            *s = (gim_str){s->ptr + i + 1, s->len - i - 1};
            return head;
        }
    }
    head = *s;
    *s = (gim_str){0};
    return head;
}

/* "1", "0.25", ".5", "0." into thousandths; false when it is none of these or above 1. */
static bool read_weight(gim_str s, uint16_t *q)
{
    unsigned whole = 0, part = 0, unit = 100;
    size_t i = 0;

    if (s.len && (s.ptr[0] == '0' || s.ptr[0] == '1'))
        whole = (unsigned)(s.ptr[i++] - '0');
    if (i < s.len && s.ptr[i] == '.') {
        for (i++; i < s.len && s.ptr[i] >= '0' && s.ptr[i] <= '9'; i++, unit /= 10)
            part += unit * (unsigned)(s.ptr[i] - '0');
    }
    if (!s.len || i < s.len || (s.len == 1 && s.ptr[0] == '.') || whole * ONE + part > ONE)
        return false;
    *q = (uint16_t)(whole * ONE + part);
    return true;
}

/* A value: tokens with a '/' between, or one. */
static bool is_value(gim_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (!gim_char_is(s.ptr[i], GIM_CHAR_TOKEN) && s.ptr[i] != '/')
            return false;
    }
    return s.len > 0;
}

/* One element: value, parameters, weight, and what comes behind it, which is not looked at. */
static bool read_element(gim_str s, struct gim_preference *out)
{
    gim_str rest = s, value = gim_str_trim(cut_unquoted(&rest, ';'));
    const char *params = rest.ptr;

    if (!is_value(value))
        return false;
    *out = (struct gim_preference){value, {value.ptr + value.len, 0}, ONE};
    while (rest.ptr) {
        const char *at = rest.ptr;
        gim_str weight = gim_str_trim(cut_unquoted(&rest, ';'));
        gim_str name = gim_str_trim(gim_str_cut(&weight, '='));

        if (weight.ptr && gim_str_eq_fold(name, GIM_S("q"))) {
            out->params = (gim_str){params, (size_t)(at - params)};
            return read_weight(gim_str_trim(weight), &out->q);
        }
    }
    if (params)
        out->params = (gim_str){params, (size_t)(s.ptr + s.len - params)};
    return true;
}

void gim_preferences_add(struct gim_preferences *p, gim_str line)
{
    p->given = true;
    while (line.ptr && p->n < GIM_PREFERENCES_MAX) {
        gim_str element = gim_str_trim(cut_unquoted(&line, ','));

        if (element.len && read_element(element, &p->items[p->n]))
            p->n++;
    }
}

void gim_preferences_of(struct gim_preferences *p, const struct gim_head *h, gim_str name)
{
    size_t at = 0;
    gim_str line;

    p->given = false;
    p->n = 0;
    while ((line = gim_head_find(h, name, &at)).ptr)
        gim_preferences_add(p, line);
}

/* ---- media types ----------------------------------------------------------------------------- */

/* Takes "name=value" from the front of ";name=value; ..."; the value without its quotes. */
static bool next_param(gim_str *params, gim_str *name, gim_str *value)
{
    while (params->ptr) {
        *value = gim_str_trim(cut_unquoted(params, ';'));
        *name = gim_str_trim(gim_str_cut(value, '='));
        *value = gim_str_trim(*value);
        if (value->len >= 2 && value->ptr[0] == '"' && value->ptr[value->len - 1] == '"')
            *value = (gim_str){value->ptr + 1, value->len - 2};
        if (name->len)
            return true;
    }
    return false;
}

static bool find_param(gim_str params, gim_str wanted, gim_str *value)
{
    gim_str name;

    while (next_param(&params, &name, value)) {
        if (gim_str_eq_fold(name, wanted))
            return true;
    }
    return false;
}

/* How many parameters of a range the type has; -1 when it lacks one of them. */
static int params_covered(gim_str range, gim_str type)
{
    gim_str name, value, have;
    int n = 0;

    while (next_param(&range, &name, &value)) {
        if (find_param(type, name, &have)) {
            if (!gim_str_eq_fold(value, have))
                return -1;
            n++;
        } else if (!gim_str_eq_fold(name, GIM_S("charset"))) {
            return -1;
        }
    }
    return n;
}

/* How specifically a range covers a type: 0 not, 1 all, 2 the kind, 3 the type and, above, each
 * parameter. "*" alone is taken for all: an old client of Java sends it. */
static unsigned type_covered(const struct gim_preference *range, gim_str type, gim_str params)
{
    gim_str sub = range->value, kind = gim_str_cut(&sub, '/'), type_kind = gim_str_cut(&type, '/');
    gim_str star = GIM_S("*");
    int n;

    if (gim_str_eq(kind, star))
        return !sub.ptr || gim_str_eq(sub, star) ? 1 : 0;
    if (!gim_str_eq_fold(kind, type_kind))
        return 0;
    if (gim_str_eq(sub, star))
        return 2;
    if (!gim_str_eq_fold(sub, type))
        return 0;
    n = params_covered(range->params, params);
    return n < 0 ? 0 : 3 + (unsigned)n;
}

unsigned gim_quality_type(const struct gim_preferences *p, gim_str offer)
{
    gim_str params = offer, type = gim_str_trim(gim_str_cut(&params, ';'));
    unsigned best = 0, q = 0;

    if (!p->given)
        return ONE;
    for (unsigned i = 0; i < p->n; i++) {
        unsigned covered = type_covered(&p->items[i], type, params);

        if (covered > best) {
            best = covered;
            q = p->items[i].q;
        }
    }
    return q;
}

/* ---- codings --------------------------------------------------------------------------------- */

/* "x-gzip" is an old name of "gzip" (§8.4.1.3). */
static gim_str coding_name(gim_str s)
{
    return gim_str_eq_fold(s, GIM_S("x-gzip")) ? GIM_S("gzip") : s;
}

unsigned gim_quality_coding(const struct gim_preferences *p, gim_str offer)
{
    bool identity = gim_str_eq_fold(offer, GIM_S("identity")), starred = false;
    unsigned star = 0;

    for (unsigned i = 0; i < p->n; i++) {
        const struct gim_preference *e = &p->items[i];

        if (gim_str_eq_fold(coding_name(e->value), coding_name(offer)))
            return e->q;
        if (gim_str_eq(e->value, GIM_S("*")) && !starred) {
            starred = true;
            star = e->q;
        }
    }
    if (starred)
        return star;
    if (!identity)
        return 0;
    return p->n ? 1 : ONE;
}

/* ---- languages ------------------------------------------------------------------------------- */

/* Is `range` the tag or its beginning, up to a '-'? (RFC 4647 §3.3.1) */
static bool language_covers(gim_str range, gim_str tag)
{
    return range.len <= tag.len && gim_str_eq_fold(range, (gim_str){tag.ptr, range.len}) &&
           (range.len == tag.len || tag.ptr[range.len] == '-');
}

unsigned gim_quality_language(const struct gim_preferences *p, gim_str offer)
{
    bool star = false, covered = false;
    unsigned q = 0, near = 0, any = 0;
    size_t best = 0;

    if (!p->given)
        return ONE;
    for (unsigned i = 0; i < p->n; i++) {
        const struct gim_preference *e = &p->items[i];

        if (gim_str_eq(e->value, GIM_S("*"))) {
            any = star ? any : e->q;
            star = true;
        } else if (language_covers(e->value, offer)) {
            if (e->value.len > best)
                q = e->q;
            best = e->value.len > best ? e->value.len : best;
            covered = true;
        } else if (language_covers(offer, e->value)) {
            near = e->q > near ? e->q : near;
        }
    }
    if (covered)
        return q;
    return near > 1 ? near - 1 : near ? near : any;
}

/* ---- the best of a list ---------------------------------------------------------------------- */

int gim_preferences_best(const struct gim_preferences *p, gim_quality_fn *quality,
                         const gim_str *offers, size_t n)
{
    unsigned best = 0;
    int at = -1;

    for (size_t i = 0; i < n; i++) {
        unsigned q = quality(p, offers[i]);

        if (q > best) {
            best = q;
            at = (int)i;
        }
    }
    return at;
}
