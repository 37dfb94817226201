/* fuzz_http.c: whatever the bytes, a session says the same however they are cut into reads.
 *
 * The first byte of the input chooses the cuts, the rest is what a client sends. It is fed whole,
 * then in pieces, unused bytes kept and passed again as a connection does; both transcripts (heads,
 * bodies, refusals) must be equal. Every piece is its own heap block, so that ASan sees a byte read
 * too far. What a head leads to (paths, queries, dates, conditions) is tried on the way. */
#include "../../gimlet/base/arena.h"
#include "../../gimlet/http/date.h"
#include "../../gimlet/http/etag.h"
#include "../../gimlet/http/session.h"
#include "../../gimlet/http/uri.h"
#include "pieces.h"

static const struct gim_head_limits limits = {.head = 2048, .target = 512};

static void try_parts(const struct gim_head *h)
{
    struct gim_validators now = {GIM_S("v1"), 784111777};
    struct gim_arena a = {0};
    gim_pair *pairs;
    gim_str path;
    int64_t date;

    if (gim_path_decode(gim_head_str(h, h->path), &a, &path) == 0) {
        if (h->path_plain && !gim_str_eq(path, gim_head_str(h, h->path)))
            abort(); /* plain means: already decoded */
    }
    (void)!gim_query_split(gim_head_str(h, h->query), &a, &pairs);
    for (size_t i = 0; i < h->n_fields; i++)
        (void)!gim_http_date_read(gim_head_str(h, h->fields[i].value), &date);
    if (gim_conditions(h, &now) < 0)
        abort();
    gim_arena_reset(&a);
}

static void say(struct gim_buf *out, const struct gim_session *s, enum gim_event event,
                const struct gim_head *h)
{
    switch (event) {
    case GIM_EVENT_HEAD:
        gim_buf_printf(out, "\nHEAD %u %u %d %lld:", h->size, h->n_fields, h->keep_alive,
                       (long long)h->content_length);
        gim_buf_add(out, h->base, h->size);
        break;
    case GIM_EVENT_DATA:
        if (!s->data.len)
            abort();
        gim_buf_str(out, s->data);
        break;
    case GIM_EVENT_END:
        gim_buf_lit(out, "\nEND");
        break;
    case GIM_EVENT_REFUSED:
        gim_buf_printf(out, "\n%d %s", s->why.status, s->why.detail);
        break;
    default:
        break;
    }
}

/* Feeds one piece; returns how many bytes at its end were left, or -1 after a refusal. */
static ptrdiff_t feed(struct gim_session *s, const uint8_t *bytes, size_t n, struct gim_buf *out)
{
    char *copy = fuzz_copy(bytes, n);
    gim_str in = {copy, n};
    enum gim_event event;
    struct gim_head h;

    do {
        event = s->ops->next(s, &in, &h, &limits);
        say(out, s, event, &h);
        if (event == GIM_EVENT_HEAD)
            try_parts(&h);
    } while (event != GIM_EVENT_MORE && event != GIM_EVENT_REFUSED);
    free(copy);
    return event == GIM_EVENT_REFUSED ? -1 : (ptrdiff_t)in.len;
}

/* Pieces of 1 to `most` bytes, by a small generator; 0: all at once. */
static void play(const uint8_t *data, size_t size, unsigned seed, size_t most, struct gim_buf *out)
{
    struct gim_session s = {.ops = &gim_h1_ops};
    size_t at = 0, end = 0;

    while (end < size) {
        ptrdiff_t left;

        end += fuzz_piece(&seed, most, size - end);
        left = feed(&s, data + at, end - at, out);
        if (left < 0)
            return;
        at = end - (size_t)left;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size)
        fuzz_cut(play, data + 1, size - 1, data[0], data[0]);
    return 0;
}
