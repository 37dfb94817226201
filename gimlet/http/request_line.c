/* request_line.c: method, target and version (RFC 9112 §3).
 *
 * Strict on purpose: one SP between the parts, "HTTP/" digit "." digit and nothing else, targets in
 * the four forms of §3.2. What a lenient parser forgives here, another one on the way reads
 * differently, and that difference is how requests are smuggled. The path is passed over once, and
 * what the router wants to know of it (is it already in decoded form?) falls out of the same pass.
 */
#include "parse.h"
#include "chars.h"

static const char too_long[] = "the request target is longer than this server takes";

static enum gim_step more(struct gim_parse *p)
{
    return gim_line_refuse(p, 414, too_long);
}

/* The first byte decides at once whether this can be HTTP at all. */
static enum gim_step bad_first_byte(struct gim_parse *p)
{
    switch (*p->at) {
    case '\r':
        return gim_line_refuse(p, 400, "there are too many empty lines before the request line");
    case '\n':
        return gim_refuse(p->why, 400, "a line must end in CR LF, not in LF alone");
    case 0x16:
        return gim_refuse(p->why, 400, "this is a TLS handshake; this port speaks plain HTTP");
    case ' ':
    case '\t':
        return gim_refuse(p->why, 400, "there is whitespace before the method");
    default:
        return gim_refuse(p->why, 400, "the request does not begin with a method");
    }
}

static enum gim_step method(struct gim_parse *p)
{
    struct gim_head *h = p->head;
    const char *at = p->at, *end = p->line_end;

    if (!gim_char_is(*at, GIM_CHAR_TOKEN))
        return bad_first_byte(p);
    while (at < end && gim_char_is(*at, GIM_CHAR_TOKEN))
        at++;
    if (at - p->at > (ptrdiff_t)GIM_METHOD_MAX)
        return gim_line_refuse(p, 501, "the method is longer than any this server knows");
    if (at == end)
        return more(p);
    if (*at != ' ')
        return gim_line_refuse(p, 400, "the method is not a token followed by one space");
    h->method = gim_span_of(p, p->at, at);
    h->method_id = (uint8_t)gim_method_of(gim_head_str(h, h->method));
    p->at = at + 1;
    return GIM_STEP_OK;
}

static enum gim_step bad_target(struct gim_parse *p, const char *at)
{
    const char *detail = "the request target holds a character that must be percent-encoded";

    if (at == p->line_end)
        return more(p);
    if (*at == '%')
        detail = "a '%' in the request target is not followed by two hex digits";
    else if (*at == '#')
        detail = "the request target holds a fragment ('#'), which is never sent";
    else if (*at == '\r' || *at == '\n')
        detail = "the request line has no HTTP version";
    else if (*at == ' ' || *at == '\t')
        detail = "method, target and version must be parted by one space each";
    return gim_line_refuse(p, 400, detail);
}

/* The end of a run of `classes` and escapes. */
static const char *run_end(const char *at, const char *end, unsigned classes)
{
    for (; at < end; at++) {
        if (!gim_char_is(*at, classes) && (*at != '%' || !gim_escape_ok(at, end)))
            break;
    }
    return at;
}

/* Path and query from `at` on; returns where they end. */
static const char *path_and_query(struct gim_parse *p, const char *at, const char *end)
{
    struct gim_head *h = p->head;
    const char *from = at;
    bool plain = true;
    char before = 0;

    for (; at < end; before = *at++) {
        unsigned class = gim_char_class(*at);

        if (class & GIM_CHAR_PATH) {
            plain &= before != '/' || !(class & GIM_CHAR_DOT);
            continue;
        }
        if (*at != '%' || !gim_escape_ok(at, end))
            break;
        plain = false;
    }
    h->path = gim_span_of(p, from, at);
    h->path_plain = plain;
    if (at < end && *at == '?') {
        from = at + 1;
        at = run_end(from, end, GIM_CHAR_QUERY);
        h->query = gim_span_of(p, from, at);
        h->has_query = true;
    }
    return at;
}

/* "http://" or "https://" at the start of a target, in any case: its length; else 0. */
static size_t scheme_length(gim_str target)
{
    static const char schemes[2][9] = {"http://", "https://"};

    for (size_t i = 0; i < 2; i++) {
        gim_str scheme = gim_str_of(schemes[i]);

        if (target.len > scheme.len && gim_str_eq_fold((gim_str){target.ptr, scheme.len}, scheme))
            return scheme.len;
    }
    return 0;
}

