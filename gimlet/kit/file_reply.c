/* file_reply.c: one open file, answered (RFC 9110 §13, §14).
 *
 * The descriptor is the version: what its fstat said makes the ETag, and what is sent comes from it,
 * whatever is renamed over the name meanwhile. A reply is a stream of known length over a list of
 * parts. The whole file is the list of one part; several parts stand between the delimiters of a
 * multipart/byteranges body, whose length is counted beforehand. What is small is read: it leaves in
 * one packet with the head. The rest the kernel sends by itself, a bounded piece each time the source
 * is asked, so that one fast client does not keep the loop. */
#include "file_reply.h"
#include "../http/range.h"
#include "../rest/ctx.h"
#include "../wire/exchange.h"
#include <gimlet/stream.h>
#include <sys/random.h>

#define COPIED 16384      /* a part's rest of this size or less is copied */
#define PIECE (256 << 10) /* bytes that the kernel sends at most until the source is asked again */
#define BOUNDARY 32
#define SECOND 1000000000

/* A body under way. */
struct body {
    int fd;
    int64_t size; /* of the file */
    gim_str media_type;
    bool multipart;
    char boundary[BOUNDARY];
    unsigned at;  /* the part being sent */
    int64_t done; /* bytes of it that are */
    unsigned n;
    struct gim_range parts[];
};

/* ---- the bytes ------------------------------------------------------------------------------- */

/* What stands before a part; behind the last one with `part` NULL. */
static gim_str delimiter(const struct body *b, const struct gim_range *part, bool first,
                         struct gim_arena *a)
{
    char range[GIM_CONTENT_RANGE_MAX];
    size_t n;

    if (!part)
        return gim_printf(a, "\r\n--%.*s--\r\n", BOUNDARY, b->boundary);
    n = gim_content_range_write(range, part, b->size);
    return gim_printf(a, "%s--%.*s\r\nContent-Type: %.*s\r\nContent-Range: %.*s\r\n\r\n",
                      first ? "" : "\r\n", BOUNDARY, b->boundary, GIM_FMT(b->media_type), (int)n,
                      range);
}

/* All `len` bytes from `at`? Fewer are there when the file was cut short. */
static bool read_all(int fd, int64_t at, char *to, size_t len)
{
    for (size_t have = 0; have < len;) {
        ptrdiff_t n = gim_file_read(fd, at + (int64_t)have, to + have, len - have);

        if (n <= 0)
            return false;
        have += (size_t)n;
    }
    return true;
}

static bool copy(struct gim_out *out, int fd, int64_t at, size_t len)
{
    char *to = gim_buf_reserve(out->buf, len);

    if (!to || !read_all(fd, at, to, len))
        return false;
    out->buf->len += len;
    return true;
}

static enum gim_pull pull(struct gim_ctx *c, struct gim_out *out, void *arg)
{
    struct body *b = arg;
    const struct gim_range *part = &b->parts[b->at];
    int64_t at, len;

    if (b->at == b->n) {
        gim_out_bytes(out, delimiter(b, NULL, false, gim_arena(c)));
        return GIM_PULL_END;
    }
    if (b->multipart && !b->done)
        gim_out_bytes(out, delimiter(b, part, b->at == 0, gim_arena(c)));
    at = part->first + b->done;
    len = part->len - b->done;
    if (len > COPIED) {
        len = len < PIECE ? len : PIECE;
        gim_out_file(out, b->fd, at, len);
    } else if (!copy(out, b->fd, at, (size_t)len)) {
        return GIM_PULL_FAIL;
    }
    b->done += len;
    if (b->done == part->len) {
        b->done = 0;
        b->at++;
    }
    return b->at == b->n && !b->multipart ? GIM_PULL_END : GIM_PULL_MORE;
}

/* ---- the reply ------------------------------------------------------------------------------- */

static void close_file(void *arg)
{
    gim_file_close(((const struct body *)arg)->fd);
}

static struct body *new_body(struct gim_ctx *c, const struct gim_file_reply *r)
{
    struct body *b = gim_alloc(gim_arena(c), sizeof *b + sizeof b->parts[0]);

    *b = (struct body){.fd = r->file.fd, .size = r->file.size, .media_type = r->media_type, .n = 1};
    b->parts[0] = (struct gim_range){0, r->file.size};
    gim_defer(c, close_file, b);
    return b;
}

