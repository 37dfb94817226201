/* client.c: the life of one connection of a client.
 *
 * The hot path is one on_data that holds a whole answer: parse, tell, and the owner sends the next
 * request from inside; one recv and one send. All else (partial heads, a server that hangs up)
 * leaves that path early. An exchange that fails takes its connection with it, and after a callback
 * that may have closed or freed the client nothing of it is touched. */
#include "client.h"

static void fail(struct gim_client *c, enum gim_client_end end, int err, const char *why)
{
    gim_client_close(c);
    c->user->on_fail(c, end, err, why);
}

static void gone(struct gim_client *c)
{
    gim_client_close(c);
    c->user->on_gone(c);
}

void gim_client_close(struct gim_client *c)
{
    struct gim_stream *s = c->stream;

    c->stream = NULL;
    c->state = GIM_CLIENT_CLOSED;
    c->carry.len = 0;
    if (s)
        s->ops->close(s, false);
}

void gim_client_release(struct gim_client *c)
{
    gim_client_close(c);
    gim_buf_free(&c->carry);
}

void gim_client_take(struct gim_client *c, struct gim_stream *s)
{
    c->stream = s;
    c->state = GIM_CLIENT_DIALLING;
    s->owner = c;
}

int gim_client_dial(struct gim_client *c, struct gim_loop *l, const struct gim_address *to)
{
    if (gim_dial(&c->plain, l, to, &gim_client_stream))
        return -1;
    gim_client_take(c, &c->plain);
    return 0;
}

void gim_client_send(struct gim_client *c, gim_str request, bool no_body)
{
    c->state = GIM_CLIENT_BUSY;
    c->begun = c->whole = c->more = false;
    gim_response_start(&c->response, no_body);
    c->stream->ops->write(c->stream, request);
}

bool gim_client_is_kept(const struct gim_client *c)
{
    return c->response.keep_alive && !c->more;
}

/* ---- what the stream says ---------------------------------------------------------------------- */

static void on_open(struct gim_stream *s)
{
    struct gim_client *c = s->owner;

    c->state = GIM_CLIENT_IDLE;
    c->user->on_open(c);
}

static void answered(struct gim_client *c, bool more)
{
    c->carry.len = 0;
    c->more = more;
    c->state = GIM_CLIENT_IDLE;
    c->user->on_answer(c);
}

/* What is left of a partial head is kept; everything else was used. */
static void keep_partial(struct gim_client *c, gim_str in, bool from_carry)
{
    if (!in.len) {
        c->carry.len = 0;
    } else if (from_carry) {
        memmove(c->carry.ptr, in.ptr, in.len);
        c->carry.len = in.len;
    } else {
        gim_buf_str(&c->carry, in);
    }
}

static void read_answer(struct gim_client *c, gim_str in, bool from_carry)
{
    for (;;) {
        switch (gim_response_next(&c->response, &in)) {
        case GIM_RESPONSE_HEAD:
            if (!c->user->on_head(c))
                return;
            break;
        case GIM_RESPONSE_DATA:
            if (!c->user->on_body(c, c->response.data))
                return;
            break;
        case GIM_RESPONSE_END:
            answered(c, in.len > 0);
            return;
        case GIM_RESPONSE_BAD:
            fail(c, c->response.body_bytes || c->response.left ? GIM_CLIENT_CUT : GIM_CLIENT_BAD, 0,
                 c->response.reason);
            return;
        case GIM_RESPONSE_MORE:
            keep_partial(c, in, from_carry);
            return;
        }
    }
}

static void on_data(struct gim_stream *s, gim_str in)
{
    struct gim_client *c = s->owner;
    bool from_carry = c->carry.len > 0;

    if (c->state != GIM_CLIENT_BUSY) { /* nobody asked: not a server to keep talking to */
        gone(c);
        return;
    }
    c->whole = !c->begun;
    if (c->whole) {
        c->begun = true;
        if (c->user->on_bytes)
            c->user->on_bytes(c);
    }
    if (from_carry) {
        gim_buf_str(&c->carry, in);
        in = gim_buf_view(&c->carry);
    }
    read_answer(c, in, from_carry);
}

/* FIN: the end of a body that has no other, of an idle connection, or of one too early. */
static void on_end(struct gim_stream *s)
{
    struct gim_client *c = s->owner;
    const char *doubt = c->user->doubt ? c->user->doubt(c) : NULL;

    c->whole = false;
    if (c->state != GIM_CLIENT_BUSY)
        gone(c);
    else if (!c->begun)
        fail(c, GIM_CLIENT_SILENT, 0, "the server closed the connection without an answer");
    else if (gim_response_eof(&c->response) != GIM_RESPONSE_END || doubt)
        fail(c, GIM_CLIENT_CUT, 0, doubt ? doubt : c->response.reason);
    else
        answered(c, true);
}

static void on_error(struct gim_stream *s, int err)
{
    struct gim_client *c = s->owner;

    if (c->state == GIM_CLIENT_IDLE)
        gone(c);
    else
        fail(c, c->state == GIM_CLIENT_DIALLING ? GIM_CLIENT_NO_WAY : GIM_CLIENT_BROKEN, err, NULL);
}

static void on_drained(struct gim_stream *s)
{
    struct gim_client *c = s->owner;

    if (c->user->on_sent)
        c->user->on_sent(c);
}

const struct gim_stream_user gim_client_stream = {
    .on_open = on_open,
    .on_data = on_data,
    .on_drained = on_drained,
    .on_end = on_end,
    .on_error = on_error,
};
