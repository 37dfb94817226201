/* sink.c: the list of faults.
 *
 * A hostile body can break a rule some 300,000 times. All are counted, the first GIM_MAX_FAULTS are
 * kept, and nothing is formatted for the rest, so memory and time follow the list and not the body.
 */
#include "sink.h"
#include <stdarg.h>
#include <stdio.h>

static void append(struct gim_faults *f, struct gim_arena *a, struct gim_fault fault)
{
    struct gim_fault *kept;

    f->total++;
    if (f->kept >= GIM_MAX_FAULTS)
        return;
    kept = GIM_NEW(a, struct gim_fault);
    *kept = fault;
    if (!f->first)
        f->tail = &f->first;
    *f->tail = kept;
    f->tail = &kept->next;
    f->kept++;
}

/* vsnprintf into the arena; details are short but for a pattern or a list of names. */
GIM_PRINTF(2, 0) static gim_str format(struct gim_arena *a, const char *fmt, va_list ap)
{
    char small[256], *text;
    va_list again;
    int n;

    va_copy(again, ap);
    small[0] = '\0';
    n = fmt ? vsnprintf(small, sizeof small, fmt, ap) : 0;
    n = n < 0 ? 0 : n;
    text = gim_alloc_raw(a, (size_t)n + 1, 1);
    if ((size_t)n < sizeof small)
        memcpy(text, small, (size_t)n + 1);
    else
        vsnprintf(text, (size_t)n + 1, fmt, again);
    va_end(again);
    return (gim_str){text, (size_t)n};
}

void gim_fault_add(struct gim_faults *f, struct gim_arena *a, const char *code, gim_str pointer,
                   gim_str detail)
{
    append(f, a, (struct gim_fault){.code = code, .pointer = pointer, .detail = detail});
}

void gim_sink_fault(struct gim_sink *sink, const char *code, const char *fmt, ...)
{
    struct gim_fault fault = {.code = code, .param = sink->param};
    va_list ap;

    if (sink->faults->kept >= GIM_MAX_FAULTS) {
        sink->faults->total++;
        return;
    }
    if (sink->pointer)
        fault.pointer = sink->pointer(sink);
    va_start(ap, fmt);
    fault.detail = format(sink->arena, fmt, ap);
    va_end(ap);
    append(sink->faults, sink->arena, fault);
}
