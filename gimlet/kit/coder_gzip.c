/* coder_gzip.c: gzip (RFC 1952) by zlib. */
#include "../base/arena.h"
#include "coder.h"
#include <zlib.h>

#define GZIP_WRAPPER 16 /* added to the window's bits: a gzip header and trailer */
#define MEM_LEVEL 8     /* zlib's default: 256 KiB a context with the window */

static void *make(int level)
{
    z_stream *z = gim_heap_alloc(sizeof *z);

    if (deflateInit2(z, level, Z_DEFLATED, MAX_WBITS + GZIP_WRAPPER, MEM_LEVEL,
                     Z_DEFAULT_STRATEGY) == Z_OK)
        return z;
    gim_heap_free(z);
    return NULL;
}

static int begin(void *state)
{
    return deflateReset(state) == Z_OK ? 0 : -1;
}

static int add(void *state, gim_str in, bool end, struct gim_buf *out)
{
    z_stream *z = state;
    int result;
    size_t n;

    z->next_in = (Bytef *)(uintptr_t)in.ptr;
    z->avail_in = (uInt)in.len;
    do {
        char *to = gim_coder_room(out, &n);

        if (!to) {
            out->full = true;
            return -1;
        }
        z->next_out = (Bytef *)to;
        z->avail_out = (uInt)n;
        result = deflate(z, end ? Z_FINISH : Z_SYNC_FLUSH);
        out->len += n - z->avail_out;
        if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)
            return -1;
    } while (end ? result != Z_STREAM_END : z->avail_out == 0);
    return 0;
}

static void drop(void *state)
{
    (void)deflateEnd(state);
    gim_heap_free(state);
}

const struct gim_coder gim_coder_gzip = {"gzip", "-gzip", make, begin, add, drop};
