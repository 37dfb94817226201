/* conn_deadline.c: a connection's one deadline: which phase it is in, and what happens when its time
 * is up. */
#include "conn_private.h"

#define LINGER_MS 2000
#define WRITE_STEP 4096 /* bytes a slow reader must take in one write timeout */

/* The exchange's own limit, or the wire's where it has none. */
static int64_t own_ms(int32_t own, int64_t wires)
{
    return own < 0 ? 0 : own > 0 ? own : wires;
}

static int64_t body_deadline(const struct gim_conn *c)
{
    const struct gim_limits *l = c->wire->limits;
    int64_t ms = own_ms(c->x ? c->x->body_timeout : 0, l->body_timeout);

    if (!ms)
        return 0;
    if (c->x) {
        if (l->body_min_rate)
            ms += c->x->received * 1000 / l->body_min_rate;
        ms -= (int64_t)(gim_loop_ms(c->wire->loop) - c->x->start_ms);
    }
    return ms > 0 ? ms : 1;
}

/* Only the empty lines that some clients send behind a body: no head has begun (RFC 9112 §2.2). */
static bool carry_is_blank(const struct gim_conn *c)
{
    for (uint32_t i = 0; i < c->carry_len; i++) {
        if (c->carry[i] != '\r' && c->carry[i] != '\n')
            return false;
    }
    return true;
}

static enum gim_conn_phase busy_phase(const struct gim_conn *c)
{
    if (c->streaming && c->x->span.len) /* the part of a file that is next does not go */
        return GIM_CONN_WRITE;
    if (c->closing)
        return GIM_CONN_LINGER;
    return c->suspended ? GIM_CONN_HANDLER : GIM_CONN_STREAM;
}

static enum gim_conn_phase phase_now(const struct gim_conn *c)
{
    if (c->held)
        return GIM_CONN_WRITE;
    if (c->closing || c->suspended || c->streaming || c->upgraded)
        return busy_phase(c);
    if (c->in_body)
        return GIM_CONN_BODY;
    if (!carry_is_blank(c))
        return GIM_CONN_HEAD;
    return c->phase == GIM_CONN_NEW && !c->moved ? GIM_CONN_NEW : GIM_CONN_IDLE;
}

static int64_t phase_ms(const struct gim_conn *c, enum gim_conn_phase phase)
{
    const struct gim_limits *l = c->wire->limits;

    switch (phase) {
    case GIM_CONN_NEW:
    case GIM_CONN_HEAD:
        return l->header_timeout;
    case GIM_CONN_BODY:
        return body_deadline(c);
    case GIM_CONN_HANDLER:
        return own_ms(c->x->handler_timeout, l->handler_timeout);
    case GIM_CONN_WRITE:
        return l->write_timeout;
    case GIM_CONN_LINGER:
        return LINGER_MS;
    case GIM_CONN_STREAM:
        return 0;
    case GIM_CONN_IDLE:
        break;
    }
    return l->idle_timeout;
}

/* Sets the deadline of the present phase, which counts from the phase's beginning: bytes that trickle
 * in do not move it. Only a body that is wanted stretches its deadline with what came. A request
 * answered begins the phase anew even where it is the same one as before: pipelined requests do not
 * share one deadline. */
void gim_conn_set_deadline(struct gim_conn *c)
{
    enum gim_conn_phase now = phase_now(c);
    bool begins = c->moved || (now == GIM_CONN_BODY && c->x);
    int64_t ms;

    if (now == c->phase && !begins)
        return;
    if (c->phase == GIM_CONN_NEW && now == GIM_CONN_HEAD && !begins) {
        c->phase = GIM_CONN_HEAD; /* the deadline set at accept goes on */
        return;
    }
    c->moved = false;
    if (now == GIM_CONN_WRITE)
        c->progress = c->held;
    else if (now == GIM_CONN_LINGER)
        c->progress = 0;
    c->phase = (uint8_t)now;
    ms = phase_ms(c, now);
    if (ms > 0)
        gim_timer_set(c->wire->loop, &c->timer, (uint64_t)ms);
    else
        gim_timer_clear(c->wire->loop, &c->timer);
}

void gim_conn_on_deadline(struct gim_timer *t)
{
    struct gim_conn *c = GIM_CONTAINER(t, struct gim_conn, timer);
    uint32_t left = (uint32_t)gim_stream_pending(c->stream);

    switch ((enum gim_conn_phase)c->phase) {
    case GIM_CONN_NEW:
    case GIM_CONN_IDLE:
        gim_conn_close(c, false);
        return;
    case GIM_CONN_HEAD:
        gim_conn_answer_refused(c, GIM_REFUSED_HEAD_TIMEOUT, 408,
                                "the request's head did not arrive in time");
        break;
    case GIM_CONN_BODY:
        if (!c->x) { /* its request is answered already */
            gim_conn_close(c, false);
            return;
        }
        gim_conn_answer_refused(c, GIM_REFUSED_BODY_TIMEOUT, 408,
                                "the request's body did not arrive in time");
        break;
    case GIM_CONN_HANDLER:
        gim_conn_answer_late(c);
        gim_conn_go_on(c);
        return;
    case GIM_CONN_STREAM:
        return;
    case GIM_CONN_WRITE: /* a file's part that moves begins the phase anew */
        if (left + WRITE_STEP > c->progress) {
            gim_wire_count(c->wire, GIM_REFUSED_WRITE_TIMEOUT);
            gim_conn_close(c, true);
            return;
        }
        c->progress = left;
        gim_timer_set(c->wire->loop, t, (uint64_t)c->wire->limits->write_timeout);
        return;
    case GIM_CONN_LINGER:
        gim_conn_close(c, true);
        return;
    }
    gim_conn_settle(c);
}
