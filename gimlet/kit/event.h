/* event.h: an event as the lines of text/event-stream. */
#ifndef KIT_EVENT_H
#define KIT_EVENT_H

#include "../base/buf.h"
#include <gimlet/sse.h>

/** Appends `e` and the empty line that ends it. */
void gim_event_write(struct gim_buf *b, const struct gim_sse *e);
/** The same with `obj` in JSON as its data. */
void gim_event_write_json(struct gim_buf *b, const struct gim_sse *e, const struct gim_schema *s,
                          const void *obj);
/** Appends a comment and an empty line. */
void gim_event_comment(struct gim_buf *b, gim_str text);
/** May it be an id: no line's end, no NUL? */
bool gim_event_id_ok(gim_str id);

#endif
