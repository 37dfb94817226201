/* accept.c: connections coming and having to go: how many there may be, and who goes first.
 *
 * An address that has its share already is told 503, and cut off a little beyond (crowd.h).
 *
 * Over the limit an idle connection makes room for the new one: it costs its client a reconnect,
 * where a refusal would cost somebody an answer. Only when none is found idle is the new client
 * told 503, and beyond a small overshoot of those, who would hold sockets too, it is cut off. */
#include "conn.h"
#include "conn_private.h"
#include "crowd.h"

#define OVERSHOOT 64  /* connections over the limit that still get their 503 */
#define FRESH_MS 1000 /* a stop leaves a connection that long for its first request */
#define SHED_LOOK 256 /* connections looked at for an idle one, oldest first */

/* On the memory behind the connection: one block for both. NULL: the fd is still ours. */
static struct gim_stream *open_stream(struct gim_wire *w, void *memory, int fd)
{
    struct gim_stream *plain = memory;

    if (w->layer)
        return w->layer->open(w->layer_with, memory, w->loop, fd, &gim_conn_user);
    return gim_socket_open(plain, w->loop, fd, &gim_conn_user) ? NULL : plain;
}

void gim_conn_start(struct gim_conn *c, struct gim_wire *w, struct gim_stream *s)
{
    c->stream = s;
    s->owner = c;
    c->wire = w;
    c->session.ops = &gim_h1_ops;
    c->timer.on_due = gim_conn_on_deadline;
    c->phase = GIM_CONN_NEW;
    gim_list_push(&w->conns, &c->node);
    gim_wire_enter(w);
    if (w->limits->header_timeout)
        gim_timer_set(w->loop, &c->timer, (uint64_t)w->limits->header_timeout);
}

struct gim_conn *gim_conn_open(struct gim_wire *w, struct gim_stream *s)
{
    struct gim_conn *c = gim_heap_alloc(sizeof *c);

    gim_conn_start(c, w, s);
    return c;
}

void gim_conn_refuse(struct gim_conn *c, enum gim_refused why, int status, const char *detail)
{
    gim_conn_answer_refused(c, why, status, detail);
    gim_conn_settle(c);
}

/* Opens a connection; with `words` it is refused with them. */
static void open_conn(struct gim_wire *w, int fd, uint64_t from, enum gim_refused why,
                      const char *words)
{
    size_t size = w->layer ? w->layer->size : sizeof(struct gim_stream);
    struct gim_conn *c = gim_heap_is_low() ? NULL : gim_heap_try(sizeof *c + size);
    struct gim_stream *stream = c ? open_stream(w, c + 1, fd) : NULL;

    if (!stream) {
        gim_wire_count(w, GIM_REFUSED_MEMORY); /* ours, or the kernel's */
        gim_socket_close(fd);
        if (from)
            gim_crowd_leave(w->shared->crowd, from);
        gim_heap_free(c);
        return;
    }
    c->from = from;
    gim_conn_start(c, w, stream);
    if (words)
        gim_conn_refuse(c, why, 503, words);
}

/* Cut off without a word. */
static void cut(struct gim_wire *w, int fd, uint64_t from)
{
    gim_wire_count(w, GIM_REFUSED_CONNECTIONS_CUT);
    if (from)
        gim_crowd_leave(w->shared->crowd, from);
    gim_socket_close(fd);
}

/* Are there so many that one more is not even told why? */
static bool is_overshot(const struct gim_wire *w)
{
    return w->limits->max_connections && w->n_conns >= w->limits->max_connections + OVERSHOOT;
}

/* Accepts from an address that is counted as `from`, if it is. */
static void admit(struct gim_wire *w, int fd, uint64_t from)
{
    int64_t max = w->limits->max_connections;
    bool over = max && w->n_conns >= max && !gim_conn_shed(w);

    if (over && is_overshot(w))
        cut(w, fd, from);
    else
        open_conn(w, fd, from, GIM_REFUSED_CONNECTIONS_FULL,
                  over ? "too many connections; try again" : NULL);
}

void gim_conn_accept(struct gim_wire *w, int fd)
{
    admit(w, fd, 0);
}

void gim_conn_accept_from(struct gim_wire *w, int fd, const uint8_t peer[16])
{
    enum gim_crowded crowded = GIM_CROWD_ROOM;
    uint64_t from = 0;

    if (peer && w->shared->crowd)
        crowded = gim_crowd_enter(w->shared->crowd, peer, &from);
    if (crowded == GIM_CROWD_ROOM)
        admit(w, fd, from);
    else if (crowded == GIM_CROWD_CUT || is_overshot(w))
        cut(w, fd, from);
    else
        open_conn(w, fd, from, GIM_REFUSED_ADDRESS_FULL,
                  "too many connections from your address; close some");
}

/* Its first request may be on its way. */
static bool is_fresh(const struct gim_conn *c)
{
    uint64_t begun = c->timer.due - (uint64_t)c->wire->limits->header_timeout;

    return c->phase == GIM_CONN_NEW && c->timer.due &&
           gim_loop_ms(c->wire->loop) < begun + FRESH_MS;
}

void gim_conn_drain(struct gim_conn *c)
{
    bool waits = c->phase == GIM_CONN_IDLE || c->phase == GIM_CONN_NEW;

    if (waits && !c->x && !is_fresh(c))
        gim_conn_close(c, false);
    else if (c->streaming || c->upgraded)
        gim_exchange_wake(c->x);
}

bool gim_conn_shed(struct gim_wire *w)
{
    struct gim_list *at = w->conns.next;

    for (int i = 0; i < SHED_LOOK && at != &w->conns; i++, at = at->next) {
        struct gim_conn *c = GIM_CONTAINER(at, struct gim_conn, node);

        if (c->phase == GIM_CONN_IDLE) {
            gim_conn_close(c, false);
            return true;
        }
    }
    return false;
}
