/* json_put.h: JSON member by member, for the files that proof writes. Commas are put where something
 * stands before in the open object or array: the buffer's last byte tells. */
#ifndef REPORT_JSON_PUT_H
#define REPORT_JSON_PUT_H

#include "../../gimlet/base/buf.h"
#include "../../gimlet/base/histogram.h"

/** The comma before all but the first. */
void json_put_comma(struct gim_buf *b);
/** A member's name, the comma before it and the colon behind it; its value comes next. */
void json_put_key(struct gim_buf *b, gim_str name);
void json_put_name(struct gim_buf *b, const char *name);

/** A value: a text, or null where there is none. Texts come from argv, from commands and from
 *  networks: what is no UTF-8 becomes '?'. */
void json_put_str(struct gim_buf *b, gim_str s);
void json_put_bool(struct gim_buf *b, bool v);
/** The same up to what a reader's 64 bits with a sign hold. */
void json_put_uint(struct gim_buf *b, uint64_t v);

/** A member, whole. */
void json_put_double(struct gim_buf *b, const char *name, double v);
/** `name`: the cells that are not empty, as [lowest, highest, count]. */
void json_put_cells(struct gim_buf *b, const char *name, const struct gim_histogram *h);

#endif
