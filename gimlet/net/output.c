/* output.c: a write that does not wait, to a descriptor that may be blocking.
 *
 * O_NONBLOCK belongs to the open file, which stdout shares with the shell and other processes, so
 * it is not ours to set. Instead the descriptor is polled first: a pipe that polls as writable has
 * room for PIPE_BUF bytes and takes that much whole. Only another writer of the same full pipe can
 * take the room in between; then the write waits for the reader, as any program's would. A pipe
 * without a reader is seen by the poll, so that no SIGPIPE is raised for it. */
#include "output.h"
#include <errno.h>
#include <poll.h>
#include <unistd.h>

ptrdiff_t gim_output_write(int fd, gim_str s)
{
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    size_t len = s.len < GIM_OUTPUT_SLICE ? s.len : GIM_OUTPUT_SLICE;
    ssize_t n;

    if (poll(&p, 1, 0) != 1)
        return 0;
    if (p.revents & (POLLERR | POLLHUP | POLLNVAL))
        return -1;
    n = write(fd, s.ptr, len);
    if (n < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : -1;
    return n;
}
