/* coder_zstd.c: zstd (RFC 8878) by libzstd. Its levels mean memory: up to 100 MiB a context at the
 * high ones, for windows that decoders of browsers refuse (above 8 MiB, RFC 9659). Replies are small,
 * so window and tables are bounded, and a context has at most 1.2 MiB whatever the level. */
#include "coder.h"
#include <zstd.h>

/* What a context's memory is made of. */
static const struct {
    ZSTD_cParameter name;
    int bits;
} bounds[] = {{ZSTD_c_windowLog, 17}, {ZSTD_c_hashLog, 15}, {ZSTD_c_chainLog, 15}};

static bool set(ZSTD_CCtx *z, ZSTD_cParameter name, int value)
{
    return !ZSTD_isError(ZSTD_CCtx_setParameter(z, name, value));
}

static void *make(int level)
{
    ZSTD_CCtx *z = ZSTD_createCCtx();
    bool ok = z && set(z, ZSTD_c_compressionLevel, level);

    for (size_t i = 0; ok && i < sizeof bounds / sizeof bounds[0]; i++)
        ok = set(z, bounds[i].name, bounds[i].bits);
    if (ok)
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
