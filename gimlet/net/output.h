/* output.h: lines to a descriptor that somebody else reads (stdout: a terminal, a file, a pipe to a
 * log collector), without waiting for them. */
#ifndef NET_OUTPUT_H
#define NET_OUTPUT_H

#include <gimlet/str.h>

#define GIM_OUTPUT_SLICE                                                                           \
    4096 /* PIPE_BUF: what a pipe that polls as writable takes in one piece   \
                               */

/** Writes `s`, at most GIM_OUTPUT_SLICE bytes of it, when the descriptor takes bytes now. Returns
 *  how many it took, 0 when it would have to wait, -1 when it cannot be written to. */
GIM_MUST_CHECK ptrdiff_t gim_output_write(int fd, gim_str s);

#endif
