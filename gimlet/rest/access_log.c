/* access_log.c: lines of the access log, buffered and never waited for.
 *
 * A line is written into the buffer piece by piece; one that does not fit whole is taken back, the
 * buffer is flushed, and it is tried once more, else dropped and counted. Whole lines go out in
 * slices a pipe takes in one piece, so that lines of several workers on one stdout do not mix.
 * Clients choose the bytes of method, target and id: fields are cut at a cap, and quotes,
 * backslashes, controls and bytes above ASCII are escaped, so nobody forges a line. */
#include "access_log.h"
#include "../net/output.h"

#define ROOM 16384
/* bytes of a field in the line, after escaping */
#define TARGET_MAX 1024
#define FIELD_MAX 256

/* Two texts and a number or two: a line with all fields at their caps is one slice. */
_Static_assert(TARGET_MAX + 6 * FIELD_MAX + 512 < GIM_OUTPUT_SLICE, "a line must fit a slice");

void gim_access_log_init(struct gim_access_log *l, int fd, enum gim_access_mode mode,
                         enum gim_access_format format)
{
    *l = (struct gim_access_log){.fd = fd, .mode = mode, .format = format};
    l->lines.max = ROOM;
}

void gim_access_log_release(struct gim_access_log *l)
{
    gim_access_log_flush(l);
    gim_buf_free(&l->lines);
}

/* ---- fields -------------------------------------------------------------------------------- */

static size_t escape(char *out, unsigned char c, bool json)
{
    static const char hex[] = "0123456789abcdef";
    size_t n;

    if (c >= 0x20 && c < 0x7f) {
        n = c == '"' || c == '\\';
        out[0] = '\\';
        out[n] = (char)c;
        return n + 1;
    }
    n = json ? 4 : 2;
    memcpy(out, json ? "\\u00" : "\\x", n);
    out[n] = hex[c >> 4];
    out[n + 1] = hex[c & 15];
    return n + 2;
}

/* The text, escaped and cut: "..." at its end says that there was more. */
static void put_escaped(struct gim_access_log *l, gim_str s, size_t max)
{
    char out[TARGET_MAX + 8];
    size_t n = 0;
    size_t i = 0;

    for (; i < s.len && n < max; i++)
        n += escape(out + n, (unsigned char)s.ptr[i], l->format == GIM_ACCESS_JSON);
    gim_buf_add(&l->lines, out, n);
    if (i < s.len)
        gim_buf_lit(&l->lines, "...");
}

static void put_time(struct gim_access_log *l, gim_time t)
{
    char out[GIM_TIME_MAX];

    gim_buf_add(&l->lines, out, gim_time_write(out, (gim_time){t.us / 1000 * 1000}));
}

/* ---- lines --------------------------------------------------------------------------------- */

static void put_or_dash(struct gim_access_log *l, gim_str s, size_t max)
{
    put_escaped(l, s.len ? s : GIM_S("-"), max);
}

static void put_text_line(struct gim_access_log *l, const struct gim_access_entry *e)
{
    struct gim_buf *b = &l->lines;

    put_time(l, e->time);
    gim_buf_char(b, ' ');
    put_or_dash(l, e->remote, FIELD_MAX);
    gim_buf_lit(b, " \"");
    put_or_dash(l, e->method, FIELD_MAX);
    gim_buf_char(b, ' ');
    put_or_dash(l, e->target, TARGET_MAX);
    gim_buf_lit(b, "\" ");
    if (e->status)
        gim_buf_int(b, e->status);
    else
        gim_buf_lit(b, "aborted");
    gim_buf_char(b, ' ');
    gim_buf_int(b, e->bytes);
    gim_buf_char(b, ' ');
    gim_buf_int(b, e->ms);
    gim_buf_lit(b, "ms ");
    put_or_dash(l, e->id, FIELD_MAX);
    if (e->trace.len) {
        gim_buf_char(b, ' ');
        put_escaped(l, e->trace, FIELD_MAX);
    }
    if (e->principal.len) {
        gim_buf_lit(b, " principal=");
        put_escaped(l, e->principal, FIELD_MAX);
    }
    gim_buf_char(b, '\n');
}

