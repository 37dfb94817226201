/* delay.c: null with a known delay before each answer, so that a load generator can be tested: what
 * it reports must agree with what was drawn here.
 *
 * A request is drawn its delay when it has been read, and waits in a heap for its time. Timers wake
 * a process some tens of microseconds late, so the thread sleeps until a little before and spins the
 * rest: answers leave within 50 us of their time, at the price of CPU. This mode measures no server;
 * the bare loop in null.c is the one that counts.
 *
 * The draws are splitmix64 from --seed (thread i adds i), in the order of the requests, so that a
 * test can compute the very sample: u = ((x >> 11) + 1) / 2^53; exp: -mean * ln(u); uniform:
 * low + (high - low) * u. Stalls count from the first request and lie in the middle of each period.
 * One request of a connection waits at a time; more bytes while it does are taken for its rest. */
#include "null.h"

#include <errno.h>
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define SPIN_NS 120000
#define SECOND INT64_C(1000000000)
#define LONGEST (3600 * SECOND)

struct due {
    int64_t at;
    int fd;
};

struct wait {
    const struct null_lane *lane;
    uint64_t state; /* of the generator */
    int timer;
    int64_t armed;       /* the time the timer is set for */
    struct due *heap;    /* the soonest first */
    unsigned n, *places; /* by fd: its place in the heap, from 1; 0 none */
};

static _Atomic int64_t first_request; /* stalls are of all threads */

static int64_t clock_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * SECOND + t.tv_nsec;
}

/* ---- delays ------------------------------------------------------------------------------- */

/* "5ms", "0.5s", "250us" or "0" at *text, which moves behind it. -1 when there is none. */
static int64_t take_duration(const char **text)
{
    static const struct {
        const char *name;
        double ns;
    } units[] = {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}};
    char *end;
    double n = strtod(*text, &end);

    if (end == *text || !(n >= 0))
        return -1;
    *text = end;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (strncmp(end, units[i].name, strlen(units[i].name)) == 0) {
            *text = end + strlen(units[i].name);
            return n * units[i].ns <= (double)LONGEST ? (int64_t)(n * units[i].ns + 0.5) : -1;
        }
    }
    return n == 0 ? 0 : -1;
}

bool null_delay_read(struct null_delay *d, const char *text)
{
    static const struct {
        const char *name;
        int kind;
    } kinds[] = {{"fixed:", NULL_FIXED}, {"exp:", NULL_EXP}, {"uniform:", NULL_UNIFORM}};

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strncmp(text, kinds[i].name, strlen(kinds[i].name)) != 0)
            continue;
        text += strlen(kinds[i].name);
        d->kind = kinds[i].kind;
        d->low = d->high = take_duration(&text);
        if (d->kind == NULL_UNIFORM && *text == '-') {
            text++;
            d->high = take_duration(&text);
        }
        return d->low >= 0 && d->high >= d->low && *text == '\0';
    }
    return false;
}

bool null_stall_read(struct null_delay *d, const char *text)
{
    d->stall = take_duration(&text);
    if (*text != '/')
        return false;
    text++;
    d->period = take_duration(&text);
    return d->stall > 0 && d->period > d->stall && *text == '\0';
}

/* In (0, 1]. */
static double draw(uint64_t *state)
{
    uint64_t x = *state += UINT64_C(0x9e3779b97f4a7c15);

    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    x ^= x >> 31;
    return (double)((x >> 11) + 1) * 0x1p-53;
}

static int64_t delay_drawn(const struct null_delay *d, uint64_t *state)
{
    switch (d->kind) {
    case NULL_EXP:
        return (int64_t)(-(double)d->low * log(draw(state)));
    case NULL_UNIFORM:
        return d->low + (int64_t)((double)(d->high - d->low) * draw(state));
    case NULL_FIXED:
    case NULL_NONE:
        break;
    }
    return d->low;
}

/* `at`, or the end of the stall it lies in. */
static int64_t after_stall(const struct null_delay *d, int64_t now, int64_t at)
{
    int64_t none = 0, phase;

    if (!d->stall)
        return at;
    atomic_compare_exchange_strong(&first_request, &none, now);
    phase = (at - atomic_load(&first_request)) % d->period - (d->period - d->stall) / 2;
    return phase >= 0 && phase < d->stall ? at + d->stall - phase : at;
}

