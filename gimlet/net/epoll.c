/* epoll.c: the loop's first backend.
 *
 * Every fd is added once, edge-triggered, for reading and writing, and never modified: the hot path
 * is epoll_wait and nothing else of epoll. A callback may remove any fd whose event lies further
 * on in the batch already fetched; remove therefore blanks what is left of the batch, since the
 * memory of that io may be freed or used again before its turn would come. */
#include "../base/arena.h"
#include "loop_private.h"
#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#define BATCH 256

struct epoll {
    int fd;
    int at, n; /* the batch at work: events[at..n) are still to come */
    struct epoll_event events[BATCH];
};

static int epoll_open(struct gim_loop *l)
{
    int fd = epoll_create1(EPOLL_CLOEXEC);
    struct epoll *e;

    if (fd < 0)
        return -1;
    e = gim_heap_alloc(sizeof *e);
    e->fd = fd;
    l->state = e;
    return 0;
}

static void epoll_close(struct gim_loop *l)
{
    struct epoll *e = l->state;

    close(e->fd);
    gim_heap_free(e);
    l->state = NULL;
}

static int epoll_add(struct gim_loop *l, struct gim_io *io, bool level, bool exclusive)
{
    const struct epoll *e = l->state;
    struct epoll_event ev = {.data.ptr = io};

    ev.events = level || exclusive ? EPOLLIN : EPOLLIN | EPOLLOUT | EPOLLRDHUP;
    if (!level)
        ev.events |= EPOLLET;
    if (exclusive)
        ev.events |= EPOLLEXCLUSIVE; /* the kernel refuses it beside RDHUP */
    return epoll_ctl(e->fd, EPOLL_CTL_ADD, io->fd, &ev);
}

static int epoll_remove(struct gim_loop *l, struct gim_io *io)
{
    struct epoll *e = l->state;

    for (int i = e->at; i < e->n; i++)
        if (e->events[i].data.ptr == io)
            e->events[i].data.ptr = NULL;
    return epoll_ctl(e->fd, EPOLL_CTL_DEL, io->fd, NULL);
}

static int epoll_turn(struct gim_loop *l, int timeout_ms)
{
    struct epoll *e = l->state;
    int n = epoll_wait(e->fd, e->events, BATCH, timeout_ms);
    int err = errno;

    gim_loop_tick(l);
    if (n < 0) {
        errno = err;
        return err == EINTR ? 0 : -1; /* a signal: the caller looks at its stop flag */
    }
    e->n = n;
    for (e->at = 0; e->at < n;) {
        const struct epoll_event ev = e->events[e->at++];

        if (ev.data.ptr)
            gim_loop_dispatch(l, ev.data.ptr, ev.events);
    }
    e->at = e->n = 0;
    return 0;
}

const struct gim_loop_backend gim_epoll = {
    .name = "epoll",
    .open = epoll_open,
    .close = epoll_close,
    .add = epoll_add,
    .remove = epoll_remove,
    .wait = epoll_turn,
};
