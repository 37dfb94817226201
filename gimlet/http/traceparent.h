/* traceparent.h: the traceparent field of W3C Trace Context (level 1, §3.2), bytes in, bytes out.
 *
 *     00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01
 *     version, trace id, id of the caller's span, flags */
#ifndef HTTP_TRACEPARENT_H
#define HTTP_TRACEPARENT_H

#include <gimlet/str.h>

#define GIM_TRACE_ID_LEN 32
#define GIM_SPAN_ID_LEN 16
#define GIM_TRACEPARENT_LEN 55

#define GIM_TRACE_SAMPLED 0x01 /* the caller may have recorded it */

struct gim_traceparent {
    char trace[GIM_TRACE_ID_LEN]; /* lower-case hex digits, not all zero */
    char span[GIM_SPAN_ID_LEN];
    uint8_t flags;
};

/** 0; or -1 when it is none: upper-case digits, version ff, an id of zeros, another length. A version
 *  above 00 is read as 00, and may be longer behind a further '-' (§3.2.4). */
GIM_MUST_CHECK int gim_traceparent_read(gim_str s, struct gim_traceparent *out);
/** Version 00; of the flags only the sampled bit. */
void gim_traceparent_write(char out[GIM_TRACEPARENT_LEN], const struct gim_traceparent *t);
/** 16 lower-case hex digits. */
void gim_span_id_write(char out[GIM_SPAN_ID_LEN], uint64_t v);

#endif
