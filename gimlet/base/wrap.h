/* wrap.h: plain text in columns, for terminals: --help of every program. */
#ifndef BASE_WRAP_H
#define BASE_WRAP_H

#include "buf.h"

#define GIM_WRAP_COLUMNS 80

void gim_put_spaces(struct gim_buf *b, size_t n);
/** Goes on to column `to` of the line that began at `start` of the buffer; of a new line where no blank
 *  would stand between. */
void gim_put_column(struct gim_buf *b, size_t start, size_t to);
/** The words of `text` from column `left` on, where the cursor stands, on as many lines of
 *  GIM_WRAP_COLUMNS as it takes, and a line break. A word that is longer than a line stays whole. */
void gim_put_wrapped(struct gim_buf *b, size_t left, gim_str text);

#endif
