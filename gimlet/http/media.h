/* media.h: media types and their parameters (RFC 9110 §5.6.6, §8.3.1). */
#ifndef HTTP_MEDIA_H
#define HTTP_MEDIA_H

#include <gimlet/str.h>

/** Cuts "text/plain" off the value "text/plain; charset=utf-8"; what is left in `*value` begins with
 *  its ';' or is empty. */
gim_str gim_media_cut(gim_str *value);

/** Is `type` in a list "text/csv, image/" "*"? A range that ends in a star covers what begins like it.
 *  Letters are folded. */
bool gim_media_in(gim_str list, gim_str type);

struct gim_parameter {
    gim_str name;
    gim_str value; /* a token, or what stands between the quotes, as written */
    bool escaped;  /* it has escapes in it: gim_unquote */
};

/** Takes the next "; name=value" off `*rest`. 1: there is one; 0: that was all; -1: that is none. A
 *  backslash is an escape in front of '"' and '\' only: some clients send file names of Windows with
 *  theirs as they are. Linear. */
GIM_MUST_CHECK int gim_parameter_next(gim_str *rest, struct gim_parameter *p);

/** Writes `value` without its escapes at `to` (room for value.len bytes; may be value.ptr). The
 *  length. */
size_t gim_unquote(char *to, gim_str value);

#endif
