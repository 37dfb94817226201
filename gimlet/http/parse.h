/* parse.h: the inside of the head parser: what request_line.c, fields.c and framing.c share, and
 * response.c with them.
 *
 * One rule makes the answer independent of how the bytes were cut into reads: a fault inside a line
 * is told when the line's CRLF is there, never before; only bytes that no line may hold (a control,
 * a CR or LF on its own) are told at once. */
#ifndef HTTP_PARSE_H
#define HTTP_PARSE_H

#include "head.h"

enum gim_step {
    GIM_STEP_BAD = -1, /* refused: parse.why */
    GIM_STEP_MORE = 0, /* the bytes end here: more are needed */
    GIM_STEP_OK = 1,
};

#define GIM_METHOD_MAX 32u /* bytes of a method; longer: 501 (RFC 9112 §3) */

/* The longest request line: method SP target SP version CRLF. */
#define GIM_REQUEST_LINE_MAX(target_max)                                                           \
    (GIM_METHOD_MAX + (target_max) + sizeof("  HTTP/1.1\r\n") - 1)

struct gim_parse {
    struct gim_head *head;
    const char *at;   /* where the next step begins */
    const char *end;  /* of the bytes that may be looked at */
    const char *line; /* start of the present line */
    const char *line_end;
    bool cut; /* the line is longer than it may be: line_end is where it was cut */
    size_t target_max;
    struct gim_refusal *why;
};

static inline enum gim_step gim_refuse(struct gim_refusal *why, int status, const char *detail)
{
    why->status = status;
    why->detail = detail;
    return GIM_STEP_BAD;
}

static inline struct gim_span gim_span_of(const struct gim_parse *p, const char *from,
                                          const char *to)
{
    struct gim_span s = {(uint16_t)(from - p->head->base), (uint16_t)(to - from)};
    return s;
}

/** A fault in the present line. BAD with this status once the line is complete or cut; BAD at once
 *  when the line holds a byte that no line may hold; else MORE. */
enum gim_step gim_line_refuse(struct gim_parse *p, int status, const char *detail);

/** The id of a field name among those the framework knows. */
enum gim_field_id gim_field_id_of(const char *name, size_t len);
/** Content-Length (RFC 9110 §8.6): digits alone. 0, or -1. */
GIM_MUST_CHECK int gim_content_length_read(gim_str value, int64_t *length);

/* What a Connection field asks for; several fields add up. The value is trimmed. */
struct gim_connection {
    bool close, keep;
};
void gim_connection_read(struct gim_connection *c, gim_str value);

/** Whether a '%' at `at` is followed by two hex digits before `end`. */
bool gim_escape_ok(const char *at, const char *end);
/** Whether `s` is uri-host [":" port] (RFC 9110 §7.2), not empty. */
bool gim_host_ok(gim_str s);
/** Whether two of them mean the same: letters folded, the scheme's default port left out. */
bool gim_host_same(gim_str a, gim_str b, bool https);

enum gim_step gim_request_line_parse(struct gim_parse *p);
enum gim_step gim_fields_parse(struct gim_parse *p);
/** Host, Content-Length, Transfer-Encoding, Connection and Expect taken together. */
enum gim_step gim_framing_decide(struct gim_head *h, struct gim_refusal *why);

#endif
