/* server.c: workers and their end.
 *
 * Each worker is a state machine driven by its own loop: serving, draining, done. The only words
 * between threads are tasks posted to loops. Whoever has no connection left stops its loop. */
#include "server.h"
#include "../net/signals.h"
#include "../net/supervisor.h"
#include "conn.h"
#include <errno.h>
#include <gimlet/log.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#define GRACE_MS 250        /* idle keep-alives may send one more request in it */
#define LOOK_MS GIM_TICK_MS /* how often a draining worker looks whether it is done */
#define ACCEPTS_A_TURN 64

struct worker {
    struct gim_server *server;
    struct gim_loop *loop;
    struct gim_wire *wire;
    struct gim_listener listener;
    struct gim_task drain_task;
    struct gim_timer timer; /* grace, then looks */
    uint64_t give_up;       /* loop ms */
    pthread_t thread;
    unsigned index;
    bool failed, graced;
};

struct gim_server {
    const struct gim_server_spec *spec;
    struct worker *workers;
    struct gim_signals signals;
    struct gim_timer delay;
    int *fds;
    uint64_t file; /* of a unix socket */
    bool stopping;
    char address[GIM_ADDRESS_MAX];
};

/* ---- draining -------------------------------------------------------------------------------- */

static void drain_idle(struct gim_wire *w)
{
    struct gim_list *at = w->conns.next;

    while (at != &w->conns) {
        struct gim_list *next = at->next;

        gim_conn_drain(GIM_CONTAINER(at, struct gim_conn, node));
        at = next;
    }
}

static bool is_busy(const struct gim_wire *w)
{
    return w->n_conns || atomic_load_explicit(&w->shared->background, memory_order_relaxed);
}

static void look(struct gim_timer *t)
{
    struct worker *w = GIM_CONTAINER(t, struct worker, timer);

    drain_idle(w->wire);
    if (!is_busy(w->wire) || gim_loop_ms(w->loop) >= w->give_up) {
        gim_loop_stop(w->loop);
        return;
    }
    gim_timer_set(w->loop, t, LOOK_MS);
}

static void drain(struct gim_task *t)
{
    struct worker *w = GIM_CONTAINER(t, struct worker, drain_task);

    if (!w->server->spec->inherited) /* else those who wait are for whoever has the socket, too */
        gim_listener_drain(&w->listener);
    gim_listener_stop(&w->listener, true);
    w->wire->draining = true;
    w->give_up = gim_loop_ms(w->loop) + (uint64_t)w->server->spec->stop_timeout;
    w->timer.on_due = look;
    if (is_busy(w->wire))
        gim_timer_set(w->loop, &w->timer, GRACE_MS);
    else
        gim_loop_stop(w->loop);
}

static void drain_all(struct gim_timer *t)
{
    struct gim_server *s = GIM_CONTAINER(t, struct gim_server, delay);

    gim_listen_remove(s->spec->host, s->file);
    for (unsigned i = 0; i < s->spec->workers; i++) {
        s->workers[i].drain_task.run = drain;
        gim_loop_post(s->workers[i].loop, &s->workers[i].drain_task);
    }
}

static void on_signal(struct gim_signals *signals, int signal)
{
    struct gim_server *s = GIM_CONTAINER(signals, struct gim_server, signals);

    if (signal == SIGHUP && (s->stopping || !s->spec->hung_up(s->spec->user)))
        return;
    if (s->stopping)
        _exit(128 + signal);
    s->stopping = true;
    s->spec->stopping(s->spec->user);
    s->delay.on_due = drain_all;
    if (s->spec->drain_delay)
        gim_timer_set(s->workers[0].loop, &s->delay, (uint64_t)s->spec->drain_delay);
    else
        drain_all(&s->delay);
}

/* ---- serving --------------------------------------------------------------------------------- */

static void on_accept(struct gim_listener *l, int fd)
{
    struct worker *w = GIM_CONTAINER(l, struct worker, listener);

    gim_conn_accept_from(w->wire, fd, l->peer_known ? l->peer : NULL);
}

static int serve(struct worker *w)
{
    const struct gim_server_spec *spec = w->server->spec;
    bool is_unix = strncmp(w->server->address, "unix:", 5) == 0;

    w->wire = spec->worker_start(spec->user, w->loop, w->index);
    w->listener = (struct gim_listener){
        .io = {.fd = w->server->fds[w->index]},
        .on_accept = on_accept,
        .per_turn = ACCEPTS_A_TURN,
        .shared = (is_unix || spec->inherited) && spec->workers > 1,
        .unix_path = is_unix,
    };
    if (gim_listener_start(&w->listener, w->loop))
        return -1;
    return gim_loop_run(w->loop);
}

static void stop_all(struct gim_server *s)
{
    for (unsigned i = 0; i < s->spec->workers; i++)
        gim_loop_stop(s->workers[i].loop);
}

