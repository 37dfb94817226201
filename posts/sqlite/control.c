/* control.c: how another process of the same user asks the running one for a copy.
 *
 * A unix socket FILE.control beside the database, readable and writable by its owner only; one
 * thread takes one connection at a time: a line with the absolute path of the copy comes in, "ok" or
 * a sentence goes out. The lock on FILE.lock is held by now, so a socket found here is a dead
 * process's and goes.
 *
 * A socket's address has room for some hundred bytes, a path may be longer: the address names the
 * directory by descriptor. */
#include "sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define STACK_BYTES (128 << 10)
#define SUFFIX ".control"

/* ---- the address --------------------------------------------------------------------------- */

/* FILE.control through a descriptor of its directory, which the caller closes; -1: errno. */
static int address(const char *path, struct sockaddr_un *a)
{
    const char *slash = strrchr(path, '/');
    char dir[4096];
    int len = slash ? (int)(slash - path) + 1 : 2;

    snprintf(dir, sizeof dir, "%.*s", len, slash ? path : "./");
    int fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return -1;
    a->sun_family = AF_UNIX;
    int n = snprintf(a->sun_path, sizeof a->sun_path, "/proc/self/fd/%d/%s" SUFFIX, fd,
                     slash ? slash + 1 : path);

    if (n > 0 && (size_t)n < sizeof a->sun_path)
        return fd;
    close(fd);
    errno = ENAMETOOLONG;
    return -1;
}

static void set_patience(int fd, int seconds)
{
    struct timeval t = {.tv_sec = seconds};

    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof t);
}

/* Reads a line without its end. -1: there is none. */
static int read_line(int fd, char *line, size_t size)
{
    size_t len = 0;

    while (len < size) {
        ssize_t n = recv(fd, line + len, size - len, 0);

        if (n <= 0)
            return -1;
        char *end = memchr(line + len, '\n', (size_t)n);

        if (end) {
            *end = '\0';
            return 0;
        }
        len += (size_t)n;
    }
    return -1;
}

static int write_line(int fd, const char *line)
{
    char text[5120];
    int len = snprintf(text, sizeof text, "%s\n", line);

    if (len <= 0 || (size_t)len >= sizeof text)
        return -1;
    return send(fd, text, (size_t)len, MSG_NOSIGNAL) == len ? 0 : -1;
}

/* ---- the running process ------------------------------------------------------------------- */

static void answer(struct sq_control *c, int fd)
{
    struct sq_copy *copy = calloc(1, sizeof *copy);

    set_patience(fd, 2);
    if (copy)
        copy->stop = &c->closed;
    if (copy && read_line(fd, copy->path, sizeof copy->path) == 0) {
        int failed = copy->path[0] == '/' ? sq_copy_ask(c->writer, copy) : -1;

        write_line(fd, failed ? copy->err[0] ? copy->err : "an absolute path is wanted" : "ok");
    }
    free(copy);
    close(fd);
}

static void *run(void *arg)
{
    struct sq_control *c = arg;

    while (!atomic_load(&c->closed)) {
        int fd = accept4(c->fd, NULL, NULL, SOCK_CLOEXEC);

        if (fd >= 0)
            answer(c, fd);
        else if (errno != EINTR && errno != ECONNABORTED)
            usleep(100000); /* no descriptors left, or about to be closed */
    }
    return NULL;
}

static int listen_at(const char *path)
{
    struct sockaddr_un a = {0};
    int dir = address(path, &a);

    if (dir < 0)
        return -1;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    unlink(a.sun_path);
    if (fd >= 0 && (fchmod(fd, 0600) != 0 || bind(fd, (struct sockaddr *)&a, sizeof a) != 0 ||
                    listen(fd, 4) != 0)) {
        close(fd);
        fd = -1;
    }
    close(dir);
    return fd;
}

void sq_control_open(struct sq_control *c, const char *path, struct sq_writer *w)
{
    c->writer = w;
    c->fd = listen_at(path);
    if (c->fd >= 0 && sq_thread_start(&c->thread, STACK_BYTES, run, c) == 0)
        return;
    gim_log(GIM_LOG_WARN, "posts", "no online backups: %s" SUFFIX ": %s", path, strerror(errno));
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
}

void sq_control_close(struct sq_control *c, const char *path)
{
    struct sockaddr_un a = {0};

    if (c->fd < 0)
        return;
    atomic_store(&c->closed, true);
    shutdown(c->fd, SHUT_RDWR); /* wakes the thread */
    pthread_join(c->thread, NULL);
    close(c->fd);
    int dir = address(path, &a);

    if (dir >= 0) {
        unlink(a.sun_path);
        close(dir);
    }
}

/* ---- who asks ------------------------------------------------------------------------------ */

int sq_control_ask(const char *path, struct sq_copy *c)
{
    struct sockaddr_un a = {0};
    int dir = address(path, &a);
    int fd = dir < 0 ? -1 : socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int failed = fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof a) != 0;

    if (failed) {
        snprintf(c->err, sizeof c->err, "%s is in use, but cannot be asked at %s" SUFFIX ": %s",
                 path, path, strerror(errno));
    } else if (write_line(fd, c->path) != 0 || read_line(fd, c->err, sizeof c->err) != 0) {
        snprintf(c->err, sizeof c->err, "the running posts ended before the copy was complete");
        failed = -1;
    } else if (strcmp(c->err, "ok") == 0) {
        c->err[0] = '\0';
    }
    if (fd >= 0)
        close(fd);
    if (dir >= 0)
        close(dir);
    return failed || c->err[0] ? -1 : 0;
}
