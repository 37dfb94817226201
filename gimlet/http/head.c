/* head.c: the head parser's outside: limits, partial input, and when a fault is told.
 *
 * A head that came in one piece is parsed in one pass, left to right, by request_line.c, fields.c
 * and framing.c in turn. A partial head costs a scan of its new bytes alone, as long as they hold
 * nothing that could change the answer "more": no control (so no line end), and no limit reached.
 * Otherwise it is parsed from its start again: a few times a line, and lines are few (100). The
 * parse is a pure function of the bytes so far that never takes a refusal back, so reads of one
 * byte and a read of all give the same answer. */
#include "head.h"
#include "chars.h"
#include "parse.h"

#define EMPTY_LINES 4 /* bytes: two empty lines may stand before the request line */

enum gim_step gim_line_refuse(struct gim_parse *p, int status, const char *detail)
{
    const char *at = p->line;

    while ((at = gim_scan_text(at, p->line_end)) < p->line_end) {
        if (*at == '\n')
            return gim_refuse(p->why, 400, "a line must end in CR LF, not in LF alone");
        if (*at != '\r')
            return gim_refuse(p->why, 400, "there is a control character in the head");
        if (at + 1 == p->line_end)
            break;
        if (at[1] != '\n')
            return gim_refuse(p->why, 400, "there is a CR without LF in the head");
        return gim_refuse(p->why, status, detail);
    }
    return p->cut ? gim_refuse(p->why, status, detail) : GIM_STEP_MORE;
}

gim_str gim_head_find(const struct gim_head *h, gim_str name, size_t *at)
{
    gim_str none = {0};

    while (*at < h->n_fields) {
        const struct gim_head_field *f = &h->fields[(*at)++];

        if (f->name.len == name.len && gim_str_eq_fold(gim_head_str(h, f->name), name))
            return gim_head_str(h, f->value);
    }
    return none;
}

static size_t head_max(const struct gim_head_limits *limits)
{
    size_t max = limits->head ? limits->head : GIM_HEAD_LIMIT;

    return max < GIM_HEAD_MAX ? max : GIM_HEAD_MAX;
}

static size_t target_max(const struct gim_head_limits *limits)
{
    return limits->target ? limits->target : GIM_TARGET_LIMIT;
}

/* Whether the bytes after `seen` leave the answer at "more". */
static bool still_more(gim_str in, size_t seen, const struct gim_head_limits *limits)
{
    size_t longest = GIM_REQUEST_LINE_MAX(target_max(limits));
    const char *end = in.ptr + in.len;

    if (!seen || seen > in.len || in.len >= head_max(limits))
        return false;
    if (seen <= longest + EMPTY_LINES && in.len > longest)
        return false;
    return gim_scan_text(in.ptr + seen - 1, end) == end;
}

static void skip_empty_lines(struct gim_parse *p)
{
    const char *limit = p->at + EMPTY_LINES;

    while (p->at < limit && p->end - p->at >= 2 && p->at[0] == '\r' && p->at[1] == '\n')
        p->at += 2;
}

int gim_head_parse(struct gim_head *h, gim_str in, size_t seen,
                   const struct gim_head_limits *limits, struct gim_refusal *why)
{
    size_t max = head_max(limits);
    struct gim_parse p = {.head = h, .at = in.ptr, .why = why, .target_max = target_max(limits)};
    enum gim_step step;

    if (!in.len || still_more(in, seen, limits))
        return 0;
    memset(h, 0, offsetof(struct gim_head, fields)); /* the field rows need no zeroes */
    h->base = in.ptr;
    p.end = in.ptr + (in.len < max ? in.len : max);
    skip_empty_lines(&p);
    step = gim_request_line_parse(&p);
    if (step == GIM_STEP_OK)
        step = gim_fields_parse(&p);
    if (step == GIM_STEP_OK)
        step = gim_framing_decide(h, why);
    if (step == GIM_STEP_MORE && in.len >= max)
        step = gim_refuse(why, 431, "the head is longer than this server takes");
    if (step != GIM_STEP_OK)
        return step;
    h->size = (uint32_t)(p.at - in.ptr);
    return (int)h->size;
}
