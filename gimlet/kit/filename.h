/* filename.h: what a client calls a file, made harmless. */
#ifndef KIT_FILENAME_H
#define KIT_FILENAME_H

#include <gimlet/arena.h>

#define GIM_FILENAME_MAX 255 /* bytes */

/** The last part of the path `raw` (both kinds of slash), in the arena: at most GIM_FILENAME_MAX bytes of
 *  UTF-8 (whole characters; what is none becomes '_'), controls left out, no dot or blank in front, no
 *  dot or blank at the end; "file" when nothing is left. For people to read. */
gim_str gim_filename_clean(gim_str raw, struct gim_arena *a);

#endif
