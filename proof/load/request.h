/* request.h: the bytes of a request: built once and sent as they are, or filled in for each when
 * they vary ({{seq}}, {{rand}}, {{uuid}}, --body-lines, --urls). */
#ifndef LOAD_REQUEST_H
#define LOAD_REQUEST_H

#include "../../gimlet/base/arena.h"
#include "target.h"

struct load_lines { /* a file of lines, read once */
    struct gim_buf text;
    gim_str *lines;
    size_t n;
};

/* Shared by the threads, read only. */
struct load_request {
    const struct load_plan *plan;
    const struct load_target *target;
    bool absolute; /* through a proxy, without TLS */
    const char *proxy_auth;
    bool varies;
    gim_str fixed; /* the whole request, when it does not vary */
    struct gim_buf fixed_buf;
    struct load_lines bodies, urls;
    struct gim_arena memory;
};

/* One thread's own state for varying requests. */
struct load_writer {
    struct gim_buf body, out;
    uint64_t seq, stride; /* {{seq}}: unique over the threads */
    uint64_t random[2];
};

/** Reads the files and builds the fixed request. 0; -1 with a sentence (file and line). */
GIM_MUST_CHECK int request_open(struct load_request *r, const struct load_plan *p,
                                const struct load_target *t, const struct load_route *route,
                                char *err, size_t err_len);
void request_close(struct load_request *r);

/** The bytes of the next request, valid until the next call with `w`. */
gim_str request_next(const struct load_request *r, struct load_writer *w);
/** A request to another place (redirects): method and body are given, the headers are the plan's. */
void request_build(struct gim_buf *out, const struct load_request *r, const struct load_target *t,
                   const char *method, gim_str path, gim_str body);

#endif