static enum gim_step absolute_form(struct gim_parse *p, gim_str target)
{
    struct gim_head *h = p->head;
    const char *end = target.ptr + target.len;
    size_t scheme = scheme_length(target);
    const char *from = target.ptr + scheme;
    const char *at = from;

    if (!scheme)
        return gim_line_refuse(p, 400, "the request target is not a path, '*' or an http URI");
    while (at < end && *at != '/' && *at != '?')
        at++;
    if (!gim_host_ok((gim_str){from, (size_t)(at - from)}))
        return gim_line_refuse(p, 400, "the request target holds no valid host and port");
    h->authority = gim_span_of(p, from, at);
    from = path_and_query(p, at, end);
    if (from != end)
        return bad_target(p, from);
    if (!h->path.len) /* an empty path is "/" (RFC 9110 §4.2.3): the scheme holds one */
        h->path = gim_span_of(p, target.ptr + scheme - 1, target.ptr + scheme);
    return GIM_STEP_OK;
}

/* Everything that does not begin with '/'. */
static enum gim_step other_forms(struct gim_parse *p)
{
    struct gim_head *h = p->head;
    const char *at = run_end(p->at, p->line_end, GIM_CHAR_QUERY);
    gim_str target = {p->at, (size_t)(at - p->at)};

    if (at == p->line_end || *at != ' ' || !target.len)
        return bad_target(p, at);
    h->path = gim_span_of(p, p->at, at);
    h->path_plain = gim_str_find(target, '%') == target.len;
    p->at = at;
    if (h->method_id == GIM_METHOD_CONNECT) {
        h->authority = h->path;
        if (!gim_host_ok(target))
            return gim_line_refuse(p, 400, "the target of CONNECT must be a host and port");
        return GIM_STEP_OK;
    }
    return gim_str_eq(target, GIM_S("*")) ? GIM_STEP_OK : absolute_form(p, target);
}

static enum gim_step target(struct gim_parse *p)
{
    struct gim_head *h = p->head;
    const char *from = p->at;
    enum gim_step step = GIM_STEP_OK;

    if (from < p->line_end && *from == '/' && h->method_id != GIM_METHOD_CONNECT) {
        p->at = path_and_query(p, from, p->line_end);
        if (p->at == p->line_end || *p->at != ' ')
            return bad_target(p, p->at);
    } else {
        step = other_forms(p);
    }
    if (step != GIM_STEP_OK)
        return step;
    h->target = gim_span_of(p, from, p->at);
    if (h->target.len > p->target_max)
        return gim_line_refuse(p, 414, too_long);
    p->at++;
    return GIM_STEP_OK;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static enum gim_step other_version(struct gim_parse *p)
{
    const char *v = p->at;
    bool whole = p->line_end - v >= 10; /* else the line cannot be good, or is not all here */

    if (v < p->line_end && *v == ' ')
        return gim_line_refuse(p, 400, "there is more than one space before the version");
    if (!whole || memcmp(v, "HTTP/", 5) != 0 || !is_digit(v[5]) || v[6] != '.' || !is_digit(v[7]))
        return gim_line_refuse(p, 400, "the HTTP version is malformed");
    if (v[8] != '\r' || v[9] != '\n')
        return gim_line_refuse(p, 400, "the request line does not end after the HTTP version");
    if (v[5] != '1')
        return gim_line_refuse(p, 505, "this server speaks HTTP/1.1 and HTTP/1.0");
    p->head->minor = v[7] != '0';
    p->at = v + 10;
    return GIM_STEP_OK;
}

static enum gim_step version(struct gim_parse *p)
{
    if (p->line_end - p->at < 10 || memcmp(p->at, "HTTP/1.1\r\n", 10) != 0)
        return other_version(p);
    p->head->minor = 1;
    p->at += 10;
    return GIM_STEP_OK;
}

static bool star_misused(const struct gim_head *h)
{
    return h->base[h->path.at] == '*' && h->method_id != GIM_METHOD_OPTIONS;
}

enum gim_step gim_request_line_parse(struct gim_parse *p)
{
    size_t longest = GIM_REQUEST_LINE_MAX(p->target_max);
    enum gim_step step;

    if (p->at == p->end)
        return GIM_STEP_MORE;
    p->line = p->at;
    p->cut = (size_t)(p->end - p->at) > longest;
    p->line_end = p->cut ? p->at + longest : p->end;
    step = method(p);
    if (step == GIM_STEP_OK)
        step = target(p);
    if (step == GIM_STEP_OK)
        step = version(p);
    if (step == GIM_STEP_OK && star_misused(p->head)) /* last: PRI * HTTP/2.0 is 505 */
        return gim_line_refuse(p, 400, "the target '*' is for OPTIONS alone");
    return step;
}
