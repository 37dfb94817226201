/* power.c: a disk with a cache that a power cut empties; loaded into a dynamic posts (LD_PRELOAD).
 *
 * What is written to the files below $POWER_DIR is also noted in $POWER_LOG: the bytes before and the
 * bytes after. A sync that succeeded makes the notes of that file void. After the process is killed
 * power.py takes back what was not synced and puts a random part of it there again, sector by
 * sector: torn, reordered, or not at all. Unlike a kill, that shows a missing fsync.
 *
 * $POWER_CTL is shared with the test: it makes syncs and writes fail, and syncs slow. Names in a
 * directory count as durable at once: what a lost directory entry does is not simulated. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
    DB,
    WAL,
    JOURNAL,
    FILES
};
enum {
    WRITE = 1,
    SYNC,
    CUT
};

struct note {
    uint32_t kind, file;
    uint64_t offset, len, old_len, size; /* size: of the file before */
};

/* Each fault: at the `in`th call from now (0: never), with this errno, so many times (-1: always). */
struct fault {
    int32_t in, error, times;
};

static struct {
    struct fault sync, write;
    int32_t sync_us; /* how long a sync takes at least */
} quiet, *ctl = &quiet;

static const char *const suffixes[FILES] = {".db", ".db-wal", ".db-journal"};
static const char *dir;
static int log_fd = -1;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static ssize_t (*real_pwrite)(int, const void *, size_t, off64_t);
static int (*real_ftruncate)(int, off64_t);
static int (*real_fdatasync)(int);
static int (*real_fsync)(int);
static int (*real_unlink)(const char *);

static void *next(const char *name)
{
    return dlsym(RTLD_NEXT, name);
}

__attribute__((constructor)) static void start(void)
{
    const char *path = getenv("POWER_CTL");
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;

    *(void **)&real_pwrite = next("pwrite64");
    *(void **)&real_ftruncate = next("ftruncate64");
    *(void **)&real_fdatasync = next("fdatasync");
    *(void **)&real_fsync = next("fsync");
    *(void **)&real_unlink = next("unlink");
    if (fd >= 0) {
        void *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (at != MAP_FAILED)
            ctl = at;
        close(fd);
    }
    path = getenv("POWER_LOG");
    log_fd = path ? open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644) : -1;
    dir = getenv("POWER_DIR");
}

/* Which of the files it is; -1: none of them. */
static int file_named(const char *path)
{
    size_t n = strlen(path);

    for (int i = 0; i < FILES && strncmp(path, dir, strlen(dir)) == 0; i++) {
        size_t len = strlen(suffixes[i]);
        if (n > len && strcmp(path + n - len, suffixes[i]) == 0)
            return i;
    }
    return -1;
}

static int file_of(int fd)
{
    char link[64], path[4096];

    if (!dir || log_fd < 0)
        return -1;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    path[n > 0 ? n : 0] = '\0';
    return file_named(path);
}

static int fails(struct fault *f)
{
    if (f->in == 0)
        return 0;
    if (f->in > 1) {
        f->in--;
        return 0;
    }
    if (f->times == 0) {
        f->in = 0;
        return 0;
    }
    if (f->times > 0)
        f->times--;
    return f->error;
}

static void note(uint32_t kind, int file, int fd, off64_t offset, const void *bytes, size_t len)
{
    struct stat st = {0};
    struct note n = {kind, (uint32_t)file, (uint64_t)offset, len, 0, 0};
    char *old = NULL;
    ssize_t got = 0;

    if (kind != SYNC && fstat(fd, &st) == 0) {
        size_t most = kind == CUT && st.st_size > offset ? (size_t)(st.st_size - offset) : len;
        old = malloc(most + 1);
        got = old ? pread(fd, old, most, offset) : 0;
    }
    n.size = (uint64_t)st.st_size;
    n.old_len = got > 0 ? (uint64_t)got : 0;
    struct iovec io[] = {{&n, sizeof n}, {old, n.old_len}, {(void *)bytes, len}};
    if (writev(log_fd, io, 3) < 0)
        abort(); /* the test's own disk: nothing can be believed any more */
    free(old);
}

ssize_t pwrite64(int fd, const void *bytes, size_t len, off64_t offset)
{
    int file = file_of(fd);

    if (file < 0)
        return real_pwrite(fd, bytes, len, offset);
    pthread_mutex_lock(&lock);
    int error = fails(&ctl->write);
    ssize_t n = -1;
    if (!error) {
        note(WRITE, file, fd, offset, bytes, len);
        n = real_pwrite(fd, bytes, len, offset);
        error = errno;
    }
    pthread_mutex_unlock(&lock);
    errno = error;
    return n;
}

ssize_t pwrite(int fd, const void *bytes, size_t len, off_t offset)
{
    return pwrite64(fd, bytes, len, offset);
}

int ftruncate64(int fd, off64_t size)
{
    int file = file_of(fd);

    pthread_mutex_lock(&lock);
    if (file >= 0) {
        note(CUT, file, fd, size, NULL, 0);
    }
    int n = real_ftruncate(fd, size);
    pthread_mutex_unlock(&lock);
    return n;
}

static int sync_with(int (*real)(int), int fd)
{
    int file = file_of(fd);

    if (file < 0)
        return real(fd);
    pthread_mutex_lock(&lock);
    int error = fails(&ctl->sync);
    if (ctl->sync_us > 0)
        usleep((useconds_t)ctl->sync_us);
    int n = error ? -1 : real(fd);
    if (n == 0) {
        note(SYNC, file, fd, 0, NULL, 0);
    }
    pthread_mutex_unlock(&lock);
    if (error)
        errno = error;
    return n;
}

int fdatasync(int fd)
{
    return sync_with(real_fdatasync, fd);
}

int fsync(int fd)
{
    return sync_with(real_fsync, fd);
}

int unlink(const char *path)
{
    int file = dir && log_fd >= 0 ? file_named(path) : -1;

    if (file >= 0) {
        pthread_mutex_lock(&lock);
        note(SYNC, file, -1, 0, NULL, 0); /* what was written to it is of no interest any more */
        pthread_mutex_unlock(&lock);
    }
    return real_unlink(path);
}
