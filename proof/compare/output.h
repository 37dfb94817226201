/* output.h: files that are whole or not there. */
#ifndef COMPARE_OUTPUT_H
#define COMPARE_OUTPUT_H

#include "../../gimlet/base/buf.h"

/** Writes `b` under a temporary name beside `file` and renames it; "-" is stdout; what is no regular
 *  file (a device, a pipe) is written as it is. 0; -1 with a sentence in `err`. */
GIM_MUST_CHECK int output_write(const char *file, const struct gim_buf *b, char *err,
                                size_t err_len);
/** Whether output_write would have a place to write to: asked before an hour of measuring. */
GIM_MUST_CHECK int output_check(const char *file, char *err, size_t err_len);
/** As output_write, but never over something that is there. */
GIM_MUST_CHECK int output_create(const char *file, const struct gim_buf *b, char *err,
                                 size_t err_len);

#endif
