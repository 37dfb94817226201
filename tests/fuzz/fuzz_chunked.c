/* fuzz_chunked.c: the chunked coding by itself, where fuzz_http would seldom come far into it.
 *
 * The first byte chooses the cuts, the second what the rest is. Either it is the coding as a client
 * sends it: read whole and in pieces it says the same. Or it is made into one: each byte pair is a chunk,
 * how long and in what dress (leading zeros, an extension), and the content that comes out must be
 * the content that went in, with the input used to its last byte and no further. */
#include "../../gimlet/http/chunks.h"
#include "pieces.h"

static bool say(struct gim_buf *out, enum gim_chunks_event event, gim_str data, const char *why)
{
    switch (event) {
    case GIM_CHUNKS_DATA:
        must(data.len);
        gim_buf_str(out, data);
        return true;
    case GIM_CHUNKS_END:
        gim_buf_lit(out, "\nEND");
        return false;
    case GIM_CHUNKS_BAD:
        must(why && *why);
        gim_buf_printf(out, "\nBAD %s", why);
        return false;
    default:
        gim_buf_lit(out, "\nTRAILER");
        return false;
    }
}

/* What stands behind the end is told too: it is the next request. */
static void play(const uint8_t *data, size_t size, unsigned seed, size_t most, struct gim_buf *out)
{
    struct gim_chunks s = {0};
    bool more = true;

    for (size_t at = 0, n; more && at < size; at += n) {
        char *copy;
        gim_str in, piece;
        const char *why = NULL;
        enum gim_chunks_event event;

        n = fuzz_piece(&seed, most, size - at);
        copy = fuzz_copy(data + at, n);
        in = (gim_str){copy, n};
        while (more && (event = gim_chunks_next(&s, &in, &piece, &why)) != GIM_CHUNKS_MORE) {
            more = say(out, event, piece, why);
            if (event == GIM_CHUNKS_END)
                gim_buf_printf(out, " %zu", size - at - n + in.len);
        }
        must(!more || !in.len);
        free(copy);
    }
}

/* Chunks of the pairs (size, dress) in `data`; the content is what lies in `data`, from its beginning. */
static void make(const uint8_t *data, size_t size, struct gim_buf *coded, struct gim_buf *content)
{
    static const struct {
        const char *front, *behind;
    } shapes[] = {{"", ""},    {"0", ""},  {"0000", ""}, {"", ";a=\"b\\\"c\""},
                  {"", " ;x"}, {"00", ";"}};

    for (size_t i = 0; i + 1 < size && content->len < 60000; i += 2) {
        size_t n = data[i] < size ? data[i] : size;

        if (!n)
            continue;
        gim_buf_printf(coded, "%s%zx%s\r\n", shapes[data[i + 1] % 6].front, n,
                       shapes[data[i + 1] % 6].behind);
        gim_buf_add(coded, (const char *)data, n);
        gim_buf_lit(coded, "\r\n");
        gim_buf_add(content, (const char *)data, n);
    }
    gim_buf_lit(coded, "0\r\nX: y\r\n\r\n");
}

static void try_made(const uint8_t *data, size_t size, unsigned seed)
{
    struct gim_buf coded = {0}, content = {0}, got = {0};

    make(data, size, &coded, &content);
    gim_buf_lit(&content, "\nEND 4");
    gim_buf_lit(&coded, "GET ");
    play((const uint8_t *)coded.ptr, coded.len, seed, 1 + seed % 97, &got);
    if (!memmem(got.ptr, got.len, "\nBAD", 4)) /* more dress than content may be refused */
        must(gim_str_eq(gim_buf_view(&got), gim_buf_view(&content)));
    gim_buf_free(&coded);
    gim_buf_free(&content);
    gim_buf_free(&got);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned how = fuzz_byte(&data, &size), kind = fuzz_byte(&data, &size);

    if (kind & 1)
        try_made(data, size, how);
    else
        fuzz_cut(play, data, size, how, how);
    return 0;
}
