/* landlock.c: rules for files and ports, by three system calls without wrappers in the C library.
 *
 * Each version of Landlock can refuse more than the one before. A right that a kernel does not know
 * makes it refuse the whole set, so a set asks for exactly what the version has; `since` says it. */
#include "landlock.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The same on all architectures. */
#define NR_CREATE_RULESET 444
#define NR_ADD_RULE 445
#define NR_RESTRICT_SELF 446
#define VERSION_FLAG 1U
#define RULE_PATH_BENEATH 1

struct ruleset_attr {
    uint64_t files, net, scoped;
};

struct path_attr {
    uint64_t allowed;
    int32_t fd;
} __attribute__((packed));

#define USE(x) (1U << GIM_LANDLOCK_##x)

/* Rights over files. `of_file`: it can be allowed for a single file. */
static const struct {
    uint8_t bit, since;
    bool of_file;
    uint8_t uses;
} file_rights[] = {
    {0, 1, true, 0},                      /* execute */
    {1, 1, true, USE(WRITE)},             /* write */
    {2, 1, true, USE(READ) | USE(WRITE)}, /* read */
    {3, 1, false, USE(READ) | USE(WRITE)} /* list a directory */,
    {4, 1, false, USE(WRITE)},               /* remove a directory */
    {5, 1, false, USE(WRITE) | USE(REMOVE)}, /* remove a file */
    {6, 1, false, 0},                        /* make a character device, */
    {7, 1, false, USE(WRITE)},               /* a directory, */
    {8, 1, false, USE(WRITE)},               /* a regular file, */
    {9, 1, false, USE(WRITE)},               /* a socket, */
    {10, 1, false, 0},                       /* a FIFO, */
    {11, 1, false, 0},                       /* a block device, */
    {12, 1, false, 0},                       /* a symbolic link */
    {13, 2, false, USE(WRITE)},              /* link or rename to another directory */
    {14, 3, true, USE(WRITE)},               /* truncate */
    {15, 5, true, 0},                        /* ioctl on devices */
};

#define NET_BIND_TCP 1U
#define NET_CONNECT_TCP 2U
#define NET_SINCE 4
#define SCOPE_SIGNAL 2U
#define SCOPE_SINCE 6

int gim_landlock_version(void)
{
    long version = syscall(NR_CREATE_RULESET, NULL, 0, VERSION_FLAG);

    return version > 0 ? (int)version : 0;
}

struct gim_landlock_rights gim_landlock_handled(int version, bool connects)
{
    struct gim_landlock_rights r = {0};

    for (size_t i = 0; i < sizeof file_rights / sizeof file_rights[0]; i++) {
        if (version >= file_rights[i].since)
            r.files |= 1ULL << file_rights[i].bit;
    }
    if (version >= NET_SINCE)
        r.net = NET_BIND_TCP | (connects ? 0 : NET_CONNECT_TCP);
    if (version >= SCOPE_SINCE)
        r.scoped = SCOPE_SIGNAL | (connects ? 0 : GIM_LANDLOCK_SCOPE_ABSTRACT);
    return r;
}

uint64_t gim_landlock_needed(int version, enum gim_landlock_use use, bool directory)
{
    uint64_t bits = 0;

    for (size_t i = 0; i < sizeof file_rights / sizeof file_rights[0]; i++) {
        if (version >= file_rights[i].since && (directory || file_rights[i].of_file) &&
            file_rights[i].uses & 1U << use)
            bits |= 1ULL << file_rights[i].bit;
    }
    return bits;
}

int gim_landlock_new(const struct gim_landlock_rights *handled)
{
    const struct ruleset_attr attr = {handled->files, handled->net, handled->scoped};
    size_t size = handled->scoped ? sizeof attr : handled->net ? 16 : 8; /* as the version has it */

    return (int)syscall(NR_CREATE_RULESET, &attr, size, 0U);
}

int gim_landlock_allow(int set, int version, const char *path, enum gim_landlock_use use)
{
    int fd = open(path, O_PATH | O_CLOEXEC);
    struct path_attr attr = {.fd = fd};
    int result, kept;
    struct stat st;

    if (fd < 0)
        return -1;
    result = fstat(fd, &st);
    if (result == 0) {
        attr.allowed = gim_landlock_needed(version, use, S_ISDIR(st.st_mode));
        result = (int)syscall(NR_ADD_RULE, set, RULE_PATH_BENEATH, &attr, 0U);
    }
    kept = errno;
    close(fd);
    errno = kept;
    return result;
}

int gim_landlock_enter(int set)
{
    int result = (int)syscall(NR_RESTRICT_SELF, set, 0U), kept = errno;

    close(set);
    errno = kept;
    return result;
}
