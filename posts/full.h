/* full.h: options that need more libraries than posts carries. */
#ifndef POSTS_FULL_H
#define POSTS_FULL_H

#include "routes.h"

/** When one of them is set, puts posts-full in the place of this process, with the same arguments. 0:
 *  none is; else an exit code with a sentence in `err`. */
int posts_hand_over(const struct gim_app *app, const struct posts *posts, char *err, size_t len);

#endif
