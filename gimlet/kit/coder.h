/* coder.h: a content coding as a const table: coder_gzip.c, coder_zstd.c. */
#ifndef KIT_CODER_H
#define KIT_CODER_H

#include "../base/buf.h"

struct gim_coder {
    const char *name;          /* in Accept-Encoding and Content-Encoding */
    const char *suffix;        /* of entity tags */
    void *(*make)(int level);  /* NULL: no memory */
    int (*begin)(void *state); /* a new reply; 0 or -1 */
    /** Appends the coding of all of `in`; `end`: and of the end, else what makes it readable so far.
     *  -1: failed, or `out` is full. */
    int (*add)(void *state, gim_str in, bool end, struct gim_buf *out);
    void (*free)(void *state);
};

#define GIM_CODER_PIECE 16384

/** Room for some output, `*n` bytes: what is left of a capped buffer when that is less. NULL: full. */
static inline char *gim_coder_room(struct gim_buf *out, size_t *n)
{
    *n = GIM_CODER_PIECE;
    if (out->max && out->max - out->len < *n)
        *n = out->max - out->len;
    return *n ? gim_buf_reserve(out, *n) : NULL;
}

extern const struct gim_coder gim_coder_gzip;
extern const struct gim_coder gim_coder_zstd; /* only where GIM_ZSTD is defined */

#endif
