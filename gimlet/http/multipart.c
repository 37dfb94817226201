/* multipart.c: multipart/form-data as a machine over slices.
 *
 * The delimiter is CR LF "--" boundary, and a boundary holds no CR: so a CR begins a new attempt and
 * nothing else does. Text is searched by memchr for CR; a delimiter that the input cuts is remembered
 * as a number of bytes, and when it turns out to be text, those bytes are given from the delimiter's
 * own copy. So nothing is buffered, nothing is looked at more than twice.
 *
 * Strict where readers differ (that is how a filter in front is fooled): lines end in CR LF; behind a
 * boundary stand blanks and CR LF, or "--"; a head has one Content-Disposition with one name. The
 * one thing ignored is filename*, which RFC 7578 §4.2 forbids. */
#include "multipart.h"
#include "chars.h"
#include "media.h"

enum state {
    PREAMBLE,
    HEAD,
    TEXT,
    DELIMITER,  /* behind "--boundary" */
    DASH,       /* behind "--boundary-" */
    PADDING,    /* blanks behind it (RFC 2046 §5.1.1) */
    LINE_END,   /* behind its CR */
    CLOSED,     /* behind "--boundary--" */
    CLOSED_END, /* behind its CR */
    EPILOGUE,
    DEAD,
};

typedef enum gim_multipart_event step(struct gim_multipart *m, gim_str *in);

static enum gim_multipart_event refuse(struct gim_multipart *m, int status, const char *detail)
{
    m->state = DEAD;
    m->why = (struct gim_refusal){status, detail};
    return GIM_MULTIPART_REFUSED;
}

static void advance(gim_str *in, size_t n)
{
    *in = (gim_str){in->ptr + n, in->len - n};
}

/* ---- the delimiter --------------------------------------------------------------------------- */

/* Where the delimiter stands, or begins and the input ends; in.len: nowhere. */
static size_t find(const struct gim_multipart *m, gim_str in)
{
    const char *end = in.ptr + in.len;
    const char *at = memchr(in.ptr, '\r', in.len);

    for (; at; at = memchr(at + 1, '\r', (size_t)(end - at - 1))) {
        size_t n = (size_t)(end - at);

        if (!memcmp(at, m->delimiter, n < m->delimiter_len ? n : m->delimiter_len))
            return (size_t)(at - in.ptr);
    }
    return in.len;
}

/* True: the delimiter is complete, and `in` begins behind it. Else `piece` is text in front of it; an
 * empty one says nothing. `in` is not empty. */
static bool find_delimiter(struct gim_multipart *m, gim_str *in, gim_str *piece)
{
    size_t n = m->held ? 0 : find(m, *in);

    *piece = (gim_str){in->ptr, n};
    advance(in, n);
    if (n)
        return false;
    n = (size_t)(m->delimiter_len - m->held);
    n = in->len < n ? in->len : n;
    if (memcmp(in->ptr, m->delimiter + m->held, n) != 0) {
        *piece = (gim_str){m->delimiter + m->lent, (size_t)(m->held - m->lent)};
        m->held = m->lent = 0;
        return false;
    }
    advance(in, n);
    m->held = (uint8_t)(m->held + n);
    if (m->held < m->delimiter_len)
        return false;
    m->held = m->lent = 0;
    return true;
}

/* The line in front of what comes next ended: its CR LF may be the delimiter's. */
static void lend_line_end(struct gim_multipart *m)
{
    m->held = m->lent = 2;
}

static enum gim_multipart_event take_outside(struct gim_multipart *m, size_t n)
{
    if (n > GIM_MULTIPART_OUTSIDE - m->outside)
        return refuse(m, 400, "too many bytes stand outside of the parts");
    m->outside += (uint32_t)n;
    return GIM_MULTIPART_MORE;
}

static enum gim_multipart_event step_preamble(struct gim_multipart *m, gim_str *in)
{
    gim_str piece;

    if (find_delimiter(m, in, &piece)) {
        m->state = DELIMITER;
        return GIM_MULTIPART_MORE;
    }
    return take_outside(m, piece.len);
}

static enum gim_multipart_event step_text(struct gim_multipart *m, gim_str *in)
{
    if (find_delimiter(m, in, &m->data)) {
        m->state = DELIMITER;
        return GIM_MULTIPART_END;
    }
    return m->data.len ? GIM_MULTIPART_DATA : GIM_MULTIPART_MORE;
}

static enum gim_multipart_event step_epilogue(struct gim_multipart *m, gim_str *in)
{
    size_t n = in->len;

    advance(in, n);
    return take_outside(m, n);
}

