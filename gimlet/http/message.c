/* message.c: reply heads, rendered in one reservation.
 *
 * Everything a head may hold has a bound known before the first byte, so room is made once and the
 * rest is straight copies of whole lines. */
#include "message.h"
#include "chars.h"
#include "status.h"

#define DATE "Date: "
#define TYPE "\r\nContent-Type: "
#define LENGTH "\r\nContent-Length: "
#define CLOSE "Connection: close\r\n"
#define UNKNOWN "HTTP/1.1 000 Unknown\r\n"
#define INT_MAX_LEN 20

/* Fixed parts at their longest, the status line and the media type apart. */
#define FIXED                                                                                      \
    (sizeof(UNKNOWN DATE TYPE LENGTH CLOSE "\r\n") + GIM_HTTP_DATE_LEN + (size_t)INT_MAX_LEN)

static char *put(char *to, const char *from, size_t n)
{
    memcpy(to, from, n);
    return to + n;
}

#define PUT(to, literal) put((to), "" literal, sizeof(literal) - 1)

static char *put_unknown(char *to, int status)
{
    char *digits = to + sizeof("HTTP/1.1 ") - 1;

    to = PUT(to, UNKNOWN);
    digits[0] = (char)('0' + status / 100 % 10);
    digits[1] = (char)('0' + status / 10 % 10);
    digits[2] = (char)('0' + status % 10);
    return to;
}

void gim_reply_head(struct gim_buf *b, int status, const char date[GIM_HTTP_DATE_LEN],
                    gim_str media_type, int64_t content_length, bool close)
{
    gim_str line = gim_status_line(status);
    char *from = gim_buf_reserve(b, FIXED + line.len + media_type.len);
    char *to = from;

    if (!from)
        return;
    to = line.len ? put(to, line.ptr, line.len) : put_unknown(to, status);
    to = PUT(to, DATE);
    to = put(to, date, GIM_HTTP_DATE_LEN);
    if (media_type.ptr) {
        to = PUT(to, TYPE);
        to = put(to, media_type.ptr, media_type.len);
    }
    if (content_length >= 0) {
        to = PUT(to, LENGTH);
        to += gim_int_write(to, content_length);
    }
    to = PUT(to, "\r\n");
    if (close)
        to = PUT(to, CLOSE);
    b->len += (size_t)(to - from);
}

void gim_field_write(struct gim_buf *b, gim_str name, gim_str value)
{
    char *to = gim_buf_reserve(b, name.len + value.len + 4);

    if (!to)
        return;
    to = put(to, name.ptr, name.len);
    to = PUT(to, ": ");
    if (value.len)
        to = put(to, value.ptr, value.len);
    PUT(to, "\r\n");
    b->len += name.len + value.len + 4;
}

bool gim_field_ok(gim_str name, gim_str value)
{
    if (!gim_is_token(name))
        return false;
    return !value.len || gim_scan_text(value.ptr, value.ptr + value.len) == value.ptr + value.len;
}