/* A part of a server would leave its share of the clients waiting: all serve, or none. */
static void fail(struct worker *w, int err)
{
    gim_log(GIM_LOG_ERROR, "server", "worker %u cannot run: %s", w->index, strerror(err));
    w->failed = true;
    stop_all(w->server);
}

static void *thread_main(void *arg)
{
    struct worker *w = arg;

    if (serve(w))
        fail(w, errno);
    return NULL;
}

/* Serves until all loops have ended. 0, or -1 when one could not run. */
static int serve_all(struct gim_server *s)
{
    unsigned n = s->spec->workers, started = 1; /* worker 0 is this thread */
    bool failed;

    for (; started < n; started++) {
        struct worker *w = &s->workers[started];
        int err = pthread_create(&w->thread, NULL, thread_main, w);

        if (err) {
            fail(w, err);
            break;
        }
    }
    thread_main(&s->workers[0]);
    failed = s->workers[0].failed || started < n;
    for (unsigned i = 1; i < started; i++) {
        pthread_join(s->workers[i].thread, NULL);
        failed = failed || s->workers[i].failed;
    }
    return failed ? -1 : 0;
}

/* No loop runs any more. Clients are cut off before the application stops: nothing they say may
 * reach a handler then, and late results find nobody to go on for. */
static void end(struct gim_server *s)
{
    for (unsigned i = 0; i < s->spec->workers; i++) {
        struct worker *w = &s->workers[i];

        if (!w->wire)
            continue;
        gim_listener_stop(&w->listener, true);
        gim_wire_hang_up(w->wire);
    }
    s->spec->stopped(s->spec->user);
    for (unsigned i = 0; i < s->spec->workers; i++) {
        struct worker *w = &s->workers[i];

        if (w->wire)
            gim_loop_finish(w->loop); /* late completions let go of their requests */
    }
    for (unsigned i = 0; i < s->spec->workers; i++) {
        if (s->workers[i].wire)
            s->spec->worker_stop(s->spec->user, s->workers[i].wire);
    }
}

static int open_listeners(struct gim_server *s, char *err, size_t err_len)
{
    const struct gim_server_spec *spec = s->spec;
    int result;

    if (spec->inherited)
        return gim_listen_inherited(spec->inherited, s->fds, spec->workers, s->address, err,
                                    err_len);
    result = gim_listen(spec->host, spec->port, spec->backlog, s->fds, spec->workers, s->address,
                        err, err_len);
    if (result == 0)
        s->file = gim_listen_file(spec->host);
    return result;
}

static int make_loops(struct gim_server *s, char *err, size_t err_len)
{
    for (unsigned i = 0; i < s->spec->workers; i++) {
        struct worker *w = &s->workers[i];

        w->server = s;
        w->index = i;
        w->loop = gim_loop_new();
        if (!w->loop) {
            snprintf(err, err_len, "cannot make an event loop: %s", strerror(errno));
            return -1;
        }
    }
    return 0;
}

struct gim_server *gim_server_new(const struct gim_server_spec *spec, char *err, size_t err_len)
{
    struct gim_server *s = gim_heap_alloc(sizeof *s);
    int result;

    s->spec = spec;
    s->fds = gim_heap_alloc(spec->workers * sizeof *s->fds);
    s->workers = gim_heap_alloc(spec->workers * sizeof *s->workers);
    result = open_listeners(s, err, err_len);
    if (result == 0 && make_loops(s, err, err_len) == 0)
        return s;
    for (unsigned i = 0; i < spec->workers && result == 0; i++)
        gim_socket_close(s->fds[i]);
    gim_server_free(s);
    errno = result == GIM_LISTEN_WRONG ? EINVAL : EADDRNOTAVAIL;
    return NULL;
}

struct gim_loop *gim_server_loop(const struct gim_server *s, unsigned index)
{
    return s->workers[index].loop;
}

int gim_server_run(struct gim_server *s)
{
    int result;

    s->signals.on_signal = on_signal;
    s->signals.hangup = s->spec->hung_up != NULL;
    result = gim_signals_open(&s->signals, s->workers[0].loop);
    if (result == 0) {
        s->spec->started(s->spec->user, s->address);
        result = serve_all(s);
        gim_signals_close(&s->signals, s->workers[0].loop);
    } else {
        gim_log(GIM_LOG_ERROR, "server", "cannot take signals: %s", strerror(errno));
    }
    end(s);
    return result;
}

void gim_server_free(struct gim_server *s)
{
    for (unsigned i = 0; i < s->spec->workers; i++) {
        if (s->workers[i].loop)
            gim_loop_free(s->workers[i].loop);
    }
    gim_heap_free(s->workers);
    gim_heap_free(s->fds);
    gim_heap_free(s);
}
