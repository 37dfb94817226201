/* h1.c: HTTP/1.1 as a session: heads by head.h, bodies by Content-Length or chunked (RFC 9112
 * §6-7).
 *
 * Body bytes are handed out as slices of the input, never copied or looked at. The bytes between
 * chunks go through a machine of one byte a step: they are few, and one byte a step cannot depend
 * on where reads were cut. A chunked body may be mostly framing ("1 CRLF x CRLF" a byte), so
 * framing is a debt that content pays off, and a body too deep in debt is refused. Trailers are
 * checked like fields and dropped: nothing that comes after the body may change what the head said.
 */
#include "session.h"
#include "chars.h"

enum trailer_state {
    TRAILER_LINE, /* at the start of a line */
    TRAILER_NAME,
    TRAILER_VALUE,
    TRAILER_LF,
    TRAILER_LAST_LF,
};

/* Every step answers this: NULL, or why the request is refused. */
typedef const char *fault;

static fault size_byte(struct gim_session *s, char c)
{
    int digit = gim_char_hex(c);

    if (digit >= 0) {
        if (++s->chunk_line > GIM_CHUNK_DIGITS)
            return "a chunk size has too many digits";
        s->left = s->left << 4 | (unsigned)digit;
        return s->left > INT64_MAX ? "a chunk size is too large" : NULL;
    }
    if (!s->chunk_line)
        return "a chunk does not begin with its size in hex digits";
    s->chunk_line = 0;
    if (c == '\r')
        s->state = GIM_H1_CHUNK_SIZE_LF;
    else if (c == ';')
        s->state = GIM_H1_CHUNK_EXT;
    else if (c == ' ' || c == '\t')
        s->state = GIM_H1_CHUNK_BWS;
    else
        return "a chunk size is not followed by CR LF or an extension";
    return NULL;
}

/* Whitespace after a size is legal before an extension only (BWS, RFC 9112 §7.1.1). */
static fault bws_byte(struct gim_session *s, char c)
{
    if (++s->chunk_line > GIM_CHUNK_EXTENSION)
        return "a chunk extension is too long";
    if (c == ';')
        s->state = GIM_H1_CHUNK_EXT;
    else if (c != ' ' && c != '\t')
        return "a chunk size is followed by whitespace";
    return NULL;
}

static fault extension_byte(struct gim_session *s, char c)
{
    if (c == '\r')
        s->state = GIM_H1_CHUNK_SIZE_LF;
    else if (gim_char_is(c, GIM_CHAR_CTL))
        return "a chunk extension holds a control character";
    else if (++s->chunk_line > GIM_CHUNK_EXTENSION)
        return "a chunk extension is too long";
    return NULL;
}

static fault trailer_byte(struct gim_session *s, char c)
{
    switch (s->trailer_state) {
    case TRAILER_LINE:
        s->trailer_state = c == '\r' ? TRAILER_LAST_LF : TRAILER_NAME;
        return c == '\r' || gim_char_is(c, GIM_CHAR_TOKEN) ? NULL : "a trailer field has no name";
    case TRAILER_NAME:
        if (c == ':')
            s->trailer_state = TRAILER_VALUE;
        else if (!gim_char_is(c, GIM_CHAR_TOKEN))
            return "a trailer field name is not a token followed by a colon";
        return NULL;
    case TRAILER_VALUE:
        if (c == '\r')
            s->trailer_state = TRAILER_LF;
        else if (gim_char_is(c, GIM_CHAR_CTL))
            return "a trailer field holds a control character";
        return NULL;
    case TRAILER_LF:
        s->trailer_state = TRAILER_LINE;
        return c == '\n' ? NULL : "a trailer line does not end in CR LF";
    default: /* TRAILER_LAST_LF */
        s->state = GIM_H1_END;
        return c == '\n' ? NULL : "the trailer section does not end in CR LF";
    }
}

