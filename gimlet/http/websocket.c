/* websocket.c: frames (RFC 6455 §5.2) as a machine that knows two places: in a frame's head, or in
 * its payload.
 *
 * A head is collected byte by byte, since it may be cut anywhere, and is looked at twice: its first
 * two bytes as soon as they are there, the whole when it is. Payloads are moved in slices: the mask
 * is taken off while a slice is copied, eight bytes a step, and text is checked right behind it,
 * while the bytes are still in the cache. A control frame may stand between the frames of a message,
 * so its few bytes have a place of their own. */
#include "websocket.h"

#define FIN 0x80u
#define RESERVED 0x70u
#define OPCODE 0x0Fu
#define MASKED 0x80u
#define LENGTH 0x7Fu
#define LENGTH_16 126u
#define LENGTH_64 127u
#define CONTROL 0x08u

/* ---- UTF-8 ----------------------------------------------------------------------------------- */

/* The first byte of a character that is not ASCII. */
static bool utf8_lead(struct gim_ws_utf8 *u, unsigned c)
{
    if (c < 0xC2 || c > 0xF4)
        return false;
    u->need = c < 0xE0 ? 1 : c < 0xF0 ? 2 : 3;
    u->low = c == 0xE0 ? 0xA0 : c == 0xF0 ? 0x90 : 0x80;  /* longer forms than needed */
    u->high = c == 0xED ? 0x9F : c == 0xF4 ? 0x8F : 0xBF; /* surrogates; above U+10FFFF */
    return true;
}

/* Skips ASCII, eight bytes a step. */
static const char *skip_ascii(const char *at, const char *end)
{
    for (; end - at >= 8; at += 8) {
        uint64_t w;

        memcpy(&w, at, 8);
        if (w & UINT64_MAX / 255 * 0x80)
            break;
    }
    while (at < end && (unsigned char)*at < 0x80)
        at++;
    return at;
}

/* False at the first byte that no text can have there. */
static bool utf8_more(struct gim_ws_utf8 *u, gim_str s)
{
    const char *at = s.ptr, *end = s.ptr + s.len;

    while (at < end) {
        unsigned c;

        if (!u->need) {
            at = skip_ascii(at, end);
            if (at == end)
                break;
            if (!utf8_lead(u, (unsigned char)*at++))
                return false;
            continue;
        }
        c = (unsigned char)*at++;
        if (c < u->low || c > u->high)
            return false;
        u->need--;
        u->low = 0x80;
        u->high = 0xBF;
    }
    return true;
}

bool gim_ws_text_ok(gim_str s)
{
    struct gim_ws_utf8 u = {0};

    return !s.len || (utf8_more(&u, s) && !u.need);
}

/* ---- masks ----------------------------------------------------------------------------------- */

/* Copies `n` bytes and takes the mask off. `phase`: where in the mask the first one stands. */
static void unmask(char *to, const char *from, size_t n, const uint8_t mask[4], unsigned phase)
{
    uint8_t turned[8];
    uint64_t key;
    size_t i = 0;

    for (unsigned k = 0; k < 8; k++)
        turned[k] = mask[(phase + k) % 4];
    memcpy(&key, turned, 8);
    for (; n - i >= 8; i += 8) {
        uint64_t w;

        memcpy(&w, from + i, 8);
        w ^= key;
        memcpy(to + i, &w, 8);
    }
    for (; i < n; i++)
        to[i] = (char)(from[i] ^ (char)turned[i % 8]);
}

/* ---- heads ----------------------------------------------------------------------------------- */

static enum gim_ws_event bad(struct gim_ws_reader *r, enum gim_ws_code code, const char *why)
{
    r->code = (uint16_t)code;
    r->why = why;
    return GIM_WS_BAD;
}

/* What is wrong with the first two bytes of a head, or NULL. */
static const char *fault_of_start(const struct gim_ws_reader *r)
{
    unsigned first = r->head[0], second = r->head[1];
    unsigned opcode = first & OPCODE;

    if (first & RESERVED)
        return "a reserved bit is set, and no extension was agreed on";
    if ((opcode > GIM_WS_BINARY && opcode < GIM_WS_CLOSE) || opcode > GIM_WS_PONG)
        return "a frame has an opcode that is not defined";
    if (!(second & MASKED))
        return "a frame of a client is not masked";
    if (opcode & CONTROL) {
        if (!(first & FIN))
            return "a control frame is fragmented";
        return (second & LENGTH) > GIM_WS_CONTROL_MAX ? "a control frame is longer than 125 bytes"
                                                      : NULL;
    }
    if (opcode == GIM_WS_CONTINUATION && !r->kind)
        return "a frame goes on with a message that has not begun";
    if (opcode != GIM_WS_CONTINUATION && r->kind)
        return "a message begins inside another";
    return NULL;
}

