/* file.c: files beneath a root, and temporary ones.
 *
 * A path that a client chose must not lead out of the root, and no check of its text can promise
 * that: a link on the disk may point anywhere, and may appear between check and open. So the kernel
 * is asked to promise it (openat2, Linux 5.6). Where that call is missing, or a sandbox refuses it,
 * the path is walked name by name, each opened relative to the one before and none through a link.
 *
 * Files are opened without waiting (O_NONBLOCK): a FIFO would wait for its writer. What is no regular
 * file is closed again before a byte is read. */
#include "file.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PATH_ROOM 4096
#define NAME_ROOM 256
#define TRIES 8 /* openat2 says EAGAIN when somebody renames meanwhile */
#define OPEN_FLAGS (O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)

/* ---- opening --------------------------------------------------------------------------------- */

int gim_file_root(const char *directory)
{
    return open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static int open_at(int directory, const char *name, int flags)
{
    int fd;

    do
        fd = openat(directory, name, flags);
    while (fd < 0 && errno == EINTR);
    return fd;
}

/* Names only: nothing that is empty, means a directory, or ends early. */
static bool is_plain(gim_str path)
{
    if (!path.len || path.len >= PATH_ROOM || memchr(path.ptr, '\0', path.len))
        return false;
    while (path.ptr) {
        gim_str name = gim_str_cut(&path, '/');

        if (!name.len || gim_str_eq(name, GIM_S(".")) || gim_str_eq(name, GIM_S("..")))
            return false;
    }
    return true;
}

/* Is the last error that of a kernel without openat2, or of a sandbox that does not know it? */
static bool is_missing(void)
{
    return errno == ENOSYS || errno == EPERM;
}

static int open_by_kernel(int root, const char *path, bool follow)
{
    struct open_how how = {
        .flags = OPEN_FLAGS,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | (follow ? 0 : RESOLVE_NO_SYMLINKS),
    };
    int tries = TRIES;
    long fd;

    do
        fd = syscall(SYS_openat2, root, path, &how, sizeof how);
    while (fd < 0 && (errno == EINTR || (errno == EAGAIN && --tries)));
    return (int)fd;
}

static int open_by_walk(int root, gim_str path)
{
    int at = root, fd = -1;

    while (path.ptr) {
        gim_str name = gim_str_cut(&path, '/');
        char text[NAME_ROOM];

        if (name.len >= sizeof text) {
            errno = ENAMETOOLONG;
            fd = -1;
        } else {
            memcpy(text, name.ptr, name.len);
            text[name.len] = '\0';
            fd = open_at(at, text,
                         path.ptr ? O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
                                  : OPEN_FLAGS | O_NOFOLLOW);
        }
        if (at != root) {
            int err = errno;

            close(at);
            errno = err;
        }
        if (fd < 0)
            return -1;
        at = fd;
    }
    return fd;
}

/* What the open descriptor is; closed again unless it is a regular file. */
static int look(int fd, struct gim_file *out)
{
    struct stat st;
    int err = ENOENT;

    if (fstat(fd, &st) != 0) {
        err = errno;
    } else if (S_ISREG(st.st_mode)) {
        *out = (struct gim_file){
            .kind = GIM_FILE_REGULAR,
            .fd = fd,
            .size = st.st_size,
            .modified_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec,
            .inode = st.st_ino,
            .device = st.st_dev,
        };
        return 0;
    }
    close(fd);
    if (err == ENOENT && S_ISDIR(st.st_mode)) {
        *out = (struct gim_file){.kind = GIM_FILE_DIRECTORY, .fd = -1};
        return 0;
    }
    errno = err;
    return -1;
}

int gim_file_open_beneath(int root, gim_str path, unsigned flags, struct gim_file *out)
{
    char text[PATH_ROOM];
    int fd = -1;

    *out = (struct gim_file){.fd = -1};
    if (!is_plain(path)) {
        errno = ENOENT;
        return -1;
    }
    memcpy(text, path.ptr, path.len);
    text[path.len] = '\0';
    errno = ENOSYS;
    if (!(flags & GIM_FILE_WALK))
        fd = open_by_kernel(root, text, flags & GIM_FILE_FOLLOW);
    if (fd < 0 && is_missing())
        fd = open_by_walk(root, path);
    if (fd < 0 && errno == ENXIO) /* a socket, or a device without its driver */
        errno = ENOENT;
    return fd < 0 ? -1 : look(fd, out);
}

ptrdiff_t gim_file_read(int fd, int64_t at, void *to, size_t len)
{
    ssize_t n;

    do
        n = pread(fd, to, len, at);
    while (n < 0 && errno == EINTR);
    return n;
}

/* ---- writing --------------------------------------------------------------------------------- */

/* Where the file system has no O_TMPFILE: a file that loses its name at once. */
static int temporary_by_name(const char *directory)
{
    char path[PATH_ROOM];
    int n = snprintf(path, sizeof path, "%s/.gimlet-XXXXXX", directory), fd;

    if (n < 0 || (size_t)n >= sizeof path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0)
        (void)unlink(path);
    return fd;
}

int gim_file_temporary(const char *directory)
{
    int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

    if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL))
        return temporary_by_name(directory);
    return fd;
}

