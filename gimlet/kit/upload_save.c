/* upload_save.c: reading a file that came, and giving it a name.
 *
 * A name appears in one step, with all bytes behind it, or not at all: the nameless temporary file is
 * linked. What lies in memory, or on another file system, is first copied to a nameless file beside
 * the name; where a file system knows no nameless ones (NFS), to one with another name. The path is always the application's; nothing here looks at what the client called it. */
#include "upload_private.h"

#include "../net/file.h"
#include <errno.h>
#include <gimlet/upload.h>
#include <unistd.h>

#define MODE 0644
#define PATH_ROOM 4096
#define PIECE 16384

ptrdiff_t gim_upload_read(const struct gim_file_part *f, int64_t at, void *to, size_t len)
{
    size_t left;

    if (f->fd >= 0)
        return gim_file_read(f->fd, at, to, len);
    if (at < 0 || (uint64_t)at >= f->bytes.len)
        return 0;
    left = f->bytes.len - (size_t)at;
    len = len < left ? len : left;
    memcpy(to, f->bytes.ptr + at, len);
    return (ptrdiff_t)len;
}

/* 0, or the errno. */
static int name(int fd, const char *path, unsigned flags)
{
    bool sync = flags & GIM_SAVE_SYNC;
    int failed = flags & GIM_SAVE_REPLACE ? gim_file_replace(fd, path, MODE, sync)
                                          : gim_file_link(fd, path, MODE, sync);

    return failed ? errno : 0;
}

static int copy(const struct gim_file_part *f, int to)
{
    char piece[PIECE];
    int64_t at = 0;

    while (at < f->size) {
        ptrdiff_t n = gim_upload_read(f, at, piece, sizeof piece);

        if (n <= 0)
            return n ? errno : EIO;
        if (gim_file_write(to, piece, (size_t)n))
            return errno;
        at += n;
    }
    return 0;
}

/* The directory of `path`, in `to`. False: too long. */
static bool directory_of(const char *path, char to[PATH_ROOM])
{
    const char *slash = strrchr(path, '/');
    size_t len = slash ? (size_t)(slash - path) + 1 : 2;

    if (len >= PATH_ROOM)
        return false;
    memcpy(to, slash ? path : "./", len);
    to[len] = '\0';
    return true;
}

int gim_upload_save_beside(const struct gim_file_part *f, const char *path, unsigned flags)
{
    char beside[PATH_ROOM];
    int fd = gim_file_beside(path, beside, sizeof beside), err;

    if (fd < 0)
        return errno;
    err = copy(f, fd);
    if (err)
        (void)unlink(beside);
    else if (gim_file_settle(fd, beside, path, MODE, flags & GIM_SAVE_REPLACE,
                             flags & GIM_SAVE_SYNC))
        err = errno;
    gim_file_close(fd);
    return err;
}

static int save_copy(const struct gim_file_part *f, const char *path, unsigned flags)
{
    char directory[PATH_ROOM];
    int fd, err;

    if (!directory_of(path, directory))
        return ENAMETOOLONG;
    fd = gim_file_temporary(directory);
    if (fd < 0)
        return errno;
    err = copy(f, fd);
    if (!err)
        err = name(fd, path, flags);
    gim_file_close(fd);
    return err == ENOENT ? gim_upload_save_beside(f, path, flags) : err;
}

int gim_upload_save(const struct gim_file_part *f, const char *path, unsigned flags)
{
    int err = f->fd >= 0 ? name(f->fd, path, flags) : EXDEV;

    /* ENOENT: perhaps the temporary file is of a kind that cannot be linked */
    return err == EXDEV || err == ENOTSUP || err == ENOENT ? save_copy(f, path, flags) : err;
}
