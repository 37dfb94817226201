/* problem.c: an error as a JSON object that names everything a client must know to mend it.
 *
 * Written member by member: this is the one reply whose shape depends on what went wrong. Details
 * quote what clients sent, so their bytes are made UTF-8 first; anything less would be answering
 * broken JSON with broken JSON. */
#include "problem.h"
#include "../http/status.h"
#include "../json/utf8.h"
#include "../json/writer.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

static void put_mended(struct gim_buf *b, gim_str s)
{
    struct gim_buf mended = {0};
    const char *end = s.ptr + s.len;

    for (const char *at = s.ptr; at < end;) {
        unsigned n = gim_utf8_size(at, end);

        if (n)
            gim_buf_add(&mended, at, n);
        else
            gim_buf_lit(&mended, REPLACEMENT);
        at += n ? n : 1;
    }
    gim_json_put_str(b, gim_buf_view(&mended));
    gim_buf_free(&mended);
}

static void put_text(struct gim_buf *b, gim_str s)
{
    if (gim_utf8_valid(s))
        gim_json_put_str(b, s);
    else
        put_mended(b, s);
}

/* `,"name":"text"`; nothing when the text is absent. */
static void put_member(struct gim_buf *b, const char *name, gim_str text)
{
    if (!text.ptr)
        return;
    gim_buf_printf(b, ",\"%s\":", name);
    put_text(b, text);
}

static void put_type(struct gim_buf *b, const char *slug)
{
    gim_buf_lit(b, "\"type\":");
    if (!slug) {
        gim_buf_lit(b, "\"about:blank\"");
        return;
    }
    gim_buf_lit(b, "\"/problems/");
    gim_buf_str(b, gim_str_of(slug));
    gim_buf_char(b, '"');
}

static void put_fault(struct gim_buf *b, const struct gim_fault *f)
{
    if (f->pointer.ptr) {
        gim_buf_lit(b, "{\"pointer\":");
        put_text(b, f->pointer);
    } else {
        gim_buf_lit(b, "{\"parameter\":");
        put_text(b, f->param);
    }
    put_member(b, "code", gim_str_of(f->code));
    put_member(b, "detail", f->detail);
    gim_buf_char(b, '}');
}

static void put_faults(struct gim_buf *b, const struct gim_faults *faults)
{
    const char *between = ",\"errors\":[";

    for (const struct gim_fault *f = faults->first; f; f = f->next) {
        gim_buf_str(b, gim_str_of(between));
        put_fault(b, f);
        between = ",";
    }
    if (faults->first)
        gim_buf_char(b, ']');
    if (faults->total > faults->kept)
        gim_buf_printf(b, ",\"errors_total\":%u", (unsigned)faults->total);
}

void gim_problem_write(struct gim_buf *b, int status, const char *slug, gim_str detail,
                       struct gim_problem_of of, const struct gim_faults *faults,
                       const struct gim_json_error *where)
{
    gim_buf_char(b, '{');
    put_type(b, slug);
    put_member(b, "title", gim_status_phrase(status));
    gim_buf_printf(b, ",\"status\":%d", status);
    put_member(b, "detail", detail);
    put_member(b, "instance", of.id);
    put_member(b, "trace_id", of.trace);
    if (faults)
        put_faults(b, faults);
    if (where)
        gim_buf_printf(b, ",\"offset\":%zu,\"line\":%u,\"column\":%u", where->offset,
                       (unsigned)where->line, (unsigned)where->column);
    gim_buf_char(b, '}');
}
