/**
 * gimlet/trace.h: W3C Trace Context: which requests, over all services, belong to one.
 *
 *     static const struct gim_middleware *const middleware[] = {&gim_request_id, &gim_trace, NULL};
 *
 *     gim_str parent = gim_traceparent(c);      "00-4bf92f3577b34da6a3ce929d0e0e4736-7a...-01"
 *
 * A request with a traceparent field goes on with its trace; one without it, with two of them or with
 * a malformed one begins a new trace, sampled. Each request is a span of its own with a new id. The
 * trace id is in the access log (JSON: "trace_id"; text: behind the request id), in problems
 * ("trace_id") and at hand for the application's own lines. Nothing is exported: a collector finds the
 * services around this one, and the logs of this one by the id.
 *
 * For the thread that runs the handler; the strings live as long as the request.
 */
#ifndef GIMLET_TRACE_H
#define GIMLET_TRACE_H

#include <gimlet/app.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Built in, no set-up. Put it first, next to gim_request_id. */
extern const struct gim_middleware gim_trace;

/** 32 lower-case hex digits; absent without the middleware. */
gim_str gim_trace_id(const struct gim_ctx *c);
/** The id of this request's own span, 16 digits. */
gim_str gim_span_id(const struct gim_ctx *c);
/** The caller's span; absent when the trace began here. */
gim_str gim_trace_caller(const struct gim_ctx *c);
/** Is the trace recorded by who began it? */
bool gim_trace_sampled(const struct gim_ctx *c);
/** The traceparent field for requests to other services that this one makes. */
gim_str gim_traceparent(const struct gim_ctx *c);
/** The tracestate field for them: as it came, its lines joined (§3.3); absent when there was none, or
 *  more than 4096 bytes of it. */
gim_str gim_tracestate(const struct gim_ctx *c);

#ifdef __cplusplus
}
#endif
#endif
