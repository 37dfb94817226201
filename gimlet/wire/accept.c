/* accept.c: connections coming and having to go: how many there may be, and who goes first.
 *
 * Over the limit an idle connection makes room for the new one: it costs its client a reconnect,
 * where a refusal would cost somebody an answer. Only when none is found idle is the new client
 * told 503, and beyond a small overshoot of those, who would hold sockets too, it is cut off. */
#include "conn.h"

#define OVERSHOOT 64  /* connections over the limit that still get their 503 */
#define SHED_LOOK 256 /* connections looked at for an idle one, oldest first */

struct socket_conn { /* one block for the connection and its stream */
    struct gim_conn conn;
    struct gim_stream stream;
};

void gim_conn_accept(struct gim_wire *w, int fd)
{
    int64_t max = w->limits->max_connections;
    bool over = max && w->n_conns >= max && !gim_conn_shed(w);
    struct socket_conn *sc;

    if (over && w->n_conns >= max + OVERSHOOT) {
        gim_wire_count(w, GIM_REFUSED_CONNECTIONS_CUT);
        gim_socket_close(fd);
        return;
    }
    sc = gim_heap_alloc(sizeof *sc);
    if (gim_socket_open(&sc->stream, w->loop, fd, &gim_conn_user)) {
        gim_socket_close(fd);
        gim_heap_free(sc);
        return;
    }
    gim_conn_start(&sc->conn, w, &sc->stream);
    if (over)
        gim_conn_refuse(&sc->conn, GIM_REFUSED_CONNECTIONS_FULL, 503,
                        "too many connections; try again");
}

void gim_conn_drain(struct gim_conn *c)
{
    if ((c->phase == GIM_CONN_IDLE || c->phase == GIM_CONN_NEW) && !c->x)
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
