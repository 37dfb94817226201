/* response.c: responses as a client reads them (RFC 9112 §4-7).
 *
 * A head is judged line by line, each once: first the whole line is passed over eight bytes a step,
 * which finds its CR LF and proves that there is nothing but text before it; then the status line,
 * or a field's name and, if it says something about framing, its value. A partial head costs no
 * more than that: `line` and `seen` remember where to go on, and since a fault is told when its
 * line is complete (or at once when no line could hold the byte), the events do not depend on how
 * the bytes were cut into reads.
 *
 * Strict, because a load generator that misreads one answer misreads all behind it: one source for
 * the body's length, CR LF only, no folded lines, no coding but chunked. The one leniency: the space
 * after the status may be missing when there is no reason phrase, as other clients allow. */
#include "response.h"
#include "chars.h"
#include "parse.h"

#define PREFIX "HTTP/1."
#define PREFIX_LEN (sizeof PREFIX - 1)

enum state {
    HEAD,
    LENGTH,
    CHUNKED,
    UNTIL_CLOSE,
    END,
    BAD,
};

/* Every step of the head answers this: NULL, or what is wrong. */
typedef const char *fault;

static enum gim_response_event bad(struct gim_response *r, const char *reason)
{
    r->state = BAD;
    r->reason = reason;
    r->keep_alive = false;
    return GIM_RESPONSE_BAD;
}

static unsigned digit(char c)
{
    return (unsigned char)c - (unsigned)'0';
}

/* HTTP/1.1 200 OK. The prefix has been seen. */
static fault status_line(struct gim_response *r, const char *line, const char *stop)
{
    const char *at = line + PREFIX_LEN;
    unsigned hundreds, tens, ones;

    if (stop - at < 5)
        return "the status line is too short";
    hundreds = digit(at[2]);
    tens = digit(at[3]);
    ones = digit(at[4]);
    if (digit(at[0]) > 9 || at[1] != ' ')
        return "the status line has no version HTTP/1.x and a space";
    if (hundreds > 9 || tens > 9 || ones > 9 || !hundreds)
        return "the status is not three digits from 100 on";
    if (at + 5 < stop && at[5] != ' ')
        return "the status is not followed by a space";
    r->minor = at[0] != '0';
    r->status = (int)(100 * hundreds + 10 * tens + ones);
    return NULL;
}

static fault bad_name(const char *line, const char *at)
{
    bool space = *at == ' ' || *at == '\t';

    if (at > line && space)
        return "there is whitespace between a field name and its colon";
    if (space)
        return "a field line is folded or begins with whitespace";
    if (*at == ':')
        return "a field has no name";
    if (*at == '\r')
        return "a field line has no colon";
    return "a field name holds a character that is not allowed there";
}

static fault transfer_encoding(struct gim_response *r, gim_str value)
{
    if (r->chunked)
        return "there is more than one Transfer-Encoding field";
    r->chunked = true;
    return gim_str_eq_fold(value, GIM_S("chunked")) ? NULL : "the Transfer-Encoding is not chunked";
}

static fault content_length(struct gim_response *r, gim_str value)
{
    if (r->content_length >= 0)
        return "there is more than one Content-Length field";
    return gim_content_length_read(value, &r->content_length) == 0
               ? NULL
               : "the Content-Length is not a number of bytes";
}

static fault connection(struct gim_response *r, gim_str value)
{
    struct gim_connection c = {r->close, r->keep};

    gim_connection_read(&c, value);
    r->close = c.close;
    r->keep = c.keep;
    return NULL;
}

static fault field_line(struct gim_response *r, const char *line, const char *stop)
{
    const char *at = line;
    gim_str value;

    while (gim_char_is(*at, GIM_CHAR_TOKEN)) /* the CR at `stop` is none */
        at++;
    if (*at != ':' || at == line)
        return bad_name(line, at);
    value = (gim_str){at + 1, (size_t)(stop - at - 1)};
    switch (gim_field_id_of(line, (size_t)(at - line))) {
    case GIM_FIELD_CONTENT_LENGTH:
        return content_length(r, gim_str_trim(value));
    case GIM_FIELD_TRANSFER_ENCODING:
        return transfer_encoding(r, gim_str_trim(value));
    case GIM_FIELD_CONNECTION:
        return connection(r, gim_str_trim(value));
    default:
        return NULL;
    }
}

/* The head is complete: what its fields mean together. */
static fault framing(struct gim_response *r)
{
    if (r->chunked && r->content_length >= 0)
        return "there are both a Content-Length and a Transfer-Encoding";
    if (r->chunked && !r->minor)
        return "an HTTP/1.0 answer cannot have a Transfer-Encoding";
    if (r->status == 101)
        return "the server switched protocols (101) without being asked";
    if (r->status < 200)
        return ++r->interim > GIM_RESPONSE_INTERIM ? "there are too many 1xx answers" : NULL;
    r->no_body = r->head_request || r->status == 204 || r->status == 304;
    r->until_close = !r->no_body && !r->chunked && r->content_length < 0;
    r->keep_alive = !r->close && !r->until_close && (r->minor || r->keep);
    return NULL;
}

static enum state body_state(struct gim_response *r)
{
    if (r->no_body)
        return END;
    if (r->until_close)
        return UNTIL_CLOSE;
    if (r->chunked) {
        r->chunks = (struct gim_chunks){.any_overhead = true}; /* we chose this server */
        return CHUNKED;
    }
    r->left = (uint64_t)r->content_length;
    return r->left ? LENGTH : END;
}

