/* disposition.h: Content-Disposition: what a downloaded file is to be called (RFC 6266). */
#ifndef HTTP_DISPOSITION_H
#define HTTP_DISPOSITION_H

#include "../base/buf.h"

/* Bytes of a name that are kept: file systems take no longer ones. */
#define GIM_DISPOSITION_NAME_MAX 255

/** Adds `attachment; filename="..."`, and `; filename*=UTF-8''...` (RFC 8187) when the name holds more
 *  than the quoted form can say to every client. `name` is UTF-8 (other bytes become '_'); of a path
 *  only the last part is taken, controls are left out, and a name of nothing or of dots gives
 *  "attachment" alone. What comes out can always stand in a field. */
void gim_disposition_write(struct gim_buf *b, gim_str name);

#endif