/* ---- the rest of a boundary's line ----------------------------------------------------------- */

/* What a byte leads to: '-', a blank, CR, LF, any other. */
static const uint8_t after[][5] = {
    [DELIMITER] = {DASH, PADDING, LINE_END, DEAD, DEAD},
    [DASH] = {CLOSED, DEAD, DEAD, DEAD, DEAD},
    [PADDING] = {DEAD, PADDING, LINE_END, DEAD, DEAD},
    [LINE_END] = {DEAD, DEAD, DEAD, HEAD, DEAD},
    [CLOSED] = {DEAD, CLOSED, CLOSED_END, DEAD, DEAD},
    [CLOSED_END] = {DEAD, DEAD, DEAD, EPILOGUE, DEAD},
};

static unsigned class_of(char c)
{
    switch (c) {
    case '-':
        return 0;
    case ' ':
    case '\t':
        return 1;
    case '\r':
        return 2;
    case '\n':
        return 3;
    default:
        return 4;
    }
}

static enum gim_multipart_event step_line(struct gim_multipart *m, gim_str *in)
{
    m->state = after[m->state][class_of(*in->ptr)];
    advance(in, 1);
    if (m->state == DEAD)
        return refuse(m, 400, "behind a boundary stands something else than CR LF or --");
    if (m->state != HEAD)
        return GIM_MULTIPART_MORE;
    if (m->max_parts && m->n_parts == m->max_parts)
        return refuse(m, 413, "the form has too many parts");
    m->n_parts++;
    m->head_len = m->line = 0;
    m->part = (struct gim_multipart_part){.media_type = GIM_S("text/plain")};
    return GIM_MULTIPART_MORE;
}

/* ---- heads of parts -------------------------------------------------------------------------- */

/* A value of the head, which is this struct's own to write. */
static gim_str unescaped(const struct gim_parameter *p)
{
    gim_str value = p->value;

    if (p->escaped)
        value.len = gim_unquote((char *)(uintptr_t)value.ptr, value);
    return value;
}

/* Each of these reads one field; NULL, or what is wrong with it. */

static const char *take_disposition(struct gim_multipart *m, gim_str value)
{
    gim_str type = gim_media_cut(&value);
    struct gim_parameter p;
    int more;

    if (!gim_str_eq_fold(type, GIM_S("form-data")))
        return "the Content-Disposition of a part is not form-data";
    while ((more = gim_parameter_next(&value, &p)) > 0) {
        bool name = gim_str_eq_fold(p.name, GIM_S("name"));
        gim_str *to = name ? &m->part.name : &m->part.filename;

        if (!name && !gim_str_eq_fold(p.name, GIM_S("filename")))
            continue;
        if (to->ptr)
            return "the Content-Disposition of a part has a parameter twice";
        *to = unescaped(&p);
    }
    if (more < 0)
        return "the Content-Disposition of a part has a malformed parameter";
    if (!m->part.name.ptr)
        return "a part has no name";
    return m->part.name.len <= GIM_MULTIPART_NAME ? NULL : "a part's name is too long";
}

static const char *take_type(struct gim_multipart *m, gim_str value)
{
    if (value.len)
        m->part.media_type = value;
    return NULL;
}

/* Deprecated by RFC 7578 §4.7; read as what it is not, the data would be other data. */
static const char *take_encoding(struct gim_multipart *m, gim_str value)
{
    (void)m;
    return gim_media_in(GIM_S("7bit, 8bit, binary"), value)
               ? NULL
               : "the Content-Transfer-Encoding of a part is not taken; send it as it is";
}

static const struct {
    const char *name;
    const char *(*take)(struct gim_multipart *m, gim_str value);
} fields[] = {
    {"Content-Disposition", take_disposition},
    {"Content-Type", take_type},
    {"Content-Transfer-Encoding", take_encoding},
};
#define N_FIELDS (sizeof fields / sizeof fields[0])

/* One line without its CR LF. `seen`: a bit for each of the fields. */
static const char *take_line(struct gim_multipart *m, gim_str line, unsigned *seen)
{
    gim_str value = line, name = gim_str_cut(&value, ':');

    if (gim_scan_text(line.ptr, line.ptr + line.len) != line.ptr + line.len)
        return "the head of a part holds a control character";
    if (!value.ptr || !gim_is_token(name))
        return "the head of a part has a line that is no field";
    for (unsigned i = 0; i < N_FIELDS; i++) {
        if (!gim_str_eq_fold(name, gim_str_of(fields[i].name)))
            continue;
        if (*seen & 1u << i)
            return "the head of a part has a field twice";
        *seen |= 1u << i;
        return fields[i].take(m, gim_str_trim(value));
    }
    return NULL;
}

