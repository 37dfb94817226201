/* fields.c: the field lines (RFC 9112 §5), each looked at once.
 *
 * Names go through the token table byte by byte; values are passed over eight bytes a step. A
 * name's length and first letter together leave one candidate among the fields the framework knows,
 * so a field costs one comparison at most. Repeats of a singleton are refused here, where the
 * second one is met: two values of which each side may take another one are how requests are
 * smuggled. */
#include "parse.h"
#include "chars.h"

#define NAME_MAX_KNOWN 19

static const struct known {
    char name[NAME_MAX_KNOWN + 1]; /* lower case */
    char twice[64];                /* the refusal of a repeat; empty: may be repeated */
} known[GIM_FIELD_IDS] = {
    [GIM_FIELD_HOST] = {"host", "there is more than one Host field"},
    [GIM_FIELD_CONTENT_LENGTH] = {"content-length", "there is more than one Content-Length field"},
    [GIM_FIELD_TRANSFER_ENCODING] = {"transfer-encoding",
                                     "there is more than one Transfer-Encoding field"},
    [GIM_FIELD_CONNECTION] = {"connection", ""},
    [GIM_FIELD_EXPECT] = {"expect", ""},
    [GIM_FIELD_CONTENT_TYPE] = {"content-type", "there is more than one Content-Type field"},
    [GIM_FIELD_ACCEPT] = {"accept", ""},
    [GIM_FIELD_AUTHORIZATION] = {"authorization", "there is more than one Authorization field"},
    [GIM_FIELD_IF_MATCH] = {"if-match", "there is more than one If-Match field"},
    [GIM_FIELD_IF_NONE_MATCH] = {"if-none-match", ""},
    [GIM_FIELD_IF_MODIFIED_SINCE] = {"if-modified-since",
                                     "there is more than one If-Modified-Since field"},
    [GIM_FIELD_IF_UNMODIFIED_SINCE] = {"if-unmodified-since",
                                       "there is more than one If-Unmodified-Since field"},
    [GIM_FIELD_X_REQUEST_ID] = {"x-request-id", ""},
    [GIM_FIELD_IDEMPOTENCY_KEY] = {"idempotency-key",
                                   "there is more than one Idempotency-Key field"},
};

static const uint8_t by_length[NAME_MAX_KNOWN + 1][2] = {
    [4] = {GIM_FIELD_HOST},
    [6] = {GIM_FIELD_ACCEPT, GIM_FIELD_EXPECT},
    [8] = {GIM_FIELD_IF_MATCH},
    [10] = {GIM_FIELD_CONNECTION},
    [12] = {GIM_FIELD_CONTENT_TYPE, GIM_FIELD_X_REQUEST_ID},
    [13] = {GIM_FIELD_AUTHORIZATION, GIM_FIELD_IF_NONE_MATCH},
    [14] = {GIM_FIELD_CONTENT_LENGTH},
    [15] = {GIM_FIELD_IDEMPOTENCY_KEY},
    [17] = {GIM_FIELD_TRANSFER_ENCODING, GIM_FIELD_IF_MODIFIED_SINCE},
    [19] = {GIM_FIELD_IF_UNMODIFIED_SINCE},
};

static uint64_t load8(const char *p)
{
    uint64_t w;

    memcpy(&w, p, sizeof w);
    return w;
}

static uint32_t load4(const char *p)
{
    uint32_t w;

    memcpy(&w, p, sizeof w);
    return w;
}

/* Whether a token of `n` bytes (4 at least) is `lower`. Setting bit 5 folds letters; among token
 * bytes no other one becomes a letter or a hyphen by it ('_' becomes DEL, not '-'). */
static bool token_is(const char *token, const char *lower, size_t n)
{
    const uint64_t fold = UINT64_MAX / 255 * 0x20;

    if (n < 8)
        return (load4(token) | (uint32_t)fold) == load4(lower) &&
               (load4(token + n - 4) | (uint32_t)fold) == load4(lower + n - 4);
    for (size_t i = 0; i + 8 < n; i += 8) {
        if ((load8(token + i) | fold) != load8(lower + i))
            return false;
    }
    return (load8(token + n - 8) | fold) == load8(lower + n - 8);
}

static inline unsigned id_of(const char *name, size_t n)
{
    unsigned id;

    if (n > NAME_MAX_KNOWN || !by_length[n][0])
        return GIM_FIELD_OTHER;
    id = by_length[n][0];
    if (known[id].name[0] != (name[0] | 0x20))
        id = by_length[n][1];
    return id && token_is(name, known[id].name, n) ? id : GIM_FIELD_OTHER;
}

static enum gim_step bad_name(struct gim_parse *p, const char *at)
{
    const char *detail = "a field name holds a character that is not allowed there";

    if (at == p->line && (*at == ' ' || *at == '\t'))
        detail = p->head->n_fields ? "a field value is folded over two lines"
                                   : "there is whitespace before the first field";
    else if (at == p->line && *at == ':')
        detail = "a field has no name";
    else if (*at == ' ' || *at == '\t')
        detail = "there is whitespace between a field name and its colon";
    else if (*at == '\r')
        detail = "a field line has no colon";
    return gim_line_refuse(p, 400, detail);
}

/* The line is there and good: from `name` to `colon`, value from `from` to `to`. */
static enum gim_step keep(struct gim_parse *p, const char *colon, const char *from, const char *to)
{
    struct gim_head *h = p->head;
    struct gim_head_field *f = &h->fields[h->n_fields];
    unsigned id = id_of(p->line, (size_t)(colon - p->line));

    f->name = gim_span_of(p, p->line, colon);
    f->value = gim_span_of(p, from, to);
    f->id = (uint8_t)id;
    h->n_fields++;
    if (!id)
        return GIM_STEP_OK;
    if (!h->first[id])
        h->first[id] = h->n_fields;
    else if (known[id].twice[0])
        return gim_refuse(p->why, 400, known[id].twice);
    return GIM_STEP_OK;
}

static enum gim_step field(struct gim_parse *p)
{
    const char *at = p->line, *end = p->end;
    const char *colon, *from, *to;

    while (at < end && gim_char_is(*at, GIM_CHAR_TOKEN))
        at++;
    if (at == end)
        return GIM_STEP_MORE;
    if (*at != ':' || at == p->line)
        return bad_name(p, at);
    if (p->head->n_fields == GIM_HEAD_FIELDS)
        return gim_line_refuse(p, 431, "the head has more fields than this server takes");
    colon = at++;
    while (at < end && (*at == ' ' || *at == '\t'))
        at++;
    from = at;
    at = gim_scan_text(at, end);
    if (end - at < 2 || at[0] != '\r' || at[1] != '\n')
        return gim_line_refuse(p, 400, "a field line does not end in CR LF");
    to = at;
    while (to > from && (to[-1] == ' ' || to[-1] == '\t'))
        to--;
    p->at = at + 2;
    return keep(p, colon, from, to);
}

enum gim_field_id gim_field_id_of(const char *name, size_t len)
{
    return id_of(name, len);
}

enum gim_step gim_fields_parse(struct gim_parse *p)
{
    enum gim_step step = GIM_STEP_OK;

    p->line_end = p->end;
    p->cut = false;
    while (step == GIM_STEP_OK) {
        p->line = p->at;
        if (p->end - p->at >= 2 && p->at[0] == '\r' && p->at[1] == '\n') {
            p->at += 2;
            return GIM_STEP_OK;
        }
        if (p->at == p->end)
            return GIM_STEP_MORE;
        step = field(p);
    }
    return step;
}
