/* coder_zstd.c: zstd (RFC 8878) by libzstd. The window is bounded: decoders of browsers take up to
 * 8 MiB (RFC 9659), and a context's memory grows with it. */
#include "../base/arena.h"
#include "coder.h"
#include <zstd.h>

#define WINDOW_BITS 18

static void *make(int level)
{
    ZSTD_CCtx *z = ZSTD_createCCtx();

    if (z && !ZSTD_isError(ZSTD_CCtx_setParameter(z, ZSTD_c_compressionLevel, level)) &&
        !ZSTD_isError(ZSTD_CCtx_setParameter(z, ZSTD_c_windowLog, WINDOW_BITS)))
        return z;
    ZSTD_freeCCtx(z);
    return NULL;
}

static int begin(void *state)
{
    return ZSTD_isError(ZSTD_CCtx_reset(state, ZSTD_reset_session_only)) ? -1 : 0;
}

static int add(void *state, gim_str in, bool end, struct gim_buf *out)
{
    ZSTD_inBuffer from = {in.ptr, in.len, 0};
    size_t left, n;

    do {
        char *to = gim_coder_room(out, &n);
        ZSTD_outBuffer into = {to, n, 0};

        if (!to) {
            out->full = true;
            return -1;
        }
        left = ZSTD_compressStream2(state, &into, &from, end ? ZSTD_e_end : ZSTD_e_flush);
        if (ZSTD_isError(left))
            return -1;
        out->len += into.pos;
    } while (left);
    return 0;
}

static void drop(void *state)
{
    ZSTD_freeCCtx(state);
}

const struct gim_coder gim_coder_zstd = {"zstd", "-zstd", make, begin, add, drop};
