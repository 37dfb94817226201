/* reply.c: making a reply: the gim_reply family of gimlet/ctx.h.
 *
 * A reply is parts (status, media type, fields, body) until the wire writes it in one piece. Bodies
 * are encoded into the worker's scratch buffer, whose size has settled after the first few
 * requests, and then copied into the arena: two memcpy's instead of a malloc. */
#include "../http/message.h"
#include "../json/writer.h"
#include "mistake.h"
#include "problem.h"
#include <stdarg.h>
#include <stdio.h>

#define SMALL 4096          /* bytes of a reply for which there is memory in any case */
#define SCRATCH_KEEP 262144 /* a scratch that grew beyond this is given back */

/* A handler on the pool must not touch its worker's scratch: the loop is using it. */
static struct gim_buf *scratch_open(struct gim_ctx *c, struct gim_buf *own)
{
    struct gim_buf *b = c->on_pool ? own : &gim_ctx_worker(c)->scratch;

    b->len = 0;
    b->full = false;
    return b;
}

/* Absent when there is no memory for a large one. */
static gim_str scratch_close(struct gim_ctx *c, struct gim_buf *b, struct gim_buf *own)
{
    struct gim_arena *a = gim_arena(c);
    char *copy = b->full           ? NULL
                 : b->len <= SMALL ? gim_alloc_raw(a, b->len, 1)
                                   : gim_alloc_try(a, b->len, 1);
    gim_str s = {copy, copy ? b->len : 0};

    if (s.len)
        memcpy(copy, b->ptr, b->len);
    if (b == own || b->cap > SCRATCH_KEEP || b->full || gim_heap_is_lent(b->ptr))
        gim_buf_free(b);
    return s;
}

/* An `after` may do so; a handler has lost its way. While it runs, all befores have run. */
static void replaced(const struct gim_ctx *c, int status)
{
    if (c->chain && !c->chain[c->ran])
        gim_mistake(c, GIM_MISTAKE_TWICE,
                    "the handler made a second reply (%d), which replaced the first (%d); return "
                    "once one is made",
                    status, c->x.reply.status);
}

/* What no client could read, or would wait behind for ever (1xx), does not go out. */
static int refuse(struct gim_ctx *c, const char *what, int status)
{
    gim_mistake(c, GIM_MISTAKE_BAD_REPLY, "%s %d, so the client got 500", what, status);
    return gim_problem(c, 500, NULL, "the handler failed");
}

static int set_reply(struct gim_ctx *c, int status, gim_str media_type, gim_str body)
{
    struct gim_reply_parts *r = &c->x.reply;

    if (status < 200 || status > 599)
        return refuse(c, "a reply's status is 200 to 599, not", status);
    if (r->status)
        replaced(c, status);
    r->status = status;
    r->media_type = media_type;
    r->body = body;
    r->pull = NULL;
    r->upgrade = NULL;
    return GIM_REPLIED;
}

int gim_reply(struct gim_ctx *c, int status, const struct gim_schema *s, const void *obj)
{
    struct gim_buf own = {0};
    struct gim_buf *b;
    gim_str body;

    if (!s || !obj)
        return refuse(c,
                      s ? "gim_reply got NULL as the object of a" : "gim_reply got no schema for a",
                      status);
    b = scratch_open(c, &own);
    gim_json_put(b, s, obj);
    body = scratch_close(c, b, &own);
    if (!body.ptr)
        return gim_problem(c, 503, NULL, "the reply is too large for what memory there is now");
    return set_reply(c, status, GIM_S("application/json"), body);
}

int gim_text(struct gim_ctx *c, int status, gim_str text)
{
    return set_reply(c, status, GIM_S("text/plain; charset=utf-8"), gim_dup(&c->x.arena, text));
}

int gim_bytes(struct gim_ctx *c, int status, gim_str media_type, gim_str bytes)
{
    if (!gim_field_ok(GIM_S("Content-Type"), media_type))
        return gim_problem(c, 500, NULL, "the reply's media type holds a control character");
    return set_reply(c, status, media_type, bytes);
}

int gim_empty(struct gim_ctx *c, int status)
{
    return set_reply(c, status, (gim_str){0}, (gim_str){0});
}

