/* full.h: options that need more libraries than posts carries. */
#ifndef POSTS_FULL_H
#define POSTS_FULL_H

#include "routes.h"

/** When one of them is set, puts posts-full in the place of this process, with the same arguments. 0:
 *  none is; else an exit code, and why is said on stderr. */
int posts_hand_over(struct gim_app *app, void *state);

#endif
