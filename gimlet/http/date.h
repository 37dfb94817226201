/* date.h: IMF-fixdate and the two obsolete forms of RFC 9110 §5.6.7. */
#ifndef HTTP_DATE_H
#define HTTP_DATE_H

#include <gimlet/time.h>

#define GIM_HTTP_DATE_LEN 29 /* "Sun, 06 Nov 1994 08:49:37 GMT" */

/** IMF-fixdate; what has no year of four digits is the nearest date that has. */
void gim_http_date_write(char out[GIM_HTTP_DATE_LEN], int64_t seconds);
/** Any of the three forms; the whole of `s`. 0, or -1. */
GIM_MUST_CHECK int gim_http_date_read(gim_str s, int64_t *seconds);

#endif