int gim_redirect(struct gim_ctx *c, int status, gim_str location)
{
    if (status != 301 && status != 302 && status != 303 && status != 307 && status != 308)
        return refuse(c, "a redirect's status is 301, 302, 303, 307 or 308, not", status);
    if (!location.ptr)
        return refuse(c, "gim_redirect got no location for a", status);
    if (gim_set_header(c, GIM_S("Location"), location))
        return gim_problem(c, 500, NULL, "the redirect's location holds a control character");
    return gim_empty(c, status);
}

int gim_ctx_problem(struct gim_ctx *c, int status, const char *slug, gim_str detail,
                    const struct gim_faults *faults, const struct gim_json_error *where)
{
    struct gim_buf own = {0};
    struct gim_buf *b = scratch_open(c, &own);

    gim_problem_write(b, status, slug, detail, (struct gim_problem_of){c->id, c->trace_id}, faults,
                      where);
    return set_reply(c, status, GIM_S("application/problem+json"), scratch_close(c, b, &own));
}

int gim_problem(struct gim_ctx *c, int status, const char *slug, const char *detail, ...)
{
    char text[1024];
    va_list ap;
    int n;

    if (!detail)
        return gim_ctx_problem(c, status, slug, (gim_str){0}, NULL, NULL);
    va_start(ap, detail);
    n = vsnprintf(text, sizeof text, detail, ap);
    va_end(ap);
    if (n < 0)
        n = 0;
    if ((size_t)n >= sizeof text)
        n = sizeof text - 1;
    return gim_ctx_problem(c, status, slug, (gim_str){text, (size_t)n}, NULL, NULL);
}

int gim_problem_faults(struct gim_ctx *c, int status, const struct gim_faults *f)
{
    return gim_ctx_problem(c, status, NULL, GIM_S("the request breaks the rules listed in errors"),
                           f, NULL);
}

int gim_status(const struct gim_ctx *c)
{
    return c->x.reply.status;
}

/* ---- fields ---------------------------------------------------------------------------------- */

/* Fields that the wire writes by itself. Lengths first: they nearly always settle it. */
static bool is_ours(gim_str name)
{
    switch (name.len) {
    case 4:
        return gim_str_eq_fold(name, GIM_S("Date"));
    case 10:
        return gim_str_eq_fold(name, GIM_S("Connection"));
    case 12:
        return gim_str_eq_fold(name, GIM_S("Content-Type"));
    case 14:
        return gim_str_eq_fold(name, GIM_S("Content-Length"));
    case 17:
        return gim_str_eq_fold(name, GIM_S("Transfer-Encoding"));
    default:
        return false;
    }
}

/* The line and copies of its two texts, in one piece. */
static void append_line(struct gim_ctx *c, gim_str name, gim_str value)
{
    struct gim_reply_parts *r = &c->x.reply;
    size_t size = sizeof(struct gim_header_line) + name.len + value.len;
    struct gim_header_line *line =
        gim_alloc_raw(&c->x.arena, size, _Alignof(struct gim_header_line));
    char *text = (char *)(line + 1);

    memcpy(text, name.ptr, name.len);
    if (value.len)
        memcpy(text + name.len, value.ptr, value.len);
    line->next = NULL;
    line->name = (gim_str){text, name.len};
    line->value = (gim_str){text + name.len, value.len};
    if (!r->tail)
        r->tail = &r->first;
    *r->tail = line;
    r->tail = &line->next;
}

int gim_add_header(struct gim_ctx *c, gim_str name, gim_str value)
{
    if (!gim_field_ok(name, value) || is_ours(name))
        return -1;
    append_line(c, name, value);
    return 0;
}

/* The pointer that leads to the line of that name, or to the end of the list. */
static struct gim_header_line **find_line(struct gim_reply_parts *r, gim_str name)
{
    struct gim_header_line **at = &r->first;

    while (*at && !gim_str_eq_fold((*at)->name, name))
        at = &(*at)->next;
    return at;
}

static void remove_lines(struct gim_reply_parts *r, gim_str name)
{
    struct gim_header_line **at;

    while (*(at = find_line(r, name)))
        *at = (*at)->next;
    r->tail = at;
}

int gim_set_header(struct gim_ctx *c, gim_str name, gim_str value)
{
    struct gim_header_line *line;

    if (!gim_field_ok(name, value) || is_ours(name))
        return -1;
    if (!value.ptr) {
        remove_lines(&c->x.reply, name);
        return 0;
    }
    line = *find_line(&c->x.reply, name);
    if (line)
        line->value = gim_dup(&c->x.arena, value);
    else
        append_line(c, name, value);
    return 0;
}
