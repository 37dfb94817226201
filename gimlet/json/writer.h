/* writer.h: JSON text out, straight into a buffer. */
#ifndef JSON_WRITER_H
#define JSON_WRITER_H

#include "../base/buf.h"
#include <gimlet/schema.h>

/** A quoted string; `s` is valid UTF-8, '"', '\\' and controls are escaped, nothing else. */
void gim_json_put_str(struct gim_buf *b, gim_str s);
/** Shortest text that reads back as the same double; NaN and infinities (no JSON) give null. */
void gim_json_put_double(struct gim_buf *b, double v);
/** The object by its schema; members in the schema's order, write-only ones left out. Structs that
 *  nest deeper than GIM_JSON_MAX_DEPTH (through arrays) mark the buffer full: no reader would take
 *  them. */
void gim_json_put(struct gim_buf *b, const struct gim_schema *s, const void *obj);
/** One element, whole: write-only members too. */
void gim_json_put_item(struct gim_buf *b, const struct gim_field *f, const void *element);

#endif
