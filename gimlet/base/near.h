/* near.h: which known name was meant by a mistyped one. */
#ifndef BASE_NEAR_H
#define BASE_NEAR_H

#include <gimlet/str.h>

/** Start with {.typed = ...}, offer each candidate, look at `best`: absent when none is near. */
struct gim_near {
    gim_str typed;
    gim_str best;
    size_t distance;
};

void gim_near_offer(struct gim_near *n, gim_str candidate);

#endif
