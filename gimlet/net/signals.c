/* signals.c: signalfd in a loop. */
#include "signals.h"
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

static void on_event(struct gim_io *io, uint32_t events)
{
    struct gim_signals *s = GIM_CONTAINER(io, struct gim_signals, io);
    struct signalfd_siginfo info;

    (void)events;
    while (read(io->fd, &info, sizeof info) == (ssize_t)sizeof info)
        s->on_signal(s, (int)info.ssi_signo);
}

static void end_process(int signal)
{
    _exit(128 + signal);
}

/* From now on it ends the process, unless the program has a handler of its own. */
static void give_back(int number)
{
    struct sigaction now;

    if (sigaction(number, NULL, &now) == 0 &&
        (now.sa_handler == SIG_DFL || now.sa_handler == SIG_IGN))
        signal(number, end_process);
}

static sigset_t stop_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    return set;
}

void gim_signals_hold_hangup(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
}

int gim_signals_open(struct gim_signals *s, struct gim_loop *loop)
{
    sigset_t set = stop_signals();

    if (s->hangup)
        sigaddset(&set, SIGHUP);
    signal(SIGPIPE, SIG_IGN);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    s->io.on_event = on_event;
    s->io.fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (s->io.fd < 0)
        return -1;
    if (gim_loop_add(loop, &s->io, true, false)) {
        close(s->io.fd);
        return -1;
    }
    return 0;
}

void gim_signals_close(struct gim_signals *s, struct gim_loop *loop)
{
    const sigset_t set = stop_signals();

    gim_loop_remove(loop, &s->io);
    close(s->io.fd);
    give_back(SIGTERM);
    give_back(SIGINT);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}
