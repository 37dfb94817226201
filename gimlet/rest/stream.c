/* stream.c: replies that are made while they are sent: gimlet/stream.h over the wire's pull. */
#include <gimlet/stream.h>

#include "../wire/conn.h"
#include "mistake.h"
#include <stdarg.h>
#include <stdio.h>

#define PIECE 32768 /* bytes of one pull that are enough: more would not make it faster */
#define LINE 256    /* bytes that most formats fit into */

static enum gim_pull pull(struct gim_exchange *x, struct gim_out *out)
{
    struct gim_ctx *c = gim_ctx_of(x);

    enum gim_pull got = c->pull(c, out, c->pull_arg);

    if (got == GIM_PULL_WAIT && !c->slot && !c->pull_is_timed) {
        gim_mistake(c, GIM_MISTAKE_SUSPEND,
                    "the pull said GIM_PULL_WAIT without gim_suspend, so nothing could wake it and "
                    "the connection was cut");
        return GIM_PULL_FAIL;
    }
    return got;
}

int gim_stream(struct gim_ctx *c, int status, gim_str media_type, int64_t length, gim_pull_fn *fn,
               void *arg)
{
    const struct gim_bound_route *r = c->match.route;

    if (!r || !r->row->streams) {
        gim_mistake(c, GIM_MISTAKE_PERMITTED, "gim_stream needs .streams = true in the route");
        return gim_problem(c, 500, NULL, "the request could not be handled");
    }
    if (!fn) {
        gim_mistake(c, GIM_MISTAKE_BAD_REPLY,
                    "gim_stream got NULL as its pull, so the client got 500");
        return gim_problem(c, 500, NULL, "the handler failed");
    }
    (void)gim_bytes(c, status, media_type, (gim_str){0});
    if (c->x.reply.media_type.ptr != media_type.ptr) /* it cannot be sent: a problem was made */
        return GIM_REPLIED;
    c->pull = fn;
    c->pull_arg = arg;
    c->x.reply.pull = pull;
    c->x.reply.length = length;
    return GIM_REPLIED;
}

size_t gim_out_room(const struct gim_out *out)
{
    size_t have = out->buf->len - out->from;

    return have < PIECE ? PIECE - have : 0;
}

void gim_out_bytes(struct gim_out *out, gim_str bytes)
{
    gim_buf_str(out->buf, bytes);
}

void gim_out_printf(struct gim_out *out, const char *fmt, ...)
{
    size_t room = LINE;

    for (int tries = 0; tries < 2; tries++) {
        char *to = gim_buf_reserve(out->buf, room);
        va_list ap;
        int n;

        if (!to)
            return;
        va_start(ap, fmt);
        n = vsnprintf(to, room, fmt, ap);
        va_end(ap);
        if (n < 0)
            return;
        if ((size_t)n < room) {
            out->buf->len += (size_t)n;
            return;
        }
        room = (size_t)n + 1;
    }
}

void gim_out_file(struct gim_out *out, int fd, int64_t at, int64_t len)
{
    out->fd = fd;
    out->at = at;
    out->len = len;
}

bool gim_stopping(const struct gim_ctx *c)
{
    return c->x.wire->draining;
}

bool gim_client_ended(const struct gim_ctx *c)
{
    return !c->x.conn || c->x.conn->ended;
}
