/* message.h: the write side: the start of a reply, and what may stand in a field. */
#ifndef HTTP_MESSAGE_H
#define HTTP_MESSAGE_H

#include "../base/buf.h"
#include "date.h"

/** Status line and fixed fields of a reply: Date, Content-Type (unless `media_type` is absent),
 *  Content-Length (unless -1) and, with `close`, "Connection: close". The head is left open: add
 *  more field lines, then CR LF. A status outside status.h's table is written with the phrase
 *  "Unknown"; it has three digits (100 to 999). One reservation; when it fails the buffer is `full`
 *  and unchanged. `media_type` must pass gim_field_ok as a value. */
void gim_reply_head(struct gim_buf *b, int status, const char date[GIM_HTTP_DATE_LEN],
                    gim_str media_type, int64_t content_length, bool close);

/** Adds "name: value CR LF". Check names and values that are not your own with gim_field_ok. */
void gim_field_write(struct gim_buf *b, gim_str name, gim_str value);

/** Whether this may be sent as a field line: the name is a token, the value holds no control but
 *  HTAB (CWE-113: CR or LF would start a line of its own). */
bool gim_field_ok(gim_str name, gim_str value);

#endif
