/* output.c: a report is written under another name and then renamed, so that whoever reads the file,
 * also after a full disk or a power cut, finds the old one or the new one and never a part. */
#include "output.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int fail(char *err, size_t err_len, const char *file)
{
    snprintf(err, err_len, "%s: cannot be written: %s", file, strerror(errno));
    return -1;
}

static int put(int fd, const struct gim_buf *b)
{
    for (size_t at = 0; at < b->len;) {
        ssize_t n = write(fd, b->ptr + at, b->len - at);

        if (n < 0 && errno != EINTR)
            return -1;
        at += n > 0 ? (size_t)n : 0;
    }
    return 0;
}

static int put_stdout(const struct gim_buf *b)
{
    return fwrite(b->ptr, 1, b->len, stdout) != b->len || fflush(stdout) ? -1 : 0;
}

/* Whether a rename would replace something that is no file: /dev/stdout, a pipe. */
static bool is_special(const char *file)
{
    struct stat s;

    return stat(file, &s) == 0 && !S_ISREG(s.st_mode);
}

static int write_as_it_is(const char *file, const struct gim_buf *b, int flags)
{
    int fd = open(file, O_WRONLY | O_CLOEXEC | flags, 0666);
    int bad = fd < 0 ? -1 : put(fd, b);
    int why = errno;

    if (fd >= 0 && close(fd) && !bad) {
        bad = -1;
        why = errno;
    }
    errno = why;
    return bad;
}

/* The name beside `file` that is renamed; its owner frees it. */
static void name_beside(struct gim_buf *name, const char *file)
{
    gim_buf_printf(name, "%s.XXXXXX", file);
    gim_buf_char(name, '\0');
}

/* mkstemp makes files for their owner only; these are made as any other. */
static mode_t usual_mode(void)
{
    mode_t mask = umask(0);

    umask(mask);
    return 0666 & ~mask;
}

static int fill(int fd, const struct gim_buf *b)
{
    int bad = put(fd, b) || fchmod(fd, usual_mode()) || fsync(fd) ? -1 : 0;
    int why = errno;

    if (close(fd) && !bad) {
        bad = -1;
        why = errno;
    }
    errno = why;
    return bad;
}

static int replace(const char *file, const struct gim_buf *b)
{
    struct gim_buf name = {0};
    int fd, bad = -1, why;

    name_beside(&name, file);
    fd = mkostemp(name.ptr, O_CLOEXEC);
    if (fd >= 0) {
        bad = fill(fd, b) || rename(name.ptr, file) ? -1 : 0;
        why = errno;
        if (bad)
            unlink(name.ptr);
        errno = why;
    }
    gim_buf_free(&name);
    return bad;
}

int output_write(const char *file, const struct gim_buf *b, char *err, size_t err_len)
{
    int bad;

    if (strcmp(file, "-") == 0)
        return put_stdout(b) ? fail(err, err_len, "stdout") : 0;
    bad = is_special(file) ? write_as_it_is(file, b, 0) : replace(file, b);
    return bad ? fail(err, err_len, file) : 0;
}

int output_check(const char *file, char *err, size_t err_len)
{
    struct gim_buf name = {0};
    int fd = -1;

    if (strcmp(file, "-") == 0)
        return 0;
    if (is_special(file)) {
        if (access(file, W_OK) == 0)
            return 0;
        return fail(err, err_len, file);
    }
    name_beside(&name, file);
    fd = mkostemp(name.ptr, O_CLOEXEC);
    if (fd >= 0) {
        close(fd);
        unlink(name.ptr);
    }
    gim_buf_free(&name);
    return fd < 0 ? fail(err, err_len, file) : 0;
}

int output_create(const char *file, const struct gim_buf *b, char *err, size_t err_len)
{
    if (strcmp(file, "-") == 0)
        return output_write(file, b, err, err_len);
    if (write_as_it_is(file, b, O_CREAT | O_EXCL) == 0)
        return 0;
    if (errno == EEXIST)
        snprintf(err, err_len, "%s is there already and stays as it is; name another file", file);
    else
        fail(err, err_len, file);
    return -1;
}
