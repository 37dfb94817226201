/* cursor.h: where the next page begins, as opaque text bound to the list's filter. */
#ifndef POSTS_CURSOR_H
#define POSTS_CURSOR_H

#include <gimlet.h>

/** The cursor of the page that follows the post `last`. */
gim_str cursor_write(struct gim_arena *a, int64_t last, gim_str author);
/** 0; or -1 when `text` is no cursor, or was made for another filter. */
GIM_MUST_CHECK int cursor_read(gim_str text, gim_str author, int64_t *before);

#endif
