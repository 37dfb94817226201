/* access_log.h: a line per request, of one worker, buffered; text or JSON.
 *
 *     2026-11-24T13:56:17.123Z - "POST /posts" 201 187 0ms 4f1c...
 *     {"time":"2026-...","method":"POST","target":"/posts","route":"/posts","status":201, ...}
 *
 * Nothing waits for the reader of the log: what does not fit is dropped and counted, and the next
 * line that fits says how many were. */
#ifndef REST_ACCESS_LOG_H
#define REST_ACCESS_LOG_H

#include "../base/buf.h"
#include <gimlet/time.h>

enum gim_access_mode {
    GIM_ACCESS_OFF,
    GIM_ACCESS_ERRORS, /* status 400 and above, and aborted requests */
    GIM_ACCESS_ALL,
};

enum gim_access_format {
    GIM_ACCESS_TEXT,
    GIM_ACCESS_JSON,
};

/* Absent strings are "-" in text and left out of JSON. Any byte may be in them. */
struct gim_access_entry {
    gim_time time;
    gim_str remote, method, target, route, id, trace, principal;
    int status; /* 0: the client went before it was answered */
    int64_t bytes;
    int64_t ms;
};

struct gim_access_log {
    int fd;
    enum gim_access_mode mode;
    enum gim_access_format format;
    uint64_t dropped; /* lines, since the last that was kept */
    struct gim_buf lines;
};

/** Memory is taken at the first line. */
void gim_access_log_init(struct gim_access_log *l, int fd, enum gim_access_mode mode,
                         enum gim_access_format format);
/** Flushes what can be written and gives the memory back. */
void gim_access_log_release(struct gim_access_log *l);

/** Does the mode want a request of this status (0: aborted)? */
static inline bool gim_access_log_wants(const struct gim_access_log *l, int status)
{
    return l->mode == GIM_ACCESS_ALL ||
           (l->mode == GIM_ACCESS_ERRORS && (status >= 400 || status == 0));
}

/** Adds a line, whatever the mode; flushes when the buffer is full. */
void gim_access_log_add(struct gim_access_log *l, const struct gim_access_entry *e);
/** Are there lines to flush? */
static inline bool gim_access_log_waiting(const struct gim_access_log *l)
{
    return l->lines.len > 0;
}
/** Writes what the descriptor takes now; the rest stays for the next time. */
void gim_access_log_flush(struct gim_access_log *l);

#endif
