/* etag.c: conditional requests: one function, in the order of RFC 9110 §13.2.2.
 *
 * A list of entity tags is read to its end before it counts, over all its field lines: a list that
 * is malformed anywhere matches nothing, so that If-Match then fails (nothing is overwritten) and
 * If-None-Match lets the request through (a full answer is never wrong). */
#include "etag.h"
#include "chars.h"
#include "date.h"

struct tag_list {
    gim_str now; /* the present opaque-tag; absent: there is no resource */
    const char *const *suffixes;
    bool strong; /* weak tags do not match (§8.8.3.2) */
    bool matched, malformed, any, star;
};

static void skip_ows(gim_str *s)
{
    while (s->len && (*s->ptr == ' ' || *s->ptr == '\t')) {
        s->ptr++;
        s->len--;
    }
}

/* Takes one entity-tag from the front; false when there is none. */
static bool take_tag(gim_str *s, gim_str *opaque, bool *weak)
{
    size_t at = 0, from;

    *weak = gim_str_starts(*s, GIM_S("W/"));
    if (*weak)
        at = 2;
    if (at >= s->len || s->ptr[at] != '"')
        return false;
    from = ++at;
    while (at < s->len && gim_char_is(s->ptr[at], GIM_CHAR_ETAG))
        at++;
    if (at == s->len || s->ptr[at] != '"')
        return false;
    *opaque = (gim_str){s->ptr + from, at - from};
    s->ptr += at + 1;
    s->len -= at + 1;
    return true;
}

/* Is it the present tag, perhaps with a suffix that names a content coding? */
static bool is_now(const struct tag_list *l, gim_str opaque)
{
    gim_str rest;

    if (!l->now.ptr || !gim_str_starts(opaque, l->now))
        return false;
    rest = (gim_str){opaque.ptr + l->now.len, opaque.len - l->now.len};
    if (!rest.len)
        return true;
    for (const char *const *s = l->suffixes; s && *s; s++) {
        if (gim_str_eq(rest, gim_str_of(*s)))
            return true;
    }
    return false;
}

/* One field line: "*", or tags between commas; empty elements are skipped (§5.6.1). */
static void read_line(struct tag_list *l, gim_str s)
{
    bool after_tag = false, weak;
    gim_str opaque;

    if (gim_str_eq(s, GIM_S("*"))) {
        l->star = true;
        return;
    }
    for (skip_ows(&s); s.len; skip_ows(&s)) {
        if (*s.ptr == ',') {
            after_tag = false;
            s.ptr++;
            s.len--;
            continue;
        }
        if (after_tag || !take_tag(&s, &opaque, &weak)) {
            l->malformed = true;
            return;
        }
        after_tag = l->any = true;
        if (is_now(l, opaque) && !(weak && l->strong))
            l->matched = true;
    }
}

/* Whether any of the tags in the lines with this id is the present one. */
static bool tags_match(const struct gim_head *h, enum gim_field_id id,
                       const struct gim_validators *v, bool strong)
{
    struct tag_list l = {.now = v->etag, .suffixes = v->suffixes, .strong = strong};

    for (size_t i = h->first[id] - 1u; i < h->n_fields; i++) {
        if (h->fields[i].id == id)
            read_line(&l, gim_head_str(h, h->fields[i].value));
    }
    if (l.malformed || (l.star && l.any))
        return false;
    return l.star ? v->etag.ptr != NULL : l.matched;
}

/* Whether the resource has changed after the date in the field; `unknown` when either date is not
 * known or not one: such a condition is ignored. */
static bool changed_since(const struct gim_head *h, enum gim_field_id id,
                          const struct gim_validators *now, bool unknown)
{
    int64_t date;

    if (!now->etag.ptr || !now->modified || gim_http_date_read(gim_head_known(h, id), &date) != 0)
        return unknown;
    return now->modified > date;
}

int gim_conditions(const struct gim_head *h, const struct gim_validators *now)
{
    bool reading = h->method_id == GIM_METHOD_GET || h->method_id == GIM_METHOD_HEAD;

    if (h->first[GIM_FIELD_IF_MATCH]) {
        if (!tags_match(h, GIM_FIELD_IF_MATCH, now, true))
            return 412;
    } else if (h->first[GIM_FIELD_IF_UNMODIFIED_SINCE]) {
        if (changed_since(h, GIM_FIELD_IF_UNMODIFIED_SINCE, now, false))
            return 412;
    }
    if (h->first[GIM_FIELD_IF_NONE_MATCH]) {
        if (tags_match(h, GIM_FIELD_IF_NONE_MATCH, now, false))
            return reading ? 304 : 412;
    } else if (reading && h->first[GIM_FIELD_IF_MODIFIED_SINCE]) {
        if (!changed_since(h, GIM_FIELD_IF_MODIFIED_SINCE, now, true))
            return 304;
    }
    return 0;
}
