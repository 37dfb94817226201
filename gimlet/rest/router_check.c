/* router_check.c: what can be wrong with one route, said so that its author can mend it.
 *
 * A pattern is compared with paths that were decoded and freed of dot segments, so a pattern that
 * no such path can equal is a defect and not a route that silently never runs. */
#include "router_build.h"
#include "router_private.h"
#include "../http/chars.h"
#include <stdarg.h>
#include <stdio.h>

#define TIMEOUT_MAX 86400000 /* ms: a day */

/* __FILE__ is relative to the build directory; people look from the project's root. */
static const char *from_root(const char *file)
{
    while (strncmp(file, "../", 3) == 0)
        file += 3;
    return file;
}

size_t gim_route_place(const struct gim_bound_route *route, char *room, size_t size)
{
    const struct gim_route *row = route->row;
    int n = row->file ? snprintf(room, size, "%s:%d", from_root(row->file), row->line)
                      : snprintf(room, size, "(no file)");

    if (n < 0)
        return 0;
    return (size_t)n < size ? (size_t)n : size - 1;
}

static const char *method_of(const struct gim_bound_route *route)
{
    return route->row->method ? route->row->method : "(no method)";
}

unsigned gim_route_defect(struct gim_buf *why, const struct gim_bound_route *route,
                          const char *what, ...)
{
    char place[GIM_ROUTE_PLACE];
    char text[256];
    va_list ap;

    va_start(ap, what);
    vsnprintf(text, sizeof text, what, ap);
    va_end(ap);
    gim_route_place(route, place, sizeof place);
    gim_buf_printf(why, "%s: %s %s: %s\n", place, method_of(route), route->pattern.ptr, text);
    return 1;
}

unsigned gim_route_clash(struct gim_buf *why, const struct gim_bound_route *route,
                         const struct gim_bound_route *other)
{
    char here[GIM_ROUTE_PLACE];
    char there[GIM_ROUTE_PLACE];

    gim_route_place(route, here, sizeof here);
    gim_route_place(other, there, sizeof there);
    gim_buf_printf(why, "%s: %s %s clashes with %s %s at %s\n", here, method_of(route),
                   route->pattern.ptr, method_of(other), other->pattern.ptr, there);
    return 1;
}

/* ---- methods ------------------------------------------------------------------------------- */

/* Does `name` stand in the list "A|B|C"? */
static bool stands_in(gim_str list, gim_str name)
{
    while (list.ptr) {
        if (gim_str_eq(gim_str_cut(&list, '|'), name))
            return true;
    }
    return false;
}

static unsigned check_methods(const struct gim_bound_route *route, struct gim_buf *why)
{
    gim_str left = gim_str_of(route->row->method);

    if (!left.ptr)
        return gim_route_defect(why, route, "no method; write \"GET\" or \"PUT|PATCH\" or \"*\"");
    if (gim_str_eq(left, GIM_S("*")))
        return 0;
    while (left.ptr) {
        gim_str name = gim_str_cut(&left, '|');

        if (!gim_is_token(name) || gim_str_eq(name, GIM_S("*")))
            return gim_route_defect(why, route,
                                    "'%.*s' is no method; write one or a set such as \"PUT|PATCH\"",
                                    GIM_FMT(name));
        if (stands_in(left, name))
            return gim_route_defect(why, route, "%.*s stands twice", GIM_FMT(name));
    }
    return 0;
}

/* ---- patterns ------------------------------------------------------------------------------ */

static bool is_name(gim_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '_'))
            return false;
    }
    return s.len > 0;
}

/* Text that no decoded path can hold. */
static unsigned check_text(const struct gim_bound_route *route, gim_str s, struct gim_buf *why)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        gim_str three = {s.ptr + i, s.len - i < 3 ? s.len - i : 3};

        if (c < 0x20 || c == 0x7f)
            return gim_route_defect(why, route, "holds a control character");
        if (c == '?')
            return gim_route_defect(why, route, "holds '?'; the query is no part of a pattern");
        if (c == '%' && !gim_str_eq(three, GIM_S("%2F")))
            return gim_route_defect(why, route, "holds '%%'; write patterns decoded");
    }
    if (gim_str_eq(s, GIM_S(".")) || gim_str_eq(s, GIM_S("..")))
        return gim_route_defect(why, route, "holds a dot segment, which no path keeps");
    return 0;
}

static unsigned check_param(struct gim_bound_route *route, gim_str segment, bool last,
                            struct gim_buf *why)
{
    gim_str name = {segment.ptr + 1, segment.len - 1};

