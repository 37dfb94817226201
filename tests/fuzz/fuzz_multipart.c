/* fuzz_multipart.c: whatever the bytes, the parser says the same however they are cut into reads.
 *
 * The first byte chooses the cuts and the boundary, the rest is the body. Whole, then in pieces, each
 * its own heap block so that ASan sees a byte read too far; both transcripts must be equal, and no
 * text of a part may hold the delimiter. */
#include "../../gimlet/http/multipart.h"
#include "pieces.h"

/* The delimiters of the two types below. */
static const struct {
    const char *type, *delimiter;
} kinds[] = {
    {"multipart/form-data; boundary=b", "\r\n--b"},
    {"multipart/form-data; boundary=\"----x y\"", "\r\n------x y"},
};

struct told {
    struct gim_buf *all; /* the transcript */
    struct gim_buf text; /* of the present part */
    const char *delimiter;
};

static void say_part(struct told *t, const struct gim_multipart_part *p)
{
    t->text.len = 0;
    if (!p->name.ptr || p->name.len > GIM_MULTIPART_NAME || !p->media_type.len)
        abort();
    gim_buf_printf(t->all, "\nPART %zu %d %zu %zu:", p->name.len, p->filename.ptr != NULL,
                   p->filename.len, p->media_type.len);
    gim_buf_str(t->all, p->name);
    gim_buf_str(t->all, p->filename);
    gim_buf_str(t->all, p->media_type);
    gim_buf_char(t->all, '\n');
}

static void say(struct told *t, const struct gim_multipart *m, enum gim_multipart_event e)
{
    switch (e) {
    case GIM_MULTIPART_PART:
        say_part(t, &m->part);
        break;
    case GIM_MULTIPART_DATA:
        if (!m->data.len)
            abort();
        gim_buf_str(t->all, m->data);
        gim_buf_str(&t->text, m->data);
        break;
    case GIM_MULTIPART_END:
        gim_buf_lit(t->all, "\nEND");
        if (t->text.len && memmem(t->text.ptr, t->text.len, t->delimiter, strlen(t->delimiter)))
            abort();
        break;
    default:
        gim_buf_printf(t->all, "\n%d %s", m->why.status, m->why.detail);
        break;
    }
}

/* One piece from its own block. False after a refusal. */
static bool feed(struct gim_multipart *m, const uint8_t *bytes, size_t n, struct told *t)
{
    char *copy = fuzz_copy(bytes, n);
    gim_str in = {copy, n};
    enum gim_multipart_event e;

    while ((e = gim_multipart_next(m, &in)) != GIM_MULTIPART_MORE) {
        say(t, m, e);
        if (e == GIM_MULTIPART_REFUSED)
            break;
    }
    free(copy);
    return e != GIM_MULTIPART_REFUSED;
}

/* Pieces of 1 to `most` bytes, by a small generator; 0: all at once. */
static void play(const uint8_t *data, size_t size, unsigned seed, size_t most, struct gim_buf *out)
{
    struct told t = {.all = out, .delimiter = kinds[seed & 1].delimiter};
    struct gim_multipart m;
    size_t at = 0, end = 0;

    if (gim_multipart_begin(&m, gim_str_of(kinds[seed & 1].type)))
        abort();
    m.max_parts = 20;
    for (unsigned r = seed; at < size; at = end) {
        end += fuzz_piece(&r, most, size - end);
        if (!feed(&m, data + at, end - at, &t))
            break;
    }
    gim_buf_printf(out, "\n%s", gim_multipart_complete(&m) ? "COMPLETE" : "CUT");
    gim_buf_free(&t.text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gim_multipart other;

    if (!size)
        return 0;
    (void)!gim_multipart_begin(&other, (gim_str){(const char *)data, size});
    fuzz_cut(play, data + 1, size - 1, data[0], data[0] >> 1);
    return 0;
}