/* One byte of what stands around the content of a chunked body. */
static fault framing_byte(struct gim_session *s, char c)
{
    switch (s->state) {
    case GIM_H1_CHUNK_SIZE:
        return size_byte(s, c);
    case GIM_H1_CHUNK_BWS:
        return bws_byte(s, c);
    case GIM_H1_CHUNK_EXT:
        return extension_byte(s, c);
    case GIM_H1_CHUNK_SIZE_LF:
        s->chunk_line = 0;
        s->state = s->left ? GIM_H1_CHUNK_DATA : GIM_H1_TRAILER;
        return c == '\n' ? NULL : "a chunk size line does not end in CR LF";
    case GIM_H1_CHUNK_CR:
        s->state = GIM_H1_CHUNK_LF;
        return c == '\r' ? NULL : "a chunk is longer than its size says";
    case GIM_H1_CHUNK_LF:
        s->state = GIM_H1_CHUNK_SIZE;
        return c == '\n' ? NULL : "a chunk does not end in CR LF";
    default:
        return trailer_byte(s, c);
    }
}

static enum gim_event refuse(struct gim_session *s, int status, const char *detail)
{
    s->why.status = status;
    s->why.detail = detail;
    s->state = GIM_H1_DEAD;
    return GIM_EVENT_REFUSED;
}

static enum gim_event head_event(struct gim_session *s, gim_str *in, struct gim_head *head,
                                 const struct gim_head_limits *limits)
{
    int n = gim_head_parse(head, *in, s->seen, limits, &s->why);

    if (n < 0)
        return refuse(s, s->why.status, s->why.detail);
    if (n == 0) {
        s->seen = (uint16_t)in->len; /* a head still partial is shorter than GIM_HEAD_MAX */
        return GIM_EVENT_MORE;
    }
    in->ptr += n;
    in->len -= (size_t)n;
    s->seen = 0;
    s->left = 0;
    if (head->chunked) {
        s->overhead = s->trailer = s->chunk_line = 0;
        s->trailer_state = TRAILER_LINE;
        s->state = GIM_H1_CHUNK_SIZE;
    } else if (head->content_length > 0) {
        s->left = (uint64_t)head->content_length;
        s->state = GIM_H1_LENGTH;
    } else {
        s->state = GIM_H1_END;
    }
    return GIM_EVENT_HEAD;
}

/* Content up to the end of the input or of what is left. */
static enum gim_event data_event(struct gim_session *s, gim_str *in)
{
    size_t n = in->len < s->left ? in->len : (size_t)s->left;
    uint64_t paid = (uint64_t)n * GIM_CHUNK_OVERHEAD_PAID;

    s->data = (gim_str){in->ptr, n};
    in->ptr += n;
    in->len -= n;
    s->left -= n;
    s->overhead -= paid < s->overhead ? (uint32_t)paid : s->overhead;
    if (!s->left)
        s->state = s->state == GIM_H1_LENGTH ? GIM_H1_END : GIM_H1_CHUNK_CR;
    return GIM_EVENT_DATA;
}

static enum gim_event body_event(struct gim_session *s, gim_str *in)
{
    while (in->len) {
        bool trailer = s->state == GIM_H1_TRAILER;
        fault detail;

        if (s->state == GIM_H1_LENGTH || s->state == GIM_H1_CHUNK_DATA)
            return data_event(s, in);
        detail = framing_byte(s, *in->ptr);
        if (detail)
            return refuse(s, 400, detail);
        if (trailer && ++s->trailer > GIM_TRAILER_MAX)
            return refuse(s, 431, "the trailer section is longer than this server takes");
        if (!trailer && ++s->overhead > GIM_CHUNK_OVERHEAD)
            return refuse(s, 400, "the chunked body has too much framing for its content");
        in->ptr++;
        in->len--;
        if (s->state == GIM_H1_END)
            break;
    }
    return s->state == GIM_H1_END ? GIM_EVENT_END : GIM_EVENT_MORE;
}

static enum gim_event h1_next(struct gim_session *s, gim_str *in, struct gim_head *head,
                              const struct gim_head_limits *limits)
{
    enum gim_event event;

    if (s->state == GIM_H1_DEAD)
        return GIM_EVENT_REFUSED;
    if (s->state == GIM_H1_HEAD)
        return head_event(s, in, head, limits);
    event = s->state == GIM_H1_END ? GIM_EVENT_END : body_event(s, in);
    if (event == GIM_EVENT_END)
        s->state = GIM_H1_HEAD;
    return event;
}

const struct gim_session_ops gim_h1_ops = {h1_next};

bool gim_session_idle(const struct gim_session *s)
{
    return s->state == GIM_H1_HEAD && !s->seen;
}