static void head_reset(struct gim_response *r)
{
    r->content_length = -1;
    r->chunked = r->close = r->keep = false;
    r->line = r->seen = 0;
}

/* Also of an interim head, whose status is below 200. */
static enum gim_response_event head_done(struct gim_response *r, gim_str *in, size_t size)
{
    fault why = framing(r);

    if (why)
        return bad(r, why);
    r->head = (gim_str){in->ptr, size};
    in->ptr += size;
    in->len -= size;
    if (r->status < 200)
        head_reset(r);
    else
        r->state = (uint8_t)body_state(r);
    return GIM_RESPONSE_HEAD;
}

/* The CR LF at or after `at`, up to which there is but text. NULL: there is none yet, and it is to
 * be looked for from `seen` on; or there will be none, and r->reason says why. */
static const char *line_end(struct gim_response *r, const char *base, const char *at,
                            const char *end)
{
    at = gim_scan_text(at, end);
    if (end - at >= 2 && at[0] == '\r' && at[1] == '\n')
        return at;
    r->seen = (uint32_t)(at - base);
    if (at == end || (*at == '\r' && at + 1 == end))
        return NULL;
    r->reason = *at == '\n'   ? "a line of the head ends in LF alone, not in CR LF"
                : *at == '\r' ? "there is a CR without LF in the head"
                              : "there is a control character in the head";
    return NULL;
}

static enum gim_response_event head_event(struct gim_response *r, gim_str *in)
{
    size_t size = in->len < GIM_RESPONSE_HEAD_MAX ? in->len : GIM_RESPONSE_HEAD_MAX;
    const char *base = in->ptr, *end = base + size, *line = base + r->line, *stop;

    if (!r->line && memcmp(base, PREFIX, size < PREFIX_LEN ? size : PREFIX_LEN) != 0)
        return bad(r, "the answer does not begin with HTTP/1.");
    stop = line_end(r, base, base + r->seen, end);
    for (; stop; stop = line_end(r, base, line, end)) {
        fault why;

        if (stop == line)
            return head_done(r, in, (size_t)(stop + 2 - base));
        why = line == base ? status_line(r, line, stop) : field_line(r, line, stop);
        if (why)
            return bad(r, why);
        line = stop + 2;
    }
    if (r->reason)
        return bad(r, r->reason);
    if (in->len >= GIM_RESPONSE_HEAD_MAX)
        return bad(r, "the head is longer than 64 KiB");
    r->line = (uint32_t)(line - base);
    return GIM_RESPONSE_MORE;
}

/* Content up to the end of the input or of what is left. */
static enum gim_response_event data_event(struct gim_response *r, gim_str *in)
{
    size_t n = r->state == UNTIL_CLOSE || in->len < r->left ? in->len : (size_t)r->left;

    r->data = (gim_str){in->ptr, n};
    in->ptr += n;
    in->len -= n;
    r->body_bytes += n;
    if (r->state == LENGTH && !(r->left -= n))
        r->state = END;
    return GIM_RESPONSE_DATA;
}

static enum gim_response_event chunked_event(struct gim_response *r, gim_str *in)
{
    const char *why;

    switch (gim_chunks_next(&r->chunks, in, &r->data, &why)) {
    case GIM_CHUNKS_DATA:
        r->body_bytes += r->data.len;
        return GIM_RESPONSE_DATA;
    case GIM_CHUNKS_END:
        r->state = END;
        return GIM_RESPONSE_END;
    case GIM_CHUNKS_BAD:
        return bad(r, why);
    case GIM_CHUNKS_TRAILER:
        return bad(r, "the trailer section is longer than 8 KiB");
    default:
        return GIM_RESPONSE_MORE;
    }
}

void gim_response_start(struct gim_response *r, bool head_request)
{
    *r = (struct gim_response){.content_length = -1, .head_request = head_request};
}

enum gim_response_event gim_response_next(struct gim_response *r, gim_str *in)
{
    enum gim_response_event event;

    if (r->state >= END)
        return r->state == END ? GIM_RESPONSE_END : GIM_RESPONSE_BAD;
    do {
        if (!in->len)
            return GIM_RESPONSE_MORE;
        if (r->state == CHUNKED)
            return chunked_event(r, in);
        if (r->state != HEAD)
            return data_event(r, in);
        event = head_event(r, in);
    } while (event == GIM_RESPONSE_HEAD && r->status < 200);
    return event;
}

enum gim_response_event gim_response_eof(struct gim_response *r)
{
    switch (r->state) {
    case HEAD:
        return bad(r, gim_response_begun(r) ? "the connection closed inside the head"
                                            : "the connection closed before an answer");
    case LENGTH:
        return bad(r, "the connection closed before the end of the body");
    case CHUNKED:
        return bad(r, "the connection closed before the last chunk");
    case UNTIL_CLOSE:
        r->state = END;
        return GIM_RESPONSE_END;
    default:
        return r->state == END ? GIM_RESPONSE_END : GIM_RESPONSE_BAD;
    }
}

bool gim_response_begun(const struct gim_response *r)
{
    return r->state != HEAD || r->seen || r->interim;
}

gim_str gim_response_field(gim_str head, gim_str name)
{
    gim_str none = {0};

    gim_str_cut(&head, '\n'); /* the status line */
    while (head.len) {
        gim_str value = gim_str_cut(&head, '\n');
        gim_str field = gim_str_cut(&value, ':');

        if (value.len && gim_str_eq_fold(field, name))
            return gim_str_trim((gim_str){value.ptr, value.len - 1}); /* without its CR */
    }
    return none;
}
