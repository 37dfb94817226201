/* lag.c: a loop's queue is in the kernel: sockets that are ready and not yet told of. They are told of
 * in the order in which they became ready, so an eventfd that is written to takes its place behind
 * them, and the time until its event comes is the time that they wait. The eventfd is edge-triggered
 * and never read: each write is an event. */
#include "lag.h"
#include "../base/clock.h"
#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

static void on_event(struct gim_io *io, uint32_t events)
{
    struct gim_lag *l = GIM_CONTAINER(io, struct gim_lag, io);

    if (!l->out || !(events & EPOLLIN))
        return;
    l->out = false;
    l->on_lag(l, gim_clock_ms() - l->began);
}

void gim_lag_open(struct gim_lag *l)
{
    l->out = false;
    l->io = (struct gim_io){.on_event = on_event, .fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
    if (l->io.fd >= 0 && gim_loop_add(l->loop, &l->io, false, false) < 0) {
        close(l->io.fd);
        l->io.fd = -1;
    }
}

void gim_lag_ask(struct gim_lag *l)
{
    const uint64_t one = 1;

    if (l->out || l->io.fd < 0)
        return;
    l->out = true;
    l->began = gim_clock_ms();
    while (write(l->io.fd, &one, sizeof one) < 0 && errno == EINTR)
        ;
}

void gim_lag_close(struct gim_lag *l)
{
    if (l->io.fd < 0)
        return;
    gim_loop_remove(l->loop, &l->io);
    close(l->io.fd);
    l->io.fd = -1;
    l->out = false;
}
