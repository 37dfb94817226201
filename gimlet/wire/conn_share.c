/* conn_share.c: what one connection may do in a turn of the loop.
 *
 * A client may send hundreds of requests at once, and a costly one each. Served one after the other
 * they would be a time in which nobody else is. So once a turn has lasted for SHARE_NS, a connection
 * that has more requests waits for the next one; it keeps them as it would behind a suspended request.
 * The clock is only looked at where there is more to serve. */
#include "conn_private.h"
#include "../base/clock.h"

#define SHARE_NS 1000000

static void on_turn(struct gim_task *t)
{
    struct gim_wire *w = GIM_CONTAINER(t, struct gim_wire, sharing_task);
    struct gim_list now;

    w->sharing_due = false;
    gim_list_take(&w->sharing, &now);
    while (!gim_list_empty(&now)) {
        struct gim_conn *c = GIM_CONTAINER(now.next, struct gim_conn, share);

        gim_conn_unshare(c);
        gim_conn_go_on(c);
    }
}

void gim_conn_share(struct gim_conn *c)
{
    struct gim_wire *w = c->wire;
    uint64_t began = gim_loop_ns(w->loop);

    if (c->shared || gim_clock_ns() < began + SHARE_NS)
        return;
    c->shared = true;
    if (!w->sharing_due) {
        w->sharing_due = true;
        w->sharing_task.run = on_turn;
        gim_loop_post(w->loop, &w->sharing_task);
    }
    gim_list_push(&w->sharing, &c->share);
}

void gim_conn_unshare(struct gim_conn *c)
{
    c->shared = false;
    gim_list_remove(&c->share);
}
