/* chunks.c: the chunked coding as a machine of one byte a step (RFC 9112 §7.1).
 *
 * Content is handed out as slices of the input, never copied or looked at. Only the bytes between
 * chunks go through the machine: they are few, and one byte a step cannot depend on where reads
 * were cut. A body may be mostly framing ("1 CRLF x CRLF" a byte), so framing is a debt that
 * content pays off, and a body too deep in debt is refused. Trailers are checked like fields and
 * dropped: nothing that comes after the body may change what the head said. */
#include "chunks.h"
#include "chars.h"

enum state {
    SIZE,
    BWS,
    EXTENSION,
    SIZE_LF,
    DATA,
    DATA_CR,
    DATA_LF,
    TRAILER, /* at the start of a line; this and all below are the trailer section */
    TRAILER_NAME,
    TRAILER_VALUE,
    TRAILER_LF,
    LAST_LF,
    END,
};

/* Every step answers this: NULL, or what is wrong. */
typedef const char *fault;

static fault size_byte(struct gim_chunks *s, char c)
{
    int digit = gim_char_hex(c);

    if (digit >= 0) {
        if (++s->line > GIM_CHUNK_DIGITS)
            return "a chunk size has too many digits";
        s->left = s->left << 4 | (unsigned)digit;
        return s->left > INT64_MAX ? "a chunk size is too large" : NULL;
    }
    if (!s->line)
        return "a chunk does not begin with its size in hex digits";
    s->line = 0;
    if (c == '\r')
        s->state = SIZE_LF;
    else if (c == ';')
        s->state = EXTENSION;
    else if (c == ' ' || c == '\t')
        s->state = BWS;
    else
        return "a chunk size is not followed by CR LF or an extension";
    return NULL;
}

/* Whitespace after a size is legal before an extension only (BWS, RFC 9112 §7.1.1). */
static fault bws_byte(struct gim_chunks *s, char c)
{
    if (++s->line > GIM_CHUNK_EXTENSION)
        return "a chunk extension is too long";
    if (c == ';')
        s->state = EXTENSION;
    else if (c != ' ' && c != '\t')
        return "a chunk size is followed by whitespace";
    return NULL;
}

static fault extension_byte(struct gim_chunks *s, char c)
{
    if (c == '\r')
        s->state = SIZE_LF;
    else if (gim_char_is(c, GIM_CHAR_CTL))
        return "a chunk extension holds a control character";
    else if (++s->line > GIM_CHUNK_EXTENSION)
        return "a chunk extension is too long";
    return NULL;
}

static fault trailer_byte(struct gim_chunks *s, char c)
{
    switch (s->state) {
    case TRAILER:
        s->state = c == '\r' ? LAST_LF : TRAILER_NAME;
        return c == '\r' || gim_char_is(c, GIM_CHAR_TOKEN) ? NULL : "a trailer field has no name";
    case TRAILER_NAME:
        if (c == ':')
            s->state = TRAILER_VALUE;
        else if (!gim_char_is(c, GIM_CHAR_TOKEN))
            return "a trailer field name is not a token followed by a colon";
        return NULL;
    case TRAILER_VALUE:
        if (c == '\r')
            s->state = TRAILER_LF;
        else if (gim_char_is(c, GIM_CHAR_CTL))
            return "a trailer field holds a control character";
        return NULL;
    case TRAILER_LF:
        s->state = TRAILER;
        return c == '\n' ? NULL : "a trailer line does not end in CR LF";
    default: /* LAST_LF */
        s->state = END;
        return c == '\n' ? NULL : "the trailer section does not end in CR LF";
    }
}

static fault framing_byte(struct gim_chunks *s, char c)
{
    switch (s->state) {
    case SIZE:
        return size_byte(s, c);
    case BWS:
        return bws_byte(s, c);
    case EXTENSION:
        return extension_byte(s, c);
    case SIZE_LF:
        s->line = 0;
        s->state = s->left ? DATA : TRAILER;
        return c == '\n' ? NULL : "a chunk size line does not end in CR LF";
    case DATA_CR:
        s->state = DATA_LF;
        return c == '\r' ? NULL : "a chunk is longer than its size says";
    case DATA_LF:
        s->state = SIZE;
        return c == '\n' ? NULL : "a chunk does not end in CR LF";
    default:
        return trailer_byte(s, c);
    }
}

/* Content up to the end of the input or of the chunk. */
static gim_str content(struct gim_chunks *s, gim_str *in)
{
    size_t n = in->len < s->left ? in->len : (size_t)s->left;
    uint64_t paid = (uint64_t)n * GIM_CHUNK_OVERHEAD_PAID;
    gim_str data = {in->ptr, n};

    in->ptr += n;
    in->len -= n;
    s->left -= n;
    s->overhead = paid < s->overhead ? (uint16_t)(s->overhead - paid) : 0;
    if (!s->left)
        s->state = DATA_CR;
    return data;
}

enum gim_chunks_event gim_chunks_next(struct gim_chunks *s, gim_str *in, gim_str *data,
                                      const char **why)
{
    while (in->len) {
        bool trailer = s->state >= TRAILER;

        if (s->state == DATA) {
            *data = content(s, in);
            return GIM_CHUNKS_DATA;
        }
        *why = framing_byte(s, *in->ptr);
        if (*why)
            return GIM_CHUNKS_BAD;
        if (trailer && ++s->trailer > GIM_TRAILER_MAX)
            return GIM_CHUNKS_TRAILER;
        if (!trailer && !s->any_overhead && ++s->overhead > GIM_CHUNK_OVERHEAD) {
            *why = "the chunked body has too much framing for its content";
            return GIM_CHUNKS_BAD;
        }
        in->ptr++;
        in->len--;
        if (s->state == END)
            return GIM_CHUNKS_END;
    }
    return GIM_CHUNKS_MORE;
}