/* The head is complete: `head` holds its lines, each with CR LF. */
static enum gim_multipart_event take_head(struct gim_multipart *m)
{
    gim_str lines = {m->head, m->line};
    const char *wrong = NULL;
    unsigned seen = 0;

    while (lines.len && !wrong) {
        gim_str line = gim_str_cut(&lines, '\n');

        line.len--;
        wrong = take_line(m, line, &seen);
    }
    if (!wrong && !(seen & 1))
        wrong = "a part has no Content-Disposition";
    if (wrong)
        return refuse(m, 400, wrong);
    m->state = TEXT;
    lend_line_end(m);
    return GIM_MULTIPART_PART;
}

static enum gim_multipart_event step_head(struct gim_multipart *m, gim_str *in)
{
    const char *lf = memchr(in->ptr, '\n', in->len);
    size_t n = lf ? (size_t)(lf - in->ptr) + 1 : in->len;

    if (n > (size_t)(GIM_MULTIPART_HEAD - m->head_len))
        return refuse(m, 400, "the head of a part is larger than 4096 bytes");
    memcpy(m->head + m->head_len, in->ptr, n);
    m->head_len = (uint16_t)(m->head_len + n);
    advance(in, n);
    if (!lf)
        return GIM_MULTIPART_MORE;
    if (m->head_len < 2 || m->head[m->head_len - 2] != '\r')
        return refuse(m, 400, "a line in the head of a part does not end in CR LF");
    if (m->head_len - m->line == 2)
        return take_head(m);
    m->line = m->head_len;
    return GIM_MULTIPART_MORE;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static enum gim_multipart_event step_dead(struct gim_multipart *m, gim_str *in)
{
    (void)m;
    (void)in;
    return GIM_MULTIPART_REFUSED;
}

static step *const steps[] = {
    [PREAMBLE] = step_preamble, [HEAD] = step_head,   [TEXT] = step_text,
    [DELIMITER] = step_line,    [DASH] = step_line,   [PADDING] = step_line,
    [LINE_END] = step_line,     [CLOSED] = step_line, [CLOSED_END] = step_line,
    [EPILOGUE] = step_epilogue, [DEAD] = step_dead,
};

/* bchars (RFC 2046 §5.1.1), which do not end in a space. */
static bool is_boundary(gim_str s)
{
    if (!s.len || s.len > GIM_MULTIPART_BOUNDARY || s.ptr[s.len - 1] == ' ')
        return false;
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i], letter = c | 0x20;

        if (!(c >= '0' && c <= '9') && !(letter >= 'a' && letter <= 'z') &&
            (!c || !strchr("'()+_,-./:=? ", c)))
            return false;
    }
    return true;
}

/* The one boundary among the parameters; absent when there is none, or one too many. */
static gim_str boundary_of(gim_str params)
{
    gim_str found = {0};
    struct gim_parameter p;
    int more;

    while ((more = gim_parameter_next(&params, &p)) > 0) {
        if (!gim_str_eq_fold(p.name, GIM_S("boundary")))
            continue;
        if (found.ptr)
            return (gim_str){0};
        found = p.value;
    }
    return more < 0 ? (gim_str){0} : found;
}

int gim_multipart_begin(struct gim_multipart *m, gim_str content_type)
{
    gim_str type = gim_media_cut(&content_type);
    gim_str boundary = boundary_of(content_type);

    m->n_parts = m->outside = m->max_parts = 0;
    m->part = (struct gim_multipart_part){0};
    m->why = (struct gim_refusal){0};
    m->state = PREAMBLE;
    if (!gim_str_eq_fold(type, GIM_S("multipart/form-data")) || !is_boundary(boundary)) {
        (void)refuse(m, 400,
                     "the Content-Type has no boundary; send multipart/form-data; boundary=");
        return -1;
    }
    memcpy(m->delimiter, "\r\n--", 4);
    memcpy(m->delimiter + 4, boundary.ptr, boundary.len);
    m->delimiter_len = (uint8_t)(4 + boundary.len);
    lend_line_end(m);
    return 0;
}

enum gim_multipart_event gim_multipart_next(struct gim_multipart *m, gim_str *in)
{
    while (in->len) {
        enum gim_multipart_event event = steps[m->state](m, in);

        if (event != GIM_MULTIPART_MORE)
            return event;
    }
    return GIM_MULTIPART_MORE;
}

bool gim_multipart_complete(const struct gim_multipart *m)
{
    return m->state == CLOSED || m->state == EPILOGUE;
}
