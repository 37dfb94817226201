/* lock.c: one posts process a file.
 *
 * SQLite lets many processes write, one after the other; this store does not want that: it hands
 * out ids from memory, and Debian's 3.40.1 can corrupt a WAL that two connections reset at once. An
 * flock on PATH.lock goes when the process does, however it ends. The file stays: removing it would
 * let two processes hold locks on two files of one name. Its content, the pid, only serves the
 * sentence that the second process prints. PATH is no link any more: all names of a file lead to one
 * lock. */
#include "sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static void tell_holder(int fd, const char *path, char *err, size_t err_len)
{
    char pid[24] = "";
    ssize_t n = pread(fd, pid, sizeof pid - 1, 0);
    size_t digits = n > 0 ? strspn(pid, "0123456789") : 0;

    pid[digits] = '\0';
    snprintf(
        err, err_len,
        "%s is in use by another posts process (pid %s): stop it, or give this one another file",
        path, digits ? pid : "unknown");
}

static void write_pid(int fd)
{
    char pid[24];
    int len = snprintf(pid, sizeof pid, "%ld\n", (long)getpid());

    /* Only for the sentence above: a full disk must not stop the start. */
    if (ftruncate(fd, 0) != 0 || pwrite(fd, pid, (size_t)len, 0) != len)
        return;
}

/* As far as there are links; the kernel follows forty. */
void sq_lock_follow(char *path, size_t size)
{
    char to[PATH_MAX];

    for (int i = 0; i < 40; i++) {
        ssize_t n = readlink(path, to, sizeof to);
        const char *slash = strrchr(path, '/');
        size_t kept = n > 0 && to[0] != '/' && slash ? (size_t)(slash - path) + 1 : 0;

        if (n <= 0 || (size_t)n == sizeof to || kept + (size_t)n >= size)
            return;
        memcpy(path + kept, to, (size_t)n);
        path[kept + (size_t)n] = '\0';
    }
}

int sq_lock_take(const char *path, char *err, size_t err_len)
{
    char name[4096 + 8];

    snprintf(name, sizeof name, "%s.lock", path);
    int fd = open(name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);

    if (fd < 0) {
        snprintf(err, err_len, "cannot open %s: %s: the directory must exist and be writable", name,
                 strerror(errno));
        return -1;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK)
            tell_holder(fd, path, err, err_len);
        else
            snprintf(err, err_len, "cannot lock %s: %s", name, strerror(errno));
        close(fd);
        return -1;
    }
    write_pid(fd);
    return fd;
}

void sq_lock_drop(int fd)
{
    close(fd);
}