    if (!is_name(name))
        return gim_route_defect(why, route,
                                "'%.*s' is no parameter; write %c and a name of [A-Za-z0-9_]",
                                GIM_FMT(segment), segment.ptr[0]);
    if (segment.ptr[0] == '*' && !last)
        return gim_route_defect(why, route, "'%.*s' must come last", GIM_FMT(segment));
    for (unsigned i = 0; i < route->n_params; i++) {
        if (gim_str_eq(route->params[i], name))
            return gim_route_defect(why, route, "two parameters are called '%.*s'", GIM_FMT(name));
    }
    if (route->n_params == GIM_ROUTE_PARAMS)
        return gim_route_defect(why, route, "more than %d parameters", GIM_ROUTE_PARAMS);
    route->params[route->n_params++] = name;
    return 0;
}

static unsigned check_segment(struct gim_bound_route *route, gim_str segment, bool last,
                              struct gim_buf *why)
{
    if (!segment.len && !last)
        return gim_route_defect(why, route,
                                "holds an empty segment (\"//\"); does a prefix end in '/'?");
    if (segment.len && (segment.ptr[0] == ':' || segment.ptr[0] == '*'))
        return check_param(route, segment, last, why);
    return check_text(route, segment, why);
}

static unsigned check_pattern(struct gim_bound_route *route, struct gim_buf *why)
{
    gim_str left = route->pattern;
    unsigned segments = 0;
    unsigned defects = 0;

    if (!left.len || left.ptr[0] != '/')
        return gim_route_defect(why, route, "the pattern must start with '/'");
    if (left.len >= GIM_ROUTE_BYTES)
        return gim_route_defect(why, route, "longer than %d bytes", GIM_ROUTE_BYTES - 1);
    gim_str_cut(&left, '/');
    while (left.ptr && !defects) {
        gim_str segment = gim_str_cut(&left, '/');

        if (++segments > GIM_ROUTE_SEGMENTS)
            return gim_route_defect(why, route, "more than %d segments", GIM_ROUTE_SEGMENTS);
        defects += check_segment(route, segment, !left.ptr, why);
    }
    return defects;
}

/* ---- the route ----------------------------------------------------------------------------- */

static bool has_param(const struct gim_bound_route *route, gim_str name)
{
    for (unsigned i = 0; i < route->n_params; i++) {
        if (gim_str_eq(route->params[i], name))
            return true;
    }
    return false;
}

/* A required member of .path that the pattern lacks would refuse every request. Others may be of a
 * struct that several patterns share, but not all of them. */
static unsigned check_path_schema(const struct gim_bound_route *route, struct gim_buf *why)
{
    const struct gim_schema *s = route->row->path;
    unsigned bound = 0;

    for (uint32_t i = 0; s && i < s->n_fields; i++) {
        const struct gim_field *f = &s->fields[i];
        const char *name = f->as ? f->as : f->name;

        if (f->required && name && !has_param(route, gim_str_of(name)))
            return gim_route_defect(why, route, ".path requires '%s', which the pattern lacks",
                                    name);
        bound += name && has_param(route, gim_str_of(name));
    }
    if (s && !bound)
        return gim_route_defect(why, route,
                                ".path binds nothing: the pattern has none of the "
                                "parameters that the schema's rows name");
    return 0;
}

/* What only the parts that the row is made of know. */
static unsigned check_parts(const struct gim_bound_route *route, struct gim_buf *why)
{
    const struct gim_route *row = route->row;
    const struct gim_intake *intake = row->upload;
    const char *taken = intake && intake->wrong ? intake->wrong(intake) : NULL;
    const char *wrong = row->wrong && row->pattern ? row->wrong(row) : NULL;

    return (taken ? gim_route_defect(why, route, ".upload: %s", taken) : 0) +
           (wrong ? gim_route_defect(why, route, "%s", wrong) : 0);
}

static unsigned check_timeout(const struct gim_bound_route *route, const char *name, int64_t ms,
                              struct gim_buf *why)
{
    if (ms >= GIM_NONE && ms <= TIMEOUT_MAX)
        return 0;
    return gim_route_defect(why, route, "%s is %lld ms; write 1 to 86400000, 0 or GIM_NONE", name,
                            (long long)ms);
}

unsigned gim_route_check(struct gim_bound_route *route, struct gim_buf *why)
{
    unsigned defects = check_methods(route, why);
    unsigned in_pattern = check_pattern(route, why);

    if (!route->row->handler)
        defects += gim_route_defect(why, route, "no handler");
    if (route->row->blocking && route->row->suspends)
        defects += gim_route_defect(why, route, ".blocking and .suspends exclude each other");
    if (route->max_body < 0)
        defects += gim_route_defect(why, route,
                                    ".max_body is %lld; write bytes, or 0 for the "
                                    "application's",
                                    (long long)route->max_body);
    defects += check_parts(route, why);
    defects += check_timeout(route, ".handler_timeout", route->handler_timeout, why);
    defects += check_timeout(route, ".body_timeout", route->body_timeout, why);
    if (!in_pattern)
        defects += check_path_schema(route, why);
    return defects + in_pattern;
}
