/* control.c: how another process of the same user asks the running one for a copy.
 *
 * A unix socket FILE.control beside the database, readable and writable by its owner only; one
 * thread takes one connection at a time: the line "backup" comes in, "ok" and a descriptor or a
 * sentence goes out. The lock on FILE.lock is held by now, so a socket found here is a dead
 * process's and goes.
 *
 * The service may write nowhere but beside its file (gimlet/sandbox.h), and who asks may write where
 * the service may not. So the copy is FILE.copy, which has no name any more when its descriptor is
 * handed over: the asker puts the bytes where it wants them, and nothing stays behind. What a killed
 * process left of one goes at the next start or copy.
 *
 * A socket's address has room for some hundred bytes, a path may be longer: the address names the
 * directory by descriptor. */
#include "sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define STACK_BYTES (128 << 10)
#define SUFFIX ".control"
#define COPY_SUFFIX ".copy"
#define REQUEST "backup"

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

/* A descriptor goes with one byte before the line. */
union ancillary {
    struct cmsghdr head;
    char room[CMSG_SPACE(sizeof(int))];
};

static int send_file(int fd, int file)
{
    union ancillary a = {0};
    struct iovec one = {.iov_base = (char[]){'+'}, .iov_len = 1};
    struct msghdr m = {
        .msg_iov = &one, .msg_iovlen = 1, .msg_control = &a, .msg_controllen = sizeof a};

    a.head.cmsg_level = SOL_SOCKET;
    a.head.cmsg_type = SCM_RIGHTS;
    a.head.cmsg_len = CMSG_LEN(sizeof file);
    memcpy(CMSG_DATA(&a.head), &file, sizeof file);
    return sendmsg(fd, &m, MSG_NOSIGNAL) == 1 ? 0 : -1;
}

/* The first byte; with a descriptor when it is '+'. -1: nothing came. */
static int receive_first(int fd, char *first, int *file)
{
    union ancillary a = {0};
    struct iovec one = {.iov_base = first, .iov_len = 1};
    struct msghdr m = {
        .msg_iov = &one, .msg_iovlen = 1, .msg_control = &a, .msg_controllen = sizeof a};

    *file = -1;
    if (recvmsg(fd, &m, MSG_CMSG_CLOEXEC) != 1)
        return -1;
    if (m.msg_controllen >= sizeof a.head && a.head.cmsg_type == SCM_RIGHTS &&
        a.head.cmsg_len == CMSG_LEN(sizeof *file))
        memcpy(file, CMSG_DATA(&a.head), sizeof *file);
    return 0;
}

/* ---- the running process ------------------------------------------------------------------- */

/* Makes the copy and takes its name away: its descriptor, or -1 with copy->err. */
static int make_copy(struct sq_control *c, struct sq_copy *copy)
{
    int file = -1;

    snprintf(copy->path, sizeof copy->path, "%s" COPY_SUFFIX, c->path);
    copy->stop = &c->closed;
    unlink(copy->path);
    if (sq_copy_ask(c->writer, copy) == 0) {
        file = open(copy->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        if (file < 0)
            snprintf(copy->err, sizeof copy->err, "%s: %s", copy->path, strerror(errno));
    }
    unlink(copy->path);
    return file;
}

static void answer(struct sq_control *c, int fd)
{
    struct sq_copy *copy = calloc(1, sizeof *copy);
    char request[64];

    set_patience(fd, 2);
    if (copy && read_line(fd, request, sizeof request) == 0) {
        if (strcmp(request, REQUEST) == 0) {
            int file = make_copy(c, copy);

            if (file < 0 || send_file(fd, file) == 0)
                write_line(fd, file < 0 ? copy->err : "ok");
            if (file >= 0)
                close(file);
        } else {
            write_line(fd, "the running posts does not know this request: is it older or newer?");
        }
    }
    free(copy);
    close(fd);
}

static void *run(void *arg)
{
    struct sq_control *c = arg;
    struct pollfd either[] = {{.fd = c->fd, .events = POLLIN}, {.fd = c->wake, .events = POLLIN}};

    while (!atomic_load(&c->closed)) {
        if (poll(either, 2, -1) < 1 || either[1].revents)
            continue;
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
    char left[sizeof((struct sq_copy *)0)->path];

    c->writer = w;
    c->path = path;
    snprintf(left, sizeof left, "%s" COPY_SUFFIX, path);
    unlink(left); /* of a process that was killed */
    c->fd = listen_at(path);
    c->wake = c->fd >= 0 ? eventfd(0, EFD_CLOEXEC) : -1;
    if (c->wake >= 0 && sq_thread_start(&c->thread, STACK_BYTES, run, c) == 0)
        return;
    gim_log(GIM_LOG_WARN, "posts", "no online backups: %s" SUFFIX ": %s", path, strerror(errno));
    if (c->wake >= 0)
        close(c->wake);
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
    eventfd_write(c->wake, 1); /* shutdown would, too, but is not left: kit/sandbox_calls.c */
    pthread_join(c->thread, NULL);
    close(c->wake);
    close(c->fd);
    int dir = address(path, &a);

    if (dir >= 0) {
        unlink(a.sun_path);
        close(dir);
    }
}

/* ---- who asks ------------------------------------------------------------------------------ */

/* What the running process says: the copy, or -1 with c->err. */
static int receive_copy(int fd, struct sq_copy *c)
{
    int file = -1;
    bool ended = write_line(fd, REQUEST) != 0 || receive_first(fd, c->err, &file) != 0;

    if (!ended) {
        size_t had = file < 0; /* else the byte was the descriptor's */
        ended = read_line(fd, c->err + had, sizeof c->err - had) != 0;
    }
    if (ended)
        snprintf(c->err, sizeof c->err, "the running posts ended before the copy was complete");
    else if (file >= 0 && strcmp(c->err, "ok") == 0)
        c->err[0] = '\0';
    if (c->err[0] && file >= 0) {
        close(file);
        file = -1;
    }
    return file;
}

int sq_control_ask(const char *path, struct sq_copy *c)
{
    struct sockaddr_un a = {0};
    int dir = address(path, &a);
    int fd = dir < 0 ? -1 : socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int file = -1;

    if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof a) != 0)
        snprintf(c->err, sizeof c->err, "%s is in use, but cannot be asked at %s" SUFFIX ": %s",
                 path, path, strerror(errno));
    else
        file = receive_copy(fd, c);
    if (fd >= 0)
        close(fd);
    if (dir >= 0)
        close(dir);
    return file;
}
