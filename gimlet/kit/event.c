/* event.c: an event as the lines of text/event-stream (WHATWG HTML §9.2.5).
 *
 * A line ends at LF, CR LF or CR, all three of which a client takes. So text of several lines becomes
 * a field a line, in which no byte can begin a field of its own; what must be one line is cut at its
 * end. The space behind the colon is always there: a client takes one off, and only one. */
#include "event.h"
#include "../json/writer.h"

/* Cuts `*s` at its first line end and returns the line. The rest is absent when there was none. */
static gim_str cut_line(gim_str *s)
{
    gim_str line = *s;

    for (size_t i = 0; i < s->len; i++) {
        bool two = s->ptr[i] == '\r' && i + 1 < s->len && s->ptr[i + 1] == '\n';

        if (s->ptr[i] != '\n' && s->ptr[i] != '\r')
            continue;
        line.len = i;
        i += two ? 2 : 1;
        *s = (gim_str){s->ptr + i, s->len - i};
        return line;
    }
    *s = (gim_str){0};
    return line;
}

static void put_lines(struct gim_buf *b, gim_str name, gim_str text)
{
    while (text.ptr) {
        gim_buf_str(b, name);
        gim_buf_str(b, cut_line(&text));
        gim_buf_char(b, '\n');
    }
}

static void put_line(struct gim_buf *b, gim_str name, gim_str text)
{
    put_lines(b, name, cut_line(&text));
}

/* All but the data, which is the last. */
static void put_head(struct gim_buf *b, const struct gim_sse *e)
{
    if (e->retry > 0) {
        gim_buf_lit(b, "retry: ");
        gim_buf_int(b, e->retry);
        gim_buf_char(b, '\n');
    }
    if (e->event.len)
        put_line(b, GIM_S("event: "), e->event);
    if (e->id.ptr && gim_event_id_ok(e->id))
        put_line(b, GIM_S("id: "), e->id);
}

bool gim_event_id_ok(gim_str id)
{
    for (size_t i = 0; i < id.len; i++) {
        if (id.ptr[i] == '\n' || id.ptr[i] == '\r' || id.ptr[i] == 0)
            return false;
    }
    return true;
}

void gim_event_write(struct gim_buf *b, const struct gim_sse *e)
{
    size_t from = b->len;

    put_head(b, e);
    put_lines(b, GIM_S("data: "), e->data);
    if (b->len == from)
        gim_buf_lit(b, ":\n");
    gim_buf_lit(b, "\n");
}

/* JSON has no line end of its own: those in strings are escaped. */
void gim_event_write_json(struct gim_buf *b, const struct gim_sse *e, const struct gim_schema *s,
                          const void *obj)
{
    put_head(b, e);
    gim_buf_lit(b, "data: ");
    gim_json_put(b, s, obj);
    gim_buf_lit(b, "\n\n");
}

void gim_event_comment(struct gim_buf *b, gim_str text)
{
    put_lines(b, GIM_S(": "), text.ptr ? text : GIM_S(""));
    gim_buf_lit(b, "\n");
}
