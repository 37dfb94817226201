/* pieces.h: the promise of every parser here: however the bytes are cut into reads, it says the same.
 *
 * A target writes what its parser says into a transcript; fuzz_cut plays the input whole and in pieces
 * and compares. Each piece lies in a heap block of its own, so that ASan sees a byte read too far. */
#ifndef FUZZ_PIECES_H
#define FUZZ_PIECES_H

#include "../../gimlet/base/buf.h"
#include "must.h"

/** How large the next piece of the `left` bytes is: 1 to `most`, by a small generator; 0: all. */
static inline size_t fuzz_piece(unsigned *seed, size_t most, size_t left)
{
    size_t n;

    *seed = *seed * 1103515245u + 12345u;
    n = most ? 1 + (*seed >> 16) % most : left;
    return n < left ? n : left;
}

/** Feeds the input in pieces of fuzz_piece, and writes down in `out` what the parser says. */
typedef void fuzz_play(const uint8_t *data, size_t size, unsigned seed, size_t most,
                       struct gim_buf *out);

/** Whole, then in pieces whose largest size the low three bits of `how` choose. */
static inline void fuzz_cut(fuzz_play *play, const uint8_t *data, size_t size, unsigned seed,
                            unsigned how)
{
    static const size_t mosts[] = {1, 2, 3, 7, 16, 64, 300, 1000};
    struct gim_buf whole = {0}, cut = {0};

    play(data, size, seed, 0, &whole);
    play(data, size, seed, mosts[how & 7], &cut);
    if (!gim_str_eq(gim_buf_view(&whole), gim_buf_view(&cut)))
        fprintf(stderr, "whole:\n%.*s\ncut:\n%.*s\n", GIM_FMT(gim_buf_view(&whole)),
                GIM_FMT(gim_buf_view(&cut)));
    must(gim_str_eq(gim_buf_view(&whole), gim_buf_view(&cut)));
    gim_buf_free(&whole);
    gim_buf_free(&cut);
}

#endif