static unsigned bytes_of_length(unsigned second)
{
    switch (second & LENGTH) {
    case LENGTH_16:
        return 2;
    case LENGTH_64:
        return 8;
    default:
        return 0;
    }
}

static uint64_t big_endian(const uint8_t *p, unsigned n)
{
    uint64_t v = 0;

    for (unsigned i = 0; i < n; i++)
        v = v << 8 | p[i];
    return v;
}

/* The head is whole: begins the payload. BAD, or MORE to go on. */
static enum gim_ws_event begin_payload(struct gim_ws_reader *r)
{
    unsigned n = bytes_of_length(r->head[1]);
    uint64_t len = n ? big_endian(r->head + 2, n) : r->head[1] & LENGTH;
    uint64_t max = r->max_message ? r->max_message : GIM_BUF_MAX;

    if ((n == 2 && len < LENGTH_16) || (n == 8 && len <= UINT16_MAX))
        return bad(r, GIM_WS_PROTOCOL, "a frame's length is not in its shortest form");
    if (len > INT64_MAX)
        return bad(r, GIM_WS_PROTOCOL, "a frame's length has its highest bit set");
    r->opcode = (uint8_t)(r->head[0] & OPCODE);
    r->fin = r->head[0] & FIN;
    if (!(r->opcode & CONTROL)) {
        if (r->max_frame && len > r->max_frame)
            return bad(r, GIM_WS_TOO_BIG, "a frame is larger than is taken here");
        if (len > max || r->message.len > max - len)
            return bad(r, GIM_WS_TOO_BIG, "a message is larger than is taken here");
        if (r->opcode != GIM_WS_CONTINUATION)
            r->kind = r->opcode;
    }
    memcpy(r->mask, r->head + 2 + n, 4);
    r->left = len;
    r->phase = 0;
    r->have = 0;
    r->n_control = 0;
    r->in_payload = true;
    return GIM_WS_MORE;
}

/* Takes bytes of a head. BAD; or MORE: the payload has begun, or the input has ended. */
static enum gim_ws_event head_bytes(struct gim_ws_reader *r, gim_str *in)
{
    while (in->len) {
        r->head[r->have++] = (uint8_t)*in->ptr++;
        in->len--;
        if (r->have == 2) {
            const char *fault = fault_of_start(r);

            if (fault)
                return bad(r, GIM_WS_PROTOCOL, fault);
        }
        if (r->have >= 2 && r->have == 2 + bytes_of_length(r->head[1]) + 4)
            return begin_payload(r);
    }
    return GIM_WS_MORE;
}

/* ---- payloads -------------------------------------------------------------------------------- */

/* A slice of a data frame's payload joins its message. */
static enum gim_ws_event data_bytes(struct gim_ws_reader *r, gim_str s)
{
    char *to = s.len ? gim_buf_reserve(&r->message, s.len) : NULL;

    if (!s.len)
        return GIM_WS_MORE;
    if (!to)
        return bad(r, GIM_WS_TOO_BIG, "a message is larger than is taken here");
    unmask(to, s.ptr, s.len, r->mask, r->phase);
    r->message.len += s.len;
    if (r->kind == GIM_WS_TEXT && !utf8_more(&r->utf8, (gim_str){to, s.len}))
        return bad(r, GIM_WS_NOT_UTF8, "a text message is not UTF-8");
    return GIM_WS_MORE;
}

/* Takes payload bytes. BAD, or MORE to go on. */
static enum gim_ws_event payload_bytes(struct gim_ws_reader *r, gim_str *in)
{
    gim_str s = {in->ptr, in->len < r->left ? in->len : (size_t)r->left};
    enum gim_ws_event event = GIM_WS_MORE;

