/* file.h: regular files on disk: opened beneath a root for reading, written as temporary ones.
 *
 * Calls block on the disk. Any thread. Descriptors are plain ints, close-on-exec. */
#ifndef NET_FILE_H
#define NET_FILE_H

#include <gimlet/str.h>

/* ---- reading --------------------------------------------------------------------------------- */

enum gim_file_kind {
    GIM_FILE_NONE, /* zero: nothing is open */
    GIM_FILE_REGULAR,
    GIM_FILE_DIRECTORY, /* nothing is open: `fd` is -1 */
};

/* An open file and what it was when it was opened. */
struct gim_file {
    enum gim_file_kind kind;
    int fd;
    int64_t size;
    int64_t modified_ns; /* since the epoch */
    uint64_t inode, device;
};

/** Opens a directory to serve files from. The descriptor, or -1 with errno. */
GIM_MUST_CHECK int gim_file_root(const char *directory);

enum {
    GIM_FILE_FOLLOW = 1, /* symbolic links are followed, as long as they stay beneath the root */
    GIM_FILE_WALK = 2,   /* as if openat2 were missing; for the tests */
};

/** Opens `path` ("css/site.css": no leading slash, '/' between names, at most 4095 bytes) beneath the
 *  directory `root`. It cannot leave `root`, whatever stands on the disk (openat2(2) RESOLVE_BENEATH;
 *  where that is not to be had, name by name with O_NOFOLLOW: then GIM_FILE_FOLLOW follows nothing).
 *  Returns 0 with `out` filled: a regular file is open for reading, of a directory it is only said
 *  that it is one. -1 with errno: ENOENT also for empty, ".", ".." and names with NUL, and for what
 *  is neither file nor directory (a FIFO, a socket, a device: nothing waits, nothing is read); ELOOP,
 *  EXDEV or, walking, ENOTDIR for a link. */
GIM_MUST_CHECK int gim_file_open_beneath(int root, gim_str path, unsigned flags,
                                         struct gim_file *out);

/** Reads at most `len` bytes from `at`, without moving the offset. Bytes read, 0 at the end, -1 with
 *  errno. */
GIM_MUST_CHECK ptrdiff_t gim_file_read(int fd, int64_t at, void *to, size_t len);

/* ---- writing --------------------------------------------------------------------------------- */

/** A nameless file in `directory`, open for reading and writing, mode 0600 (O_TMPFILE; where the file
 *  system cannot, a file that is unlinked at once). Gone once it is closed, unless it was linked.
 *  The descriptor, or -1 with errno. */
GIM_MUST_CHECK int gim_file_temporary(const char *directory);
/** Writes all of it where the file's offset stands; 0, or -1 with errno (ENOSPC, EDQUOT ...). */
GIM_MUST_CHECK int gim_file_write(int fd, const void *bytes, size_t len);
/** Gives a temporary file a name, complete or not at all: 0, or -1 with errno (EEXIST: `path` is
 *  taken; EXDEV: it is on another file system; ENOENT: no such directory, or the file was made
 *  without O_TMPFILE). Its mode becomes `mode`, 0644 or so. With `sync` it survives a power cut: the
 *  file and its directory are synced (fsync) before this returns. */
GIM_MUST_CHECK int gim_file_link(int fd, const char *path, unsigned mode, bool sync);
/** The same; what has the name is replaced, in one step. */
GIM_MUST_CHECK int gim_file_replace(int fd, const char *path, unsigned mode, bool sync);
/** For file systems without O_TMPFILE: a file with a name beside `path`, which is written to `name`
 *  (room for `path` and 8 bytes), mode 0600. The descriptor, or -1 with errno. */
GIM_MUST_CHECK int gim_file_beside(const char *path, char *name, size_t room);
/** Gives that file the name `path`: as gim_file_link, or (`replace`) gim_file_replace. `name` is gone
 *  afterwards, also when it failed. */
GIM_MUST_CHECK int gim_file_settle(int fd, const char *name, const char *path, unsigned mode,
                                   bool replace, bool sync);
/** Closes; -1 is allowed. */
void gim_file_close(int fd);

#endif
