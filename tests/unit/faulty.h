/* faulty.h: the kernel as it may be: short reads and writes, EINTR, EAGAIN, resets, no memory, no
 * descriptor, events of nothing. The program is linked with --wrap for the calls (tests/meson.build:
 * faulty_calls). Descriptors are watched edge-triggered, so a call that was cut short, or told to come
 * again, owes an event: the next epoll_wait gives it, as the kernel would. */
#ifndef TESTS_FAULTY_H
#define TESTS_FAULTY_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/types.h>

#define FAULTY_FDS 1024

int __real_accept4(int fd, struct sockaddr *a, socklen_t *n, int flags);
int __real_epoll_ctl(int ep, int op, int fd, struct epoll_event *e);
int __real_epoll_wait(int ep, struct epoll_event *e, int n, int ms);
ssize_t __real_recv(int fd, void *to, size_t n, int flags);
ssize_t __real_send(int fd, const void *from, size_t n, int flags);
ssize_t __real_sendfile(int to, int from, off_t *at, size_t n);
int __wrap_accept4(int fd, struct sockaddr *a, socklen_t *n, int flags);
int __wrap_epoll_ctl(int ep, int op, int fd, struct epoll_event *e);
int __wrap_epoll_wait(int ep, struct epoll_event *e, int n, int ms);
ssize_t __wrap_recv(int fd, void *to, size_t n, int flags);
ssize_t __wrap_send(int fd, const void *from, size_t n, int flags);
ssize_t __wrap_sendfile(int to, int from, off_t *at, size_t n);

static struct {
    bool on, gentle; /* gentle: nothing that ends a connection */
    uint64_t seed;
    unsigned long injected;
    void *watched[FAULTY_FDS]; /* data.ptr of each descriptor */
    uint32_t owed[FAULTY_FDS];
} faulty;

static inline unsigned faulty_random(unsigned below)
{
    faulty.seed = faulty.seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(faulty.seed >> 33) % below;
}

static inline bool one_in(unsigned n)
{
    bool yes = faulty.on && faulty_random(n) == 0;

    faulty.injected += yes;
    return yes;
}

static inline int failed_with(int err)
{
    errno = err;
    return -1;
}

/* One of `n` errors, most of which end a connection. */
static inline bool ends(const int *list, unsigned n)
{
    if (faulty.gentle || !one_in(60))
        return false;
    errno = list[faulty_random(n)];
    return true;
}

static inline bool comes_again(int fd, uint32_t event)
{
    if (!one_in(6))
        return false;
    faulty.owed[fd] |= event;
    errno = EAGAIN;
    return true;
}

/* How much of `n` bytes is moved; less owes an event. */
static inline size_t cut_short(int fd, size_t n, uint32_t event)
{
    if (n < 2 || !one_in(3))
        return n;
    faulty.owed[fd] |= event;
    return 1 + faulty_random(n > 8 && faulty_random(2) ? 7 : (unsigned)(n - 1));
}

ssize_t __wrap_recv(int fd, void *to, size_t n, int flags)
{
    static const int errors[] = {ECONNRESET, ENOMEM, ETIMEDOUT, ENOBUFS};
    ssize_t got;

    if (one_in(8))
        return failed_with(EINTR);
    if (comes_again(fd, EPOLLIN) || ends(errors, 4))
        return -1;
    n = cut_short(fd, n, EPOLLIN);
    got = __real_recv(fd, to, n, flags);
    return got;
}

ssize_t __wrap_send(int fd, const void *from, size_t n, int flags)
{
    static const int errors[] = {ECONNRESET, EPIPE, ENOBUFS, ENOMEM};

    if (one_in(8))
        return failed_with(EINTR);
    if (comes_again(fd, EPOLLOUT) || ends(errors, 4))
        return -1;
    return __real_send(fd, from, cut_short(fd, n, EPOLLOUT), flags);
}

ssize_t __wrap_sendfile(int to, int from, off_t *at, size_t n)
{
    static const int errors[] = {ECONNRESET, EPIPE, EIO, ENOMEM};

    if (one_in(8))
        return failed_with(EINTR);
    if (comes_again(to, EPOLLOUT) || ends(errors, 4))
        return -1;
    return __real_sendfile(to, from, at, cut_short(to, n, EPOLLOUT));
}

int __wrap_accept4(int fd, struct sockaddr *a, socklen_t *n, int flags)
{
    static const int errors[] = {EINTR, ECONNABORTED, EPROTO, EMFILE, ENFILE, ENOMEM, ENOBUFS};

    if (one_in(faulty.gentle ? 100 : 10))
        return failed_with(errors[faulty_random(faulty.gentle ? 3 : 7)]);
    return __real_accept4(fd, a, n, flags);
}

int __wrap_epoll_ctl(int ep, int op, int fd, struct epoll_event *e)
{
    if (op == EPOLL_CTL_ADD && !faulty.gentle && one_in(20))
        return failed_with(faulty_random(2) ? ENOMEM : ENOSPC);
    faulty.owed[fd] = 0;
    faulty.watched[fd] = op == EPOLL_CTL_DEL ? NULL : e->data.ptr;
    return __real_epoll_ctl(ep, op, fd, e);
}

int __wrap_epoll_wait(int ep, struct epoll_event *e, int n, int ms)
{
    int got, owed = 0;

    if (one_in(10))
        return failed_with(EINTR);
    for (int fd = 0; fd < FAULTY_FDS; fd++)
        owed += faulty.owed[fd] != 0;
    got = __real_epoll_wait(ep, e, n, owed ? 0 : ms);
    for (int fd = 0; fd < FAULTY_FDS && got >= 0 && got < n; fd++) {
        uint32_t events = faulty.owed[fd];

        if (!events && faulty.watched[fd] && one_in(50))
            events = EPOLLOUT; /* of nothing */
        if (!events || !faulty.watched[fd])
            continue;
        e[got++] = (struct epoll_event){.events = events, .data.ptr = faulty.watched[fd]};
        faulty.owed[fd] = 0;
    }
    return got;
}

#endif
