/* trace.c: the middleware of gimlet/trace.h. What it finds is kept with the request; only the trace id
 * is known to the floors below, which write it into logs and problems. */
#include <gimlet/trace.h>
#include "../http/traceparent.h"
#include "../rest/ctx.h"

#define PARENT GIM_S("traceparent")
#define STATE GIM_S("tracestate")
#define STATE_MAX 4096

static const char key; /* its address names the request's trace */

struct trace {
    struct gim_traceparent own; /* trace and this request's span */
    char caller[GIM_SPAN_ID_LEN];
    bool continued;
    gim_str state;
};

static const struct trace *trace_of(const struct gim_ctx *c)
{
    return gim_get(c, &key);
}

/* One field, well-formed: of two nobody could say which one counts. */
static int read_parent(const struct gim_ctx *c, struct gim_traceparent *out)
{
    size_t at = 0;
    gim_str value = gim_header_next(c, PARENT, &at);

    if (!value.ptr || gim_header_next(c, PARENT, &at).ptr)
        return -1;
    return gim_traceparent_read(value, out);
}

static gim_str join_state(struct gim_ctx *c)
{
    gim_str all = {0}, line;
    size_t at = 0;

    while ((line = gim_header_next(c, STATE, &at)).ptr) {
        if (all.len + line.len > STATE_MAX)
            return (gim_str){0};
        if (!line.len)
            continue;
        all = all.len ? gim_printf(gim_arena(c), "%.*s,%.*s", GIM_FMT(all), GIM_FMT(line))
                      : gim_dup(gim_arena(c), line);
    }
    return all;
}

static void begin_trace(struct gim_worker *w, struct trace *t)
{
    memcpy(t->own.trace, w->id_prefix, GIM_SPAN_ID_LEN);
    gim_span_id_write(t->own.trace + GIM_SPAN_ID_LEN, gim_worker_unique(w));
    t->own.flags = GIM_TRACE_SAMPLED;
}

static int before(struct gim_ctx *c)
{
    struct gim_worker *w = gim_ctx_worker(c);
    struct trace *t = GIM_NEW(gim_arena(c), struct trace);

    t->continued = read_parent(c, &t->own) == 0;
    if (t->continued) {
        memcpy(t->caller, t->own.span, sizeof t->caller);
        t->state = join_state(c);
    } else {
        begin_trace(w, t);
    }
    gim_span_id_write(t->own.span, gim_worker_unique(w));
    c->trace_id = (gim_str){t->own.trace, GIM_TRACE_ID_LEN};
    gim_put(c, &key, t);
    return GIM_OK;
}

const struct gim_middleware gim_trace = {.name = "trace", .before = before};

gim_str gim_trace_id(const struct gim_ctx *c)
{
    return c->trace_id;
}

gim_str gim_span_id(const struct gim_ctx *c)
{
    const struct trace *t = trace_of(c);

    return t ? (gim_str){t->own.span, GIM_SPAN_ID_LEN} : (gim_str){0};
}

gim_str gim_trace_caller(const struct gim_ctx *c)
{
    const struct trace *t = trace_of(c);

    return t && t->continued ? (gim_str){t->caller, GIM_SPAN_ID_LEN} : (gim_str){0};
}

bool gim_trace_sampled(const struct gim_ctx *c)
{
    const struct trace *t = trace_of(c);

    return t && t->own.flags & GIM_TRACE_SAMPLED;
}

gim_str gim_traceparent(const struct gim_ctx *c)
{
    const struct trace *t = trace_of(c);
    char *text;

    if (!t)
        return (gim_str){0};
    text = gim_alloc_raw(gim_arena((struct gim_ctx *)(uintptr_t)c), GIM_TRACEPARENT_LEN, 1);
    gim_traceparent_write(text, &t->own);
    return (gim_str){text, GIM_TRACEPARENT_LEN};
}

gim_str gim_tracestate(const struct gim_ctx *c)
{
    const struct trace *t = trace_of(c);

    return t ? t->state : (gim_str){0};
}
