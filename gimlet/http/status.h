/* status.h: status codes and their phrases (RFC 9110 §15), one table. */
#ifndef HTTP_STATUS_H
#define HTTP_STATUS_H

#include <gimlet/str.h>

/** "Not Found"; "Unknown" for codes outside the table. */
gim_str gim_status_phrase(int status);
/** The whole pre-rendered line "HTTP/1.1 404 Not Found\r\n"; absent for codes outside the table. */
gim_str gim_status_line(int status);

#endif
