/* multipart_shown.h: the events of a body as one line of text, however it is cut. */
#ifndef TESTS_MULTIPART_SHOWN_H
#define TESTS_MULTIPART_SHOWN_H

#include "../../../gimlet/base/buf.h"
#include "../../../gimlet/http/multipart.h"
#include "guard.h"

/* "[name|filename|type:data]...", "-" for no filename, then "." when complete, "?" when it is not,
 * "!status" after a refusal. A piece's slices run together. */
static void multipart_show(struct gim_multipart *m, gim_str piece, struct gim_buf *out)
{
    enum gim_multipart_event e;

    while ((e = gim_multipart_next(m, &piece)) != GIM_MULTIPART_MORE) {
        switch (e) {
        case GIM_MULTIPART_PART:
            gim_buf_printf(out, "[%.*s|%.*s|%.*s:", GIM_FMT(m->part.name),
                           m->part.filename.ptr ? (int)m->part.filename.len : 1,
                           m->part.filename.ptr ? m->part.filename.ptr : "-",
                           GIM_FMT(m->part.media_type));
            break;
        case GIM_MULTIPART_DATA:
            gim_buf_str(out, m->data);
            break;
        case GIM_MULTIPART_END:
            gim_buf_char(out, ']');
            break;
        default:
            gim_buf_printf(out, "!%d", m->why.status);
            return;
        }
    }
}

/* Feeds `n` bytes that lie against a guard page. False after a refusal. */
static bool multipart_feed(struct gim_multipart *m, const char *bytes, size_t n,
                           struct gim_buf *out)
{
    char *copy = guard_copy(bytes, n);

    multipart_show(m, (gim_str){copy, n}, out);
    memset(copy, 0xdb, n);
    guard_free(copy, n);
    return !m->why.status;
}

static void multipart_finish(const struct gim_multipart *m, struct gim_buf *out)
{
    if (!m->why.status)
        gim_buf_char(out, gim_multipart_complete(m) ? '.' : '?');
    gim_buf_char(out, '\0');
}

#endif