    if (r->opcode & CONTROL) {
        unmask(r->control + r->n_control, s.ptr, s.len, r->mask, r->phase);
        r->n_control = (uint8_t)(r->n_control + s.len);
    } else {
        event = data_bytes(r, s);
    }
    in->ptr += s.len;
    in->len -= s.len;
    r->left -= s.len;
    r->phase = (uint8_t)((r->phase + s.len) % 4);
    return event;
}

static enum gim_ws_event end_of_close(struct gim_ws_reader *r, gim_str *data)
{
    r->code = GIM_WS_NO_CODE;
    if (!data->len)
        return GIM_WS_CONTROL;
    if (data->len == 1)
        return bad(r, GIM_WS_PROTOCOL, "a Close has half a code");
    r->code = (uint16_t)big_endian((const uint8_t *)data->ptr, 2);
    data->ptr += 2;
    data->len -= 2;
    if (!gim_ws_code_ok(r->code))
        return bad(r, GIM_WS_PROTOCOL, "a Close has a code that none may have");
    if (!gim_ws_text_ok(*data))
        return bad(r, GIM_WS_NOT_UTF8, "the reason of a Close is not UTF-8");
    return GIM_WS_CONTROL;
}

/* A frame is whole. MORE: its message is not. */
static enum gim_ws_event end_of_frame(struct gim_ws_reader *r, gim_str *data)
{
    r->in_payload = false;
    if (r->opcode & CONTROL) {
        *data = (gim_str){r->control, r->n_control};
        return r->opcode == GIM_WS_CLOSE ? end_of_close(r, data) : GIM_WS_CONTROL;
    }
    if (!r->fin)
        return GIM_WS_MORE;
    if (r->utf8.need)
        return bad(r, GIM_WS_NOT_UTF8, "a text message ends inside a character");
    *data = r->message.len ? gim_buf_view(&r->message) : GIM_S("");
    r->delivered = true;
    return GIM_WS_MESSAGE;
}

enum gim_ws_event gim_ws_next(struct gim_ws_reader *r, gim_str *in, gim_str *data)
{
    enum gim_ws_event event;

    if (r->delivered) {
        r->delivered = false;
        r->kind = 0;
        r->message.len = 0;
    }
    for (;;) {
        event = r->in_payload ? GIM_WS_MORE : head_bytes(r, in);
        if (event != GIM_WS_MORE || !r->in_payload)
            return event;
        event = payload_bytes(r, in);
        if (event != GIM_WS_MORE || r->left)
            return event;
        event = end_of_frame(r, data);
        if (event != GIM_WS_MORE)
            return event;
    }
}

/* ---- writing --------------------------------------------------------------------------------- */

size_t gim_ws_head_write(char out[GIM_WS_HEAD_MAX], enum gim_ws_opcode opcode, bool fin,
                         uint64_t len)
{
    unsigned n = len < LENGTH_16 ? 0 : len <= UINT16_MAX ? 2 : 8;

    out[0] = (char)((fin ? FIN : 0) | opcode);
    out[1] = (char)(n == 0 ? len : n == 2 ? LENGTH_16 : LENGTH_64);
    for (unsigned i = 0; i < n; i++)
        out[2 + i] = (char)(len >> 8 * (n - 1 - i));
    return 2 + n;
}

void gim_ws_frame_write(struct gim_buf *out, enum gim_ws_opcode opcode, gim_str payload)
{
    char *to = gim_buf_reserve(out, GIM_WS_HEAD_MAX + payload.len);

    if (!to)
        return;
    out->len += gim_ws_head_write(to, opcode, true, payload.len);
    gim_buf_str(out, payload);
}

void gim_ws_close_write(struct gim_buf *out, unsigned code, gim_str reason)
{
    char payload[GIM_WS_CONTROL_MAX] = {(char)(code >> 8), (char)code};
    size_t n = reason.len;

    if (code == GIM_WS_NO_CODE) {
        gim_ws_frame_write(out, GIM_WS_CLOSE, (gim_str){0});
        return;
    }
    if (n > GIM_WS_REASON_MAX) {
        n = GIM_WS_REASON_MAX;
        while (n && ((unsigned char)reason.ptr[n] & 0xC0) == 0x80)
            n--;
    }
    if (n)
        memcpy(payload + 2, reason.ptr, n);
    gim_ws_frame_write(out, GIM_WS_CLOSE, (gim_str){payload, n + 2});
}

bool gim_ws_code_ok(unsigned code)
{
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
           (code >= 3000 && code <= 4999);
}