int gim_file_write(int fd, const void *bytes, size_t len)
{
    const char *at = bytes;

    while (len) {
        ssize_t n = write(fd, at, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            errno = n ? errno : ENOSPC;
            return -1;
        }
        at += n;
        len -= (size_t)n;
    }
    return 0;
}

/* Makes the name durable: the directory that holds it is synced. */
static int sync_directory_of(const char *path)
{
    char directory[PATH_ROOM];
    const char *slash = strrchr(path, '/');
    size_t len = slash ? (size_t)(slash - path) : 0;
    int fd, result;

    if (len >= sizeof directory) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(directory, slash ? path : ".", slash ? len : 1);
    directory[slash ? len : 1] = '\0';
    if (slash == path)
        memcpy(directory, "/", 2);
    fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    result = fsync(fd);
    close(fd);
    return result;
}

int gim_file_link(int fd, const char *path, unsigned mode, bool sync)
{
    char self[64];

    if (fchmod(fd, mode) != 0 || (sync && fsync(fd) != 0))
        return -1;
    snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
    if (linkat(AT_FDCWD, self, AT_FDCWD, path, AT_SYMLINK_FOLLOW) != 0)
        return -1;
    return sync ? sync_directory_of(path) : 0;
}

/* A link cannot replace, a rename can: so the file has another name first, beside the one it is to
 * have. */
int gim_file_replace(int fd, const char *path, unsigned mode, bool sync)
{
    char beside[PATH_ROOM];
    uint64_t random = 0;
    int n, err;

    (void)!getrandom(&random, sizeof random, 0);
    n = snprintf(beside, sizeof beside, "%s.%016llx", path, (unsigned long long)random);
    if (n < 0 || (size_t)n >= sizeof beside) {
        errno = ENAMETOOLONG;
        return -1;
    }
    if (gim_file_link(fd, beside, mode, sync) != 0 || rename(beside, path) != 0) {
        err = errno;
        if (err != EEXIST) /* else it is somebody's */
            (void)unlink(beside);
        errno = err;
        return -1;
    }
    return sync ? sync_directory_of(path) : 0;
}

int gim_file_beside(const char *path, char *name, size_t room)
{
    int n = snprintf(name, room, "%s.XXXXXX", path);

    if (n < 0 || (size_t)n >= room) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return mkostemp(name, O_CLOEXEC);
}

int gim_file_settle(int fd, const char *name, const char *path, unsigned mode, bool replace,
                    bool sync)
{
    int failed = fchmod(fd, mode) || (sync && fsync(fd)), err;

    if (!failed)
        failed = replace ? rename(name, path) : link(name, path);
    err = errno;
    (void)unlink(name); /* after a rename it is not there */
    errno = err;
    if (failed)
        return -1;
    return sync ? sync_directory_of(path) : 0;
}

void gim_file_close(int fd)
{
    if (fd >= 0)
        close(fd);
}
