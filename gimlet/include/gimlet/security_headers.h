/**
 * gimlet/security_headers.h: reply fields that tell browsers what not to do.
 *
 *     static const struct gim_middleware safe = GIM_SECURITY_HEADERS();
 *     static const struct gim_middleware strict = GIM_SECURITY_HEADERS(
 *         .hsts = "max-age=31536000; includeSubDomains", .permissions = "camera=(), geolocation=()");
 *
 * Each member is the field's text: NULL is the default named below, "" leaves the field out. What a
 * handler or another middleware has set stays. The texts must be static; nothing is rendered or
 * copied for a request.
 */
#ifndef GIMLET_SECURITY_HEADERS_H
#define GIMLET_SECURITY_HEADERS_H

#include <gimlet/app.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The fields of GIM_SECURITY_HEADERS; what NULL means stands at each. */
struct gim_security_headers {
    int reserved;             /* 0 */
    const char *content_type; /* X-Content-Type-Options: nosniff */
    const char *csp;          /* Content-Security-Policy: frame-ancestors 'none'. For an API that
                                  serves no pages "default-src 'none'; frame-ancestors 'none'" */
    const char *frame;        /* X-Frame-Options: DENY (for browsers without frame-ancestors) */
    const char *referrer;     /* Referrer-Policy: no-referrer */
    const char *hsts;         /* Strict-Transport-Security: none. Once a browser has seen it, plain
                                  HTTP to this host is over for so long: behind HTTPS only */
    const char *permissions;  /* Permissions-Policy: none */
    const char *opener;       /* Cross-Origin-Opener-Policy: none */
    const char *resource;     /* Cross-Origin-Resource-Policy: none */
};

/** A middleware value; the application's, so that errors have the fields too. */
#define GIM_SECURITY_HEADERS(...)                                                                  \
    {                                                                                              \
        .name = "security_headers", .after = gim_security_headers_after,                           \
        .with = GIM_MADE_(const struct gim_security_headers, .reserved = 0, __VA_ARGS__),          \
        .wrong = gim_security_headers_wrong                                                        \
    }

/** The parts of GIM_SECURITY_HEADERS. */
int gim_security_headers_after(struct gim_ctx *c);
const char *gim_security_headers_wrong(const void *with);

#ifdef __cplusplus
}
#endif
#endif
