/* problem.h: bodies of errors, RFC 9457 application/problem+json. */
#ifndef REST_PROBLEM_H
#define REST_PROBLEM_H

#include "../base/buf.h"
#include <gimlet/schema.h>

/* Which request it was: both may be absent. */
struct gim_problem_of {
    gim_str id;    /* "instance" */
    gim_str trace; /* "trace_id" */
};

/** Appends
 *      {"type":"about:blank","title":"Not Found","status":404,"detail":"...","instance":"..."}
 *  to `b`. `slug` makes the type "/problems/SLUG". What is absent is left out.
 *  `faults` (may be NULL) add "errors", and "errors_total" when more were found than kept; `where`
 *  (may be NULL) adds "offset", "line" and "column". Texts may hold any byte: what is not UTF-8
 *  becomes U+FFFD. */
void gim_problem_write(struct gim_buf *b, int status, const char *slug, gim_str detail,
                       struct gim_problem_of of, const struct gim_faults *faults,
                       const struct gim_json_error *where);

#endif