/* ---- the heap ----------------------------------------------------------------------------- */

static void put(struct wait *w, unsigned place, struct due d)
{
    w->heap[place] = d;
    w->places[d.fd] = place + 1;
}

static void rise(struct wait *w, unsigned place, struct due d)
{
    while (place > 0 && d.at < w->heap[(place - 1) / 2].at) {
        put(w, place, w->heap[(place - 1) / 2]);
        place = (place - 1) / 2;
    }
    put(w, place, d);
}

static void sink(struct wait *w, unsigned place, struct due d)
{
    for (;;) {
        unsigned child = 2 * place + 1;

        if (child + 1 < w->n && w->heap[child + 1].at < w->heap[child].at)
            child++;
        if (child >= w->n || d.at <= w->heap[child].at)
            break;
        put(w, place, w->heap[child]);
        place = child;
    }
    rise(w, place, d);
}

static void heap_remove(struct wait *w, int fd)
{
    unsigned place = w->places[fd];

    if (!place)
        return;
    w->places[fd] = 0;
    if (--w->n > place - 1)
        sink(w, place - 1, w->heap[w->n]);
}

/* ---- serving ------------------------------------------------------------------------------ */

static void drop(struct wait *w, int fd)
{
    heap_remove(w, fd);
    close(fd);
}

/* A request has come, more of it, or the end. */
static void readable(struct wait *w, int fd, uint32_t events)
{
    static _Thread_local char in[65536];

    if (recv(fd, in, sizeof in, 0) <= 0 || (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))) {
        drop(w, fd);
    } else if (!w->places[fd]) {
        const struct null_delay *d = w->lane->delay;
        int64_t now = clock_ns();
        int64_t at = after_stall(d, now, now + delay_drawn(d, &w->state));

        rise(w, w->n++, (struct due){.at = at, .fd = fd});
    }
}

/* Sends what is due. Returns the timeout for epoll_wait. */
static int answer_due(struct wait *w)
{
    int64_t now = clock_ns();

    while (w->n > 0 && w->heap[0].at <= now) {
        int fd = w->heap[0].fd;

        heap_remove(w, fd);
        if (send(fd, w->lane->answer, w->lane->bytes, MSG_NOSIGNAL) != (ssize_t)w->lane->bytes)
            close(fd);
        now = clock_ns();
    }
    if (w->n == 0)
        return -1;
    if (w->heap[0].at - now <= SPIN_NS)
        return 0;
    if (w->armed != w->heap[0].at) {
        int64_t wake = w->heap[0].at - SPIN_NS;
        struct itimerspec t = {.it_value = {wake / SECOND, (long)(wake % SECOND)}};

        timerfd_settime(w->timer, TFD_TIMER_ABSTIME, &t, NULL);
        w->armed = w->heap[0].at;
    }
    return -1;
}

/* Zeroed, and only what is touched costs memory. */
static void *table(size_t size)
{
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (p == MAP_FAILED)
        null_quit(1, "mmap", strerror(errno));
    return p;
}

void null_serve_delayed(const struct null_lane *lane)
{
    struct wait w = {.lane = lane,
                     .state = lane->delay->seed + (uint64_t)lane->number,
                     .timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC),
                     .heap = table(NULL_FDS_MAX * sizeof *w.heap),
                     .places = table(NULL_FDS_MAX * sizeof *w.places)};
    struct epoll_event events[NULL_BATCH];

    if (w.timer < 0)
        null_quit(1, "timerfd_create", strerror(errno));
    null_watch(lane->epoll, w.timer,
               EPOLLIN | EPOLLET); /* never read: setting it again resets it */
    for (;;) {
        int n = epoll_wait(lane->epoll, events, NULL_BATCH, answer_due(&w));

        for (int i = 0; i < n; i++) {
            int fd = events[i].data.fd;

            if (fd == lane->listener)
                null_accept(lane->epoll, fd);
            else if (fd != w.timer)
                readable(&w, fd, events[i].events);
        }
    }
}
