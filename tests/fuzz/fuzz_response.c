/* fuzz_response.c: whatever the bytes, a client reads the same however they are cut into reads.
 *
 * The first byte of the input chooses the cuts (its top bit: the request was a HEAD), the rest is
 * what a server sends before it closes. It is fed whole, then in pieces, unused bytes kept and
 * passed again as a client does; both transcripts must be equal. Every piece is its own heap block,
 * so that ASan sees a byte read too far. */
#include "../../gimlet/http/response.h"
#include "../../gimlet/http/url.h"
#include "pieces.h"

/* Where a redirect leads may be asked: nothing in it may end a request line or begin a field. */
static void follow(gim_str location)
{
    const struct gim_url base = {.authority = GIM_S("a:1"), .target = GIM_S("/b/c?d"), .tls = true};
    struct gim_buf joined = {0};
    struct gim_url u;

    gim_url_join(&joined, &base, location);
    if (!gim_url_parse(gim_buf_view(&joined), &u)) {
        gim_str text = {u.authority.ptr, u.authority.len + u.target.len};

        if (!u.host.len || u.port < 1 || u.port > 65535)
            abort();
        for (size_t i = 0; i < text.len; i++) {
            if ((unsigned char)text.ptr[i] <= ' ' || text.ptr[i] == 0x7f || text.ptr[i] == '#')
                abort();
        }
    }
    gim_buf_free(&joined);
}

static void say_head(struct gim_buf *out, const struct gim_response *r)
{
    gim_str location = gim_response_field(r->head, GIM_S("location"));

    if (r->status < 200 || r->status > 999 || (r->until_close && (r->no_body || r->chunked)))
        abort();
    gim_buf_printf(out, "\nHEAD %d %lld %d %d %d %d:", r->status, (long long)r->content_length,
                   r->keep_alive, r->chunked, r->until_close, r->no_body);
    gim_buf_str(out, r->head);
    gim_buf_str(out, location);
    follow(location);
}

static void say(struct gim_buf *out, const struct gim_response *r, enum gim_response_event event)
{
    switch (event) {
    case GIM_RESPONSE_HEAD:
        say_head(out, r);
        break;
    case GIM_RESPONSE_DATA:
        if (!r->data.len || r->no_body)
            abort();
        gim_buf_str(out, r->data);
        break;
    case GIM_RESPONSE_END:
        gim_buf_printf(out, "\nEND %llu %d", (unsigned long long)r->body_bytes, r->keep_alive);
        break;
    case GIM_RESPONSE_BAD:
        gim_buf_printf(out, "\nBAD %s", r->reason);
        break;
    default:
        break;
    }
}

/* Feeds one piece; returns how many bytes at its end were left, or -1 when no more are read. */
static ptrdiff_t feed(struct gim_response *r, const uint8_t *bytes, size_t n, struct gim_buf *out)
{
    char *copy = fuzz_copy(bytes, n);
    gim_str in = {copy, n};
    enum gim_response_event event;

    do {
        event = gim_response_next(r, &in);
        say(out, r, event);
        if (event == GIM_RESPONSE_END)
            gim_response_start(r, false);
    } while (event != GIM_RESPONSE_MORE && event != GIM_RESPONSE_BAD);
    free(copy);
    return event == GIM_RESPONSE_BAD ? -1 : (ptrdiff_t)in.len;
}

/* Pieces of 1 to `most` bytes, by a small generator; 0: all at once. */
static void play(const uint8_t *data, size_t size, unsigned seed, size_t most, struct gim_buf *out)
{
    struct gim_response r;
    size_t at = 0, end = 0;

    gim_response_start(&r, data[-1] >= 128);
    while (end < size) {
        ptrdiff_t left;

        end += fuzz_piece(&seed, most, size - end);
        left = feed(&r, data + at, end - at, out);
        if (left < 0)
            return;
        at = end - (size_t)left;
    }
    say(out, &r, gim_response_eof(&r));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size)
        fuzz_cut(play, data + 1, size - 1, data[0], data[0]);
    return 0;
}