static int send_parts(struct gim_ctx *c, const struct body *b, const struct gim_ranges *ranges)
{
    static const char hex[] = "0123456789abcdef";
    size_t size = ranges->n * sizeof ranges->items[0];
    struct body *m = gim_alloc(gim_arena(c), sizeof *m + size);
    unsigned char random[BOUNDARY] = {0};
    int64_t length;

    *m = *b;
    m->multipart = true;
    m->n = ranges->n;
    memcpy(m->parts, ranges->items, size);
    (void)!getrandom(random, sizeof random, GRND_NONBLOCK);
    for (size_t i = 0; i < BOUNDARY; i++)
        m->boundary[i] = hex[random[i] & 15];
    length = (int64_t)delimiter(m, NULL, false, gim_arena(c)).len;
    for (unsigned i = 0; i < m->n; i++)
        length += (int64_t)delimiter(m, &m->parts[i], i == 0, gim_arena(c)).len + m->parts[i].len;
    return gim_stream(
        c, 206,
        gim_printf(gim_arena(c), "multipart/byteranges; boundary=%.*s", BOUNDARY, m->boundary),
        length, pull, m);
}

/* One part of the file, perhaps all. A small one that cannot be read is left to the stream, whose
 * failure the client sees; and so is any in a route without .streams, which is the same mistake
 * whatever the size. */
static int send_one(struct gim_ctx *c, int status, struct body *b, const struct gim_range *part)
{
    char *bytes;

    b->parts[0] = *part;
    if (part->len <= COPIED && c->x.keep) {
        bytes = gim_alloc_raw(gim_arena(c), (size_t)part->len + 1, 1);
        if (read_all(b->fd, part->first, bytes, (size_t)part->len))
            return gim_bytes(c, status, b->media_type, (gim_str){bytes, (size_t)part->len});
    }
    return gim_stream(c, status, b->media_type, part->len, pull, b);
}

static int send_part(struct gim_ctx *c, struct body *b, const struct gim_range *part)
{
    char text[GIM_CONTENT_RANGE_MAX];
    size_t n = gim_content_range_write(text, part, b->size);

    (void)gim_set_header(c, GIM_S("Content-Range"), (gim_str){text, n});
    return send_one(c, 206, b, part);
}

/* The reply is about the request and not the file: what was said of the file is taken back. */
static int about_request(struct gim_ctx *c)
{
    (void)gim_set_header(c, GIM_S("Cache-Control"), (gim_str){0});
    (void)gim_set_header(c, GIM_S("Content-Encoding"), (gim_str){0});
    (void)gim_set_header(c, GIM_S("Content-Disposition"), (gim_str){0});
    return GIM_REPLIED;
}

static int send_beyond(struct gim_ctx *c, int64_t size)
{
    char text[GIM_CONTENT_RANGE_MAX];
    size_t n = gim_content_range_write(text, NULL, size);

    (void)gim_set_header(c, GIM_S("Content-Range"), (gim_str){text, n});
    gim_problem(c, 416, NULL, "none of the ranges lies within the file, which has %lld bytes",
                (long long)size);
    return about_request(c);
}

/* Seconds since the epoch; 0 when it says nothing: a time that has not come yet, or is before 1970. */
static int64_t modified(const struct gim_file *f, int64_t now)
{
    int64_t seconds = f->modified_ns / SECOND;

    return seconds > 0 && seconds <= now ? seconds : 0;
}

int gim_file_reply(struct gim_ctx *c, const struct gim_file_reply *r)
{
    const struct gim_file *f = &r->file;
    int64_t now = gim_now().us / 1000000;
    struct gim_validators v = {.modified = modified(f, now)};
    struct body *b = new_body(c, r);
    struct gim_ranges ranges;

    v.etag = gim_printf(gim_arena(c), "%llx-%llx-%llx", (unsigned long long)f->size,
                        (unsigned long long)f->modified_ns, (unsigned long long)f->inode);
    if (r->cache_control)
        (void)gim_set_header(c, GIM_S("Cache-Control"), gim_str_of(r->cache_control));
    if (gim_preconditions(c, v.etag, (gim_time){v.modified * 1000000}))
        return gim_status(c) == 304 ? GIM_REPLIED : about_request(c);
    if (r->coding.len)
        (void)gim_set_header(c, GIM_S("Content-Encoding"), r->coding);
    (void)gim_set_header(c, GIM_S("X-Content-Type-Options"), GIM_S("nosniff"));
    (void)gim_set_header(c, GIM_S("Accept-Ranges"), GIM_S("bytes"));
    switch (gim_ranges_of(&ranges, &c->x.head, &v, f->size, now)) {
    case GIM_RANGES_BEYOND:
        return send_beyond(c, f->size);
    case GIM_RANGES_SOME:
        return ranges.n > 1 ? send_parts(c, b, &ranges) : send_part(c, b, &ranges.items[0]);
    default:
        return send_one(c, 200, b, &(struct gim_range){0, f->size});
    }
}