static void put_member(struct gim_access_log *l, gim_str before, gim_str value, size_t max)
{
    if (!value.len)
        return;
    gim_buf_str(&l->lines, before);
    put_escaped(l, value, max);
    gim_buf_char(&l->lines, '"');
}

static void put_json_line(struct gim_access_log *l, const struct gim_access_entry *e)
{
    struct gim_buf *b = &l->lines;

    gim_buf_lit(b, "{\"time\":\"");
    put_time(l, e->time);
    gim_buf_char(b, '"');
    put_member(l, GIM_S(",\"remote\":\""), e->remote, FIELD_MAX);
    put_member(l, GIM_S(",\"method\":\""), e->method, FIELD_MAX);
    put_member(l, GIM_S(",\"target\":\""), e->target, TARGET_MAX);
    put_member(l, GIM_S(",\"route\":\""), e->route, FIELD_MAX);
    if (e->status)
        gim_buf_lit(b, ",\"status\":");
    else
        gim_buf_lit(b, ",\"aborted\":true,\"status\":");
    gim_buf_int(b, e->status);
    gim_buf_lit(b, ",\"bytes\":");
    gim_buf_int(b, e->bytes);
    gim_buf_lit(b, ",\"ms\":");
    gim_buf_int(b, e->ms);
    put_member(l, GIM_S(",\"id\":\""), e->id, FIELD_MAX);
    put_member(l, GIM_S(",\"trace_id\":\""), e->trace, FIELD_MAX);
    put_member(l, GIM_S(",\"principal\":\""), e->principal, FIELD_MAX);
    gim_buf_lit(b, "}\n");
}

static void put_dropped(struct gim_access_log *l, gim_time now)
{
    if (!l->dropped)
        return;
    if (l->format == GIM_ACCESS_JSON)
        gim_buf_lit(&l->lines, "{\"time\":\"");
    put_time(l, now);
    gim_buf_printf(&l->lines,
                   l->format == GIM_ACCESS_JSON ? "\",\"lines_dropped\":%llu}\n"
                                                : " %llu lines dropped\n",
                   (unsigned long long)l->dropped);
}

/* False when it does not fit: the buffer is then as before. */
static bool put_line(struct gim_access_log *l, const struct gim_access_entry *e)
{
    size_t start = l->lines.len;

    put_dropped(l, e->time);
    if (l->format == GIM_ACCESS_JSON)
        put_json_line(l, e);
    else
        put_text_line(l, e);
    if (!l->lines.full)
        return true;
    l->lines.len = start;
    l->lines.full = false;
    return false;
}

void gim_access_log_add(struct gim_access_log *l, const struct gim_access_entry *e)
{
    bool kept;

    if (!l->lines.ptr) /* the whole of it at once: growing would copy */
        (void)gim_buf_reserve(&l->lines, ROOM);
    kept = put_line(l, e);
    if (!kept) {
        gim_access_log_flush(l);
        kept = put_line(l, e);
    }
    l->dropped = kept ? 0 : l->dropped + 1;
}

/* ---- out ----------------------------------------------------------------------------------- */

/* As many whole lines as one write takes. A line is always shorter than that. */
static gim_str slice_of(gim_str lines)
{
    if (lines.len > GIM_OUTPUT_SLICE)
        lines.len = GIM_OUTPUT_SLICE;
    while (lines.len > 1 && lines.ptr[lines.len - 1] != '\n')
        lines.len--;
    return lines;
}

void gim_access_log_flush(struct gim_access_log *l)
{
    gim_str left = gim_buf_view(&l->lines);

    while (left.len) {
        gim_str slice = slice_of(left);
        ptrdiff_t n = gim_output_write(l->fd, slice);

        if (n <= 0)
            break;
        left.ptr += n;
        left.len -= (size_t)n;
        if ((size_t)n < slice.len)
            break;
    }
    if (left.len)
        memmove(l->lines.ptr, left.ptr, left.len);
    l->lines.len = left.len;
}
