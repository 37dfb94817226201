/* fuzz_websocket.c: whatever the bytes, a WebSocket's reader says the same however they are cut into
 * reads, and what it says keeps its promises: text is UTF-8, limits hold, codes are known.
 *
 * The first byte of the input chooses the cuts, the second whether masks are taken off the input first
 * (so that a fuzzer finds its way into payloads). Every piece is its own heap block. Between pieces the
 * reader's buffer is taken away unless a message is under way. */
#include "../../gimlet/http/websocket.h"
#include "pieces.h"

#define MESSAGE 700
#define FRAME 600

static void promise(bool holds)
{
    if (!holds)
        abort();
}

/* False when nothing may be fed any more. */
static bool say(struct gim_buf *out, const struct gim_ws_reader *r, enum gim_ws_event event,
                gim_str data)
{
    gim_buf_printf(out, "\n%d %u %zu ", event, event == GIM_WS_BAD ? r->code : r->opcode,
                   event == GIM_WS_BAD ? 0 : data.len);
    if (event == GIM_WS_BAD) {
        promise(r->why && (r->code == 1002 || r->code == 1007 || r->code == 1009));
        return false;
    }
    gim_buf_str(out, data);
    if (event == GIM_WS_MESSAGE) {
        promise(r->kind == GIM_WS_TEXT || r->kind == GIM_WS_BINARY);
        promise(data.len <= MESSAGE && (r->kind == GIM_WS_BINARY || gim_ws_text_ok(data)));
        return true;
    }
    promise(data.len <= GIM_WS_CONTROL_MAX);
    if (r->opcode != GIM_WS_CLOSE)
        return true;
    promise((r->code == GIM_WS_NO_CODE || gim_ws_code_ok(r->code)) && gim_ws_text_ok(data));
    return false;
}

static bool feed(struct gim_ws_reader *r, const uint8_t *bytes, size_t n, struct gim_buf *out)
{
    char *copy = fuzz_copy(bytes, n);
    gim_str in = {copy, n}, data;
    enum gim_ws_event event = GIM_WS_MORE;
    bool more = true;

    while (more && (event = gim_ws_next(r, &in, &data)) != GIM_WS_MORE)
        more = say(out, r, event, data);
    promise(!more || in.len == 0);
    free(copy);
    if (!gim_ws_is_partial(r) || !r->message.len)
        gim_buf_free(&r->message);
    return more;
}

static void play(const uint8_t *data, size_t size, unsigned seed, size_t most, struct gim_buf *out)
{
    struct gim_ws_reader r = {.max_message = MESSAGE, .max_frame = FRAME};
    bool more = true;

    for (size_t at = 0, n; more && at < size; at += n) {
        n = fuzz_piece(&seed, most, size - at);
        more = feed(&r, data + at, n, out);
    }
    gim_buf_free(&r.message);
}

/* Rewrites plain frames, "opcode length payload", as masked ones with a mask that does nothing: then
 * a payload is what the fuzzer wrote. */
static void with_masks(const uint8_t *data, size_t size, struct gim_buf *out)
{
    size_t at = 0;

    while (size - at >= 2) {
        size_t n = data[at + 1] & 0x7F;

        if (n > 125)
            n = 125;
        if (n > size - at - 2)
            n = size - at - 2;
        gim_buf_char(out, (char)data[at]);
        gim_buf_char(out, (char)(0x80 | n));
        gim_buf_add(out, "\0\0\0\0", 4);
        gim_buf_add(out, (const char *)data + at + 2, n);
        at += 2 + n;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gim_buf masked = {0};
    const uint8_t *in = data + 2;
    size_t n = size - 2;

    if (size < 3)
        return 0;
    if (data[1] & 1) {
        with_masks(in, n, &masked);
        in = (const uint8_t *)masked.ptr;
        n = masked.len;
    }
    fuzz_cut(play, in, n, data[0], data[0]);
    gim_buf_free(&masked);
    return 0;
}
