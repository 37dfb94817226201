/* schema_check.h: is a schema itself sound? Run once per schema at start. */
#ifndef JSON_SCHEMA_CHECK_H
#define JSON_SCHEMA_CHECK_H

#include "../base/buf.h"
#include <gimlet/schema.h>

/** Appends a line a defect to `why` ("schema Post, field tags: an array needs .items"). Checks what
 *  the compiler cannot: kinds set, sizes, patterns that compile, defaults that bind, names unique,
 *  limits in order, at most GIM_MAX_FIELDS rows, nested schemas too (a cycle through arrays is
 *  fine). Returns the number of defects. */
int gim_schema_check(const struct gim_schema *s, struct gim_buf *why);

#endif
